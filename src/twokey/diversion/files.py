"""Where the data about buyers lies, and how its rows name their sources."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from twokey.sources.figure import CHECKED, CONFIDENCE
from twokey.sources.register import read_register
from twokey.sources.text import Value

__all__ = ["DATA", "EVIDENCE", "cited"]

DATA = Path(__file__).parent.parent / "data" / "diversion"
"""Folder of the data."""

EVIDENCE = ("source", "confidence", "checked")
"""Keys that every row of the data has."""


def cited(fields: Mapping[str, Value]) -> tuple[str, str]:
    """Return the citation of a row, from the register of sources, and its state of checking.

    Raises
    ------
    Problem
        If a key is not in the register, or a word is not one of those allowed.
    """
    register = read_register(DATA / "sources.yaml")
    if "confidence" in fields:
        fields["confidence"].one_of(CONFIDENCE)
    names = [name.strip() for name in fields["source"].text().split(",")]
    for name in names:
        if name not in register:
            raise fields["source"].refuse("keys of the register of sources", "add the source there", given=repr(name))
    return "; ".join(register[name] for name in names), fields["checked"].one_of(CHECKED)
