"""`policy`: what a rule does to the best design and to the catalogue."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from twokey import api
from twokey.law.assess import assess
from twokey.law.question import Trade
from twokey.law.screen import lawful_region
from twokey.policy.items import moves
from twokey.policy.respond import Effect, rule_files
from twokey.quantities.problem import Problem
from twokey.search.limits import facts_of
from twokey.search.optimise import optimise
from twokey.search.space import load
from twokey.workloads.catalogue import workload

DAY = dt.date(2026, 1, 15)
CHINA = Trade(to="CN", seat="CN", on=DAY)

STRICT = """
format: law-rule/1
rule: us/test-memory
title: No memory bandwidth of 1000 GB/s or more
jurisdiction: US
kind: bill
layer: control
summary: A test rule.
verify: nothing, it is a test
sources:
  bill: {title: "A test", kind: primary}
versions:
- version: proposed
  effective: 2022-08-26
  until: open
  status: proposed
  enforcement: in-force
  confidence: low
  checked: unverified
  cite: {source: bill}
  code: test-memory
  rank: 5
  item: {any: [{id: dram, test: dram_bandwidth_GBps >= 1000 GB/s}]}
  trade: {all: [{id: destination, test: "destination in CN"}]}
  choices:
  - {id: policy, gives: presumption-of-denial, basis: inferred, confidence: low}
