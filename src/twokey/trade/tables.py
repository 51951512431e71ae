"""Tables as CSV, JSON and XLSX; in the workbook, cells that follow from others hold formulas."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twokey.quantities.problem import Problem
from twokey.sources.files import whole_file, write_text
from twokey.trade.duty_table import MonthRow
from twokey.trade.position import Outcome
from twokey.trade.sku import Advice

__all__ = ["Formula", "Sheet", "duty_sheet", "exposure_sheet", "sku_sheets", "write_tables"]


@dataclass(frozen=True, slots=True)
class Formula:
    """A cell that follows from other cells: the formula without '=', and its value now."""

    text: str
    value: float


Cell = str | float | int | Formula | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A named table; the first row holds the names of its columns."""

    name: str
    rows: tuple[tuple[Cell, ...], ...]


def exposure_sheet(outcome: Outcome) -> Sheet:
    """Return the waterfall with sums and margins as formulas over the amounts above them.

    Examples
    --------
    >>> from twokey.trade.position import read_position
    >>> exposure_sheet(read_position("amd-mi308-2025-04").under()).rows[0]
    ('step', 'USD bn', 'source')
    """
    rows: list[tuple[Cell, ...]] = [("step", "USD bn", "source")]
    figures = outcome.position.figures
    source = {"ceiling": figures["committed_usd_bn"].source, "reused": figures["reuse_usd_bn"].source}
    first, last = 2, None
    for step in outcome.waterfall:
        at = len(rows) + 1
        if step.total:
            start = f"B{last}+" if last else ""
            value: Cell = Formula(f"{start}SUM(B{first}:B{at - 1})" if first < at else f"B{last}", float(step.usd_bn))
            first, last = at + 1, at
        else:
            value = float(step.usd_bn)
        rows.append((step.name, value, source.get(step.name, "")))
    charge = next(i for i, r in enumerate(rows, 1) if r[0] == "charge")
    if outcome.margin_points is not None and outcome.margin_percent is not None:
        q, m = figures["quarter_revenue_usd_bn"], figures["margin_without_charge_percent"]
        at = len(rows) + 1
        rows += [
            ("quarter's revenue", float(q.value), q.source),
            ("margin without charge, percent", float(m.value), m.source),
            ("margin effect, points", Formula(f"100*B{charge}/B{at}", float(outcome.margin_points)), ""),
            ("margin with charge, percent", Formula(f"B{at + 1}-B{at + 2}", float(outcome.margin_percent)), ""),
        ]
    begin = len(rows) + 1
    rows += [(f"revenue lost, {when}", float(f.value), f.source) for when, f in outcome.position.lost]
    if outcome.position.lost and outcome.share_closed == 1:
        total = Formula(f"SUM(B{begin}:B{len(rows)})", float(outcome.lost_revenue_usd_bn))
        rows.append(("revenue lost (revenue, not a charge)", total, ""))
    return Sheet("exposure", tuple(rows))


def duty_sheet(table: Sequence[MonthRow]) -> Sheet:
    """Return the month-by-month duty table, one row a part of a month, unknown totals empty with their reason."""
    head = (
        "good", "to", "origin", "heading", "month", "from", "until", "total percent", "at least", "at most", "checked",
        "measures", "unknown",
    )  # fmt: skip
    return Sheet("duty", (head, *(tuple(_cell(v) for v in r.to_json().values()) for r in table)))


