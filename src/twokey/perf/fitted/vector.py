"""Time of row-wise and element-wise kernels on a real chip."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twokey.perf.fitted.chip import RealChip

__all__ = ["gelu_s", "layernorm_s", "pass_s", "softmax_s"]

Floats = NDArray[np.float64]


def pass_s(chip: RealChip, c: dict[str, float], bytes_: ArrayLike) -> Floats:
    """Return the time of one kernel that moves this many bytes and does little else, its launch included."""
    return np.asarray(c["launch_us"] * 1e-6 + np.asarray(bytes_, float) / (c["dram_efficiency"] * chip.dram_Bps))


def softmax_s(
    chip: RealChip, c: dict[str, float], rows: ArrayLike, cols: ArrayLike, width_bytes: float = 2.0
) -> Floats:
    """Return the time of a softmax over the columns of each row.

    Notes
    -----
    `softmax_lanes` lane-cycles an element (maximum, exponential, sum, division at 32 bits), or one reading and one
    writing of memory, whichever is longer; a row's own chain of steps bounds few rows.
    """
    rows, cols = np.asarray(rows, float), np.asarray(cols, float)
    busy = np.minimum(1.0, rows / chip.cores)
    lanes = rows * cols * c["softmax_lanes"] / (chip.cores * busy * chip.lanes * chip.clock_Hz)
    memory = rows * cols * 2 * width_bytes / (c["dram_efficiency"] * chip.dram_Bps)
    return np.asarray(c["launch_us"] * 1e-6 + np.maximum(lanes, memory))


def layernorm_s(
    chip: RealChip, c: dict[str, float], rows: ArrayLike, cols: ArrayLike, width_bytes: float = 2.0
) -> Floats:
    """Return the time of a layer norm over the columns of each row.

    Notes
    -----
    The part of a row that fits a share of the core's memory at 32 bits is read once; the rest is read three times
    (mean, variance, result). Everything is written once.
    """
    rows, cols = np.asarray(rows, float), np.asarray(cols, float)
    kept = c["row_share"] * chip.sram_KiB * 1024
    passes = 2.0 + 2.0 * np.clip(cols * 4.0 / kept - 1.0, 0.0, 1.0)
    return pass_s(chip, c, rows * cols * passes * width_bytes)


def gelu_s(chip: RealChip, c: dict[str, float], elements: ArrayLike, width_bytes: float = 2.0) -> Floats:
    """Return the time of an element-wise activation: each element read and written once."""
    return pass_s(chip, c, np.asarray(elements, float) * 2 * width_bytes)
