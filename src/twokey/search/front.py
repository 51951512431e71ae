"""The front of two objectives, certified: which pairs of values can be had, and a proof that no better pair can.

One objective is searched under a limit on the other, and then the other under what was reached in the first. Two
searches with a proof of a share g make a point that is within g of a true front point in both objectives: call its
values (a, b). The first search proved that no design with at most b has less than a (1 - g); the second that no design
with at most a has less than b (1 - g). A front point that dominates the point lies between.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twokey.chips.design import VARIABLES, Design
from twokey.law.region import Region
from twokey.quantities.problem import Problem
from twokey.quantities.shown import Shown
from twokey.search.limits import limits_of
from twokey.search.model import OBJECTIVES, Model, natural
from twokey.search.objectives import Mix, check_objective, mix
from twokey.search.optimise import nothing, solve
from twokey.search.space import Space
from twokey.workloads.workload import Workload

__all__ = ["Front", "FrontPoint", "front"]

Index = NDArray[np.int16]
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class FrontPoint:
    """One point: design, the grid it is in, values and bounds of both objectives in their own units.

    Parameters
    ----------
    values : of the design; bounds : no design that is as good in one objective is better in the other than this
    """

    design: Design
    grid: str
    values: tuple[float, float]
    bounds: tuple[float, float]


@dataclass
class Front(Shown):
    """A certified front.

    Parameters
    ----------
    objectives : names; the first is best at the first point
    points : from the best in the first objective to the best in the second
    steps : what was proved, as pairs: no lawful design that is at least so good in the second objective is better in
        the first than this, in their own units
    gap : share asked for; every point is within it of a true front point in both objectives if `proved` [1]
    missed : each lawful design is matched by a point that is worse by at most this share in each objective [1]
    proved : whether all searches ended with their proof
    """

    space: str
    workload: str
    objectives: tuple[str, str]
    gap: float
    points: list[FrontPoint] = field(default_factory=list)
    steps: list[tuple[float, float]] = field(default_factory=list)
    missed: float = math.inf
    proved: bool = False
    searches: int = 0
    cpu_s: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the front as plain data."""
        return {
            "space": self.space,
            "workload": self.workload,
            "objectives": list(self.objectives),
            "units": [OBJECTIVES[name] for name in self.objectives],
            "points": [
                {
                    "values": list(p.values),
                    "bounds": [_finite(v) for v in p.bounds],
                    "design": {v: float(getattr(p.design, v)) for v in VARIABLES},
                    "grid": p.grid,
                }
                for p in self.points
            ],
            "steps": [[_finite(v) for v in step] for step in self.steps],
            "gap": self.gap,
            "missed": _finite(self.missed),
            "proved": self.proved,
            "searches": self.searches,
            "cpu_s": self.cpu_s,
        }


def _finite(value: float) -> float | None:
    """Return a number, or None where nothing is proved: JSON has no infinity."""
    return value if math.isfinite(value) else None


@dataclass(frozen=True, slots=True)
class _Step:
    """What one pair of searches found under `most` on the second badness: a design, its badness, both bounds."""

    most: float
    index: Index
    value: tuple[float, float]
    bound: tuple[float, float]
    proved: bool


class _Maker:
    """Makes steps; remembers every design found, as a start for later searches."""

    def __init__(self, model: Model, objectives: tuple[str, str], gap: float, seed: int, end: float | None) -> None:
        self.models = (replace(model, objective=objectives[0]), replace(model, objective=objectives[1]))
        self.objectives, self.gap, self.seed, self.end = objectives, gap, seed, end
        self.found: list[Index] = []
        self.searches = 0

    def both(self, index: Index) -> tuple[float, float]:
        """Return both badnesses of a design."""
        first, second = (float(m.times(index[None, :])[0]) for m in self.models)
        return first, second

    def least(self, which: int, most: float | None) -> tuple[Index, float, bool] | None:
        """Minimise one badness under a limit on the other; return design, proved bound and whether it is to the gap."""
        within = dict(self.models[which].within)
        if most is not None:
            within[self.objectives[1 - which]] = natural(self.objectives[1 - which], most * (1 + _ROUNDING))
        model = replace(self.models[which], within=within, evaluations=0)
        left = None if self.end is None else max(0.0, self.end - time.monotonic())
        start = np.array(self.found) if self.found else None
        if start is not None and not np.isfinite(model.values(start)).any():
            start = None
        s = solve(model, gap=self.gap, seed=self.seed, seconds=left, start=start)
        self.searches += 1
        if s is None or s.best is None:
            return None
        self.found.append(s.best)
        return s.best, s.bound, (s.value - s.bound) <= self.gap * s.value * (1 + _ROUNDING)

    def step(self, most: float | None) -> _Step | None:
        """Return the best of the first objective under a limit on the second, then of the second under that."""
        one = self.least(0, most)
        if one is None:
            return None
        a, b = self.both(one[0])
        two = self.least(1, a)
        if two is None:
            return None
        value = self.both(two[0])
        return _Step(b if most is None else most, two[0], value, (one[1], two[1]), one[2] and two[2])


