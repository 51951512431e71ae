"""Time of communication among devices: reduce, gather, scatter, exchange, point to point; in and across nodes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twokey.perf.fitted.chip import RealChip

__all__ = [
    "ONE_PASS",
    "all_reduce_s",
    "hierarchical_all_reduce_s",
    "library_all_reduce_s",
    "one_or_two_shot_s",
    "one_pass_s",
    "send_s",
    "tree_all_reduce_s",
]

Floats = NDArray[np.float64]

ONE_PASS = ("all-gather", "reduce-scatter", "all-to-all")
"""Collectives that move (n - 1) / n of the vector once over each device's links."""

_BUS_Bps = 64e9
_TREE_EFFICIENCY = 0.5


def _crowding(chip: RealChip, devices: Floats) -> Floats:
    """Return by how much a shared bridge slows each device: n/2 where the links are the bus of the host, else 1.

    A link no faster than a x16 bus of the fifth generation is taken to be the bus, without access among peers: all
    pieces cross the host's bridge, half of them each way at a time. An assumption.
    """
    return np.maximum(1.0, devices / 2.0) if chip.link_Bps <= _BUS_Bps else np.ones_like(devices)


def _filled(start: Floats, transfer: Floats, pipeline: float) -> Floats:
    return np.asarray(start + transfer + 2 * pipeline * np.sqrt(start * transfer))


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
    return _filled(start, share * s / chip.link_Bps * _crowding(chip, n), c["pipeline"])


def one_pass_s(chip: RealChip, c: dict[str, float], devices: ArrayLike, bytes_: ArrayLike) -> Floats:
    """Return the time of an all-gather, a reduce-scatter or an all-to-all of a collective library.

    Parameters
    ----------
    devices : array_like, >= 2 [1]
    bytes_ : array_like: the whole vector, gathered or scattered, or what one device sends to all together [byte]

    Notes
    -----
    As `library_all_reduce_s` with one pass instead of two: (n - 1) / n of the vector over each device's links.

    References
    ----------
    As `library_all_reduce_s`.
    """
    n, s = np.asarray(devices, float), np.asarray(bytes_, float)
    start = (c["start_us"] + c["step_us"] * (n - 1)) * 1e-6
    transfer = (n - 1) / n * s / (c["ring_efficiency"] * chip.link_Bps) * _crowding(chip, n)
    return _filled(start, transfer, c["pipeline"])


def tree_all_reduce_s(chip: RealChip, c: dict[str, float], devices: ArrayLike, bytes_: ArrayLike) -> Floats:
    """Return the time of an all-reduce over a binary tree: few steps, but inner devices send to two.

    Notes
    -----
    Start-up base + 2 log2(n) steps; a transfer of 2 S at half the rate of a ring's links, for an inner device takes
    from two and sends to one. Shorter than a ring for small vectors among many devices.

    References
    ----------
    R. Thakur, R. Rabenseifner and W. Gropp, IJHPCA 19(1), 2005, section 3 (trees for short vectors).
    """
    n, s = np.asarray(devices, float), np.asarray(bytes_, float)
    start = (c["start_us"] + c["step_us"] * 2.0 * np.log2(n)) * 1e-6
    transfer = 2.0 * s / (_TREE_EFFICIENCY * c["ring_efficiency"] * chip.link_Bps) * _crowding(chip, n)
    return _filled(start, transfer, c["pipeline"])


def send_s(chip: RealChip, c: dict[str, float], bytes_: ArrayLike, *, link_Bps: float | None = None) -> Floats:
    """Return the time to send bytes to one other device, over its links or over a network of this rate [s]."""
    rate = chip.link_Bps if link_Bps is None else link_Bps
    start = np.asarray(c["start_us"] * 1e-6)
    return _filled(start, np.asarray(bytes_, float) / (c["ring_efficiency"] * rate), c["pipeline"])


def hierarchical_all_reduce_s(
    chip: RealChip,
    reduce: dict[str, float],
    one_pass: dict[str, float],
    inner: int,
    outer: int,
    bytes_: ArrayLike,
    *,
    scale_out_Bps: float,
) -> Floats:
    """Return the time of an all-reduce over nodes: scatter inside, all-reduce across, gather inside.

    Parameters
    ----------
    reduce, one_pass : coefficients of `library_all_reduce_s` and of `one_pass_s`
    inner, outer : devices of a node, and nodes [1]
    bytes_ : array_like: vector every device holds [byte]
    scale_out_Bps : network of one device, one way [byte/s]

    Notes
    -----
    Across nodes each device reduces its 1/inner of the vector with its peers, by a ring or a tree, whichever is
    shorter.

    References
    ----------
    NVIDIA, "Massively scale your deep learning training with NCCL 2.4," 2019 (hierarchical rings and trees).

    Examples
    --------
    >>> from twokey.perf.fitted.chip import named
    >>> from twokey.perf.fitted.coefficients import read
    >>> g = read().groups
    >>> h100 = named("nvidia-h100")
    >>> pair = (g["all-reduce-library-wide"], g["one-pass-library-wide"])
    >>> one = hierarchical_all_reduce_s(h100, *pair, 8, 1, 1e9, scale_out_Bps=50e9)
    >>> two = hierarchical_all_reduce_s(h100, *pair, 8, 2, 1e9, scale_out_Bps=50e9)
    >>> bool(one < two < 4 * one)
    True
    """
    s = np.asarray(bytes_, float)
    total = np.zeros_like(s)
    if inner > 1:
        total = total + 2.0 * one_pass_s(chip, one_pass, inner, s)
    if outer > 1:
        outside = replace(chip, link_Bps=max(scale_out_Bps, _BUS_Bps * 1.001))
        scale = outside.link_Bps / scale_out_Bps
        part = s / inner * scale
        ring = library_all_reduce_s(outside, {k: v for k, v in reduce.items() if k != "switch_efficiency"}, outer, part)
        total = total + np.minimum(ring, tree_all_reduce_s(outside, reduce, outer, part))
    return np.asarray(total)


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
