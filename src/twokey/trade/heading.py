"""Tariff headings: written in many ways, compared by their digits."""

from __future__ import annotations

import re
from collections.abc import Iterable

from twokey.quantities.problem import Problem
from twokey.quantities.unknown import Truth

__all__ = ["GENERAL", "parse_heading", "within"]

GENERAL = "general"
"""A good of no particular heading: only measures that reach all goods are counted."""

_FORM = re.compile(r"\d{4}(\.?\d{2}(\.?\d{2}(\.?\d{2})?)?)?")
_WRITE_IT = "write it like 8473.30, 8542 or 8473.30.1180, or 'general' for a good of no particular heading"


def parse_heading(text: str, known: Iterable[str] = (), where: str = "--hts") -> str:
    """Return a tariff heading in the form 8473.30.1180, or ``general``.

    Parameters
    ----------
    text : the heading as a person writes it: 4, 6, 8 or 10 digits, points optional
    known : headings the data divide; a heading shorter than one of them is refused as too wide

    Raises
    ------
    Problem
        If the text has no such form, names no chapter of goods (1 to 97, 77 is not used), or is wider
        than a known heading.

    Examples
    --------
    >>> parse_heading("8473301180"), parse_heading("8542"), parse_heading("8473.30.11.80")
    ('8473.30.1180', '8542', '8473.30.1180')
    """
    text = text.strip()
    if text.lower() == GENERAL:
        return GENERAL
    if not _FORM.fullmatch(text):
        raise Problem(where, f"{text!r}", "a tariff heading of 4, 6, 8 or 10 digits", _WRITE_IT)
    digits = text.replace(".", "")
    chapter = int(digits[:2])
    if not 1 <= chapter <= 97 or chapter == 77:
        raise Problem(
            where, f"{text!r} (chapter {digits[:2]})", "a heading of chapters 01 to 97, without 77", _WRITE_IT
        )
    code = ".".join(part for part in (digits[:4], digits[4:6], digits[6:]) if part)
    wider = sorted(k for k in known if _digits(k).startswith(digits) and _digits(k) != digits)
    if wider:
        raise Problem(
            where, f"{text!r}", "a heading no wider than " + ", ".join(wider), f"give six digits, like {wider[0]}"
        )
    return code


def within(code: str, headings: Iterable[str]) -> Truth:
    """Return whether a good of heading `code` is held by a list of headings; None when only part of it is.

    Examples
    --------
    >>> within("8473.30.1180", ["8473.30"]), within("8541", ["8541.10"]), within("8703", ["8542"])
    (True, None, False)
    """
    partly = False
    for heading in headings:
        if heading == "all":
            return True
        if code == GENERAL:
            continue
        if _digits(code).startswith(_digits(heading)):
            return True
        partly = partly or _digits(heading).startswith(_digits(code))
    return None if partly else False


def _digits(code: str) -> str:
    return code.replace(".", "")
