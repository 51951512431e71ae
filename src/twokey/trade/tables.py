"""Tables as CSV, JSON and XLSX; in the workbook, cells that follow from others hold formulas.

The workbook is written as the plain parts of Office Open XML: text in place, numbers, formulas with their value. No
package is needed for it.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from twokey.quantities.problem import Problem
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
        data = _xlsx(sheets)
    elif path.suffix == ".json":
        plain = {s.name: [dict(zip(s.rows[0], map(_value, r), strict=False)) for r in s.rows[1:]] for s in sheets}
        data = (json.dumps(plain, indent=1, ensure_ascii=False) + "\n").encode()
    elif path.suffix == ".csv" and len(sheets) == 1:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows([_value(c) for c in r] for r in sheets[0].rows)
        data = out.getvalue().encode()
    else:
        raise Problem("--out", path.name, "a name in .xlsx, .json, or .csv for one table", "choose one of the endings")
    try:
        path.write_bytes(data)
    except OSError as error:
        raise Problem("--out", str(path), "a file that can be written", error.strerror or "check the path") from None


def _records(rows: Sequence[dict[str, float]]) -> tuple[tuple[Cell, ...], ...]:
    return (tuple(rows[0]), *(tuple(r.values()) for r in rows))


def _cell(value: Any) -> Cell:
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _value(cell: Cell) -> str | float | int | None:
    return cell.value if isinstance(cell, Formula) else cell


_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_DOC = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def _xlsx(sheets: Sequence[Sheet]) -> bytes:
    """The workbook's parts in a zip, the same bytes for the same tables."""
    numbers = range(1, len(sheets) + 1)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Default Extension="rels" ContentType="application/'
        f'vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_KIND}.worksheet+xml"/>' for n in numbers
        )
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{_RELS}"><Relationship Id="r1" Type="{_DOC}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOC}"><sheets>'
        + "".join(
            f'<sheet name="{escape(s.name)}" sheetId="{n}" r:id="r{n}"/>' for n, s in zip(numbers, sheets, strict=True)
        )
        + '</sheets><calcPr fullCalcOnLoad="1"/></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELS}">'
        + "".join(
            f'<Relationship Id="r{n}" Type="{_DOC}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
        )
        + "</Relationships>",
    }
    for n, sheet in zip(numbers, sheets, strict=True):
        rows = "".join(
            f'<row r="{i}">' + "".join(_xml(f"{_column(j)}{i}", c) for j, c in enumerate(row)) + "</row>"
            for i, row in enumerate(sheet.rows, 1)
        )
        parts[f"xl/worksheets/sheet{n}.xml"] = f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name), _HEAD + text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _xml(at: str, cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Formula):
        return f'<c r="{at}"><f>{escape(cell.text)}</f><v>{cell.value!r}</v></c>'
    if isinstance(cell, str):
        return f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
    return f'<c r="{at}"><v>{cell!r}</v></c>'


def _column(index: int) -> str:
    return (_column(index // 26 - 1) if index >= 26 else "") + chr(65 + index % 26)
