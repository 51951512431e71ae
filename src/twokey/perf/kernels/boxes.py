"""Boxes of designs, compiled: shrink a box to what area and other limits leave of it, or find that nothing is left.

A box holds for each variable a first and a last level of its grid. It belongs to one cell of limits: lower and
upper limits on TPP, performance density, memory bandwidth, I/O bandwidth and the sum of the two. All limits are
widened by a relative `GUARD`, so that rounding never drops a design that is allowed; designs themselves are
tested exactly elsewhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["AREA_TERMS", "GUARD", "shrink", "shrink_boxes"]

GUARD = 1e-9

AREA_TERMS = (
    "mac", "vector_lane", "sram_KiB", "core", "l2_MiB", "l2_bandwidth", "dram_bandwidth", "link_bandwidth", "base",
)  # fmt: skip
"""Order of the area coefficients; the tenth entry of the array is the area limit [mm2]."""

TPP_PER_MAC = 0.032
"""TPP of one 16-bit multiply-accumulate unit at 1 GHz: 2 operations x 16 bits / 1000."""


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _area(v, a):  # type: ignore[no-untyped-def]
    core = v[1] * v[2] * a[0] + v[3] * a[1] + v[5] * a[2] + a[3]
    return v[0] * core + v[6] * a[4] + v[7] * a[5] + v[8] * a[6] + v[10] * a[7] + a[8]


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _macs(v):  # type: ignore[no-untyped-def]
    return v[0] * v[1] * v[2] * v[4]


@njit(cache=True, nogil=True, error_model="numpy")
def shrink(lo, hi, cells, levels, low, high, area, host_bus, alive, rates):  # type: ignore[no-untyped-def]
    """Shrink boxes in place; say which are still alive and how fast their designs can compute at most.

    Parameters
    ----------
    lo, hi : int16 (n, 11), first and last level of each variable, changed in place
    cells : int32 (n,), cell of each box; levels : float64 (11, most), values of the grid
    low, high : float64 (cells, 5), limits low <= fact < high in the order of `law.region.FACTS`
    area : float64 (10,), coefficients and limit; host_bus : I/O bandwidth beside the links [GB/s]
    alive : bool (n,), written; rates : float64 (2, n), written: most multiply-accumulates per ns, most vector lanes
    """
    up, down = 1.0 + GUARD, 1.0 - GUARD
    most = area[9] * up
    v, w = np.empty(11), np.empty(11)
    for n in range(lo.shape[0]):
        alive[n] = False
        tpp_lo, pd_lo, dram_lo, io_lo, sum_lo = low[cells[n]]
        tpp_hi, pd_hi, dram_hi, io_hi, sum_hi = high[cells[n]]
        ok = True
        for _ in range(2):
            for k in range(11):
                v[k], w[k] = levels[k, lo[n, k]], levels[k, hi[n, k]]
            area_v = _area(v, area)
            area_w = min(_area(w, area), most)
            cap = min(tpp_hi, pd_hi * area_w) * up
            tpp_v, tpp_w = TPP_PER_MAC * _macs(v), TPP_PER_MAC * _macs(w)
            io_v, io_w = 2 * v[10] + host_bus, 2 * w[10] + host_bus
            ok = area_v <= most and tpp_v < cap
            ok = ok and min(tpp_w, cap) >= max(tpp_lo, pd_lo * area_v) * down
            ok = ok and v[8] < dram_hi * up and w[8] >= dram_lo * down
            ok = ok and io_v < io_hi * up and io_w >= io_lo * down
            ok = ok and v[8] + io_v < sum_hi * up and w[8] + io_w >= sum_lo * down
            if not ok:
                break
            # upper ends: with this variable at its end and all others at their lowest a limit is broken
            for k in range(11):
                keep = v[k]
                while hi[n, k] > lo[n, k]:
                    v[k] = levels[k, hi[n, k]]
                    fine = _area(v, area) <= most and TPP_PER_MAC * _macs(v) < cap
                    if k == 8:
                        fine = fine and v[8] < min(dram_hi, sum_hi - io_v) * up
                    if k == 10:
                        io = 2 * v[10] + host_bus
                        fine = fine and io < min(io_hi, sum_hi - levels[8, lo[n, 8]]) * up
                    if fine:
                        break
                    hi[n, k] -= 1
                v[k] = keep
            for k in range(11):
                w[k] = levels[k, hi[n, k]]
            # lower ends: with this variable at its end and all others at their highest a limit is not reached
            need_tpp = max(tpp_lo, pd_lo * area_v) * down
            need_area = tpp_v / pd_hi * down
            for k in range(11):
                keep = w[k]
                while lo[n, k] < hi[n, k]:
                    w[k] = levels[k, lo[n, k]]
                    fine = TPP_PER_MAC * _macs(w) >= need_tpp and _area(w, area) >= need_area
                    if k == 8:
                        fine = fine and w[8] >= max(dram_lo, sum_lo - 2 * levels[10, hi[n, 10]] - host_bus) * down
                    if k == 10:
                        io = 2 * w[10] + host_bus
                        fine = fine and io >= max(io_lo, sum_lo - levels[8, hi[n, 8]]) * down
                    if fine:
                        break
                    lo[n, k] += 1
                w[k] = keep
        if not ok:
            continue
        alive[n] = True
        for k in range(11):
            v[k], w[k] = levels[k, lo[n, k]], levels[k, hi[n, k]]
        area_v = _area(v, area)
        cap = min(tpp_hi, pd_hi * min(_area(w, area), most)) * up
        spare = most - area_v
        macs = (spare + v[0] * v[1] * v[2] * area[0]) / area[0] * w[4]
        rates[0, n] = min(min(_macs(w), cap / TPP_PER_MAC), macs)
        rates[1, n] = min(w[0] * w[3], (spare + v[0] * v[3] * area[1]) / area[1])


def shrink_boxes(
    lo: NDArray[np.int16],
    hi: NDArray[np.int16],
    cells: NDArray[np.int32],
    levels: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    area: NDArray[np.float64],
    host_bus: float,
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Shrink boxes in place and return which are alive, and their greatest rates; see `shrink`."""
    alive = np.empty(len(lo), dtype=np.bool_)
    rates: NDArray[Any] = np.ones((2, len(lo)))
    shrink(lo, hi, cells, levels, low, high, area, host_bus, alive, rates)
    return alive, rates