def front(
    space: Space,
    workload: Workload | Mix | Sequence[tuple[Workload, float]],
    objectives: tuple[str, str],
    region: Region,
    *,
    points: int = 30,
    limits: Mapping[str, float] | None = None,
    gap: float = 0.01,
    seconds: float | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Front:
    """Return points of the front of two objectives, each proved to be near a true one, and what they leave out.

    Parameters
    ----------
    objectives : two different names of `search.objectives.OBJECTIVES`
    points : greatest number of points; fewer where the front has no more that differ by the gap
    limits : limits on further objectives, in their own units
    gap : share to which every search is proved [1]
    seconds : wall-clock limit; the front then says `proved` False [s]
    progress : called with points found and points asked for

    Raises
    ------
    Problem
        If an objective is unknown, both are the same, fewer than two points are asked for, or nothing is lawful.

    Notes
    -----
    The limits are set where neighbouring points lie furthest apart, by ratio, until there are enough points or no
    two neighbours hide anything better by more than the gap.

    References
    ----------
    Y. Y. Haimes, L. S. Lasdon and D. A. Wismer, "On a bicriterion formulation of the problems of integrated system
    identification and system optimization," IEEE Trans. Syst. Man Cybern. 1(3), 1971, doi:10.1109/TSMC.1971.4308298
    (one objective under a limit on the other).
    """
    for name in objectives:
        check_objective(name)
    if objectives[0] == objectives[1] or points < 2:
        raise Problem(
            "front", f"{objectives[0]}, {objectives[1]}, {points} points", "two objectives and at least two points",
            "name two different objectives",
        )  # fmt: skip
    begin, cpu = time.monotonic(), time.process_time()
    whole = mix(workload)
    model = Model(space, whole, objectives[0], limits_of(region, whole.memory_bytes, space), limits or {})
    maker = _Maker(model, objectives, gap, seed, None if seconds is None else begin + seconds)
    out = Front(space.name, whole.name, objectives, gap)
    first, cheapest = maker.step(None), maker.least(1, None)
    if first is None or cheapest is None:
        raise nothing(model, None)
    steps = [first]
    last = maker.step(maker.both(cheapest[0])[1])
    floor = cheapest[1]
    if last is not None:
        steps.append(last)
    while len(_distinct(steps)) < points and (seconds is None or time.monotonic() - begin < seconds):
        most = _widest(steps, gap)
        if most is None:
            break
        found = maker.step(most)
        if found is None:
            break
        steps.append(found)
        if progress is not None:
            progress(len(_distinct(steps)), points)
    steps.sort(key=lambda s: -s.most)
    for s in _distinct(steps):
        values = (natural(objectives[0], s.value[0]), natural(objectives[1], s.value[1]))
        bounds = (natural(objectives[0], s.bound[0]), natural(objectives[1], s.bound[1]))
        out.points.append(FrontPoint(model.design(s.index), model.grid_of(s.index).name, values, bounds))
    out.steps = [(natural(objectives[1], s.most), natural(objectives[0], s.bound[0])) for s in steps]
    out.missed = _missed(steps, floor)
    out.proved = all(s.proved for s in steps) and cheapest[2] and last is not None
    out.searches, out.cpu_s = maker.searches, time.process_time() - cpu
    return out


def _distinct(steps: Sequence[_Step]) -> list[_Step]:
    """Return the steps whose designs differ and are not dominated, from the best in the first objective on."""
    kept: list[_Step] = []
    for s in sorted(steps, key=lambda s: (s.value, s.most)):
        if not kept or s.value[1] < kept[-1].value[1]:
            kept.append(s)
    return kept


def _widest(steps: Sequence[_Step], gap: float) -> float | None:
    """Return where to set the next limit on the second badness: inside the widest gap that may hide a point.

    A gap lies between a limit already tried and the value of the next worse point; below the limit everything is
    known to the gap. It is closed once nothing in it could be better than its neighbours by more than the gap.
    """
    best: tuple[float, float] | None = None
    tried = sorted(s.most for s in steps)
    for s in steps:
        b = s.value[1]
        below = [m for m in tried if m < b * (1 - _ROUNDING)]
        if not below:
            continue
        low = max(below)
        under = min((t for t in steps if t.most <= low * (1 + _ROUNDING)), key=lambda t: t.value[0])
        width = math.log(b / low)
        rise = math.log(under.value[0] / s.value[0]) if s.value[0] < under.value[0] else 0.0
        if b / low <= 1 + gap or rise <= math.log(1 + gap):
            continue
        score = min(width, rise) + 0.1 * max(width, rise)
        if best is None or score > best[0]:
            best = (score, math.sqrt(low * b))
    return None if best is None else best[1]


def _missed(steps: Sequence[_Step], floor: float) -> float:
    """Return the least share r such that for each design a point is at most 1 + r times as bad in both badnesses.

    Parameters
    ----------
    steps : by falling limit; floor : no design has a second badness below this
    """
    worst = 0.0
    for k, s in enumerate(steps):
        lower = steps[k + 1].most if k + 1 < len(steps) else floor
        # a design with a second badness in (lower, s.most] has a first badness of at least s.bound[0]
        own = max(s.value[0] / s.bound[0], s.value[1] / lower)
        options = [own] + ([steps[k + 1].value[0] / s.bound[0]] if k + 1 < len(steps) else [])
        worst = max(worst, min(options) - 1)
    return worst
