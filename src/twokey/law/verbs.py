"""Verbs of the law for the public interface: each imports what it needs when it is called."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twokey.chips.item import ItemSheet
    from twokey.law.conform import Score
    from twokey.law.question import Trade

__all__ = ["check_table", "conformance", "consulted", "consulted_text", "law_stamp"]


def law_stamp() -> dict[str, str]:
    """Return `law_sha256`: the checksum over the names and bytes of all files of the law's data but its cases.

    The same question with the same checksum and version of Twokey has the same answer, byte for byte.

    Examples
    --------
    >>> len(law_stamp()["law_sha256"])
    64
    """
    import hashlib

    from twokey.law.terms import DATA

    total = hashlib.sha256()
    files = (p for p in DATA.rglob("*") if p.suffix in (".yaml", ".csv") and "cases" not in p.parts[len(DATA.parts) :])
    for path in sorted(files):
        body = path.read_bytes()
        total.update(f"{path.relative_to(DATA).as_posix()} {len(body)}\n".encode())
        total.update(body)
    return {"law_sha256": total.hexdigest()}


def consulted(item: ItemSheet, trade: Trade, *, datacentre: bool | None = None, **options: Any) -> dict[str, Any]:
    """Return every rule of the day as a tree of tests, each with its value, limit, margin and citation.

    Parameters
    ----------
    datacentre : replaces what the sheet says of the item's market
    options : as in `assess`

    Raises
    ------
    Problem
        If the trade has no destination or no day, or the item is a board: ask for its chips.
    """
    from dataclasses import replace

    from twokey.law.consulted import tree

    return tree(item if datacentre is None else replace(item, datacentre=datacentre), trade, **options)


def consulted_text(found: dict[str, Any]) -> str:
    """Return such trees for people: the rules that reach the trade, or that a figure of the item keeps out."""
    from twokey.law.consulted import tree_text

    return tree_text(found)


def conformance(tool: str | None = None) -> Score:
    """Return how Twokey, or another tool, does on the conformance suite.

    Parameters
    ----------
    tool : command line of the other tool; it reads one case a line as JSON and answers each with one line

    Raises
    ------
    Problem
        If the suite cannot be read, or the tool does not answer every case.
    """
    from twokey.law.conform import score_tool

    return score_tool(tool)


def check_table(
    out: str | Path, answers: Iterable[Any] = (), *, cases: str | None = None, **options: Any
) -> dict[str, int]:
    """Write answers to a CSV, JSON lines or XLSX file, and return how often each verdict was given.

    Parameters
    ----------
    out : the file; its ending says which kind
    answers : item sheets with their answers
    cases : instead of answers, a CSV of trades to answer, as for `check_cases`
    options : as for `check_cases`

    Raises
    ------
    Problem
        If the ending is not known, the CSV cannot be read, or the file cannot be written.
    """
    import json
    from itertools import tee

    from twokey.law.bulk import COLUMNS, answer_rows, sheet_named
    from twokey.law.bulk_table import write_answers
    from twokey.quantities.problem import Problem
    from twokey.sources.rows import read_rows

    if cases is None:
        return write_answers(out, ((i, json.dumps(a.to_json(), ensure_ascii=False)) for i, a in answers))
    if Path(cases).exists() and Path(out).exists() and Path(cases).samefile(out):
        raise Problem("--out", str(out), "another file than that of the trades", "name a new file", kind="usage")
    sheets: dict[str, Any] = {}

    def sheet(name: str) -> Any:
        if name not in sheets:
            try:
                sheets[name] = sheet_named(name)
            except Problem:
                sheets[name] = None  # the row's answer says what is wrong with it
        return sheets[name]

    rows, names = tee(read_rows(cases, required=COLUMNS[:3], optional=COLUMNS[3:]))
    answered = answer_rows(rows, **options)
    return write_answers(out, ((sheet(row["item"]), text) for (_, row), text in zip(names, answered, strict=True)))
