"""Time of a phase of a model on a real chip: its operators by the fitted model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twokey.perf.fitted.attention import decode_attention_s, prefill_attention_s
from twokey.perf.fitted.chip import RealChip
from twokey.perf.fitted.coefficients import Coefficients
from twokey.perf.fitted.collective import all_reduce_s
from twokey.perf.fitted.gemm import gemm_core_s
from twokey.perf.fitted.moe import grouped_core_s
from twokey.workloads.operators import Attention, Collective, Gemm, Phase, Vector

__all__ = ["Term", "phase_terms"]

_INSIDE = ("rotary", "gating", "expert-activation", "weighted-sum")
"""Element-wise kernels whose time is part of another: tables of attention and of experts were measured with them
(those of experts begin with the scores of the router, in the public collectors of aiconfigurator)."""


@dataclass(frozen=True, slots=True)
class Term:
    """One operator of a phase.

    Parameters
    ----------
    operator : its name in the workload
    kind : "dense", "experts", "attention", "vector" or "link"
    work_s : time of all its runs without launch floors [s]
    launch_s : launch floors of all its runs [s]
    quantise_s : kernels or passes that narrow left operands, of all its runs [s]
    bound_by : the resource that bounds a run: compute, dram, link or launch
    """

    operator: str
    kind: str
    work_s: float
    launch_s: float
    quantise_s: float
    bound_by: str


def phase_terms(
    chip: RealChip, fitted: Coefficients, phase: Phase, *, decode: bool, framework: str | None = None
) -> list[Term]:
    """Return the time of every operator of a phase on a chip.

    Parameters
    ----------
    phase : operators of one device with their counts
    decode : whether the phase is a decode step, whose weights and cache come from memory
    framework : whose attention and all-reduce kernels run; kernels fitted on all of them where not given

    Notes
    -----
    Rotation and the writing of new keys are part of attention; choice, activation and summing part of the experts, as
    the measurements have them. Operands of four bits are narrowed by a kernel of their own before each product; for
    eight bits the kernel before does it, or what it costs is in the time of a layer fitted on such models.
    """
    kind = "wide" if chip.wide else "narrow"
    c = fitted.gemm(chip.wide)
    dense = [op for op in phase.operators if isinstance(op, Gemm) and not _expert(op)]
    terms: list[Term] = _dense(chip, c, dense, fitted.merged("state", f"state-{framework}"))
    experts = [op for op in phase.operators if isinstance(op, Gemm) and _expert(op)]
    if experts:
        bits = 4 if _four(experts[0]) else experts[0].math_bits
        terms += _experts(chip, fitted.experts(chip.wide, framework, bits, chip.pairs), experts)
    for op in phase.operators:
        if isinstance(op, Attention):
            terms.append(_attention(chip, fitted, op, decode, framework))
        elif isinstance(op, Vector) and op.name not in _INSIDE:
            v = fitted.groups["vector"]
            work = op.elements * op.bytes_per_element / (v["dram_efficiency"] * chip.dram_Bps)
            floor = v["launch_us"] * 1e-6
            bound = "dram" if work > floor else "launch"
            terms.append(Term(op.name, "vector", op.count * work, op.count * floor, 0.0, bound))
        elif isinstance(op, Collective):
            library = fitted.groups[f"all-reduce-library-{kind}"]
            kernel = fitted.merged(f"all-reduce-kernel-{kind}", f"all-reduce-kernel-{kind}-{framework}")
            if op.kind == "all-reduce":
                time = float(all_reduce_s(chip, library, kernel, op.devices, op.payload_bytes))
            else:
                sent = op.payload_bytes * (op.devices - 1) / op.devices
                time = op.latency_ns * 1e-9 + sent / (library["ring_efficiency"] * chip.link_Bps)
            terms.append(Term(op.name, "link", op.count * time, 0.0, 0.0, "link"))
    return terms


def _expert(op: Gemm) -> bool:
    return op.name.startswith("expert")


def _four(op: Gemm) -> bool:
    """Return whether a product of the workload is one of four bits."""
    return op.math_bits == 8 and op.b_bytes < 1.0


def _rate(chip: RealChip, op: Gemm) -> float:
    return max(chip.rate(4 if _four(op) else op.math_bits), 1.0)


def _dense(chip: RealChip, c: dict[str, float], ops: list[Gemm], state: dict[str, float]) -> list[Term]:
    """Return the terms of dense and batched products; like widths are computed together.

    The chunks of a gated delta rule are batched products at a pace of their own.
    """
    groups: dict[tuple[float, float, float, float], list[Gemm]] = {}
    for op in ops:
        groups.setdefault((op.a_bytes, op.b_bytes, op.c_bytes, _rate(chip, op)), []).append(op)
    out = []
    for (a, b, result, rate), like in groups.items():
        m, n, k, batch = (np.array([getattr(op, name) for op in like], float) for name in ("m", "n", "k", "batch"))
        core = gemm_core_s(chip, c, m, n, k, batch=batch, a_bytes=a, b_bytes=b, c_bytes=result, rate=rate)
        for op, time in zip(like, core.tolist(), strict=True):
            reading = op.batch * (op.m * op.k * a + op.k * op.n * b + op.m * op.n * result) / chip.dram_Bps
            ideal = 2.0 * op.batch * op.m * op.n * op.k / (chip.peak_op_per_s * rate)
            floor = c["launch_us"] * 1e-6
            if op.name == "linear-state":
                time, floor = time * state["pace"], state["fixed_us"] * 1e-6
            bound = "launch" if floor > time else "dram" if reading > ideal else "compute"
            narrow = op.m * op.k * 3.0 / (c["dram_efficiency"] * chip.dram_Bps) if a < 2.0 else 0.0
            narrow += c["launch_us"] * 1e-6 if a < 1.0 else 0.0
            out.append(Term(op.name, "dense", op.count * time, op.count * floor, op.count * narrow, bound))
    return out


def _experts(chip: RealChip, c: dict[str, float], ops: list[Gemm]) -> list[Term]:
    """Return the terms of grouped products; the fixed time of a layer's experts goes with the first of them."""
    out = []
    for i, op in enumerate(ops):
        rate = _rate(chip, op)
        rows = (float(op.m),) * op.batch
        time = grouped_core_s(chip, c, rows, op.n, op.k, weight_bytes=op.b_bytes, operand_bytes=op.a_bytes, rate=rate)
        moved = op.m * op.batch * (op.k if i else op.n) * 2.0 * c["row_passes"]
        time += moved / (c["dram_efficiency"] * chip.dram_Bps)
        bound = "dram" if op.batch * op.n * op.k * op.b_bytes / chip.dram_Bps > 0.5 * time else "compute"
        floor = (c["fixed_us"] + c["sort_us"] * float(np.log2(1.0 + op.m * op.batch))) * 1e-6 if i == 0 else 0.0
        out.append(Term(op.name, "experts", op.count * time, op.count * floor, 0.0, bound))
    return out


