"""The objective of a search, for points and for boxes of a space."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twokey.chips.design import HOST_BUS_GBPS
from twokey.perf.kernels import boxes, exact, relaxed
from twokey.perf.kernels.boxes import TPP_PER_MAC
from twokey.perf.table import build
from twokey.quantities.problem import Problem
from twokey.search.limits import CAPACITY, Limits, area_of
from twokey.search.space import Space
from twokey.silicon.cost import cost_figure
from twokey.workloads.workload import Workload

__all__ = ["OBJECTIVES", "Model", "cost_usd"]

OBJECTIVES = {"ttft": "s", "tpot": "s", "e2e": "s", "e2e-cost": "s USD"}
"""Objectives that a search can minimise, and their units: time to first token, time per output token,
TTFT + OSL x TPOT, and that times the unit cost."""

Index = NDArray[np.int16]
_NEAR = 1e-12


def cost_usd(area_mm2: NDArray[np.float64], capacity_GB: NDArray[np.float64], dies: int = 1) -> NDArray[np.float64]:
    """Return the mid unit cost of many chips, as `silicon.cost.unit_cost` for one [USD]."""
    d, one = cost_figure("wafer_diameter_mm"), area_mm2 / dies
    on_wafer = np.pi * (d / 2) ** 2 / one - np.pi * d / np.sqrt(2 * one)
    good = (1 + one * cost_figure("defects_per_mm2") / cost_figure("clustering")) ** -cost_figure("clustering")
    rest = cost_figure("packaging_usd") + cost_figure("test_usd")
    total: NDArray[np.float64] = (
        dies * cost_figure("wafer_usd") / (on_wafer * good) + capacity_GB * cost_figure("dram_usd_per_GB") + rest
    )
    return total


@dataclass
class Model:
    """Values of an objective over a space under limits; counts what it evaluates."""

    space: Space
    workload: Workload
    objective: str
    limits: Limits
    evaluations: int = 0

    def __post_init__(self) -> None:
        if self.objective not in OBJECTIVES:
            raise Problem(
                "--objective", self.objective, "one of " + ", ".join(OBJECTIVES), "choose an objective that is searched"
            )
        self.levels = self.space.array()
        self.counts = self.space.counts()
        limit = self.limits.area_mm2
        self.area = np.array([*self.space.area_array(), np.inf if limit is None else float(limit)])
        self.low, self.high = self.limits.cell_arrays(self.space)

    @cached_property
    def _phases(self) -> list[tuple[float, tuple[NDArray[Any], ...]]]:
        """Weight and arrays of each phase that the objective holds."""
        ttft = [] if self.objective == "tpot" else [(1.0, build(self.workload.prefill).arrays())]
        weight = 1.0 if self.objective == "tpot" else float(self.workload.output_len)
        tpot = [] if self.objective == "ttft" else [(weight, build(self.workload.decode).arrays())]
        return ttft + tpot

    @property
    def cost_matters(self) -> bool:
        """Whether the objective counts the unit cost."""
        return self.objective == "e2e-cost"

    def holds(self, index: Index) -> bool:
        """Return whether a design given by its levels, (11,), keeps all limits, exactly."""
        design = self.space.design(index)
        return self.limits.holds(design, self.space.area_mm2(design))

    def columns(self, index: Index) -> NDArray[np.float64]:
        """Return designs as columns, (11, n), from their levels, (n, 11)."""
        return np.array([self.levels[k, index[:, k]] for k in range(11)])

    def likely(self, x: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return for designs of the space in columns, (11, n), whether they keep all limits up to rounding, (n,).

        Never False for a design that keeps them. True may be wrong within 1e-12 of a limit of the area or the
        density, so whatever is used as an answer is asked `holds`.
        """
        ok = np.zeros(x.shape[1], dtype=np.bool_)
        for cell in range(len(self.low)):
            ok |= self.in_cell(x, cell)
        memory = x[CAPACITY] * 1e9 >= self.limits.memory_bytes * (1 - _NEAR)
        fits: NDArray[np.bool_] = ok & memory & (area_of(x, self.area) <= self.area[9] * (1 + _NEAR))
        return fits

    def in_cell(self, x: NDArray[np.float64], cell: int) -> NDArray[np.bool_]:
        """Return whether designs in columns, (11, n), lie in one cell of the law, up to rounding, (n,)."""
        tpp = TPP_PER_MAC * x[0] * x[1] * x[2] * x[4]
        io = 2 * x[10] + HOST_BUS_GBPS
        facts = (tpp, tpp / area_of(x, self.area), x[8], io, x[8] + io)
        inside = np.ones(x.shape[1], dtype=np.bool_)
        for fact, first, last in zip(facts, self.low[cell], self.high[cell], strict=True):
            if first > 0:
                inside &= fact >= first * (1 - _NEAR)
            if last < np.inf:
                inside &= fact < last * (1 + _NEAR)
        return inside

    def times(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the objective of designs in columns, (11, n), lawful or not, (n,) [s or s USD]."""
        self.evaluations += x.shape[1]
        value = np.zeros(x.shape[1])
        for weight, arrays in self._phases:
            value += weight * exact.times_ns(x, arrays)
        value *= 1e-9
        return value * cost_usd(area_of(x, self.area), x[9], self.space.dies) if self.cost_matters else value

    def values(self, index: Index) -> NDArray[np.float64]:
        """Return the objective of designs given by their levels, (n, 11); infinity where a limit is broken."""
        value = np.full(len(index), np.inf)
        x = self.columns(index)
        ok = np.flatnonzero(self.likely(x))
        value[ok] = self.times(x[:, ok])
        value[value > 1e15] = np.inf
        return value

    def bounds(self, lo: Index, hi: Index, cells: NDArray[np.int32]) -> NDArray[np.float64]:
        """Shrink boxes in place and return a lower bound of the objective over each; infinity for an empty box.

        Parameters
        ----------
        lo, hi : int16 (n, 11), C order, changed in place
        cells : int32 (n,)
        """
        alive, rates = boxes.shrink_boxes(lo, hi, cells, self.levels, self.low, self.high, self.area, HOST_BUS_GBPS)
        bound = np.full(len(lo), np.inf)
        some = np.flatnonzero(alive)
        if len(some) == 0:
            return bound
        self.evaluations += len(some)
        v, w = self.columns(lo[some]), self.columns(hi[some])
        box = np.array(
            [v[0], w[0], v[1], w[1], v[2], w[2], w[3], w[4], w[5], v[6], w[6], w[7], w[8], w[10], *rates[:, some]]
        )
        value = np.zeros(len(some))
        for weight, arrays in self._phases:
            value += weight * relaxed.bounds_ns(box, arrays)
        value *= 1e-9
        if self.cost_matters:
            value *= cost_usd(area_of(v, self.area), v[9], self.space.dies)
        value[value > 1e15] = np.inf
        bound[some] = value
        return bound
