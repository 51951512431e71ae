"""A package of logic dies and memory: which area the law counts, which dies must fit the field, what it costs.

The law counts the area of all dies with non-planar transistors: compute dies and I/O dies alike. Memory and
interposers are not counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from twokey.chips.design import Design
from twokey.silicon.area import breakdown, coefficients
from twokey.silicon.chip_cost import node_figure
from twokey.silicon.cost import cost_figure, dies_per_wafer, yield_share
from twokey.silicon.figures import CASES, figure
from twokey.sources.figure import Figure
from twokey.sources.text import read_file

__all__ = ["Memory", "OneDie", "Package", "memory_kinds", "packaging_figure", "salvage_share"]

_FOLDER = Path(__file__).parent.parent / "data" / "silicon"
_MOVED = ("dram_bandwidth", "link_bandwidth", "base")
"""Components that stand on the I/O dies where there are any."""


@dataclass(frozen=True, slots=True)
class OneDie:
    """Dies that exist, from which designs are cut by disabling and throttling parts of them.

    Parameters
    ----------
    name : of the die
    parts : number of dies of each kind, the area of one, class of its process [1, mm2, text]
    full_cores : cores on all dies together; those with a defect are among the disabled ones [1]
    """

    name: str
    parts: tuple[tuple[int, Fraction, str], ...]
    full_cores: int

    @property
    def area_mm2(self) -> Fraction:
        """Area of all dies [mm2]."""
        return sum((count * area for count, area, _ in self.parts), Fraction(0))


@dataclass(frozen=True, slots=True)
class Memory:
    """A kind of memory, and how many stacks or devices of it are in the package."""

    kind: str
    stacks: int


@dataclass(frozen=True, slots=True)
class Package:
    """How the logic of a design is divided into dies, and what memory stands beside it.

    Parameters
    ----------
    dies : compute dies, all alike [1]
    io_dies : I/O dies, all alike, that hold memory interface, links, host bus; 0: the compute dies hold them [1]
    memory : kind and number of stacks; None: high-bandwidth memory at the price of `silicon.cost`
    die : the existing dies that designs are cut from; None where the area follows from the design

    Notes
    -----
    Several dies share the cache evenly, so that (dies - 1) / dies of its reads cross an edge: both ends of these links
    take area. What the crossing costs in time is left out. One die is the model of the engine study, unchanged.
    """

    dies: int = 1
    io_dies: int = 0
    memory: Memory | None = None
    die: OneDie | None = None

    def coefficients(self) -> dict[str, Fraction]:
        """Return the area counted by the law per unit of each variable, as `silicon.area.coefficients`."""
        c = coefficients()
        if self.die is not None:
            return dict.fromkeys(c, Fraction(0)) | {"base": self.die.area_mm2}
        if self.dies + self.io_dies > 1 and (self.memory is not None or self.io_dies):
            crossing = Fraction(self.dies - 1, self.dies) + (1 if self.io_dies else 0)
            link = packaging_figure("die_to_die_mm2_per_GBps").value
            c = c | {"l2_bandwidth": c["l2_bandwidth"] + 2 * crossing * link}
        return c

    def compute_coefficients(self) -> dict[str, Fraction]:
        """Return the area of the compute dies per unit of each variable; all zero where the dies are given."""
        c = self.coefficients()
        if self.die is not None:
            return dict.fromkeys(c, Fraction(0))
        return c | dict.fromkeys(_MOVED, Fraction(0)) if self.io_dies else c

    def area_mm2(self, design: Design) -> Fraction:
        """Return the area that the law counts, exact [mm2]."""
        return _area(self.coefficients(), design)

    def compute_mm2(self, design: Design) -> Fraction:
        """Return the area of all compute dies, exact; 0 where the dies exist [mm2]."""
        return _area(self.compute_coefficients(), design)

    def breakdown(self, design: Design) -> dict[str, Fraction]:
        """Return the area of each component, exact, or of the dies that exist [mm2]."""
        if self.die is not None:
            return {"die": self.die.area_mm2}
        parts = breakdown(design)
        links = self.area_mm2(design) - sum(parts.values(), Fraction(0))
        return parts | ({"links between dies": links} if links else {})

    def to_json(self) -> dict[str, object]:
        """Return the dies and the memory of the package."""
        out: dict[str, object] = {"dies": self.dies, "io_dies": self.io_dies}
        if self.die is not None:
            count = sum(count for count, _, _ in self.die.parts)
            out = {"die": self.die.name, "dies": count, "die_area_mm2": float(self.die.area_mm2)}
        if self.memory is not None:
            out |= {"memory": self.memory.kind, "stacks": self.memory.stacks}
        return out

    def largest_die_mm2(self, design: Design) -> Fraction:
        """Return the area of the largest die that is made for the design, exact; 0 where the dies exist [mm2]."""
        if self.die is not None:
            return Fraction(0)
        compute = self.compute_mm2(design)
        rest = self.area_mm2(design) - compute
        return max(compute / self.dies, rest / self.io_dies if self.io_dies else Fraction(0))

    @property
    def least_area_mm2(self) -> Fraction:
        """Least area counted whose dies have edge enough for the memory [mm2].

        Notes
        -----
        Memory stands along the two long sides of dies of the exposure field's shape: each of n dies has
        2 sqrt(area x 33/26) of edge for 1/n of the stacks.
        """
        if self.memory is None:
            return Fraction(0)
        holders = self.io_dies or self.dies
        share = packaging_figure("field_short_mm").value / packaging_figure("field_long_mm").value
        side = memory_kinds()[self.memory.kind].shoreline_mm.value * self.memory.stacks / (2 * holders)
        return side * side * share * holders

    def cost_usd(self, area_mm2: Any, compute_mm2: Any, capacity_GB: Any, cores: Any, case: str = "mid") -> Any:
        """Return the unit cost, of numbers or of arrays [USD].

        Parameters
        ----------
        area_mm2 : area counted; compute_mm2 : that of the compute dies; both unused where the dies are given [mm2]
        capacity_GB : memory [GB]; cores : enabled cores, used for salvage [1]

        Notes
        -----
        Rises in every argument. Each die beyond the first loses a share 1 - bond_yield of all that is in the package.
        """
        memory = cost_figure("dram_usd_per_GB", case)
        if self.memory is not None:
            memory = float(memory_kinds()[self.memory.kind].dram_usd_per_GB.value)
        rest = cost_figure("packaging_usd", case) + cost_figure("test_usd", case)
        bonded = self.dies + self.io_dies
        if self.die is not None:
            logic = _given_usd(self.die, cores, case)
            bonded = sum(count for count, _, _ in self.die.parts)
        else:
            logic = self.dies * _die_usd(compute_mm2 / self.dies, case)
            if self.io_dies:
                logic = logic + self.io_dies * _die_usd((area_mm2 - compute_mm2) / self.io_dies, case)
        loss = 1.0
        if self.memory is not None or self.io_dies:
            loss = float(packaging_figure("bond_yield", case).value) ** (bonded - 1)
        return (logic + capacity_GB * memory + rest) / loss


def _area(c: dict[str, Fraction], d: Design) -> Fraction:
    core = d.array_rows * d.array_cols * c["mac"] + d.vector_lanes * c["vector_lane"] + d.sram_KiB * c["sram_KiB"]
    return (
        d.cores * (core + c["core"])
        + d.l2_MiB * c["l2_MiB"]
        + d.l2_bandwidth_GBps * c["l2_bandwidth"]
        + d.dram_bandwidth_GBps * c["dram_bandwidth"]
        + d.link_bandwidth_GBps * c["link_bandwidth"]
        + c["base"]
    )


def _die_usd(area_mm2: Any, case: str) -> Any:
    """Return the cost of dies without a defect at the study's process [USD]."""
    good = yield_share(area_mm2, cost_figure("defects_per_mm2", case), cost_figure("clustering", case))
    on_wafer = dies_per_wafer(area_mm2, cost_figure("wafer_diameter_mm", case))
    return cost_figure("wafer_usd", case) / (on_wafer * good)


