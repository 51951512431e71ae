"""Operators: the study's list to the last element, counts of arithmetic and bytes, layouts that cannot be built."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twokey.quantities.problem import Problem
from twokey.workloads.attention import causal_share
from twokey.workloads.build import build, layout_for, workload_for
from twokey.workloads.catalogue import workload, workloads
from twokey.workloads.feedforward import experts_touched
from twokey.workloads.memory import cache_bytes
from twokey.workloads.models import Model, find, models
from twokey.workloads.operators import Attention, Collective, Gemm, Operator, Phase, Vector
from twokey.workloads.workload import Workload

D, T_PREFILL, T_DECODE = 12288, 8 * 2048, 8


def gemms(phase: Phase) -> list[tuple[int, int, int, int, float]]:
    return [(o.m, o.n, o.k, o.batch, o.count) for o in phase.operators if isinstance(o, Gemm)]


def vectors(phase: Phase) -> list[tuple[float, float, float]]:
    found = [o for o in phase.operators if isinstance(o, Vector)]
    return sorted((o.elements * o.count, o.flops_per_element, o.bytes_per_element) for o in found)


# One layer of a GPT-3-like model on four devices: the list of the LLMCompass set-up, attention's projections as one.
@pytest.mark.parametrize(("phase", "T", "q", "k"), [("prefill", T_PREFILL, 2048, 2048), ("decode", T_DECODE, 1, 3072)])
def test_the_gpt3_layer_is_the_list_of_the_study(phase: str, T: int, q: int, k: int) -> None:
    load = workload("gpt3-175b-layer")
    ops: Phase = getattr(load, phase)
    assert gemms(ops) == [
        (T, 9216, D, 1, 1),
        (q, k, 128, 192, 1),
        (q, 128, k, 192, 1),
        (T, D, 3072, 1, 1),
        (T, D, D, 1, 1),
        (T, D, D, 1, 1),
    ]
    assert vectors(ops) == sorted([(192 * q * k, 7, 4), (2 * T * D, 8, 4), (T * D, 10, 4), (2 * T * D, 1, 6)])
    links = [o for o in ops.operators if isinstance(o, Collective)]
    assert [(o.kind, o.payload_bytes, o.devices, o.count, o.latency_ns) for o in links] == [
        ("all-reduce", 2 * T * D, 4, 2, 1000)
    ]
    assert all(
        o.math_bits == 16 and o.a_bytes == o.b_bytes == o.c_bytes == 2 for o in ops.operators if isinstance(o, Gemm)
    )
    assert ops.launch_ns == 0


def test_the_gpt3_layer_needs_the_memory_of_the_study() -> None:
    weights = 12 * D * D * 96 * 2 / 4
    cache = 2 * 8 * 3072 * D * 96 * 2 / 4
    assert workload("gpt3-175b-layer").memory_bytes == weights + cache


def flops(operators: tuple[Operator, ...]) -> tuple[float, float]:
    """Arithmetic of products with weights and of softmax attention [op]."""
    weightless = ("index-scores", "linear-state")
    products = sum(
        2.0 * o.m * o.n * o.k * o.batch * o.count for o in operators if isinstance(o, Gemm) and o.name not in weightless
    )
    attention = sum(
        2.0 * o.problems * o.rows * o.context * o.causal_share * (o.d_qk + o.d_v) * o.count
        for o in operators
        if isinstance(o, Attention)
    )
    return products, attention


PLAIN = [m for m in models() if m.attention != "other" and m.window_layers == 0]


@pytest.mark.parametrize("model", PLAIN, ids=lambda m: m.id)
def test_prefill_does_two_operations_a_weight_and_token(model: Model) -> None:
    rows = 8192  # many rows an expert, so that rounding them up weighs little
    load = workload_for(model, phase="prefill", input_len=rows)
    products, attention = flops(load.prefill.operators)
    inside = model.params_active - model.embedding_params
    last = model.hidden * model.vocab
    assert products == pytest.approx(2.0 * inside * rows + 2.0 * last, rel=0.01)
    latent = model.qk_nope_dim + model.qk_rope_dim + model.v_head_dim
    width = latent if model.attention == "mla" else 2 * model.head_dim
    seen = min(rows, model.index_topk) if model.index_topk else rows
    pairs = seen * (seen + 1) / 2 + (rows - seen) * seen
    assert attention == pytest.approx(2 * model.softmax_layers * model.heads * width * pairs, rel=1e-9)


@pytest.mark.parametrize("model", PLAIN, ids=lambda m: m.id)
def test_the_device_holds_the_weights_it_reads(model: Model) -> None:
    layout = layout_for(model, devices=1)
    load = build(model, layout, name="x", objective="tpot", batch=1, input_len=1, output_len=1)
    small = 2.0 * model.params_total
    assert small <= load.memory_bytes <= small * 1.05 + 1e9


@pytest.mark.parametrize("tp", [1, 2, 4, 8])
def test_tensor_parallel_divides_arithmetic_and_weights(tp: int) -> None:
    whole = workload_for("llama-3-70b", phase="prefill", input_len=512)
    part = workload_for("llama-3-70b", phase="prefill", devices=tp, tp=tp, input_len=512)
    assert sum(flops(part.prefill.operators)) * tp == pytest.approx(sum(flops(whole.prefill.operators)), rel=0.001)
    reductions = [o for o in part.prefill.operators if isinstance(o, Collective)]
    assert bool(reductions) == (tp > 1)
    assert sum(o.count for o in reductions) == (161 if tp > 1 else 0)


def test_expert_parallel_holds_its_share_of_experts_and_exchanges_tokens() -> None:
    load = workload("deepseek-v3-decode")
    experts = next(o for o in load.decode.operators if o.name == "expert-up")
    assert isinstance(experts, Gemm)
    assert (experts.batch, experts.m, experts.n, experts.k, experts.count) == (8, 64, 4096, 7168, 58)
    exchange = {o.name: o for o in load.decode.operators if isinstance(o, Collective)}
    assert set(exchange) == {"dispatch", "combine"}
    assert exchange["dispatch"].payload_bytes == 64 * 8 * 7168
    assert exchange["combine"].payload_bytes == 2 * 64 * 8 * 7168
    assert exchange["combine"].devices == 32


def test_rows_of_experts_cover_the_tokens_and_waste_less_than_a_row_each() -> None:
    for batch in (1, 7, 64, 300):
        load = workload_for("mixtral-8x7b", phase="decode", devices=2, tp=2, ep=2, batch=batch)
        op = next(o for o in load.decode.operators if o.name == "expert-up")
        assert isinstance(op, Gemm)
        rows = batch * 2 / 2
        assert rows <= op.m * op.batch < rows + op.batch


def test_touched_experts_lie_between_one_token_and_all() -> None:
    assert experts_touched(8, 2, 8, 1) == pytest.approx(2)
    assert experts_touched(8, 2, 8, 10_000) == pytest.approx(8)
    values = [experts_touched(256, 8, 32, n) for n in range(1, 200)]
    assert values == sorted(values)


def test_mla_attends_to_the_latent_in_decode_and_to_full_keys_in_prefill() -> None:
    load = workload("deepseek-v3-decode")
    decode = next(o for o in load.decode.operators if isinstance(o, Attention))
    prefill = next(o for o in load.prefill.operators if isinstance(o, Attention))
    assert (decode.problems, decode.rows, decode.context) == (64, 128, 4608)
    assert (decode.d_qk, decode.d_v, decode.kv_width, decode.math_bits) == (576, 512, 576, 16)
    assert (prefill.problems, prefill.rows, prefill.d_qk, prefill.d_v, prefill.kv_width) == (128, 4096, 192, 128, 320)


def test_the_latent_is_not_divided_by_tensor_parallel() -> None:
    one = workload_for("deepseek-v3", phase="decode", devices=8, tp=8, precision="fp8", batch=64, input_len=4096)
    cache = 64 * (4096 + 128) * 576 * 2 * 61
    less = workload_for("deepseek-v3", phase="decode", devices=8, tp=8, precision="fp8", batch=1, input_len=4096)
    assert one.memory_bytes - less.memory_bytes == pytest.approx(cache * 63 / 64, rel=0.01)


def test_a_window_bounds_cache_reads_and_scores() -> None:
    load = workload_for("gpt-oss-120b", phase="decode", batch=4, input_len=4096, output_len=2)
    kinds = {o.name: o for o in load.decode.operators if isinstance(o, Attention)}
    assert kinds["attention"].context == 4097
    assert (kinds["attention-window"].context, kinds["attention-window"].count) == (128, 18)
    brute = sum(min(i, 5) for i in range(1, 18)) / 17**2
    assert causal_share(17, 5) == pytest.approx(brute)


def test_a_state_takes_the_place_of_the_cache() -> None:
    model = find("qwen3.5-397b-a17b")
    layout = layout_for(model, devices=8, tp=2, dp=4, ep=8)
    cache = 15 * 9000 * 2 * 256 * 2  # fifteen layers keep one of two key/value heads on each of two devices
    assert cache_bytes(model, layout, sequences=1, context=9000) == cache + 45 * 32 * 128 * 128 * 4
    long = workload_for(model, phase="decode", devices=8, tp=2, dp=4, ep=8, batch=4, input_len=9000)
    state = next(o for o in long.decode.operators if o.name == "linear-state")
    assert isinstance(state, Vector)
    assert (state.elements, state.count) == (32 * 128 * 128, 45)
    chunks = next(o for o in long.prefill.operators if o.name == "linear-state")
    assert isinstance(chunks, Gemm)
    # 2 C (2 C d + C (d + v) + C v + 3 d v) operations a chunk and head, with C = 64 and d = v = 128
    assert 2 * chunks.m * chunks.n * chunks.k == 2 * 64 * (5 * 64 * 128 + 3 * 128 * 128)
    assert chunks.batch == 141 * 32


def test_sparse_attention_reads_the_keys_picked_and_scores_all() -> None:
    load = workload_for("deepseek-v3.2", phase="decode", devices=8, tp=1, dp=8, ep=8, batch=8, input_len=30_000)
    kinds = {o.name: o for o in load.decode.operators}
    attention, scores = kinds["attention"], kinds["index-scores"]
    assert isinstance(attention, Attention)
    assert isinstance(scores, Gemm)
    assert attention.context == 2048
    assert (scores.m, scores.n, scores.k, scores.math_bits) == (64, 30_064, 128, 8)


def test_experts_that_do_not_divide_evenly_are_held_as_redundant_copies() -> None:
    # The production layout DeepSeek reported: 144 devices hold two experts each, 32 of the 288 redundant.
    load = workload_for(
        "deepseek-v3", phase="decode", devices=144, tp=1, dp=144, ep=144, precision="fp8", batch=144 * 64
    )
    op = next(o for o in load.decode.operators if o.name == "expert-up")
    assert isinstance(op, Gemm)
    assert op.batch == 2
    assert op.m * op.batch == 64 * 8


def test_replicas_share_the_sequences() -> None:
    load = workload_for("llama-3-8b", phase="decode", devices=4, tp=1, dp=4, batch=10)
    attention = next(o for o in load.decode.operators if isinstance(o, Attention))
    assert attention.problems == 3 * 8  # ten sequences on four replicas, the fullest holds three
    assert not any(isinstance(o, Collective) for o in load.decode.operators)


def test_precision_sets_the_width_of_weights_and_cache() -> None:
    wide = workload_for("llama-3-8b", phase="decode", batch=8, input_len=4096)
    narrow = workload_for("llama-3-8b", phase="decode", batch=8, input_len=4096, precision="fp8", kv_precision="fp8")
    inside = find("llama-3-8b").params_total - find("llama-3-8b").embedding_params
    cache = 8 * (4096 + 128) * 2 * 8 * 128 * 32
    assert wide.memory_bytes - narrow.memory_bytes == pytest.approx(inside + cache)
    product = next(o for o in narrow.decode.operators if o.name == "qkv")
    assert isinstance(product, Gemm)
    assert (product.a_bytes, product.b_bytes, product.math_bits) == (1, 1, 8)


@pytest.mark.parametrize("load", workloads(), ids=lambda w: w.name)
def test_every_workload_has_both_phases_and_positive_sizes(load: Workload) -> None:
    assert load.note
    assert load.memory_bytes > 0
    for phase in (load.prefill, load.decode):
        assert phase.operators
        for op in phase.operators:
            assert op.count > 0
            sizes = [v for n, v in vars_of(op) if n not in ("name", "kind", "count", "latency_ns")]
            assert all(v > 0 for v in sizes), op


def vars_of(op: Operator) -> list[tuple[str, float]]:
    return [(n, getattr(op, n)) for n in op.__dataclass_fields__]


@pytest.mark.parametrize(
    ("name", "capacity_GB"),
    [("deepseek-v3-decode", 80), ("deepseek-v3-prefill", 80), ("llama-3-70b-prefill", 40), ("llama-3-8b-decode", 24)],
)
def test_workloads_fit_the_devices_they_were_meant_for(name: str, capacity_GB: int) -> None:
    assert workload(name).memory_bytes < 0.9 * capacity_GB * 1e9


def test_a_workload_that_is_not_known_is_answered_with_near_ones() -> None:
    with pytest.raises(Problem, match="gpt3-175b-layer"):
        workload("gpt3-layer")


BAD = [
    ({"devices": 3, "tp": 3}, "--tp", "divisor of the 64 heads"),
    ({"devices": 8, "tp": 4, "dp": 1}, "--devices", "tp x dp = 4"),
    ({"devices": 0}, "--devices", "at least 1"),
    ({"devices": -4, "tp": -4}, "--devices", "at least 1"),
    ({"tp": 0}, "--tp", "at least 1"),
    ({"ep": 2, "devices": 2}, "--ep", "has no experts"),
    ({"batch": 0}, "--batch", "at least 1"),
    ({"input_len": -1}, "--input", "at least 1"),
    ({"output_len": 0}, "--output", "at least 1"),
    ({"precision": "fp12"}, "--precision", "bf16"),
    ({"kv_precision": "w4a16"}, "--kv-precision", "bf16"),
    ({"phase": "train"}, "--phase", "prefill"),
]


@pytest.mark.parametrize(("options", "where", "needed"), BAD)
def test_impossible_layouts_are_refused(options: dict[str, int | str], where: str, needed: str) -> None:
    asked: dict[str, int | str] = {"phase": "decode", **options}
    with pytest.raises(Problem) as caught:
        workload_for("llama-3-70b", **asked)  # type: ignore[arg-type]
    assert caught.value.where == where
    assert needed in caught.value.needed


@pytest.mark.parametrize(
    ("options", "needed"),
    [
        ({"devices": 8, "tp": 8, "ep": 7}, "divisor of tp, or tp times"),
        ({"devices": 256, "tp": 1, "dp": 256, "ep": 256}, "no more than the 128 experts"),
        ({"devices": 8, "tp": 4, "dp": 2, "ep": 16}, "divisor of tp, or tp times"),
        ({"devices": 4, "tp": 4, "ep": 8}, "divisor of tp, or tp times"),
    ],
)
def test_impossible_expert_layouts_are_refused(options: dict[str, int], needed: str) -> None:
    with pytest.raises(Problem, match="--ep") as caught:
        workload_for("qwen3-235b-a22b", phase="decode", **options)  # type: ignore[arg-type]
    assert needed in caught.value.needed


def test_a_form_of_attention_that_is_not_modelled_is_refused() -> None:
    with pytest.raises(Problem, match="not modelled yet"):
        workload_for("kimi-k3", phase="decode")


def test_separate_kernels_write_the_scores() -> None:
    model = find("llama-3-8b")
    layout = replace(layout_for(model, devices=1), kernels="separate")
    load = build(model, layout, name="x", objective="ttft", batch=2, input_len=64, output_len=2)
    scores = next(o for o in load.prefill.operators if o.name == "scores")
    assert isinstance(scores, Gemm)
    assert (scores.m, scores.n, scores.k, scores.batch) == (64 * 4, 64, 128, 16)
    assert not any(isinstance(o, Attention) for o in load.prefill.operators)


def total_flops(load: Workload, phase: str) -> float:
    ops: Phase = getattr(load, phase)
    return sum(flops(ops.operators)) * load.devices


LAYOUTS = st.sampled_from(
    [(1, 1, 1), (1, 4, 4), (1, 8, 8), (2, 1, 1), (2, 1, 2), (2, 4, 8), (2, 4, 4), (4, 1, 4), (4, 2, 8), (8, 1, 2)]
)


@settings(max_examples=40, deadline=None)
@given(LAYOUTS, st.sampled_from(["mixtral-8x7b", "deepseek-v3", "llama-4-maverick"]), st.integers(1, 4))
def test_layouts_only_move_arithmetic_around(layout: tuple[int, int, int], model: str, each: int) -> None:
    tp, dp, ep = layout
    batch = 8 * each
    one = workload_for(model, phase="prefill", batch=batch, input_len=1024)
    many = workload_for(model, phase="prefill", devices=tp * dp, tp=tp, dp=dp, ep=ep, batch=batch, input_len=1024)
    shared = find(model)
    # what tp does not divide (router, MLA's way down to the latent) is done on every device of a replica
    whole = shared.hidden * (shared.experts + shared.q_lora_rank + shared.kv_lora_rank + shared.qk_rope_dim)
    spare = 2.0 * batch * 1024 * shared.layers * whole * (tp - 1)
    low = total_flops(one, "prefill")
    assert low * 0.99 <= total_flops(many, "prefill") <= (low + spare) * 1.01


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 400), st.integers(1, 400), st.sampled_from(["llama-3-8b", "deepseek-v3", "gpt-oss-20b"]))
def test_more_tokens_never_need_less_memory_or_work(small: int, more: int, model: str) -> None:
    a = workload_for(model, phase="decode", batch=small, input_len=512)
    b = workload_for(model, phase="decode", batch=small + more, input_len=512)
    assert b.memory_bytes > a.memory_bytes
    if not find(
        model
    ).experts:  # with experts, rows are rounded up to the same number for each, so work is not monotone
        assert total_flops(b, "decode") > total_flops(a, "decode")
