"""Unit cost of catalogue chips against what others published."""

from __future__ import annotations

import pytest

from twokey.chips.catalogue import chips, find
from twokey.quantities.problem import Problem
from twokey.silicon.chip_cost import chip_cost, published_costs


@pytest.mark.parametrize("name", ["nvidia-h100", "nvidia-h200", "nvidia-b200", "amd-mi300x"])
def test_published_estimate_lies_within_low_and_high(name: str) -> None:
    cost = chip_cost(find(name))
    assert cost.published is not None
    inside = cost.cases["low"].total_usd <= float(cost.published["mid"].value) <= cost.cases["high"].total_usd
    # Epoch counts 1,050 USD of packaging yield loss on the B200, which this model does not: it stays above
    assert inside is (name != "nvidia-b200")
    assert cost.gap is not None
    assert -0.4 < cost.gap < 0  # the mid is lower everywhere: memory price and yield of packaging


def test_cases_are_in_order_for_every_chip_that_has_a_cost() -> None:
    priced = 0
    for chip in chips():
        try:
            cases = chip_cost(chip).cases
        except Problem:
            continue
        priced += 1
        assert cases["low"].total_usd < cases["mid"].total_usd < cases["high"].total_usd
    assert priced >= 30


def test_a_chip_that_mixes_processes_counts_all_its_dies() -> None:
    assert [(d.count, d.node) for d in chip_cost(find("amd-mi300x")).dies] == [(8, "5nm"), (4, "7nm")]


@pytest.mark.parametrize("name", ["amd-mi355x", "nvidia-rtx-4090"])
def test_no_figure_is_made_up(name: str) -> None:
    with pytest.raises(Problem):
        chip_cost(find(name))


def test_published_figures_name_their_source() -> None:
    assert all(f.source for case in published_costs().values() for f in case.values())
