"""Served models on real chips: parts that add up, prompts that slow tokens, intervals from blind errors."""

from __future__ import annotations

import time
from typing import Any

import pytest

from twokey.chips.catalogue import find
from twokey.perf.answer import estimate_for
from twokey.perf.fitted.answer import estimate_chip
from twokey.perf.fitted.interval import spreads
from twokey.quantities.problem import Problem

H200 = find("nvidia-h200")
LOAD: dict[str, Any] = {
    "model": "llama-3-70b",
    "devices": 8,
    "tp": 8,
    "precision": "fp8",
    "input_len": 1024,
    "output_len": 512,
}


def test_shares_add_up_and_name_what_bounds_them() -> None:
    for phase in ("prefill", "decode", "serve"):
        got = estimate_chip(H200, phase=phase, batch=32, **LOAD)
        assert sum(b["share"] for b in got["bottlenecks"]) == pytest.approx(1)
        assert {b["bound_by"] for b in got["bottlenecks"]} <= {"compute", "dram", "link", "launch"}
        assert 0 < got["mfu"] < 1


def test_more_sequences_and_longer_prompts_slow_each_token() -> None:
    def tpot(**more: Any) -> float:
        return float(estimate_chip(H200, phase="serve", **(LOAD | {"batch": 16} | more))["tpot_s"])

    assert tpot() < tpot(batch=64) < tpot(batch=256)
    assert tpot() < tpot(input_len=8192)


def test_a_lone_request_has_no_prompts_of_others_between_its_tokens() -> None:
    alone = estimate_chip(H200, phase="serve", batch=1, **LOAD)
    step = estimate_chip(H200, phase="decode", batch=1, **LOAD)
    assert alone["tpot_s"] == pytest.approx(step["tpot_s"])
    assert "prompts-of-others" not in {b["operator"] for b in alone["bottlenecks"]}


def test_prompts_of_others_are_said_to_take_their_share() -> None:
    got = estimate_chip(H200, phase="serve", batch=64, **LOAD)
    step = estimate_chip(H200, phase="decode", batch=64, **LOAD)
    share = next(b["share"] for b in got["bottlenecks"] if b["operator"] == "prompts-of-others")
    assert share == pytest.approx(1 - step["tpot_s"] / got["tpot_s"])


def test_the_interval_holds_the_prediction_and_is_that_of_blind_rows() -> None:
    got = estimate_chip(H200, phase="decode", batch=8, **LOAD)
    blind = spreads()["tpot"]
    assert got["interval"]["low"] == pytest.approx(got["tpot_s"] * blind.low)
    for phase, name in (("prefill", "ttft_s"), ("decode", "tpot_s")):
        got = estimate_chip(H200, phase=phase, batch=8, **LOAD)
        assert got["interval"]["low"] < got[name] < got["interval"]["high"]
    assert all(s.low < 1 < s.high and s.rows > 50 for s in spreads().values())


def test_frameworks_differ_and_an_unknown_one_is_refused() -> None:
    times = {estimate_chip(H200, phase="decode", batch=8, framework=f, **LOAD)["tpot_s"] for f in ("vllm", "trtllm")}
    assert len(times) == 2
    with pytest.raises(Problem, match="trtllm"):
        estimate_chip(H200, phase="decode", batch=8, framework="ollama", **LOAD)
    with pytest.raises(Problem, match="prefill"):
        estimate_chip(H200, phase="train", batch=8, **LOAD)


@pytest.mark.parametrize(
    "model", ["deepseek-v3", "qwen3-235b-a22b", "llama-3-8b", "qwen3.5-397b-a17b", "deepseek-v3.2"]
)
def test_every_form_of_attention_is_answered(model: str) -> None:
    got = estimate_chip(find("nvidia-b200"), model=model, phase="serve", devices=8, tp=8, precision="fp8", batch=16)
    assert 1e-3 < got["tpot_s"] < 0.1


def test_a_chip_is_answered_by_the_fitted_model_and_a_design_by_that_of_the_search() -> None:
    chip = estimate_for(find("nvidia-h20"), model="llama-3-8b", phase="decode", batch=16, framework="vllm")
    design = estimate_for(find("nvidia-h20").design(), model="llama-3-8b", phase="decode", batch=16, framework="vllm")
    assert chip["calibrated"]
    assert "interval" in chip
    assert design["software"] == "fitted"
    assert abs(chip["tpot_s"] / design["tpot_s"] - 1) < 0.2
    assert design["interval"]["low"] < design["tpot_s"] < design["interval"]["high"]


def test_a_warm_estimate_takes_milliseconds() -> None:
    options: dict[str, Any] = {"model": "llama-3-70b", "phase": "serve", "devices": 8, "tp": 8, "batch": 64}
    estimate_chip(H200, **options)
    best = float("inf")
    for _ in range(10):
        began = time.perf_counter()
        estimate_chip(H200, **options)
        best = min(best, time.perf_counter() - began)
    assert best < 0.02  # 1 ms on an idle machine; the bound allows for a busy one
