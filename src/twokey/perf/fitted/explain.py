"""Why an estimate is what it is: shares by resource, a roofline record, and what more of each resource would buy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from twokey.perf.fitted.chip import RealChip
from twokey.workloads.operators import Attention, Collective, Gemm, Operator, Phase, Vector

__all__ = ["RESOURCES", "by_resource", "roofline", "sensitivity", "work_of"]

RESOURCES = ("compute", "dram", "l2", "link", "launch")
"""What time is spent on; `l2` is shown by `sensitivity`, for no operator is bound by it alone."""


def by_resource(rows: Sequence[tuple[str, float, str]]) -> dict[str, float]:
    """Return the share of the time by the resource that bounds each operator [1].

    Parameters
    ----------
    rows : (operator, time [s], resource that bounds it)

    Examples
    --------
    >>> by_resource([("qkv", 3.0, "compute"), ("attention", 1.0, "dram")])["compute"]
    0.75
    """
    total = sum(time for _, time, _ in rows)
    return {name: sum(t for _, t, bound in rows if bound == name) / total for name in RESOURCES if name != "l2"}


def work_of(op: Operator) -> tuple[float, float]:
    """Return the operations of one run of an operator, and the bytes it must move to and from memory [op, byte].

    A collective does no operations; its bytes are its payload.
    """
    if isinstance(op, Gemm):
        bytes_ = op.m * op.k * op.a_bytes + op.k * op.n * op.b_bytes + op.m * op.n * op.c_bytes
        return 2.0 * op.batch * op.m * op.n * op.k, op.batch * bytes_
    if isinstance(op, Attention):
        scores = op.problems * op.rows * op.context * op.causal_share
        cached = op.problems * op.context * op.kv_width * op.kv_bytes
        return 2.0 * scores * (op.d_qk + op.d_v), cached + op.problems * op.rows * (op.d_qk + op.d_v) * 2.0
    if isinstance(op, Vector):
        return op.elements * op.flops_per_element, op.elements * op.bytes_per_element
    return 0.0, op.payload_bytes


def roofline(chip: RealChip, phase: Phase, rows: Sequence[tuple[str, float, str]]) -> dict[str, Any]:
    """Return intensity and rate of every operator, and the ceilings of the chip, for a picture.

    Parameters
    ----------
    rows : (operator, time of all its runs [s], bound) in any order, as `serving.timed_rows` gives them

    Returns
    -------
    dict
        operators: name, intensity in operations a byte, rate [op/s] and share of the time; ceilings: peak by width of
            the
        products [op/s], bandwidth of memory and of the shared cache [byte/s]

    References
    ----------
    S. Williams, A. Waterman and D. Patterson, "Roofline: an insightful visual performance model for multicore
    architectures," Commun. ACM 52(4), 2009. doi:10.1145/1498765.1498785
    """
    times: dict[str, float] = {}
    for name, time, _ in rows:
        times[name] = times.get(name, 0.0) + time
    total = sum(times.values())
    work: dict[str, tuple[float, float]] = {}
    for op in phase.operators:
        if not isinstance(op, Collective):
            done, moved = work_of(op)
            before = work.get(op.name, (0.0, 0.0))
            work[op.name] = (before[0] + op.count * done, before[1] + op.count * moved)
    return {
        "operators": [
            {
                "operator": name,
                "intensity_op_per_byte": done / moved,
                "rate_op_per_s": done / times[name],
                "share": times[name] / total,
            }
            for name, (done, moved) in work.items()
            if moved and times.get(name)
        ],
        "ceilings": {
            "peak_16_op_per_s": chip.peak_op_per_s,
            "peak_8_op_per_s": chip.peak_op_per_s * chip.rate(8),
            "peak_4_op_per_s": chip.peak_op_per_s * chip.rate(4),
            "dram_byte_per_s": chip.dram_Bps,
            "l2_byte_per_s": chip.l2_Bps,
        },
    }


def sensitivity(chip: RealChip, time_of: Callable[[RealChip], float]) -> dict[str, float]:
    """Return by how many percent the time changes when a resource grows by one percent [1].

    Parameters
    ----------
    time_of : a chip -> the time [s]

    Returns
    -------
    dict
        compute (arrays of every core), dram, l2, link: elasticities, about -1 where the resource alone bounds the
        time and 0 where it does not; launch: what is left, the share of the time that no resource shortens

    Notes
    -----
    Central differences of 1%. If all rates grew alike, a time without fixed parts would fall alike, so that the
    elasticities of such a time add up to -1 (Euler's theorem on homogeneous functions).
    """
    step = 0.01

    def moved(name: str, by: float) -> float:
        if name == "compute":
            return time_of(replace(chip, macs=chip.macs * by))
        if name == "dram":
            return time_of(replace(chip, dram_Bps=chip.dram_Bps * by))
        if name == "l2":
            return time_of(replace(chip, l2_Bps=chip.l2_Bps * by))
        return time_of(replace(chip, link_Bps=chip.link_Bps * by))

    base = time_of(chip)
    names = [name for name in RESOURCES if name != "launch"]
    out = {name: (moved(name, 1 + step) - moved(name, 1 - step)) / (2 * step * base) for name in names}
    out["launch"] = max(0.0, 1.0 + sum(out.values()))
    return out
