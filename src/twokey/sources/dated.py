"""Periods of validity: half-open, from a first day to the day on which it no longer holds."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

__all__ = ["Period"]


@dataclass(frozen=True, slots=True)
class Period:
    """A span of days, `start` <= day < `end`; no `end` means it is open.

    Examples
    --------
    >>> p = Period(dt.date(2022, 10, 21), dt.date(2023, 11, 17))
    >>> dt.date(2023, 11, 16) in p, dt.date(2023, 11, 17) in p
    (True, False)
    """

    start: dt.date
    end: dt.date | None = None

    def __contains__(self, day: dt.date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)
