"""The answer of a search: the best design, its proof, what binds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from twokey.chips.design import VARIABLES, Design
from twokey.chips.item import ItemSheet, item_json
from twokey.search.space import Space
from twokey.silicon.area import breakdown
from twokey.silicon.cost import unit_cost_usd

__all__ = ["Result"]


@dataclass
class Result:
    """Best design found, and a lower bound that no lawful design of the space can beat.

    Parameters
    ----------
    value, bound : in `unit`; gap : (value - bound) / value [1]
    proved : whether the gap is the one asked for, or smaller
    boxes, evaluations : boxes opened; points and boxes evaluated
    binding : limits that hold the design back, see `search.binding`
    versus : catalogue chips under the same model, see `search.compare`
    seller, datacentre : whose design it is and for which market, as its item sheet says
    """

    space: Space
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
    binding: list[dict[str, Any]] = field(default_factory=list)
    versus: list[dict[str, Any]] = field(default_factory=list)
    seller: str | None = None
    datacentre: bool | None = None

    @property
    def item(self) -> ItemSheet:
        """The item sheet of the best design."""
        area = self.space.area_mm2(self.design)
        return self.design.item(area_mm2=area, seller=self.seller, datacentre=self.datacentre)

    def to_json(self) -> dict[str, Any]:
        """Return the contract's answer to `design`."""
        area = self.space.area_mm2(self.design)
        costs = unit_cost_usd(area, self.design.dram_capacity_GB, self.space.dies)
        parts = {"die": area} if self.space.die_area_mm2 is not None else breakdown(self.design)
        return {
            "best": {
                "design": {v: _plain(getattr(self.design, v)) for v in VARIABLES},
                "item": item_json(self.item),
                "value": self.value,
                "unit": self.unit,
                "area_mm2": float(area),
                "area_breakdown_mm2": {name: float(part) for name, part in parts.items()},
                "unit_cost_usd": {case: cost.total_usd for case, cost in costs.items()},
            },
            "objective": self.objective,
            "workload": self.workload,
            "bound": self.bound,
            "gap": self.gap,
            "proved": self.proved,
            "space": {"name": self.space.name, "designs": self.space.designs},
            "boxes": self.boxes,
            "evaluations": self.evaluations,
            "cpu_s": self.cpu_s,
            "binding": self.binding,
            "versus": self.versus,
        }


def _plain(value: Any) -> int | float:
    return int(value) if value == int(value) else float(value)
