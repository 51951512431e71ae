"""Time of matrix products on a real chip: tiles, waves, split depth, cache and memory traffic, power."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twokey.perf.fitted.chip import RealChip

__all__ = ["TILES", "gemm_core_s", "sharing", "sustained_clock", "tiles_of"]

TILES = (
    (16, 64), (16, 128), (32, 64), (32, 128), (64, 64), (64, 128), (128, 64), (64, 256), (256, 64),
    (128, 128), (128, 256), (256, 128), (256, 256),
)  # fmt: skip
"""Tiles of the result that a core computes at a time: rows, columns."""

REGISTERS = 32768
"""Results a core can hold in half of its registers, the other half being operands in flight: 256 x 128 [1]."""

_IN_REGISTERS = tuple((bm, bn) for bm, bn in TILES if bm * bn <= REGISTERS)

SPLITS = (1, 2, 3, 4, 6, 8, 16)
"""Parts into which the depth of a product may be split."""

_STEP = 64.0
_ROWS = 8.0
_PAIR_ROWS = 128.0
_CORNER = 8.0
_REFERENCE_HZ = 1.6e9
_CHUNK = 2000

Floats = NDArray[np.float64]


def sustained_clock(chip: RealChip, c: dict[str, float], op_per_s: Floats) -> Floats:
    """Return the share of the clock that the power limit lets a chip hold at a rate of 16-bit products.

    Parameters
    ----------
    op_per_s : rate at the full clock, in operations of 16-bit products [op/s]

    Notes
    -----
    Dynamic power is energy per operation at 1.6 GHz x (clock / 1.6 GHz)^2 x rate: the voltage grows with the clock.
    Since the rate grows with the clock as well, power falls with its third power. A share `idle_share` of the
    limit is spent whether or not the arrays work. Holds for steady loads of milliseconds and more.

    References
    ----------
    N. Weste and D. Harris, CMOS VLSI Design, 4th ed., section 5.1 (dynamic power ~ C V^2 f).
    """
    if not chip.tdp_W:
        return np.ones_like(op_per_s)
    energy_J = c["energy_fine_pJ" if chip.fine_node else "energy_coarse_pJ"] * 1e-12
    power_W = energy_J * (chip.clock_Hz / _REFERENCE_HZ) ** 2 * op_per_s
    room_W = (1.0 - c["idle_share"]) * chip.tdp_W
    return np.asarray(np.minimum(1.0, np.cbrt(room_W / np.maximum(power_W, 1e-9))))


def tiles_of(chip: RealChip) -> tuple[tuple[int, int], ...]:
    """Return the tiles a core can hold: all where it has a memory for results, else those that fit its registers."""
    return TILES if chip.pairs else _IN_REGISTERS


@cache
def _grid(tiles: tuple[tuple[int, int], ...], splits: bool) -> Floats:
    """Return every tile with every split of the depth, or unsplit, (choices, 3)."""
    return np.array([(bm, bn, s) for bm, bn in tiles for s in (SPLITS if splits else SPLITS[:1])], dtype=np.float64)


def sharing(chip: RealChip, m: Floats, bm: Floats) -> tuple[Floats, Floats]:
    """Return how often a tile's left and right operand, once read from the cache, are used [1].

    Parameters
    ----------
    m, bm : rows of the product, and of a tile [1]

    Notes
    -----
    As `RealChip.shared_operands` has it; two cores work as a pair only on two tiles of 128 rows, one below the other.
    """
    a, b = chip.shared_operands
    pair = (bm >= _PAIR_ROWS) & (m > bm) if chip.pairs else np.array(True)
    return np.where(pair, a, 1.0), np.where(pair, b, 1.0)


def gemm_core_s(
    chip: RealChip,
    c: dict[str, float],
    m: ArrayLike,
    n: ArrayLike,
    k: ArrayLike,
    *,
    batch: ArrayLike = 1.0,
    a_bytes: float = 2.0,
    b_bytes: float = 2.0,
    c_bytes: float = 2.0,
    rate: float = 1.0,
    splits: bool = True,
) -> Floats:
    """Return the time of matrix products without the launch floor, each with the best tile and split.

    Parameters
    ----------
    m, n, k, batch : array_like, broadcast together: `batch` products (m x k) by (k x n) [1]
    a_bytes, b_bytes, c_bytes : width of an element of both operands and of the result [byte]
    rate : rate of the products over the 16-bit rate [1]
    splits : whether the library may split the depth over cores

    Returns
    -------
    ndarray, one time for each product [s]

    Notes
    -----
    For a tile (BM, BN) and S parts of depth K/S:
    arithmetic BM BN K/S / macs / e; operands (min(BM, m)/ca + BN/cb) bytes K/S / cache bytes a clock, rows in eights;
    both and the fixed cycles of a tile give a unit's cycles; max(1, units / cores) units follow each other on a core.
    They come in whole waves where threads load and multiply by turns; where copies run beside the arrays (`wide`)
    kernels stay on their cores and libraries balance the last wave. Memory: operands once, and panels again where
    neither operand stays in the cache, at a share of the bandwidth that falls when few units are in flight. Both
    overlap in part (p-norm). Splitting costs fixed cycles and an addition of the parts. Many products of one row or
    one column may also run on the vector lanes as they stream past.

    Examples
    --------
    >>> from twokey.perf.fitted.chip import named
    >>> from twokey.perf.fitted.coefficients import read
    >>> t = gemm_core_s(named("nvidia-h100"), read().gemm(True), 8192, 8192, 8192)
    >>> 1.1e-3 < float(t[0]) < 1.8e-3
    True
    """
    shape = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in (m, n, k, batch)))
    flat = [v.ravel() for v in shape]
    grid = _grid(tiles_of(chip), splits)
    parts = [
        _chunk(chip, c, [v[i : i + _CHUNK, None] for v in flat], grid, (a_bytes, b_bytes, c_bytes), rate)
        for i in range(0, flat[0].size, _CHUNK)
    ]
    return np.concatenate(parts).reshape(shape[0].shape) if parts else np.empty(shape[0].shape)


def _chunk(
    chip: RealChip, c: dict[str, float], shape: list[Floats], grid: Floats, widths: tuple[float, ...], rate: float
) -> Floats:
    m, n, k, batch = shape
    a, b, out = widths
    bm, bn, split = (column[None, :] for column in grid.T)
    share_a, share_b = sharing(chip, m, bm)
    cache = c["cache_rate"] * chip.l2_bytes_per_clock
    depth = np.ceil(k / split / _STEP) * _STEP
    units = np.ceil(m / bm) * np.ceil(n / bn) * batch * split
    arithmetic = bm * bn * depth / chip.array_rate(c["array_efficiency"], rate)
    read = np.minimum(bm, np.ceil(m / _ROWS) * _ROWS)
    feed = (read * a / share_a + bn * b / share_b) * depth / cache
    unit = (arithmetic**_CORNER + feed**_CORNER) ** (1 / _CORNER) + c["tile_cycles"]
    waves = units / chip.cores if chip.wide else np.ceil(units / chip.cores)
    core_s = np.maximum(1.0, waves) * unit / chip.clock_Hz
    dram_s = _memory_bytes(chip, c, (m, n, k), (bm, bn), widths) * batch / (c["dram_efficiency"] * chip.dram_Bps)
    dram_s = dram_s / np.minimum(1.0, units * c["units_in_flight"] / chip.cores) ** c["flight_exponent"]
    p = c["overlap"]
    time = (core_s**p + dram_s**p) ** (1 / p)
    clock = sustained_clock(chip, c, 2 * m * n * k * batch / (rate * time))
    time = ((core_s / clock) ** p + dram_s**p) ** (1 / p)
    adding = c["split_cycles"] + split * m * n * batch * 4.0 / (cache * chip.cores)
    best = (time + (split > 1) * adding / chip.clock_Hz).min(axis=1)
    streamed = (m * k * a + k * n * b + m * n * out) * batch / (c["dram_efficiency"] * chip.dram_Bps)
    lanes = 2 * m * n * k * batch / (2 * chip.cores * chip.lanes * chip.clock_Hz)
    rows = ((m == 1) | (n == 1)) & (batch > 1)
    return np.asarray(np.where(rows, np.minimum(best[:, None], np.maximum(streamed, lanes)), best[:, None])[:, 0])


def _memory_bytes(
    chip: RealChip,
    c: dict[str, float],
    shape: tuple[Floats, Floats, Floats],
    tile: tuple[Floats, Floats],
    widths: tuple[float, ...],
) -> Floats:
    """Return the traffic of one product: operands, panels read again, the result. [byte]"""
    m, n, k = shape
    a, b, out = widths
    kept = c["cache_share"] * chip.l2_bytes
    side = np.sqrt(chip.cores * tile[0] * tile[1])
    rows, cols = np.minimum(m, np.maximum(tile[0], side)), np.minimum(n, np.maximum(tile[1], side))
    left, right = m * k * a, k * n * b
    again_left = np.clip((left + cols * k * b) / kept - 1, 0, 1) * c["reread"] * (np.ceil(n / cols) - 1)
    again_right = np.clip((right + rows * k * a) / kept - 1, 0, 1) * c["reread"] * (np.ceil(m / rows) - 1)
    once = left + right + m * n * out
    return np.asarray(once + np.minimum(left * again_left, right * again_right))
