"""The 50 percent rule over a graph of ownership: direct, indirect, in aggregate, with circles; headquarters apart."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from twokey.law.book import rule
from twokey.quantities.exact import parse_number
from twokey.quantities.problem import Problem
from twokey.sources.rows import read_rows

__all__ = ["HALF", "UNIT", "Graph", "Owned", "read_ownership", "rule_in_force"]

UNIT = 1_000_000
"""Parts in which shares are counted, so that a half is exact: a share of 1 is UNIT [1]."""

HALF = UNIT // 2


@dataclass(frozen=True, slots=True)
class Owned:
    """What the rule says of a party: caught (None: shares that are not known decide), by whom, holding how much.

    Parameters
    ----------
    share : share held by listed and caught owners together [fraction]
    unknown : share that may be theirs besides, because nobody stated it [fraction]
    owners : listed or caught owners with the share each holds
    """

    name: str
    caught: bool | None
    share: Fraction
    unknown: Fraction
    owners: tuple[tuple[str, Fraction | None], ...]

    def to_json(self) -> dict[str, object]:
        """Return the finding as plain JSON values."""
        return {
            "name": self.name, "caught": self.caught, "percent": float(self.share * 100),
            "unknown_percent": float(self.unknown * 100),
            "owners": [{"name": n, "percent": None if s is None else float(s * 100)} for n, s in self.owners],
        }  # fmt: skip


class Graph:
    """Who owns how much of whom.

    Parameters
    ----------
    owners, owned : names, one for each holding
    shares : parts of `UNIT`, or -1 where a share is not known
    """

    def __init__(self, owners: Sequence[str], owned: Sequence[str], shares: Sequence[int]) -> None:
        self._of = {name: i for i, name in enumerate(dict.fromkeys(itertools.chain(owners, owned)))}
        self.names = list(self._of)
        count = len(owners)
        a = np.fromiter(map(self._of.__getitem__, owners), dtype=np.int64, count=count)
        b = np.fromiter(map(self._of.__getitem__, owned), dtype=np.int64, count=count)
        s = np.asarray(shares, dtype=np.int64)
        kept = a != b  # a party's holding of itself votes for nobody
        a, b, s = a[kept], b[kept], s[kept]
        self._known = np.bincount(b, weights=np.maximum(s, 0), minlength=len(self.names)).astype(np.int64).tolist()
        order = np.argsort(a, kind="stable")
        self._owned: list[int] = b[order].tolist()
        self._share: list[int] = s[order].tolist()
        self._start: list[int] = np.searchsorted(a[order], np.arange(len(self.names) + 1)).tolist()

    def _holdings(self, i: int) -> Iterator[tuple[int, int]]:
        """Yield the parties that `i` holds shares of, with the shares."""
        span = slice(self._start[i], self._start[i + 1])
        return zip(self._owned[span], self._share[span], strict=True)

    def _reached(self, listed: Iterable[str], *, unknown_counts: bool) -> tuple[list[int], set[int]]:
        """Return the share caught owners hold of each party, and the parties caught."""
        held = [0] * len(self.names)
        open_ = [0] * len(self.names)
        caught = {self._of[n] for n in listed if n in self._of}
        work = list(caught)
        while work:
            i = work.pop()
            for j, s in self._holdings(i):
                if s >= 0:
                    held[j] += s
                elif unknown_counts:
                    # all holdings of one party whose share is not known share what is left of it
                    open_[j] = max(0, UNIT - self._known[j])
                if j not in caught and held[j] + open_[j] >= HALF:
                    caught.add(j)
                    work.append(j)
        return [h + o for h, o in zip(held, open_, strict=True)], caught

    def owned_by(self, listed: Iterable[str]) -> list[Owned]:
        """Return every party that listed parties own at least half of, or may, in the order of names.

        Notes
        -----
        A party is caught when those that are listed or caught hold at least half of it together; the share of one that
        is caught counts in full, not multiplied along the chain [1]_. The smallest set that satisfies this is found by
        working outwards from the listed, so owners that own each other in a circle are caught only if somebody listed
        holds enough from outside. Time and memory grow with the number of holdings.

        References
        ----------
        .. [1] OFAC, Revised guidance on entities owned by persons whose property is blocked, 13 August 2014; taken
           over by 90 FR 47201 for the Entity List.

        Examples
        --------
        >>> half = Graph(["L", "A", "B"], ["A", "C", "C"], [HALF, 300_000, 200_000])
        >>> [(o.name, o.caught, float(o.share)) for o in half.owned_by(["L"])]
        [('A', True, 0.5)]
        >>> [o.name for o in half.owned_by(["L", "B"])]
        ['A', 'C']
        """
        names = list(listed)
        at = {self._of[n] for n in names if n in self._of}
        sure, caught = self._reached(names, unknown_counts=False)
        most, perhaps = self._reached(names, unknown_counts=True)
        wanted = perhaps - at
        holders: dict[int, list[tuple[int, int]]] = {j: [] for j in wanted}
        for i in perhaps:
            for j, s in self._holdings(i):
                if j in holders:
                    holders[j].append((i, s))
        found = []
        for j in wanted:
            by = tuple(
                (self.names[i], None if s < 0 else Fraction(s, UNIT))
                for i, s in sorted(holders[j], key=lambda h: -h[1])
            )
            extra = Fraction(max(0, most[j] - sure[j]), UNIT)
            found.append(Owned(self.names[j], True if j in caught else None, Fraction(sure[j], UNIT), extra, by))
        return sorted(found, key=lambda o: (o.caught is None, o.name))


def read_ownership(path: str) -> Graph:
    """Return the graph of a CSV file with the columns owner, owned, percent; an empty percent is not known.

    Raises
    ------
    Problem
        If the file cannot be read, a percent is not from 0 to 100, or owners of one party hold more than 100 percent.
    """
    owners, owned, shares = [], [], []
    total: dict[str, int] = {}
    for place, row in read_rows(path, required=("owner", "owned", "percent")):
        if not row["owner"] or not row["owned"]:
            raise Problem(place, "an empty name", "owner and owned", "write both names")
        share = -1
        if row["percent"]:
            value = parse_number(row["percent"])
            if value is None or not 0 <= value <= 100:
                raise Problem(place, row["percent"], "a number from 0 to 100 [percent]", "leave it empty if not known")
            share = int(value * UNIT / 100)
            total[row["owned"]] = total.get(row["owned"], 0) + share
            if total[row["owned"]] > UNIT:
                raise Problem(place, f"more than 100 percent of {row['owned']}", "at most 100", "mend the shares")
        owners.append(row["owner"])
        owned.append(row["owned"])
        shares.append(share)
    return Graph(owners, owned, shares)


def rule_in_force(on: dt.date) -> dict[str, str]:
    """Return whether the American 50 percent rule of the Entity List holds on a day, with its source.

    Examples
    --------
    >>> [rule_in_force(dt.date.fromisoformat(d))["status"] for d in ("2025-08-01", "2025-10-15", "2026-01-15")]
    ['not in force', 'in force', 'stayed']
    """
    for version in rule("us/affiliates-2025").versions:
        if version.effective <= on and (version.until is None or on < version.until):
            return {"rule": "us/affiliates-2025", "status": version.status, "cite": version.cite}
    return {"rule": "us/affiliates-2025", "status": "not in force", "cite": "90 FR 47201"}
