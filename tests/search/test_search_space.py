"""The design spaces: their size, their values, and what is refused."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from twokey.quantities.problem import Problem
from twokey.search.space import load, read, spaces

LINES = {
    "cores": "[1, 2]", "array_rows": "[8]", "array_cols": "[8]", "vector_lanes": "[16]", "clock_GHz": "[1.1]",
    "sram_KiB": "[64]", "l2_MiB": "[4]", "l2_bandwidth_GBps": "[256]", "dram_bandwidth_GBps": "[200]",
    "dram_capacity_GB": "[80]", "link_bandwidth_GBps": "[25]",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "designs"), [("small", 603_979_776), ("standard", 2_087_354_105_856), ("fine", 517_663_818_252_288)]
)
def test_sizes_of_the_study(name: str, designs: int) -> None:
    assert load(name).designs == designs
    assert name in spaces()


def test_values_are_exact() -> None:
    space = load("fine")
    assert space.levels[4][:3] == (Fraction("0.8"), Fraction("0.85"), Fraction("0.9"))
    assert len(space.levels[4]) == 31
    last = space.design(space.counts() - 1)
    assert last.clock_GHz == Fraction("2.3")
    index = space.index_of(last)
    assert index is not None
    assert np.array_equal(index, space.counts() - 1)


def _read(tmp_path: Path, **changes: str | None) -> None:
    lines = {k: v for k, v in (LINES | changes).items() if v is not None}
    path = tmp_path / "mine.yaml"
    path.write_text("".join(f"{k}: {v}\n" for k, v in lines.items()), encoding="utf-8")
    read(path, "mine")


def test_a_good_file_is_read(tmp_path: Path) -> None:
    _read(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cores": None}, "'cores'"),
        ({"cores": "[2, 1]"}, "rising order"),
        ({"cores": "[1.5]"}, "whole numbers"),
        ({"l2_MiB": "[-4]"}, "above 0"),
        ({"l2_MiB": "{from: 4, to: 9, step: 2}"}, "whole number of steps"),
        ({"voltage": "[1]"}, "'voltage'"),
        ({"clock_GHz": "[fast]"}, "decimal number"),
    ],
)
def test_refused(tmp_path: Path, changes: dict[str, str | None], message: str) -> None:
    with pytest.raises(Problem, match=message):
        _read(tmp_path, **changes)


def test_an_unknown_space_names_the_known() -> None:
    with pytest.raises(Problem, match="needed one of small, standard, fine"):
        load("huge")
