"""The area of dies that were made: the fit is reproduced, the blind errors are those that are told."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from twokey import api
from twokey.chips.design import Design
from twokey.quantities.problem import Problem
from twokey.silicon.area import area_mm2
from twokey.silicon.dies import FITTED, Die, constants, design_die_mm2, die_mm2, fit, parts, published_dies

DIES = {d.name: d for d in published_dies()}


def error(name: str) -> float:
    die = DIES[name]
    assert die.published is not None
    return die_mm2(die) / float(die.published.value) - 1


def test_the_constants_of_the_data_are_those_of_the_fit() -> None:
    found = fit()
    for name in FITTED:
        assert float(constants().fitted[name].value) == pytest.approx(found[name], rel=1e-5)
        assert found[name] > 0
        assert "GA100, GH100, AD104, MI300X XCD" in constants().fitted[name].source


def test_a_fitted_die_comes_out_exactly() -> None:
    assert [n for n, d in DIES.items() if d.role == "fitted"] == ["GA100", "GH100", "AD104", "MI300X XCD"]
    assert all(abs(error(n)) < 1e-4 for n, d in DIES.items() if d.role == "fitted")


@pytest.mark.parametrize(
    "name", ["AD102", "AD103", "GB202", "GB203", "MI250 and MI210 GCD", "Ascend 910", "Ascend 910B"]
)
def test_dies_that_were_not_fitted_are_within_ten_percent(name: str) -> None:
    assert DIES[name].role == "blind"
    assert abs(error(name)) <= 0.10


def test_the_one_blind_die_that_misses_is_known() -> None:
    assert {n for n, d in DIES.items() if d.role == "blind" and abs(error(n)) > 0.10} == {"MI100"}
    assert error("MI100") == pytest.approx(-0.11, abs=0.005)


def test_no_area_is_fitted_that_was_only_estimated() -> None:
    assert DIES["GB100"].role == "estimate"
    assert DIES["GB100"].published is not None
    assert DIES["GB100"].published.confidence == "low"


def test_logic_shrinks_with_the_process_and_interfaces_do_not() -> None:
    old, new = parts(DIES["GA100"]), parts(replace(DIES["GA100"], node="5nm"))
    assert new["arrays and lanes"] == pytest.approx(0.663 * old["arrays and lanes"])
    assert new["shared cache"] == pytest.approx(0.778 * old["shared cache"])
    assert new["network"] == old["network"]
    assert new["host bus and base"] == old["host bus and base"]
    assert set(parts(DIES["AD102"])) == set(old)


@pytest.mark.parametrize(
    "more", ["cores", "macs", "fp32_lanes", "fp64_lanes", "core_memory_KiB", "l2_MiB", "hbm_stacks"]
)
def test_more_of_anything_takes_more_area(more: str) -> None:
    die = DIES["GH100"]
    assert die_mm2(replace(die, **{more: getattr(die, more) + 1})) > die_mm2(die)


def test_dies_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(Problem, match="4 dies with a published area"):
        fit([DIES["GA100"]])
    with pytest.raises(Problem, match="differ in cores, graphics and memory"):
        fit([DIES["GA100"]] * 4)
    with pytest.raises(Problem, match="4 dies"):
        fit([Die("x", "7nm", 1, 1, 1, 1, 1)] * 4)


def test_a_design_can_be_asked_how_large_it_would_be_and_the_spaces_keep_their_own_area() -> None:
    h100 = Design(
        132, 32, 64, 128, Fraction("1.83"), Fraction(384), Fraction(50), Fraction(9370), Fraction(3350), Fraction(80),
        Fraction(450),
    )  # fmt: skip
    assert 500 < design_die_mm2(h100, node="5nm") < 814  # without 64-bit lanes and the units that are disabled
    assert design_die_mm2(h100, node="7nm") > design_die_mm2(h100, node="5nm")
    study = Design(
        64, 32, 32, 64, Fraction("2.2"), Fraction(512), Fraction(80), Fraction(8192), Fraction(3200), Fraction(192),
        Fraction(900),
    )  # fmt: skip
    assert float(area_mm2(study)) == 417.4555904
    with pytest.raises(Problem, match="one of 7nm, 5nm"):
        design_die_mm2(study, node="3nm")
    with pytest.raises(Problem, match="hbm2e"):
        design_die_mm2(study, memory="hbm9")


def test_the_verb_tells_the_errors_and_asks_for_a_design(tmp_path: Path) -> None:
    rows = {row["name"]: row for row in api.dies()}
    assert set(rows) == set(DIES)
    assert rows["MI100"]["error"] == error("MI100")
    assert sum(rows["GH100"]["parts_mm2"].values()) == pytest.approx(814, rel=1e-4)
    (tmp_path / "d.yaml").write_text(
        "cores: 64\narray_rows: 32\narray_cols: 32\nvector_lanes: 64\nclock_GHz: 2.2\nsram_KiB: 512\nl2_MiB: 80\n"
        "l2_bandwidth_GBps: 8192\ndram_bandwidth_GBps: 3200\ndram_capacity_GB: 192\nlink_bandwidth_GBps: 900\n"
    )
    words = [sys.executable, "-m", "twokey", "dies"]
    done = subprocess.run([*words, "d.yaml", "--json"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["space_area_mm2"] == 417.4555904
    assert json.loads(done.stdout)["area_mm2"] == pytest.approx(api.design_die(str(tmp_path / "d.yaml"))["area_mm2"])
    table = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "MI100" in table
    assert "-11.0%" in table
