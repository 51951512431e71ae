"""Law and model together: what a limit costs is read from the law without the rule that sets it."""

from __future__ import annotations

import datetime as dt

import pytest

from twokey.law.question import Trade
from twokey.law.screen import lawful_region
from twokey.search.lawful import best_lawful
from twokey.search.optimise import optimise
from twokey.search.space import load
from twokey.workloads.catalogue import workload


@pytest.mark.parametrize("day", ["2023-11-17", "2025-04-17"])
def test_the_gain_of_a_fallen_rule_is_that_of_the_law_without_it(day: str) -> None:
    trade = Trade(to="CN", seat="CN", seller="nvidia", on=dt.date.fromisoformat(day))
    found = best_lawful(
        load("small"), workload("gpt3-175b-layer"), "ttft", trade, seller="nvidia", datacentre=True, gap=1e-6
    )
    rows = [row for row in found.binding if row["limit"].startswith("us/")]
    assert rows
    for row in rows:
        rule = row["limit"].split(" ")[0]
        region = lawful_region(trade, seller="nvidia", datacentre=True, without=(rule,))
        free = optimise(load("small"), workload("gpt3-175b-layer"), "ttft", region, gap=1e-6, explain=False)
        assert row["gain_if_dropped"] == pytest.approx(1 - free.value / found.value, abs=0.004)


def test_a_limit_on_another_objective_is_kept_under_the_law() -> None:
    trade = Trade(to="CN", seat="CN", seller="nvidia", on=dt.date(2023, 11, 17))
    found = best_lawful(
        load("small"), workload("gpt3-175b-layer"), "tokens-per-s-per-dollar", trade, seller="nvidia", datacentre=True,
        limits={"ttft": 0.2}, rivals=("nvidia-h20",),
    )  # fmt: skip
    assert found.proved
    assert found.bound >= found.value
    assert found.versus[0]["ratio"] > 0
