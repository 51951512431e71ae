"""Every objective has a bound that holds; limits on other objectives and mixes of workloads are kept."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from twokey.law.region import EVERYTHING, Region
from twokey.perf.device import from_design
from twokey.perf.estimate import estimate, phase_time
from twokey.quantities.problem import Problem
from twokey.search.limits import limits_of
from twokey.search.model import Model
from twokey.search.objectives import MORE_IS_BETTER, OBJECTIVES, mix, read_limit, trained
from twokey.search.optimise import optimise, solve
from twokey.search.space import load
from twokey.search.verify import _lawful, brute_force, check_boxes, sub_space
from twokey.silicon.power import power, power_of, running_usd_per_s
from workload_samples import DENSE, GPT3, MOE

SPACES = ("fine", "package", "standard", "cut-down")
BOTH = ((DENSE, 3.0), (MOE, 1.0))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_no_bound_is_above_a_member(objective: str) -> None:
    for i, name in enumerate(SPACES):
        space = load(name)
        model = Model(space, BOTH, objective, limits_of(EVERYTHING, 40e9, space))
        found = check_boxes(model, 600, seed=i)
        assert found.pairs > 350
        assert (found.violations, found.lost) == (0, 0), (name, found)


def test_no_member_that_keeps_the_limits_is_lost() -> None:
    space = load("fine")
    limits = limits_of(EVERYTHING, 40e9, space)
    tpot = float(np.median(Model(space, GPT3, "tpot", limits).times(random_index(space, 500))))
    model = Model(space, GPT3, "e2e-cost", limits, {"tpot": tpot, "unit-cost": 2_400.0})
    found = check_boxes(model, 2_000)
    assert found.pairs > 100
    assert (found.violations, found.lost) == (0, 0), found


def random_index(space, count: int):  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(0)
    levels = np.floor(rng.random((count, 11)) * space.counts()).astype(np.int16)
    return np.concatenate([levels, np.zeros((count, 1), dtype=np.int16)], axis=1)


@pytest.mark.parametrize("objective", [o for o in OBJECTIVES if o not in ("ttft", "tpot", "e2e")])
def test_search_equals_complete_enumeration(objective: str) -> None:
    rng = np.random.default_rng(list(OBJECTIVES).index(objective))
    for name in ("standard", "package", "cut-down"):
        while True:
            space = sub_space(load(name), rng, 8_000)
            limits = limits_of(EVERYTHING, 70e9, space)
            free = Model(space, BOTH, "e2e", limits)
            found = np.sort(free.values(np.concatenate([random_index(space, 200)])))
            if not np.isfinite(found[50]):
                continue
            model = Model(space, BOTH, objective, limits, {"e2e": float(found[50])})
            best, value = brute_force(model)
            if best is not None:
                break
        s = solve(model, gap=0.0, start=np.zeros(12, dtype=np.int16), local=False)
        assert s is not None
        assert s.value == value
        assert value * (1 - 3e-9) <= s.bound <= value


def test_the_value_is_what_the_model_says_of_the_design() -> None:
    for objective in OBJECTIVES:
        r = optimise(load("small"), DENSE, objective, EVERYTHING, limits={"tpot": 0.02}, explain=False)
        assert r.proved
        e = estimate(DENSE, from_design(r.design))
        cost = r.to_json()["best"]["unit_cost_usd"]["mid"]
        watt = power(r.design)
        rate = e.tokens_per_s_per_device
        expected = {
            "ttft": e.ttft_s, "tpot": e.tpot_s, "e2e": e.e2e_s, "e2e-cost": e.e2e_s * cost,
            "tokens-per-s-per-device": rate, "tokens-per-s-per-dollar": rate / cost, "perf-per-watt": rate / watt,
            "train-time": DENSE.steps * phase_time(trained(DENSE), from_design(r.design)).time_s,
            "cost-per-mtok": running_usd_per_s(cost, watt) / rate * 1e6, "unit-cost": cost, "power": watt,
        }  # fmt: skip
        assert r.value == pytest.approx(expected[objective], rel=1e-9)
        assert e.tpot_s <= 0.02
        assert (r.bound >= r.value) == (objective in MORE_IS_BETTER) or r.bound == r.value
        assert r.gap == pytest.approx(abs(r.value - r.bound) / r.value)


def test_tokens_per_dollar_are_the_reciprocal_of_time_times_cost() -> None:
    one = optimise(load("small"), GPT3, "tokens-per-s-per-dollar", EVERYTHING, gap=1e-6, explain=False)
    other = optimise(load("small"), GPT3, "e2e-cost", EVERYTHING, gap=1e-6, explain=False)
    tokens = GPT3.batch * GPT3.output_len / GPT3.devices
    assert one.value == pytest.approx(tokens / other.value, rel=1e-6)
    assert one.unit == "token/s/USD"


def test_a_limit_makes_the_chip_dearer_and_is_kept() -> None:
    free = optimise(load("small"), DENSE, "unit-cost", EVERYTHING, explain=False)
    tpot_s = optimise(load("small"), DENSE, "tpot", EVERYTHING, explain=False).value * 1.1
    kept = optimise(load("small"), DENSE, "unit-cost", EVERYTHING, limits={"tpot": tpot_s}, gap=0.001)
    assert kept.proved
    assert kept.value > free.value
    assert estimate(DENSE, from_design(kept.design)).tpot_s <= tpot_s
    rows = {row["limit"]: row for row in kept.binding}
    assert rows["tpot"]["gain_if_dropped"] == pytest.approx(1 - free.value / kept.value, abs=0.004)
    assert rows["tpot"]["per"] == "1 s"
    assert "grid dram_capacity_GB >= 128" in rows
    assert kept.to_json()["limits"] == {"tpot": tpot_s}


def test_a_limit_nothing_keeps_is_named() -> None:
    with pytest.raises(Problem, match="the limit tpot excludes every design"):
        optimise(load("small"), DENSE, "ttft", EVERYTHING, limits={"tpot": 1e-9})


def test_a_mix_is_the_weighted_mean_and_holds_all_in_memory() -> None:
    r = optimise(load("small"), BOTH, "tpot", EVERYTHING, explain=False)
    times = [estimate(w, from_design(r.design)).tpot_s for w in (DENSE, MOE)]
    assert r.value == pytest.approx(0.75 * times[0] + 0.25 * times[1], rel=1e-9)
    assert r.workload == f"0.75 {DENSE.name} + 0.25 {MOE.name}"
    alone = [optimise(load("small"), w, "tpot", EVERYTHING, explain=False).value for w in (DENSE, MOE)]
    assert r.value >= 0.99 * (0.75 * alone[0] + 0.25 * alone[1])
    large = replace(MOE, memory_bytes=150e9)
    r = optimise(load("small"), ((DENSE, 1.0), (large, 1.0)), "tpot", EVERYTHING, explain=False)
    assert r.design.dram_capacity_GB == 192


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tpot<0.5s", "an objective, <= or >=, a number and its unit"),
        ("speed<=0.5s", "one of ttft"),
        ("tpot<=0.5", "got no unit; needed one of s, ms, us"),
        ("tpot<=0.5W", "got W; needed one of s, ms, us"),
        ("tpot<=-1s", "a number above zero"),
        ("perf-per-watt<=1token/s/W", ">= for perf-per-watt"),
    ],
)
def test_limits_written_wrong(text: str, said: str) -> None:
    with pytest.raises(Problem, match=said):
        read_limit(text)


def test_training_needs_a_workload_that_trains() -> None:
    with pytest.raises(Problem, match="a workload that trains"):
        optimise(load("small"), replace(DENSE, train=None), "train-time", EVERYTHING)


def test_spans_of_area_power_and_rate_lose_no_member() -> None:
    """A box cut to a span around a member still holds it, and its bound stays below the member's value."""
    rng = np.random.default_rng(5)
    for name in SPACES:
        space = load(name)
        model = Model(space, BOTH, "cost-per-mtok", limits_of(EVERYTHING, 40e9, space))
        points, cells = _lawful(model, rng, 400)
        x, areas, _ = model.screened(points)
        value = model.times(points)
        inside = np.array([areas[1], power_of(x), x[0] * x[1] * x[2] * x[4]])
        span = np.repeat(inside, 2, axis=0)
        span[0::2] *= 1 - rng.random((3, 400)) * 0.3
        span[1::2] *= 1 + rng.random((3, 400)) * 0.3
        lo, hi = points.copy(), points.copy()
        lo[:, :11] = np.floor(rng.random((400, 11)) * (points[:, :11] + 1))
        last = model.counts[points[:, 11]] - 1
        hi[:, :11] += np.ceil(rng.random((400, 11)) * (last - points[:, :11])).astype(np.int16)
        usable = value < 1e15
        bound = model.bounds(lo, hi, cells, float(np.median(value)), span)
        kept = usable & (value < np.median(value))
        assert kept.sum() > 100
        assert (bound[kept] * (1 - 1e-9) <= value[kept]).all()
        assert ((lo <= points) & (points <= hi))[kept].all()
        assert ((span[0::2] <= inside * (1 + 1e-9)) & (inside <= span[1::2] * (1 + 1e-9)))[:, kept].all()


def test_wrong_usage() -> None:
    with pytest.raises(Problem, match="workloads with weights above zero"):
        mix(((DENSE, 0.0),))
    with pytest.raises(Problem, match="workloads with weights above zero"):
        mix(())
    with pytest.raises(Problem, match="--limit: got tpot: 0; needed a number above zero"):
        optimise(load("small"), DENSE, "ttft", Region(EVERYTHING.cells), limits={"tpot": 0})
