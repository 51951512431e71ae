"""The answer of a search: the best design, its proof, what binds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from twokey.chips.design import VARIABLES, Design
from twokey.chips.item import ItemSheet, item_json
from twokey.perf.kernels.relaxed import SLACK
from twokey.quantities.shown import Shown
from twokey.search.objectives import MORE_IS_BETTER
from twokey.search.space import Space
from twokey.silicon.figures import CASES
from twokey.silicon.power import power

__all__ = ["Result"]


@dataclass
class Result(Shown):
    """Best design found, and a lower bound that no lawful design of the space can beat.

    Parameters
    ----------
    space, grid : the space that was searched; that of its grids which the design is in, the space itself if it is none
    value, bound : in `unit`; gap : |value - bound| / value [1]
    proved : whether the gap is the one asked for, or smaller
    boxes, evaluations : boxes opened; points and boxes evaluated
    limits : limits on other objectives that were asked for
    survival : next rules under which the design stays lawful, and how probable that is; empty where none was named
    binding : limits that hold the design back, see `search.binding`
    versus : catalogue chips under the same model, see `search.compare`; in a trade also the verdict on each, None where
        its seller sits in the country of destination
    unrestricted : the best design without any law, see `search.beside`; empty where it was not asked for
    nearest : the catalogue chip most like the design, see `search.beside`; empty where it was not asked for
    seller, datacentre : whose design it is and for which market, as its item sheet says
    """

    space: Space
    grid: Space
    design: Design
    objective: str
    workload: str
    value: float
    bound: float
    gap: float
    proved: bool
    boxes: int
    evaluations: int
    cpu_s: float
    unit: str
    limits: dict[str, float] = field(default_factory=dict)
    survival: dict[str, Any] = field(default_factory=dict)
    binding: list[dict[str, Any]] = field(default_factory=list)
    versus: list[dict[str, Any]] = field(default_factory=list)
    unrestricted: dict[str, Any] = field(default_factory=dict)
    nearest: dict[str, Any] = field(default_factory=dict)
    seller: str | None = None
    datacentre: bool | None = None

    @property
    def item(self) -> ItemSheet:
        """The item sheet of the best design."""
        area = self.grid.area_mm2(self.design)
        return self.design.item(area_mm2=area, seller=self.seller, datacentre=self.datacentre)

    def to_json(self) -> dict[str, Any]:
        """Return the contract's answer to `design`."""
        area = self.grid.area_mm2(self.design)
        package, design = self.grid.package, self.design
        compute = package.compute_mm2(design)
        capacity, cores = float(design.dram_capacity_GB), float(design.cores)
        costs = {c: float(package.cost_usd(float(area), float(compute), capacity, cores, c)) for c in CASES}
        return {
            "best": {
                "design": {v: _plain(getattr(self.design, v)) for v in VARIABLES},
                "item": item_json(self.item),
                "value": self.value,
                "unit": self.unit,
                "area_mm2": float(area),
                "area_breakdown_mm2": {name: float(part) for name, part in package.breakdown(design).items()},
                "unit_cost_usd": costs,
                "power_W": power(design),
            },
            "objective": self.objective,
            "workload": self.workload,
            "bound": self.bound,
            "better": "more" if self.objective in MORE_IS_BETTER else "less",
            "gap": self.gap,
            "proved": self.proved,
            "slack": {"bounds": SLACK, "law": "exact fractions"},
            "space": {"name": self.space.name, "designs": self.space.designs} | self._grid(),
            "limits": self.limits,
            "survival": self.survival,
            "boxes": self.boxes,
            "evaluations": self.evaluations,
            "cpu_s": self.cpu_s,
            "binding": self.binding,
            "versus": self.versus,
            "unrestricted": self.unrestricted,
            "nearest": self.nearest,
        }

    def _grid(self) -> dict[str, Any]:
        """Return the grid and the package that the design is in, where the space is a family."""
        if not self.space.variants:
            return {}
        return {"grid": self.grid.name, "package": self.grid.package.to_json()}


def _plain(value: Any) -> int | float:
    return int(value) if value == int(value) else float(value)