def sku_sheets(advice: Advice) -> tuple[Sheet, ...]:
    """Return inputs, results, commitments, sensitivity and tree; the tree's value is a formula over its leaves."""
    inputs = [i.to_json() for i in advice.decision.inputs.values()]
    keys = ("name", "meaning", "unit", "low", "mid", "high", "source", "confidence", "checked", "known_on", "note")
    cost_row = next(i for i, x in enumerate(inputs, 2) if x["name"] == "unit_cost_usd")
    result: list[tuple[Cell, ...]] = [
        ("result", "value"),
        ("build", "yes" if advice.go else "no"),
        ("commitment, units", advice.commit_units),
        ("commitment at median cost, USD",
         Formula(f"B3*inputs!E{cost_row}", advice.commit_units * advice.decision.value("unit_cost_usd"))),
        ("draws", advice.draws), ("seed", advice.seed),
        *((k, v) for k, v in advice.value.to_json().items()),
        ("value of a quarter's wait, USD", advice.value_wait_usd),
    ]  # fmt: skip
    mean = next(i for i, r in enumerate(result, 1) if r[0] == "mean_usd")
    result.append(
        ("value of waiting, USD", Formula(f"B{len(result)}-MAX(B{mean},0)", advice.value_of_waiting_usd))
    )  # fmt: skip
    swings: list[tuple[Cell, ...]] = [("input", "low", "high", "at low, USD", "at high, USD", "width, USD")]
    for n, s in enumerate(advice.swings, 2):
        swings.append((s.name, s.low, s.high, s.at_low_usd, s.at_high_usd, Formula(f"ABS(E{n}-D{n})", s.width_usd)))
    tree: list[tuple[Cell, ...]] = [("path", "probability", "value, USD", "weighted, USD", "best commitment, units")]
    for n, leaf in enumerate(advice.leaves, 2):
        weighted = Formula(f"B{n}*C{n}", leaf.probability * leaf.mean_usd)
        tree.append((" / ".join(leaf.path), leaf.probability, leaf.mean_usd, weighted, leaf.best_units))
    if advice.tree_value_usd is not None:
        end = len(tree)
        chance, mean_value = Formula(f"SUM(B2:B{end})", 1.0), Formula(f"SUM(D2:D{end})", advice.tree_value_usd)
        tree.append(("expected", chance, None, mean_value))
    return (
        Sheet("inputs", (keys, *(tuple(_cell(i[k]) for k in keys) for i in inputs))),
        Sheet("result", tuple(result)),
        Sheet("commitments", _records(advice.commitments)),
        Sheet("margins", _records(advice.margins)),
        Sheet("sensitivity", tuple(swings)),
        Sheet("tree", tuple(tree)),
    )


def write_tables(path: str | Path, sheets: Sequence[Sheet]) -> None:
    """Write sheets to a file: ``.xlsx`` with formulas, ``.csv`` (one sheet) or ``.json`` with values.

    Raises
    ------
    Problem
        If the ending is none of the three, several sheets go to one CSV, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix == ".xlsx":
        with whole_file(path) as part:
            _write_xlsx(part, sheets)
    elif path.suffix == ".json":
        plain = {s.name: [dict(zip(s.rows[0], map(_value, r), strict=False)) for r in s.rows[1:]] for s in sheets}
        write_text(path, json.dumps(plain, indent=1, ensure_ascii=False) + "\n")
    elif path.suffix == ".csv" and len(sheets) == 1:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows([_value(c) for c in r] for r in sheets[0].rows)
        write_text(path, out.getvalue())
    else:
        raise Problem("--out", path.name, "a name in .xlsx, .json, or .csv for one table", "choose one of the endings")


def _records(rows: Sequence[dict[str, float]]) -> tuple[tuple[Cell, ...], ...]:
    return (tuple(rows[0]), *(tuple(r.values()) for r in rows))


def _cell(value: Any) -> Cell:
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _value(cell: Cell) -> str | float | int | None:
    return cell.value if isinstance(cell, Formula) else cell


def _write_xlsx(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write a workbook; the same bytes for the same tables."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"in_memory": True}) as book:
        book.set_properties({"created": dt.datetime(2000, 1, 1)})
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            for i, row in enumerate(sheet.rows):
                for j, cell in enumerate(row):
                    if isinstance(cell, Formula):
                        page.write_formula(i, j, f"={cell.text}", None, cell.value)
                    elif isinstance(cell, str):
                        page.write_string(i, j, cell)
                    elif cell is not None:
                        page.write_number(i, j, cell)
