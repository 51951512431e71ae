"""How the pages write numbers, times, money and days."""

from __future__ import annotations

import datetime as dt
from typing import Any

__all__ = ["FILTERS", "SIGNS", "day", "key_state", "money", "number", "percent", "seconds"]

SIGNS = {"open": "●", "conditional": "◆", "shut": "✕", "undetermined": "▢"}
"""A sign beside the word of each verdict, so that colour is never all there is."""


def number(value: Any, digits: int = 4) -> str:
    """Return a number with commas between thousands and so many significant digits; a dash where there is none.

    Examples
    --------
    >>> number(15832.0), number(2.90909), number(None), number(0.000123), number("as it is")
    ('15,832', '2.909', '–', '0.000123', 'as it is')
    """
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "yes" if value is True else "no" if value is False else str(value)
    if abs(value) >= 10**digits or value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.{digits}g}"


def percent(value: float | None, digits: int = 3) -> str:
    """Return a share as percent.

    Examples
    --------
    >>> percent(0.12345), percent(None)
    ('12.3 %', '–')
    """
    return "–" if value is None else f"{number(100 * value, digits)} %"


def seconds(value: float | None) -> str:
    """Return a time in the unit that suits it.

    Examples
    --------
    >>> seconds(0.0335), seconds(4.005e-4), seconds(90)
    ('33.5 ms', '400.5 µs', '90 s')
    """
    if value is None:
        return "–"
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if abs(value) >= scale:
            return f"{value / scale:,.4g} {unit}"
    return f"{value / 1e-9:.4g} ns"


def money(value: float | None, unit: str = "USD") -> str:
    """Return an amount of money, large ones in billions or millions.

    Examples
    --------
    >>> money(2418221241.08), money(-4320), money(None)
    ('2.42 bn USD', '-4,320 USD', '–')
    """
    if value is None:
        return "–"
    for name, scale in (("bn", 1e9), ("m", 1e6)):
        if abs(value) >= scale:
            return f"{value / scale:,.3g} {name} {unit}"
    return f"{number(value)} {unit}"


def day(on: dt.date | str | None) -> str:
    """Return a day as people write it.

    Examples
    --------
    >>> day("2025-04-08"), day(None)
    ('8 April 2025', '–')
    """
    if on is None:
        return "–"
    found = dt.date.fromisoformat(on) if isinstance(on, str) else on
    return f"{found.day} {found:%B %Y}"


def key_state(outcome: str, review: str | None = None) -> str:
    """Return how far one key turns, in the words of a verdict.

    Examples
    --------
    >>> key_state("licence-required", "presumption-of-denial"), key_state("permitted"), key_state("exception-available")
    ('shut', 'open', 'conditional')
    """
    if outcome == "licence-required":
        return {"presumption-of-denial": "shut", "undetermined": "undetermined"}.get(review or "", "conditional")
    known = {"not-controlled": "open", "permitted": "open", "barred": "shut", "undetermined": "undetermined"}
    return known.get(outcome, "conditional")


FILTERS = {"number": number, "percent": percent, "seconds": seconds, "money": money, "day": day, "key_state": key_state}
