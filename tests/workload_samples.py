"""Workloads built by hand for the tests of perf and search."""

from __future__ import annotations

from twokey.workloads.operators import Attention, Collective, Gemm, Operator, Phase, Software, Vector
from twokey.workloads.workload import Workload


def _gpt3_layer(tokens: int, queries: int, keys: int) -> tuple[Operator, ...]:
    d, t = 12288, tokens
    return (
        Gemm("qkv", t, 9216, d),
        Gemm("scores", queries, keys, 128, batch=192),
        Gemm("sums", queries, 128, keys, batch=192),
        Gemm("out", t, d, 3072),
        Gemm("up", t, d, d),
        Gemm("down", t, d, d),
        Vector("softmax", 192 * queries * keys, 7, 4),
        Vector("layernorm", t * d, 8, 4, count=2),
        Vector("activation", t * d, 10, 4),
        Vector("residual", t * d, 1, 6, count=2),
        Collective("all-reduce", "all-reduce", 2.0 * t * d, 4, 1000.0, count=2),
    )


GPT3 = Workload(
    "gpt3-sample",
    "gpt3-175b",
    "ttft",
    Phase("prefill", _gpt3_layer(8 * 2048, 2048, 2048)),
    Phase("decode", _gpt3_layer(8, 1, 3072)),
    256,
    115.96e9,
    4,
    8,
    2048,
    train=Phase("train", _gpt3_layer(2048, 2048, 2048)),
    steps=1000.0,
)


def _moe(tokens: int, rows: int, context: int, share: float, problems: int) -> tuple[Operator, ...]:
    return (
        Gemm("q", tokens, 1536, 7168, a_bytes=1, b_bytes=1, math_bits=8, count=61),
        Gemm("absorb", tokens, 512, 128, batch=128, count=61),
        Attention("mla", problems, rows, context, share, 576, 512, 576, kv_bytes=1, count=61),
        Gemm("experts up", max(1, tokens // 4), 4096, 7168, batch=9, a_bytes=1, b_bytes=1, math_bits=8, count=58),
        Gemm("experts down", max(1, tokens // 4), 7168, 2048, batch=9, a_bytes=1, b_bytes=1, math_bits=8, count=58),
        Vector("norm", tokens * 7168, 8, 4, count=122),
        Collective("dispatch", "all-to-all", tokens * 8 * 7168.0, 32, 5000.0, count=58),
        Collective("combine", "all-to-all", tokens * 8 * 7168 * 2.0, 32, 5000.0, count=58),
    )


STACK = Software("sample", array=0.87, cache=3.0, dram=0.77, link=0.63)

MOE = Workload(
    "moe-sample",
    "moe",
    "tpot",
    Phase("prefill", _moe(4096, 128 * 4096, 4096, 0.5, 1), launch_ns=1500.0, software=STACK),
    Phase("decode", _moe(64, 128, 4096, 1.0, 64), launch_ns=1500.0, software=STACK),
    512,
    60e9,
    32,
    2048,
    4096,
    train=Phase("train", _moe(2048, 128 * 2048, 2048, 0.5, 1), launch_ns=1500.0),
    steps=2000.0,
)


def _dense(tokens: int, rows: int, context: int, share: float, problems: int) -> tuple[Operator, ...]:
    return (
        Gemm("qkv", tokens, 1280, 8192, count=80),
        Attention("gqa", problems, rows, context, share, 128, 128, 256, count=80),
        Gemm("out", tokens, 8192, 1024, count=80),
        Gemm("gate-up", tokens, 7168, 8192, count=80),
        Gemm("down", tokens, 8192, 3584, count=80),
        Vector("norm", tokens * 8192, 8, 4, count=160),
        Collective("all-reduce", "all-reduce", tokens * 8192 * 2.0, 8, 3000.0, count=160),
    )


DENSE = Workload(
    "dense-sample",
    "dense",
    "ttft",
    Phase("prefill", _dense(4096, 8 * 4096, 4096, 0.5, 1), launch_ns=1500.0),
    Phase("decode", _dense(32, 8, 4300, 1.0, 32), launch_ns=1500.0),
    300,
    30e9,
    8,
    32,
    4096,
    train=Phase("train", _dense(8192, 8 * 8192, 8192, 0.5, 1), launch_ns=1500.0),
    steps=3000.0,
)

ALL = (GPT3, MOE, DENSE)
