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
from twokey.search.model import GRID, MORE_IS_BETTER, OBJECTIVES, Model, natural
from twokey.search.space import Space
from twokey.search.start import descend

__all__ = ["Better", "binding", "explain_nothing", "limit_names"]

Index = NDArray[np.int16]

GAIN = 1e-3
"""A limit binds if dropping it lets the objective fall by more than this share [1]."""

MOVES = (Fraction(1, 20), Fraction(1, 10), Fraction(1, 5), Fraction(2, 5))
"""Shares by which a limit is moved to find its shadow price: the first that lets a better design in [1]."""

GAP, BOXES = 0.002, 1_000
"""Gap of the searches made here, and the boxes after which they stop; a count, so that runs are repeatable."""

PRICE_GAP, PRICE_BOXES = 1e-4, 20_000
"""The same for the two optima whose difference is a shadow price: the difference is small beside either."""

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


def limit_names(model: Model) -> list[str]:
    """Return the names of all limits: those of the law, "area", "memory", those on other objectives."""
    return [*model.limits.region.labels(), "area", "memory", *model.within]


def _freed(model: Model, name: str) -> Model:
    """Return the model with one limit dropped."""
    if name in model.within:
        return replace(model, within={k: v for k, v in model.within.items() if k != name}, evaluations=0)
    return replace(model, limits=without(model.limits, name), evaluations=0)


def _shifted(model: Model, name: str, share: Fraction) -> tuple[Model, Fraction, str]:
    """Return the model with a limit moved by a share of it, outwards or, below zero, inwards, by how much, the unit."""
    if name in model.within:
        old = model.within[name]
        new = old * (1 - float(share)) if name in MORE_IS_BETTER else old * (1 + float(share))
        within = dict(model.within) | {name: new}
        return replace(model, within=within, evaluations=0), Fraction(abs(new - old)), OBJECTIVES[name]
    limits, step, unit = _moved(model.limits, name, share)
    return replace(model, limits=limits, evaluations=0), abs(step), unit


def _moved(limits: Limits, name: str, share: Fraction) -> tuple[Limits, Fraction, str]:
    """Return the limits with one moved by a share of it, outwards or, below zero, inwards, by how much, the unit."""
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
                step = max(step, old * share, key=abs)
        cells.append(Cell(cell.lo, tuple(hi), cell.limits))
    return replace(limits, region=Region(tuple(cells))), step, unit


def _improve(
    asked: _Asked, model: Model, start: Index, seed: int, gap: float = GAP, boxes: int = BOXES, near: bool = False
) -> tuple[float, float, str]:
    """Return the best value under other limits or on another grid, its proved bound, and how it was found.

    Parameters
    ----------
    start : the design asked about, to begin from; near : from nothing else, for what lies next to it

    Raises
    ------
    Better
        If the best design found keeps the original limits and is better.
    """
    from twokey.search.optimise import solve

    trimmed = model.trimmed(start[None, :])
    found = float(model.values(trimmed)[0])
    keeps = found <= asked.value and model.holds(trimmed[0])
    at, value = descend(model, trimmed[0] if keeps else start, found if keeps else asked.value)
    # random points too, for what a limit forbids is often far from what it allows
    hints = None if near else at[None, :]
    s = solve(model, gap=gap, seed=seed, boxes=boxes, start=at if near else None, hints=hints)
    method, bound = "local search", 0.0
    if s is not None and s.best is not None:
        if s.value < value:
            at, value = s.best, s.value
        bound = s.bound
        if bound >= value * (1 - 2 * gap):
            method = "full search"
    if value < asked.value * (1 - 1e-12):
        _refuse_better(asked, model, at, value)
    return min(value, asked.value), bound, method


