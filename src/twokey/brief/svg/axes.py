"""Axes of a picture: where a value stands, which ticks are written."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["MS_PER_DAY", "Axis", "as_number", "lines", "text_width"]

MS_PER_DAY = 86_400_000
"""Bars on a date axis are this long for a day [ms]."""


@dataclass(frozen=True)
class Axis:
    """One axis: its kind, the numbers at its ends, the pixels they stand at, its words if they are categories.

    Parameters
    ----------
    kind : "linear", "log", "date" or "category"
    low, high : numbers at the ends; of a log axis powers of ten, of a date axis days, of categories places
    start, end : where the ends stand, in pixels
    """

    kind: str
    low: float
    high: float
    start: float
    end: float
    words: tuple[str, ...] = ()
    title: str = ""
    visible: bool = True
    every: Any = None

    def at(self, value: Any, *, raw: bool = False) -> float:
        """Return where a value stands, in pixels; `raw` takes a power of ten on a log axis, as annotations give it."""
        number = as_number(value, self.kind, self.words)
        if self.kind == "log" and not raw:
            number = math.log10(number) if number > 0 else self.low
        return self.start + (self.end - self.start) * (number - self.low) / (self.high - self.low)

    def ticks(self) -> list[tuple[float, str]]:
        """Return the ticks: where each stands, in pixels, and what it says."""
        if self.kind == "category":
            return [(self.at(w), w) for w in self.words]
        if self.kind == "date":
            years = range(dt.date.fromordinal(int(self.low)).year, dt.date.fromordinal(int(self.high)).year + 1)
            firsts = [dt.date(y, 1, 1) for y in years]
            return [(self.at(d.isoformat()), str(d.year)) for d in firsts if self.low <= d.toordinal() <= self.high]
        if self.kind == "log":
            low, high = math.floor(self.low), math.ceil(self.high)
            found = [m * 10.0**k for k in range(low, high + 1) for m in (1, 2, 5)]
            return [(self.at(v), _said(v)) for v in found if self.low - 1e-9 <= math.log10(v) <= self.high + 1e-9]
        step = _step((self.high - self.low) / 6)
        first = math.ceil(self.low / step - 1e-9)
        count = int((self.high - first * step) / step + 1e-9)
        return [(self.at(i * step), _said(i * step)) for i in range(first, first + count + 1)]

    @staticmethod
    def of(given: Mapping[str, Any], values: Sequence[Any], start: float, end: float, *, from_zero: bool) -> Axis:
        """Return the axis that a layout asks for, wide enough for the values.

        Parameters
        ----------
        values : every value that is drawn on it
        from_zero : whether zero must be on it, as under bars
        """
        kind = _kind(given, values)
        title = given.get("title", {})
        said = title.get("text", "") if isinstance(title, Mapping) else str(title)
        rest = {"title": said or "", "visible": given.get("visible", True), "every": given.get("dtick")}
        if kind == "category":
            seen = tuple(dict.fromkeys(str(v) for v in values))
            order = [str(w) for w in given.get("categoryarray", ())]
            words = (*(w for w in order if w in seen), *(w for w in seen if w not in order))
            return Axis(kind, -0.5, len(words) - 0.5, start, end, words, **rest)
        if "range" in given:
            low, high = (as_number(v, kind, ()) for v in given["range"])
            return Axis(kind, low, high, start, end, **rest)
        numbers = [as_number(v, kind, ()) for v in values if v is not None]
        if kind == "log":
            numbers = [math.log10(n) for n in numbers if n > 0]
        low, high = (min(numbers), max(numbers)) if numbers else (0.0, 1.0)
        if from_zero or given.get("rangemode") == "tozero":
            low, high = min(low, 0.0), max(high, 0.0)
        room = (high - low or 1.0) * 0.06
        low, high = (low if low == 0 else low - room), (high if high == 0 else high + room)
        return Axis(kind, low, high, start, end, **rest)


def _kind(given: Mapping[str, Any], values: Iterable[Any]) -> str:
    if given.get("type") in ("log", "date", "category", "linear"):
        return str(given["type"])
    first = next((v for v in values if v is not None), 0)
    if not isinstance(first, str):
        return "linear"
    try:
        dt.date.fromisoformat(first[:10])
    except ValueError:
        return "category"
    return "date"


def as_number(value: Any, kind: str, words: Sequence[str]) -> float:
    """Return a value as a number on its axis: a day as its ordinal, a category as its place."""
    if kind == "category":
        return float(words.index(str(value))) if str(value) in words else 0.0
    if kind == "date" and isinstance(value, str):
        return float(dt.date.fromisoformat(value[:10]).toordinal())
    return float(value)


def _step(rough: float) -> float:
    if rough <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return power * min((1, 2, 2.5, 5, 10), key=lambda m: abs(math.log(m * power / rough)))


def _said(value: float) -> str:
    if value and (abs(value) < 0.01 or abs(value) >= 1e7):
        return f"{value:.0e}"
    return f"{round(value, 6):,.6g}".rstrip() if abs(value) < 1000 else f"{value:,.0f}"


def lines(text: str) -> list[str]:
    """Return the lines of a label, its tags left out.

    Examples
    --------
    >>> lines("<b>17 April</b><br>2025")
    ['17 April', '2025']
    """
    return [line.replace("<b>", "").replace("</b>", "") for line in text.split("<br>")]


def text_width(text: str, size: float) -> float:
    """Return about how wide a line is, in pixels: an estimate, for leaving room."""
    narrow = sum(c in "iljtf.,:;'|()[] " for c in text)
    wide = sum(c.isupper() or c in "mwMW%—" for c in text)
    return size * (0.5 * len(text) - 0.2 * narrow + 0.16 * wide)
