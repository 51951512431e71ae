"""Boxes of designs, compiled: shrink a box to what area and other limits leave of it, or find that nothing is left.

A box holds for each variable a first and a last level of a grid, and in a twelfth column the number of that grid: a
family of spaces has several. It belongs to one cell of limits: lower and upper limits on TPP, performance density,
memory bandwidth, I/O bandwidth and the sum of the two. Area has two readings: what the law counts, and the part of
it that must fit in the exposure field of the dies. All limits are widened by a relative `GUARD`, so that rounding
never drops a design that is allowed; designs themselves are tested exactly elsewhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["AREA_TERMS", "GUARD", "POWER_TERMS", "screen", "shrink", "shrink_boxes"]

GUARD = 1e-9

AREA_TERMS = (
    "mac", "vector_lane", "sram_KiB", "core", "l2_MiB", "l2_bandwidth", "dram_bandwidth", "link_bandwidth", "base",
)  # fmt: skip
"""Order of the area coefficients; what follows them in a row of the array is said in `shrink`."""

POWER_TERMS = ("mac", "edge", "vector_lane", "l2_bandwidth", "dram_bandwidth", "link_bandwidth")
"""Order of the power coefficients: the first three per GHz and core, edges of the array being rows and columns."""

TPP_PER_MAC = 0.032
"""TPP of one 16-bit multiply-accumulate unit at 1 GHz: 2 operations x 16 bits / 1000."""


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _area(v, a):  # type: ignore[no-untyped-def]
    core = v[1] * v[2] * a[0] + v[3] * a[1] + v[5] * a[2] + a[3]
    return v[0] * core + v[6] * a[4] + v[7] * a[5] + v[8] * a[6] + v[10] * a[7] + a[8]


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _counted_most(w, counted, part, most):  # type: ignore[no-untyped-def]
    # the limited part is at most its limit, whatever the upper corner says; the rest is at most what it says
    limited = _area(w, part)
    return _area(w, counted) - limited + min(limited, most)


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _macs(v):  # type: ignore[no-untyped-def]
    return v[0] * v[1] * v[2] * v[4]


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _power(v, p):  # type: ignore[no-untyped-def]
    core = v[1] * v[2] * p[0] + (v[1] + v[2]) * p[1] + v[3] * p[2]
    return v[0] * v[4] * core + v[7] * p[3] + v[8] * p[4] + v[10] * p[5]


# A core with at most so many units takes along, for each of them, a share of what every core has: with N units in cores
# of at most n, there are N / n cores or more. What a core has at least, and all else, is that of the lowest corner v.


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _fixed_area(v, a):  # type: ignore[no-untyped-def]
    return v[6] * a[4] + v[7] * a[5] + v[8] * a[6] + v[10] * a[7] + a[8]


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _area_per_mac(v, w, a):  # type: ignore[no-untyped-def]
    return a[0] + (v[3] * a[1] + v[5] * a[2] + a[3]) / (w[1] * w[2])


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _fixed_power(v, p):  # type: ignore[no-untyped-def]
    return v[7] * p[3] + v[8] * p[4] + v[10] * p[5]


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _power_per_mac(v, w, p):  # type: ignore[no-untyped-def]
    return p[0] + p[1] * (1 / w[1] + 1 / w[2]) + v[3] * p[2] / (w[1] * w[2])


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _rates(v, w, part, most, energy, watts, cap, least):  # type: ignore[no-untyped-def]
    """Return most multiply-accumulates per ns and most vector lanes of designs between v and w."""
    area, spare = most - _fixed_area(v, part), watts - _fixed_power(v, energy)
    macs = min(_macs(w), cap / TPP_PER_MAC)
    macs = min(macs, area / _area_per_mac(v, w, part) * w[4])
    macs = min(macs, spare / _power_per_mac(v, w, energy))
    lanes = w[0] * w[3]
    each = part[1] + (v[1] * v[2] * part[0] + v[5] * part[2] + part[3]) / w[3]
    lanes = min(lanes, area / each)
    each = energy[2] + (v[1] * v[2] * energy[0] + (v[1] + v[2]) * energy[1]) / w[3]
    lanes = min(lanes, spare / each / v[4])
    # and the arrays that there are at least leave so much for lanes
    lanes = min(lanes, (area - least / w[4] * part[0]) / part[1])
    arrays = least * (energy[0] + energy[1] * (1 / w[1] + 1 / w[2]))
    return macs, min(lanes, (spare - arrays) / energy[2] / v[4])


@njit(cache=True, nogil=True, error_model="numpy")
def shrink(  # type: ignore[no-untyped-def]
    lo, hi, cells, levels, low, high, area, host_bus, energy, spans, alive, rates, floors
):
    """Shrink boxes in place; say which are still alive and how fast their designs can compute at most.

    Parameters
    ----------
    lo, hi : int16 (n, 12), first and last level of each variable and the box's grid, changed in place
    cells : int32 (n,), cell of each box; levels : float64 (grids, 11, most), values of the grids
    low, high : float64 (cells, grids, 5), limits low <= fact < high in the order of `law.region.FACTS`
    area : float64 (grids, 2, 10), rows of coefficients: of the area counted, then the least it may be; of the part
        that is limited, then its limit [mm2]; host_bus : I/O bandwidth beside the links [GB/s]
    energy : float64 (6,), power per unit of what `POWER_TERMS` names [W]
    spans : float64 (6, n), least and greatest limited area [mm2], power [W], multiply-accumulates per ns of each box
    alive : bool (n,), written; rates : float64 (2, n), written: most multiply-accumulates per ns, most vector lanes
    floors : float64 (2, n), written: least limited area [mm2], least power [W] of the designs
    """
    up, down = 1.0 + GUARD, 1.0 - GUARD
    v, w = np.empty(11), np.empty(11)
    for n in range(lo.shape[0]):
        alive[n] = False
        g = lo[n, 11]
        counted, part = area[g, 0], area[g, 1]
        least, most = counted[9] * down, min(part[9], spans[1, n]) * up
        part_least, watts_least, watts = spans[0, n] * down, spans[2, n] * down, spans[3, n] * up
        tpp_lo, pd_lo, dram_lo, io_lo, sum_lo = low[cells[n], g]
        tpp_hi, pd_hi, dram_hi, io_hi, sum_hi = high[cells[n], g]
        tpp_lo, tpp_hi = max(tpp_lo, TPP_PER_MAC * spans[4, n]), min(tpp_hi, TPP_PER_MAC * spans[5, n])
        ok = True
        for _ in range(2):
            for k in range(11):
                v[k], w[k] = levels[g, k, lo[n, k]], levels[g, k, hi[n, k]]
            area_v = _area(v, counted)
            area_w = _counted_most(w, counted, part, most)
            cap = min(tpp_hi, pd_hi * area_w) * up
            tpp_v, tpp_w = TPP_PER_MAC * _macs(v), TPP_PER_MAC * _macs(w)
            io_v, io_w = 2 * v[10] + host_bus, 2 * w[10] + host_bus
            ok = _area(v, part) <= most and tpp_v < cap and area_w >= least and _power(v, energy) <= watts
            ok = ok and min(tpp_w, cap) >= max(tpp_lo, pd_lo * area_v) * down
            ok = ok and _area(w, part) >= part_least and _power(w, energy) >= watts_least
            ok = ok and v[8] < dram_hi * up and w[8] >= dram_lo * down
            ok = ok and io_v < io_hi * up and io_w >= io_lo * down
            ok = ok and v[8] + io_v < sum_hi * up and w[8] + io_w >= sum_lo * down
            if not ok:
                break
            # upper ends: with this variable at its end and all others at their lowest a limit is broken
            for k in range(11):
                keep = v[k]
                while hi[n, k] > lo[n, k]:
                    v[k] = levels[g, k, hi[n, k]]
                    fine = _area(v, part) <= most and TPP_PER_MAC * _macs(v) < cap and _power(v, energy) <= watts
                    if k == 8:
                        fine = fine and v[8] < min(dram_hi, sum_hi - io_v) * up
                    if k == 10:
                        io = 2 * v[10] + host_bus
                        fine = fine and io < min(io_hi, sum_hi - levels[g, 8, lo[n, 8]]) * up
                    if fine:
                        break
                    hi[n, k] -= 1
                v[k] = keep
            for k in range(11):
                w[k] = levels[g, k, hi[n, k]]
            # lower ends: with this variable at its end and all others at their highest a limit is not reached
            need_tpp = max(tpp_lo, pd_lo * area_v) * down
            need_area = max(tpp_v / pd_hi * down, least)
            for k in range(11):
                keep = w[k]
                while lo[n, k] < hi[n, k]:
                    w[k] = levels[g, k, lo[n, k]]
                    fine = TPP_PER_MAC * _macs(w) >= need_tpp and _area(w, counted) >= need_area
                    fine = fine and _area(w, part) >= part_least and _power(w, energy) >= watts_least
                    if k == 8:
                        fine = fine and w[8] >= max(dram_lo, sum_lo - 2 * levels[g, 10, hi[n, 10]] - host_bus) * down
                    if k == 10:
                        io = 2 * w[10] + host_bus
                        fine = fine and io >= max(io_lo, sum_lo - levels[g, 8, hi[n, 8]]) * down
                    if fine:
                        break
                    lo[n, k] += 1
                w[k] = keep
        if not ok:
            continue
        alive[n] = True
        for k in range(11):
            v[k], w[k] = levels[g, k, lo[n, k]], levels[g, k, hi[n, k]]
        cap = min(tpp_hi, pd_hi * _counted_most(w, counted, part, most)) * up
        least_macs = max(_macs(v), max(tpp_lo, pd_lo * _area(v, counted)) * down / TPP_PER_MAC)
        rates[0, n], rates[1, n] = _rates(v, w, part, most, energy, watts, cap, least_macs)
        floors[0, n] = max(_area(v, part), _fixed_area(v, part) + least_macs / w[4] * _area_per_mac(v, w, part))
        floors[1, n] = max(_power(v, energy), _fixed_power(v, energy) + least_macs * _power_per_mac(v, w, energy))
        alive[n] = floors[0, n] <= most and floors[1, n] <= watts and least_macs <= rates[0, n] * up


@njit(cache=True, nogil=True, error_model="numpy")
def screen(index, levels, low, high, area, host_bus, memory, near, x, areas, ok):  # type: ignore[no-untyped-def]
    """Write designs as columns, their areas, and whether they keep all limits up to a relative `near`.

    Parameters
    ----------
    index : int16 (n, 12); levels, low, high, area, host_bus : as in `shrink`; memory : least capacity [GB]
    x : float64 (11, n), written; areas : float64 (2, n), written: counted, and the limited part [mm2]
    ok : bool (n,), written
    """
    up, down = 1.0 + near, 1.0 - near
    v = np.empty(11)
    for n in range(index.shape[0]):
        g = index[n, 11]
        for k in range(11):
            v[k] = levels[g, k, index[n, k]]
            x[k, n] = v[k]
        counted, part = _area(v, area[g, 0]), _area(v, area[g, 1])
        areas[0, n], areas[1, n] = counted, part
        ok[n] = False
        if v[9] < memory * down or part > area[g, 1, 9] * up or counted < area[g, 0, 9] * down:
            continue
        tpp = TPP_PER_MAC * _macs(v)
        density, io = tpp / counted, 2 * v[10] + host_bus
        for c in range(low.shape[0]):
            a, b = low[c, g], high[c, g]
            inside = tpp >= a[0] * down and tpp < b[0] * up and density >= a[1] * down and density < b[1] * up
            inside = inside and v[8] >= a[2] * down and v[8] < b[2] * up and io >= a[3] * down and io < b[3] * up
            if inside and v[8] + io >= a[4] * down and v[8] + io < b[4] * up:
                ok[n] = True
                break


def shrink_boxes(
    lo: NDArray[np.int16],
    hi: NDArray[np.int16],
    cells: NDArray[np.int32],
    levels: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    area: NDArray[np.float64],
    host_bus: float,
    energy: NDArray[np.float64] | None = None,
    spans: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    """Shrink boxes in place; return which are alive, their greatest rates, their least area and power; see `shrink`."""
    alive = np.empty(len(lo), dtype=np.bool_)
    rates: NDArray[Any] = np.ones((2, len(lo)))
    joule = np.ones(len(POWER_TERMS)) if energy is None else energy
    own = np.tile([[0.0], [np.inf]] * 3, len(lo)) if spans is None else spans
    floors: NDArray[Any] = np.zeros((2, len(lo)))
    shrink(lo, hi, cells, levels, low, high, area, host_bus, joule, own, alive, rates, floors)
    return alive, rates, floors
