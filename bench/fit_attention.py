"""Fits of attention kernels: pooled over the frameworks on H100 and on A100, and by framework on H100."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import tables
from solver import fit
from twokey.perf.fitted.attention import decode_attention_s, prefill_attention_s
from twokey.perf.fitted.chip import named

Groups = dict[str, dict[str, float]]
Found = dict[str, tuple[dict[str, float], str]]
FRAMEWORKS = ("trtllm", "sglang", "vllm")

DECODE = {
    "launch_us": 8.0,
    "dram_efficiency": 0.92,
    "cache_efficiency": 0.6,
    "cache_share": 0.7,
    "occupancy_exponent": 0.7,
    "keys_per_part": 256.0,
    "parts_per_core": 1.0,
    "round_cycles": 6000.0,
    "overlap": 1.6,
    "reduce_us": 0.4,
    "array_efficiency": 0.3,
    "least_rows": 16.0,
}
DECODE_BOUNDS = {
    "dram_efficiency": (0.5, 0.97),
    "cache_efficiency": (0.2, 1.0),
    "cache_share": (0.3, 1.0),
    "occupancy_exponent": (0.2, 1.2),
    "keys_per_part": (64.0, 1024.0),
    "parts_per_core": (0.3, 6.0),
    "overlap": (1.3, 6.0),
    "array_efficiency": (0.1, 1.0),
}
PREFILL = {
    "launch_us": 6.0,
    "array_efficiency": 0.6,
    "exponentials_per_clock": 16.0,
    "tile_cycles": 4000.0,
    "tail_share": 0.4,
    "power_share": 1.0,
    "dram_efficiency": 0.85,
}
PREFILL_BOUNDS = {
    "array_efficiency": (0.3, 1.0),
    "tail_share": (0.02, 2.0),
    "power_share": (0.5, 1.5),
    "launch_us": (1.5, 15.0),
}


def decode_residual(system: str, d: tables.Columns, c: dict[str, float]) -> NDArray[np.float64]:
    """Return log(predicted / measured) of decode attention rows."""
    predicted = decode_attention_s(
        named(tables.CHIPS[system]), c, d["batch"] * d["kv_heads"], d["heads"] / d["kv_heads"], d["context"]
    )
    return np.asarray(np.log(predicted / d["latency_s"]))


def decode_rows(system: str, framework: str, most: int = 2500) -> tables.Columns:
    """Return 16-bit rows of head width 128 without a window."""
    d = tables.decode(system, framework, kv_cache_dtype="bfloat16", head_dim=128)
    return tables.sample(tables.take(d, d["window"] == 0), most) if d else {}


def fit_decode(_known: Groups) -> Found:
    """Fit decode attention on all contexts, 16 bits, head width 128."""
    names = [k for k in DECODE if k not in ("array_efficiency", "least_rows", "cache_efficiency", "cache_share")]
    h100 = {f: decode_rows("h100_sxm", f) for f in FRAMEWORKS}
    a100 = [d for f in FRAMEWORKS if (d := decode_rows("a100_sxm", f))]
    found: Found = {}
    pooled = _pooled("h100_sxm", list(h100.values()), decode_residual, DECODE, names, DECODE_BOUNDS)
    found["decode-wide"] = (pooled, "fit-attention-h100")
    narrow = _pooled("a100_sxm", a100, decode_residual, DECODE, names, DECODE_BOUNDS)
    found["decode-narrow"] = (narrow, "fit-attention-a100")
    for f, d in h100.items():
        own = _pooled("h100_sxm", [d], decode_residual, pooled, names, DECODE_BOUNDS)
        found[f"decode-wide-{f}"] = (own, "fit-attention-h100")
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
    own = ["launch_us", "array_efficiency", "tile_cycles"]
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
    names = ["launch_us", "dram_efficiency", "occupancy_exponent", "keys_per_part", "overlap", "array_efficiency"]
    names += ["least_rows", "reduce_us", "round_cycles"]
    decode = [d for f in FRAMEWORKS if (d := tables.sample(tables.mla("h100_sxm", f, "generation"), 2500))]
    prefill = [d for f in FRAMEWORKS if (d := tables.sample(tables.mla("h100_sxm", f, "context"), 2500))]
    own = ["launch_us", "array_efficiency", "tile_cycles", "tail_share"]
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
