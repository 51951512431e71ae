"""Which limits hold the best design back, and what one unit more of each would be worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twokey.chips.design import VARIABLES
from twokey.law.region import FACTS, Cell, Region
from twokey.search.limits import Limits, limits_of, without
from twokey.search.model import Model
from twokey.search.space import Space
from twokey.search.start import descend
from twokey.workloads.workload import Workload

__all__ = ["Better", "binding", "explain_nothing", "limit_names"]

Index = NDArray[np.int16]

GAIN = 1e-3
"""A limit binds if dropping it lets the objective fall by more than this share [1]."""

MOVES = (Fraction(1, 20), Fraction(1, 10), Fraction(1, 5), Fraction(2, 5))
"""Shares by which a limit is moved to find its shadow price: the first that lets a better design in [1]."""

GAP, BOXES = 0.002, 1_000
"""Gap of the searches made here, and the boxes after which they stop; a count, so that runs are repeatable."""

_UNITS = dict(zip(FACTS, ("TPP", "TPP/mm2", "GB/s", "GB/s", "GB/s"), strict=True))


class Better(Exception):
    """A design that keeps all limits and is better than the one asked about; carries it and its value."""

    def __init__(self, index: Index, value: float) -> None:
        self.index, self.value = index, value
        super().__init__(f"a better lawful design was found, value {value}")


@dataclass(frozen=True, slots=True)
class _Asked:
    """The design asked about."""

    model: Model
    best: Index
    value: float


def limit_names(limits: Limits) -> list[str]:
    """Return the names of all limits: those of the law, "area", "memory"."""
    law = {label for cell in limits.region.cells for label in cell.limits if label is not None}
    return [*sorted(law), "area", "memory"]


def _moved(limits: Limits, name: str, share: Fraction) -> tuple[Limits, Fraction, str]:
    """Return the limits with one moved outwards by a share of it, by how much, and the unit."""
    if name == "area":
        area = limits.area_mm2 or Fraction(0)
        return replace(limits, area_mm2=area * (1 + share)), area * share, "mm2"
    if name == "memory":
        memory = Fraction(limits.memory_bytes)
        return replace(limits, memory_bytes=float(memory * (1 - share))), memory * share / 10**9, "GB"
    cells, step, unit = [], Fraction(0), ""
    for cell in limits.region.cells:
        hi = list(cell.hi)
        for i, label in enumerate(cell.limits):
            if label == name and hi[i] is not None:
                old = hi[i] or Fraction(0)
                hi[i], unit = old * (1 + share), _UNITS[FACTS[i]]
                step = max(step, old * share)
        cells.append(Cell(cell.lo, tuple(hi), cell.limits))
    return replace(limits, region=Region(tuple(cells))), step, unit


def _improve(asked: _Asked, model: Model, start: Index, seed: int) -> tuple[float, str]:
    """Return the best value under other limits or on another grid, starting from the design asked about.

    Raises
    ------
    Better
        If the best design found keeps the original limits and is better.
    """
    from twokey.search.optimise import solve

    last = (model.counts - 1).astype(np.int16)
    at, value = descend(model, start, asked.value, np.zeros(11, dtype=np.int16), last)
    s = solve(model, gap=GAP, seed=seed, start=at, boxes=BOXES)
    method = "local search"
    if s is not None and s.best is not None:
        if s.value < value:
            at, value = s.best, s.value
        if s.bound >= value * (1 - 2 * GAP):
            method = "full search"
    if value < asked.value * (1 - 1e-12):
        index = asked.model.space.index_of(model.space.design(at))
        if index is not None and asked.model.holds(index):
            raise Better(index, value)
    return min(value, asked.value), method


def _longer(space: Space, k: int, last: bool) -> tuple[Space, Fraction] | None:
    """Return the space with one more level of a variable at its end, and the step; None if there is no such level."""
    values = space.levels[k]
    if len(values) < 2:
        return None
    new = 2 * values[-1] - values[-2] if last else 2 * values[0] - values[1]
    if new <= 0:
        return None
    levels = list(space.levels)
    levels[k] = (*values, new) if last else (new, *values)
    return replace(space, levels=tuple(levels)), abs(new - (values[-1] if last else values[0]))


def _unit(variable: str) -> str:
    name, _, unit = variable.rpartition("_")
    known = {"GHz": "GHz", "KiB": "KiB", "MiB": "MiB", "GBps": "GB/s", "GB": "GB"}
    return known[unit] if name and unit in known else variable


def _grid_rows(asked: _Asked, seed: int) -> list[dict[str, Any]]:
    rows = []
    model = asked.model
    for k, variable in enumerate(VARIABLES):
        for last in (False, True):
            if asked.best[k] != (model.counts[k] - 1 if last else 0):
                continue
            found = _longer(model.space, k, last)
            if found is None:
                continue
            space, step = found
            start = asked.best.copy()
            if not last:
                start[k] += 1
            other = Model(space, model.workload, model.objective, model.limits)
            value, method = _improve(asked, other, start, seed)
            gain = 1 - value / asked.value
            if gain > GAIN:
                end = f"<= {float(model.space.levels[k][-1]):g}" if last else f">= {float(model.space.levels[k][0]):g}"
                rows.append(_row(f"grid {variable} {end}", gain, asked.value - value, step, _unit(variable), method))
    return rows


def _row(limit: str, gain: float, saved: float, step: Fraction, unit: str, method: str) -> dict[str, Any]:
    return {
        "limit": limit,
        "gain_if_dropped": gain,
        "shadow_price": saved / float(step) if step else 0.0,
        "per": f"1 {unit}",
        "method": method,
    }


def binding(
    model: Model,
    best: Index,
    value: float,
    *,
    seed: int = 0,
    without_rule: Mapping[str, Region] | None = None,
) -> list[dict[str, Any]]:
    """Return the limits that hold the best design back, the dearest first.

    Parameters
    ----------
    model : space, workload, objective and limits of the search; best : levels of its answer, (11,)
    value : value of the answer
    without_rule : for a limit's name the region without the rule behind it, where the caller knows it; otherwise
        the limit is taken out of the cells, and nothing else takes its place

    Returns
    -------
    rows : limit; gain_if_dropped, the share by which the objective falls when this limit is dropped, or, where
        `without_rule` tells what it leaves, the rule that sets it (for an end of the grid: when the grid is one level
        longer) [1]; shadow_price, by how much the objective falls per unit
        when the limit is moved outwards by moved_percent, that is 5, or the first of 10, 20, 40 at which the grid
        has a better design [s, or s USD, per unit named in `per`]; method, "full search"
        where the new optimum is proved to 0.4 percent, else "local search"

    Raises
    ------
    Better
        If on the way a lawful design better than `best` is found.
    """
    asked = _Asked(model, best, value)
    rows = []
    for name in limit_names(model.limits):
        gain = _gain(asked, without(model.limits, name), seed)
        if gain > GAIN and without_rule and name in without_rule:
            # the limit binds; what its fall is worth depends on what the law puts in its place
            gain = _gain(asked, limits_of(without_rule[name], model.limits.memory_bytes, model.space), seed)
        if gain > GAIN:
            for share in MOVES:
                moved, step, unit = _moved(model.limits, name, share)
                near, method = _improve(asked, Model(model.space, model.workload, model.objective, moved), best, seed)
                if near < value * (1 - 1e-9):
                    break
            rows.append(_row(name, gain, value - near, step, unit, method) | {"moved_percent": float(100 * share)})
    rows += _grid_rows(asked, seed)
    return sorted(rows, key=lambda row: -row["gain_if_dropped"])


def _gain(asked: _Asked, limits: Limits, seed: int) -> float:
    """Return the share by which the objective falls under other limits."""
    m = asked.model
    found, _ = _improve(asked, Model(m.space, m.workload, m.objective, limits), asked.best, seed)
    return 1 - found / asked.value


def explain_nothing(space: Space, workload: Workload, objective: str, limits: Limits) -> list[str]:
    """Return the limits each of which alone, if dropped, would let a design of the space be lawful."""
    from twokey.search.optimise import solve

    found = []
    for name in limit_names(limits):
        s = solve(Model(space, workload, objective, without(limits, name)), gap=0.5, boxes=0)
        if s is not None and s.best is not None:
            found.append(name)
    return found
