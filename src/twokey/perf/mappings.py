"""The ways in which one operator may be laid out on a chip: the tiles a mapping search chooses from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from twokey.workloads.operators import Attention, Gemm

__all__ = ["AttentionMapping", "GemmMapping", "attention_mappings", "gemm_mappings", "round_up"]

GEMM_CORE_TILES = (
    (16, 16, 32),
    (32, 32, 64),
    (64, 64, 64),
    (128, 128, 64),
    (128, 128, 128),
    (256, 128, 64),
    (128, 256, 64),
    (256, 256, 64),
)
"""Tiles (m, n, k) that one core holds."""

GEMM_L2_TILES = ((256, 256, 256), (512, 512, 512), (1024, 1024, 512), (2048, 2048, 512), (4096, 4096, 256))
"""Tiles (M, N, K) that the shared cache holds; N is four times as wide where a product has at most 16 rows."""

ATTENTION_CORE_TILES = ((4, 16), (8, 32), (16, 32), (32, 64), (64, 64), (64, 128), (128, 64), (128, 128))
"""Tiles (query rows, keys) that one core holds."""

ATTENTION_L2_TILES = (
    (256, 512, 1),
    (256, 512, 4),
    (1024, 2048, 1),
    (1024, 2048, 8),
    (4096, 8192, 1),
    (4096, 8192, 32),
)
"""Tiles (query rows, keys) that the shared cache holds, and the number of parts into which the keys are split
so that cores share one row block."""


def round_up(value: float, step: int) -> int:
    """Return the least multiple of `step` that is not below the value.

    Examples
    --------
    >>> round_up(65.0, 64), round_up(64, 64)
    (128, 64)
    """
    return -int(-value // step) * step


class GemmMapping(NamedTuple):
    """Core tile tm x tn x tk and cache tile TM x TN x TK of a matrix product [1]."""

    tm: int
    tn: int
    tk: int
    TM: int
    TN: int
    TK: int


class AttentionMapping(NamedTuple):
    """Core tile of tr rows x tc keys, cache tile of TR rows x TS keys, split into parts of ts keys [1]."""

    tr: int
    tc: int
    TR: int
    TS: int
    ts: int


def gemm_mappings(op: Gemm) -> Iterator[GemmMapping]:
    """Yield the distinct mappings of a matrix product, every tile clipped to it.

    Examples
    --------
    >>> len(list(gemm_mappings(Gemm("wide", 16384, 12288, 12288))))
    40
    >>> len(list(gemm_mappings(Gemm("small", 8, 64, 64))))
    3
    """
    seen = set()
    widen = 4 if op.m <= 16 else 1
    for m, n, k in GEMM_CORE_TILES:
        for M, N, K in GEMM_L2_TILES:
            mapping = GemmMapping(
                min(m, op.m), min(n, op.n), min(k, op.k), min(M, op.m), min(N * widen, op.n), min(K, op.k)
            )
            if mapping not in seen:
                seen.add(mapping)
                yield mapping


def attention_mappings(op: Attention) -> Iterator[AttentionMapping]:
    """Yield the distinct mappings of fused attention, every tile clipped to it.

    Examples
    --------
    >>> op = Attention("decode", 8, 8, 4096, 1.0, 128, 128, 256)
    >>> len(list(attention_mappings(op))) > 10
    True
    """
    seen = set()
    for r, c in ATTENTION_CORE_TILES:
        for R, S, parts in ATTENTION_L2_TILES:
            TS = min(S, op.context)
            ts = -(-TS // parts)
            mapping = AttentionMapping(min(r, op.rows), min(c, ts), min(R, op.rows), TS, ts)
            if mapping not in seen and (c <= ts or parts == 1):
                seen.add(mapping)
                yield mapping
