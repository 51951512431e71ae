"""The best design beside chips that exist, under the same model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from twokey.perf.device import Device, from_chip
from twokey.perf.estimate import estimate, phase_time
from twokey.quantities.problem import Problem
from twokey.search.objectives import MORE_IS_BETTER, Mix, Terms, badness, check_objective, mix, natural, needs, trained
from twokey.search.result import Result
from twokey.silicon.cost import unit_cost
from twokey.silicon.power import power_of
from twokey.workloads.workload import Workload

__all__ = ["beside", "chip_value", "versus"]


def chip_value(chip: Any, workload: Workload | Mix, objective: str) -> tuple[float, bool]:
    """Return the objective of a catalogue chip, and whether the workload fits in its memory.

    Raises
    ------
    Problem
        If the chip's architecture or, for an objective with cost, its die area is not known.
    """
    whole, total, fits = mix(workload), 0.0, True
    device = from_chip(chip)
    check_objective(objective)
    *_, cost_matters, power_matters = needs((objective,))
    cost = _unit_cost(chip, device) if cost_matters else None
    power = float(power_of(device.column())) if power_matters else None
    for part, share in whole.parts:
        found = estimate(part, device)
        step = phase_time(trained(part), device).time_s if objective == "train-time" else None
        total += share * float(badness(objective, part, Terms(found.ttft_s, found.tpot_s, cost, power, step)))
        fits = fits and found.fits
    return natural(objective, total), fits


def _unit_cost(chip: Any, device: Device) -> float:
    """Return the mid unit cost of a catalogue chip under the same figures as a design's [USD]."""
    area = chip.item.applicable_die_area_mm2
    if area is None:
        raise Problem(device.name, "no die area", "the die area, for the unit cost", "choose an objective without cost")
    return unit_cost(area, device.dram_capacity_GB).total_usd


def versus(result: Result, workload: Workload | Mix, objective: str, chips: Iterable[Any]) -> list[dict[str, Any]]:
    """Return for each chip its value under the same model, and its ratio to the best design's.

    Returns
    -------
    rows : item (the chip's id); value, in the objective's unit; ratio = the chip's value / the design's value, or the
        other way round where more is better (above one: the chip is worse); fits (whether the workload fits in its
        memory). A chip that cannot be valued holds `value` and `ratio` None and the reason as `note`
    """
    return [{"item": str(chip.id)} | beside(result, workload, objective, chip) for chip in chips]


def beside(result: Result, workload: Workload | Mix, objective: str, chip: Any) -> dict[str, Any]:
    """Return value, ratio and fits of one chip, see `versus`; where it cannot be valued, None and a `note`."""
    try:
        value, fits = chip_value(chip, workload, objective)
        ratio = result.value / value if objective in MORE_IS_BETTER else value / result.value
        return {"value": value, "ratio": ratio, "fits": fits}
    except Problem as problem:
        return {"value": None, "ratio": None, "fits": None, "note": problem.message}
