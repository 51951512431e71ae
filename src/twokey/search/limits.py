"""The limits of a search: the law's cells, the die's area, the workload's memory; exact for points, floats in boxes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from twokey.chips.design import HOST_BUS_GBPS, VARIABLES, Design
from twokey.law.region import FACTS, Cell, Region
from twokey.search.space import Space
from twokey.silicon.area import area_mm2
from twokey.silicon.package import Package

__all__ = ["Limits", "facts_of", "limits_of", "without"]

CAPACITY = VARIABLES.index("dram_capacity_GB")


def facts_of(design: Design, area: Fraction | None = None) -> tuple[Fraction, ...]:
    """Return the exact facts of a design that limits are put on, in the order of `law.region.FACTS`.

    Parameters
    ----------
    area : area of its logic dies; None for that of `silicon.area` [mm2]

    Examples
    --------
    >>> d = Design(64, 32, 32, 64, Fraction("2.2"), Fraction(512), Fraction(80), Fraction(8192), Fraction(3200),
    ...            Fraction(192), Fraction(900))
    >>> [round(float(f), 2) for f in facts_of(d)]
    [4613.73, 11.05, 3200.0, 1928.0, 5128.0]
    """
    tpp = Fraction(32, 1000) * design.cores * design.array_rows * design.array_cols * design.clock_GHz
    dram, io = design.dram_bandwidth_GBps, 2 * design.link_bandwidth_GBps + HOST_BUS_GBPS
    return (tpp, tpp / (area_mm2(design) if area is None else area), dram, io, dram + io)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a design must keep: one of the region's cells, the largest area, the least memory.

    Parameters
    ----------
    region : the law's cells, those that lie in another one left out
    area_mm2 : largest area of one die; None for no limit [mm2]
    memory_bytes : least memory [byte]
    """

    region: Region
    area_mm2: Fraction | None
    memory_bytes: float

    def holds(self, design: Design, package: Package) -> bool:
        """Return whether a design in this package keeps all limits, exactly; edge for its memory is one of them."""
        area = package.area_mm2(design)
        return (
            (self.area_mm2 is None or package.largest_die_mm2(design) <= self.area_mm2)
            and area >= package.least_area_mm2
            and design.dram_capacity_GB * 10**9 >= Fraction(self.memory_bytes)
            and self.region.holds(facts_of(design, area))
        )

    def cell_arrays(self, space: Space) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return lower and upper limits of each cell for the designs of each grid, (cells, grids, 5) each.

        A limit on a fact that takes only certain values in the grid (all but the density) is put half-way between
        the two values it separates, so that comparing floats gives the exact answer for every design of the grid.
        """
        shape = (len(self.region.cells), len(space.grids), len(FACTS))
        low, high = np.zeros(shape), np.full(shape, np.inf)
        for g, grid in enumerate(space.grids):
            taken = _values_taken(grid)
            for fact, values in enumerate(taken):
                for i, cell in enumerate(self.region.cells):
                    limit = cell.hi[fact]
                    low[i, g, fact] = float(cell.lo[fact]) if values is None else _between(values, cell.lo[fact])
                    if limit is not None:
                        high[i, g, fact] = float(limit) if values is None else _between(values, limit)
        return low, high


_Values = tuple[NDArray[np.int64], int]
_Levels = tuple[Fraction, ...]


def _values_taken(grid: Space) -> list[_Values | None]:
    """Return for each fact the values it takes in a grid, as whole multiples of 1/scale; None for the density."""
    levels = dict(zip(VARIABLES, grid.levels, strict=True))
    tpp = _tpp_values(levels["cores"], levels["array_rows"], levels["array_cols"], levels["clock_GHz"])
    return [tpp, None, *_bandwidth_values(levels["dram_bandwidth_GBps"], levels["link_bandwidth_GBps"])]


@lru_cache(maxsize=64)
def _tpp_values(cores: _Levels, rows: _Levels, cols: _Levels, clocks: _Levels) -> _Values:
    scale = math.lcm(*(v.denominator for v in clocks))
    products = np.array([4], dtype=np.int64)  # TPP = 0.032 x product = 4 x product / 125
    for levels in (rows, cols, cores):
        products = np.unique(np.outer(products, [int(v) for v in levels]))
    products = np.unique(np.outer(products, [int(v * scale) for v in clocks]))
    return products, scale * 125


@lru_cache(maxsize=512)
def _bandwidth_values(dram: _Levels, links: _Levels) -> tuple[_Values, _Values, _Values]:
    both = [2 * v + HOST_BUS_GBPS for v in links]
    found = []
    for sums in (dram, both, {a + b for a in dram for b in both}):
        scale = math.lcm(*(v.denominator for v in sums))
        found.append((np.array(sorted(int(v * scale) for v in sums), dtype=np.int64), scale))
    return found[0], found[1], found[2]


def _between(taken: _Values, limit: Fraction) -> float:
    """Return a number between the last value below the limit and the first that is not."""
    values, scale = taken
    i = int(np.searchsorted(values, math.ceil(limit * scale)))
    if i == len(values):
        return math.inf
    below = int(values[i - 1]) if i else 0
    return (below + int(values[i])) / (2 * scale)


def area_of(x: NDArray[np.float64], area: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return an area of designs in columns, in floats, (n,) [mm2]; `area`: a row of `Space.area_array`, or (9, n)."""
    core = x[1] * x[2] * area[0] + x[3] * area[1] + x[5] * area[2] + area[3]
    total: NDArray[np.float64] = (
        x[0] * core + x[6] * area[4] + x[7] * area[5] + x[8] * area[6] + x[10] * area[7] + area[8]
    )
    return total


def _inside(a: Cell, b: Cell) -> bool:
    """Return whether all of cell a lies in cell b."""
    return all(x >= y for x, y in zip(a.lo, b.lo, strict=True)) and all(
        y is None or (x is not None and x <= y) for x, y in zip(a.hi, b.hi, strict=True)
    )


def limits_of(region: Region, memory_bytes: float, space: Space) -> Limits:
    """Return the limits of a search in a space; cells that hold nothing, or lie in another, are left out."""
    kept: list[Cell] = []
    for cell in region.cells:
        empty = any(hi is not None and hi <= lo for lo, hi in zip(cell.lo, cell.hi, strict=True))
        if not empty and not any(_inside(cell, other) for other in kept):
            kept = [other for other in kept if not _inside(other, cell)]
            kept.append(cell)
    return Limits(Region(tuple(kept)), space.area_limit_mm2, memory_bytes)


def without(limits: Limits, name: str) -> Limits:
    """Return the limits with one dropped: "area", "memory", or a limit named in the cells."""
    if name == "area":
        return replace(limits, area_mm2=None)
    if name == "memory":
        return replace(limits, memory_bytes=0.0)
    cells = tuple(
        Cell(
            cell.lo,
            tuple(None if label == name else hi for hi, label in zip(cell.hi, cell.limits, strict=True)),
            cell.limits,
        )
        for cell in limits.region.cells
    )
    return replace(limits, region=Region(cells))
