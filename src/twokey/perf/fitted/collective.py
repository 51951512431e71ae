"""Time of all-reduce among the devices of a node."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twokey.perf.fitted.chip import RealChip

__all__ = ["all_reduce_s", "library_all_reduce_s", "one_or_two_shot_s"]

Floats = NDArray[np.float64]


def library_all_reduce_s(chip: RealChip, c: dict[str, float], devices: ArrayLike, bytes_: ArrayLike) -> Floats:
    """Return the time of an all-reduce of a collective library (NCCL), outside a fused kernel.

    Parameters
    ----------
    devices : array_like, >= 2 [1]
    bytes_ : array_like: vector every device holds [byte]

    Notes
    -----
    a + b + 2 k sqrt(a b): start-up a = base + step (n - 1), transfer b = f S / bandwidth, and the filling of a
    pipeline whose pieces are as large as is best. f is 2 (n - 1) / n / ring efficiency, or where switches reduce
    (n + 1) / n / switch efficiency if that is less.

    References
    ----------
    R. Thakur, R. Rabenseifner and W. Gropp, "Optimization of collective communication operations in MPICH,"
    IJHPCA 19(1), 2005 (ring and the trade between pieces and start-up).
    """
    n, s = np.asarray(devices, float), np.asarray(bytes_, float)
    start = (c["start_us"] + c["step_us"] * (n - 1)) * 1e-6
    share = 2 * (n - 1) / n / c["ring_efficiency"]
    if "switch_efficiency" in c:
        share = np.minimum(share, (n + 1) / n / c["switch_efficiency"])
    transfer = share * s / chip.link_Bps
    return np.asarray(start + transfer + 2 * c["pipeline"] * np.sqrt(start * transfer))


def one_or_two_shot_s(chip: RealChip, c: dict[str, float], devices: ArrayLike, bytes_: ArrayLike) -> Floats:
    """Return the time of a serving framework's all-reduce kernel inside a graph.

    One shot: every device reads every other's vector, S (n - 1) bytes; two shots: each reduces its share and sends
    it to all, 2 S (n - 1) / n bytes. The shorter counts.
    """
    n, s = np.asarray(devices, float), np.asarray(bytes_, float)
    one = (c["one_us"] + c["one_step_us"] * (n - 1)) * 1e-6 + s * (n - 1) / (c["one_efficiency"] * chip.link_Bps)
    two = (c["two_us"] + c["two_step_us"] * (n - 1)) * 1e-6
    two = two + 2 * s * (n - 1) / n / (c["two_efficiency"] * chip.link_Bps)
    return np.asarray(np.minimum(one, two))


def all_reduce_s(
    chip: RealChip, library: dict[str, float], kernel: dict[str, float], devices: ArrayLike, bytes_: ArrayLike
) -> Floats:
    """Return the time of a serving framework's all-reduce: its own kernel, or the library where that is faster."""
    own = one_or_two_shot_s(chip, kernel, devices, bytes_)
    return np.asarray(np.minimum(own, library_all_reduce_s(chip, library, devices, bytes_)))
