"""The performance model, written to be read: NumPy in float64, many designs at once.

This file defines the model. The compiled kernels are tested to equal it. Units inside: byte, ns, GHz, and
byte/ns, which is GB/s. `x` holds designs as columns: shape (11, n), rows in the order of `VARIABLES`.

What it assumes: weight-stationary arrays, tiles double-buffered in core memory and cache, computing and moving
overlapped inside an operator and never between operators; the best mapping is found. No power limit, no contention of
links; communication is not overlapped. Under ideal software every rate is reached, and times compare designs and chips
with each other; under the fitted stack (`workloads.software`) the rates are those that kernels reach on A100 and H100.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from twokey.chips.design import VARIABLES
from twokey.perf.mappings import attention_mappings, gemm_mappings
from twokey.perf.software import design_factors
from twokey.workloads.operators import Attention, Collective, Gemm, Operator, Phase, Vector

__all__ = ["SOFTMAX_FLOPS", "Terms", "operator_time_ns", "phase_time_ns"]

Array = NDArray[np.float64]

SOFTMAX_FLOPS = 7
"""Vector operations per attention score: scale, running maximum, difference, exponential, sum, rescale, convert."""

CACHE_LINE_BYTES = 64
"""Space in the shared cache is given out in lines of this size."""

BIG = 1e30
"""Time of a mapping that does not fit, so that every mapping that fits wins [ns]."""

Terms = dict[str, Array]
"""Resource -> time that the operator would take were only this resource limited [ns]."""


def _named(x: Array) -> dict[str, Array]:
    return dict(zip(VARIABLES, np.asarray(x, dtype=np.float64), strict=True))


def _tiled(
    d: dict[str, Array],
    *,
    compute_ns: Array,
    fits: NDArray[np.bool_],
    batch: int,
    tiles: Array,
    steps: Array,
    step_bytes: Array,
    result_bytes: Array,
    cache_bytes: Array,
    load_bytes: Array,
    store_bytes: Array,
    blocks: Array,
    loads: Array,
) -> tuple[Array, Terms]:
    """Return the time of every mapping on every design, and what each resource alone would take, (mappings, n) [ns].

    Parameters
    ----------
    compute_ns : time of one step of one core, (mappings, n) [ns]; fits : whether the core's memory is enough
    batch : independent problems; tiles : core tiles of one cache tile; steps : steps of one core tile [1]
    step_bytes, result_bytes : read per step, written per core tile, by one core from and to the cache [byte]
    cache_bytes : cache that one problem holds; load_bytes, store_bytes : memory traffic of a cache tile [byte]
    blocks, loads : cache tiles of the result, and cache tiles loaded for each of them [1]

    Notes
    -----
    `held` problems share the cache, `rounds` of them follow each other; `waves` of tiles fill the cores. A step
    takes the longer of computing and reading; a cache tile the longer of its waves and its load from memory.
    """
    space = np.ceil(cache_bytes / CACHE_LINE_BYTES) * CACHE_LINE_BYTES
    l2_bytes = d["l2_MiB"] * 1048576.0
    held = np.clip(np.floor(l2_bytes / space), 1, batch)
    rounds = np.ceil(batch / held)
    jobs = held * tiles
    waves = np.ceil(jobs / d["cores"])
    active = np.minimum(jobs, d["cores"])
    read = step_bytes * active / d["l2_bandwidth_GBps"]
    write = result_bytes * active / d["l2_bandwidth_GBps"]
    inner = waves * (steps * np.maximum(compute_ns, read) + read + write)
    load = held * load_bytes / d["dram_bandwidth_GBps"]
    store = held * store_bytes / d["dram_bandwidth_GBps"]
    time = rounds * blocks * (loads * np.maximum(inner, load) + store) + load
    terms = {
        "compute": rounds * blocks * loads * waves * steps * compute_ns,
        "l2": rounds * blocks * loads * waves * ((steps + 1) * read + write),
        "dram": rounds * blocks * (loads * load + store) + load,
    }
    return np.where(fits & (space <= l2_bytes), time, BIG), terms


@lru_cache(maxsize=1024)
def _columns(op: Gemm | Attention) -> tuple[Array, ...]:
    """Return each field of the operator's mappings as an array of shape (mappings, 1), not to be written to."""
    mappings: Iterable[tuple[int, ...]] = gemm_mappings(op) if isinstance(op, Gemm) else attention_mappings(op)
    return tuple(np.array(list(mappings), dtype=np.float64).T[:, :, None])


def _gemm(op: Gemm, d: dict[str, Array], rate: int) -> tuple[Array, Terms]:
    a, b, c = op.a_bytes, op.b_bytes, op.c_bytes
    tm, tn, tk, TM, TN, TK = _columns(op)
    passes = np.ceil(tk / (rate * d["array_rows"])) * np.ceil(tn / d["array_cols"])
    core_bytes = 2 * (a * tm * tk + b * tk * tn) + 4 * tm * tn  # operands twice, 32-bit sums
    return _tiled(
        d,
        compute_ns=(passes * tm + d["array_rows"] + d["array_cols"]) / d["clock_GHz"],
        fits=core_bytes <= d["sram_KiB"] * 1024,
        batch=op.batch,
        tiles=np.ceil(TM / tm) * np.ceil(TN / tn),
        steps=np.ceil(TK / tk),
        step_bytes=a * tm * tk + b * tk * tn,
        result_bytes=c * tm * tn,
        cache_bytes=2 * (a * TM * TK + b * TK * TN) + c * TM * TN,
        load_bytes=a * TM * TK + b * TK * TN,
        store_bytes=c * TM * TN,
        blocks=np.ceil(op.m / TM) * np.ceil(op.n / TN),
        loads=np.ceil(op.k / TK),
    )


