"""How a training run is divided over devices: one strategy, or columns of very many."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["EXCHANGE", "OVERLAP", "RECOMPUTE", "Columns", "Strategy", "columns_of", "joined", "take"]

RECOMPUTE = ("none", "selective", "full")
"""What the backward pass computes again: nothing; what is large to hold and cheap to compute; every layer."""

EXCHANGE = ("all-reduce", "scattered", "sequence")
"""How tensor-parallel devices exchange a layer's result: added up on all; the same, but passed on between pipeline
stages in parts; scattered along the sequence (sequence parallelism)."""

OVERLAP = ("none", "ring", "pipe", "backward")
"""Whether a tensor-parallel exchange runs beside a product: not; in parts handed on in a ring; in parts of
which the first is waited for; whole, and only backward, beside the product for the weights."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Strategy:
    """One way to divide a run.

    Parameters
    ----------
    tp, pp, dp, cp, ep : devices among which tensors, layers, sequences, tokens of a sequence, and experts are
        divided; ep devices are taken from dp x tp [1]
    micro_batch : sequences that go through a stage together [1]
    interleave : chunks of layers that a pipeline stage holds [1]
    recompute, exchange, overlap_tp : one of `RECOMPUTE`, `EXCHANGE`, `OVERLAP`
    regather : with exchange "sequence", whether inputs are gathered again backward rather than kept
    overlap_dp, overlap_pp, overlap_ep : whether gradients, activations between stages, and tokens to experts travel
        beside compute
    zero : what is spread over data-parallel devices: 0 nothing, 1 optimiser state, 2 gradients too, 3 weights too
    offload_weights, offload_activations, offload_optimizer : what is kept in the host's memory
    tp_inside, pp_inside, dp_inside : members of each group that share a node [1]; 0: as many as fit, in the order
        tp, cp, dp, pp
    """

    tp: int = 1
    pp: int = 1
    dp: int = 1
    cp: int = 1
    ep: int = 1
    micro_batch: int = 1
    interleave: int = 1
    recompute: str = "none"
    exchange: str = "sequence"
    regather: bool = True
    overlap_tp: str = "none"
    overlap_dp: bool = True
    overlap_pp: bool = True
    overlap_ep: bool = False
    zero: int = 1
    offload_weights: bool = False
    offload_activations: bool = False
    offload_optimizer: bool = False
    tp_inside: int = 0
    pp_inside: int = 0
    dp_inside: int = 0

    @property
    def devices(self) -> int:
        """All devices [1]."""
        return self.tp * self.pp * self.dp * self.cp


_WORDS = {"recompute": RECOMPUTE, "exchange": EXCHANGE, "overlap_tp": OVERLAP}


@dataclass(frozen=True, slots=True)
class Columns:
    """Many strategies: one array of whole numbers a field of `Strategy`, words as their place in the list of words."""

    tp: Ints
    pp: Ints
    dp: Ints
    cp: Ints
    ep: Ints
    micro_batch: Ints
    interleave: Ints
    recompute: Ints
    exchange: Ints
    regather: Ints
    overlap_tp: Ints
    overlap_dp: Ints
    overlap_pp: Ints
    overlap_ep: Ints
    zero: Ints
    offload_weights: Ints
    offload_activations: Ints
    offload_optimizer: Ints
    tp_inside: Ints
    pp_inside: Ints
    dp_inside: Ints

    def __len__(self) -> int:
        """Return the number of strategies."""
        return int(self.tp.size)

    def row(self, i: int) -> Strategy:
        """Return one of them."""
        values: dict[str, Any] = {}
        for f in fields(Strategy):
            value = int(getattr(self, f.name)[i])
            words = _WORDS.get(f.name)
            values[f.name] = words[value] if words else bool(value) if f.type == "bool" else value
        return Strategy(**values)


def columns_of(strategies: list[Strategy]) -> Columns:
    """Return strategies as columns.

    Examples
    --------
    >>> c = columns_of([Strategy(tp=8, recompute="full"), Strategy(pp=4)])
    >>> len(c), c.row(0) == Strategy(tp=8, recompute="full")
    (2, True)
    """

    def column(name: str) -> Ints:
        words = _WORDS.get(name)
        values = [getattr(s, name) for s in strategies]
        return np.array([words.index(v) if words else int(v) for v in values], dtype=np.int64)

    return Columns(**{f.name: column(f.name) for f in fields(Strategy)})


def joined(parts: list[Columns]) -> Columns:
    """Return the rows of all parts, one after the other."""
    return Columns(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Columns)})


def take(columns: Columns, at: Any) -> Columns:
    """Return the rows of columns that an index, a slice or a mask picks."""
    return Columns(**{f.name: getattr(columns, f.name)[at] for f in fields(Columns)})
