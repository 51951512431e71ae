"""The best lawful design of a space, with a proof: best-first branch and bound over boxes of designs.

A box is a range of levels of each variable within one cell of the law. Its bound comes from the relaxed kernel
(`perf.kernels.relaxed`), which is never above the value of any lawful design in the box. The box with the
lowest bound is split first. For each box all ways to halve it are tried, by one of the eleven variables, by area, by
power or by rate; halves that cannot hold a design better by more than the gap are cut off at once, and the box is split
where both halves gain most.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twokey.law.region import Region
from twokey.perf.kernels.relaxed import SLACK
from twokey.quantities.problem import Problem
from twokey.search.binding import Better, binding, explain_nothing, limit_names
from twokey.search.budgets import unbounded
from twokey.search.limits import CAPACITY, limits_of
from twokey.search.model import GRID, MORE_IS_BETTER, OBJECTIVES, Model, natural
from twokey.search.objectives import Mix, mix
from twokey.search.result import Result
from twokey.search.space import Space
from twokey.search.start import descend, random_start
from twokey.workloads.workload import Workload

__all__ = ["BOXES_PER_ROUND", "Progress", "nothing", "optimise", "solve"]

BOXES_PER_ROUND = 512

RESTART = 128
"""Round after which new random points are tried, and again whenever the number of rounds has doubled."""

Index = NDArray[np.int16]
Floats = NDArray[np.float64]
Progress = Callable[[float, float, int, float], None]
"""Called after every round with best value, proven bound, boxes opened, seconds of CPU."""


@dataclass
class _Search:
    """State of one search: boxes waiting in `heap` by bound, the best design, the lowest bounds cut off and in hand."""

    model: Model
    gap: float
    best: Index | None = None
    value: float = np.inf
    heap: list[tuple[float, int]] = field(default_factory=list)
    store: dict[int, tuple[Index, Index, int, Floats]] = field(default_factory=dict)
    next_id: int = 0
    opened: int = 0
    lowest_cut: float = np.inf
    in_hand: float = np.inf
    interrupted: bool = False

    @property
    def cutoff(self) -> float:
        """Bound from which on a box need not be looked at: what it holds is not better by more than the gap."""
        return min(self.value, self.value * (1 - self.gap * (1 - 1e-9)) / (1 - SLACK))

    @property
    def bound(self) -> float:
        """Proven lower bound over the whole space."""
        waiting = self.heap[0][0] if self.heap else np.inf
        return min(waiting, self.lowest_cut, self.in_hand, self.value) * (1 - SLACK)

    def push(self, bound: float, lo: Index, hi: Index, cell: int, span: Floats) -> None:
        heapq.heappush(self.heap, (bound, self.next_id))
        self.store[self.next_id] = (lo, hi, cell, span)
        self.next_id += 1

    def offer(self, points: Index) -> None:
        """Try designs as answers; keep the best that holds exactly."""
        value = self.model.values(points)
        for i in np.argsort(value, kind="stable"):
            if not value[i] < self.value:
                return
            if self.model.holds(points[i]):
                self.best, self.value = points[i].copy(), float(value[i])
                return


_SPANS = (11, 12, 13)
"""Further ways to halve a box: by the area of its compute dies, its power, its rate of multiply-accumulates."""

_WAYS = 14

_LIMITS_WEIGH = 0.3
"""What coming nearer to a limit by a share of it counts beside a gain of that share in the bound [1]."""

_NARROW = 1.03
"""Ratio of greatest to least area, power or rate below which a box is not halved by it."""


def _halves(lo: Index, hi: Index, span: Floats) -> tuple[Index, Index, Floats]:
    """Return for each box all its halves: (n, 14, 2, 12) first and last levels, (n, 14, 2, 6) spans.

    Half 0 of variable k holds the lower levels, half 1 the upper ones; a variable with one level left has an
    empty upper half (first level above the last). Spans are halved at their geometric mean.

    Parameters
    ----------
    span : (n, 6), least and greatest area, power, rate of multiply-accumulates
    """
    n = len(lo)
    child_lo: Any = np.broadcast_to(lo[:, None, None, :], (n, _WAYS, 2, 12)).copy()
    child_hi: Any = np.broadcast_to(hi[:, None, None, :], (n, _WAYS, 2, 12)).copy()
    child_span: Any = np.broadcast_to(span[:, None, None, :], (n, _WAYS, 2, 6)).copy()
    middle = ((lo + hi) // 2)[:, :GRID]
    k = np.arange(11)
    child_hi[:, k, 0, k] = middle
    child_lo[:, k, 1, k] = middle + 1
    for way, first in zip(_SPANS, (0, 2, 4), strict=True):
        mean = np.sqrt(span[:, first] * np.minimum(span[:, first + 1], 1e12))
        child_span[:, way, 0, first + 1] = mean
        child_span[:, way, 1, first] = mean
    return child_lo, child_hi, child_span


def _round(s: _Search, lo: Index, hi: Index, cell: NDArray[np.int32], span: Floats, parent: Floats) -> None:
    """Open boxes: bound all halves, cut off what cannot help, split the rest and put the pieces back."""
    n, model = len(lo), s.model
    s.opened += n
    child_lo, child_hi, child_span = _halves(lo, hi, span)
    ways = np.zeros((n, _WAYS), dtype=np.bool_)
    ways[:, :GRID] = (hi > lo)[:, :GRID]
    asked = (model.cost_matters, model.power_matters, model.cost_matters or model.power_matters)
    for way, first, matters in zip(_SPANS, (0, 2, 4), asked, strict=True):
        least, most = span[:, first], span[:, first + 1]
        ways[:, way] = matters & ways[:, :GRID].any(axis=1) & (least > 0) & (most > least * _NARROW)
    ask = np.repeat(ways[:, :, None], 2, axis=2)
    asked_lo, asked_hi = np.ascontiguousarray(child_lo[ask]), np.ascontiguousarray(child_hi[ask])
    asked_span = np.ascontiguousarray(child_span[ask].T)
    owner = np.nonzero(ask)[0]
    found = np.full((n, _WAYS, 2), np.inf)
    aim = s.cutoff
    used = np.ones(len(owner))
    bounds = model.bounds(asked_lo, asked_hi, np.ascontiguousarray(cell[owner]), aim, asked_span, used)
    if model.cost_matters or model.power_matters:
        s.lowest_cut = min(s.lowest_cut, aim)  # designs from there on may have been left out
    found[ask] = np.maximum(bounds, parent[owner])
    child_lo[ask], child_hi[ask], child_span[ask] = asked_lo, asked_hi, asked_span.T

    # the lower corner of a lower half is mostly that of the whole
    fresh = np.isfinite(bounds) & (asked_lo != lo[owner]).any(axis=1)
    s.offer(np.concatenate([lo, asked_lo[fresh]]))
    cutoff = s.cutoff
    cut = ask & (found >= cutoff)
    if cut.any():
        s.lowest_cut = min(s.lowest_cut, float(found[cut].min()))
    # a half that is cut off leaves the other half, whichever variable is split
    low, high, near = lo.copy(), hi.copy(), span.copy()
    k = np.arange(11)
    upper, lower = cut[:, :, 0] & ~cut[:, :, 1], cut[:, :, 1] & ~cut[:, :, 0]  # what is left
    np.copyto(low[:, :GRID], child_lo[:, k, 1, k], where=upper[:, :GRID])
    np.copyto(high[:, :GRID], child_hi[:, k, 0, k], where=lower[:, :GRID])
    for way, first in zip(_SPANS, (0, 2, 4), strict=True):
        np.copyto(near[:, first], child_span[:, way, 1, first], where=upper[:, way])
        np.copyto(near[:, first + 1], child_span[:, way, 0, first + 1], where=lower[:, way])
    gone = (cut[:, :, 0] & cut[:, :, 1]).any(axis=1) | ~ways.any(axis=1)

    gain = np.minimum(found, cutoff) - parent[:, None, None]
    if model.most:  # a half that comes nearer to a limit will be cut off sooner, though its bound be the same
        tight = np.ones((n, _WAYS, 2))
        tight[ask] = np.minimum(used, 1.0)
        least = np.where(ask, tight, np.inf).min(axis=(1, 2), initial=np.inf)
        gain += (
            np.where(ask, tight - np.minimum(least, 1.0)[:, None, None], 0.0) * _LIMITS_WEIGH * parent[:, None, None]
        )
    small = 1e-12 * parent[:, None] + 1e-30
    score = (gain[:, :, 0] + small) * (gain[:, :, 1] + small)
    width = (hi - lo)[:, :GRID] / np.maximum(1, model.counts[lo[:, GRID]] - 1)
    score[:, :GRID] *= 1 + 1e-3 * width
    choice = np.where(ways, score, -1.0).argmax(axis=1)
    for i in np.flatnonzero(~gone):
        v = choice[i]
        for half in (0, 1):
            if cut[i, v, half]:
                continue
            first = np.maximum(child_lo[i, v, half], low[i])
            last = np.minimum(child_hi[i, v, half], high[i])
            own = np.maximum(child_span[i, v, half], near[i])
            own[1::2] = np.minimum(child_span[i, v, half], near[i])[1::2]
            if (first <= last).all():
                s.push(float(found[i, v, half]), first, last, int(cell[i]), own)


def _roots(model: Model) -> tuple[Index, Index, NDArray[np.int32], Floats, Floats]:
    """Return the boxes to begin with, one for each grid and cell that can hold a design, their spans and bounds."""
    los, his, cells = [], [], []
    for g in range(len(model.space.grids)):
        enough = model.least_capacity(g)
        if enough is None:
            continue
        lo, hi = np.zeros(12, dtype=np.int16), model.last(g)
        lo[GRID], lo[CAPACITY], hi[CAPACITY] = g, enough, enough
        for cell in range(len(model.limits.region.cells)):
            los.append(lo)
            his.append(hi)
            cells.append(cell)
    if not cells:
        none = np.empty((0, 12), dtype=np.int16)
        return none, none, np.empty(0, dtype=np.int32), np.empty((0, 6)), np.empty(0)
    first, last, owner = np.array(los), np.array(his), np.array(cells, dtype=np.int32)
    spans = unbounded(len(first))
    bound = model.bounds(first, last, owner, spans=spans)
    kept = np.isfinite(bound)
    return first[kept], last[kept], owner[kept], spans.T[kept], bound[kept]


def solve(
    model: Model,
    *,
    gap: float = 0.01,
    seconds: float | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    start: Index | None = None,
    hints: Index | None = None,
    boxes: int | None = None,
    local: bool = True,
) -> _Search | None:
    """Search until the gap is proved, the time is over or the user interrupts; None where nothing is lawful.

    Parameters
    ----------
    gap, seconds, seed, progress : as in `optimise`
    start : designs to start from instead of random points, (12,) or (n, 12); they may be bad ones
    hints : designs to try beside the random points, (n, 12)
    boxes : stop after about so many boxes
    local : whether to improve each new best design by local search
    """
    lo, hi, cells, spans, bound = _roots(model)
    if len(lo) == 0:
        return None
    s = _Search(model, gap)
    begin = time.process_time()
    wall = time.monotonic()
    try:
        for i in range(len(lo)):
            s.push(float(bound[i]), lo[i], hi[i], int(cells[i]), spans[i])
        if start is None:
            s.best, s.value = random_start(model, lo, hi, seed=seed)
            if hints is not None:
                s.offer(np.concatenate([hints, model.trimmed(hints)]))
        else:
            given = np.atleast_2d(start)
            s.offer(np.concatenate([given, model.trimmed(given)]))
        rounds = 0
        while s.heap and s.heap[0][0] < s.cutoff:
            if seconds is not None and time.monotonic() - wall > seconds:
                break
            if boxes is not None and s.opened >= boxes:
                break
            s.in_hand = s.heap[0][0]  # until the boxes taken are back, so that an interrupt loses none
            batch: list[tuple[float, Index, Index, int, Floats]] = []
            while s.heap and len(batch) < BOXES_PER_ROUND and s.heap[0][0] < s.cutoff:
                b, i = heapq.heappop(s.heap)
                batch.append((b, *s.store.pop(i)))
            before = s.value
            _round(
                s,
                np.array([b[1] for b in batch]),
                np.array([b[2] for b in batch]),
                np.array([b[3] for b in batch], dtype=np.int32),
                np.array([b[4] for b in batch]),
                np.array([b[0] for b in batch]),
            )
            s.in_hand = np.inf
            rounds += 1
            if start is None and rounds >= RESTART and rounds & (rounds - 1) == 0:
                # a long search may wait for a better answer, not for a better bound: look for one from new points
                other, value = random_start(model, lo, hi, seed=seed + rounds)
                if other is not None and value < s.value:
                    s.best, s.value = other, value
            if local and s.best is not None and s.value < before:
                s.best, s.value = descend(model, s.best, s.value)
            if progress is not None:
                progress(s.value, s.bound, s.opened, time.process_time() - begin)
    except KeyboardInterrupt:
        s.interrupted = True
    return s


def optimise(
    space: Space,
    workload: Workload | Mix | Sequence[tuple[Workload, float]],
    objective: str,
    region: Region,
    *,
    limits: Mapping[str, float] | None = None,
    gap: float = 0.01,
    seconds: float | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    explain: bool = True,
    without_rule: Mapping[str, Region] | None = None,
) -> Result:
    """Return the best lawful design of a space and a proven bound on what any other could reach.

    Parameters
    ----------
    space : grid of designs, or a family of grids
    workload : what is to be run: one workload, or several with weights, see `search.objectives.Mix`
    objective : one of `OBJECTIVES`; minimised, or made as large as possible where it is in `MORE_IS_BETTER`
    region : the law of the day
    limits : limits on other objectives by name, each in its own unit: {"ttft": 0.5} asks for at most half a second
    gap : share by which another design may at most be better when the search may stop [1]
    seconds : wall-clock limit; the answer then says `proved` False and the gap reached [s]
    seed : of the random start; equal seeds give equal answers
    progress : called after every round
    explain : whether to find out which limits bind
    without_rule : for `search.binding`: regions without the rule behind a limit, by the limit's name

    Notes
    -----
    The proof is made in float64. A bound counts as proved after a relative 1e-9 is taken off it, far more than
    rounding can add. Whether the design is lawful is decided in exact fractions. An interrupt (KeyboardInterrupt)
    ends the search early with the best design and the gap so far.

    Raises
    ------
    Problem
        If no design of the space keeps all limits (the message names the limits that exclude everything), if the
        objective is unknown or the gap is not in [0, 1).
    """
    if not 0 <= gap < 1:
        raise Problem("--gap", f"{gap}", "a share from 0 to below 1", "write 0.01 for one percent")
    whole = mix(workload)
    kept = limits_of(region, whole.memory_bytes, space)
    model = Model(space, whole, objective, kept, limits or {})
    more = objective in MORE_IS_BETTER
    # where more is better the gap is that of the reciprocal: 1 - value / bound, and not bound / value - 1
    inner = gap / (1 + gap) if more else gap
    begin = time.process_time()
    s = solve(model, gap=inner, seconds=seconds, seed=seed, progress=_told(progress, objective))
    if s is None or s.best is None:
        raise nothing(model, s)
    cpu_s, evaluations = time.process_time() - begin, model.evaluations
    limiting: list[dict[str, Any]] = []
    while explain and not s.interrupted:
        try:
            limiting = binding(model, s.best, s.value, seed=seed, without_rule=without_rule)
            break
        except Better as better:
            s.best, s.value = better.index, better.value
    value, bound = natural(objective, s.value), natural(objective, s.bound)
    reached = abs(value - bound) / value
    return Result(
        space=space,
        grid=model.grid_of(s.best),
        design=model.design(s.best),
        objective=objective,
        workload=whole.name,
        value=value,
        bound=bound,
        gap=reached,
        proved=reached <= max(gap, 2 * SLACK) * (1 + 1e-12),
        boxes=s.opened,
        evaluations=evaluations,
        cpu_s=cpu_s,
        unit=OBJECTIVES[objective],
        limits=dict(model.within),
        binding=limiting,
    )


def _told(progress: Progress | None, objective: str) -> Progress | None:
    """Return the callback such that it is told values in the objective's own unit."""
    if progress is None or objective not in MORE_IS_BETTER:
        return progress

    def tell(value: float, bound: float, boxes: int, seconds: float) -> None:
        progress(natural(objective, value), natural(objective, bound), boxes, seconds)

    return tell


def nothing(model: Model, s: _Search | None) -> Problem:
    """Return the Problem that says why no lawful design can be given."""
    where = f"the space {model.space.name}"
    if s is not None and (s.interrupted or s.heap):
        return Problem(where, "a search that was stopped early", "a lawful design", "give it more time")
    if not model.limits.region.cells:
        return Problem(where, "a law that permits no design", "a lawful design", "choose another day or trade")
    alone = explain_nothing(model)
    names = limit_names(model)
    if alone:
        culprit = "the limit " + " or ".join(alone) + " excludes every design"
        return Problem(
            where, "no lawful design: " + culprit, "a lawful design", f"relax {alone[0]}, or take another space"
        )
    culprit = "the limits " + ", ".join(names) + " together exclude every design"
    return Problem(where, "no lawful design: " + culprit, "a lawful design", "take another space or workload")
