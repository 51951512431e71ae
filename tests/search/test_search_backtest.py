"""The answers to rules of the past: predicted from the rule and the earlier die, the known misses among them."""

from __future__ import annotations

from functools import cache

import pytest

from twokey.chips.catalogue import find
from twokey.chips.design import VARIABLES
from twokey.search.backtest import Outcome, backtest, cases, earlier_space
from twokey.search.space import load


@cache
def outcome(name: str) -> Outcome:
    return backtest(next(case for case in cases() if case.name == name))


def ratio(name: str, fact: str) -> float:
    found = next(row for row in outcome(name).rows if row["fact"] == fact)["ratio"]
    assert isinstance(found, float)
    return found


@pytest.mark.parametrize(
    ("name", "fact", "limit"),
    [
        ("H20", "tpp", "us/3a090.b tpp"),
        ("L20", "performance_density", "us/3a090.b density"),
        ("RTX 4090 D", "tpp", "us/3a090.a tpp"),
    ],
)
def test_the_fact_that_the_rule_limits_is_predicted_within_two_percent(name: str, fact: str, limit: str) -> None:
    found = outcome(name)
    assert found.result.proved
    assert abs(ratio(name, fact) - 1) <= 0.02
    assert limit in found.same_limits


def test_the_h800_was_cut_by_the_clause_that_is_predicted() -> None:
    found = outcome("H800")
    assert found.cell.limits[3] == "us/3a090 io"
    assert "us/3a090 io" in found.binding
    assert [c["holds_actual"] for c in found.clauses if "io_bandwidth_GBps < 600" in c["limits"]] == [True]


def test_the_a800_was_cut_by_the_other_clause_and_the_two_are_close() -> None:
    found = outcome("A800")
    assert found.cell.limits[0] == "us/3a090 tpp"
    values = {bool(c["holds_actual"]): c["value"] for c in found.clauses}
    assert values[True] == pytest.approx(values[False], rel=0.10)


def test_what_cannot_be_compared_is_left_open() -> None:
    found = outcome("after the letter")
    assert next(row for row in found.rows if row["fact"] == "tpp")["actual"] is None
    assert found.case.note
    assert found.to_json()["facts"][2]["limit"] == 1400


def test_no_prediction_is_better_than_the_earlier_product_in_cores_or_clock() -> None:
    for case in cases():
        product = find(case.earlier)
        space = earlier_space(load(case.space), product)
        assert product.architecture is not None
        for name in ("cores", "clock_GHz"):
            assert max(space.levels[VARIABLES.index(name)]) <= product.architecture[name].value
        assert space.levels[VARIABLES.index("dram_bandwidth_GBps")] == load(case.space).levels[8]
        assert case.actual != case.earlier
