"""A design space: for each of the eleven variables the values it may take, exact."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twokey.chips.design import VARIABLES, Design
from twokey.quantities.problem import Problem
from twokey.silicon.area import area_limit_mm2, area_mm2, coefficients
from twokey.sources.text import Value, read_file

__all__ = ["Space", "load", "read", "spaces"]

_FOLDER = Path(__file__).parent.parent / "data" / "spaces"
_WHOLE = ("cores", "array_rows", "array_cols", "vector_lanes")


@dataclass(frozen=True, slots=True)
class Space:
    """A grid of designs.

    Parameters
    ----------
    name : the space's id
    levels : for each variable, in the order of `VARIABLES`, its values from low to high
    note : where the grid comes from
    dies : logic dies in one package, all alike; the largest area and the cost are those of so many dies [1]
    die_area_mm2 : area of the one die that every design is cut from by disabling and throttling parts of it; None where
        the area follows from the design [mm2]
    """

    name: str
    levels: tuple[tuple[Fraction, ...], ...]
    note: str = ""
    dies: int = 1
    die_area_mm2: Fraction | None = None

    def area_mm2(self, design: Design) -> Fraction:
        """Return the area of all logic dies of a design of this space, exact [mm2]."""
        return self.die_area_mm2 if self.die_area_mm2 is not None else area_mm2(design)

    @property
    def area_limit_mm2(self) -> Fraction | None:
        """Largest area of all logic dies together; None where the die is given [mm2]."""
        return None if self.die_area_mm2 is not None else area_limit_mm2() * self.dies

    def area_array(self) -> NDArray[np.float64]:
        """Return the area coefficients for the kernels, (9,), in the order of `kernels.boxes.AREA_TERMS`."""
        if self.die_area_mm2 is not None:
            return np.array([0.0] * 8 + [float(self.die_area_mm2)])
        return np.array([float(v) for v in coefficients().values()])

    @property
    def designs(self) -> int:
        """Number of designs in the grid, lawful or not."""
        return math.prod(len(values) for values in self.levels)

    def to_json(self) -> dict[str, object]:
        """Return the space with the values of every variable."""
        values = {v: [float(x) for x in row] for v, row in zip(VARIABLES, self.levels, strict=True)}
        return {"id": self.name, "name": self.name, "designs": self.designs, "values": values, "note": self.note}

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


def _values(value: Value, whole: bool) -> tuple[Fraction, ...]:
    if value.is_list:
        found = [v.number(above=0) for v in value.items()]
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
    f = read_file(path, f"spaces/{path.name}").fields(VARIABLES, ("note", "dies", "die_area_mm2"))
    levels = tuple(_values(f[v], v in _WHOLE) for v in VARIABLES)
    return Space(
        name,
        levels,
        f["note"].text() if "note" in f else "",
        f["dies"].whole(least=1) if "dies" in f else 1,
        f["die_area_mm2"].number(above=0) if "die_area_mm2" in f else None,
    )


@lru_cache(maxsize=8)
def load(name: str) -> Space:
    """Return a space by name.

    Raises
    ------
    Problem
        If there is no such space; the message names those there are.

    Examples
    --------
    >>> load("small").designs
    603979776
    """
    if name not in (known := spaces()):
        raise Problem("--space", name, "one of " + ", ".join(known), "choose a space listed by `twokey spaces`")
    return read(_FOLDER / f"{name}.yaml", name)


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
