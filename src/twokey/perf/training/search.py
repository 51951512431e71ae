"""The best way to divide a run over devices: every strategy of a set, exactly, what they share computed once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twokey.perf.training.block import block_times
from twokey.perf.training.layer import Costs, Kernels, layer_kernels
from twokey.perf.training.memory import device_memory
from twokey.perf.training.network import Network
from twokey.perf.training.run import Run
from twokey.perf.training.step import kernel_key, step_of_blocks
from twokey.perf.training.strategy import Columns, Strategy, take

__all__ = ["Found", "KernelTable", "best_of", "evaluate", "placed"]

Floats = NDArray[np.float64]
_PART = 100_000
_BLOCK_FIELDS = (
    "tp",
    "cp",
    "ep",
    "micro_batch",
    "recompute",
    "exchange",
    "regather",
    "overlap_tp",
    "overlap_ep",
    "tp_inside",
)


@dataclass(frozen=True, slots=True)
class Found:
    """The outcome of a search.

    Parameters
    ----------
    best : the fastest strategy that fits, or None where none does
    step_s, memory_bytes : its step [s] and memory [byte]
    strategies, fitting : strategies looked at, and how many of them fit [1]
    """

    best: Strategy | None
    step_s: float
    memory_bytes: float
    strategies: int
    fitting: int


class KernelTable:
    """Kernel times by (tp, cp, ep, micro-batch), each computed once."""

    def __init__(self, costs: Costs, run: Run) -> None:
        """Start empty."""
        self.costs, self.run = costs, run
        self._rows: dict[tuple[float, ...], int] = {}
        self._table: Floats = np.empty((len(Kernels.__dataclass_fields__), 0))

    def of(self, keys: Floats) -> Kernels:
        """Return the kernel times of rows of keys, (rows, 4)."""
        unique, at = np.unique(keys, axis=0, return_inverse=True)
        new = [tuple(row) for row in unique if tuple(row) not in self._rows]
        if new:
            made = layer_kernels(self.costs, self.run, *np.array(new).T)
            columns = np.stack([getattr(made, name) for name in Kernels.__dataclass_fields__])
            for row in new:
                self._rows[row] = len(self._rows)
            self._table = np.concatenate([self._table, columns], axis=1)
        place = np.array([self._rows[tuple(row)] for row in unique])
        picked = self._table[:, place[at.reshape(-1)]]
        return Kernels(*picked)


def placed(run: Run, c: Columns) -> NDArray[np.bool_]:
    """Return which strategies' groups can lie as they say: those in a node must fill a divisor of it."""
    near = np.ones(len(c), dtype=np.int64)
    for name in ("tp_inside", "pp_inside", "dp_inside"):
        near = near * np.maximum(1, getattr(c, name))
    return np.asarray((near <= run.node_devices) & (run.node_devices % np.maximum(near, 1) == 0))


def evaluate(table: KernelTable, net: Network, c: Columns) -> tuple[Floats, Floats, Floats]:
    """Return step [s], memory on the device and in the host [byte] of each strategy, (rows,).

    Notes
    -----
    Kernels are computed for each (tp, cp, ep, micro-batch), layers for each combination that a layer sees, and only
    the chaining of layers for each strategy. The result is that of `step.steps`.
    """
    run = table.run
    code = np.zeros(len(c), dtype=np.int64)
    for name in _BLOCK_FIELDS:
        values = getattr(c, name)
        code = code * (int(values.max()) + 1) + values
    _, first, at = np.unique(code, return_index=True, return_inverse=True)
    sample = take(c, first)
    kernels = table.of(kernel_key(sample))
    block = block_times(kernels, run, net, sample)
    at = at.reshape(-1)
    step = step_of_blocks(table.costs, run, net, c, block.pick(at), kernels.pick(at))
    memory = device_memory(run, c)
    return step.total_s, memory.total, memory.host


def best_of(
    table: KernelTable, net: Network, sets: Iterable[Columns], *, capacity_bytes: float, host_bytes: float
) -> Found:
    """Return the fastest strategy that fits, of all sets; of equals the first.

    Parameters
    ----------
    capacity_bytes, host_bytes : memory of a device, and of the host for each device [byte]
    """
    best: Strategy | None = None
    least, held, looked, fitting = np.inf, 0.0, 0, 0
    for columns in sets:
        looked += len(columns)
        right = np.flatnonzero(placed(table.run, columns))
        for i in range(0, right.size, _PART):
            c = take(columns, right[i : i + _PART])
            time, memory, host = evaluate(table, net, c)
            fits = (memory <= capacity_bytes) & (host <= host_bytes)
            fitting += int(fits.sum())
            time = np.where(fits, time, np.inf)
            at = int(time.argmin())
            if time[at] < least:
                best, least, held = c.row(at), float(time[at]), float(memory[at])
    return Found(best, float(least), held, looked, fitting)
