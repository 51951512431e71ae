"""How long a workload takes on one chip, and where the time goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from twokey.perf.device import Device
from twokey.perf.oracle import operator_time_ns
from twokey.perf.software import design_factors
from twokey.quantities.problem import Problem
from twokey.workloads.operators import Attention, Gemm, Operator, Phase
from twokey.workloads.workload import Workload

__all__ = ["Estimate", "OperatorTime", "PhaseTime", "estimate", "phase_time"]

PHASES = ("prefill", "decode", "serve")


@dataclass(frozen=True, slots=True)
class OperatorTime:
    """Time of all runs of one operator in a phase, and the resource that bounds it."""

    operator: str
    time_s: float
    bound_by: str


@dataclass(frozen=True, slots=True)
class PhaseTime:
    """Time of a phase on one device [s], its operators, and the share of the peak rate that is used (MFU) [1]."""

    time_s: float
    operators: tuple[OperatorTime, ...]
    mfu: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """Times of a workload on a chip; every chip of the workload's devices is this one.

    Parameters
    ----------
    ttft_s, tpot_s : time to the first token of the batch, time per output token [s]
    e2e_s : TTFT + OSL x TPOT [s]
    tokens_per_s_per_device : prompt tokens in prefill, else output tokens [token/s]
    mfu : share of the peak rate of the precision used [1]
    memory_bytes_per_device, fits : what one device must hold, and whether it can
    bottlenecks : operators by falling share of the time, with the resource that bounds each
    """

    workload: str
    device: str
    phase: str
    ttft_s: float
    tpot_s: float
    e2e_s: float
    tokens_per_s_per_device: float
    mfu: float
    memory_bytes_per_device: float
    fits: bool
    bottlenecks: tuple[dict[str, Any], ...]

    def to_json(self) -> dict[str, Any]:
        """Return the contract's answer to `estimate`."""
        out: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        out["bottlenecks"] = list(self.bottlenecks)
        return out


def _flops(op: Operator) -> float:
    """Return the operations of one run on the arrays [op]."""
    if isinstance(op, Gemm):
        return 2.0 * op.m * op.n * op.k * op.batch
    if isinstance(op, Attention):
        return 2.0 * op.problems * op.rows * op.context * op.causal_share * (op.d_qk + op.d_v)
    return 0.0


def phase_time(phase: Phase, device: Device) -> PhaseTime:
    """Return the time of a phase on one device, operator by operator.

    Parameters
    ----------
    phase : operators with their counts; device : the chip

    Raises
    ------
    Problem
        If an operator fits in the device's memories in no mapping.
    """
    x = np.array(device.column())[:, None] * design_factors(phase.software)
    peak = 2 * device.cores * device.array_rows * device.array_cols * device.clock_GHz
    rows = []
    ideal_ns = 0.0
    for op in phase.operators:
        time, terms = operator_time_ns(op, x, device.rate8)
        if time[0] >= 1e29:
            raise Problem(
                device.name,
                f"core memory of {device.sram_KiB:g} KiB and cache of {device.l2_MiB:g} MiB",
                f"memories that hold a tile of the operator {op.name!r}",
                "choose a chip with a larger core memory or cache",
            )
        bound = max(terms, key=lambda name: float(terms[name][0]))
        if phase.launch_ns > time[0]:
            bound = "launch"
        rate = device.rate8 if isinstance(op, Gemm | Attention) and op.math_bits == 8 else 1
        ideal_ns += op.count * _flops(op) / (peak * rate)
        rows.append(OperatorTime(op.name, op.count * (float(time[0]) + phase.launch_ns) * 1e-9, bound))
    total = sum(row.time_s for row in rows)
    return PhaseTime(total, tuple(rows), ideal_ns * 1e-9 / total if total > 0 else 0.0)


def estimate(workload: Workload, device: Device, phase: str = "serve") -> Estimate:
    """Return how long a workload takes on a chip, and where the time goes.

    Parameters
    ----------
    workload : what every device does; device : the chip
    phase : the phase the shares, MFU and throughput are of: "prefill", "decode", or "serve" for a whole request

    Raises
    ------
    Problem
        If the phase is unknown or an operator cannot run on the chip.

    Notes
    -----
    The model of `perf.oracle` under the workload's software.
    """
    if phase not in PHASES:
        raise Problem("--phase", phase, "one of " + ", ".join(PHASES), "choose serve for a whole request")
    prefill, decode = phase_time(workload.prefill, device), phase_time(workload.decode, device)
    e2e = prefill.time_s + workload.output_len * decode.time_s
    weights = {"prefill": (1.0, 0.0), "decode": (0.0, 1.0), "serve": (1.0, float(workload.output_len))}[phase]
    total = weights[0] * prefill.time_s + weights[1] * decode.time_s
    rows = [
        {"phase": name, "operator": row.operator, "share": weight * row.time_s / total, "bound_by": row.bound_by}
        for name, part, weight in (("prefill", prefill, weights[0]), ("decode", decode, weights[1]))
        for row in part.operators
        if weight > 0
    ]
    rows.sort(key=lambda row: -float(str(row["share"])))
    tokens = workload.batch * (
        workload.input_len if phase == "prefill" else 1 if phase == "decode" else workload.output_len
    )
    used = weights[0] * prefill.time_s * prefill.mfu + weights[1] * decode.time_s * decode.mfu
    return Estimate(
        workload=workload.name,
        device=device.name,
        phase=phase,
        ttft_s=prefill.time_s,
        tpot_s=decode.time_s,
        e2e_s=e2e,
        tokens_per_s_per_device=tokens / total / workload.devices,
        mfu=used / total,
        memory_bytes_per_device=workload.memory_bytes,
        fits=device.dram_capacity_GB * 1e9 >= workload.memory_bytes,
        bottlenecks=tuple(rows),
    )
