"""Time of fused attention on a real chip: decode over a cache, and causal prefill."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twokey.perf.fitted.chip import RealChip
from twokey.perf.fitted.gemm import sustained_clock

__all__ = ["decode_attention_s", "prefill_attention_s"]

Floats = NDArray[np.float64]
_ROWS = 128.0
_KEYS = 128.0


def decode_attention_s(
    chip: RealChip,
    c: dict[str, float],
    problems: ArrayLike,
    rows: ArrayLike,
    context: ArrayLike,
    *,
    d_qk: float = 128.0,
    d_v: float = 128.0,
    kv_width: float = 256.0,
    kv_bytes: float = 2.0,
    rate: float = 1.0,
    cold: bool = False,
) -> Floats:
    """Return the time of one decode step's attention, its launch included.

    Parameters
    ----------
    problems : array_like: (sequence, KV head) pairs; with a latent cache (MLA) sequences [1]
    rows : array_like: query heads that share one problem's cache [1]
    context : array_like: keys each attends to [token]
    d_qk, d_v, kv_width : width of a key, of a value, and of what is read for a token and problem [1]
    kv_bytes : width of a cached element [byte]
    rate : rate of the products over the 16-bit rate [1]
    cold : whether the cache comes from memory always, as in serving; else a cache that fits the shared cache is read
        from there, as in a benchmark that repeats one call

    Notes
    -----
    Memory time at a share of the bandwidth, divided by occupancy^x where occupancy is
    min(1, problems x context / keys_per_part / (parts_per_core x cores)); arithmetic of the rows, padded to the
    array's height; and the rounds of problems a core works through, each with a fixed time. The three are joined by
    a p-norm; launch and the reduction of the parts, a step for each doubling, are added.

    References
    ----------
    T. Dao et al., "Flash-Decoding for long-context inference," 2023 (parts over the context, then a reduction).
    """
    problems, rows, context = (np.asarray(v, dtype=np.float64) for v in (problems, rows, context))
    parts = np.maximum(1.0, context / c["keys_per_part"])
    busy = np.minimum(1.0, problems * parts / (chip.cores * c["parts_per_core"])) ** c["occupancy_exponent"]
    cached = problems * context * kv_width * kv_bytes
    other = 2.0 * problems * rows * (d_qk + d_v)
    room = c["cache_share"] * chip.l2_bytes
    hit = np.zeros_like(cached) if cold else np.clip((room - cached) / (0.3 * chip.l2_bytes) + 1, 0.0, 1.0)
    memory = (cached * (1 - hit) + other) / (c["dram_efficiency"] * chip.dram_Bps)
    memory = memory + cached * hit / (c["cache_efficiency"] * chip.l2_Bps)
    padded = np.maximum(rows, c["least_rows"])
    math = 2.0 * problems * padded * context * (d_qk + d_v) / (chip.peak_op_per_s * rate * c["array_efficiency"])
    rounds = np.maximum(problems / chip.cores - 1, 0.0) * c["round_cycles"] / chip.clock_Hz
    p = c["overlap"]
    body = ((memory / busy) ** p + (math / busy) ** p + rounds**p) ** (1 / p)
    steps = np.clip(np.log2(parts), 0.0, 5.0) * c["reduce_us"] * 1e-6
    return np.asarray(c["launch_us"] * 1e-6 + body + steps)


def prefill_attention_s(
    chip: RealChip,
    c: dict[str, float],
    sequences: ArrayLike,
    length: ArrayLike,
    heads: ArrayLike,
    kv_heads: ArrayLike,
    *,
    d_qk: float = 128.0,
    d_v: float = 128.0,
    width_bytes: float = 2.0,
    window: ArrayLike = 0.0,
    rate: float = 1.0,
) -> Floats:
    """Return the time of causal attention over whole prompts, its launch included.

    Parameters
    ----------
    sequences, length, heads, kv_heads : array_like: prompts, their length, heads of queries and of keys [1]
    window : array_like: keys a row attends to, 0 for all before it [token]
    width_bytes : width of an element of queries, keys and values [byte]
    rate : rate of the products over the 16-bit rate [1]

    Notes
    -----
    A core takes tiles of 128 rows. A tile costs fixed cycles and, for each score, the products (d_qk + d_v
    multiply-accumulates) and an exponential (16 a core and clock, a unit that has not grown since Ampere [1]_),
    joined by a 2-norm because kernels overlap the two in part. Tiles are spread over the cores; the longest tile
    bounds the time from below, and a share of a mean tile is lost at the end. The power limit is that of
    `sustained_clock`.

    References
    ----------
    .. [1] J. Shah et al., "FlashAttention-3," arXiv:2407.08608, section 3 (3.9 TFLOPS of special functions on H100;
       overlap of products and softmax).
    """
    b, s, h, g, w = (np.asarray(v, dtype=np.float64) for v in (sequences, length, heads, kv_heads, window))
    tile_rows = np.minimum(_ROWS, np.ceil(s / 16) * 16)
    tiles = np.ceil(s / tile_rows)
    reach = np.where(w > 0, np.minimum(w, s), s)
    last = np.minimum(np.ceil(s / _KEYS) * _KEYS, np.where(w > 0, reach + tile_rows, np.inf))
    mean = np.where(w > 0, np.minimum((s + tile_rows) / 2, reach + tile_rows / 2), (s + tile_rows) / 2)
    mean = np.where(tiles > 1, mean, last)
    products = (d_qk + d_v) / (chip.macs * rate * c["array_efficiency"])
    softmax = 1.0 / c["exponentials_per_clock"]
    score = np.hypot(products, softmax)
    mean_tile, last_tile = c["tile_cycles"] + tile_rows * mean * score, c["tile_cycles"] + tile_rows * last * score
    work = b * h * tiles * mean_tile
    cycles = np.maximum(work / chip.cores, last_tile) + c["tail_share"] * mean_tile
    bytes_ = (b * h + b * g) * s * (d_qk + d_v) * width_bytes
    memory = bytes_ / (c["dram_efficiency"] * chip.dram_Bps)
    core = cycles / chip.clock_Hz
    time = (core**4 + memory**4) ** 0.25
    operations = 2.0 * b * h * s * np.minimum(reach, (s + 1) / 2) * (d_qk + d_v) / rate
    clock = sustained_clock(chip, c, c["power_share"] * operations / time)
    return np.asarray(c["launch_us"] * 1e-6 + ((core / clock) ** 4 + memory**4) ** 0.25)
