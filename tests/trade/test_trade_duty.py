"""Duty totals: the published layers added up by hand, and the edges of the Section 232 bands.

The totals of `US_ON_CHINA` and `CHINA_ON_US` were worked out apart from this program from the orders and
announcements that data/market/tariffs.yaml cites for each layer; the Section 232 cases rest on chapter 99
note 39(b) and, for the H200, on the White House fact sheet of 2026-01-14.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from twokey.chips.catalogue import find
from twokey.chips.item import ItemSheet, Mode
from twokey.quantities.problem import Problem
from twokey.trade.duty import Duty, duty
from twokey.trade.tariffs import TARIFFS_FILE, read_tariffs, tariffs


def chip(tpp: str, dram: str | None, name: str = "chip") -> ItemSheet:
    return ItemSheet(
        name=name,
        modes=(Mode("fp8", 8, Fraction(tpp) / 8),),
        dram_bandwidth_GBps=None if dram is None else Fraction(dram),
    )


def us(hts: str, on: str, **more: object) -> Duty:
    return duty(None, to="US", origin="CN", hts=hts, on=on, **more)  # type: ignore[arg-type]


def span(d: Duty) -> tuple[object, object, object]:
    """Total, floor and ceiling."""
    return d.total_percent, d.floor_percent, d.ceiling_percent


US_ON_CHINA = [  # day, IEEPA, GPU board 8473.30, integrated circuit 8542, another good of List 3 without its MFN rate
    ("2025-01-15", 0, 25, 50, 25),
    ("2025-02-10", 10, 35, 60, 35),
    ("2025-03-10", 20, 45, 70, 45),
    ("2025-04-06", 30, 45, 70, 55),
    ("2025-04-09", 104, 45, 70, 129),
    ("2025-04-17", 145, 45, 70, 170),
    ("2025-05-14", 30, 45, 70, 55),
    ("2025-11-10", 20, 35, 60, 45),
]


@pytest.mark.parametrize(("on", "ieepa", "board", "circuit", "other"), US_ON_CHINA)
def test_us_duty_on_chinese_goods(on: str, ieepa: int, board: int, circuit: int, other: int) -> None:
    good = us("general", on, list_301="3", mfn_percent=0)
    assert good.subtotal_percent("ieepa") == ieepa
    assert good.total_percent == other
    assert us("8473.30", on).total_percent == board
    assert us("8542", on).total_percent == circuit


def test_after_the_ruling_section_122_leaves_electronics_open() -> None:
    board, circuit, other = (us(h, "2026-02-24", list_301="3", mfn_percent=0) for h in ("8473.30", "8542", "general"))
    assert span(circuit) == (None, 50, 60)
    assert other.total_percent == 35
    assert board.total_percent is None
    assert any("Section 122" in u for u in circuit.unknown)
    # without the chip's figures Section 232 stays open on a board; with a chip outside the bands the span is 25 to 35
    known = duty(chip("2368", "4000"), to="US", origin="CN", hts="8473.30", on="2026-02-24")
    assert span(known) == (None, 25, 35)


@pytest.mark.parametrize(("hts", "floor"), [("8473.30", 25), ("8542", 50), ("general", 25)])
def test_forced_labour_action_has_no_known_rate(hts: str, floor: int) -> None:
    d = duty(chip("2368", "4000"), to="US", origin="CN", hts=hts, on="2026-07-24", list_301="3", mfn_percent=0)
    assert d.total_percent is None
    assert d.floor_percent == floor
    assert d.ceiling_percent is None
    assert any("forced-labour" in u for u in d.unknown)


def test_servers_stand_on_no_established_list() -> None:
    d = us("8471.50", "2025-04-17")
    assert d.total_percent is None
    assert d.floor_percent == 20
    assert d.unknown == ("the Section 301 list the heading stands on (list_301)",)
    assert us("8471.50", "2025-04-17", list_301="3").total_percent == 45


def test_the_145_never_reached_a_chip() -> None:
    d = us("8473.30.1180", "2025-04-17")
    zero = next(c for c in d.charges if c.id == "us-ieepa-reciprocal")
    assert zero.rate_percent == 0
    assert "electronics exemption" in zero.reason
    assert d.to_json()["total_percent"] == 45


CHINA_ON_US = [
    ("2025-04-09", 0),
    ("2025-04-10", 84),
    ("2025-04-11", 84),
    ("2025-04-12", 125),
    ("2025-04-17", 125),
    ("2025-05-13", 125),
    ("2025-05-14", 10),
    ("2026-02-24", 10),
    ("2026-11-10", 10),
]


@pytest.mark.parametrize(("on", "rate"), CHINA_ON_US)
def test_chinese_duty_on_us_goods(on: str, rate: int) -> None:
    assert duty(None, to="CN", origin="US", hts="8473.30", on=on).total_percent == rate


def test_chinese_duty_that_is_not_settled() -> None:
    quiet = duty(None, to="CN", origin="US", hts="8542", on="2025-04-24")
    assert span(quiet) == (None, 0, 125)
    later = duty(None, to="CN", origin="US", hts="8542", on="2026-11-11")
    assert (later.total_percent, later.ceiling_percent) == (None, None)


def test_a_wafer_made_in_taiwan_escapes_both() -> None:
    into_china = duty(None, to="CN", origin="TW", hts="8542", on="2025-04-17")
    assert into_china.total_percent == 0
    assert "origin TW" in into_china.charges[0].reason
    into_us = duty(None, to="US", origin="TW", hts="8473.30", on="2025-04-17")
    assert into_us.total_percent == 0


SECTION_232 = [  # chip, TPP, DRAM bandwidth in GB/s, rate
    ("H200 SXM", "15832", "4800", 25),
    ("H100 SXM", "15832", "3350", 0),
    ("H20 96GB", "2368", "4000", 0),
    ("MI300X", "20919", "5300", 0),
    ("B200", "36000", "8000", 0),
    ("second band", "20919", "6000", 25),
    *[("edge", tpp, "4800", 0) for tpp in ("14000", "17500")],
    *[("edge", tpp, "6000", 0) for tpp in ("20800", "21100")],
    *[("edge", "15832", dram, 0) for dram in ("4500", "5000")],
    *[("edge", "20919", dram, 0) for dram in ("5800", "6200")],
    ("just inside", "14000.001", "4999.999", 25),
]


@pytest.mark.parametrize(("name", "tpp", "dram", "rate"), SECTION_232)
def test_section_232_bands_are_strict(name: str, tpp: str, dram: str, rate: int) -> None:
    d = duty(chip(tpp, dram, name), to="US", origin="TW", hts="8471.80", on="2026-01-15")
    charge = next(c for c in d.charges if c.id == "us-232")
    assert charge.measure == "US Section 232 semiconductors"
    assert charge.rate_percent == rate


def test_section_232_needs_the_chip_only_where_it_matters() -> None:
    on = {"to": "US", "origin": "TW", "hts": "8473.30", "on": date(2026, 1, 15)}
    unknown = duty(None, **on)  # type: ignore[arg-type]
    assert unknown.total_percent is None
    assert unknown.unknown == ("the chip's TPP and the chip's DRAM bandwidth",)
    assert duty(chip("2368", None), **on).total_percent == 0  # type: ignore[arg-type]
    assert duty(chip("15832", None), **on).unknown == ("the chip's DRAM bandwidth",)  # type: ignore[arg-type]
    assert duty(chip("15832", "4800"), end_use="us-data-centre", **on).total_percent == 0  # type: ignore[arg-type]
    before = duty(chip("15832", "4800"), **{**on, "on": date(2026, 1, 14)})  # type: ignore[arg-type]
    assert all(c.id != "us-232" for c in before.charges)


def test_section_232_beside_other_measures() -> None:
    h200 = chip("15832", "4800", "H200")
    chinese = duty(h200, to="US", origin="CN", hts="8473.30", on="2026-01-15")
    assert span(chinese) == (None, 35, 60)
    assert any("Section 301" in u for u in chinese.unknown)
    under_122 = duty(h200, to="US", origin="TW", hts="8473.30", on="2026-03-01")
    assert under_122.total_percent == 25


def test_section_232_in_money() -> None:
    d = duty(chip("15832", "4800"), to="US", origin="TW", hts="8473.30", on="2026-01-15")
    assert d.amount_usd(27_000) == 6_750
    assert d.amount_usd(10 * 75_000 * 27_000) == Fraction("5062500000")


@pytest.mark.parametrize(
    ("change", "needed"),
    [
        ({"hts": "84"}, "4, 6, 8 or 10 digits"),
        ({"hts": "banana"}, "4, 6, 8 or 10 digits"),
        ({"hts": "9903.01"}, "chapters 01 to 97"),
        ({"hts": "8471"}, "8471.50"),
        ({"to": "DE"}, "US or CN"),
        ({"origin": "XQ"}, "alpha-2"),
        ({"origin": "US"}, "other than the destination"),
        ({"on": "2025-02-30"}, "a day that exists"),
        ({"on": "2017-01-01"}, "from 2018-01-01"),
        ({"list_301": "5"}, "one of 1, 3, 4A, none"),
        ({"end_use": "toy"}, "us-data-centre"),
    ],
)
def test_refusals_say_what_is_needed(change: dict[str, str], needed: str) -> None:
    asked: dict[str, str] = {"to": "US", "origin": "CN", "hts": "8473.30", "on": "2025-04-17"} | change
    with pytest.raises(Problem) as caught:
        duty(None, **asked)  # type: ignore[arg-type]
    assert needed in caught.value.needed
    assert caught.value.fix


def test_subheadings_that_the_exemption_splits_are_not_guessed() -> None:
    assert us("8541", "2025-04-17").total_percent is None
    assert us("8541.10", "2025-04-17").total_percent == 70
    assert us("8541.51", "2025-04-17").total_percent == 195


def test_every_row_has_a_source_and_rates_move_only_on_row_dates() -> None:
    data = tariffs()
    assert all(row.cite and row.checked for m in data.measures for row in m.rows)
    edges = {d for m in data.measures for r in m.rows for d in (r.period.start, r.period.end) if d is not None}
    before = None
    for ordinal in range(date(2025, 1, 1).toordinal(), date(2026, 10, 31).toordinal()):
        day = date.fromordinal(ordinal)
        now = us("8542", day.isoformat()).total_percent
        assert before is None or now == before[0] or day in edges
        before = (now,)


def test_a_broken_data_file_is_refused_with_its_line(tmp_path: Path) -> None:
    source = TARIFFS_FILE.read_text()
    broken = tmp_path / "t.yaml"
    broken.write_text(
        source.replace(
            "until: 2025-04-10, headings: [all], rate_percent: 84",
            "until: 2025-04-11, headings: [all], rate_percent: 84",
        )
    )
    with pytest.raises(Problem) as caught:
        read_tariffs(broken, "t.yaml")
    assert caught.value.kind == "bad-data"
    assert "overlap" in caught.value.needed
    assert caught.value.where.startswith("t.yaml:")


CATALOGUE_232 = [  # chapter 99 note 39(b); the H200 is named in the White House fact sheet of 2026-01-14
    ("amd-mi300x", 0), ("nvidia-b200", 0), ("nvidia-h100-sxm", 0), ("nvidia-h20-96gb", 0), ("nvidia-h200-sxm", 25),
]  # fmt: skip


@pytest.mark.parametrize(("item", "rate"), CATALOGUE_232)
def test_section_232_on_catalogue_chips(item: str, rate: int) -> None:
    d = duty(find(item).item, to="US", origin="TW", hts="8473.30", on="2026-01-15")
    assert next(c.rate_percent for c in d.charges if c.measure == "US Section 232 semiconductors") == rate
    assert d.total_percent == rate


def test_learning_a_fact_only_narrows_the_span() -> None:
    """Whatever the chip turns out to be, the duty lies in the span that was given without it."""
    draw = random.Random(20250417)
    days = [date(2025, 1, 1) + timedelta(days=n) for n in range(0, 640, 16)]
    for day in days:
        for hts in ("8471.50", "8473.30", "8541", "8542", "general"):
            for origin in ("CN", "TW", "HK"):
                wide = duty(None, to="US", origin=origin, hts=hts, on=day)
                known = chip(str(draw.choice((2368, 15832, 20919))), str(draw.choice((1000, 4800, 6000))))
                lists = draw.choice(("1", "3", "4A", "none"))
                near = duty(known, to="US", origin=origin, hts=hts, on=day, list_301=lists, mfn_percent=0)
                assert wide.floor_percent <= near.floor_percent
                assert wide.ceiling_percent is None or (near.ceiling_percent or 0) <= wide.ceiling_percent
                assert wide.total_percent is None or near.total_percent == wide.total_percent
