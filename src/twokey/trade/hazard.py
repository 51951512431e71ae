"""How long a chip made for China stays saleable: lifetimes as data, two competing risks, a posterior with few events.

Each side closes chips at a constant rate that is not known. With the Jeffreys prior, n closings in T days at risk leave
a gamma law for the rate, and the survival of the next chip is a Lomax law. Closings by one measure are one event, not
several: the count is the number of measures, and the days are scaled so that the mean rate stays what the parts show.
"""

from __future__ import annotations

import csv
import datetime as dt
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from twokey.quantities.problem import Problem
from twokey.sources.figure import CHECKED, CONFIDENCE

__all__ = ["SIDES", "Hazard", "Rate", "Spell", "hazard", "lifetimes", "spells_known"]

SIDES = ("us", "cn")
"""The two governments, each a risk that competes with the other."""

_FILE = Path(__file__).parent.parent / "data" / "market" / "lifetimes.csv"
_SHOWN = "data/market/lifetimes.csv"
_JEFFREYS = 0.5


@dataclass(frozen=True, slots=True)
class Spell:
    """One period in which a part could be sold to China; `first` None: it was never offered."""

    part: str
    vendor: str
    china_only: bool
    first: dt.date | None
    closed: dt.date | None
    closed_by: str
    side: str | None
    confidence: str
    checked: str
    source: str
    note: str

    def known_on(self, day: dt.date) -> tuple[int, str | None] | None:
        """Return the days at risk up to `day` and the side that closed it by then; None when not yet offered."""
        if self.first is None or self.first > day:
            return None
        if self.closed is not None and self.closed <= day:
            return max((self.closed - self.first).days, 0), self.side
        return (day - self.first).days, None


@dataclass(frozen=True, slots=True)
class Rate:
    """Posterior of one side's rate of closing: a gamma law with `shape` and `scale_day` days."""

    side: str
    closings: int
    measures: tuple[str, ...]
    at_risk_day: float
    shape: float
    scale_day: float

    @property
    def mean_per_year(self) -> float:
        """Mean of the rate, closings per year of 365 days."""
        return 365 * self.shape / self.scale_day

    def quantile_per_year(self, probability: float) -> float:
        """Return a quantile of the rate, closings per year of 365 days."""
        return 365 * _gamma_quantile(self.shape, probability) / self.scale_day

    def survival(self, days: float) -> float:
        """Return the chance that this side leaves a new chip saleable for that many days: a Lomax law [1]."""
        return float((self.scale_day / (self.scale_day + days)) ** self.shape)

    def after(self, days: float) -> Rate:
        """Return the posterior after that many further days on which this side closed nothing."""
        return Rate(self.side, self.closings, self.measures, self.at_risk_day + days, self.shape, self.scale_day + days)

    def to_json(self) -> dict[str, object]:
        """Return the posterior with its interval, rates per year."""
        return {
            "side": self.side,
            "closings": self.closings,
            "measures": list(self.measures),
            "at_risk_days": self.at_risk_day,
            "shape": self.shape,
            "scale_days": self.scale_day,
            "rate_per_year": {
                "p5": self.quantile_per_year(0.05),
                "median": self.quantile_per_year(0.5),
                "p95": self.quantile_per_year(0.95),
                "mean": self.mean_per_year,
            },
        }


@dataclass(frozen=True, slots=True)
class Hazard:
    """Both sides' posteriors on a day, and the spells they rest on."""

    on: dt.date
    us: Rate
    cn: Rate
    spells: tuple[Spell, ...]
    left_out: tuple[str, ...]

    def survival(self, days: float) -> float:
        """Return the chance that a new chip is still saleable after that many days [1]."""
        return self.us.survival(days) * self.cn.survival(days)

    def after(self, days: float) -> Hazard:
        """Return both posteriors after further days without a closing."""
        return Hazard(
            self.on + dt.timedelta(days=round(days)), self.us.after(days), self.cn.after(days), self.spells, ()
        )

    def to_json(self) -> dict[str, object]:
        """Return posteriors, a survival curve by month, and every spell with its source."""
        return {
            "on": self.on.isoformat(),
            "us": self.us.to_json(),
            "cn": self.cn.to_json(),
            "survival": [{"days": d, "share": self.survival(d)} for d in range(0, 1111, 30)],
            "spells": [
                {
                    "part": s.part, "first_known": s.first.isoformat() if s.first else None,
                    "days": known[0], "closed_side": known[1], "closed_by": s.closed_by if known[1] else None,
                    "confidence": s.confidence, "checked": s.checked, "source": s.source, "note": s.note,
                }
                for s in self.spells
                if (known := s.known_on(self.on))
            ],
            "left_out": list(self.left_out),
        }  # fmt: skip


