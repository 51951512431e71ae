"""The labelled pairs of names: real names with real aliases, realistic corruptions, Chinese with English.

Construction, fixed before anything was tuned:

* `screening_names.csv`: 2,100 organisations of the US Treasury's list with their published aliases (alias file of
  December 2025, public domain; records of persons left out). `screening_chinese.csv`: firms and universities with
  English and Chinese names, from general knowledge.
* positives: two published aliases of one organisation; a name and one corruption of it (blanks, order of words,
  abbreviation, legal form, one or two mistyped letters, transliteration, a dropped word of trade); English and Chinese
  names of one organisation, real and made by rule from places, two-syllable brands and words of trade.
* negatives: for a name, one of the ten names of other organisations most like it in words (the hardest there are), and
  pairs that differ in a number or in the brand alone.
* the part of a pair is that of its organisation: sealed where the SHA-256 of its id is below four tenths.
"""

from __future__ import annotations

import csv
import hashlib
import random
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz, process

__all__ = ["Pair", "organisations", "pairs"]

HERE = Path(__file__).parent
PLACES = (
    *(("北京", "Beijing"), ("上海", "Shanghai"), ("深圳", "Shenzhen"), ("杭州", "Hangzhou"), ("成都", "Chengdu")),
    *(("武汉", "Wuhan"), ("南京", "Nanjing"), ("西安", "Xian"), ("苏州", "Suzhou"), ("青岛", "Qingdao")),
)
SYLLABLES = (
    *(("华", "hua"), ("天", "tian"), ("海", "hai"), ("金", "jin"), ("德", "de"), ("信", "xin"), ("中", "zhong")),
    *(("新", "xin"), ("龙", "long"), ("安", "an"), ("联", "lian"), ("达", "da"), ("微", "wei"), ("博", "bo")),
    *(("创", "chuang"), ("瑞", "rui"), ("科", "ke"), ("远", "yuan"), ("东", "dong"), ("盛", "sheng")),
)
TRADES = (
    *(
        ("科技", "Technology"),
        ("电子", "Electronics"),
        ("信息技术", "Information Technology"),
        ("半导体", "Semiconductor"),
    ),
    *(("智能科技", "Intelligent Technology"), ("通信", "Communications"), ("贸易", "Trading"), ("航空", "Aviation")),
)
ABBREVIATED = {
    "TECHNOLOGY": "TECH", "TECHNOLOGIES": "TECH", "INTERNATIONAL": "INTL", "INSTITUTE": "INST", "ENGINEERING": "ENG",
    "INDUSTRIES": "INDS", "INDUSTRIAL": "IND", "UNIVERSITY": "UNIV", "GROUP": "GRP", "MANUFACTURING": "MFG",
    "DEVELOPMENT": "DEV", "RESEARCH": "RES", "SHIPPING": "SHPG", "TRADING": "TRDG", "INVESTMENT": "INV",
    "SERVICES": "SVCS", "ELECTRONIC": "ELEC", "ELECTRONICS": "ELEC", "CENTER": "CTR", "NATIONAL": "NATL",
}  # fmt: skip
FORMS = ("CO LTD", "COMPANY LIMITED", "LLC", "INC", "CORP", "LTD", "GMBH", "JSC", "PTE LTD", "SDN BHD", "S.A.")
SOUNDS = (
    *(("KH", "H"), ("Y", "I"), ("OU", "U"), ("EE", "I"), ("TS", "C"), ("ZH", "J"), ("SH", "S"), ("Q", "K")),
    *(("IY", "I"), ("OO", "U"), ("PH", "F"), ("V", "W"), ("YE", "E"), ("YU", "IU"), ("C", "K"), ("X", "KS")),
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two names, whether they are one organisation's, how the pair was made, and whether it is sealed."""

    a: str
    b: str
    same: bool
    kind: str
    sealed: bool


def organisations() -> dict[str, list[str]]:
    """Return the names of each organisation of the Treasury's list, by its number."""
    found: dict[str, list[str]] = defaultdict(list)
    with (HERE / "screening_names.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            found[row["entity"]].append(row["name"])
    return dict(found)


def _sealed(key: str) -> bool:
    return int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) < 0.4 * 2**32


def _corrupted(name: str, r: random.Random) -> tuple[str, str]:
    """Return a corruption of a name and what kind it is."""
    words = name.split()
    for _ in range(20):
        kind = r.choice(("blanks", "order", "abbreviation", "form", "typing", "typing", "transliteration", "trade"))
        out = list(words)
        if kind == "blanks" and len(words) > 1:
            if r.random() < 0.5:
                i = r.randrange(len(words) - 1)
                out[i : i + 2] = [words[i] + words[i + 1]]
            else:
                i = max(range(len(words)), key=lambda k: len(words[k]))
                cut = r.randrange(2, max(3, len(words[i]) - 1))
                out[i : i + 1] = [words[i][:cut], words[i][cut:]]
        elif kind == "order" and len(words) > 2:
            i = r.randrange(len(words) - 1)
            out = words[i + 1 :] + words[: i + 1]
        elif kind == "abbreviation":
            out = [ABBREVIATED.get(re.sub(r"\W", "", w), w) for w in words]
        elif kind == "form":
            out = [
                w for w in words if re.sub(r"\W", "", w) not in ("CO", "LTD", "LLC", "INC", "COMPANY", "LIMITED", "JSC")
            ]
            out += r.choice(FORMS).split()
        elif kind == "typing":
            for _ in range(r.choice((1, 1, 2))):
                i = max(range(len(out)), key=lambda k: (len(out[k]) > 3, r.random()))
                at = r.randrange(len(out[i]))
                letter = r.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
                w = out[i]
                out[i] = r.choice((w[:at] + w[at + 1 :], w[:at] + letter + w[at + 1 :], w[:at] + letter + w[at:],
                                   w[:at] + w[at : at + 2][::-1] + w[at + 2 :]))  # fmt: skip
        elif kind == "transliteration":
            usable = [s for s in SOUNDS if s[0] in name]
            if usable:
                a, b = r.choice(usable)
                out = name.replace(a, b).split()
        elif kind == "trade" and len(words) > 3:
            usable_at = [i for i, w in enumerate(words) if w in ABBREVIATED]
            if usable_at:
                del out[r.choice(usable_at)]
        made = " ".join(out)
        if made and made != name:
            return made, kind
    return name.title(), "case"


def pairs(seed: int = 7) -> list[Pair]:
    """Return the labelled pairs, the same at every call."""
    r = random.Random(seed)
    groups = organisations()
    found: list[Pair] = []
    for key, names in groups.items():
        if len(names) > 1:
            a, b = r.sample(names, 2)
            found.append(Pair(a, b, True, "published alias", _sealed(key)))
    for key, names in groups.items():
        name = r.choice(names)
        made, kind = _corrupted(name, r)
        found.append(Pair(name, made, True, kind, _sealed(key)))
    with (HERE / "screening_chinese.csv").open(encoding="utf-8", newline="") as stream:
        real = [(row["english"], row["chinese"]) for row in csv.DictReader(stream)]
    found += [Pair(en, zh, True, "chinese, published", _sealed(zh)) for en, zh in real]
    made_up = []
    for _ in range(400):
        (zp, ep), (zt, et) = r.choice(PLACES), r.choice(TRADES)
        brand = r.sample(SYLLABLES, 2)
        en = brand[0][1] + (" " if r.random() < 0.3 else "") + brand[1][1]
        zh = f"{zp}{brand[0][0]}{brand[1][0]}{zt}{r.choice(('有限公司', '股份有限公司', '有限责任公司', '集团'))}"
        made_up.append((f"{ep} {en.title()} {et} {r.choice(('Co., Ltd.', 'Ltd', 'Corporation', 'Group'))}", zh))
    found += [Pair(en, zh, True, "chinese, by rule", _sealed(zh)) for en, zh in made_up]
    for i, (en, zh) in enumerate(made_up):
        other = made_up[(i + 1) % len(made_up)]
        same = other[1][:4] == zh[:4]
        if not same:
            found.append(Pair(en, other[1], False, "other brand, chinese", _sealed(zh)))
    return found + _negatives(groups, r)


def _negatives(groups: dict[str, list[str]], r: random.Random) -> list[Pair]:
    flat = [(key, name) for key, names in groups.items() for name in names]
    texts = [name for _, name in flat]
    found = []
    for key, names in groups.items():
        name = r.choice(names)
        near = process.extract(name, texts, scorer=fuzz.token_set_ratio, limit=30)
        others = [flat[i] for _, _, i in near if flat[i][0] != key and flat[i][1] not in names][:10]
        if others:
            found.append(Pair(name, r.choice(others)[1], False, "near name", _sealed(key)))
        numbers = re.findall(r"\d+", name)
        if numbers:
            changed = name.replace(numbers[0], str(int(numbers[0]) + r.randrange(1, 40)))
            found.append(Pair(name, changed, False, "other number", _sealed(key)))
        elif len(name.split()) > 2 and r.random() < 0.3:
            brand = r.choice(texts).split()[0]
            words = name.split()
            if brand != words[0] and len(brand) > 3:
                found.append(Pair(name, " ".join([brand, *words[1:]]), False, "other brand", _sealed(key)))
    return found
