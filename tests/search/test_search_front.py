"""Fronts: every point near a true front point, nothing better left out, held against complete enumeration."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent.parent))

from twokey.law.region import EVERYTHING
from twokey.quantities.problem import Problem
from twokey.search.front import Front, front
from twokey.search.limits import limits_of
from twokey.search.model import Model
from twokey.search.objectives import MORE_IS_BETTER
from twokey.search.space import Space, load
from twokey.search.verify import sub_space
from workload_samples import DENSE, GPT3


def every_value(space: Space, objectives: tuple[str, str]) -> NDArray[np.float64]:
    """Badness of every lawful design of a small space, (n, 2)."""
    limits = limits_of(EVERYTHING, 70e9, space)
    shape = tuple(int(c) for c in space.counts())
    index = np.array([*np.unravel_index(np.arange(space.designs), shape), np.zeros(space.designs)]).T.astype(np.int16)
    columns = [Model(space, replace(DENSE, memory_bytes=70e9), name, limits).values(index) for name in objectives]
    found = np.array(columns).T
    return found[np.isfinite(found).all(axis=1)]


@pytest.mark.parametrize("objectives", [("e2e", "power"), ("ttft", "tpot"), ("tokens-per-s-per-device", "unit-cost")])
@pytest.mark.parametrize("seed", range(3))
def test_against_complete_enumeration(objectives: tuple[str, str], seed: int) -> None:
    rng = np.random.default_rng(seed)
    while True:
        space = sub_space(load("standard"), rng, 20_000)
        values = every_value(space, objectives)
        if len(values) > 100:
            break
    gap = 0.01
    found = front(space, replace(DENSE, memory_bytes=70e9), objectives, EVERYTHING, points=12, gap=gap)
    assert found.proved
    points = np.array([p.values for p in found.points])
    for k, name in enumerate(objectives):
        if name in MORE_IS_BETTER:
            points[:, k] = 1 / points[:, k]
    order = values[np.lexsort((values[:, 1], values[:, 0]))]
    true = order[np.concatenate([[True], order[1:, 1] < np.minimum.accumulate(order[:, 1])[:-1]])]
    assert points[0, 0] <= true[0, 0] * (1 + 1.02 * gap)
    assert points[-1, 1] <= true[-1, 1] * (1 + 1.02 * gap)
    for point in points:  # a true front point within the gap in both
        assert (np.abs(true / point - 1).max(axis=1) <= 1.02 * gap).any()
    for design in values:  # a listed point that is worse by no more than is said
        assert (points <= design * (1 + found.missed) * (1 + 1e-9)).all(axis=1).any()


def test_the_front_of_a_family_under_a_further_limit() -> None:
    found = front(load("cut-down"), replace(DENSE, memory_bytes=40e9), ("tpot", "unit-cost"), EVERYTHING,
                  points=5, limits={"ttft": 2.0})  # fmt: skip
    assert found.proved
    values = np.array([p.values for p in found.points])
    assert (np.diff(values[:, 0]) > 0).all()
    assert (np.diff(values[:, 1]) < 0).all()
    assert {p.grid.split("/")[0] for p in found.points} == {"cut-down"}
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["units"] == ["s", "USD"]


def test_time_is_kept() -> None:
    found = front(load("standard"), GPT3, ("e2e", "power"), EVERYTHING, seconds=0.3)
    assert not found.proved
    assert found.cpu_s < 10


def test_wrong_usage() -> None:
    with pytest.raises(Problem, match="two different objectives"):
        front(load("small"), GPT3, ("ttft", "ttft"), EVERYTHING)
    with pytest.raises(Problem, match="one of ttft"):
        front(load("small"), GPT3, ("ttft", "speed"), EVERYTHING)
    with pytest.raises(Problem, match="the limit tpot excludes every design"):
        front(load("small"), GPT3, ("ttft", "power"), EVERYTHING, limits={"tpot": 1e-9})


def test_a_front_without_a_proof_is_still_json() -> None:
    made = Front("small", "w", ("ttft", "power"), 0.01, steps=[(float("inf"), 1.0)]).to_json()
    assert made["missed"] is None
    assert made["steps"] == [[None, 1.0]]


def test_a_front_without_a_proof_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    from twokey.cli.design import _print_front
    from twokey.web.pages.design import _front_picture

    answer = Front("small", "w", ("ttft", "power"), 0.01, steps=[(float("inf"), 1.0), (2.0, 3.0)]).to_json()
    _print_front(answer)
    assert "what they leave out is not bounded" in capsys.readouterr().out
    assert len(_front_picture(answer)["data"][0]["x"]) == 1
