"""The best design beside chips that exist, under the same model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from twokey.perf.device import from_chip
from twokey.perf.estimate import estimate
from twokey.quantities.problem import Problem
from twokey.search.model import OBJECTIVES
from twokey.search.result import Result
from twokey.silicon.cost import unit_cost
from twokey.workloads.workload import Workload

__all__ = ["chip_value", "versus"]


def chip_value(chip: Any, workload: Workload, objective: str) -> tuple[float, bool]:
    """Return the objective of a catalogue chip, and whether the workload fits in its memory.

    Raises
    ------
    Problem
        If the chip's architecture or, for an objective with cost, its die area is not known.
    """
    device = from_chip(chip)
    found = estimate(workload, device)
    values = {"ttft": found.ttft_s, "tpot": found.tpot_s, "e2e": found.e2e_s}
    if objective in values:
        return values[objective], found.fits
    if objective not in OBJECTIVES:
        raise Problem("--objective", objective, "one of " + ", ".join(OBJECTIVES), "choose one of them")
    area = chip.item.applicable_die_area_mm2
    if area is None:
        raise Problem(device.name, "no die area", "the die area, for the unit cost", "choose an objective without cost")
    return found.e2e_s * unit_cost(area, device.dram_capacity_GB).total_usd, found.fits


def versus(result: Result, workload: Workload, objective: str, chips: Iterable[Any]) -> list[dict[str, Any]]:
    """Return for each chip its value under the same model, and its ratio to the best design's.

    Returns
    -------
    rows : item (the chip's id); value [s] (with cost in it, times USD); ratio = the chip's value / the design's
        value (above one: the chip is slower); fits (whether the workload fits in its memory). A chip that cannot be
        timed holds `value` and `ratio` None and the reason as `note`
    """
    rows: list[dict[str, Any]] = []
    for chip in chips:
        row: dict[str, Any] = {"item": str(chip.id)}
        try:
            value, fits = chip_value(chip, workload, objective)
            row |= {"value": value, "ratio": value / result.value, "fits": fits}
        except Problem as problem:
            row |= {"value": None, "ratio": None, "fits": None, "note": problem.message}
        rows.append(row)
    return rows
