"""Exact numbers: read from text, written back for people."""

from __future__ import annotations

import re
from fractions import Fraction

__all__ = ["as_text", "parse_number"]

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?")


def parse_number(text: str) -> Fraction | None:
    """Return the exact value of a decimal number, or None when the text is not one.

    Examples
    --------
    >>> parse_number("5.92")
    Fraction(148, 25)
    >>> parse_number("1e3"), parse_number("nan"), parse_number("5,92"), parse_number("1_000")
    (Fraction(1000, 1), None, None, None)
    """
    text = text.strip()
    return Fraction(text) if _NUMBER.fullmatch(text) else None


def as_text(value: Fraction | int, digits: int = 4) -> str:
    """Write an exact number for people: whole if it is whole, else with at most `digits` significant decimals.

    The text never rounds across a whole number of its own digits silently: a value that is not
    shown exactly is preceded by "≈".

    Examples
    --------
    >>> as_text(Fraction(2368)), as_text(Fraction("5.92")), as_text(Fraction(2368, 814))
    ('2368', '5.92', '≈2.909')
    """
    value = Fraction(value)
    if value.denominator == 1:
        return str(value.numerator)
    short = f"{float(value):.{digits}g}" if abs(value) < 10**digits else f"{float(value):.1f}"
    exact = parse_number(short) == value
    return short if exact else f"≈{short}"
