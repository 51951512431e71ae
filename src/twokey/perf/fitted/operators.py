"""Latencies of single operators on a real chip, many at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twokey.perf.fitted import vector
from twokey.perf.fitted.attention import decode_attention_s, prefill_attention_s
from twokey.perf.fitted.chip import RealChip
from twokey.perf.fitted.coefficients import FRAMEWORKS, Coefficients, read
from twokey.perf.fitted.collective import library_all_reduce_s
from twokey.perf.fitted.gemm import gemm_core_s
from twokey.perf.fitted.moe import ROUTINGS, expert_rows, moe_layer_s
from twokey.quantities.problem import Problem

__all__ = ["DTYPES", "OPERATORS", "TIMINGS", "Dtype", "check_case", "matmul_s", "operator_latencies", "quantise_s"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Dtype:
    """Width of an element of weights and operands [byte], and the products' width [bit]; integers or floats."""

    bytes: float
    bits: int
    integer: bool = False


DTYPES = {
    "bf16": Dtype(2.0, 16),
    "fp16": Dtype(2.0, 16),
    "fp8": Dtype(1.0, 8),
    "int8": Dtype(1.0, 8, True),
    "fp4": Dtype(0.5625, 4),
    "nvfp4": Dtype(0.5625, 4),
}
"""Types of elements; four-bit elements come with a scale of one byte for sixteen."""

OPERATORS = {
    "matmul": ("M", "N", "K"),
    "softmax": ("M", "N"),
    "layernorm": ("M", "N"),
    "gelu": ("n",),
    "decode-attention": ("batch", "context", "heads", "kv_heads", "head_dim"),
    "prefill-attention": ("batch", "seq", "heads", "kv_heads", "head_dim"),
    "moe": ("tokens", "hidden", "inter", "topk", "experts", "tp", "ep"),
    "allreduce": ("devices", "bytes"),
}
"""Operators and what the numbers of their shapes are."""

TIMINGS = ("kernel", "eager")
DEFAULT_ROUTING = "power-law-1.01"
"""Routing where none is said: real routers are skewed. An assumption."""

_COMPILED = ("layernorm", "gelu")


def matmul_s(
    chip: RealChip,
    fitted: Coefficients,
    shapes: Floats,
    dtype: Dtype,
    *,
    framework: str | None = None,
    batch: float = 1.0,
) -> Floats:
    """Return the time of matrix products with the launch, and with quantising the left operand where they are narrow.

    Parameters
    ----------
    shapes : (cases, 3): m, n, k [1]
    framework : whose quantising kernel runs; the middle of those known where not given
    """
    c = fitted.gemm(chip.wide)
    m, n, k = shapes.T
    narrow = dtype.bits < 16
    core = gemm_core_s(
        chip,
        c,
        m,
        n,
        k,
        batch=batch,
        a_bytes=dtype.bytes,
        b_bytes=dtype.bytes,
        rate=chip.rate(dtype.bits, dtype.integer),
        splits=not narrow or framework == "trtllm",
    )
    time = c["launch_us"] * 1e-6 + core
    if narrow:
        names = [framework] if framework else FRAMEWORKS
        share = fitted.groups["quantise-four"]["lane_share"] if dtype.bits == 4 else 1.0
        each = [quantise_s(chip, c, fitted.groups[f"quantise-{name}"], m * k, share) for name in names]
        time = time + np.median(each, axis=0)
    return np.asarray(time)


def quantise_s(
    chip: RealChip, c: dict[str, float], q: dict[str, float], elements: Floats, lane_share: float = 1.0
) -> Floats:
    """Return the time to narrow a left operand of this many elements, its launch included [s].

    Notes
    -----
    Two bytes are read and one is written for each; the lanes spend `lane_cycles` on its scale and its rounding. The
    measured kernels take two to four times what their bytes need, so that memory is not what bounds them. Four-bit
    elements share a scale among sixteen, which one thread holds, and are rounded by an instruction: `lane_share`.
    """
    moved = 3.0 * elements / (c["dram_efficiency"] * chip.dram_Bps)
    lanes = lane_share * q["lane_cycles"] * elements / (chip.cores * chip.lanes * chip.clock_Hz)
    return np.asarray(q["fixed_us"] * 1e-6 + moved + lanes)


