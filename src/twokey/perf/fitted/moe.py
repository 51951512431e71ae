"""Time of the experts of a mixture-of-experts layer on the device that holds most work."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from twokey.perf.fitted.chip import RealChip
from twokey.perf.fitted.gemm import TILES, sustained_clock

__all__ = ["ROUTINGS", "expert_rows", "grouped_core_s", "moe_layer_s"]

Floats = NDArray[np.float64]

ROUTINGS = ("balanced", "uniform", "power-law-1.01", "power-law-1.2")
"""Ways in which tokens choose experts: as evenly as can be; each at random; by a power law of popularity."""

_EXPERT_TILES = np.array([(bm, bn) for bm, bn in TILES if bm >= 16 and bn >= 64], dtype=np.float64)
_STEP, _CORNER = 64.0, 8.0


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
    1 and 0.8 T, scaled so that they add up to the rows, none above T; experts are dealt to the devices in a fixed
    shuffled order.

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
    exponent = float(routing.rsplit("-", 1)[1])
    high = max(2.0, 0.8 * tokens)
    at = (np.arange(experts) + 0.5) / experts
    power = 1.0 - exponent
    popularity = (at * (high**power - 1.0) + 1.0) ** (1.0 / power)
    counts = np.zeros(experts)
    for _ in range(8):  # scale up to the rows, none above all tokens
        free = counts < tokens
        scaled = np.where(free, popularity, 0.0)
        counts = np.minimum(tokens, counts + scaled / scaled.sum() * (rows - counts.sum())) if free.any() else counts
        if rows - counts.sum() < 0.5:
            break
    counts = _whole(counts, rows)
    order = np.random.default_rng(0).permutation(experts)
    dealt = np.zeros(held * ep)
    dealt[:experts] = counts[order]
    devices = dealt.reshape(ep, held)
    most = devices[int(devices.sum(axis=1).argmax())]
    return tuple(float(v) for v in most[most > 0]) or (1.0,)


def _whole(counts: Floats, rows: int) -> Floats:
    low = np.floor(counts)
    short = round(rows - low.sum())
    if short > 0:
        low[np.argsort(low - counts)[:short]] += 1
    return low


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
    product as in `gemm_core_s` with efficiencies of its own. Around them a fixed time, and passes over tokens x topk
    rows of both widths: kernels sort, activate and add up the rows of all experts, also of those held elsewhere.
    """
    widths = {"weight_bytes": weight_bytes, "operand_bytes": operand_bytes, "rate": rate}
    total = 0.0
    for n, k in (((matrices - 1) * inter, float(hidden)), (float(hidden), float(inter))):
        total += grouped_core_s(chip, c, rows, n, k, **widths)
    moved = tokens * topk * (hidden + (matrices - 1.0) * inter) * 2.0 * c["row_passes"]
    return c["fixed_us"] * 1e-6 + total + moved / (c["dram_efficiency"] * chip.dram_Bps)


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
    """
    levels, counts = np.unique(np.asarray(rows, float), return_counts=True)
    total, experts = float((levels * counts).sum()), float(counts.sum())
    bm, bn = (column[None, :] for column in _EXPERT_TILES.T)
    share_a, share_b = chip.shared_operands
    depth = np.ceil(k / _STEP) * _STEP
    units = (np.ceil(levels[:, None] / bm) * counts[:, None]).sum(axis=0, keepdims=True) * np.ceil(n / bn)
    arithmetic = bm * bn * depth / (chip.macs * rate * c["expert_array_efficiency"])
    feed = (bm * operand_bytes / share_a + bn * weight_bytes / share_b) * depth / c["cache_bytes_per_clock"]
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
