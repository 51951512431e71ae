"""Operators of real chips: published times, refusals, and what must hold whatever the coefficients."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twokey.perf.fitted.attention import decode_attention_s, prefill_attention_s
from twokey.perf.fitted.cases import operators_answer
from twokey.perf.fitted.chip import from_design_record, named
from twokey.perf.fitted.coefficients import FRAMEWORKS, read
from twokey.perf.fitted.collective import all_reduce_s, library_all_reduce_s
from twokey.perf.fitted.gemm import gemm_core_s, sustained_clock
from twokey.perf.fitted.moe import ROUTINGS, expert_rows
from twokey.perf.fitted.operators import DTYPES, OPERATORS, operator_latencies
from twokey.quantities.problem import Problem

# One A100 SXM 80GB (four for all-reduce), eager PyTorch: published with H. Zhang et al., "LLMCompass," ISCA 2024
# (repository PrincetonUniversity/LLMCompass, commit 2e015fd, BSD-3-Clause), latency in seconds. In sample.
PUBLISHED: dict[str, list[tuple[tuple[int, ...], float]]] = {
    "matmul": [((512, 12288, 12288), 6.118e-4), ((8192, 12288, 12288), 8.622e-3), ((8192, 1024, 1024), 9.274e-5)],
    "softmax": [((4096, 1024), 2.742e-5), ((4096, 8192), 1.550e-4), ((32768, 4096), 4.814e-4)],
    "layernorm": [((4096, 1024), 5.317e-5), ((16384, 4096), 1.941e-4), ((4096, 32768), 6.735e-4)],
    "gelu": [((4096,), 4.792e-5), ((16777216,), 7.975e-5), ((536870912,), 1.375e-3)],
    "allreduce": [((4, 1024), 1.302e-5), ((4, 16777216), 1.957e-4), ((4, 4294967296), 2.794e-2)],
}


@pytest.mark.parametrize("operator", PUBLISHED)
def test_published_times_on_an_a100_are_met(operator: str) -> None:
    cases = [(operator, "fp16", shape) for shape, _ in PUBLISHED[operator]]
    measured = np.array([t for _, t in PUBLISHED[operator]])
    predicted = operator_latencies(named("nvidia-a100"), cases, timing="eager")
    assert np.abs(predicted / measured - 1).max() < 0.16


SHAPES = {
    "matmul": (512, 4096, 4096),
    "softmax": (4096, 2048),
    "layernorm": (4096, 2048),
    "gelu": (1 << 24,),
    "decode-attention": (16, 2048, 32, 8, 128),
    "prefill-attention": (2, 2048, 32, 8, 128),
    "moe": (256, 4096, 1536, 8, 128, 1, 8),
    "allreduce": (8, 1 << 24),
}


@pytest.mark.parametrize("operator", OPERATORS)
def test_no_operator_beats_the_roofline_and_eager_is_never_faster(operator: str) -> None:
    for chip_id in ("nvidia-h100", "nvidia-h20", "nvidia-b200", "amd-mi210", "huawei-ascend-910b"):
        chip = named(chip_id)
        case = (operator, "bf16", SHAPES[operator])
        kernel = operator_latencies(chip, [case])[0]
        assert operator_latencies(chip, [case], timing="eager")[0] >= kernel
        s = SHAPES[operator]
        least = {
            "matmul": 2 * 512 * 4096 * 4096 / chip.peak_op_per_s,
            "softmax": 4 * 4096 * 2048 / chip.dram_Bps,
            "layernorm": 4 * 4096 * 2048 / chip.dram_Bps,
            "gelu": 4 * (1 << 24) / chip.dram_Bps,
            "decode-attention": 4 * 16 * 2048 * 8 * 128 / max(chip.dram_Bps, chip.l2_Bps),
            "prefill-attention": 4 * 2 * 32 * 128 * 2048 * 1024 / chip.peak_op_per_s,
            "moe": 6 * 256 * 4096 * 1536 / chip.peak_op_per_s,
            "allreduce": 9 / 8 * s[-1] / chip.link_Bps,
        }[operator]
        assert kernel > least


def test_many_cases_at_once_give_each_its_own_answer_in_order() -> None:
    cases = [(op, dtype, SHAPES[op]) for op in OPERATORS for dtype in ("bf16", "fp8", "int8", "fp4")]
    together = operator_latencies(named("nvidia-b200"), cases)
    alone = [operator_latencies(named("nvidia-b200"), [case])[0] for case in cases]
    np.testing.assert_allclose(together, alone, rtol=1e-12)


@given(
    st.integers(1, 8192), st.integers(16, 8192), st.integers(16, 8192), st.sampled_from(["nvidia-a100", "nvidia-h200"])
)
def test_a_product_takes_at_least_its_operations_and_traffic_and_grows(m: int, n: int, k: int, chip_id: str) -> None:
    chip = named(chip_id)
    c = read().gemm(chip.wide)
    t, wider = gemm_core_s(chip, c, [m, m], [n, 2 * n], k)
    assert t >= 2 * m * n * k / chip.peak_op_per_s
    assert t >= 2 * (m * k + k * n) / chip.dram_Bps
    assert wider >= t * 0.99  # more tiles may keep more cores busy, by a little


def test_narrow_products_are_faster_when_large_and_slower_when_small() -> None:
    large, small = (16384, 8192, 8192), (1, 256, 256)
    for shape, faster in ((large, True), (small, False)):
        t16, t8 = operator_latencies(named("nvidia-h100"), [("matmul", d, shape) for d in ("bf16", "fp8")])
        assert (t8 < t16) == faster


def test_the_power_limit_slows_a_chip_that_draws_more_than_it_may() -> None:
    c = read().groups["power"]
    l40s, h20 = named("nvidia-l40s"), named("nvidia-h20")
    assert sustained_clock(l40s, c, np.array([l40s.peak_op_per_s]))[0] < 0.85
    assert sustained_clock(h20, c, np.array([h20.peak_op_per_s]))[0] == 1.0


@given(
    st.integers(1, 4096), st.integers(1, 8), st.sampled_from([8, 64, 128]), st.sampled_from([1, 4, 8]),
    st.sampled_from(ROUTINGS),
)  # fmt: skip
def test_the_fullest_device_holds_at_least_its_share_of_the_rows(
    tokens: int, topk: int, experts: int, ep: int, routing: str
) -> None:
    rows = expert_rows(tokens, topk, experts, ep, routing)
    assert len(rows) <= -(-experts // ep)
    assert min(rows) >= 1
    if routing != "uniform":
        assert sum(rows) >= tokens * topk / ep - 1e-9
        assert max(rows) <= tokens
    if ep == 1 and routing != "uniform":
        assert sum(rows) == tokens * topk


def test_attention_told_from_memory_is_never_faster_than_from_the_cache() -> None:
    chip, c = named("nvidia-h100"), read().kernel("decode-wide", None)
    for context in (128, 1024, 8192):
        cold = decode_attention_s(chip, c, 8, 4, context, cold=True)
        assert cold >= decode_attention_s(chip, c, 8, 4, context)


def test_reading_from_memory_never_takes_longer_to_fill_than_to_read() -> None:
    chip = replace(named("nvidia-h100"), l2_bytes=1.0)
    c = read().kernel("decode-wide", None)
    cold, repeated = (decode_attention_s(chip, c, 1, 1, 64, cold=told) for told in (True, False))
    assert cold < repeated < cold + 65 * 512 / (c["dram_efficiency"] * chip.dram_Bps)


def test_query_heads_beyond_what_a_grouped_kernel_takes_are_taken_one_by_one() -> None:
    chip, c = named("nvidia-h100"), read().decode(True, "trtllm")
    few, many = decode_attention_s(chip, c, 64, [c["most_rows"], 2 * c["most_rows"]], 4096)
    assert many > 4 * few
    few, many = decode_attention_s(chip, read().decode(True, "sglang"), 64, [32, 64], 4096)
    assert many < 1.1 * few


def test_paired_cores_have_one_decode_kernel_whatever_the_framework() -> None:
    case = [("decode-attention", "bf16", SHAPES["decode-attention"])]
    chip = named("nvidia-b200")
    assert len({float(operator_latencies(chip, case, framework=f)[0]) for f in (None, *FRAMEWORKS)}) == 1


def test_a_window_never_lengthens_prefill() -> None:
    chip, c = named("nvidia-h200"), read().kernel("prefill-wide", None)
    whole, windowed, wide = prefill_attention_s(chip, c, 1, 8192, 32, 8, window=[0, 1024, 8192])
    assert windowed < whole
    assert wide == pytest.approx(whole, rel=0.02)


def test_all_reduce_takes_the_faster_of_kernel_and_library() -> None:
    chip, groups = named("nvidia-h100"), read().groups
    library, kernel = groups["all-reduce-library-wide"], groups["all-reduce-kernel-wide"]
    for size in (1e3, 1e6, 1e9):
        both = all_reduce_s(chip, library, kernel, 8, size)
        assert both <= library_all_reduce_s(chip, library, 8, size)


def test_every_framework_has_its_kernels_and_each_changes_an_answer() -> None:
    case = [("decode-attention", "bf16", SHAPES["decode-attention"])]
    chip = named("nvidia-h100")
    times = {float(operator_latencies(chip, case, framework=f)[0]) for f in (None, *FRAMEWORKS)}
    assert len(times) == 4


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (("matmul", "bf16", (8, 8)), "M x N x K"),
        (("conv", "bf16", (8, 8)), "matmul"),
        (("gelu", "fp7", (8,)), "bf16"),
        (("gelu", "bf16", (0,)), "at least 1"),
        (("gelu", "bf16", (float("nan"),)), "whole number"),
        (("decode-attention", "bf16", (1, 8, 6, 4, 128)), "multiple"),
        (("moe", "bf16", (1, 8, 8, 9, 8, 1, 1)), "experts"),
        (("allreduce", "bf16", (1, 8)), "2 devices"),
    ],
)
def test_what_cannot_be_is_refused(case: tuple[str, str, tuple[float, ...]], said: str) -> None:
    with pytest.raises(Problem, match=said):
        operator_latencies(named("nvidia-h100"), [case])
    assert set(DTYPES) >= {"bf16", "fp16", "fp8", "int8", "fp4"}


def test_a_chip_without_an_architecture_is_refused_by_name() -> None:
    with pytest.raises(Problem, match="nvidia-rubin"):
        named("nvidia-rubin")


def test_a_row_that_cannot_be_read_is_named_by_its_line(tmp_path: Path) -> None:
    from twokey.chips.catalogue import find

    table = tmp_path / "cases.csv"
    table.write_text("operator,dtype,shape\ngelu,bf16,8\ngelu,bf16,8y9\n", encoding="utf-8")
    with pytest.raises(Problem, match="cases.csv:3".replace(".", "[.]")):
        operators_answer(find("nvidia-h100"), str(table))


def test_the_command_line_answers_in_the_order_of_the_file(tmp_path: Path) -> None:
    table = tmp_path / "cases.csv"
    table.write_text("operator,dtype,shape\nmatmul,bf16,8192x8192x8192\nallreduce,fp16,8x1024\n", encoding="utf-8")
    command = [sys.executable, "-m", "twokey", "operators", "--device", "nvidia-h200", "--cases", str(table), "--json"]
    out = subprocess.run(command, capture_output=True, text=True, check=True)
    answer = json.loads(out.stdout)
    assert answer["device"] == "nvidia-h200"
    assert answer["calibration"] == read().id
    first, second = answer["latency_s"]
    assert 1e-3 < first < 2e-3
    assert 5e-6 < second < 3e-5


def test_a_design_has_two_speeds_and_no_power_limit() -> None:
    from twokey.chips.catalogue import find

    chip = from_design_record(find("nvidia-h20").design())
    assert (chip.rate(8), chip.tdp_W) == (2.0, 0.0)