"""


def strict(folder: Path) -> Path:
    path = folder / "strict.yaml"
    path.write_text(STRICT)
    return path


@cache
def effect(rule: str = "proposed/safe-chips") -> Effect:
    return api.policy([rule], "gpt3-175b-layer", objective="ttft", space="small", to="CN", seat="CN", on="2026-01-15")


def test_the_best_answer_is_that_of_the_search_under_the_law_with_the_rule() -> None:
    found = effect()
    region = lawful_region(CHINA, seller="nvidia", datacentre=True, overlays=rule_files(["proposed/safe-chips"]))
    alone = optimise(load("small"), workload("gpt3-175b-layer"), "ttft", region, explain=False)
    assert found.changed.result is not None
    assert found.changed.value == pytest.approx(alone.value, rel=0.011)
    assert region.holds(facts_of(found.changed.result.design))
    assert found.changed.result.proved


def test_the_loophole_is_the_lawful_value_over_the_unrestricted() -> None:
    found = effect()
    answer = found.to_json()
    assert found.free.value is not None
    assert found.changed.value is not None
    assert answer["loophole"] == found.changed.value / found.free.value >= 1
    assert answer["performance_left"] == pytest.approx(1 / answer["loophole"])
    assert answer["best_response"]["best"]["value"] == answer["changed"]["value"]
    assert answer["base"]["loophole"] == found.base.value / found.free.value  # type: ignore[operator]
    assert json.loads(json.dumps(answer))["rules"] == ["proposed/safe-chips"]


def test_a_chip_for_other_uses_slips_through_note_two() -> None:
    found = effect("proposed/scale")
    assert found.other_market.value is not None
    assert found.changed.value is not None
    assert found.other_market.value < found.changed.value  # more TPP is lawful where the chip is not for data centres
    assert found.other_market.result is not None
    assert found.other_market.result.datacentre is False


def test_every_move_is_what_the_law_says_before_and_after() -> None:
    found = effect().items
    chips = {chip.id: chip for chip in api.chips()}
    rows = (*found.caught, *found.freed, *found.unclear)
    for move in rows:
        before = assess(chips[move.item].item, CHINA)
        after = assess(chips[move.item].item, CHINA, overlays=rule_files(["proposed/safe-chips"]))
        assert (move.before, move.after) == (before.verdict, after.verdict)
        assert move.before != move.after
    still = {chip.id for chip in api.chips()} - {m.item for m in rows} - set(found.domestic)
    for name in sorted(still)[::10]:
        after = assess(chips[name].item, CHINA, overlays=rule_files(["proposed/safe-chips"]))
        assert assess(chips[name].item, CHINA).verdict == after.verdict
    assert sum(found.before.values()) == sum(found.after.values()) == len(chips) - len(found.domestic)


def test_chips_that_are_sold_at_home_are_no_export() -> None:
    found = effect().items
    chips = {chip.id: chip for chip in api.chips()}
    assert "huawei-ascend-910b" in found.domestic
    assert all(chips[name].item.seller_seat == "CN" for name in found.domestic)


def test_a_new_limit_catches_and_hits_what_is_not_for_data_centres(tmp_path: Path) -> None:
    trade = Trade(to="CN", seat="CN", on=dt.date(2023, 12, 1))
    found = moves(trade, [strict(tmp_path)])
    caught = {m.item: m for m in found.caught}
    assert caught
    for move in caught.values():
        assert "test-memory" in move.grounds
        assert (move.before, move.after) in {("open", "shut"), ("conditional", "shut"), ("open", "conditional")}
    assert {m.item for m in found.collateral} == {m.item for m in found.caught if m.datacentre is False}
    assert "nvidia-rtx-4090-d" in {m.item for m in found.collateral}  # 1008 GB/s, for games
    assert not found.freed


def test_a_changed_rule_that_is_laxer_frees(tmp_path: Path) -> None:
    from twokey.law.terms import DATA

    text = (DATA / "us" / "letter-2025-04.yaml").read_text()
    assert "1400 GB/s" in text
    path = tmp_path / "letter.yaml"
    path.write_text(
        text.replace("1400 GB/s", "9000 GB/s").replace("1100 GB/s", "9000 GB/s").replace("1700 GB/s", "9000 GB/s")
    )
    found = api.policy([path], "gpt3-175b-layer", objective="tpot", space="small", to="CN", seat="CN", on="2025-04-17")
    assert found.replaced == ("us/letter-2025-04",)
    # the H20 itself is named in the letter
    assert "nvidia-h20-3e" in {m.item for m in found.items.freed}
    assert "nvidia-h20-3e" in found.items.still_open
    assert not found.items.caught
    assert found.base.value is not None
    assert found.changed.value is not None
    assert found.changed.value < found.base.value


def test_a_rule_that_permits_nothing_says_so(tmp_path: Path) -> None:
    path = tmp_path / "all.yaml"
    path.write_text(STRICT.replace(">= 1000", ">= 1"))
    found = api.policy([path], "gpt3-175b-layer", objective="ttft", space="small", to="CN", seat="CN", on="2026-01-15")
    answer = found.to_json()
    assert answer["best_response"] is None
    assert answer["loophole"] is None
    assert answer["performance_left"] == 0
    assert answer["changed"]["reason"]


def test_more_is_better_keeps_the_contract_and_the_share() -> None:
    found = api.policy(
        ["proposed/safe-chips"], "gpt3-175b-layer", objective="tokens-per-s-per-dollar", to="CN", seat="CN",
        on="2026-01-15",
    )  # fmt: skip
    assert found.loophole is not None
    assert found.loophole <= 1.0
    assert found.performance_left == found.loophole


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([], "needed ids of proposed rules"),
        (["proposed/saef-chips"], "did you mean proposed/safe-chips"),
        (["proposed/scale", "proposed/scale"], "each once"),
        (["nothing.yaml"], "nothing.yaml"),
    ],
)
def test_rules_that_cannot_be_used_are_refused(rules: list[str], said: str) -> None:
    with pytest.raises(Problem, match=said):
        api.policy(rules, "gpt3-175b-layer", to="CN", on="2026-01-15")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "twokey", *words], capture_output=True, text=True, check=False)


def test_the_command_line_prints_the_contract() -> None:
    words = ("policy", "proposed/safe-chips", "--workload", "gpt3-175b-layer", "--objective", "tpot", "--to", "CN",
             "--seat", "CN", "--on", "2026-01-15")  # fmt: skip
    done = run(*words, "--json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    asked = {"base", "changed", "best_response", "loophole", "caught", "freed", "collateral"}
    assert asked <= set(answer)
    text = run(*words)
    assert text.returncode == 0
    for word in ("best answer", "caught", "freed", "collateral", "other market", "catalogue"):
        assert word in text.stdout


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("policy",), 2, "RULES"),
        (("policy", "proposed/scale"), 2, "--workload"),
        (("policy", "proposed/scale", "--workload", "gpt3-175b-layer"), 2, "--to CN"),
        (("policy", "--backtest", "proposed/scale"), 2, "alone"),
        (("sweep",), 2, "PLAN --out FOLDER"),
        (("sweep", "nothing", "--out", "x"), 2, "laws, million"),
        (("sweep", "--summary", "nothing"), 3, "the folder of a sweep"),
    ],
)
def test_wrong_usage_says_what_is_right(words: tuple[str, ...], status: int, said: str) -> None:
    done = run(*words)
    assert done.returncode == status
    assert said in done.stderr


def test_a_rule_that_does_nothing_here_says_so() -> None:
    done = run("policy", "proposed/chip-security", "--workload", "gpt3-175b-layer", "--to", "CN", "--on", "2026-05-01")
    assert done.returncode == 0, done.stderr
    assert "none in this trade" in done.stdout
