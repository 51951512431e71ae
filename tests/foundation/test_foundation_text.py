"""The reader of data files: what it accepts, and what it says when it does not."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from pathlib import Path

import pytest

from twokey.chips.item import item_from_value, read_item
from twokey.quantities.exact import as_text, parse_number
from twokey.quantities.problem import Problem
from twokey.sources.text import parse_day, read_file, read_text

GOOD = """
name: Example 96GB
seller: nvidia
seller_seat: US
datacentre: yes
modes:
- {mode: fp16, bits: 16, tops: 148}
- {mode: int8, bits: 8, tops: 296}
applicable_die_area_mm2: 814
dram_bandwidth_GBps: 4000
io_bandwidth_GBps: 1028
"""


def sheet(text: str) -> Problem:
    with pytest.raises(Problem) as caught:
        item_from_value(read_text(text, "sheet.yaml"))
    return caught.value


def test_the_sheet_of_the_contract_reads_exactly() -> None:
    item = item_from_value(read_text(GOOD, "sheet.yaml"))
    assert item.tpp == 2368
    assert item.performance_density == Fraction(2368, 814)
    assert item.datacentre is True


@pytest.mark.parametrize(
    ("change", "place", "given"),
    [
        (("applicable_die_area_mm2: 814", "applicable_die_area_mm2: -5"), "sheet.yaml:9", "-5"),
        (("applicable_die_area_mm2: 814", "applicable_die_area_mm2: 0"), "sheet.yaml:9", "0"),
        (("4000", "nan"), "sheet.yaml:10", "nan"),
        (("4000", "4 TB/s"), "sheet.yaml:10", "4 TB/s"),
        (("4000", "1e9999"), "sheet.yaml:10", "1e9999"),
        (("814", "1e400"), "sheet.yaml:9", "1e400"),
        (("bits: 16", "bits: 16000"), "sheet.yaml:7", "16000"),
        (("datacentre: yes", "datacentre: maybe"), "sheet.yaml:5", "maybe"),
        (("seller_seat: US", "seller_seat: usa"), "sheet.yaml:4", "usa"),
        (("seller: nvidia", "seller: nvidia\nseller: amd"), "sheet.yaml:4", "a second time"),
        (("dram_bandwidth_GBps", "dram_bandwith_GBps"), "sheet.yaml:10", "dram_bandwith_GBps"),
        (("name: Example 96GB", ""), "sheet.yaml", "without it"),
        (("tops: 148", "tops: -1"), "sheet.yaml:7", "-1"),
        (("name: Example 96GB", "name: &a Example"), "sheet.yaml:2", "anchor"),
        (("- {mode: fp16, bits: 16, tops: 148}", "- fp16"), "sheet.yaml:7", "fp16"),
    ],
)
def test_a_malformed_sheet_is_refused_with_place_given_needed_and_mending(
    change: tuple[str, str], place: str, given: str
) -> None:
    problem = sheet(GOOD.replace(*change))
    assert problem.where.startswith(place)
    assert given in problem.given
    assert problem.needed
    assert problem.fix


def test_a_misspelt_key_is_told_the_right_one() -> None:
    assert "dram_bandwidth_GBps" in sheet(GOOD.replace("dram_bandwidth_GBps", "dram_bandwith_GBps")).fix


def test_files_that_are_not_text_are_refused(tmp_path: Path) -> None:
    for name, content in (
        ("a.yaml", b"\xff\xfe\x00"),
        ("b.yaml", b"name: x\x00"),
        ("c.yaml", b""),
        ("d.yaml", b"a: [1"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(Problem) as caught:
            read_file(path).group()
        assert caught.value.where.startswith(str(path))
    with pytest.raises(Problem, match="no such file"):
        read_item(tmp_path / "absent.yaml")
    with pytest.raises(Problem):
        read_item(tmp_path)


@pytest.mark.parametrize("text", ["2025-02-30", "2025-2-3", "17.04.2025", "20250417", "", "2025-04-17T00:00"])
def test_a_day_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(Problem, match="YYYY-MM-DD"):
        parse_day(text, "here")


def test_days_and_numbers() -> None:
    assert parse_day("2024-02-29", "here") == dt.date(2024, 2, 29)
    assert parse_number("0.1") == Fraction(1, 10)
    assert [parse_number(t) for t in ("inf", "0x10", "1_0", "", "1,5", "--1", "1.")] == [None] * 7
    assert as_text(Fraction(1, 3)) == "≈0.3333"


def test_country_no_stays_a_country() -> None:
    assert read_text("to: NO\nversion: 1.10", "x").plain() == {"to": "NO", "version": "1.10"}
