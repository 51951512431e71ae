"""Answers as a table: CSV and JSON lines, or a workbook in which TPP and density are formulas over the modes."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from twokey.chips.item import ItemSheet
from twokey.quantities.problem import Problem
from twokey.sources.files import whole_file

__all__ = ["ENDINGS", "Asked", "flat_row", "write_answers"]

ENDINGS = (".csv", ".jsonl", ".xlsx")
"""Kinds of file a table of answers can be written as."""

Asked = tuple[ItemSheet | None, str]
"""The item sheet that was asked about, None where there is none, and the answer as JSON text."""

_MOST_ROWS = 1_000_000
"""Rows that a worksheet holds, somewhat fewer than the format allows."""

_COLUMNS = (
    "item", "on", "to", "verdict", "in_practice", "us_outcome", "us_review", "us_review_basis", "us_classification",
    "us_exceptions", "us_enforcement", "us_missing", "us_because", "cn_outcome", "cn_strength", "cn_missing",
    "cn_beside", "conflicts", "flags", "tpp", "performance_density", "dram_bandwidth_GBps", "io_bandwidth_GBps",
    "error",
)  # fmt: skip


def flat_row(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer as one row; lists are joined by semicolons, what is not known is empty.

    Examples
    --------
    >>> flat_row({"item": "x", "on": "2025-04-17", "to": "CN", "error": {"where": "row 2", "message": "no such chip"}})
    {'item': 'x', 'on': '2025-04-17', 'to': 'CN', 'error': 'row 2: no such chip'}
    """
    row = {"item": answer["item"], "on": answer["on"], "to": answer["to"]}
    if "error" in answer:
        return row | {"error": f"{answer['error']['where']}: {answer['error']['message']}"}
    us, cn = answer["keys"]["us"], answer["keys"]["cn"]

    def joined(values: Iterable[Any]) -> str:
        return "; ".join(dict.fromkeys(str(v) for v in values))

    return row | {
        "verdict": answer["verdict"],
        "in_practice": answer["in_practice"],
        "us_outcome": us["outcome"],
        "us_review": us["review"],
        "us_review_basis": us["review_basis"],
        "us_classification": joined(us["classification"]),
        "us_exceptions": joined(us["exceptions"]),
        "us_enforcement": us["enforcement"],
        "us_missing": joined(us["missing"]),
        "us_because": joined(f"{b['rule']} {b['node']}: {b['says']} [{b['cite']}]" for b in us["because"]),
        "cn_outcome": cn["outcome"],
        "cn_strength": cn["strength"],
        "cn_missing": joined(cn["missing"]),
        "cn_beside": joined(f"{a['rule']} {a['outcome']} ({a['strength']})" for a in cn["also"]),
        "conflicts": joined(c["cn"] for c in answer["conflicts"]),
        "flags": joined(f["code"] for f in answer["flags"]),
        **answer["facts"],
    }


def write_answers(path: str | Path, asked: Iterable[Asked]) -> dict[str, int]:
    """Write answers to a file, whole or not at all, and return how often each verdict was given.

    Parameters
    ----------
    path : a name in .csv (flat columns), .jsonl (the whole answers, one a line) or .xlsx (flat columns, TPP and density
        as formulas over a sheet of the items' modes)
    asked : item sheet and answer, in the order of the rows

    Raises
    ------
    Problem
        If the ending is none of the three, the rows are too many for a workbook, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix not in ENDINGS:
        raise Problem("--out", path.name, "a name in " + ", ".join(ENDINGS), "choose one of the endings", kind="usage")
    counts: Counter[str] = Counter()

    def counted() -> Iterator[tuple[ItemSheet | None, dict[str, Any]]]:
        for sheet, text in asked:
            answer = json.loads(text)
            counts[answer.get("verdict", "error")] += 1
            yield sheet, answer

    with whole_file(path) as part:
        if path.suffix == ".xlsx":
            _write_workbook(part, counted())
            return dict(counts)
        with part.open("w", encoding="utf-8", newline="") as stream:
            if path.suffix == ".csv":
                rows = csv.DictWriter(stream, _COLUMNS, lineterminator="\n")
                rows.writeheader()
                rows.writerows(flat_row(answer) for _, answer in counted())
                return dict(counts)
            for _, text in asked:
                verdict = _VERDICT.search(text)  # the text need not be read as a whole for this
                counts[verdict.group(1) if verdict else "error"] += 1
                stream.write(text + "\n")
    return dict(counts)


_VERDICT = re.compile(r', "verdict": "([a-z]+)", "in_practice": ')


_WORKBOOK = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
"""Rows go to disk as they come, so that a long table needs little memory; text that looks like a formula stays text."""


def _write_workbook(path: Path, answered: Iterator[tuple[ItemSheet | None, dict[str, Any]]]) -> None:
    """Write two sheets: `items` with a row for each mode, and `answers`, whose figures refer to it."""
    import datetime as dt

    import xlsxwriter

    with xlsxwriter.Workbook(str(path), _WORKBOOK) as book:
        book.set_properties({"created": dt.datetime(2000, 1, 1)})
        answers, items = book.add_worksheet("answers"), book.add_worksheet("items")
        answers.write_row(0, 0, _COLUMNS)
        items.write_row(0, 0, ("item", "applicable_die_area_mm2", "mode", "bits", "tops", "tops x bits"))
        ranges: dict[int, tuple[int, int]] = {}
        held: list[ItemSheet] = []  # so that no other sheet can come to have the identity of one
        used = 1
        for n, (sheet, answer) in enumerate(answered, 1):
            if n >= _MOST_ROWS:
                raise Problem(
                    "--out", f"more than {_MOST_ROWS:,} rows", "fewer in one workbook", "write .csv or .jsonl"
                )
            if sheet is not None and id(sheet) not in ranges:
                held.append(sheet)
                ranges[id(sheet)] = (used, used := used + _write_item(items, used, sheet))
            row = flat_row(answer)
            for column, name in enumerate(_COLUMNS):
                value = row.get(name)
                if name in ("tpp", "performance_density") and sheet is not None and value is not None:
                    answers.write_formula(n, column, _formula(name, *ranges[id(sheet)]), None, value)
                elif value is not None:
                    answers.write(n, column, value)
        answers.freeze_panes(1, 1)
        items.freeze_panes(1, 1)


def _write_item(page: Any, at: int, sheet: ItemSheet) -> int:
    """Write an item's modes from row `at` on, and return how many rows that took."""
    area = sheet.applicable_die_area_mm2
    for i, mode in enumerate(sheet.modes or (None,)):
        page.write(at + i, 0, sheet.id or sheet.name)
        if area is not None:
            page.write_number(at + i, 1, float(area))
        if mode is not None:
            page.write_row(at + i, 2, (mode.mode, mode.bits, float(mode.tops)))
            page.write_formula(at + i, 5, f"=D{at + i + 1}*E{at + i + 1}", None, float(mode.bits * mode.tops))
    return len(sheet.modes or (None,))


def _formula(name: str, first: int, end: int) -> str:
    tpp = f"MAX(items!F{first + 1}:F{end})"
    return f"={tpp}" if name == "tpp" else f"={tpp}/items!B{first + 1}"
