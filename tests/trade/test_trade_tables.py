"""The duty by month, the tables and their formulas, the pictures."""

from __future__ import annotations

import datetime as dt
import json
import re
import zipfile
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from twokey.brief import money_pictures
from twokey.quantities.problem import Problem
from twokey.trade.duty_table import GOODS, MonthRow, duty_table
from twokey.trade.position import read_position
from twokey.trade.sku import Advice, decide
from twokey.trade.tables import Formula, duty_sheet, exposure_sheet, sku_sheets, write_tables


@pytest.fixture(scope="module")
def table() -> tuple[MonthRow, ...]:
    return duty_table(last=dt.date(2026, 10, 31))


@pytest.fixture(scope="module")
def advice() -> Advice:
    return decide(draws=2_000)


def at(table: tuple[MonthRow, ...], to: str, hts: str, day: str) -> MonthRow:
    d = dt.date.fromisoformat(day)
    return next(r for r in table if r.to == to and r.hts == hts and r.start <= d < r.until)


def test_every_day_since_2018_is_in_one_row(table: tuple[MonthRow, ...]) -> None:
    for good, *_ in GOODS:
        rows = [r for r in table if r.good == good]
        assert (rows[0].start, rows[-1].until) == (dt.date(2018, 1, 1), dt.date(2026, 11, 1))
        assert all(a.until == b.start for a, b in pairwise(rows))


@pytest.mark.parametrize(
    ("to", "hts", "day", "percent"),
    [
        ("US", "8473.30", "2018-01-10", 0),
        ("US", "8473.30", "2018-09-30", 10),
        ("US", "8473.30", "2019-05-10", 25),
        ("US", "8542", "2024-12-31", 25),
        ("US", "8542", "2025-01-15", 50),
        ("US", "8473.30", "2025-02-10", 35),
        ("US", "8542", "2025-04-17", 70),
        ("US", "8473.30", "2025-04-17", 45),
        ("US", "8473.30", "2025-11-10", 35),
        ("US", "8542", "2026-02-01", 60),
        ("US", "8473.30", "2026-02-01", 35),
        ("US", "8471.50", "2025-04-17", None),
        ("US", "8542", "2026-08-01", None),
        ("CN", "8542", "2024-06-01", None),
        ("CN", "8473.30", "2025-04-11", 84),
        ("CN", "8473.30", "2025-04-30", 125),
        ("CN", "8542", "2025-05-14", 10),
    ],
)
def test_worked_totals(table: tuple[MonthRow, ...], to: str, hts: str, day: str, percent: int | None) -> None:
    """Sources: the measures' own, in data/market/tariffs.yaml."""
    row = at(table, to, hts, day)
    assert row.total_percent == percent
    assert (row.total_percent is None) == bool(row.unknown)


def test_what_was_never_checked_is_marked(table: tuple[MonthRow, ...]) -> None:
    row = at(table, "US", "8542", "2019-01-15")
    assert row.checked == "unverified"
    assert any(m.endswith("(unverified)") for m in row.measures)
    with pytest.raises(Problem):
        duty_table(dt.date(2017, 1, 1))


_NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def test_the_workbook_holds_live_formulas(tmp_path: Path, table: tuple[MonthRow, ...], advice: Advice) -> None:
    path = tmp_path / "money.xlsx"
    exposure = exposure_sheet(read_position().under())
    write_tables(path, [exposure, duty_sheet(table), *sku_sheets(advice)])
    with zipfile.ZipFile(path) as archive:
        names = [
            s.get("name") for s in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter(f"{{{_NS['m']}}}sheet")
        ]
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    assert names[:3] == ["exposure", "duty", "inputs"]
    formulas = {c.get("r"): c.findtext("m:f", namespaces=_NS) for c in sheet.iter(f"{{{_NS['m']}}}c")}
    assert formulas["B6"] == "B4+SUM(B5:B5)"


def spelt_out(formula: str, values: dict[str, float]) -> str:
    """A formula with sums written out and cells replaced by their values."""
    sums = re.sub(
        r"SUM\(B(\d+):B(\d+)\)",
        lambda m: "(" + "+".join(f"B{k}" for k in range(int(m[1]), int(m[2]) + 1)) + ")",
        formula,
    )
    return re.sub(r"B\d+", lambda m: repr(values[m[0]]), sums)


@pytest.mark.parametrize("name", ["nvidia-h20-2025-04", "amd-mi308-2025-04"])
def test_the_formulas_of_the_exposure_give_their_values(name: str) -> None:
    """Each formula, computed here from the cells it names, is the value written beside it."""
    values: dict[str, float] = {}
    for i, row in enumerate(exposure_sheet(read_position(name).under()).rows, 1):
        cell = row[1]
        if isinstance(cell, Formula):
            assert eval(spelt_out(cell.text, values)) == pytest.approx(cell.value)
            values[f"B{i}"] = cell.value
        elif isinstance(cell, int | float):
            values[f"B{i}"] = float(cell)
    assert len(values) > 3


def test_csv_and_json_hold_values(tmp_path: Path, advice: Advice) -> None:
    sheet = exposure_sheet(read_position().under())
    write_tables(tmp_path / "a.csv", [sheet])
    assert "charge,4.5," in (tmp_path / "a.csv").read_text()
    write_tables(tmp_path / "a.json", sku_sheets(advice))
    tree = json.loads((tmp_path / "a.json").read_text())["tree"]
    assert tree[-1]["weighted, USD"] == pytest.approx(advice.tree_value_usd)
    with pytest.raises(Problem):
        write_tables(tmp_path / "a.csv", sku_sheets(advice))
    with pytest.raises(Problem):
        write_tables(tmp_path / "a.txt", [sheet])


def test_every_input_is_listed_with_its_source(advice: Advice) -> None:
    inputs = sku_sheets(advice)[0]
    assert len(inputs.rows) == 1 + len(advice.decision.inputs)
    assert all(row[6] for row in inputs.rows)


def test_pictures_show_the_numbers(advice: Advice) -> None:
    bars = money_pictures.waterfall(read_position().under()).data[0]
    assert dict(zip(bars.x, bars.y, strict=True))["charge"] == 4.5
    low = money_pictures.tornado(advice, 5).data[0]
    assert len(low.y) == 5
    assert low.y[-1] == advice.swings[0].name
    curves = money_pictures.survival(advice.hazard).data
    assert curves[2].y[10] == pytest.approx(curves[0].y[10] * curves[1].y[10])
    texts = money_pictures.tree(advice).data[1].text
    assert len(texts) == 1 + 3 + 6
    assert "100%" in texts[0]
