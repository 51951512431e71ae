"""A phase as plain arrays: what the compiled kernels read."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import DTypeLike, NDArray

from twokey.perf.mappings import attention_mappings, gemm_mappings, round_up
from twokey.perf.oracle import CACHE_LINE_BYTES, SOFTMAX_FLOPS, link_bytes
from twokey.workloads.operators import Attention, Collective, Gemm, Operator, Phase, Vector

__all__ = ["PAIR_COLUMNS", "TILE_COLUMNS", "Table", "build"]

TILE_COLUMNS = (
    "k1",
    "n1",
    "k2",
    "n2",
    "rows",
    "fills",
    "scores",
    "vector_flops",
    "core_bytes",
    "step",
    "result",
    "macs",
)
"""One core tile: two array passes (depth k, width n; the second only in attention) over `rows` rows, pipeline
fills, elements and operations of the vector lanes per step, core memory needed [byte], bytes per step and per
result, multiply-accumulates per step divided by the rate of the mode. k1 and k2 are divided by that rate too."""

PAIR_COLUMNS = ("cache_bytes", "load", "store", "blocks", "loads", "tiles", "steps")
"""One core tile in one cache tile: see `oracle._tiled`."""


@dataclass(frozen=True, slots=True)
class Table:
    """A phase as arrays.

    Parameters
    ----------
    op_start : int64 (ops + 1,): first tile of each tiled operator
    tile_start : int64 (tiles + 1,): first pair of each tile
    ops : (ops, 2): independent problems, count
    tiles : (tiles, 12), see `TILE_COLUMNS`
    pairs : (pairs, 7), see `PAIR_COLUMNS`
    vectors : float64 (vectors, 4): elements, operations and bytes per element, count
    links : (2,): bytes sent over links in the whole phase [byte], fixed time of the whole phase [ns]
    """

    op_start: NDArray[np.int64]
    tile_start: NDArray[np.int64]
    ops: NDArray[np.floating]
    tiles: NDArray[np.floating]
    pairs: NDArray[np.floating]
    vectors: NDArray[np.float64]
    links: NDArray[np.floating]

    def arrays(self) -> tuple[NDArray[np.generic], ...]:
        """Return the arrays in the order in which the kernels take them."""
        return (self.op_start, self.tile_start, self.ops, self.tiles, self.pairs, self.vectors, self.links)


def _merged(operators: tuple[Operator, ...]) -> list[Operator]:
    """Return the operators with like ones joined: equal but for their names and counts."""
    found: dict[Operator, float] = {}
    for op in operators:
        key = replace(op, name="", count=0.0)
        found[key] = found.get(key, 0.0) + op.count
    return [replace(op, count=count) for op, count in found.items()]


_Pair = tuple[float, ...]


def _gemm_rows(op: Gemm, rate: int) -> list[tuple[_Pair, _Pair]]:
    a, b, c = op.a_bytes, op.b_bytes, op.c_bytes
    rows: list[tuple[_Pair, _Pair]] = []
    for t in gemm_mappings(op):
        step, load = a * t.tm * t.tk + b * t.tk * t.tn, a * t.TM * t.TK + b * t.TK * t.TN
        tile = (
            t.tk / rate, t.tn, 0, 0, t.tm, 1, 0, 0,
            2 * step + 4 * t.tm * t.tn, step, c * t.tm * t.tn, t.tm * t.tn * t.tk / rate,
        )  # fmt: skip
        pair = (
            round_up(2 * load + c * t.TM * t.TN, CACHE_LINE_BYTES), load, c * t.TM * t.TN,
            -(-op.m // t.TM) * -(-op.n // t.TN), -(-op.k // t.TK),
            -(-t.TM // t.tm) * -(-t.TN // t.tn), -(-t.TK // t.tk),
        )  # fmt: skip
        rows.append((tile, pair))
    return rows


def _attention_rows(op: Attention, rate: int) -> list[tuple[_Pair, _Pair]]:
    key, row = op.kv_width * op.kv_bytes, 2 * (op.d_qk + op.d_v)
    rows: list[tuple[_Pair, _Pair]] = []
    for t in attention_mappings(op):
        result = t.tr * (2 * op.d_qk + 4 * op.d_v)
        tile = (
            op.d_qk / rate, t.tc, t.tc / rate, op.d_v, t.tr, 2, t.tr * t.tc, SOFTMAX_FLOPS,
            result + 2 * t.tc * key + 4 * t.tr * t.tc, t.tc * key, result,
            t.tr * t.tc * (op.d_qk + op.d_v) / rate,
        )  # fmt: skip
        pair = (
            round_up(2 * t.TS * key + t.TR * row, CACHE_LINE_BYTES), t.TS * key, t.TR * row,
            -(-op.rows // t.TR), -(-op.context // t.TS) * op.causal_share,
            -(-t.TR // t.tr) * -(-t.TS // t.ts), -(-t.ts // t.tc),
        )  # fmt: skip
        rows.append((tile, pair))
    return rows


def _useful(rows: list[tuple[_Pair, _Pair]]) -> dict[_Pair, list[_Pair]]:
    """Return tile -> its pairs, each pair once."""
    found: dict[_Pair, list[_Pair]] = {}
    for tile, pair in rows:
        pairs = found.setdefault(tile, [])
        if pair not in pairs:
            pairs.append(pair)
    return found


def build(phase: Phase, rate8: int = 2, dtype: DTypeLike = np.float64) -> Table:
    """Return the phase as arrays of the given type.

    Parameters
    ----------
    rate8 : rate of 8-bit products over 16-bit products: 2, or 1 for a chip without the faster mode [1]
    dtype : float64 or float32; element counts of vector operators stay in float64, since they may pass 2^24

    Raises
    ------
    ValueError
        If a collective is of an unknown kind.

    Examples
    --------
    >>> table = build(Phase("p", (Gemm("a", 64, 64, 64), Gemm("b", 64, 64, 64, count=3))))
    >>> table.ops.tolist()
    [[1.0, 4.0]]
    """
    ops: list[_Pair] = []
    tiles: list[_Pair] = []
    pairs: list[_Pair] = []
    vectors: list[_Pair] = []
    op_start, tile_start = [0], [0]
    sent = 0.0
    fixed = 0.0
    for op in _merged(phase.operators):
        fixed += phase.launch_ns * op.count
        if isinstance(op, Vector):
            vectors.append((op.elements, op.flops_per_element, op.bytes_per_element, op.count))
            continue
        if isinstance(op, Collective):
            sent += link_bytes(op) * op.count
            fixed += op.latency_ns * op.count
            continue
        rate = rate8 if op.math_bits == 8 else 1
        rows = _gemm_rows(op, rate) if isinstance(op, Gemm) else _attention_rows(op, rate)
        for tile, tile_pairs in _useful(rows).items():
            tiles.append(tile)
            pairs += tile_pairs
            tile_start.append(len(pairs))
        op_start.append(len(tiles))
        ops.append((op.batch if isinstance(op, Gemm) else op.problems, op.count))
    return Table(
        np.array(op_start, dtype=np.int64),
        np.array(tile_start, dtype=np.int64),
        np.array(ops, dtype=dtype).reshape(-1, 2),
        np.array(tiles, dtype=dtype).reshape(-1, len(TILE_COLUMNS)),
        np.array(pairs, dtype=dtype).reshape(-1, len(PAIR_COLUMNS)),
        np.array(vectors, dtype=np.float64).reshape(-1, 4),
        np.array([sent, fixed], dtype=dtype),
    )
