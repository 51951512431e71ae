"""Fits of experts, all-reduce and vector kernels, and of the host gaps of eager timing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

import tables
from fit_gemm import of_products
from printed import layer_products, printed
from solver import fit
from twokey.perf.fitted import vector
from twokey.perf.fitted.chip import named
from twokey.perf.fitted.collective import library_all_reduce_s, one_or_two_shot_s, one_pass_s
from twokey.perf.fitted.gemm import gemm_core_s
from twokey.perf.fitted.moe import expert_rows, moe_layer_s
from twokey.perf.fitted.operators import DTYPES

Groups = dict[str, dict[str, float]]
Found = dict[str, tuple[dict[str, float], str]]
FRAMEWORKS = ("trtllm", "sglang", "vllm")
MOE = {
    "fixed_us": 25.0,
    "sort_us": 1.0,
    "expert_array_efficiency": 0.6,
    "expert_dram_efficiency": 0.8,
    "row_passes": 1.5,
}
LANES = 8.0
LAUNCHES = 5
"""Kernels of a fused layer of experts: routing, permuting, two products, adding up."""
WEIGHT_BLOCK = 128.0
"""Rows of weights that the arrays of paired cores take at once, and of a block in which the fused layer holds them."""
KERNELS = {"triton": ("triton", "vllm_fused_moe"), "cutlass": ("cutlass", "moe_torch_flow"), "fused": ("trtllm_",)}
"""Words of a table's column kernel_source by kernel."""
MOE_BOUNDS = {
    "expert_array_efficiency": (0.1, 1.0),
    "expert_dram_efficiency": (0.4, 0.97),
    "row_passes": (0.3, 8.0),
}
LIBRARY = {"start_us": 5.0, "step_us": 1.8, "ring_efficiency": 0.8, "pipeline": 0.5}
KERNEL = {"one_us": 2.5, "one_step_us": 0.15, "one_efficiency": 0.6, "two_us": 5.0, "two_step_us": 0.3}
KERNEL |= {"two_efficiency": 0.6}
KERNEL_BOUNDS = {"one_efficiency": (0.2, 1.0), "two_efficiency": (0.2, 1.0), "two_us": (2.0, 20.0)}


EIGHT_BIT = {"trtllm": "fp8", "sglang": "fp8_block", "vllm": "fp8_block"}
"""The 8-bit type of each framework's tables that its served models use."""


WIDTHS = {16: DTYPES["bf16"].bytes, 8: DTYPES["fp8"].bytes, 4: DTYPES["nvfp4"].bytes}
"""Width of an element by that of the products [byte]."""


def moe_rows(system: str, framework: str, dtype: str, most: int, seed: int = 0) -> tables.Columns:
    """Return rows of a MoE table of one precision, as many as asked.

    Rows of SGLang's FlashInfer CUTLASS kernel are left out: it takes three times the time of its weights' traffic.
    """
    d = tables.where(tables.rows(system, framework, "moe"), moe_dtype=dtype)
    if not d or "kernel_source" not in d:
        return {}
    return tables.sample(tables.take(d, d["kernel_source"] != "sglang_flashinfer_cutlass_moe"), most, seed)


def by_kernel(d: tables.Columns) -> dict[str, tables.Columns]:
    """Return the rows of each of the kernels that a MoE table holds."""
    parts = {}
    for kernel, words in KERNELS.items():
        keep = np.array([any(w in source for w in words) for source in d["kernel_source"]])
        if keep.any():
            parts[kernel] = tables.take(d, keep)
    return parts


def moe_times(
    system: str, d: tables.Columns, c: dict[str, float], bits: int = 16, kernel: str | None = None
) -> NDArray[np.float64]:
    """Return the predicted time of each row of a MoE table [s]."""
    chip, out, width = named(tables.CHIPS[system]), [], WIDTHS[bits]
    chip = chip.unpaired() if kernel == "triton" else chip
    names = ("num_tokens", "hidden_size", "inter_size", "topk", "num_experts", "moe_tp_size", "moe_ep_size")
    for row in zip(*(d[n] for n in names), d["distribution"], d["kernel_source"], strict=True):
        tokens, hidden, inter, topk, experts, tp, ep = (int(v) for v in row[:7])
        rows = expert_rows(tokens, topk, experts, ep, str(row[7]).replace("_", "-"))
        out.append(
            moe_layer_s(
                chip,
                c,
                rows,
                hidden=hidden,
                inter=inter / tp,
                tokens=tokens,
                topk=topk,
                weight_bytes=width,
                operand_bytes=width,
                rate=chip.rate(bits),
                matrices=2 if "nongated" in row[8] else 3,
            )
        )
    return np.array(out)