@lru_cache(maxsize=1)
def lifetimes() -> tuple[Spell, ...]:
    """Return every spell of the data, read once per process.

    Raises
    ------
    Problem
        With kind ``bad-data``, if a row has a day that does not exist or a word that is not known.
    """
    with _FILE.open(encoding="utf-8", newline="") as stream:
        return tuple(_spell(row, line) for line, row in enumerate(csv.DictReader(stream), start=2))


def spells_known(day: dt.date, *, china_only: bool = True) -> tuple[Spell, ...]:
    """Return the spells that had begun by a day; later closings are not known then."""
    return tuple(s for s in lifetimes() if s.known_on(day) is not None and (s.china_only or not china_only))


def hazard(on: dt.date, *, china_only: bool = True, start_shift_day: int = 0, cluster: bool = True) -> Hazard:
    """Return the posterior of both sides' rates of closing, from what was known on a day.

    Parameters
    ----------
    on : the day of knowledge: spells that began later, and closings that came later, are not used
    china_only : leave out parts that were not made for China
    start_shift_day : days added to every start (sale begins after the announcement); may be negative [day]
    cluster : count the parts that one measure closed as one event

    Raises
    ------
    Problem
        If no part was at risk by that day: there is nothing to learn from.

    References
    ----------
    J. F. Lawless, "Statistical Models and Methods for Lifetime Data," 2nd ed., Wiley, 2003, sections 4.1 and 9.1
    (exponential lifetimes, competing risks). The gamma law is the conjugate of the exponential.

    Examples
    --------
    >>> h = hazard(dt.date(2025, 5, 28))
    >>> h.us.closings, len(h.us.measures), h.cn.closings
    (6, 3, 0)
    >>> hazard(dt.date(2025, 1, 15)).us.measures
    ('US-2023-AC', 'US-2023-EARLY')
    """
    spells = spells_known(on, china_only=china_only)
    known = [k for s in spells if (k := s.known_on(on))]
    days = float(sum(max(d - start_shift_day, 0) for d, _ in known))
    if days <= 0:
        raise Problem("day of knowledge", on.isoformat(), "a day by which some part was on sale", "choose a later day")
    rates = []
    for side in SIDES:
        closed = [s.closed_by for s, (_, by) in zip(spells, known, strict=True) if by == side]
        events = sorted(set(closed)) if cluster else closed
        scale = days * len(events) / len(closed) if closed else days
        rates.append(Rate(side, len(closed), tuple(sorted(set(closed))), days, _JEFFREYS + len(events), scale))
    never = tuple(f"{s.part}: {s.note}" for s in lifetimes() if s.first is None)
    return Hazard(on, rates[0], rates[1], spells, never)


def _spell(row: dict[str, str], line: int) -> Spell:
    where = f"{_SHOWN}:{line}"
    kind = row["close_kind"]
    if kind not in ("", "us-letter", "us-rule", "cn-guidance") or row["china_only"] not in ("yes", "no"):
        raise Problem(where, kind, "us-letter, us-rule or cn-guidance; yes or no", "correct the row", kind="bad-data")
    if row["confidence"] not in CONFIDENCE or row["checked"] not in CHECKED or not row["source"]:
        raise Problem(where, "no evidence", "a source, its confidence and state", "complete the row", kind="bad-data")
    return Spell(
        row["part"], row["vendor"], row["china_only"] == "yes", _day(row["first_known"], where),
        _day(row["closed"], where), row["closed_by"], kind[:2] or None, row["confidence"], row["checked"],
        row["source"], row["note"],
    )  # fmt: skip


def _day(text: str, where: str) -> dt.date | None:
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text if len(text) == 10 else f"{text}-15")  # a month counts from its middle
    except ValueError:
        raise Problem(where, text, "a day or a month", "write 2025-04 or 2025-04-17", kind="bad-data") from None


def _gamma_share(shape: float, x: float) -> float:
    """Regularised lower incomplete gamma function by its series; converges for every x >= 0 met here."""
    if x <= 0:
        return 0.0
    term = total = 1 / shape
    n = shape
    while term > 1e-15 * total:
        n += 1
        term *= x / n
        total += term
    return total * math.exp(shape * math.log(x) - x - math.lgamma(shape))


def _gamma_quantile(shape: float, probability: float) -> float:
    low, high = 0.0, shape + 12 * math.sqrt(shape) + 12
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _gamma_share(shape, middle) < probability else (low, middle)
    return (low + high) / 2
