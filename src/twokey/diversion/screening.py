"""Names, addresses and identifiers of parties against lists, with scores, reasons and remembered decisions."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from twokey.diversion.lists import Entry, ListInfo, meaning
from twokey.diversion.matching import THRESHOLD, Index
from twokey.diversion.names import name_of
from twokey.quantities.problem import Problem

__all__ = ["CAUTION", "Hit", "Query", "Screener", "decide", "decisions"]

CAUTION = (
    "No hit is not clearance: lists lag, names vary, ownership of 50 percent and headquarters are rules of their own, "
    "and only the lists named here were read."
)


@dataclass(frozen=True, slots=True)
class Query:
    """A party to be screened: its name and what else is known of it."""

    name: str
    country: str | None = None
    address: str | None = None
    identifier: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that may be the party: how alike [fraction], why, and what was decided before."""

    query: str
    entry: Entry
    matched: str
    score: float
    why: tuple[str, ...]
    decision: dict[str, str] | None = None

    def to_json(self) -> dict[str, object]:
        """Return the contract's hit, with what the list means beside it."""
        e = self.entry
        out: dict[str, object] = {
            "query": self.query, "name": e.names[0], "list": e.list, "id": e.id, "score": round(self.score, 3),
            "why": list(self.why), "matched": self.matched, "countries": list(e.countries), "since": e.since,
            "cite": e.cite,
        }  # fmt: skip
        if e.requirement:
            out["requirement"] = e.requirement
        means = meaning(e.list)
        if means is not None:
            out["means"] = means["means"]
            out["means_cite"] = means["cite"]
        if self.decision is not None:
            out["decision"] = self.decision
        return out


_Found = tuple[float, int, str, list[str]]


class Screener:
    """Lists made ready for queries."""

    def __init__(self, lists: Sequence[ListInfo], entries: Sequence[Entry]) -> None:
        self.lists = tuple(lists)
        self.entries = tuple(entries)
        texts, owners = [], []
        for i, e in enumerate(self.entries):
            for name in e.names:
                texts.append(name)
                owners.append(i)
        self._index = Index(texts, owners)
        self._identifiers: dict[str, list[int]] = {}
        places: list[str] = []
        self._at: list[int] = []
        for i, e in enumerate(self.entries):
            for number in e.identifiers:
                self._identifiers.setdefault(_number(number), []).append(i)
            for address in e.addresses:
                places.append(address)
                self._at.append(i)
        self._places = _Places(places)

    def screen(
        self,
        query: Query,
        *,
        threshold: float = THRESHOLD,
        review: Mapping[tuple[str, str, str], dict[str, str]] | None = None,
    ) -> list[Hit]:
        """Return the records that may be the party, best first.

        Parameters
        ----------
        threshold : least score [fraction]
        review : earlier decisions by (query in one form, list, id), as `decisions` reads them
        """
        return self._hits(query, self.find(query, threshold), review or {})

    def _hits(
        self, query: Query, found: list[_Found], review: Mapping[tuple[str, str, str], dict[str, str]]
    ) -> list[Hit]:
        return [
            Hit(query.name, self.entries[i], matched, score, tuple(why), _decision(query.name, self.entries[i], review))
            for score, i, matched, why in found
        ]

    def find(self, query: Query, threshold: float) -> list[_Found]:
        """Return (score, position of the record, the name that matched, why), best first."""
        found: dict[int, tuple[float, str, list[str]]] = {}
        for score, i, why in self._index.search(query.name, threshold=max(0.0, threshold - 0.1)):
            found[int(self._index.owners[i])] = (score, self._index.names[i].text, why)
        if query.identifier:
            for i in self._identifiers.get(_number(query.identifier), ()):
                found[i] = (1.0, query.identifier, [*found.get(i, (0, "", []))[2], f"identifier {query.identifier}"])
        if query.address:
            for score, place in self._places.search(query.address):
                i = self._at[place]
                before = found.get(i, (0.0, "", []))
                better = max(before[0], 0.9 * score) + (0.1 if before[0] > 0 else 0.0)
                why = [*before[2], f"address alike ({score:.2f})"]
                found[i] = (min(1.0, better), before[1] or self.entries[i].addresses[0], why)
        kept = []
        for i, (score, matched, why) in found.items():
            countries = self.entries[i].countries
            if query.country and countries and query.country not in countries:
                score, why = score * 0.95, [*why, f"country {query.country}, the record has {', '.join(countries)}"]
            if score >= threshold:
                kept.append((score, i, matched, why))
        return sorted(kept, key=lambda hit: -hit[0])

    def screen_many(
        self, queries: Iterable[Query], *, threshold: float = THRESHOLD, workers: int | None = None,
        review: Mapping[tuple[str, str, str], dict[str, str]] | None = None,
    ) -> Iterator[list[Hit]]:  # fmt: skip
        """Yield the hits of each query in order; many queries are shared out over processes."""
        many = list(queries)
        count = workers if workers is not None else min(8, len(os.sched_getaffinity(0)))
        if count < 2 or len(many) < 2000:
            for query in many:
                yield self.screen(query, threshold=threshold, review=review)
            return
        import multiprocessing

        global _SHARED  # processes that are forked find the index there without copying it
        _SHARED = (self, threshold)
        size = max(200, len(many) // (count * 16))
        chunks = [many[i : i + size] for i in range(0, len(many), size)]
        try:
            with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("fork")) as pool:
                for chunk, found in zip(chunks, pool.map(_chunk, chunks), strict=True):
                    for query, some in zip(chunk, found, strict=True):
                        yield self._hits(query, some, review or {})
        finally:
            _SHARED = None