def fit_moe(known: Groups) -> Found:
    """Fit the fixed time and the efficiencies of grouped products: H100 and A100 by class, H100 by framework.

    Rows in 8 bits of a framework with two kernels are fitted together and by kernel.
    """
    found: Found = {}
    for kind, system in (("wide", "h100_sxm"), ("narrow", "a100_sxm")):
        base = of_products(known, kind)
        data = {f: d for f in FRAMEWORKS if (d := moe_rows(system, f, "bfloat16", 700))}
        found[f"moe-{kind}"] = (_moe(system, base, list(data.values())), f"fit-moe-{system[:4]}")
        if kind == "wide":
            narrow = {f: moe_rows(system, f, dtype, 700) for f, dtype in EIGHT_BIT.items()}
            for f in FRAMEWORKS:
                found[f"moe-{kind}-{f}"] = (_moe(system, base, [data[f]]), "fit-moe-h100")
                found[f"moe8-{kind}-{f}"] = (_moe(system, base, [narrow[f]], 8), "fit-moe8-h100")
                parts = by_kernel(moe_rows(system, f, EIGHT_BIT[f], 1400))
                for kernel, d in parts.items() if len(parts) > 1 else ():
                    found[f"moe8-{kind}-{f}-{kernel}"] = (_moe(system, base, [d], 8), "fit-moe8-h100")
            found[f"moe8-{kind}"] = (_moe(system, base, list(narrow.values()), 8), "fit-moe8-h100")
    return found | _fused(known, found)


def _fused(known: Groups, found: Found) -> Found:
    """Return what the fused layer of paired cores is taken to be, from values fitted on H100.

    In 16 bits: the launches of its kernels, sorting and passes over rows as in TensorRT-LLM's layer, from whose maker
    it is, and the arrays of the best products. In 8 bits with scales by block it quantises and activates in kernels of
    their own, as SGLang's layer does, and is taken as that.
    """
    maker = found["moe-wide-trtllm"][0]
    own = {
        "fixed_us": LAUNCHES * known["launch"]["launch_us"],
        "sort_us": maker["sort_us"],
        "row_passes": maker["row_passes"],
        "expert_array_efficiency": max(found[f"moe-wide-{f}"][0]["expert_array_efficiency"] for f in FRAMEWORKS),
        "weight_block": WEIGHT_BLOCK,
    }
    eight = found["moe8-wide-sglang"][0] | {"weight_block": WEIGHT_BLOCK}
    return {
        "moe-paired": (own, "assumption-fused-experts"),
        "moe8-paired": (eight, "assumption-fused-experts"),
    }


def _moe(system: str, base: dict[str, float], data: list[tables.Columns], bits: int = 16) -> dict[str, float]:
    """Fit one kind of kernel; of 8-bit ones the lanes' work of scaling, not the arrays' efficiency."""
    start, fixed = dict(MOE), {}
    if bits == 8:
        fixed["expert_array_efficiency"] = base["array_efficiency"]
        start = {k: v for k, v in start.items() if k not in fixed} | {"scale_lanes": LANES}

    def residual(v: dict[str, float]) -> NDArray[np.float64]:
        c = base | fixed | v
        return np.concatenate([np.log(moe_times(system, d, c, bits) / d["latency_s"]) for d in data])

    v, loss = fit(residual, start, MOE_BOUNDS, 12)
    print(f"  moe {system}: loss {loss:.2f}")
    return fixed | v


