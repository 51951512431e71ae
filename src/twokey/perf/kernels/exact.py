"""The performance model compiled: blocks of designs, the innermost loop runs over designs.

Equal to `perf.oracle` to 1e-9 in float64 and 1e-6 in float32. Only those fast-math flags are set that neither
reorder nor replace a division by a product: a quotient that is exact would come out one unit too large inside
a ceiling, and the ceiling would jump by one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["FLAGS", "LANES", "phase_times", "times_ns"]

FLAGS = {"nnan", "ninf", "nsz", "contract"}
LANES = 64
BIG = 1e30


@njit(cache=True, fastmath=FLAGS, nogil=True, error_model="numpy")
def phase_times(  # type: ignore[no-untyped-def]
    x, op_start, tile_start, ops, tiles, pairs, vectors, links, out
):
    """Write the time of a phase on each design into `out` [ns].

    Parameters
    ----------
    x : designs, (11, n), float64 or float32; the other arrays as in `perf.table.Table`, of the same type
    out : (n,), of the same type
    """
    n = x.shape[1]
    t = x.dtype.type
    one, big = t(1.0), t(BIG)
    cores, rows, cols, lanes = (
        np.empty(LANES, x.dtype),
        np.empty(LANES, x.dtype),
        np.empty(LANES, x.dtype),
        np.empty(LANES, x.dtype),
    )
    per_clock, fill, sram, l2 = (
        np.empty(LANES, x.dtype),
        np.empty(LANES, x.dtype),
        np.empty(LANES, x.dtype),
        np.empty(LANES, x.dtype),
    )
    per_l2, per_dram, total, best = (
        np.empty(LANES, x.dtype),
        np.empty(LANES, x.dtype),
        np.empty(LANES, x.dtype),
        np.empty(LANES, x.dtype),
    )
    comp, penalty = np.empty(LANES, x.dtype), np.empty(LANES, x.dtype)
    for start in range(0, n, LANES):
        for i in range(LANES):
            j = min(start + i, n - 1)
            cores[i] = x[0, j]
            rows[i] = x[1, j]
            cols[i] = x[2, j]
            lanes[i] = x[3, j]
            per_clock[i] = one / x[4, j]
            fill[i] = (x[1, j] + x[2, j]) / x[4, j]
            sram[i] = x[5, j] * t(1024.0)
            l2[i] = x[6, j] * t(1048576.0)
            per_l2[i] = one / x[7, j]
            per_dram[i] = one / x[8, j]
            total[i] = links[0] / x[10, j] + links[1]
        for v in range(vectors.shape[0]):
            elements, flops, width, count = vectors[v, 0], vectors[v, 1], vectors[v, 2], vectors[v, 3]
            for i in range(LANES):
                arithmetic = np.ceil(elements / (np.float64(cores[i]) * np.float64(lanes[i]))) * flops * per_clock[i]
                memory = elements * width * per_dram[i]
                total[i] += t(count * (arithmetic if arithmetic > memory else memory))
        for o in range(ops.shape[0]):
            batch = ops[o, 0]
            for i in range(LANES):
                best[i] = big
            for c in range(op_start[o], op_start[o + 1]):
                k1, n1, k2, n2, height = tiles[c, 0], tiles[c, 1], tiles[c, 2], tiles[c, 3], tiles[c, 4]
                fills, scores, flops = tiles[c, 5], tiles[c, 6], tiles[c, 7]
                need, step, result = tiles[c, 8], tiles[c, 9], tiles[c, 10]
                if scores == 0:
                    for i in range(LANES):
                        passes = np.ceil(k1 / rows[i]) * np.ceil(n1 / cols[i])
                        comp[i] = passes * height * per_clock[i] + fill[i]
                        penalty[i] = t(0.0) if need <= sram[i] else big
                else:
                    for i in range(LANES):
                        passes = np.ceil(k1 / rows[i]) * np.ceil(n1 / cols[i])
                        passes += np.ceil(k2 / rows[i]) * np.ceil(n2 / cols[i])
                        array = passes * height * per_clock[i] + fills * fill[i]
                        vector = np.ceil(scores / lanes[i]) * flops * per_clock[i]
                        comp[i] = array if array > vector else vector
                        penalty[i] = t(0.0) if need <= sram[i] else big
                for p in range(tile_start[c], tile_start[c + 1]):
                    space, load, store, blocks = pairs[p, 0], pairs[p, 1], pairs[p, 2], pairs[p, 3]
                    loads, count, steps = pairs[p, 4], pairs[p, 5], pairs[p, 6]
                    if batch == 1:
                        for i in range(LANES):
                            waves = np.ceil(count / cores[i])
                            share = (count if count < cores[i] else cores[i]) * per_l2[i]
                            read = step * share
                            inner = comp[i] if comp[i] > read else read
                            inner = waves * (steps * inner + read + result * share)
                            fetch = load * per_dram[i]
                            inner = inner if inner > fetch else fetch
                            time = blocks * (loads * inner + store * per_dram[i]) + fetch
                            time += penalty[i] if space <= l2[i] else big
                            best[i] = time if time < best[i] else best[i]
                    else:
                        for i in range(LANES):
                            held = np.floor(l2[i] / space)
                            held = held if held < batch else batch
                            held = held if held > one else one
                            rounds = np.ceil(batch / held)
                            jobs = held * count
                            waves = np.ceil(jobs / cores[i])
                            share = (jobs if jobs < cores[i] else cores[i]) * per_l2[i]
                            read = step * share
                            inner = comp[i] if comp[i] > read else read
                            inner = waves * (steps * inner + read + result * share)
                            rate = held * per_dram[i]
                            fetch = load * rate
                            inner = inner if inner > fetch else fetch
                            time = rounds * blocks * (loads * inner + store * rate) + fetch
                            time += penalty[i] if space <= l2[i] else big
                            best[i] = time if time < best[i] else best[i]
            count = ops[o, 1]
            for i in range(LANES):
                total[i] += count * best[i]
        for i in range(min(LANES, n - start)):
            out[start + i] = total[i]


def times_ns(x: NDArray[Any], arrays: tuple[NDArray[Any], ...]) -> NDArray[Any]:
    """Return the time of a phase on each design [ns].

    Parameters
    ----------
    x : designs, (11, n), float64 or float32, rows in the order of `VARIABLES`
    arrays : `Table.arrays()` of the same type

    Returns
    -------
    time_ns : (n,), of the same type; 1e30 and more where an operator fits in no mapping
    """
    out = np.empty(x.shape[1], dtype=x.dtype)
    if x.shape[1]:
        phase_times(np.ascontiguousarray(x), *arrays, out)  # type: ignore[call-arg]
    return out