def _attention(op: Attention, d: dict[str, Array], rate: int) -> tuple[Array, Terms]:
    tr, tc, TR, TS, ts = _columns(op)
    rows, cols, clock = d["array_rows"], d["array_cols"], d["clock_GHz"]
    key_bytes = op.kv_width * op.kv_bytes
    row_bytes = 2 * (op.d_qk + op.d_v)  # queries in, results out, 16 bit
    scores = np.ceil(op.d_qk / (rate * rows)) * np.ceil(tc / cols)
    sums = np.ceil(tc / (rate * rows)) * np.ceil(op.d_v / cols)
    arrays = ((scores + sums) * tr + 2 * (rows + cols)) / clock
    lanes = np.ceil(tr * tc / d["vector_lanes"]) * SOFTMAX_FLOPS / clock
    # queries (16 bit), running sums (32 bit), two blocks of keys and values, one block of scores (32 bit)
    core_bytes = tr * (2 * op.d_qk + 4 * op.d_v) + 2 * tc * key_bytes + 4 * tr * tc
    time, terms = _tiled(
        d,
        compute_ns=np.maximum(arrays, lanes),
        fits=core_bytes <= d["sram_KiB"] * 1024,
        batch=op.problems,
        tiles=np.ceil(TR / tr) * np.ceil(TS / ts),
        steps=np.ceil(ts / tc),
        step_bytes=tc * key_bytes,
        result_bytes=tr * (2 * op.d_qk + 4 * op.d_v),
        cache_bytes=2 * TS * key_bytes + TR * row_bytes,
        load_bytes=TS * key_bytes,
        store_bytes=TR * row_bytes,
        blocks=np.ceil(op.rows / TR),
        loads=np.ceil(op.context / TS) * op.causal_share,
    )
    longer = lanes > arrays
    terms["vector"] = np.where(longer, terms["compute"], 0.0)
    terms["compute"] = np.where(longer, 0.0, terms["compute"])
    return time, terms


def _vector(op: Vector, d: dict[str, Array]) -> tuple[Array, Terms]:
    passes = np.ceil(op.elements / (d["cores"] * d["vector_lanes"]))
    lanes = passes * op.flops_per_element / d["clock_GHz"]
    memory = op.elements * op.bytes_per_element / d["dram_bandwidth_GBps"]
    return np.maximum(lanes, memory), {"vector": lanes, "dram": memory}


def link_bytes(op: Collective) -> float:
    """Return what one device sends over its links in one call [byte].

    An all-reduce moves 2 (n-1)/n of the payload (reduce-scatter, then all-gather), an all-to-all (n-1)/n.

    Raises
    ------
    ValueError
        If the kind of communication is not one of the two.

    References
    ----------
    R. Thakur, R. Rabenseifner and W. Gropp, "Optimization of collective communication operations in MPICH,"
    Int. J. High Perform. Comput. Appl. 19(1), 2005, doi:10.1177/1094342005051521.

    Examples
    --------
    >>> link_bytes(Collective("sum", "all-reduce", 4000.0, 4))
    6000.0
    """
    factors = {"all-reduce": 2.0, "all-to-all": 1.0}
    if op.kind not in factors:
        raise ValueError(f"the kind of {op.name} must be one of {', '.join(factors)}; got {op.kind!r}")
    return op.payload_bytes * factors[op.kind] * (op.devices - 1) / op.devices


def operator_time_ns(op: Operator, x: Array, rate8: int = 2) -> tuple[Array, Terms]:
    """Return the time of one run of an operator on each design, and that of each resource alone [ns].

    Parameters
    ----------
    x : designs, shape (11, n), rows in the order of `VARIABLES`
    rate8 : rate of 8-bit products over 16-bit products, 2 or 1 [1]

    Returns
    -------
    time_ns : shape (n,); 1e30 where no mapping fits. The launch cost of the phase is not in it.
    terms : resource -> shape (n,)

    Notes
    -----
    The least time over all mappings (see `mappings`). Sizes and compares designs; no forecast of a benchmark.
    """
    d = _named(x)
    if isinstance(op, Vector):
        return _vector(op, d)
    if isinstance(op, Collective):
        link = link_bytes(op) / d["link_bandwidth_GBps"] + op.latency_ns
        return link, {"link": link}
    rate = rate8 if op.math_bits == 8 else 1
    times, terms = _gemm(op, d, rate) if isinstance(op, Gemm) else _attention(op, d, rate)
    best = times.argmin(axis=0)[None, :]
    chosen = {name: np.take_along_axis(term, best, axis=0)[0] for name, term in terms.items()}
    return np.take_along_axis(times, best, axis=0)[0], chosen


def phase_time_ns(phase: Phase, x: Array, rate8: int = 2) -> Array:
    """Return the time of a phase on each design: every operator as often as it runs, and its launch [ns].

    Parameters
    ----------
    x : designs, shape (11, n), rows in the order of `VARIABLES`

    Returns
    -------
    time_ns : shape (n,)

    Notes
    -----
    Rates are those that the phase's software reaches, see `perf.software`.
    """
    reached = np.asarray(x, dtype=np.float64) * design_factors(phase.software)
    total = np.zeros(reached.shape[1])
    for op in phase.operators:
        total += op.count * (operator_time_ns(op, reached, rate8)[0] + phase.launch_ns)
    return total