def _refuse_better(asked: _Asked, model: Model, at: Index, value: float) -> None:
    """Raise `Better` if a better design found in another model keeps the original limits."""
    index = asked.model.index_of(model.design(at), model.grid_of(at))
    if index is not None and asked.model.holds(index) and np.isfinite(asked.model.values(index[None, :])[0]):
        raise Better(index, value)


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
    model, own = asked.model, asked.model.grid_of(asked.best)
    g = int(asked.best[GRID])
    for k, variable in enumerate(VARIABLES):
        for last in (False, True):
            if asked.best[k] != (model.counts[g, k] - 1 if last else 0):
                continue
            found = _longer(own, k, last)
            if found is None:
                continue
            grid, step = found
            start = asked.best.copy()
            if not last:
                start[k] += 1
            space = grid
            if model.space.variants:
                space = replace(model.space, variants=(*model.space.grids[:g], grid, *model.space.grids[g + 1 :]))
            other = replace(model, space=space, evaluations=0)
            value, _, method = _improve(asked, other, start, seed, near=True)
            gain = 1 - value / asked.value if model.objective not in MORE_IS_BETTER else asked.value / value - 1
            if gain > GAIN:
                end = f"<= {float(own.levels[k][-1]):g}" if last else f">= {float(own.levels[k][0]):g}"
                change = abs(natural(model.objective, asked.value) - natural(model.objective, value))
                rows.append(_row(f"grid {variable} {end}", gain, change, step, _unit(variable), method))
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
    rows : limit; gain_if_dropped, the share by which the objective gets better when this limit is dropped, or, where
        `without_rule` tells what it leaves, the rule that sets it (for an end of the grid: when the grid is one level
        longer) [1]; shadow_price, by how much the objective gets better per unit when the limit is moved outwards by
        moved_percent, that is 5, or the first of 10, 20, 40 at which the grid has a better design [1];
        shadow_price_range, between which it is proved to lie (both optima are known to a bound only; the upper end is
        None where nothing was proved) [1]; method, "full search" where both optima are proved to 0.02 percent (at an
        end of the grid the new one to 0.4 percent), else "local search"; shadow_price_inwards, by how much the
        objective gets worse per unit when the limit is moved inwards likewise, with range, method and percent of its
        own, all None where nothing lawful is left

    Raises
    ------
    Better
        If on the way a lawful design better than `best` is found.
    """
    asked = _Asked(model, best, value)
    gains = {}
    for name in limit_names(model):
        gain = _gain(asked, _freed(model, name), seed)
        if gain > GAIN and without_rule and name in without_rule:
            # the limit binds; what its fall is worth depends on what the law puts in its place
            left = limits_of(without_rule[name], model.limits.memory_bytes, model.space)
            gain = _gain(asked, replace(model, limits=left, evaluations=0), seed)
        if gain > GAIN:
            gains[name] = gain
    # how much better than `best` another lawful design may still be
    floor = _improve(asked, model, best, seed, PRICE_GAP, PRICE_BOXES)[1] if gains else value
    rows = [_law_row(asked, name, gain, floor, seed) for name, gain in gains.items()]
    rows += _grid_rows(asked, seed)
    return sorted(rows, key=lambda row: -row["gain_if_dropped"])


def _law_row(asked: _Asked, name: str, gain: float, floor: float, seed: int) -> dict[str, Any]:
    """Return the row of a limit that binds, with its prices on both sides."""
    model, best, value = asked.model, asked.best, asked.value
    for share in MOVES:
        other, step, unit = _shifted(model, name, share)
        if _improve(asked, other, best, seed)[0] < value * (1 - 1e-9):
            break
    near, bound, method = _improve(asked, other, best, seed, PRICE_GAP, PRICE_BOXES)
    if floor < value * (1 - 2 * PRICE_GAP):
        method = "local search"
    return (
        _row(name, gain, _change(model, value, near), step, unit, method)
        | {"moved_percent": float(100 * share)}
        | {"shadow_price_range": _range(model, (floor, value), (bound, near), float(step))}
        | _inwards(asked, name, floor, seed)
    )


def _inwards(asked: _Asked, name: str, floor: float, seed: int) -> dict[str, Any]:
    """Return the shadow price on the other side: by how much the objective gets worse per unit of a tighter limit.

    The limit is moved inwards by the first of `MOVES` at which the best design changes. Where no lawful design is left,
    the price is not defined and all fields are None.
    """
    from twokey.search.optimise import solve

    model, value = asked.model, asked.value
    for share in MOVES:
        other, step, _ = _shifted(model, name, -share)
        if other.holds(asked.best) and np.isfinite(other.values(asked.best[None, :])[0]):
            continue
        s = solve(other, gap=PRICE_GAP, seed=seed, boxes=PRICE_BOXES)
        if s is None or s.best is None:
            break
        if s.value < value * (1 - 1e-12):
            _refuse_better(asked, other, s.best, s.value)
        if s.value > value * (1 + 1e-9):
            proved = min(s.bound / s.value, floor / value) >= 1 - 2 * PRICE_GAP
            return {
                "shadow_price_inwards": _change(model, s.value, value) / float(step),
                "moved_inwards_percent": float(100 * share),
                "shadow_price_inwards_range": _range(model, (s.bound, s.value), (floor, value), float(step)),
                "method_inwards": "full search" if proved else "local search",
            }
    names = ("shadow_price_inwards", "moved_inwards_percent", "shadow_price_inwards_range", "method_inwards")
    return dict.fromkeys(names)


def _range(model: Model, old: tuple[float, float], new: tuple[float, float], step: float) -> tuple[float, float | None]:
    """Return least and greatest shadow price from bound and value of the optimum before and after."""
    most = None if new[0] <= 0 else _change(model, old[1], new[0]) / step
    return _change(model, old[0], new[1]) / step, most


def _change(model: Model, old: float, new: float) -> float:
    """Return by how much the objective gets better from one badness to another, in its own unit; 0 if it does not."""
    return 0.0 if new >= old else abs(natural(model.objective, old) - natural(model.objective, new))


def _gain(asked: _Asked, other: Model, seed: int) -> float:
    """Return the share by which the objective gets better under other limits."""
    found = _improve(asked, other, asked.best, seed)[0]
    if asked.model.objective in MORE_IS_BETTER:
        return asked.value / found - 1
    return 1 - found / asked.value


def explain_nothing(model: Model) -> list[str]:
    """Return the limits each of which alone, if dropped, would let a design of the space be lawful."""
    from twokey.search.optimise import solve

    found = []
    for name in limit_names(model):
        s = solve(_freed(model, name), gap=0.5, boxes=0)
        if s is not None and s.best is not None:
            found.append(name)
    return found
