"""What a question on the law asks, and the hand-kept tables from which the second reading takes days and lists."""

from __future__ import annotations

import csv
import datetime as dt
import functools
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "src" / "twokey" / "data" / "conformance"
POINTS = {
    "floor": "us/letter-2022-08", "regions": "us/letter-2023-08", "review-2023": "us/letter-2023-08",
    "uae-review": "us/3a090.a", "reach": "us/letter-2025-04", "level": "cn/ndrc-efficiency",
    "supp-7": "us/foundry-2025", "applied": "us/foundry-2025",
}  # fmt: skip
"""What nobody published, and the rule it belongs to."""


@functools.cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """Return the rows of one of the hand-kept tables."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream))


@functools.cache
def periods(rule: str) -> tuple[tuple[dt.date, dt.date, dt.date], ...]:
    """Return for each version of a rule its first day, the day after its last, and the first day it could be known."""
    return tuple(
        (day(r["effective"]), day(r["until"]), day(r["known_from"])) for r in table("dates.csv") if r["rule"] == rule
    )


def day(text: str) -> dt.date:
    """Return a day; an empty one lies beyond all others."""
    return dt.date.fromisoformat(text) if text else dt.date.max


def version(rule: str, on: dt.date, known_on: dt.date | None = None) -> int | None:
    """Return which version of a rule stands on a day; what nobody could know yet changes nothing."""
    every = periods(rule)
    known = [p for p in every if known_on is None or p[2] <= known_on or p[2] == dt.date.max]
    for i, (start, until, _) in enumerate(known):
        goes_on = i == len(known) - 1 and len(known) < len(every)
        if start <= on and (on < until or goes_on):
            return i
    return None


@functools.cache
def group(name: str, on: dt.date) -> frozenset[str]:
    """Return the members of a country group on a day; none where no list stands."""
    for r in table("groups.csv"):
        if r["group"] == name and day(r["effective"]) <= on < day(r["until"]):
            return frozenset(r["members"].split())
    return frozenset()


@functools.cache
def listed_from(name: str) -> tuple[dt.date, dt.date] | None:
    """Return the day on which a party came onto the Entity List and the day on which that could be known."""
    for r in table("parties.csv"):
        if r["name"].lower() == name.lower():
            return day(r["effective"]), day(r["published"])
    return None


@dataclass(frozen=True)
class Question:
    """A chip and a trade with every fact given; `named` is the product it is, as a rule would name it.

    Figures are exact: TPP [TOPS.bit], applicable die area [mm2], bandwidths [GB/s], transistors [1e9]. `stack` is the
    bandwidth and the area of a memory stack that is shipped by itself, which has none of the other figures. `held` says
    that what is shipped is a board with eight such chips, the name being that of a chip of the catalogue. `owners` are
    owners of the end user with their shares [percent]. `bill` is a proposal laid on the law of the day. `assumed`
    settles points that nobody published.
    """

    tpp: Fraction
    area_mm2: Fraction
    dram_GBps: Fraction
    io_GBps: Fraction
    datacentre: bool
    named: str
    seller: str
    seller_seat: str
    since: dt.date
    to: str
    seat: str
    on: dt.date
    origin: str = "US"
    end_user: str = "somebody"
    use: str = "existing-centre"
    state_funded: bool = False
    percent: Fraction = Fraction(50)
    interconnect_GBps: Fraction | None = None
    transistors_bn: Fraction | None = None
    hbm: bool = True
    stack: tuple[Fraction, Fraction] | None = None
    held: str = ""
    exporter: str = "designer"
    packaged_in: str = "TW"
    authorisation: str = ""
    owners: tuple[tuple[str, Fraction], ...] = ()
    contains: tuple[str, ...] = ()
    rare_earth_percent: Fraction = Fraction(0)
    bill: str = ""
    known_on: dt.date | None = None
    assumed: tuple[tuple[str, bool], ...] = ()

    @property
    def density(self) -> Fraction:
        """Performance density [TOPS.bit/mm2]."""
        return self.tpp / self.area_mm2

    def listed(self, name: str) -> bool:
        """Return whether a party is on the Entity List, as far as could be known."""
        found = listed_from(name)
        return found is not None and found[0] <= self.on and (self.known_on is None or found[1] <= self.known_on)

    def stands(self, rule: str) -> int | None:
        """Return which version of a rule stands."""
        return version(rule, self.on, self.known_on)
