"""Limits that move by themselves: a rule that measures against the best chip made in China on the day."""

from __future__ import annotations

import calendar
import datetime as dt
import functools
from fractions import Fraction

from twokey.quantities.problem import Problem

__all__ = ["NAMES", "rolling", "rolling_days"]

NAMES = ("best-chinese-tpp",)
"""Figures that a limit may be a multiple of: the highest TPP of a chip of the catalogue whose seller sits in China and
that was announced by the day [TOPS.bit]. It is as good as the catalogue, and blind to what was never announced."""


@functools.cache
def _best() -> tuple[tuple[dt.date, Fraction], ...]:
    """Return the days on which the best chip changed, with its TPP."""
    from twokey.chips.catalogue import chips

    found: list[tuple[dt.date, Fraction]] = []
    for chip in chips():
        said, tpp = chip.attributes.get("announced"), chip.item.tpp
        if chip.item.seller_seat == "CN" and said and tpp is not None:
            found.append((_after(said), tpp))
    best: list[tuple[dt.date, Fraction]] = []
    for day, tpp in sorted(found):
        if not best or tpp > best[-1][1]:
            best.append((day, tpp))
    return tuple(best)


def _after(said: str) -> dt.date:
    """Return the first day on which a chip announced in a month or a year has surely been announced."""
    year, *rest = (int(part) for part in said.split("-"))
    month = rest[0] if rest else 12
    last = rest[1] if len(rest) > 1 else calendar.monthrange(year, month)[1]
    return dt.date(year, month, last)


def rolling(name: str, day: dt.date) -> Fraction:
    """Return the figure of a name on a day, zero before the first chip.

    Raises
    ------
    Problem
        If there is no such figure.

    Examples
    --------
    >>> rolling("best-chinese-tpp", dt.date(2018, 1, 1)) < rolling("best-chinese-tpp", dt.date(2025, 1, 1))
    True
    """
    if name not in NAMES:
        raise Problem("a limit", repr(name), "one of " + ", ".join(NAMES), "use one of them", kind="bad-data")
    return max((tpp for since, tpp in _best() if since <= day), default=Fraction(0))


def rolling_days() -> set[dt.date]:
    """Return every day on which such a figure moves."""
    return {day for day, _ in _best()}
