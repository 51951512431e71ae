"""A margin below the limits, and rules that may come next."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from twokey.law.question import Trade
from twokey.law.region import EVERYTHING, Cell, Region
from twokey.quantities.problem import Problem
from twokey.search.futures import both, likeliest, with_margin
from twokey.search.lawful import best_lawful
from twokey.search.result import Result
from twokey.search.space import load
from twokey.workloads.catalogue import workload

RULE = """
format: law-rule/1
rule: us/{name}
title: A rule for the tests
jurisdiction: US
kind: bill
layer: control
summary: A licence for data-centre chips above a limit.
sources:
  bill: {{title: "made up for a test", kind: primary}}
versions:
- version: proposed
  effective: 2022-08-26
  until: open
  status: proposed
  enforcement: in-force
  confidence: low
  checked: unverified
  cite: {{source: bill}}
  code: {name}
  rank: 5
  item:
    all:
    - {{id: market, test: datacentre is yes}}
    - {{id: limit, test: {test}}}
  trade: {{id: destination, test: "destination in MO, D:5"}}
  choices:
  - {{id: policy, gives: presumption-of-denial, basis: inferred, confidence: low}}
"""
TRADE = Trade(to="CN", seat="CN", seller="nvidia", on=dt.date(2023, 11, 17))


def rule(folder: Path, name: str, test: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(RULE.format(name=name, test=test), encoding="utf-8")
    return path


def best(**options: object) -> Result:
    return best_lawful(
        load("small"), workload("gpt3-175b-layer"), "ttft", TRADE, seller="nvidia", datacentre=True, **options  # type: ignore[arg-type]
    )  # fmt: skip


def random_facts(count: int) -> list[tuple[Fraction, ...]]:
    rng = np.random.default_rng(1)
    return [tuple(Fraction(int(v)) for v in row) for row in rng.integers(0, 12, (count, 5))]


def random_region(seed: int) -> Region:
    rng = np.random.default_rng(seed)
    cells = []
    for _ in range(3):
        lo = tuple(Fraction(int(v)) for v in rng.integers(0, 4, 5))
        hi = tuple(None if rng.random() < 0.3 else Fraction(int(v)) for v in rng.integers(4, 12, 5))
        cells.append(Cell(lo, hi, (None,) * 5))
    return Region(tuple(cells))


def test_both_is_the_overlap() -> None:
    for seed in range(10):
        one, other = random_region(seed), random_region(seed + 100)
        joint = both(one, other)
        for facts in random_facts(300):
            assert joint.holds(facts) == (one.holds(facts) and other.holds(facts))
    assert both(EVERYTHING, one) == Region(tuple(dict.fromkeys(one.cells)))


def test_what_keeps_a_margin_is_lawful_and_stays_so_when_limits_shrink() -> None:
    margin = Fraction(1, 10)
    held = 0
    for seed in range(10):
        cells = (Cell((Fraction(0),) * 5, cell.hi, cell.limits) for cell in random_region(seed).cells)
        region = Region(tuple(cells))
        kept = with_margin(region, margin)
        for facts in random_facts(300):
            if kept.holds(facts):
                held += 1
                assert region.holds(tuple(f / (1 - margin) for f in facts))
    assert held > 100


def test_the_design_keeps_the_margin() -> None:
    free, kept = best(gap=0.001), best(margin=Fraction("0.2"), gap=0.001)
    assert kept.value > free.value
    tpp, density = kept.item.tpp, kept.item.performance_density
    assert tpp is not None
    assert density is not None
    limits = ((1600, None), (2400, Fraction("3.2")), (4800, Fraction("1.6")))
    assert any(tpp < t * Fraction("0.8") and (d is None or density < d * Fraction("0.8")) for t, d in limits)


def test_the_design_survives_the_next_rules(tmp_path: Path) -> None:
    slow, narrow = (
        rule(tmp_path, "slow", "tpp >= 1500 TOPS.bit"),
        rule(tmp_path, "narrow", "dram_bandwidth_GBps >= 1300 GB/s"),
    )
    free = best()
    kept = best(futures=((slow, None), (narrow, None)))
    assert kept.proved
    assert kept.value > free.value
    assert kept.item.tpp is not None
    assert kept.item.tpp < 1500
    assert kept.design.dram_bandwidth_GBps < 1300
    assert kept.to_json()["survival"] == {"lawful_under": ["slow", "narrow"], "probability": None}
    names = {row["limit"] for row in kept.binding}
    assert "us/slow tpp" in names


def test_the_likeliest_survival(tmp_path: Path) -> None:
    slow, tiny = rule(tmp_path, "slow", "tpp >= 1500 TOPS.bit"), rule(tmp_path, "tiny", "tpp >= 1 TOPS.bit")
    kept = best(futures=((slow, Fraction("0.2")), (tiny, Fraction("0.3"))))
    assert kept.survival == {"lawful_under": ["slow"], "probability": 0.7}
    assert kept.item.tpp is not None
    assert kept.item.tpp < 1500


def test_the_likeliest_set_is_found() -> None:
    def below(axis: int, limit: int) -> Region:
        hi: list[Fraction | None] = [None] * 5
        hi[axis] = Fraction(limit)
        return Region((Cell((Fraction(0),) * 5, tuple(hi), (None,) * 5),))

    futures = [
        ("a", below(0, 10), Fraction(3, 10)),
        ("b", below(1, 10), Fraction(2, 10)),
        ("c", below(2, 10), Fraction(4, 10)),
    ]
    names = [n for n, _, _ in futures]

    def never_a_and_c(region: Region) -> bool:
        return not all(c.hi[0] == 10 and c.hi[2] == 10 for c in region.cells)

    region, probability, chosen = likeliest(EVERYTHING, futures, lambda region: bool(region.cells))
    assert list(chosen) == names
    assert probability == 1
    assert region.cells[0].hi[:3] == (Fraction(10),) * 3
    _, probability, chosen = likeliest(EVERYTHING, futures, never_a_and_c)
    assert (chosen, probability) == (("b", "c"), Fraction(7, 10))
    _, probability, chosen = likeliest(EVERYTHING, futures, lambda region: not region.cells)
    assert (chosen, probability) == ((), Fraction(1, 10))


def test_wrong_usage(tmp_path: Path) -> None:
    slow = rule(tmp_path, "slow", "tpp >= 1500 TOPS.bit")
    with pytest.raises(Problem, match="probabilities for some rules only"):
        best(futures=((slow, Fraction(1, 2)), (rule(tmp_path, "x", "tpp >= 1 TOPS.bit"), None)))
    with pytest.raises(Problem, match="add up to at most 1"):
        best(futures=((slow, Fraction(3, 2)),))
    with pytest.raises(Problem, match="two rules of one name"):
        best(futures=((slow, None), (slow, None)))
    with pytest.raises(Problem, match="a share from 0 to below 1"):
        best(margin=Fraction(1))
    with pytest.raises(Problem, match="a law to keep"):
        best_lawful(
            load("small"),
            workload("gpt3-175b-layer"),
            "ttft",
            None,
            seller=None,
            datacentre=None,
            margin=Fraction(1, 20),
        )
