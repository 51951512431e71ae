"""The verbs of the search: limits, margins, mixes, what the law takes, the nearest chip, the command line's words."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import twokey.api as tk
from twokey.cli import design as words
from twokey.quantities.problem import Problem
from twokey.search.objectives import OBJECTIVES

BIN = Path(sys.executable).parent / "twokey"
FACTS: dict[str, Any] = {"to": "CN", "on": "2023-11-17"}


def run(*args: str) -> str:
    done = subprocess.run([str(BIN), *args], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_help_names_every_objective() -> None:
    assert list(tk.objectives()) == list(OBJECTIVES)
    assert re.findall(r"[a-z0-9]+(?:-[a-z]+)*", words._OBJECTIVES.replace(" or ", " ")) == list(OBJECTIVES)


def test_limits_are_read_from_text_and_kept() -> None:
    free = tk.design("gpt3-175b-layer", objective="perf-per-watt", beside=False, versus=(), **FACTS)
    kept = tk.design(
        "gpt3-175b-layer", objective="perf-per-watt", limits=["ttft<=150ms"], beside=False, versus=(), **FACTS
    )
    assert kept.limits == {"ttft": 0.15}
    assert kept.proved
    assert kept.value < free.value
    assert any(row["limit"] == "ttft" for row in kept.binding)
    with pytest.raises(Problem, match="one limit on ttft"):
        tk.design("gpt3-175b-layer", limits=["ttft<=1s", "ttft<=2s"], **FACTS)


def test_a_margin_stays_away_from_the_limits() -> None:
    found = tk.design("gpt3-175b-layer", margin=0.1, beside=False, versus=(), **FACTS)
    item = found.item
    assert item.tpp is not None
    assert item.tpp < 2400 * 0.9
    with pytest.raises(Problem, match="--margin"):
        tk.design("gpt3-175b-layer", margin=1.0, **FACTS)


def test_a_rule_that_may_come_is_survived_or_not_with_its_probability() -> None:
    found = tk.design("gpt3-175b-layer", futures=[("proposed/ai-overwatch", 0.25)], beside=False, versus=(), **FACTS)
    assert found.survival["probability"] in (1.0, 0.75)
    sure = tk.design("gpt3-175b-layer", futures=["proposed/gain"], beside=False, versus=(), **FACTS)
    assert sure.survival == {"lawful_under": ["gain"], "probability": None}
    with pytest.raises(Problem, match="proposed/"):
        tk.design("gpt3-175b-layer", futures=["proposed/gane"], **FACTS)


@pytest.mark.parametrize("objective", ["ttft", "tokens-per-s-per-dollar"])
def test_what_the_law_takes_is_the_ratio_of_the_two_optima(objective: str) -> None:
    found = tk.design("gpt3-175b-layer", objective=objective, versus=(), gap=1e-4, **FACTS)
    free = tk.design("gpt3-175b-layer", objective=objective, versus=(), gap=1e-4, no_law=True)
    row = found.unrestricted
    more = objective == "tokens-per-s-per-dollar"
    assert row["proved"]
    assert row["value"] == pytest.approx(free.value, rel=2e-4)
    assert row["ratio"] == pytest.approx(free.value / found.value if more else found.value / free.value, rel=2e-4)
    assert row["taken"] == pytest.approx(1 - 1 / row["ratio"])
    low, high = row["ratio_range"]
    assert low <= row["ratio"] <= high
    assert high / low < 1 + 4e-4
    assert not free.unrestricted


def test_a_law_that_takes_nothing_has_ratio_one() -> None:
    found = tk.design("gpt3-175b-layer", objective="unit-cost", versus=(), gap=1e-6, **FACTS)
    assert found.unrestricted["ratio"] == 1
    assert found.unrestricted["taken"] == 0


def test_the_nearest_chip_has_the_least_distance() -> None:
    import math

    found = tk.design("gpt3-175b-layer", versus=(), **FACTS)
    own = found.item
    names = ("tpp", "performance_density", "dram_bandwidth_GBps", "io_bandwidth_GBps")

    def distance(chip: Any) -> float:
        rows = [(getattr(chip.item, n), getattr(own, n)) for n in names]
        if any(a is None or a <= 0 for a, _ in rows):
            return math.inf
        return math.sqrt(sum(math.log(a / b) ** 2 for a, b in rows) / 4)

    best = min(tk.chips(), key=distance)
    assert found.nearest["item"] == best.id
    assert found.nearest["distance"] == pytest.approx(distance(best))
    assert set(found.nearest["facts"]) == set(names)


def test_shadow_prices_have_two_sides() -> None:
    found = tk.design("gpt3-175b-layer", versus=(), beside=False, gap=1e-4, **FACTS)
    law = [row for row in found.binding if row["limit"].startswith("us/")]
    assert law
    for row in law:
        assert row["shadow_price"] > 0
        assert row["shadow_price_inwards"] > 0
        low, high = row["shadow_price_inwards_range"]
        assert low <= row["shadow_price_inwards"] <= high
    # the limit moved inwards by hand: the law with a margin moves all limits at once, so it costs at least as much
    moved = {row["moved_inwards_percent"] for row in law}
    share = max(moved) / 100
    worse = tk.design("gpt3-175b-layer", versus=(), beside=False, gap=1e-4, margin=share, **FACTS)
    tpp = next(row for row in law if row["limit"].endswith("tpp"))
    assert worse.value >= found.value + tpp["shadow_price_inwards"] * 2400 * tpp["moved_inwards_percent"] / 100 * 0.999


def test_the_command_line_says_above_where_more_is_better() -> None:
    text = run("design", "--workload", "gpt3-175b-layer", "--objective", "tokens-per-s-per-dollar", "--to", "CN",
               "--on", "2023-11-17", "--limit", "ttft<=150ms")  # fmt: skip
    assert "no lawful design of the space is above" in text
    assert "within       ttft 0.15" in text
    assert "without law" in text
    assert "nearest chip" in text
    assert "1e-09 taken off" in text
    text = run("design", "--workload", "gpt3-175b-layer", "--law", "none")
    assert "no lawful design of the space is below" in text
    assert "without law" not in text


def test_several_workloads_on_the_command_line() -> None:
    text = run("design", "--weight", "llama-3-70b-prefill=1", "--weight", "llama-3-70b-decode=3", "--law", "none",
               "--objective", "e2e", "--json")  # fmt: skip
    answer = json.loads(text)
    assert answer["workload"] == "0.25 llama-3-70b-prefill + 0.75 llama-3-70b-decode"
    assert answer["proved"] is True
    assert answer["better"] == "less"
    assert answer["slack"] == {"bounds": 1e-9, "law": "exact fractions"}


def test_a_front_on_the_command_line() -> None:
    args = ("front", "gpt3-175b-layer", "e2e", "unit-cost", "--points", "4", "--law", "none")
    answer = json.loads(run(*args, "--json"))
    assert answer["objectives"] == ["e2e", "unit-cost"]
    assert answer["units"] == ["s", "USD"]
    assert answer["proved"] is True
    assert 2 <= len(answer["points"]) <= 4
    text = run(*args)
    assert text.count("\n") == len(answer["points"]) + 2
    assert "each within 1.00% of a true front point" in text


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("design", "--law", "none"), "--workload: got nothing"),
        (("design", "--weight", "gpt3-175b-layer", "--law", "none"), "WORKLOAD=W"),
        (("design", "--workload", "gpt3-175b-layer", "--limit", "ttft>=1s", "--law", "none"), "<= for ttft"),
        (("design", "--workload", "gpt3-175b-layer", "--margin", "x", "--to", "CN"), "--margin"),
        (("design", "--workload", "gpt3-175b-layer", "--survive", "nofile.yaml", "--to", "CN"), "nofile.yaml"),
        (("front", "gpt3-175b-layer", "e2e", "e2e", "--law", "none"), "two different objectives"),
    ],
)
def test_wrong_usage_is_said(args: tuple[str, ...], said: str) -> None:
    done = subprocess.run([str(BIN), *args], capture_output=True, text=True, timeout=60)
    assert done.returncode in (2, 3)
    assert said in done.stderr


def test_limits_that_hold_only_together_are_not_called_absent() -> None:
    said = run("design", "--workload", "llama-3-8b-decode", "--to", "CN", "--on", "2025-04-17")
    assert "the law takes 58" in said
    assert "no limit alone: with any one dropped, the others still stand" in said


def test_chips_beside_a_design_say_whether_they_may_ship() -> None:
    facts: dict[str, Any] = {"to": "CN", "on": "2025-04-17"}
    rows = {row["item"]: row for row in tk.design("llama-3-8b-decode", **facts, beside=False).versus}
    assert rows["nvidia-h20"]["verdict"] == tk.check("nvidia-h20", **facts)[0].verdict == "shut"
    assert rows["huawei-ascend-910c"]["verdict"] is None  # no export
    assert "verdict" not in tk.design("llama-3-8b-decode", no_law=True, beside=False).versus[0]
