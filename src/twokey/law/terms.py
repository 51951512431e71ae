"""The words that rules use: unit, formula, and the fact of the item or trade sheet that settles them."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from twokey.quantities.problem import Problem
from twokey.sources.text import Value, read_file

__all__ = ["DATA", "Term", "dimension", "read_terms", "terms"]

DATA = Path(__file__).resolve().parent.parent / "data" / "law"
"""Folder of the law's data files."""

_TYPES = ("number", "place", "word", "flag", "day")
_FORMULA = re.compile(r"(?:(max) over (\w+) of )?(\w+) ([*/+]) (\w+)")


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the law.

    Parameters
    ----------
    type : number, place (a country), word, flag (yes/no) or day
    unit : unit of a number, as the tests write it; empty for the others
    formula : (fold, table, left, operation, right) of a derived number, else None
    facts : names of the sheet fields that settle it
    """

    name: str
    title: str
    type: str
    unit: str
    formula: tuple[str, str, str, str, str] | None
    facts: tuple[str, ...]
    cite: str
    checked: str


def dimension(unit: str) -> dict[str, int]:
    """Return the base units of a unit with their powers.

    Examples
    --------
    >>> dimension("TOPS.bit/mm2")
    {'TOPS': 1, 'bit': 1, 'mm2': -1}
    """
    powers: dict[str, int] = {}
    for i, part in enumerate(unit.split("/")):
        for base in part.split("."):
            powers[base] = powers.get(base, 0) + (1 if i == 0 else -1)
    return {base: power for base, power in powers.items() if power}


def read_terms(path: Path, shown: str) -> dict[str, Term]:
    """Read a file of terms; each derived term's formula must come out in its unit.

    Raises
    ------
    Problem
        With file and line: an unknown key, an input that is not a term, a formula whose dimension is not the
        unit's.
    """
    root = read_file(path, shown).fields(("format", "terms"), ("note",))
    root["format"].one_of(("law-terms/1",))
    found: dict[str, Term] = {}
    places: dict[str, Value] = {}
    for name, v in root["terms"].group().items():
        f = v.fields(("title", "type", "cite", "checked"), ("unit", "formula", "facts", "note"))
        kind = f["type"].one_of(_TYPES)
        formula = None
        if "formula" in f:
            match = _FORMULA.fullmatch(f["formula"].text())
            if match is None:
                raise f["formula"].refuse("a formula 'a * b', 'a / b', 'a + b' or 'max over rows of a * b'", "mend it")
            formula = tuple(part or "" for part in match.groups())
        if kind == "number" and "unit" not in f:
            raise v.refuse("a unit", "add `unit:`", given="a number without a unit")
        found[name] = Term(
            name,
            f["title"].text(),
            kind,
            f["unit"].text() if "unit" in f else "",
            formula,  # type: ignore[arg-type]
            f["facts"].texts() if "facts" in f else (name,),
            f["cite"].text(),
            f["checked"].one_of(("unverified", "read-once", "read-twice")),
        )
        places[name] = v
    for name, term in found.items():
        if term.formula is not None:
            _check_formula(term, found, places[name])
    return found


def _check_formula(term: Term, known: Mapping[str, Term], place: Value) -> None:
    assert term.formula is not None
    _, _, left, op, right = term.formula
    for side in (left, right):
        if side not in known:
            raise Problem(place.where, f"the word {side!r}", "words defined in this file", f"define {side!r}")
    a, b = dimension(known[left].unit), dimension(known[right].unit)
    if op == "+":
        result = a if a == b else None
    else:
        sign = 1 if op == "*" else -1
        both = {u: a.get(u, 0) + sign * b.get(u, 0) for u in {*a, *b}}
        result = {u: p for u, p in both.items() if p}
    if result != dimension(term.unit):
        raise Problem(
            place.where,
            f"a formula of {known[left].unit} {op} {known[right].unit}",
            f"one that comes out in {term.unit}",
            "mend the formula or the unit",
        )


@functools.cache
def terms() -> dict[str, Term]:
    """Return the project's terms of law, by name; read once per process."""
    try:
        return read_terms(DATA / "terms.yaml", "law/terms.yaml")
    except Problem as problem:
        problem.kind = "bad-data"
        raise
