"""Steps that carry prompts, launches kernel by kernel, and what only some models add to a layer."""

from __future__ import annotations

from typing import Any

import pytest

from twokey.perf.fitted.chip import named
from twokey.perf.fitted.coefficients import read
from twokey.perf.fitted.mixed import mixed_phases
from twokey.perf.fitted.phase import phase_terms
from twokey.perf.fitted.serving import Extra, Steps, layers_of, prompt_extra, step_times
from twokey.workloads.build import workload_for
from twokey.workloads.operators import Attention, Collective, Gemm
from twokey.workloads.workload import Workload

H100 = named("nvidia-h100")


def load(model: str = "llama-3-8b", **more: Any) -> Workload:
    return workload_for(model, phase="serve", **({"batch": 32, "input_len": 512, "output_len": 512} | more))


def steps(w: Workload, sequences: float, **more: Any) -> Steps:
    rest = {"prompts": 1.0, "input_len": w.input_len, "output_len": w.output_len}
    return step_times(H100, read(), w.decode, w.prefill, sequences=sequences, **(rest | more))


@pytest.mark.parametrize("model", ["llama-3-8b", "qwen3-30b-a3b", "deepseek-v3", "qwen3.5-397b-a17b"])
def test_a_mixed_step_costs_less_than_its_parts_and_more_than_either(model: str) -> None:
    w = load(model, devices=8, tp=8, precision="fp8")
    rest, both, alone = mixed_phases(w.decode, w.prefill, 1.0)

    def time(phase: Any, decode: bool) -> float:
        return sum(t.work_s + t.launch_s + t.quantise_s for t in phase_terms(H100, read(), phase, decode=decode))

    step, prompt = time(w.decode, True), time(w.prefill, False)
    mixed = time(rest, True) + time(both, True) + time(alone, False)
    assert max(step, prompt) < mixed < step + prompt
    rows = {op.name: op.m for op in w.prefill.operators if isinstance(op, Gemm)}
    wider = {op.name: op for op in both.operators}
    for op in w.decode.operators:
        after = wider.get(op.name)
        if isinstance(op, Gemm) and isinstance(after, Gemm) and op.batch == 1:
            assert after.m == op.m + rows[op.name]
    assert any(isinstance(op, Attention) for op in rest.operators)
    assert any(isinstance(op, Attention) for op in alone.operators)


def test_short_prompts_share_a_step_and_long_ones_do_not() -> None:
    c = read().groups["serve"]["group_tokens"]
    for length, sequences, prompts in ((128, 32, int(c // 128)), (128, 3, 3), (4096, 32, 1)):
        w = load(batch=sequences, input_len=length)
        terms = phase_terms(H100, read(), w.decode, decode=True)
        got = prompt_extra(H100, read(), w.decode, terms, w.prefill, sequences=sequences, input_len=length)
        assert got.prompts == prompts


def test_all_prompts_in_one_step_disturb_nobody() -> None:
    assert Extra(8, 0.01).per_token_s(8, 100) == 0.0
    assert Extra(8, 0.01).per_token_s(24, 100) == pytest.approx(2 * 0.01 / 100)
    assert Extra(8, 0.01).per_token_s(24, 100, ranks=4) == pytest.approx(4 * 2 * 0.01 / 100)


def test_a_short_prompt_waits_for_the_host_and_a_long_one_for_the_device() -> None:
    floor = read().groups["serve"]["eager_layer_us"] * 1e-6
    short, long = load(input_len=16), load(input_len=16384)
    assert steps(short, 32).prefill_s == pytest.approx(32 * floor)
    assert layers_of(short.decode) == 32
    assert steps(long, 32).prefill_s > 3 * 32 * floor
    assert {name: bound for name, _, bound in steps(short, 32).prefill}["framework"] == "launch"
    assert "framework" not in {name for name, _, _ in steps(long, 32).prefill}


def test_ranks_that_meet_at_the_experts_wait_for_each_others_prompts() -> None:
    w = load("qwen3-30b-a3b", devices=4, tp=1, dp=4, ep=4, batch=128)
    assert steps(w, 32, ranks=4).tpot_s > 1.5 * steps(w, 32).tpot_s - 0.5 * steps(w, 32).decode_s


def test_a_norm_over_all_heads_needs_all_devices() -> None:
    def sums(model: str, tp: int) -> list[Collective]:
        ops = load(model, devices=tp, tp=tp).decode.operators
        return [op for op in ops if isinstance(op, Collective) and op.name == "norm-all-reduce"]

    assert not sums("minimax-m2", 1)
    assert not sums("qwen3-235b-a22b", 4)
    (found,) = sums("minimax-m2", 4)
    assert found.count == 62
    assert found.payload_bytes == 32 * 8


def test_four_bit_operands_are_narrowed_by_a_kernel_of_their_own() -> None:
    launch = read().groups["launch"]["launch_us"] * 1e-6
    chip = named("nvidia-b200")
    for precision, least in (("fp4", launch), ("fp8", 0.0)):
        w = load("llama-3-70b", devices=8, tp=8, precision=precision)
        for term in phase_terms(chip, read(), w.decode, decode=True):
            if term.operator == "qkv":
                assert least * 80 <= term.quantise_s < (least + 1e-6) * 80
