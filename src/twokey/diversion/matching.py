"""How alike two names are, with reasons; and the candidates worth comparing out of a long list."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA, Indel

from twokey.diversion.names import Name, name_of, skeleton, words

__all__ = ["THRESHOLD", "Index", "alike"]

THRESHOLD = 0.6
"""Score from which a pair is reported, chosen on the open part of the labelled set [fraction]."""

_FUZZY = 0.66
"""Likeness from which two different words count as one written differently [fraction]."""

_CONTAINED = 0.35
"""How much it counts that one name holds the other, against how much both share [fraction]."""

_REPLACED = 0.5
"""How much it counts against a pair that each name has a word of its own, as when a brand is another [fraction]."""

_SLIPS = 2
"""Letters in which two names without blanks may differ and still count as one written differently [1]."""

_LOOKED_AT = 1500
"""Most places in the lists of keys that are looked at for one query [1]."""

_GENERIC = 0.3
"""Weight of a word that says a trade, against one that names a firm [fraction]."""

Weight = Callable[[str], float]


def _plain_weight(token: str) -> float:
    return _GENERIC if token in words().generic else 1.0


def alike(a: Name, b: Name, weight: Weight = _plain_weight) -> tuple[float, list[str]]:
    """Return how alike two names are [fraction], and why.

    Parameters
    ----------
    weight : weight of a word; by default low for words that say a trade, 1 for all others

    Notes
    -----
    Words that are equal are paired first, then those written alike (edit distance, equal consonants, one the beginning
    of the other), then what is left over as one word, which catches blanks set elsewhere. The score is the paired
    weight over the mean weight of both names, raised where one name holds the other, and lowered where numbers differ
    or only words that say a trade are shared.

    Examples
    --------
    >>> score, why = alike(name_of("Hua Wei Tech. Co Ltd"), name_of("华为技术有限公司"))
    >>> score, why
    (1.0, ['hua wei technology = huawei technology', 'written in another script'])
    >>> alike(name_of("Factory No. 55"), name_of("Factory No. 56"))[0] < 0.8
    True
    """
    if a.joined == b.joined or a.written == b.written:
        same = list(a.tokens) if a.tokens == b.tokens else [f"{' '.join(a.tokens)} = {' '.join(b.tokens)}"]
        return 1.0, same + _script(a, b)
    why: list[str] = []
    matched = telling = 0.0
    rest_a, rest_b = [], list(b.tokens)
    for token in a.tokens:
        if token in rest_b:
            rest_b.remove(token)
            w = weight(token)
            matched += w
            telling = max(telling, w)
            why.append(token)
        else:
            rest_a.append(token)
    for word in sorted(rest_a, key=weight, reverse=True):
        best, sim = "", 0.0
        for other in rest_b:
            s = _word(word, other)
            if s > sim:
                best, sim = other, s
        if sim > 0:
            w = (weight(word) + weight(best)) / 2
            matched += sim * w
            telling = max(telling, sim * w)
            rest_a.remove(word)
            rest_b.remove(best)
            why.append(f"{word} ~ {best}")
    if rest_a and rest_b and (len(rest_a) > 1 or len(rest_b) > 1):
        ordered_a = [t for t in a.tokens if t in rest_a]
        ordered_b = [t for t in b.tokens if t in rest_b]
        sim = _word("".join(ordered_a), "".join(ordered_b))
        if sim > 0.85:
            w = (sum(map(weight, rest_a)) + sum(map(weight, rest_b))) / 2
            matched += sim * w
            telling = max(telling, sim * min(1.0, w))
            why.append(f"{' '.join(ordered_a)} = {' '.join(ordered_b)}")
            rest_a, rest_b = [], []
    whole_a, whole_b = sum(map(weight, a.tokens)), sum(map(weight, b.tokens))
    shared = matched / ((whole_a + whole_b) / 2)
    contained = min(1.0, matched / min(whole_a, whole_b))
    own = min(sum(map(weight, rest_a)) / whole_a, sum(map(weight, rest_b)) / whole_b)
    score = shared + _CONTAINED * max(0.0, contained - shared) - _REPLACED * own
    if telling < 0.55:
        score *= 0.8
        why.append("only words that say a trade are shared")
    together = float(OSA.normalized_similarity(a.joined, b.joined))
    if together > 0.85 and together * 0.97 > score and OSA.distance(a.joined, b.joined) <= _SLIPS:
        score = together * 0.97
        why = [f"{a.joined} ~ {b.joined}"]
    for short, long in ((a, b), (b, a)):
        if len(short.tokens) == 1 and len(short.joined) >= 3 and short.joined in long.initials and score < 0.82:
            score, why = 0.82, [f"{short.joined}: the initials of {' '.join(long.tokens)}"]
    if a.numbers != b.numbers:
        score *= 0.75 if a.numbers and b.numbers else 0.95
        why.append("the numbers differ")
    return max(0.0, min(score, 0.99)), why + _script(a, b)


def _script(a: Name, b: Name) -> list[str]:
    return ["written in another script"] if a.foreign != b.foreign else []


def _word(a: str, b: str) -> float:
    """Return how alike two words are, 0 where they are taken to be different words [fraction]."""
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    if len(short) < 3 or a.isdigit() or b.isdigit():
        return 0.0
    sim = float(OSA.normalized_similarity(a, b))
    if sim < 0.85:
        if long.startswith(short):
            sim = max(sim, 0.8 if len(short) > 3 else 0.72)
        elif a[0] == b[0] and sim > 0.5 and len(skeleton(a)) > 2 and skeleton(a) == skeleton(b):
            sim = 0.85
    return sim if sim >= _FUZZY else 0.0


class Index:
    """Names of a list, ready for queries: which could be meant, and how alike they are.

    Parameters
    ----------
    texts : names, aliases each on their own
    owners : for each name, the position of the entry it belongs to
    """

    def __init__(self, texts: Sequence[str], owners: Sequence[int]) -> None:
        self.owners = np.asarray(owners, dtype=np.int32)
        self.names = [name_of(t) for t in texts]
        self._joined = [n.joined for n in self.names]
        # a word counts once for an entry, so that many aliases do not make a brand look common
        counts = Counter(t for t, _ in {(t, o) for n, o in zip(self.names, owners, strict=True) for t in n.tokens})
        size = max(len(self.names), 1000)
        generic = words().generic
        self._weights = {
            t: max(0.1, 1 - math.log(c) / math.log(size)) * (_GENERIC if t in generic else 1.0)
            for t, c in counts.items()
        }
        self._generic = generic
        self._post: dict[str, NDArray[np.int32]] = {}
        self._idf: dict[str, float] = {}
        lists: dict[str, list[int]] = {}
        for i, n in enumerate(self.names):
            for key in _keys(n):
                lists.setdefault(key, []).append(i)
        cap = max(200, size // 25)
        for key, where in lists.items():
            if len(where) <= cap:
                self._post[key] = np.asarray(where, dtype=np.int32)
                self._idf[key] = math.log(size / len(where)) * (1.0 if key[0] == "g" else 3.0 if key[0] == "t" else 2.0)

    def weight(self, token: str) -> float:
        """Return the weight of a word: rare words weigh most, those that say a trade least [fraction]."""
        found = self._weights.get(token)
        return found if found is not None else _GENERIC if token in self._generic else 1.0

    def candidates(self, query: Name, most: int = 24) -> list[int]:
        """Return the positions of the names that share most with a query, those that share most first."""
        found = [(self._post[key], self._idf[key]) for key in _keys(query) if key in self._post]
        if not found:
            return []
        # the rarest first: pieces that many names have add time and tell little
        found.sort(key=lambda pair: pair[0].size)
        parts: list[NDArray[np.int32]] = []
        gains: list[float] = []
        total_size = 0
        for post, idf in found:
            if parts and total_size + post.size > _LOOKED_AT:
                break
            parts.append(post)
            gains.append(idf)
            total_size += post.size
        where = np.concatenate(parts)
        order = np.argsort(where, kind="stable")
        where, gain = where[order], np.repeat(np.asarray(gains, dtype=np.float32), [p.size for p in parts])[order]
        first = np.flatnonzero(np.concatenate(([True], where[1:] != where[:-1])))
        total = np.add.reduceat(gain, first)
        ids = where[first]
        if ids.size > most:
            best = np.argpartition(total, -most)[-most:]
            ids, total = ids[best], total[best]
        return [int(i) for i in ids[np.argsort(-total)]]

    def search(self, text: str, *, threshold: float = THRESHOLD, most: int = 5) -> list[tuple[float, int, list[str]]]:
        """Return (score, position of the name, why) of names alike, best first, one for each entry.

        Examples
        --------
        >>> index = Index(["Huawei Technologies Co., Ltd.", "Loongson Technology"], [0, 1])
        >>> [(score, index.names[i].text) for score, i, _ in index.search("华为技术有限公司")]
        [(1.0, 'Huawei Technologies Co., Ltd.')]
        """
        query = name_of(text)
        if not query.tokens:
            return []
        near = self.candidates(query)
        if len(near) > 8:
            joined = {i: self._joined[i] for i in near}
            scored = process.extract(query.joined, joined, scorer=Indel.normalized_similarity, limit=5)
            near = list({int(i) for _, _, i in scored} | set(near[:4]))
        best: dict[int, tuple[float, int, list[str]]] = {}
        for i in near:
            score, why = alike(query, self.names[i], self.weight)
            if score >= threshold:
                owner = int(self.owners[i])
                if owner not in best or score > best[owner][0]:
                    best[owner] = (score, i, why)
        return sorted(best.values(), key=lambda hit: -hit[0])[:most]


def _keys(name: Name) -> set[str]:
    """Return what a name is found by: words, their consonants, pieces of four letters, initials."""
    keys = {"t" + t for t in name.tokens}
    keys |= {"s" + skeleton(t) for t in name.tokens if len(t) > 3}
    joined = name.joined
    keys |= {"g" + joined[i : i + 4] for i in range(max(1, len(joined) - 3))}
    if len(name.tokens) > 2:
        keys |= {"t" + letters for letters in name.initials}
    return keys