_SHARED: tuple[Screener, float] | None = None


def _chunk(queries: list[Query]) -> list[list[_Found]]:
    assert _SHARED is not None
    screener, threshold = _SHARED
    return [screener.find(q, threshold) for q in queries]


def _number(text: str) -> str:
    return re.sub(r"[^0-9a-z]", "", text.lower())


class _Places:
    """Addresses found by the words and numbers they share."""

    _NOISE = frozenset(
        ("road", "rd", "street", "st", "avenue", "ave", "building", "bldg", "floor", "fl", "no", "room", "rm", "city")
    )

    def __init__(self, texts: Sequence[str]) -> None:
        self._sets = [self._words(t) for t in texts]
        self._post: dict[str, list[int]] = {}
        for i, words in enumerate(self._sets):
            for word in words:
                self._post.setdefault(word, []).append(i)

    def _words(self, text: str) -> frozenset[str]:
        return frozenset(name_of(text).tokens) - self._NOISE

    def search(self, text: str) -> list[tuple[float, int]]:
        """Return (likeness, position) of addresses that share most of their words and a number, if they have any."""
        words = self._words(text)
        near = {i for w in words for i in self._post.get(w, ()) if len(self._post[w]) < 2000}
        found = []
        for i in near:
            other = self._sets[i]
            both = words & other
            score = len(both) / max(1, min(len(words), len(other)))
            numbers = {w for w in words | other if any(c.isdigit() for c in w)}
            if score >= 0.7 and len(both) >= 3 and (not numbers or numbers & both):
                found.append((score, i))
        return sorted(found, reverse=True)[:5]


# -- decisions that are remembered -------------------------------------------------------------------

_DECISIONS = ("same", "different", "unsure")


def decide(path: Path, hit: Hit, decision: str, *, by: str, why: str, on: dt.date | None = None) -> None:
    """Write a decision on a hit at the end of a review file (one JSON object a line).

    Raises
    ------
    Problem
        If the decision is none of same, different, unsure, a reason is missing, or the file cannot be written.
    """
    if decision not in _DECISIONS:
        raise Problem("--decide", repr(decision), "one of " + ", ".join(_DECISIONS), "choose one")
    if not why.strip():
        raise Problem("--why", "no reason", "why the decision was taken", "write a sentence")
    line = {
        "query": hit.query, "list": hit.entry.list, "id": hit.entry.id, "name": hit.entry.names[0],
        "decision": decision, "by": by, "why": why, "on": (on or dt.date.today()).isoformat(),
        "record": hit.entry.stamp,
    }  # fmt: skip
    try:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")
    except OSError as error:
        raise Problem(
            str(path), error.strerror or "unwritable", "a file that can be written", "check the folder"
        ) from None


def decisions(path: Path) -> dict[tuple[str, str, str], dict[str, str]]:
    """Return the decisions of a review file by (query in one form, list, id); a later one replaces an earlier.

    Raises
    ------
    Problem
        If a line is not one that `decide` writes.
    """
    found = {}
    if not path.exists():
        return {}
    for i, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            d: dict[str, str] = json.loads(line)
            found[name_of(d["query"]).joined, d["list"], d["id"]] = {
                k: d[k] for k in ("decision", "by", "why", "on", "record")
            }
        except (json.JSONDecodeError, KeyError, TypeError):
            raise Problem(f"{path}:{i}", line[:80], "a line of a review file", "remove or mend the line") from None
    return found


def _decision(query: str, entry: Entry, review: Mapping[tuple[str, str, str], dict[str, str]]) -> dict[str, str] | None:
    found = review.get((name_of(query).joined, entry.list, entry.id))
    if found is None:
        return None
    state = "current" if found["record"] == entry.stamp else "the record has changed since"
    return {k: v for k, v in found.items() if k != "record"} | {"state": state}
