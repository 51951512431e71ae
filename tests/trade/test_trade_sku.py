"""The decision: closed forms where they exist, the tree, overrides, no look ahead, speed of a full run."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

from twokey.quantities.problem import Problem
from twokey.trade import sku
from twokey.trade.backtest import backtest
from twokey.trade.closed_forms import critical_fractile, expected_profit_usd, selling_day
from twokey.trade.hazard import Hazard, Rate
from twokey.trade.inputs import INPUTS, Decision, Input, read_decision, shipped
from twokey.trade.sku import decide

DAY = dt.date(2025, 1, 15)
POINTS = {
    "market_units_per_month": 60_000.0, "share_at_parity": 0.5, "performance_per_usd_vs_rival": 1.0,
    "share_sensitivity": 1.0, "rival_growth_percent": 0.0, "price_usd": 12_000.0, "unit_cost_usd": 4_000.0,
    "government_share_percent": 0.0, "duty_percent": 0.0, "development_days": 0.0, "development_cost_usd": 0.0,
    "window_days": 600.0, "lead_time_days": 180.0, "reuse_share": 0.25, "discount_percent": 10.0,
    "hazard_factor_us": 1.0, "hazard_factor_cn": 1.0, "limit_cut_share": 0.5, "performance_elasticity": 1.0,
}  # fmt: skip


def points(**changed: float) -> Decision:
    values = POINTS | changed
    inputs = {k: Input(k, v, v, v, "test", "low", "unverified", DAY) for k, v in values.items()}
    return Decision("points", "points", "stock", DAY, inputs, (), {})


def known_rate(per_day: float) -> Hazard:
    """A posterior so narrow that the rate is as good as known; China never closes."""
    us = Rate("us", 0, (), 0.0, 1e8, 1e8 / per_day)
    return Hazard(DAY, us, Rate("cn", 0, (), 0.0, 1.0, 1e15), (), ())


@pytest.fixture
def fixed_hazard(monkeypatch: pytest.MonkeyPatch) -> float:
    monkeypatch.setattr(sku, "hazard", lambda *_a, **_k: known_rate(0.0015))
    return 0.0015


def test_expected_value_is_the_closed_form_where_all_inputs_are_points(fixed_hazard: float) -> None:
    a = decide(points(), draws=400_000, seed=2)
    demand = 60_000 * 12 / 365 / 2
    exact = expected_profit_usd(fixed_hazard, np.log(1.1) / 365, 0, 600, demand, 180, 8_000, 3_000)
    assert a.commit_units == pytest.approx(demand * 180, abs=0.5)
    assert a.value.mean_usd == pytest.approx(exact, abs=4 * a.value.standard_error_usd)
    assert abs(a.value.mean_usd / exact - 1) < 0.01


def test_no_pipeline_where_the_closed_form_says_none_is_worth_it(fixed_hazard: float) -> None:
    dear = {"price_usd": 4_500.0}  # margin 500 against 0.0015 x 180 x 3000 = 810
    assert critical_fractile(fixed_hazard, 180, 500, 3_000) == 0
    a = decide(points(**dear), draws=200_000, seed=2)
    assert (a.commit_units, a.go) == (0, False)


def test_the_pipeline_is_the_newsvendors_fractile_of_demand(fixed_hazard: float) -> None:
    d = points()
    spread = replace(d.inputs["market_units_per_month"], low=30_000.0, mid=60_000.0, high=120_000.0)
    a = decide(d.with_inputs({"market_units_per_month": spread}), draws=400_000, seed=5)
    covered = critical_fractile(fixed_hazard, 180, 8_000, 3_000)
    z = 1.6448536269514722
    demand = 60_000 * np.exp(np.log(2) / z * NormalDist().inv_cdf(covered)) * 12 / 365 / 2
    assert 0.8 < covered < 0.95
    assert a.commit_units == pytest.approx(demand * 180, rel=0.02)


def test_the_pipeline_beats_its_neighbours() -> None:
    a = decide(draws=20_000)
    values = {c["share_of_advice"]: c["mean_usd"] for c in a.commitments}
    assert max(values, key=lambda k: values[k]) == 1.0
    assert values[0.0] < 0  # only the development cost


def test_launch_delay_shrinks_the_closed_form() -> None:
    assert selling_day(0.002, 0, 100, 300) == pytest.approx((np.exp(-0.2) - np.exp(-0.6)) / 0.002)
    assert selling_day(0.002, 0, 300, 100) == 0


def test_without_hazard_waiting_costs_and_margin_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sku, "hazard", lambda *_a, **_k: known_rate(1e-12))
    a = decide(points(), draws=2_000)
    assert a.value_of_waiting_usd < 0
    assert a.chance_open_after_quarter == pytest.approx(1)
    values = [m["mean_usd"] for m in a.margins]
    assert values == sorted(values, reverse=True)


def test_margin_above_every_cut_removes_the_united_states_hazard(fixed_hazard: float) -> None:
    a = decide(points(performance_elasticity=1e-9), draws=50_000, margin=0.5)
    assert fixed_hazard > 0
    assert a.closed_in_sale == pytest.approx(0, abs=1e-3)
    assert decide(points(), draws=50_000, margin=0.4).closed_in_sale == pytest.approx(1 - np.exp(-0.9), abs=0.01)


def test_the_same_seed_gives_the_same_answer() -> None:
    one, two, other = (decide(draws=2_000, seed=s).value.mean_usd for s in (4, 4, 5))
    assert one == two != other


def test_tree_value_is_the_chance_weighted_sum() -> None:
    a = decide(draws=5_000)
    assert sum(leaf.probability for leaf in a.leaves) == pytest.approx(1)
    assert len(a.leaves) == 6
    assert a.tree_value_usd == pytest.approx(sum(x.probability * x.mean_usd for x in a.leaves))
    worst, best = min(a.leaves, key=lambda x: x.mean_usd), max(a.leaves, key=lambda x: x.mean_usd)
    assert worst.path[0] == "the limit is lowered again"
    assert best.path == ("nothing further", "buyers left alone")


def test_a_share_of_revenue_and_a_better_rival_lower_the_value(tmp_path: Path) -> None:
    base = decide(draws=20_000).value.mean_usd
    for line in ("government_share_percent: 15", "performance_per_usd_vs_rival: {low: 0.4, mid: 0.6, high: 0.9}"):
        path = tmp_path / "changes.yaml"
        path.write_text(f"inputs:\n  {line}\n")
        d = read_decision("h20-successor-2025-05", path)
        assert decide(d, draws=20_000).value.mean_usd < base
        assert str(path) in d.inputs[line.split(":")[0]].source


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("inputs: {price_usd: {mid: 7000, known_on: 2026-01-01}}", "what was known on 2025-05-28"),
        ("inputs: {prize_usd: 7000}", "did you mean 'price_usd'"),
        ("inputs: {price_usd: {low: 9, mid: 8, high: 10}}", "low <= mid <= high"),
        ("inputs: {reuse_share: 1.5}", "a share from 0 to 1"),
        ("tree: [{name: a, actor: us, probability: 0.5}]", "chances that sum to 1"),
    ],
)
def test_a_change_that_cannot_be_used_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "changes.yaml"
    path.write_text(text + "\n")
    with pytest.raises(Problem) as caught:
        read_decision("h20-successor-2025-05", path)
    assert says in str(caught.value)


def test_every_input_of_a_shipped_decision_has_a_source_and_was_known() -> None:
    for name in shipped():
        d = read_decision(name)
        assert set(d.inputs) == set(INPUTS)
        assert all(i.source and i.known_on <= d.on for i in d.inputs.values())


def test_backtest_of_the_h20_in_january_2025_uses_nothing_later() -> None:
    a = decide("h20-2025-01", draws=20_000)
    assert a.hazard.on == DAY
    assert a.hazard.us.measures == ("US-2023-AC", "US-2023-EARLY")
    assert a.hazard.cn.closings == 0
    later = a.decision.afterwards
    assert later["ceiling_announced_usd_bn"][0] == 5.5  # Nvidia, 8-K of 2025-04-15
    assert 1 < a.commit_usd / 1e9 < later["ceiling_announced_usd_bn"][0]


def test_a_full_run_takes_less_than_ten_seconds() -> None:
    start = time.process_time()
    assert decide(draws=100_000).draws == 100_000
    assert time.process_time() - start < 10


def test_the_advice_of_january_2025_held_against_what_happened() -> None:
    a = decide("h20-2025-01", draws=20_000)
    b = backtest(a)
    assert b.days == (dt.date(2025, 4, 9) - DAY).days
    assert b.stranded_usd_bn == pytest.approx(a.commit_units * 5_000 * 0.85 / 1e9)
    assert b.stranded_usd_bn < b.happened["charge_booked_usd_bn"][0]
    assert b.result_usd_bn == pytest.approx(b.gross_margin_usd_bn - b.stranded_usd_bn)
    with pytest.raises(Problem):
        backtest(decide(points(), draws=1_000))


def test_the_successor_would_have_been_stopped_before_or_soon_after_its_first_sale() -> None:
    b = backtest(decide(draws=20_000))
    assert b.days == (dt.date(2025, 9, 15) - dt.date(2025, 5, 28)).days
    assert b.units_sold == 0  # median development takes 130 days
    assert b.result_usd_bn < 0
