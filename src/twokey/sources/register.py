"""Registers of sources: a data folder names each source once, its files refer to them by key."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from twokey.sources.figure import CHECKED, CONFIDENCE, Figure
from twokey.sources.text import Value, read_file

__all__ = ["read_evidence", "read_figure", "read_figures", "read_register"]


@cache
def read_register(path: Path) -> dict[str, str]:
    """Return the citations of a register (`key: citation` lines) by key; each file is read once.

    Raises
    ------
    Problem
        If the register cannot be read.
    """
    return {key: value.text() for key, value in read_file(path, path.name).group().items()}


def read_evidence(value: Value, register: dict[str, str]) -> tuple[str, str, str]:
    """Return the citation, the confidence and the state of checking that `value` holds.

    `source` holds keys of the register, parted by commas; the citation is theirs, parted by semicolons.

    Raises
    ------
    Problem
        If a key is not in the register, or a word is not one of those allowed.
    """
    f = value.fields(("source", "confidence", "checked"), ("value", "note"))
    keys = [key.strip() for key in f["source"].text().split(",")]
    for key in keys:
        if key not in register:
            raise f["source"].refuse("keys of the register of sources", "add the source there first", given=repr(key))
    citation = "; ".join(register[key] for key in keys)
    return citation, f["confidence"].one_of(CONFIDENCE), f["checked"].one_of(CHECKED)


def read_figure(value: Value, register: dict[str, str]) -> Figure:
    """Return one figure, written {value, source, confidence, checked} with an optional note.

    Raises
    ------
    Problem
        If a part is missing or cannot be used; a figure without a source is refused.
    """
    f = value.fields(("value", "source", "confidence", "checked"), ("note",))
    citation, confidence, checked = read_evidence(value, register)
    note = f["note"].text() if "note" in f else ""
    return Figure(f["value"].number(least=0), citation, confidence, checked, note)


def read_figures(group: Value, register: dict[str, str], names: tuple[str, ...]) -> dict[str, Figure]:
    """Return the figures of a group by name, having refused names that are not among `names`.

    Raises
    ------
    Problem
        If a name is not known or a figure cannot be used.
    """
    return {name: read_figure(v, register) for name, v in group.fields((), names).items()}
