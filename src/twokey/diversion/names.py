"""Names of firms brought to one form: script, spelling, abbreviations, legal forms."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

from twokey.diversion.files import DATA
from twokey.sources.text import read_file

__all__ = ["Name", "name_of", "skeleton"]


@dataclass(frozen=True, slots=True)
class Name:
    """A name in one form.

    Parameters
    ----------
    tokens : words that tell firms apart and words that say their trade, in order, without legal forms
    joined : the same without blanks
    written : all words, legal forms too, without blanks
    initials : first letters of all words, with and without the legal forms at the end
    numbers : the tokens that are numbers
    foreign : whether the name was written in another script than Latin
    """

    text: str
    tokens: tuple[str, ...]
    joined: str
    written: str
    initials: frozenset[str]
    numbers: frozenset[str]
    foreign: bool


@dataclass(frozen=True, slots=True)
class _Words:
    phrases: re.Pattern[str]
    legal: frozenset[str]
    same: dict[str, str]
    generic: frozenset[str]
    chinese: dict[str, str]
    longest: int
    readings: dict[int, str]


@cache
def words() -> _Words:
    """Return the words of names, from the data."""
    f = read_file(DATA / "words.yaml", "diversion/words.yaml").fields(
        ("format", "phrases", "legal", "same", "generic", "chinese", "places", "readings")
    )
    same = {v: k for k, values in f["same"].group().items() for v in values.texts()}
    chinese = {k: str(v.plain()) for k, v in f["chinese"].group().items()}
    readings = str.maketrans({k: v.text() for k, v in f["readings"].group().items()})
    for place in f["places"].texts():
        chinese.setdefault(place, _latin(place.translate(readings)))
    phrases = sorted(f["phrases"].texts(), key=len, reverse=True)
    return _Words(
        re.compile(r"\b(?:" + "|".join(phrases) + r")\b"),
        frozenset(f["legal"].texts()),
        same,
        frozenset(f["generic"].texts()),
        chinese,
        max(map(len, chinese)),
        readings,
    )


def _latin(text: str) -> str:
    from anyascii import anyascii

    return str(anyascii(text)).lower()


_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
_DOTTED = re.compile(r"\b(?:[a-z]\.){2,}[a-z]?\b\.?|\b(?:[a-z]\.\s){2,}")
_SPLIT = re.compile(r"[^a-z0-9']+")


@lru_cache(maxsize=200_000)
def name_of(text: str) -> Name:
    """Return a name in one form.

    Width and case are folded, accents dropped, other scripts written in Latin letters (Chinese as pinyin, with common
    parts of firms' names turned into the English words beside which they stand), abbreviations spelt out, legal forms
    left out. A name that is nothing but legal forms keeps them.

    Examples
    --------
    >>> name_of("Huawei Technologies Co., Ltd.").tokens
    ('huawei', 'technology')
    >>> name_of("华为技术有限公司").tokens
    ('huawei', 'technology')
    >>> name_of("ООО «Ромашка»").tokens, name_of("S.M.I.C.").tokens
    (('romashka',), ('smic',))
    """
    w = words()
    folded = unicodedata.normalize("NFKC", text).lower()
    foreign = any(ord(c) > 0x24F and c.isalpha() for c in folded)
    if _CJK.search(folded):
        folded = _CJK.sub(lambda m: " " + " ".join(_chinese(m[0], w)) + " ", folded)
    if not folded.isascii():
        folded = _latin(folded)
    folded = _DOTTED.sub(lambda m: re.sub(r"[.\s]", "", m[0]) + " ", folded.replace("&", " and "))
    folded = w.phrases.sub(" ", " ".join(part for part in _SPLIT.split(folded) if part))
    raw = [part for part in folded.replace("'", "").split() if part]
    kept = [part for part in raw if part not in w.legal] or raw
    tokens = tuple(w.same.get(part, part) for part in kept)
    numbers = frozenset(t for t in tokens if t.isdigit())
    return Name(text, tokens, "".join(tokens), "".join(raw), _initials(raw, w), numbers, foreign)


def _initials(raw: list[str], w: _Words) -> frozenset[str]:
    last = max((i for i, part in enumerate(raw) if part not in w.legal), default=len(raw) - 1) + 1
    small = [part for part in raw[:last] if part not in ("of", "and", "the", "for", "de")]
    letters = "".join(part[0] for part in small)
    return frozenset(
        {letters} | {letters + "".join(p[0] for p in raw[last:end]) for end in range(last + 1, len(raw) + 1)}
    )


def _chinese(run: str, w: _Words) -> list[str]:
    """Return the words of a run of Chinese characters: known parts translated, what is between them as pinyin."""
    found: list[str] = []
    left = ""
    at = 0
    while at < len(run):
        for size in range(min(w.longest, len(run) - at), 0, -1):
            part = run[at : at + size]
            if part in w.chinese:
                found += ([_pinyin(left, w)] if left else []) + ([w.chinese[part]] if w.chinese[part] else [])
                left = ""
                at += size
                break
        else:
            left += run[at]
            at += 1
    return found + ([_pinyin(left, w)] if left else [])


def _pinyin(text: str, w: _Words) -> str:
    return _latin(text.translate(w.readings)).replace(" ", "")


_SOUNDS = (("ph", "f"), ("ck", "k"), ("kh", "h"), ("zh", "j"), ("sch", "s"), ("sh", "s"), ("ch", "c"), ("ts", "c"))
_LETTERS = str.maketrans({"q": "k", "x": "s", "z": "s", "v": "w", "y": None, "h": None} | dict.fromkeys("aeiou"))


@lru_cache(maxsize=200_000)
def skeleton(token: str) -> str:
    """Return the consonants of a word, sounds that scripts confuse made one; the first letter stays.

    Examples
    --------
    >>> skeleton("mohamed") == skeleton("muhammad"), skeleton("huawei"), skeleton("tsinghua")
    (True, 'hw', 'cng')
    """
    for a, b in _SOUNDS:
        token = token.replace(a, b)
    rest = token[1:].translate(_LETTERS)
    out = token[:1]
    for letter in rest:
        if letter != out[-1]:
            out += letter
    return out
