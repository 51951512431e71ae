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
_CORNER = 4.0
_BLOCK_WIDTH = 256.0


def decode_attention_s(
    chip: RealChip,
    c: dict[str, float],
    problems: ArrayLike,
    rows: ArrayLike,
    context: ArrayLike,
    *,
    d_qk: ArrayLike = 128.0,
    d_v: ArrayLike = 128.0,
    kv_width: ArrayLike = 256.0,
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
    cold : whether the cache comes from memory always, as in serving, where other kernels keep memory busy before and
        after; else a cache that fits the shared cache is read from there, as in a benchmark that repeats one call

    Notes
    -----
    The context of a problem is cut into parts, as many as give every core one but none below `keys_per_part` keys.
    Two times are joined (p-norm). One is the cache at a share of the bandwidth of memory, with the products of the rows
    padded to the array's height (4-norm). The other is what cores wait for on the shared cache: what lies there, read
    at a share of its rate, and the rounds of problems that a core works through. A round takes what the shared cache
    needs for `block_keys` keys of one problem, and as much again as keys of width 128 have: kernels fetch and mask
    whole blocks, however short the context. Unless other kernels do, nothing fills the bandwidth of memory during the
    cores' first and last blocks: `fill_rounds` rounds are added, but no more than the reading itself takes. In serving
    they do, and what comes from memory takes no less than from the shared cache. Launch and, where a context is cut,
    the joining of the parts are added: a fixed time, and one for each part, which one core reads in turn.

    A kernel that takes at most `most_rows` query heads for a problem leaves more of them to another, which takes each
    head by itself: the lanes spend `lane_cycles` on a multiply-accumulate, and a head costs as much as 128 keys more.

    References
    ----------
    T. Dao et al., "Flash-Decoding for long-context inference," 2023 (parts over the context, then a reduction).
    """
    problems, rows, context = (np.asarray(v, dtype=np.float64) for v in (problems, rows, context))
    widths, kv_width = np.asarray(d_qk, dtype=np.float64) + np.asarray(d_v, dtype=np.float64), np.asarray(kv_width)
    parts = np.clip(chip.cores / problems, 1.0, np.maximum(1.0, context / c["keys_per_part"]))
    busy = np.minimum(1.0, problems * parts / chip.cores)
    cached = problems * context * kv_width * kv_bytes
    other = problems * rows * widths
    room = c["cache_share"] * chip.l2_bytes
    fits = np.clip((room - cached) / (0.3 * chip.l2_bytes) + 1, 0.0, 1.0)
    padded = np.maximum(rows, c["least_rows"])
    math = 2.0 * problems * padded * context * widths / (chip.peak_op_per_s * rate * c["array_efficiency"] * busy)
    a_round = chip.cores * c["block_keys"] * (kv_width + _BLOCK_WIDTH) * 2.0 / chip.l2_Bps
    rounds, p = np.maximum(problems / chip.cores, 1.0) * a_round, c["overlap"]

    def joined(hit: Floats) -> tuple[Floats, Floats]:
        memory = (cached * (1 - hit) + other) / (c["dram_efficiency"] * chip.dram_Bps)
        near = rounds + cached * hit / (c["cache_efficiency"] * chip.l2_Bps)
        return memory, ((memory**_CORNER + math**_CORNER) ** (p / _CORNER) + near**p) ** (1 / p)

    memory, body = joined(fits)
    if cold:
        body = np.maximum(body, joined(np.zeros_like(fits))[1])
    else:
        body = body + (1 - fits) * np.minimum(c["fill_rounds"] * a_round, memory)
    if "most_rows" in c:
        lanes = chip.cores * chip.lanes * chip.clock_Hz / c["lane_cycles"]
        body = np.where(rows > c["most_rows"], problems * rows * (context + _KEYS) * widths / lanes, body)
    joining = c["split_us"] * np.minimum(np.log2(parts), 1.0) + c["part_us"] * (parts - 1.0)
    return np.asarray((c["launch_us"] + joining) * 1e-6 + body)


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
    bounds the time from below, and a share of a mean tile is lost at the end. Queries, keys, values and results move
    once through the shared cache, at the ends of a tile and so not beside its products; before, keys and values are
    copied to the cache of the model, in `append_passes` passes over memory. The power limit is that of
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
    products = (d_qk + d_v) / chip.array_rate(c["array_efficiency"], rate)
    softmax = 1.0 / c["exponentials_per_clock"]
    score = np.hypot(products, softmax)
    mean_tile, last_tile = c["tile_cycles"] + tile_rows * mean * score, c["tile_cycles"] + tile_rows * last * score
    work = b * h * tiles * mean_tile
    cycles = np.maximum(work / chip.cores, last_tile) + c["tail_share"] * mean_tile
    bytes_ = (b * h + b * g) * s * (d_qk + d_v) * width_bytes
    memory = bytes_ / (c["ends_rate"] * chip.l2_Bps)
    core = cycles / chip.clock_Hz
    time = core + memory
    operations = 2.0 * b * h * s * np.minimum(reach, (s + 1) / 2) * (d_qk + d_v) / rate
    clock = sustained_clock(chip, c, c["power_share"] * operations / time)
    appended = b * g * s * (d_qk + d_v) * width_bytes * c["append_passes"] / (c["dram_efficiency"] * chip.dram_Bps)
    return np.asarray(c["launch_us"] * 1e-6 + core / clock + memory + appended)
