"""Time of the experts of a mixture-of-experts layer on the device that holds most work."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from twokey.perf.fitted.chip import RealChip
from twokey.perf.fitted.gemm import sustained_clock, tiles_of

__all__ = ["ROUTINGS", "expert_rows", "grouped_core_s", "moe_layer_s"]

Floats = NDArray[np.float64]

ROUTINGS = ("balanced", "uniform", "power-law-1.01", "power-law-1.2")
"""Ways in which tokens choose experts: as evenly as can be; each at random; by a power law of popularity."""

_STEP, _CORNER = 64.0, 8.0
_BLOCK = 128.0


@cache
def expert_rows(tokens: int, topk: int, experts: int, ep: int, routing: str) -> tuple[float, ...]:
    """Return the rows of each expert on the device that holds most rows, experts without rows left out.

    Parameters
    ----------
    tokens, topk : tokens of all devices, and the experts each visits [1]
    experts, ep : experts of the layer, devices over which they are divided [1]
    routing : one of `ROUTINGS`

    Notes
    -----
    Balanced: rows are dealt out one by one. Uniform: the mean number of experts touched, E (1 - (1 - k/E)^T), each
    with its share of the rows. A power law of exponent x: popularities are the quantiles of the density p^-x between
    1 and 0.8 T (between 0.01 and 2 where there are no more rows than experts), scaled to add up to the rows and
    rounded, what rounding leaves over going to the most popular; none has more rows than tokens. Experts are dealt to
    the devices in a fixed shuffled order.

    References
    ----------
    aiconfigurator (NVIDIA), the power-law routing with which its MoE tables were measured.

    Examples
    --------
    >>> expert_rows(4, 2, 8, 1, "balanced"), len(expert_rows(4, 2, 64, 8, "balanced"))
    ((1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0), 1)
    """
    rows = tokens * topk
    held = -(-experts // ep)
    if routing == "balanced":
        here = -(-rows // ep) if rows >= ep else 1
        touched = min(held, here)
        low, more = divmod(here, touched)
        return tuple([low + 1.0] * more + [float(low)] * (touched - more))
    if routing == "uniform":
        touched_mean = held * (1 - (1 - topk / experts) ** tokens)
        number = max(1, round(touched_mean))
        return (max(1.0, rows / experts * held / number),) * number
    counts = _power_law(tokens, topk, experts, float(routing.rsplit("-", 1)[1]))
    order = np.random.default_rng(0).permutation(experts)
    dealt = np.zeros(held * ep)
    dealt[:experts] = counts[order]
    devices = dealt.reshape(ep, held)
    most = devices[int(devices.sum(axis=1).argmax())]
    return tuple(float(v) for v in most[most > 0]) or (1.0,)


def _power_law(tokens: int, topk: int, experts: int, exponent: float) -> Floats:
    """Return the rows of every expert, the most popular last; a token counts once with an expert."""
    rows = tokens * topk
    low, high = (1.0, max(2.0, 0.8 * tokens)) if rows > experts else (0.01, 2.0)
    at = (np.arange(experts) + 0.5) / experts
    power = 1.0 - exponent
    popularity = (low**power + at * (high**power - low**power)) ** (1.0 / power)
    counts = np.round(popularity / popularity.sum() * rows)
    short = int(rows - counts.sum())
    if short > 0:  # what rounding lost goes to the most popular, one by one
        counts += short // experts
        counts[experts - short % experts :] += 1.0
    while short < 0:  # what it won is taken from the least popular that have any
        some = np.flatnonzero(counts > 0)[:-short]
        counts[some] -= 1.0
        short += some.size
    over = np.maximum(counts - tokens, 0.0).sum()
    counts = np.minimum(counts, tokens)
    for i in range(experts - 1, -1, -1):  # the others of a token whose choices coincide
        if over <= 0:
            break
        more = min(over, tokens - counts[i])
        counts[i] += more
        over -= more
    return np.asarray(counts)


def moe_layer_s(
    chip: RealChip,
    c: dict[str, float],
    rows: tuple[float, ...],
    *,
    hidden: int,
    inter: float,
    tokens: float,
    topk: int,
    weight_bytes: float = 2.0,
    operand_bytes: float = 2.0,
    rate: float = 1.0,
    matrices: int = 3,
) -> float:
    """Return the time of the experts' products on one device, sorting, activation and summing included [s].

    Parameters
    ----------
    rows : rows of each expert that has any, as `expert_rows` gives them [1]
    hidden, inter : width of the model, and of an expert on this device [1]
    tokens, topk : tokens and experts each visits, for the passes around the products [1]
    weight_bytes, operand_bytes : width of a weight and of an operand [byte]
    rate : rate of the products over the 16-bit rate [1]
    matrices : 3 with a gate, 2 without

    Notes
    -----
    Two grouped products: (rows, (matrices - 1) inter, hidden) and (rows, hidden, inter). The tiles of all experts
    share the cores, with the tile that is best for the whole; each expert's weights are read once. Time of a
    product as in `gemm_core_s` with efficiencies of its own. Around them a fixed time, a time for each doubling of the
    rows held (they are sorted by expert), and passes over tokens x topk rows of both widths: kernels sort, activate
    and add up the rows of all experts, also of those held elsewhere. Where weights lie in blocks of so many rows
    (coefficient `weight_block`), the width of an expert is filled up to whole blocks, which are read and multiplied.
    """
    block = c.get("weight_block", 1.0)
    inter = np.ceil(inter / block) * block
    widths = {"weight_bytes": weight_bytes, "operand_bytes": operand_bytes, "rate": rate}
    total = 0.0
    for n, k in (((matrices - 1) * inter, float(hidden)), (float(hidden), float(inter))):
        total += grouped_core_s(chip, c, rows, n, k, **widths)
    moved = tokens * topk * (hidden + (matrices - 1.0) * inter) * 2.0 * c["row_passes"]
    around = c["fixed_us"] + c["sort_us"] * np.log2(1.0 + sum(rows))
    return float(around) * 1e-6 + total + moved / (c["dram_efficiency"] * chip.dram_Bps)


@cache
def _tiles(tiles: tuple[tuple[int, int], ...]) -> tuple[Floats, Floats]:
    """Return rows and columns of the tiles that experts use, each (1, tiles)."""
    some = np.array([t for t in tiles if t[0] >= 16 and t[1] >= 64], dtype=np.float64)
    return some[None, :, 0], some[None, :, 1]


def grouped_core_s(
    chip: RealChip,
    c: dict[str, float],
    rows: tuple[float, ...],
    n: float,
    k: float,
    *,
    weight_bytes: float = 2.0,
    operand_bytes: float = 2.0,
    rate: float = 1.0,
) -> float:
    """Return the time of one grouped product without its launch: each expert's rows by its own (k x n) weights [s].

    Parameters as in `moe_layer_s`.

    Notes
    -----
    Where 8-bit operands carry a scale for each 128 of the depth (coefficient `scale_lanes`), the vector lanes scale
    and add every result of a tile once for each such block, before the next product of the arrays: their time is
    added to that of the arrays. Lanes have not grown with the arrays, so that the share they take does. Experts' rows
    are few, so that paired cores put rows of weights, of which there are always enough, one below the other.
    """
    levels, counts = np.unique(np.asarray(rows, float), return_counts=True)
    total, experts = float((levels * counts).sum()), float(counts.sum())
    bm, bn = _tiles(tiles_of(chip))
    share_a, share_b = chip.shared_operands
    cache = c["cache_rate"] * chip.l2_bytes_per_clock
    depth = np.ceil(k / _STEP) * _STEP
    units = (np.ceil(levels[:, None] / bm) * counts[:, None]).sum(axis=0, keepdims=True) * np.ceil(n / bn)
    arithmetic = bm * bn * depth / chip.array_rate(c["expert_array_efficiency"], rate)
    if chip.block_scales:
        arithmetic = arithmetic + bm * bn * depth / _BLOCK * c.get("scale_lanes", 0.0) / chip.lanes
    feed = (bm * operand_bytes / share_a + bn * weight_bytes / share_b) * depth / cache
    unit = (arithmetic**_CORNER + feed**_CORNER) ** (1 / _CORNER) + c["tile_cycles"]
    core_s = np.maximum(1.0, units / chip.cores) * unit / chip.clock_Hz
    bytes_ = experts * n * k * weight_bytes + total * (k * operand_bytes + n * 2.0)
    dram_s = bytes_ / (c["expert_dram_efficiency"] * chip.dram_Bps)
    dram_s = dram_s / np.minimum(1.0, units * c["units_in_flight"] / chip.cores) ** c["flight_exponent"]
    p = c["overlap"]
    time = (core_s**p + dram_s**p) ** (1 / p)
    operations = np.full_like(time, 2.0 * total * n * k / rate)
    clock = sustained_clock(chip, c, operations / time)
    return float((((core_s / clock) ** p + dram_s**p) ** (1 / p)).min())