def _class(chip: RealChip) -> str:
    return "wide" if chip.wide else "narrow"


def _attention(decode: bool, chip: RealChip, fitted: Coefficients, s: Floats, d: Dtype, fw: str | None) -> Floats:
    c = fitted.decode(chip.wide, fw, chip.pairs) if decode else fitted.prefill(chip.wide, fw)
    out = np.empty(len(s))
    for width in np.unique(s[:, 4]):
        at = s[:, 4] == width
        batch, length, heads, kv, _ = s[at].T
        if decode:
            out[at] = decode_attention_s(
                chip, c, batch * kv, heads / kv, length, d_qk=width, d_v=width, kv_width=2 * width, kv_bytes=d.bytes
            )
        else:
            out[at] = prefill_attention_s(
                chip, c, batch, length, heads, kv, d_qk=width, d_v=width, width_bytes=d.bytes, rate=chip.rate(d.bits)
            )
    return out


def _moe(chip: RealChip, fitted: Coefficients, s: Floats, d: Dtype, fw: str | None, routing: str) -> Floats:
    chip = chip.with_integers() if d.integer else chip
    c = fitted.experts(chip.wide, fw, d.bits, chip.pairs)
    out = []
    for row in s:
        tokens, hidden, inter, topk, experts, tp, ep = (int(v) for v in row)
        held = expert_rows(tokens, topk, experts, ep, routing)
        out.append(
            moe_layer_s(
                chip,
                c,
                held,
                hidden=hidden,
                inter=inter / tp,
                tokens=tokens,
                topk=topk,
                weight_bytes=d.bytes,
                operand_bytes=d.bytes,
                rate=chip.rate(d.bits, d.integer),
            )
        )
    return np.array(out)


def _one_kind(
    chip: RealChip, fitted: Coefficients, operator: str, s: Floats, d: Dtype, fw: str | None, routing: str
) -> Floats:
    plain = fitted.groups["vector"]
    if operator == "matmul":
        return matmul_s(chip, fitted, s, d, framework=fw)
    if operator == "softmax":
        return vector.softmax_s(chip, plain, s[:, 0], s[:, 1], d.bytes)
    if operator == "layernorm":
        return vector.layernorm_s(chip, plain, s[:, 0], s[:, 1], d.bytes)
    if operator == "gelu":
        return vector.gelu_s(chip, plain, s[:, 0], d.bytes)
    if operator == "decode-attention":
        return _attention(True, chip, fitted, s, d, fw)
    if operator == "prefill-attention":
        return _attention(False, chip, fitted, s, d, fw)
    if operator == "moe":
        return _moe(chip, fitted, s, d, fw, routing)
    return library_all_reduce_s(chip, fitted.groups[f"all-reduce-library-{_class(chip)}"], s[:, 0], s[:, 1])


def _eager(operator: str, kernel: Floats, host: dict[str, float]) -> Floats:
    """Add the host gap: a compiled call's host works on while the kernel runs; other calls wait for it."""
    if operator in _COMPILED:
        gap = host["compiled_gap_us"] * 1e-6
        return np.asarray(np.maximum(gap + kernel, gap + host["compiled_rest_us"] * 1e-6))
    if operator == "allreduce":
        return kernel  # the start-up of a library holds it
    return np.asarray(kernel + host["product_gap_us" if operator == "matmul" else "plain_gap_us"] * 1e-6)