def _given_usd(die: OneDie, cores: Any, case: str) -> Any:
    """Return the cost of the existing dies of one package, of which `cores` cores must be good [USD]."""
    total: Any = 0.0
    for i, (count, area, node) in enumerate(die.parts):
        wafer = float(node_figure(node, "wafer_usd", case).value)
        defects = float(node_figure(node, "defects_per_mm2", case).value)
        on_wafer = dies_per_wafer(float(area), cost_figure("wafer_diameter_mm", case))
        if i == 0:  # the compute dies come first
            good = salvage_share(float(area), defects, die.full_cores // count, cores / count, case)
        else:
            good = yield_share(float(area), defects, cost_figure("clustering", case))
        total = total + count * wafer / (on_wafer * good)
    return total


def salvage_share(area_mm2: float, defects_per_mm2: float, full_cores: int, cores: Any, case: str = "mid") -> Any:
    """Return the share of dies that have at least so many good cores and no defect elsewhere [1].

    Parameters
    ----------
    full_cores : cores on the die [1]
    cores : good cores needed, a number or array; a part of a core counts as a whole one [1]

    Notes
    -----
    Defects by the Poisson law: the rest of the die must be clean, and the number of clean cores is binomial. Half of
    the area is taken to be cores. Falls in `cores`.

    References
    ----------
    C. H. Stapper, F. M. Armstrong and K. Saji, "Integrated circuit yield statistics," Proc. IEEE 71(4), 1983,
    doi:10.1109/PROC.1983.12619.

    Examples
    --------
    >>> round(float(salvage_share(814.0, 0.001, 144, 144)), 2), round(float(salvage_share(814.0, 0.001, 144, 132)), 2)
    (0.44, 0.67)
    """
    import numpy as np

    share = float(packaging_figure("core_share", case).value)
    clean = math.exp(-defects_per_mm2 * area_mm2 * share / full_cores)
    n = np.arange(full_cores + 1)
    ways = np.array([math.comb(full_cores, int(k)) * clean**k * (1 - clean) ** (full_cores - k) for k in n])
    at_least = np.cumsum(ways[::-1])[::-1]
    needed = np.clip(np.ceil(np.asarray(cores)).astype(np.int64), 0, full_cores)
    return np.minimum(1.0, at_least[needed]) * math.exp(-defects_per_mm2 * area_mm2 * (1 - share))


@dataclass(frozen=True, slots=True)
class MemoryKind:
    """One stack or device of a kind of memory, at full rate [GB/s, GB, USD/GB, mm]."""

    bandwidth_GBps: Figure
    capacities_GB: tuple[Fraction, ...]
    dram_usd_per_GB: Figure
    shoreline_mm: Figure


@lru_cache(maxsize=1)
def memory_kinds() -> dict[str, MemoryKind]:
    """Return the kinds of memory by name.

    Raises
    ------
    Problem
        If the data file cannot be read or a figure lacks its source.

    Examples
    --------
    >>> list(memory_kinds())
    ['hbm2e', 'hbm3', 'hbm3e', 'gddr6', 'lpddr5x']
    """
    found = {}
    for name, v in read_file(_FOLDER / "memory.yaml", "silicon/memory.yaml").group().items():
        f = v.fields(("bandwidth_GBps", "capacities_GB", "dram_usd_per_GB", "shoreline_mm"))
        capacities = tuple(x.number(above=0) for x in f["capacities_GB"].items())
        found[name] = MemoryKind(
            figure(f["bandwidth_GBps"]), capacities, figure(f["dram_usd_per_GB"]), figure(f["shoreline_mm"])
        )
    return found


@lru_cache(maxsize=1)
def _packaging() -> dict[str, dict[str, Figure]]:
    root = read_file(_FOLDER / "packaging.yaml", "silicon/packaging.yaml").group()
    return {
        name: {c: figure(x) for c, x in v.fields(CASES).items()}
        if name == "bond_yield"
        else dict.fromkeys(CASES, figure(v))
        for name, v in root.items()
    }


def packaging_figure(name: str, case: str = "mid") -> Figure:
    """Return a figure on packages of several dies, by name; those with one case give it in all three.

    Raises
    ------
    Problem
        If the data file cannot be read or a figure lacks its source.
    """
    return _packaging()[name][case]
