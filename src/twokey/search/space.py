"""A design space: for each of the eleven variables the values it may take, exact."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twokey.chips.design import VARIABLES, Design
from twokey.quantities.problem import Problem
from twokey.quantities.shown import Shown
from twokey.silicon.area import area_limit_mm2
from twokey.silicon.figures import figure
from twokey.silicon.package import Memory, OneDie, Package, memory_kinds
from twokey.sources.text import Value, read_file

__all__ = ["Space", "load", "read", "spaces"]

_FOLDER = Path(__file__).parent.parent / "data" / "spaces"
_WHOLE = ("cores", "array_rows", "array_cols", "vector_lanes")


ONE = Package()
"""One die, as in the engine study."""


@dataclass(frozen=True, slots=True)
class Space(Shown):
    """A grid of designs, or a family of such grids.

    Parameters
    ----------
    name : the space's id
    levels : for each variable, in the order of `VARIABLES`, its values from low to high; none for a family
    note : where the grid comes from
    package : how the logic of its designs is divided into dies, and with what memory
    variants : the grids of a family, each with a package of its own
    """

    name: str
    levels: tuple[tuple[Fraction, ...], ...] = ()
    note: str = ""
    package: Package = ONE
    variants: tuple[Space, ...] = ()

    @property
    def grids(self) -> tuple[Space, ...]:
        """The grids of the family, or the space alone."""
        return self.variants or (self,)

    def area_mm2(self, design: Design) -> Fraction:
        """Return the area that the law counts of a design of this grid, exact [mm2]."""
        return self.package.area_mm2(design)

    @property
    def area_limit_mm2(self) -> Fraction | None:
        """Largest area of one die; None where all dies are given [mm2]."""
        return None if all(grid.package.die is not None for grid in self.grids) else area_limit_mm2()

    def area_array(self) -> NDArray[np.float64]:
        """Return the area coefficients for the kernels, (2, 9) in the order of `kernels.boxes.AREA_TERMS`.

        The first row is the area that the law counts, the second that of the compute dies.
        """
        rows = (self.package.coefficients(), self.package.compute_coefficients())
        return np.array([[float(v) for v in row.values()] for row in rows])

    @property
    def designs(self) -> int:
        """Number of designs in the grid or in all grids of the family, lawful or not."""
        return sum(math.prod(len(values) for values in grid.levels) for grid in self.grids)

    def to_json(self) -> dict[str, object]:
        """Return the space with the values that every variable takes in it, and the names of its grids."""
        taken = {v: sorted({x for grid in self.grids for x in grid.levels[k]}) for k, v in enumerate(VARIABLES)}
        values = {v: [float(x) for x in row] for v, row in taken.items()}
        found = {"id": self.name, "name": self.name, "designs": self.designs, "values": values, "note": self.note}
        return found | ({"grids": [grid.name for grid in self.variants]} if self.variants else {})

    def design(self, index: NDArray[np.integer] | tuple[int, ...]) -> Design:
        """Return the design at the given level of each variable."""
        values = [self.levels[k][int(i)] for k, i in enumerate(index)]
        whole = [int(v) for v in values[: len(_WHOLE)]]
        return Design(whole[0], whole[1], whole[2], whole[3], *values[len(_WHOLE) :])

    def index_of(self, design: Design) -> NDArray[np.int16] | None:
        """Return the level of each variable of a design, (11,), or None if it is not in the grid."""
        found = []
        for name, values in zip(VARIABLES, self.levels, strict=True):
            value = Fraction(getattr(design, name))
            if value not in values:
                return None
            found.append(values.index(value))
        return np.array(found, dtype=np.int16)

    def array(self) -> NDArray[np.float64]:
        """Return the levels as floats, (11, most levels), short rows filled with their last value."""
        most = max(len(values) for values in self.levels)
        return np.array([[float(v) for v in row] + [float(row[-1])] * (most - len(row)) for row in self.levels])

    def counts(self) -> NDArray[np.int16]:
        """Return the number of levels of each variable, (11,)."""
        return np.array([len(values) for values in self.levels], dtype=np.int16)


def _values(value: Value, whole: bool, least: int = 1) -> tuple[Fraction, ...]:
    if value.is_list:
        found = [v.number(above=0) if least else v.number(least=0) for v in value.items()]
    else:
        f = value.fields(("from", "to", "step"))
        first, last, step = f["from"].number(above=0), f["to"].number(above=0), f["step"].number(above=0)
        found = [first + i * step for i in range(int((last - first) / step) + 1)]
        if not found or found[-1] != last:
            raise value.refuse(
                "a last value that is a whole number of steps above the first", "correct from, to or step"
            )
    if found != sorted(set(found)):
        raise value.refuse("values in rising order, each once", "sort them")
    if not found or len(found) > 10_000 or (whole and any(v.denominator != 1 for v in found)):
        raise value.refuse("1 to 10000 values" + (", whole numbers" if whole else ""), "correct the list")
    return tuple(found)


def read(path: Path, name: str) -> Space:
    """Return the space written in a file.

    Raises
    ------
    Problem
        If a variable is missing, unknown, not rising or not above zero.
    """
    root = read_file(path, f"spaces/{path.name}")
    if "members" in root.group():
        f = root.fields(("members",), ("note",))
        grids = tuple(read(path.parent / name / f"{m.text()}.yaml", f"{name}/{m.text()}") for m in f["members"].items())
        return Space(name, note=f["note"].text() if "note" in f else "", variants=grids)
    if "memory" in root.group():
        return _packages(root, name)
    f = root.fields(VARIABLES, ("note", "die"))
    levels = tuple(_values(f[v], v in _WHOLE) for v in VARIABLES)
    package = Package(die=_die(f["die"])) if "die" in f else Package()
    return Space(name, levels, f["note"].text() if "note" in f else "", package)


def _die(value: Value) -> OneDie:
    f = value.fields(("name", "full_cores", "parts"))
    parts = []
    for part in f["parts"].items():
        p = part.fields(("count", "die_area_mm2", "node"))
        parts.append((p["count"].whole(least=1), figure(p["die_area_mm2"]).value, p["node"].text()))
    return OneDie(f["name"].text(), tuple(parts), f["full_cores"].whole(least=1))


_PER_DIE = ("cores", "l2_MiB", "l2_bandwidth_GBps")


def _packages(root: Value, name: str) -> Space:
    """Return a family with a grid for each number of dies, of I/O dies, and each kind and number of stacks."""
    plain = tuple(v for v in VARIABLES if not v.startswith("dram_"))
    f = root.fields((*plain, "dies", "io_dies", "memory", "memory_rate"), ("note",))
    base = {v: _values(f[v], v in _WHOLE) for v in plain}
    rates = _values(f["memory_rate"], whole=False)
    grids = []
    for dies, io_dies in itertools.product(_values(f["dies"], True), _values(f["io_dies"], True, least=0)):
        for kind, counts in f["memory"].group().items():
            one = memory_kinds()[kind]
            for stacks in _values(counts, True):
                package = Package(int(dies), int(io_dies), Memory(kind, int(stacks)))
                if package.least_area_mm2 > (io_dies or dies) * area_limit_mm2():
                    continue  # the dies have not edge enough for so many
                levels = {v: tuple(x * dies for x in row) if v in _PER_DIE else row for v, row in base.items()}
                levels["dram_bandwidth_GBps"] = tuple(stacks * one.bandwidth_GBps.value * rate for rate in rates)
                levels["dram_capacity_GB"] = tuple(stacks * size for size in one.capacities_GB)
                io = f" + {io_dies} I/O" if io_dies else ""
                title = f"{name}/{dies} dies{io}, {stacks} {kind}"
                grids.append(Space(title, tuple(levels[v] for v in VARIABLES), package=package))
    return Space(name, note=f["note"].text() if "note" in f else "", variants=tuple(grids))


@lru_cache(maxsize=16)
def load(name: str) -> Space:
    """Return a space, or one grid of a family, by name.

    Raises
    ------
    Problem
        If there is no such space; the message names those there are.

    Examples
    --------
    >>> load("small").designs
    603979776
    >>> load("cut-down/gh100").package.die.full_cores
    144
    """
    family, _, _ = name.partition("/")
    if family not in (known := spaces()):
        raise Problem("--space", name, "one of " + ", ".join(known), "choose a space listed by `twokey spaces`")
    whole = read(_FOLDER / f"{family}.yaml", family)
    if name == family:
        return whole
    for grid in whole.variants:
        if grid.name == name:
            return grid
    names = ", ".join(grid.name for grid in whole.variants[:8])
    raise Problem("--space", name, "a grid of the family such as " + (names or "none"), f"write {family} for all of it")


def spaces() -> list[str]:
    """Return the names of the spaces, the smallest first.

    Examples
    --------
    >>> spaces()
    ['small', 'standard', 'fine', 'package', 'cut-down']
    """
    known = {path.stem for path in _FOLDER.glob("*.yaml")}
    order = [name for name in ("small", "standard", "fine", "package", "cut-down") if name in known]
    return order + sorted(known - set(order))
