"""Claims about training runs: known ones, and ones that cannot be true."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from twokey.chips import catalogue
from twokey.diversion.alternatives import hypotheses
from twokey.diversion.claim import amount
from twokey.diversion.forensics import forensics, value_of_evidence
from twokey.diversion.stock import read_stock
from twokey.diversion.utilisation import expect, runs
from twokey.diversion.work import STATE_BYTES, least_devices, training_work
from twokey.quantities.problem import Problem
from twokey.workloads import models

V3: dict[str, Any] = {
    "tokens": "14.8T", "devices": 2048, "device_hours": "2.788M", "precision": "fp8",
    "cost_usd": "5.576M", "usd_per_device_hour": 2.0,
}  # fmt: skip


def test_deepseek_v3_as_its_report_states_it() -> None:
    # arXiv:2412.19437 Table 1: 2,788 thousand H800 hours, 14.8T tokens, $5.576M at $2 an hour
    found = forensics("deepseek-v3", "nvidia-h800", **V3).to_json()
    assert found["plausible"] is True
    assert found["fits_memory"] is True
    assert found["implied_mfu"] == pytest.approx(0.37, abs=0.02)
    low, mid, high = (found["expected_mfu"][k] for k in ("low", "mid", "high"))
    assert low < mid < high
    first = found["alternatives"][0]
    assert first["item"] == "nvidia-h800"
    assert first["claimed"]
    total = sum(a["probability"] for a in found["alternatives"]) + sum(m["probability"] for m in found["mixtures"])
    assert total == pytest.approx(1, abs=0.01)
    assert 0 < found["probability_controlled"] < 0.2
    assert found["decisive"]


def test_what_other_chips_would_have_needed_for_v3() -> None:
    ways = {a["item"]: a for a in forensics("deepseek-v3", "nvidia-h800", **V3).to_json()["alternatives"]}
    for item in ("nvidia-h20", "nvidia-a100", "huawei-ascend-910b"):
        assert ways[item]["devices_low"] < ways[item]["devices"] < ways[item]["devices_high"]
        assert ways[item]["devices"] > 3 * ways["nvidia-h800"]["devices"]
    # 148 against 989 TFLOP/s at the same share of peak
    assert ways["nvidia-h20"]["devices"] / ways["nvidia-h100"]["devices"] == pytest.approx(989.5 / 148, rel=0.1)
    assert ways["huawei-ascend-910b"]["standing"] == "domestic"
    assert ways["nvidia-h100"]["standing"] == "controlled"
    assert ways["nvidia-h20"]["standing"] == "lawful"


def test_the_reinforcement_stage_of_r1_adds_up_but_lacks_its_tokens() -> None:
    found = forensics(
        "deepseek-r1", "nvidia-h800", devices=512, device_hours=147336, cost_usd="0.295M", usd_per_device_hour=2.0,
        stage="reinforcement",
    ).to_json()  # fmt: skip
    by_name = {c["check"]: c["holds"] for c in found["checks"]}
    assert by_name["cost"] is True
    assert by_name["memory"] is True
    assert by_name["utilisation"] is None
    assert found["plausible"] is None
    assert "tokens" in found["decisive"][0]
    assert found["tokens_for_hours"]["low"] < found["tokens_for_hours"]["high"]


KNOWN = [
    ("llama-3-405b", "nvidia-h100", "15.6T", "30.84M", 16384, 0.36),  # Llama 3.1 model card: 30.84M H100 hours
    ("llama-3-70b", "nvidia-h100", "15T", "7M", None, 0.26),  # Llama 3.1 model card
    ("llama-2-70b", "nvidia-a100", "2T", 1720320, 2000, 0.44),  # Llama 2 model card
    ("llama-2-7b", "nvidia-a100", "2T", 184320, None, 0.41),  # Llama 2 model card
    ("bloom-176b", "nvidia-a100", "366B", 1078272, 384, 0.33),  # Epoch AI, December 2025
    ("nemotron-4-340b", "nvidia-h100", "9T", 13516800, 6144, 0.385),  # Epoch AI, December 2025
    ("deepseek-llm-67b", "nvidia-h800", "2T", 601200, None, 0.39),  # 300.6 thousand hours a trillion tokens
    ("deepseek-v2", "nvidia-h800", "8.1T", 1399680, None, 0.25),  # 172.8 thousand hours a trillion tokens
]


@pytest.mark.parametrize(("model", "item", "tokens", "hours", "devices", "mfu"), KNOWN, ids=[k[0] for k in KNOWN])
def test_published_runs_are_plausible_though_left_out_of_the_evidence(
    model: str, item: str, tokens: str, hours: str | int, devices: int | None, mfu: float
) -> None:
    found = forensics(model, item, tokens=tokens, device_hours=hours, devices=devices).to_json()
    assert found["plausible"] is True, found["checks"]
    assert found["implied_mfu"] == pytest.approx(mfu, abs=0.02)


FABRICATED: list[tuple[str, str, dict[str, Any], str]] = [
    ("deepseek-v3", "nvidia-h20", V3, "utilisation"),
    ("llama-3-405b", "nvidia-h100", {"tokens": "15.6T", "devices": 16384, "device_hours": "3M"}, "utilisation"),
    ("llama-3-405b", "nvidia-h100", {"tokens": "15.6T", "devices": 16, "device_hours": "30.84M"}, "memory"),
    ("deepseek-v3", "nvidia-h800", V3 | {"days": 20}, "time"),
    ("deepseek-v3", "nvidia-h800", V3 | {"cost_usd": "1M"}, "cost"),
    ("gpt3-175b", "nvidia-h100", {"tokens": "300B", "devices": 1024, "days": 24, "on": "2020-05"}, "chronology"),
    ("llama-2-70b", "nvidia-a100", {"tokens": "2T", "device_hours": "1.5M", "precision": "fp8"}, "number format"),
    ("llama-2-7b", "nvidia-a100", {"tokens": "20B", "device_hours": "1.5M"}, "utilisation"),
]


@pytest.mark.parametrize(("model", "item", "claim", "fails"), FABRICATED)
def test_claims_that_cannot_be_true(model: str, item: str, claim: dict[str, Any], fails: str) -> None:
    found = forensics(model, item, **claim).to_json()
    assert found["plausible"] is False
    assert fails in [c["check"] for c in found["checks"] if c["holds"] is False]


def test_a_refuted_claim_leaves_its_chip_possible_in_other_numbers() -> None:
    ways = {a["item"]: a for a in forensics("deepseek-v3", "nvidia-h20", **V3).to_json()["alternatives"]}
    assert ways["nvidia-h20"]["devices"] > 10_000
    assert 0 < ways["nvidia-h20"]["probability"] < ways["nvidia-h800"]["probability"]


def test_intervals_cover_the_runs_left_out_of_them() -> None:
    """Nine in ten of the whole runs should lie within 5 to 95 percent; between 80 and 100 percent is asked."""
    inside = []
    for run in runs():
        if run.whole:
            e = expect(models.find(run.model), catalogue.find(run.chip), run.precision)
            inside.append(abs(math.log(run.mfu / e.mid)) < 1.645 * e.spread)
    assert len(inside) >= 15
    assert 0.8 <= sum(inside) / len(inside) <= 1.0


def test_no_run_is_evidence_for_itself() -> None:
    chip = catalogue.find("nvidia-a100")
    own = expect(models.find("llama-2-70b"), chip, "bf16")
    with_all = expect(models.find("llama-2-70b"), chip, "bf16", without="")
    assert own.mid != with_all.mid
    assert "llama-2-70b" not in own.alike
    assert "llama-2-70b" in with_all.alike


def test_work_of_training_against_the_figures_the_makers_state() -> None:
    for model, tokens, stated in (("llama-3-405b", 15.6e12, 3.8e25), ("deepseek-v3", 14.8e12, 3.4e24)):
        # stated by Epoch AI as 6ND or the paper's figure; attention over 4,096 tokens is counted here besides
        work = training_work(models.find(model), tokens)
        assert work.products_flop == pytest.approx(stated, rel=0.06)
        assert 0 < work.attention_flop < 0.2 * work.flop


def test_memory_is_the_state_of_training_over_all_devices() -> None:
    model = models.find("llama-2-7b")
    least = least_devices(model, 80)
    assert STATE_BYTES * model.params_total > 0.9 * 80e9 * (least - 1)
    assert least == 2


def test_evidence_tells_no_more_than_is_in_doubt_and_nothing_when_nothing_is() -> None:
    found = forensics("deepseek-v3", "nvidia-h800", **V3)
    ways = hypotheses(found.claim, read_stock(), seat="CN", refuted=False)
    asked = [bool(h.controlled) for h in ways]
    share = sum(h.probability for h, a in zip(ways, asked, strict=True) if a)
    doubt = -share * math.log2(share) - (1 - share) * math.log2(1 - share)
    worth = value_of_evidence(ways, asked)
    assert all(0 <= bits <= doubt + 1e-9 for _, bits in worth)
    assert worth[0][1] > 0.1 * doubt
    assert all(bits == pytest.approx(0, abs=1e-9) for _, bits in value_of_evidence(ways, [False] * len(ways)))


def test_priors_of_the_user_replace_those_of_the_project(tmp_path: Path) -> None:
    own = tmp_path / "stock.yaml"
    own.write_text(
        "format: stock/1\nchips:\n"
        "  nvidia-h100: {weight: 0.9, low: 5000, mid: 9000, high: 20000, source: interviews, delivered: 2022-10}\n"
        "  nvidia-h800: {weight: 0.1, low: 100, mid: 200, high: 400, source: interviews, delivered: 2023-03}\n",
        encoding="utf-8",
    )
    found = forensics("deepseek-v3", "nvidia-h800", stock=own, **V3).to_json()
    assert found["alternatives"][0]["item"] == "nvidia-h100"
    assert found["probability_controlled"] > 0.9
    own.write_text(own.read_text().replace("mid: 9000", "mid: 90000"), encoding="utf-8")
    with pytest.raises(Problem, match="low <= mid <= high"):
        forensics("deepseek-v3", "nvidia-h800", stock=own, **V3)


def test_numbers_as_people_write_them() -> None:
    assert amount("14.8T", "x") == 14.8e12
    assert amount("2,788,000", "x") == 2788000
    assert forensics("deepseek-v3", "nvidia-h800", tokens=14.8, device_hours="2.788M").claim.tokens == 14.8e12
    for bad in ("", "-1", "0", "nan", "14.8 trillion", "1e99"):
        with pytest.raises(Problem, match="above zero"):
            amount(bad, "--tokens")
    with pytest.raises(Problem, match="bf16 or fp8"):
        forensics("deepseek-v3", "nvidia-h800", precision="int3")
