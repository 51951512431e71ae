"""Fits of attention kernels: pooled over the frameworks on H100 and on A100, and by framework on H100."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import tables
from fit_gemm import of_products
from solver import fit
from twokey.perf.fitted.attention import decode_attention_s, prefill_attention_s
from twokey.perf.fitted.chip import named
from twokey.perf.fitted.gemm import gemm_core_s
from twokey.workloads.recurrent import CHUNK

Groups = dict[str, dict[str, float]]
Found = dict[str, tuple[dict[str, float], str]]
FRAMEWORKS = ("trtllm", "sglang", "vllm")

DECODE = {
    "launch_us": 7.0,
    "dram_efficiency": 0.92,
    "cache_efficiency": 0.6,
    "cache_share": 0.7,
    "keys_per_part": 200.0,
    "block_keys": 400.0,
    "fill_rounds": 2.0,
    "overlap": 2.0,
    "split_us": 2.0,
    "part_us": 0.05,
    "array_efficiency": 0.3,
    "least_rows": 16.0,
}
DECODE_BOUNDS = {
    "dram_efficiency": (0.5, 0.97),
    "cache_efficiency": (0.4, 1.0),
    "keys_per_part": (32.0, 1024.0),
    "block_keys": (20.0, 2000.0),
    "fill_rounds": (0.1, 10.0),
    "overlap": (1.2, 8.0),
    "array_efficiency": (0.1, 1.0),
    "split_us": (0.01, 8.0),
    "part_us": (0.001, 1.0),
}
MOST_ROWS = 32.0
"""Query heads for a KV head that the grouped kernels of TensorRT-LLM take; more go to a kernel for single heads."""

PREFILL = {
    "launch_us": 6.0,
    "array_efficiency": 0.6,
    "exponentials_per_clock": 16.0,
    "tile_cycles": 4000.0,
    "tail_share": 0.4,
    "power_share": 1.0,
    "dram_efficiency": 0.85,
    "append_passes": 1.5,
    "ends_rate": 0.3,
}
PREFILL_BOUNDS = {
    "array_efficiency": (0.3, 1.0),
    "tail_share": (0.01, 2.0),
    "power_share": (0.5, 1.5),
    "launch_us": (1.5, 15.0),
    "append_passes": (0.05, 6.0),
    "ends_rate": (0.03, 2.0),
}


def decode_residual(system: str, d: tables.Columns, c: dict[str, float]) -> NDArray[np.float64]:
    """Return log(predicted / measured) of decode attention rows."""
    return np.asarray(_decode_log_s(d, c, system) - np.log(d["latency_s"]))


def _decode_log_s(d: tables.Columns, c: dict[str, float], system: str = "h100_sxm") -> NDArray[np.float64]:
    problems, rows, width = d["batch"] * d["kv_heads"], d["heads"] / d["kv_heads"], d["head_dim"]
    chip = named(tables.CHIPS[system])
    return np.log(decode_attention_s(chip, c, problems, rows, d["context"], d_qk=width, d_v=width, kv_width=2 * width))


def decode_rows(system: str, framework: str, most: int = 2500) -> tables.Columns:
    """Return 16-bit rows without a window: half of head width 128, half of widths 64, 192 and 256."""
    d = tables.decode(system, framework, kv_cache_dtype="bfloat16")
    if not d:
        return {}
    d = tables.take(d, (d["window"] == 0) & (d["head_dim"] <= 256))
    usual = d["head_dim"] == 128
    parts = [tables.sample(tables.take(d, keep), most // 2) for keep in (usual, ~usual) if keep.any()]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def fit_decode(_known: Groups) -> Found:
    """Fit decode attention on all contexts and usual head widths, 16 bits; paired cores get the fastest of H100."""
    names = [k for k in DECODE if k not in ("least_rows", "cache_share")]
    h100 = {f: decode_rows("h100_sxm", f) for f in FRAMEWORKS}
    a100 = [decode_rows("a100_sxm", "vllm")]  # SGLang's there reach half of the bandwidth, and 0.8 on other chips
    single = {"most_rows": MOST_ROWS, "lane_cycles": 8.0}
    found: Found = {}
    grouped = {
        f: tables.take(d, d["heads"] <= MOST_ROWS * d["kv_heads"]) if f == "trtllm" else d for f, d in h100.items()
    }
    pooled = _pooled("h100_sxm", list(grouped.values()), decode_residual, DECODE, names, DECODE_BOUNDS)
    found["decode-wide"] = (pooled, "fit-attention-h100")
    narrow = _pooled("a100_sxm", a100, decode_residual, DECODE, names, DECODE_BOUNDS)
    found["decode-narrow"] = (narrow, "fit-attention-a100")
    own = {}
    for f, d in h100.items():
        start, some = (DECODE | single, [*names, "lane_cycles"]) if f == "trtllm" else (DECODE, names)
        own[f] = _pooled("h100_sxm", [d], decode_residual, start, some, DECODE_BOUNDS)
        found[f"decode-wide-{f}"] = (own[f], "fit-attention-h100")
    mean = {f: np.mean([np.mean(_decode_log_s(d, own[f])) for d in grouped.values()]) for f in FRAMEWORKS}
    found["decode-paired"] = (own[min(mean, key=lambda f: mean[f])], "assumption-generated-kernels")
    found["decode-paired-trtllm"] = ({k: own["trtllm"][k] for k in single}, "fit-attention-h100")
    return found


def _pooled(
    system: str,
    data: Sequence[tables.Columns],
    residual: Any,
    start: dict[str, float],
    names: Sequence[str],
    bounds: dict[str, tuple[float, float]],
    fixed: dict[str, float] | None = None,
) -> dict[str, float]:
    held = dict(start)

    def together(v: dict[str, float]) -> NDArray[np.float64]:
        return np.concatenate([residual(system, d, held | (fixed or {}) | v) for d in data])

    v, loss = fit(together, {n: start[n] for n in names}, bounds)
    print(f"  {system} {len(data)} tables: loss {loss:.2f}")
    return held | v


def prefill_residual(system: str, d: tables.Columns, c: dict[str, float]) -> NDArray[np.float64]:
    """Return log(predicted / measured) of prefill attention rows."""
    chip = named(tables.CHIPS[system])
    predicted = prefill_attention_s(chip, c, d["batch"], d["context"], d["heads"], d["kv_heads"])
    return np.asarray(np.log(predicted / d["latency_s"]))


def prefill_rows(system: str, framework: str, most: int = 2500) -> tables.Columns:
    """Return 16-bit rows of head width 128 without a window."""
    d = tables.prefill(system, framework, kv_cache_dtype="bfloat16", attn_dtype="bfloat16", head_dim=128)
    return tables.sample(tables.take(d, d["window"] == 0), most) if d else {}


def fit_prefill(known: Groups) -> Found:
    """Fit prefill attention, 16 bits, head width 128."""
    names = [k for k in PREFILL if k not in ("dram_efficiency", "exponentials_per_clock")]
    own = ["launch_us", "array_efficiency", "tile_cycles", "append_passes"]
    h100 = {f: prefill_rows("h100_sxm", f) for f in FRAMEWORKS}
    a100 = [d for f in FRAMEWORKS if (d := prefill_rows("a100_sxm", f))]
    power, found = known["power"], Found()
    # tail and power are common to the kernels: fitted with an efficiency and fixed cycles for each
    start = {n: PREFILL[n] for n in names if n not in own} | {f"{f}:{n}": PREFILL[n] for f in h100 for n in own}

    def together(v: dict[str, float]) -> NDArray[np.float64]:
        out = []
        for f, d in h100.items():
            c = PREFILL | power | {k.removeprefix(f + ":"): x for k, x in v.items()}
            out.append(prefill_residual("h100_sxm", d, c))
        return np.concatenate(out)

    bounds = PREFILL_BOUNDS | {f"{f}:{n}": PREFILL_BOUNDS[n] for f in h100 for n in own if n in PREFILL_BOUNDS}
    v, loss = fit(together, start, bounds)
    print(f"  h100_sxm by framework: loss {loss:.2f}")
    common = PREFILL | {n: v[n] for n in names if n not in own}
    for f in h100:
        found[f"prefill-wide-{f}"] = (common | {n: v[f"{f}:{n}"] for n in own}, "fit-attention-h100")
    pooled = _pooled("h100_sxm", list(h100.values()), prefill_residual, common, own, PREFILL_BOUNDS, power)
    found["prefill-wide"] = (pooled, "fit-attention-h100")
    narrow = _pooled("a100_sxm", a100, prefill_residual, PREFILL, names, PREFILL_BOUNDS, power)
    found["prefill-narrow"] = (narrow, "fit-attention-a100")
    return found


def mla_decode_residual(system: str, d: tables.Columns, c: dict[str, float]) -> NDArray[np.float64]:
    """Return log(predicted / measured) of decode attention over a latent cache of 512 + 64 elements."""
    predicted = decode_attention_s(
        named(tables.CHIPS[system]), c, d["batch"], d["heads"], d["context"], d_qk=576, d_v=512, kv_width=576
    )
    return np.asarray(np.log(predicted / d["latency_s"]))


def mla_prefill_residual(system: str, d: tables.Columns, c: dict[str, float]) -> NDArray[np.float64]:
    """Return log(predicted / measured) of prefill attention with expanded keys of 192 and values of 128."""
    chip = named(tables.CHIPS[system])
    predicted = prefill_attention_s(chip, c, d["batch"], d["context"], d["heads"], d["heads"], d_qk=192, d_v=128)
    return np.asarray(np.log(predicted / d["latency_s"]))


def fit_mla(known: Groups) -> Found:
    """Fit both forms of MLA on H100."""
    names = [k for k in DECODE if k != "cache_share"]
    decode = [d for f in FRAMEWORKS if (d := tables.sample(tables.mla("h100_sxm", f, "generation"), 2500))]
    prefill = [d for f in FRAMEWORKS if (d := tables.sample(tables.mla("h100_sxm", f, "context"), 2500))]
    own = ["launch_us", "array_efficiency", "tile_cycles", "tail_share", "append_passes"]
    start = dict(known["decode-wide"].items()) | {"array_efficiency": 0.5, "least_rows": 64.0}
    bounds = DECODE_BOUNDS | {"least_rows": (8.0, 128.0)}
    return {
        "decode-mla": (_pooled("h100_sxm", decode, mla_decode_residual, start, names, bounds), "fit-mla-h100"),
        "prefill-mla": (
            _pooled(
                "h100_sxm", prefill, mla_prefill_residual, known["prefill-wide"], own, PREFILL_BOUNDS, known["power"]
            ),
            "fit-mla-h100",
        ),
    }


def fit_state(known: Groups) -> Found:
    """Fit prompts through a gated delta rule: a fixed time, and the pace of its products beside dense ones, on H100."""
    chip, c = named("nvidia-h100"), of_products(known, "wide")
    data = []
    for f in FRAMEWORKS:
        found = tables.where(tables.rows("h100_sxm", f, "gdn"), phase="context")
        d = tables.sample(tables.take(found, np.array(["chunk" in k for k in found["kernel_source"]])), 300)
        heads, length, sequences = (d[n].astype(float) for n in ("num_v_heads", "seq_len", "batch_size"))
        width, value, chunk = d["head_k_dim"].astype(float), d["head_v_dim"].astype(float), np.minimum(CHUNK, length)
        depth = np.ceil((chunk * (3 * width + 2 * value) + 3 * width * value) / value)
        count = sequences * np.ceil(length / chunk) * heads
        core = gemm_core_s(chip, c, chunk, value, depth, batch=count)
        data.append((core, d["latency_s"]))

    def one(some: list[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> dict[str, float]:
        def residual(v: dict[str, float]) -> NDArray[np.float64]:
            return np.concatenate([np.log((v["fixed_us"] * 1e-6 + v["pace"] * core) / t) for core, t in some])

        return fit(residual, {"fixed_us": 10.0, "pace": 1.0})[0]

    each = {f"state-{f}": (one([d]), "fit-state-h100") for f, d in zip(FRAMEWORKS, data, strict=True)}
    return {"state": (one(data), "fit-state-h100")} | each