def operator_latencies(
    chip: RealChip,
    cases: Iterable[tuple[str, str, Sequence[float]]],
    *,
    timing: str = "kernel",
    framework: str | None = None,
    routing: str = DEFAULT_ROUTING,
) -> Floats:
    """Return the latency of each operator on a chip.

    Parameters
    ----------
    cases : (operator, dtype, numbers of the shape), operators as in `OPERATORS`, types as in `DTYPES`
    timing : "kernel" with its launch, or "eager" with the host gap of an eager framework added
    framework : whose kernels run, of `coefficients.FRAMEWORKS`; kernels fitted on all of them where not given
    routing : how tokens choose experts, of `moe.ROUTINGS`

    Returns
    -------
    ndarray, (cases,) [s]

    Raises
    ------
    Problem
        If an operator, type, timing, framework or routing is not known, or a shape does not fit its operator.

    Examples
    --------
    >>> from twokey.perf.fitted.chip import named
    >>> t = operator_latencies(named("nvidia-h200"), [("matmul", "bf16", (4096, 4096, 4096)), ("gelu", "fp16", (1e6,))])
    >>> [bool(1e-6 < v < 1e-3) for v in t]
    [True, True]
    >>> operator_latencies(named("nvidia-h200"), [("gelu", "fp16", (2, 3))])
    Traceback (most recent call last):
    twokey.quantities.problem.Problem: case 1: got 2 numbers for gelu; needed n. To mend it: ...
    """
    for option, value, allowed in (("--timing", timing, TIMINGS), ("--routing", routing, ROUTINGS)):
        if value not in allowed:
            raise Problem(option, repr(value), "one of " + ", ".join(allowed), "write one of the words listed")
    if framework is not None and framework not in FRAMEWORKS:
        raise Problem("--framework", repr(framework), "one of " + ", ".join(FRAMEWORKS), "leave it out, or write one")
    fitted = read()
    kinds: dict[tuple[str, str], list[tuple[int, Sequence[float]]]] = {}
    number = 0
    for number, (operator, dtype, shape) in enumerate(cases, 1):
        kinds.setdefault((operator, dtype), []).append(
            (number - 1, check_case(f"case {number}", operator, dtype, shape))
        )
    out = np.empty(number)
    for (operator, dtype), found in kinds.items():
        shapes = np.array([shape for _, shape in found], dtype=np.float64)
        time = _one_kind(chip, fitted, operator, shapes, DTYPES[dtype], framework, routing)
        out[[at for at, _ in found]] = _eager(operator, time, fitted.groups["host"]) if timing == "eager" else time
    return out


def check_case(where: str, operator: str, dtype: str, shape: Sequence[float]) -> Sequence[float]:
    """Return the shape, having refused an operator, type or shape that cannot be.

    Raises
    ------
    Problem
        With the place, what was given, what was needed and how to mend it.
    """
    if operator not in OPERATORS:
        raise Problem(where, repr(operator), "one of " + ", ".join(OPERATORS), "write one of the words listed")
    if dtype not in DTYPES:
        raise Problem(where, repr(dtype), "one of " + ", ".join(DTYPES), "write one of the words listed")
    names = OPERATORS[operator]
    if len(shape) != len(names):
        raise Problem(where, f"{len(shape)} numbers for {operator}", " x ".join(names), "write the shape like 8x16")
    for name, value in zip(names, shape, strict=True):
        if not (np.isfinite(value) and value >= 1 and value == int(value)):
            raise Problem(where, f"{name} {value:g}", "a whole number of at least 1", "write digits only")
    values = dict(zip(names, shape, strict=True))
    if operator.endswith("attention") and values["heads"] % values["kv_heads"]:
        raise Problem(where, f"{values['heads']:g} heads", f"a multiple of {values['kv_heads']:g} kv_heads", "mend it")
    if operator == "moe" and (values["topk"] > values["experts"] or values["ep"] > values["experts"]):
        raise Problem(where, f"topk {values['topk']:g}, ep {values['ep']:g}", "no more than the experts", "mend it")
    if operator == "allreduce" and values["devices"] < 2:
        raise Problem(where, "1 device", "at least 2 devices", "leave the row out")
    return shape
