"""Yield, dies per wafer and the cost of one packaged chip."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from twokey.quantities.problem import Problem
from twokey.quantities.shown import Shown
from twokey.silicon.figures import CASES, cost_figures

__all__ = ["UnitCost", "cost_figure", "die_cost_usd", "dies_per_wafer", "unit_cost", "unit_cost_usd", "yield_share"]


@dataclass(frozen=True, slots=True)
class UnitCost(Shown):
    """Cost of one packaged chip and its parts [USD]."""

    case: str
    die_usd: float
    dram_usd: float
    packaging_usd: float
    test_usd: float

    @property
    def total_usd(self) -> float:
        """Sum of the parts [USD]."""
        return self.die_usd + self.dram_usd + self.packaging_usd + self.test_usd

    def to_json(self) -> dict[str, float]:
        """Return parts and total [USD]."""
        return {
            "die_usd": self.die_usd,
            "dram_usd": self.dram_usd,
            "packaging_usd": self.packaging_usd,
            "test_usd": self.test_usd,
            "total_usd": self.total_usd,
        }


def cost_figure(name: str, case: str = "mid") -> float:
    """Return one cost figure of the data file.

    Raises
    ------
    Problem
        If the case is none of low, mid, high.
    """
    if case not in CASES:
        raise Problem("cost case", case, "one of " + ", ".join(CASES), "choose mid for the usual figures")
    return float(cost_figures()[name][case].value)


def dies_per_wafer(area_mm2: Any, diameter_mm: float = 300.0) -> Any:
    """Return the number of dies of an area, a number or an array, on a wafer: area, less the loss at the rim [1].

    Notes
    -----
    pi d^2 / (4 A) - pi d / sqrt(2 A); no scribe lines and no edge exclusion. For dies far smaller than the wafer.

    References
    ----------
    D. K. de Vries, "Investigation of gross die per wafer formulas," IEEE Trans. Semicond. Manuf. 18(1), 2005,
    doi:10.1109/TSM.2004.836656.

    Examples
    --------
    >>> round(dies_per_wafer(826.0), 1)
    62.4
    """
    return math.pi * (diameter_mm / 2) ** 2 / area_mm2 - math.pi * diameter_mm / (2 * area_mm2) ** 0.5


def yield_share(area_mm2: Any, defects_per_mm2: float, clustering: float) -> Any:
    """Return the share of dies of an area, a number or an array, without a defect, by the negative-binomial law [1].

    References
    ----------
    C. H. Stapper, "Defect density distribution for LSI yield calculations," IEEE Trans. Electron Devices 20(7), 1973,
    doi:10.1109/T-ED.1973.17719.

    Examples
    --------
    >>> round(yield_share(860.0, 0.0012, 3), 3)
    0.412
    """
    return (1 + area_mm2 * defects_per_mm2 / clustering) ** -clustering


def die_cost_usd(area_mm2: float, case: str = "mid") -> float:
    """Return the cost of a die without a defect; no die with a defect is sold [USD].

    Raises
    ------
    Problem
        If the area is not above zero or too large for a wafer.

    Examples
    --------
    >>> round(die_cost_usd(417.456))
    109
    """
    dies = dies_per_wafer(area_mm2, cost_figure("wafer_diameter_mm", case)) if area_mm2 > 0 else 0.0
    if dies <= 0:
        raise Problem(
            "area_mm2", f"{area_mm2}", "an area above zero of which a wafer holds some", "give the die's area"
        )
    good = yield_share(area_mm2, cost_figure("defects_per_mm2", case), cost_figure("clustering", case))
    return float(cost_figure("wafer_usd", case) / (dies * good))


def unit_cost(
    area_mm2: float | Fraction, dram_capacity_GB: float | Fraction, case: str = "mid", dies: int = 1
) -> UnitCost:
    """Return the cost of one packaged chip: die, memory, packaging, test [USD].

    Parameters
    ----------
    area_mm2 : area of all logic dies together [mm2]
    dram_capacity_GB : high-bandwidth memory in the package [GB]
    case : "low", "mid" or "high": every figure at that end
    dies : number of logic dies, all alike [1]

    Raises
    ------
    Problem
        If the case or the area cannot be used.

    Examples
    --------
    >>> round(unit_cost(417.456, 192).total_usd)
    3289
    """
    return UnitCost(
        case,
        dies * die_cost_usd(float(area_mm2) / dies, case),
        cost_figure("dram_usd_per_GB", case) * float(dram_capacity_GB),
        cost_figure("packaging_usd", case),
        cost_figure("test_usd", case),
    )


def unit_cost_usd(area_mm2: float | Fraction, dram_capacity_GB: float | Fraction, dies: int = 1) -> dict[str, UnitCost]:
    """Return the low, mid and high unit cost [USD]."""
    return {case: unit_cost(area_mm2, dram_capacity_GB, case, dies) for case in CASES}