def _attention(chip: RealChip, fitted: Coefficients, op: Attention, decode: bool, framework: str | None) -> Term:
    latent = op.d_qk != op.d_v
    if decode:
        c = fitted.decode(chip.wide, framework, chip.pairs, latent)
        time = float(
            decode_attention_s(
                chip,
                c,
                op.problems,
                op.rows,
                op.context,
                d_qk=op.d_qk,
                d_v=op.d_v,
                kv_width=op.kv_width,
                kv_bytes=op.kv_bytes,
                cold=True,
            )
        )
        reading = op.problems * op.context * op.kv_width * op.kv_bytes / chip.dram_Bps
    else:
        c = fitted.prefill(chip.wide, framework, latent)
        heads = op.problems * op.rows / op.context
        reach = op.context * (1.0 - np.sqrt(max(0.0, 1.0 - 2.0 * op.causal_share))) if op.causal_share < 0.5 else 0.0
        time = float(
            prefill_attention_s(chip, c, 1, op.context, heads, op.problems, d_qk=op.d_qk, d_v=op.d_v, window=reach)
        )
        reading = 0.0
    floor = c["launch_us"] * 1e-6
    bound = "launch" if floor > 0.5 * time else "dram" if reading > 0.5 * (time - floor) else "compute"
    return Term(op.name, "attention", op.count * (time - floor), op.count * floor, 0.0, bound)
