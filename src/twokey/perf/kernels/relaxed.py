"""A lower bound of a phase's time over a box of designs, compiled: the twin of `kernels.exact`.

Each term is evaluated with every occurrence of a variable at whichever end of the box makes the term smallest,
independently. That forgets that the occurrences are one variable, so products are put right by cuts:
with `held` problems in the cache at once, rounds x held >= batch; rounds x waves x cores >= batch x tiles;
rounds x waves x active >= batch x tiles. Arithmetic as a whole cannot be faster than the largest rate that any
design in the box may have under the area and TPP limits (`mac_rate`, `lane_rate`).

Arithmetic is float64; results may exceed the true bound by rounding only, some 1e-13 of it. Whoever uses them
as a proof takes off a relative `SLACK`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from twokey.perf.kernels.exact import BIG, FLAGS, LANES

__all__ = ["BOX_ROWS", "SLACK", "bounds_ns", "phase_bounds"]

SLACK = 1e-9
"""Share by which a bound is lowered before it counts as proved."""

BOX_ROWS = (
    "cores_lo", "cores_hi", "rows_lo", "rows_hi", "cols_lo", "cols_hi", "lanes_hi", "clock_hi", "sram_hi",
    "l2_lo", "l2_hi", "l2_bandwidth_hi", "dram_bandwidth_hi", "link_hi", "mac_rate", "lane_rate",
)  # fmt: skip
"""Rows of a box array. Units of the design record; mac_rate [multiply-accumulates per ns over all cores];
lane_rate [vector lanes over all cores]."""


@njit(cache=True, fastmath=FLAGS, nogil=True, error_model="numpy")
def phase_bounds(  # type: ignore[no-untyped-def]
    b, op_start, tile_start, ops, tiles, pairs, vectors, links, out
):
    """Write a lower bound of the time of a phase over each box into `out` [ns].

    Parameters
    ----------
    b : boxes, float64 (16, n), rows as in `BOX_ROWS`; the tables as in `perf.table.Table`, float64
    out : float64 (n,)
    """
    n = b.shape[1]
    cores_lo, cores_hi, rows, cols = np.empty(LANES), np.empty(LANES), np.empty(LANES), np.empty(LANES)
    lanes, per_clock, fill, sram = np.empty(LANES), np.empty(LANES), np.empty(LANES), np.empty(LANES)
    l2_lo, l2_hi, per_l2, per_dram = np.empty(LANES), np.empty(LANES), np.empty(LANES), np.empty(LANES)
    per_mac, per_lane, total, best = np.empty(LANES), np.empty(LANES), np.empty(LANES), np.empty(LANES)
    comp, cut, penalty = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    for start in range(0, n, LANES):
        for i in range(LANES):
            j = min(start + i, n - 1)
            cores_lo[i] = b[0, j]
            cores_hi[i] = b[1, j]
            rows[i] = b[3, j]
            cols[i] = b[5, j]
            lanes[i] = b[6, j]
            per_clock[i] = 1.0 / b[7, j]
            fill[i] = (b[2, j] + b[4, j]) / b[7, j]
            sram[i] = b[8, j] * 1024.0
            l2_lo[i] = b[9, j] * 1048576.0
            l2_hi[i] = b[10, j] * 1048576.0
            per_l2[i] = 1.0 / b[11, j]
            per_dram[i] = 1.0 / b[12, j]
            total[i] = links[0] / b[13, j] + links[1]
            per_mac[i] = 1.0 / b[14, j]
            per_lane[i] = 1.0 / b[15, j]
        for v in range(vectors.shape[0]):
            elements, flops, width, count = vectors[v, 0], vectors[v, 1], vectors[v, 2], vectors[v, 3]
            for i in range(LANES):
                passes = np.ceil(elements / (cores_hi[i] * lanes[i]))
                smooth = elements * per_lane[i]
                arithmetic = (passes if passes > smooth else smooth) * flops * per_clock[i]
                memory = elements * width * per_dram[i]
                total[i] += count * (arithmetic if arithmetic > memory else memory)
        for o in range(ops.shape[0]):
            batch = ops[o, 0]
            for i in range(LANES):
                best[i] = BIG
            for c in range(op_start[o], op_start[o + 1]):
                k1, n1, k2, n2, height = tiles[c, 0], tiles[c, 1], tiles[c, 2], tiles[c, 3], tiles[c, 4]
                fills, scores, flops = tiles[c, 5], tiles[c, 6], tiles[c, 7]
                need, step, result, macs = tiles[c, 8], tiles[c, 9], tiles[c, 10], tiles[c, 11]
                for i in range(LANES):
                    passes = np.ceil(k1 / rows[i]) * np.ceil(n1 / cols[i])
                    if scores != 0:
                        passes += np.ceil(k2 / rows[i]) * np.ceil(n2 / cols[i])
                    array = passes * height * per_clock[i] + fills * fill[i]
                    vector = np.ceil(scores / lanes[i]) * flops * per_clock[i]
                    comp[i] = array if array > vector else vector
                    # the same, of all cores together: no design in the box has a larger rate
                    array = macs * per_mac[i] + fills * fill[i] / cores_hi[i]
                    vector = scores * flops * per_lane[i] * per_clock[i]
                    cut[i] = array if array > vector else vector
                    penalty[i] = 0.0 if need <= sram[i] else BIG
                for p in range(tile_start[c], tile_start[c + 1]):
                    space, load, store, blocks = pairs[p, 0], pairs[p, 1], pairs[p, 2], pairs[p, 3]
                    loads, count, steps = pairs[p, 4], pairs[p, 5], pairs[p, 6]
                    work = batch * count
                    if batch == 1:
                        for i in range(LANES):
                            waves = np.ceil(count / cores_hi[i])
                            moved = waves * (count if count < cores_lo[i] else cores_lo[i])
                            moved = (moved if moved > count else count) * per_l2[i]
                            inner = waves * comp[i]
                            floor = work * cut[i]
                            inner = inner if inner > floor else floor
                            read = step * moved
                            inner = steps * (inner if inner > read else read) + read + result * moved
                            fetch = load * per_dram[i]
                            inner = inner if inner > fetch else fetch
                            time = blocks * (loads * inner + store * per_dram[i]) + fetch
                            time += penalty[i] if space <= l2_hi[i] else BIG
                            best[i] = time if time < best[i] else best[i]
                    else:
                        for i in range(LANES):
                            most = np.floor(l2_hi[i] / space)
                            most = most if most < batch else batch
                            most = most if most > 1.0 else 1.0
                            least = np.floor(l2_lo[i] / space)
                            least = least if least < batch else batch
                            least = least if least > 1.0 else 1.0
                            rounds = np.ceil(batch / most)
                            jobs = least * count
                            turns = rounds * np.ceil(jobs / cores_hi[i])
                            moved = turns * (jobs if jobs < cores_lo[i] else cores_lo[i])
                            moved = (moved if moved > work else work) * per_l2[i]
                            smooth = work / cores_hi[i]
                            turns = turns if turns > smooth else smooth
                            inner = turns * comp[i]
                            floor = work * cut[i]
                            inner = inner if inner > floor else floor
                            read = step * moved
                            inner = steps * (inner if inner > read else read) + read + result * moved
                            sent = rounds * least
                            sent = (sent if sent > batch else batch) * per_dram[i]
                            fetch = load * sent
                            inner = inner if inner > fetch else fetch
                            time = blocks * (loads * inner + store * sent) + least * load * per_dram[i]
                            time += penalty[i] if space <= l2_hi[i] else BIG
                            best[i] = time if time < best[i] else best[i]
            count = ops[o, 1]
            for i in range(LANES):
                total[i] += count * best[i]
        for i in range(min(LANES, n - start)):
            out[start + i] = total[i]


def bounds_ns(b: NDArray[np.float64], arrays: tuple[NDArray[Any], ...]) -> NDArray[np.float64]:
    """Return a lower bound of the time of a phase over each box [ns].

    Parameters
    ----------
    b : boxes, (16, n), rows as in `BOX_ROWS`
    arrays : `Table.arrays()` in float64
    """
    out = np.empty(b.shape[1])
    if b.shape[1]:
        phase_bounds(np.ascontiguousarray(b), *arrays, out)  # type: ignore[call-arg]
    return out