def fit_all_reduce(_known: Groups) -> Found:
    """Fit NCCL on both chips (with the rows LLMCompass printed for four A100), and the frameworks' own kernels."""
    shapes, measured = printed("allreduce")
    four = {"devices": np.full(len(measured), 4.0), "bytes": shapes[:, 0], "latency_s": measured}
    found: Found = {}
    for kind, system in (("wide", "h100_sxm"), ("narrow", "a100_sxm")):
        start = LIBRARY | ({"switch_efficiency": 0.66} if kind == "wide" else {})
        data = [tables.all_reduce(system), *([four] if kind == "narrow" else [])]
        library = _link_fit(library_all_reduce_s, system, data, start, {})
        found[f"all-reduce-library-{kind}"] = (library, f"fit-nccl-{system[:4]}")
        passes = [tables.one_pass(system, name) for name in ("all_gather", "reduce_scatter", "alltoall")]
        found[f"one-pass-library-{kind}"] = (
            _link_fit(one_pass_s, system, passes, LIBRARY, {}),
            f"fit-nccl-{system[:4]}",
        )
        own = {f: tables.all_reduce(system, f) for f in FRAMEWORKS}
        own = {f: tables.take(d, d["bytes"] <= 8e6) for f, d in own.items()}
        name, source = f"all-reduce-kernel-{kind}", f"fit-kernel-{system[:4]}"
        found[name] = (_link_fit(one_or_two_shot_s, system, list(own.values()), KERNEL, KERNEL_BOUNDS), source)
        if kind == "wide":
            for f, d in own.items():
                found[f"{name}-{f}"] = (_link_fit(one_or_two_shot_s, system, [d], KERNEL, KERNEL_BOUNDS), source)
    return found


def _link_fit(
    call: Callable[..., NDArray[np.float64]],
    system: str,
    data: list[tables.Columns],
    start: dict[str, float],
    bounds: dict[str, tuple[float, float]],
) -> dict[str, float]:
    chip = named(tables.CHIPS[system])

    def residual(v: dict[str, float]) -> NDArray[np.float64]:
        return np.concatenate([np.log(call(chip, v, d["devices"], d["bytes"]) / d["latency_s"]) for d in data])

    return fit(residual, start, bounds)[0]


def fit_vector(known: Groups) -> Found:
    """Fit vector kernels and host gaps on the operators LLMCompass printed for one A100, timed eagerly.

    Eager time of a compiled call: max(whole gap, gap before the launch + kernel); of a plain call: gap + kernel.
    """
    chip = named("nvidia-a100")
    softmax, softmax_s = printed("softmax")
    norm, norm_s = printed("layernorm")
    gelu, gelu_s = printed("gelu")
    matmul, matmul_s = printed("matmul")
    c = of_products(known, "narrow")
    launch = known["launch"]["launch_us"]
    layer, layer_s = layer_products()
    core = launch * 1e-6 + gemm_core_s(chip, c, *np.concatenate([matmul, layer]).T)
    matmul_s = np.concatenate([matmul_s, layer_s])

    def residual(v: dict[str, float]) -> NDArray[np.float64]:
        k = v | {"launch_us": launch}
        gap = v["compiled_gap_us"] * 1e-6
        whole = gap + v["compiled_rest_us"] * 1e-6
        return np.concatenate(
            [
                np.log(
                    (v["plain_gap_us"] * 1e-6 + vector.softmax_s(chip, k, softmax[:, 0], softmax[:, 1])) / softmax_s
                ),
                np.log(np.maximum(whole, gap + vector.layernorm_s(chip, k, norm[:, 0], norm[:, 1])) / norm_s),
                np.log(np.maximum(whole, gap + vector.gelu_s(chip, k, gelu[:, 0])) / gelu_s),
                np.log((v["product_gap_us"] * 1e-6 + core) / matmul_s),
            ]
        )

    start = {"dram_efficiency": 0.82, "softmax_lanes": 38.0, "plain_gap_us": 10.0, "product_gap_us": 20.0}
    v, loss = fit(residual, start | {"row_share": 0.11, "compiled_gap_us": 36.0, "compiled_rest_us": 12.0})
    print(f"  vector: loss {loss:.3f}")
    gaps = {k: x for k, x in v.items() if "gap" in k or "rest" in k}
    return {
        "vector": ({"launch_us": launch} | {k: x for k, x in v.items() if k not in gaps}, "fit-eager-a100"),
        "host": (gaps, "fit-eager-a100"),
    }
