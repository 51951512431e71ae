"""The objective of a search, for points and for boxes of a space.

A design is held by its levels and, as a twelfth number, the grid of the space's family that it is in. An index is thus
(n, 12); a space that is no family has the one grid 0.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twokey.chips.design import HOST_BUS_GBPS, Design
from twokey.perf.kernels import boxes, exact, relaxed
from twokey.perf.kernels.boxes import TPP_PER_MAC
from twokey.perf.software import box_factors, design_factors
from twokey.perf.table import build
from twokey.search.budgets import ENERGY, area_budget, spend, unbounded
from twokey.search.limits import CAPACITY, Limits, area_of
from twokey.search.objectives import (
    MORE_IS_BETTER,
    OBJECTIVES,
    Mix,
    Terms,
    badness,
    check_limits,
    check_objective,
    linear,
    mix,
    natural,
    needs,
    trained,
)
from twokey.search.space import Space
from twokey.silicon.package import Package
from twokey.silicon.power import power_of
from twokey.workloads.operators import Phase
from twokey.workloads.workload import Workload

__all__ = ["GRID", "MORE_IS_BETTER", "OBJECTIVES", "Model", "cost_usd", "natural"]

Index = NDArray[np.int16]
Floats = NDArray[np.float64]

GRID = 11
"""Place of the grid in an index."""

_NEAR = 1e-12
_IMPOSSIBLE_NS = 1e24
_THREADS = min(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
_ENOUGH = 2_048

_TURNS, _WORTH = 3, 0.97
"""How often a box is shrunk by what its bound leaves to spend, and from what share on that is worth a new bound."""


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="twokey-search")


def cost_usd(area_mm2: Floats, capacity_GB: Floats, dies: int = 1) -> Floats:
    """Return the mid unit cost of many chips, as `silicon.cost.unit_cost` for one [USD]."""
    found: Floats = Package(dies).cost_usd(area_mm2, area_mm2, capacity_GB, 0)
    return found


class _Timed:
    """A phase for the kernels, and what its software makes of the rates of designs and boxes."""

    def __init__(self, phase: Phase) -> None:
        self.arrays = build(phase).arrays()
        self.design, self.box = design_factors(phase.software), box_factors(phase.software)


@dataclass
class Model:
    """Values of an objective over a space under limits; counts what it evaluates.

    Parameters
    ----------
    workload : one workload, or several with weights, see `search.objectives.mix`
    objective : what is minimised, or, where more is better, made as large as possible
    limits : of the law, the dies and the memory
    within : limits on other objectives, in their own units
    """

    space: Space
    workload: Workload | Mix | Sequence[tuple[Workload, float]]
    objective: str
    limits: Limits
    within: Mapping[str, float] = field(default_factory=dict)
    evaluations: int = 0

    def __post_init__(self) -> None:
        check_objective(self.objective)
        self.mix = mix(self.workload)
        self.most = check_limits(self.within)
        self.asked = tuple(dict.fromkeys((self.objective, *(name for name, _ in self.most))))
        self.needs_ttft, self.needs_tpot, self.cost_matters, self.power_matters = needs(self.asked)
        grids = self.space.grids
        widest = max(len(row) for grid in grids for row in grid.levels)
        arrays = [grid.array() for grid in grids]
        self.levels = np.array([np.pad(a, ((0, 0), (0, widest - a.shape[1])), mode="edge") for a in arrays])
        self.counts = np.array([grid.counts() for grid in grids])
        limit = self.limits.area_mm2
        self.area = np.array([grid.area_array() for grid in grids])
        self._least = np.array([float(grid.package.least_area_mm2) for grid in grids])
        self._most = np.array([np.inf if limit is None else float(limit) * grid.package.dies for grid in grids])
        ends = np.stack([self._least, self._most], axis=1)[:, :, None]
        self._areas = np.ascontiguousarray(np.concatenate([self.area, ends], axis=2))
        self.low, self.high = self.limits.cell_arrays(self.space)
        self._phases = [
            (
                _Timed(w.prefill) if self.needs_ttft else None,
                _Timed(w.decode) if self.needs_tpot else None,
                _Timed(trained(w)) if "train-time" in self.asked else None,
            )
            for w, _ in self.mix.parts
        ]

    def grid_of(self, index: Index) -> Space:
        """Return the grid that a design, (12,), is in."""
        return self.space.grids[int(index[GRID])]

    def design(self, index: Index) -> Design:
        """Return the design at an index, (12,)."""
        return self.grid_of(index).design(index[:GRID])

    def index_of(self, design: Design, grid: Space) -> Index | None:
        """Return the index of a design of a grid, (12,), or None if this space has no such grid or design."""
        for g, own in enumerate(self.space.grids):
            if own.package == grid.package and (found := own.index_of(design)) is not None:
                return np.append(found, np.int16(g))
        return None

    def last(self, grid: int) -> Index:
        """Return the index of the highest level of every variable of a grid, (12,)."""
        return np.append(self.counts[grid] - 1, np.int16(grid)).astype(np.int16)

    def least_capacity(self, grid: int) -> int | None:
        """Return the lowest level of memory that is enough, of a grid; None where none is.

        More memory than the workload needs changes no time, keeps no limit and is not free: only this level matters.
        """
        levels = self.space.grids[grid].levels[CAPACITY]
        return next((i for i, v in enumerate(levels) if v * 10**9 >= Fraction(self.limits.memory_bytes)), None)

    def trimmed(self, index: Index) -> Index:
        """Return designs, (n, 12), each with no more memory than is enough, where there is a level that is."""
        found = index.copy()
        for row in found:
            level = self.least_capacity(int(row[GRID]))
            row[CAPACITY] = row[CAPACITY] if level is None else level
        return found

    def holds(self, index: Index) -> bool:
        """Return whether a design, (12,), keeps the limits of law, dies and memory, exactly."""
        return self.limits.holds(self.design(index), self.grid_of(index).package)

    def columns(self, index: Index) -> Floats:
        """Return designs as columns, (11, n), from their levels, (n, 12)."""
        grid = index[:, GRID]
        return np.array([self.levels[grid, k, index[:, k]] for k in range(11)])

    def screened(self, index: Index) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Return designs, (n, 12), as columns, (11, n), their areas, (2, n) [mm2], and whether they keep all limits.

        The last, (n,), is never False for a design that keeps them. True may be wrong within 1e-12 of a limit of the
        area or the density, and about I/O dies; whatever is used as an answer is asked `holds`. Areas: what the law
        counts, and that of the compute dies.
        """
        n = len(index)
        x, areas, ok = np.empty((11, n)), np.empty((2, n)), np.empty(n, dtype=np.bool_)
        least = float(self.limits.memory_bytes) / 1e9
        boxes.screen(
            np.ascontiguousarray(index), self.levels, self.low, self.high, self._areas, HOST_BUS_GBPS, least, _NEAR,
            x, areas, ok,
        )  # fmt: skip
        return x, areas, ok

    def in_cell(self, index: Index, x: Floats, cell: int) -> NDArray[np.bool_]:
        """Return whether designs, (n, 12) and as columns (11, n), lie in one cell of the law, up to rounding, (n,)."""
        grid = index[:, GRID]
        tpp = TPP_PER_MAC * x[0] * x[1] * x[2] * x[4]
        io = 2 * x[10] + HOST_BUS_GBPS
        facts = (tpp, tpp / area_of(x, self.area[grid, 0].T), x[8], io, x[8] + io)
        inside = np.ones(x.shape[1], dtype=np.bool_)
        for k, fact in enumerate(facts):
            first, last = self.low[cell, grid, k], self.high[cell, grid, k]
            inside &= (fact >= first * (1 - _NEAR)) & (fact < last * (1 + _NEAR))
        return inside

    def _cost(self, index: Index, x: Floats, areas: Floats) -> Floats:
        """Return the unit cost of designs, (n,) [USD]."""
        grid = index[:, GRID]
        found = np.empty(x.shape[1])
        present = np.unique(grid)
        for g in present:
            own = slice(None) if len(present) == 1 else grid == g
            package = self.space.grids[int(g)].package
            found[own] = package.cost_usd(areas[0, own], areas[1, own], x[CAPACITY, own], x[0, own])
        return found

    def _terms(
        self,
        index: Index,
        x: Floats,
        areas: Floats,
        time_ns: Callable[[_Timed], Floats],
        least_power: Floats | float = 0.0,
    ) -> list[tuple[Workload, float, Terms]]:
        """Return for each workload its share and what objectives need to know; times that cannot be are infinite.

        Parameters
        ----------
        index, x, areas : designs, or the lower corners of boxes; time_ns : gives the times of a phase [ns]
        least_power : that of the designs meant, where it is more than that of the lower corners [W]
        """
        cost = self._cost(index, x, areas) if self.cost_matters else None
        power = np.maximum(power_of(x), least_power) if self.power_matters else None
        found = []
        for (workload, share), phases in zip(self.mix.parts, self._phases, strict=True):
            times: list[Any] = []
            for phase in phases:
                ns = None if phase is None else time_ns(phase)
                times.append(None if ns is None else np.where(ns > _IMPOSSIBLE_NS, np.inf, ns) * 1e-9)
            found.append((workload, share, Terms(times[0], times[1], cost, power, times[2])))
        return found

    def _value(self, n: int, parts: list[tuple[Workload, float, Terms]], slack: float = 0.0) -> Floats:
        """Return the badness, (n,); infinity where an operator cannot run or a limit is broken.

        Parameters
        ----------
        slack : share by which times may be above a limit [1]
        """
        total = np.zeros(n)
        for workload, share, terms in parts:
            total += share * badness(self.objective, workload, terms)
            for name, most in self.most:
                total[badness(name, workload, terms) > most * (1 + slack)] = np.inf
        return total

    def _used(self, n: int, parts: list[tuple[Workload, float, Terms]]) -> Floats:
        """Return the greatest share of a limit on an objective that is used at least, (n,) [1]."""
        used = np.zeros(n)
        for workload, _, terms in parts:
            for name, most in self.most:
                used = np.maximum(used, badness(name, workload, terms) / most)
        return used

    def times(self, index: Index) -> Floats:
        """Return the badness of designs, (n, 12), lawful or not, (n,); infinity where `within` is broken."""
        self.evaluations += len(index)
        x, areas, _ = self.screened(index)
        return self._value(len(index), self._terms(index, x, areas, partial(_exact, x)))

    def values(self, index: Index) -> Floats:
        """Return the badness of designs, (n, 12); infinity where a limit is broken."""
        value = np.full(len(index), np.inf)
        x, areas, ok = self.screened(index)
        some = np.flatnonzero(ok)
        self.evaluations += len(some)
        if len(some):
            own = np.ascontiguousarray(x[:, some])
            value[some] = self._value(len(some), self._terms(index[some], own, areas[:, some], partial(_exact, own)))
        return value

    def bounds(
        self,
        lo: Index,
        hi: Index,
        cells: NDArray[np.int32],
        cutoff: float = np.inf,
        spans: Floats | None = None,
        used: Floats | None = None,
    ) -> Floats:
        """Shrink boxes in place and return a lower bound of the badness over each; infinity for an empty box.

        Parameters
        ----------
        lo, hi : int16 (n, 12), C order, changed in place
        cells : int32 (n,)
        cutoff : designs with this badness or more may be left out; a box without any other is then empty
        spans : float64 (6, n), least and greatest area of the compute dies [mm2], power [W] and multiply-accumulates
            per ns of the designs meant; changed in place to what is left of them
        used : float64 (n,), written: how much of the tightest limit on another objective is used at least [1]
        """
        bound = np.full(len(lo), -np.inf)
        todo = np.arange(len(lo))
        span = unbounded(len(lo)) if spans is None else spans
        for turn in range(_TURNS):
            low, high = np.ascontiguousarray(lo[todo]), np.ascontiguousarray(hi[todo])
            own = np.ascontiguousarray(span[:, todo])
            alive, rates, floors = boxes.shrink_boxes(
                low, high, cells[todo], self.levels, self.low, self.high, self._areas, HOST_BUS_GBPS, ENERGY, own
            )
            lo[todo], hi[todo] = low, high
            bound[todo[~alive]] = np.inf
            todo, low, high, own = todo[alive], low[alive], high[alive], own[:, alive]
            if len(todo) == 0:
                break
            self.evaluations += len(todo)
            (v, areas, _), w = self.screened(low), self.columns(high)
            box = np.array(
                [v[0], w[0], v[1], w[1], v[2], w[2], w[3], w[4], w[5], v[6], w[6], w[7], w[8], w[10], *rates[:, alive]]
            )
            if self.cost_matters or self.power_matters:
                least = [*floors[:, alive], v[0] * v[1] * v[2] * v[4]]
                most = [area_of(w, self.area[high[:, GRID], 1].T), power_of(w), rates[0, alive]]
                own[0::2], own[1::2] = np.maximum(own[0::2], least), np.minimum(own[1::2], most)
                areas = np.array([areas[0] + (own[0] - areas[1]), own[0]])
            parts = self._terms(low, v, areas, partial(_relaxed, box), own[2])
            bound[todo] = np.maximum(bound[todo], self._value(len(todo), parts, relaxed.SLACK))
            if used is not None and self.most:
                used[todo] = self._used(len(todo), parts)
            if turn == _TURNS - 1 or not (self.cost_matters or self.power_matters):
                break
            left = self._left(low, areas, parts, cutoff)
            worth = (bound[todo] < cutoff) & (left < _WORTH * own[1:4:2]).any(axis=0)
            own[1:4:2] = np.minimum(own[1:4:2], left)
            span[:, todo] = own
            todo = todo[worth]
        return bound

    def _left(self, low: Index, areas: Floats, parts: list[tuple[Workload, float, Terms]], cutoff: float) -> Floats:
        """Return the greatest area of the compute dies [mm2] and power [W] that designs of boxes can have, (2, n).

        Parameters
        ----------
        low : lower corners; areas : theirs; parts : least times, cost and power; cutoff : the badness to be beaten
        """
        n = len(low)
        lines = [tuple(share * np.asarray(v) for v in linear(self.objective, w, t)) for w, share, t in parts]
        line = tuple(sum(column) for column in zip(*lines, strict=True))
        first = parts[0][2]
        cost, power = spend(np.full(n, cutoff), line, first.cost_usd, first.power_W)
        for workload, _, terms in parts:
            for name, most in self.most:
                some = spend(np.full(n, most), linear(name, workload, terms), terms.cost_usd, terms.power_W)
                cost, power = np.minimum(cost, some[0]), np.minimum(power, some[1])
        area = np.full(n, np.inf)
        if self.cost_matters:
            grid = low[:, GRID]
            for g in np.unique(grid):
                own = grid == g
                package = self.space.grids[int(g)].package
                area[own] = area_budget(package, areas[1, own], (cost - first.cost_usd)[own])
        return np.array([area, power])


def _exact(x: Floats, phase: _Timed) -> Floats:
    return _threaded(exact.times_ns, x * phase.design, phase.arrays)


def _relaxed(box: Floats, phase: _Timed) -> Floats:
    return _threaded(relaxed.bounds_ns, box * phase.box, phase.arrays)


def _threaded(kernel: Callable[[Floats, Any], Floats], x: Floats, arrays: Any) -> Floats:
    """Return what a kernel gives for many columns, in parts at once where they are many; the parts change nothing."""
    if x.shape[1] < _ENOUGH or _THREADS == 1:
        return kernel(x, arrays)
    parts = np.array_split(np.arange(x.shape[1]), _THREADS)
    return np.concatenate(list(_pool().map(lambda part: kernel(x[:, part[0] : part[-1] + 1], arrays), parts)))
