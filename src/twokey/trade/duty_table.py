"""The duty month by month: chips, boards and servers between the United States and China, since 2018.

A month in which a rate changes has one row for each part. What was never compared with its source is marked; what the
data do not hold is undetermined, with the reason.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from fractions import Fraction

from twokey.chips.catalogue import find
from twokey.chips.item import ItemSheet
from twokey.quantities.problem import Problem
from twokey.quantities.shown import Shown
from twokey.trade.duty import Charge, Duty, duty
from twokey.trade.tariffs import tariffs

__all__ = ["GOODS", "MonthRow", "duty_table"]

GOODS: tuple[tuple[str, str, str, str], ...] = (
    ("GPU board into the US", "US", "CN", "8473.30"),
    ("integrated circuit into the US", "US", "CN", "8542"),
    ("server into the US", "US", "CN", "8471.50"),
    ("accelerator unit into the US", "US", "CN", "8471.80"),
    ("US-made integrated circuit into China", "CN", "US", "8542"),
    ("US-made GPU board into China", "CN", "US", "8473.30"),
    ("US-made server into China", "CN", "US", "8471.50"),
)
"""The goods of the table: what it is, importing country, origin, heading."""

_FIRST = dt.date(2018, 1, 1)


@dataclass(frozen=True, slots=True)
class MonthRow(Shown):
    """The duty on one good in one month, or in a part of it; `until` is the first day that no longer counts."""

    good: str
    to: str
    origin: str
    hts: str
    start: dt.date
    until: dt.date
    at_least_percent: Fraction | None
    at_most_percent: Fraction | None
    checked: str
    measures: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def total_percent(self) -> Fraction | None:
        """The duty when it is settled [percent], else None."""
        return self.at_least_percent if self.at_least_percent == self.at_most_percent else None

    def to_json(self) -> dict[str, object]:
        """Return the row; a total that is not settled is null and `unknown` says why."""
        return {
            "good": self.good, "to": self.to, "origin": self.origin, "hts": self.hts,
            "month": self.start.strftime("%Y-%m"), "from": self.start.isoformat(), "until": self.until.isoformat(),
            "total_percent": _plain(self.total_percent), "at_least_percent": _plain(self.at_least_percent),
            "at_most_percent": _plain(self.at_most_percent), "checked": self.checked,
            "measures": list(self.measures), "unknown": list(self.unknown),
        }  # fmt: skip


def duty_table(
    first: dt.date = _FIRST, last: dt.date | None = None, chip: ItemSheet | None = None
) -> tuple[MonthRow, ...]:
    """Return the duty on each of `GOODS` for every month from that of `first` to that of `last`.

    Parameters
    ----------
    first : a day of the first month, in 2018 or later
    last : a day of the last month; None for today
    chip : the chip in or on the goods, to which Section 232 is keyed; None for an H20, which it spares

    Raises
    ------
    Problem
        If the days are in the wrong order or before 2018.

    Examples
    --------
    >>> rows = [r for r in duty_table(dt.date(2025, 4, 1), dt.date(2025, 4, 1)) if r.hts == "8542" and r.to == "CN"]
    >>> [(r.start.day, None if r.total_percent is None else int(r.total_percent)) for r in rows][:3]
    [(1, 0), (10, 84), (12, 125)]
    """
    last, chip = last or dt.date.today(), chip or find("nvidia-h20").item
    if first < _FIRST or last < first:
        raise Problem("months", f"{first} to {last}", "months from 2018-01 on, in order", "give an earlier first month")
    edges = _edges()
    found = []
    for good, to, origin, hts in GOODS:
        month = first.replace(day=1)
        while month <= last:
            after = (month + dt.timedelta(days=32)).replace(day=1)
            days = sorted({month, *(d for d in edges if month < d < after)})
            parts = [_row(chip, good, to, origin, hts, a, b) for a, b in zip(days, [*days[1:], after], strict=True)]
            found += _joined(parts)
            month = after
    return tuple(found)


def _row(chip: ItemSheet, good: str, to: str, origin: str, hts: str, start: dt.date, until: dt.date) -> MonthRow:
    begin = tariffs().covered_from[to]
    if start < begin:
        why = f"duties of {to} before {begin} are not in the data"
        return MonthRow(good, to, origin, hts, start, until, None, None, "unverified", (), (why,))
    d = duty(chip, to=to, origin=origin, hts=hts, on=start)
    return MonthRow(
        good, to, origin, hts, start, until, d.floor_percent, d.ceiling_percent, _checked(d),
        tuple(f"{c.measure} {_shown(c)}" for c in d.charges),
        (*d.unknown, *(n for n in d.notes if "end on" in n)),
    )  # fmt: skip


def _joined(parts: list[MonthRow]) -> list[MonthRow]:
    out = [parts[0]]
    for p in parts[1:]:
        if replace(p, start=out[-1].start, until=out[-1].until) == out[-1]:
            out[-1] = replace(out[-1], until=p.until)
        else:
            out.append(p)
    return out


def _edges() -> frozenset[dt.date]:
    data = tariffs()
    periods = [row.period for m in data.measures for row in m.rows]
    return frozenset({p.start for p in periods} | {p.end for p in periods if p.end} | set(data.covered_from.values()))


def _checked(d: Duty) -> str:
    states = {c.checked for c in d.charges}
    return next((s for s in ("unverified", "read-once") if s in states), "read-twice" if states else "unverified")


def _shown(c: Charge) -> str:
    rate = "unknown" if c.rate_percent is None else f"{float(c.rate_percent):g}%"
    return rate + (" (unverified)" if c.checked == "unverified" else "")


def _plain(value: Fraction | None) -> int | float | None:
    return None if value is None else int(value) if value.denominator == 1 else float(value)
