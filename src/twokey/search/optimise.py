"""The best lawful design of a space, with a proof: best-first branch and bound over boxes of designs.

A box is a range of levels of each variable within one cell of the law. Its bound comes from the relaxed kernel
(`perf.kernels.relaxed`), which is never above the value of any lawful design in the box. The box with the
lowest bound is split first. For each box all eleven ways to halve it are tried; halves that cannot hold a design
better by more than the gap are cut off at once, and the box is split where both halves gain most.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twokey.law.region import Region
from twokey.perf.kernels.relaxed import SLACK
from twokey.quantities.problem import Problem
from twokey.search.binding import Better, binding, explain_nothing, limit_names
from twokey.search.limits import CAPACITY, Limits, limits_of
from twokey.search.model import OBJECTIVES, Model
from twokey.search.result import Result
from twokey.search.space import Space
from twokey.search.start import descend, random_start
from twokey.workloads.workload import Workload

__all__ = ["BOXES_PER_ROUND", "Progress", "optimise", "solve"]

BOXES_PER_ROUND = 512

Index = NDArray[np.int16]
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
    store: dict[int, tuple[Index, Index, int]] = field(default_factory=dict)
    next_id: int = 0
    opened: int = 0
    lowest_cut: float = np.inf
    in_hand: float = np.inf
    interrupted: bool = False

    @property
    def cutoff(self) -> float:
        """Bound from which on a box need not be looked at: what it holds is not better by more than the gap."""
        return min(self.value, self.value * (1 - self.gap) / (1 - SLACK))

    @property
    def bound(self) -> float:
        """Proven lower bound over the whole space."""
        waiting = self.heap[0][0] if self.heap else np.inf
        return min(waiting, self.lowest_cut, self.in_hand, self.value) * (1 - SLACK)

    def push(self, bound: float, lo: Index, hi: Index, cell: int) -> None:
        heapq.heappush(self.heap, (bound, self.next_id))
        self.store[self.next_id] = (lo, hi, cell)
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


def _halves(lo: Index, hi: Index) -> tuple[Index, Index]:
    """Return for each box all its halves: (n, 11, 2, 11) first and last levels.

    Half 0 of variable k holds the lower levels, half 1 the upper ones; a variable with one level left has an
    empty upper half (first level above the last).
    """
    n = len(lo)
    child_lo: Any = np.broadcast_to(lo[:, None, None, :], (n, 11, 2, 11)).copy()
    child_hi: Any = np.broadcast_to(hi[:, None, None, :], (n, 11, 2, 11)).copy()
    middle = (lo + hi) // 2
    k = np.arange(11)
    child_hi[:, k, 0, k] = middle
    child_lo[:, k, 1, k] = middle + 1
    return child_lo, child_hi


def _round(s: _Search, lo: Index, hi: Index, cell: NDArray[np.int32], parent: NDArray[np.float64]) -> None:
    """Open boxes: bound all halves, cut off what cannot help, split the rest and put the pieces back."""
    n = len(lo)
    s.opened += n
    child_lo, child_hi = _halves(lo, hi)
    splits = hi > lo
    ask = np.repeat(splits[:, :, None], 2, axis=2)
    asked_lo, asked_hi = np.ascontiguousarray(child_lo[ask]), np.ascontiguousarray(child_hi[ask])
    owner = np.nonzero(ask)[0]
    found = np.full((n, 11, 2), np.inf)
    bounds = s.model.bounds(asked_lo, asked_hi, np.ascontiguousarray(cell[owner]))
    found[ask] = np.maximum(bounds, parent[owner])
    child_lo[ask], child_hi[ask] = asked_lo, asked_hi

    s.offer(np.concatenate([lo, asked_lo[np.isfinite(bounds)]]))
    cutoff = s.cutoff
    cut = ask & (found >= cutoff)
    if cut.any():
        s.lowest_cut = min(s.lowest_cut, float(found[cut].min()))
    # a half that is cut off leaves the other half, whichever variable is split
    low, high = lo.copy(), hi.copy()
    k = np.arange(11)
    np.copyto(low, child_lo[:, k, 1, k], where=cut[:, :, 0] & ~cut[:, :, 1])
    np.copyto(high, child_hi[:, k, 0, k], where=cut[:, :, 1] & ~cut[:, :, 0])
    gone = (cut[:, :, 0] & cut[:, :, 1]).any(axis=1) | ~splits.any(axis=1)

    gain = np.minimum(found, cutoff) - parent[:, None, None]
    small = 1e-12 * parent[:, None] + 1e-30
    score = (gain[:, :, 0] + small) * (gain[:, :, 1] + small)
    width = (hi - lo) / np.maximum(1, s.model.counts - 1)
    score = np.where(splits, score * (1 + 1e-3 * width), -1.0)
    choice = score.argmax(axis=1)
    for i in np.flatnonzero(~gone):
        v = choice[i]
        for half in (0, 1):
            if cut[i, v, half]:
                continue
            first = np.maximum(child_lo[i, v, half], low[i])
            last = np.minimum(child_hi[i, v, half], high[i])
            if (first <= last).all():
                s.push(float(found[i, v, half]), first, last, int(cell[i]))


def _roots(model: Model, limits: Limits) -> tuple[Index, Index, NDArray[np.int32], NDArray[np.float64]]:
    """Return the boxes to begin with, one for each cell that can hold a design, and their bounds."""
    cells = np.arange(len(limits.region.cells), dtype=np.int32)
    lo = np.zeros((len(cells), 11), dtype=np.int16)
    hi = np.repeat((model.counts - 1)[None, :], len(cells), axis=0).astype(np.int16)
    enough = [i for i, v in enumerate(model.space.levels[CAPACITY]) if float(v) * 1e9 >= limits.memory_bytes]
    if enough:
        lo[:, CAPACITY] = enough[0]
        # more memory than the workload needs changes no time, and no limit: the least that is enough will do
        hi[:, CAPACITY] = enough[-1] if model.cost_matters else enough[0]
    bound = model.bounds(lo, hi, cells) if enough and len(cells) else np.full(len(cells), np.inf)
    kept = np.isfinite(bound)
    return lo[kept], hi[kept], cells[kept], bound[kept]


def solve(
    model: Model,
    *,
    gap: float = 0.01,
    seconds: float | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    start: Index | None = None,
    boxes: int | None = None,
    local: bool = True,
) -> _Search | None:
    """Search until the gap is proved, the time is over or the user interrupts; None where nothing is lawful.

    Parameters
    ----------
    gap, seconds, seed, progress : as in `optimise`
    start : a design to start from instead of random points, (11,); it may be a bad one
    boxes : stop after about so many boxes
    local : whether to improve each new best design by local search
    """
    limits = model.limits
    lo, hi, cells, bound = _roots(model, limits)
    if len(lo) == 0:
        return None
    s = _Search(model, gap)
    begin = time.process_time()
    wall = time.monotonic()
    try:
        for i in range(len(lo)):
            s.push(float(bound[i]), lo[i], hi[i], int(cells[i]))
        if start is None:
            s.best, s.value = random_start(model, lo, hi, seed=seed)
        else:
            s.offer(start[None, :])
        while s.heap and s.heap[0][0] < s.cutoff:
            if seconds is not None and time.monotonic() - wall > seconds:
                break
            if boxes is not None and s.opened >= boxes:
                break
            s.in_hand = s.heap[0][0]  # until the boxes taken are back, so that an interrupt loses none
            batch: list[tuple[float, Index, Index, int]] = []
            while s.heap and len(batch) < BOXES_PER_ROUND and s.heap[0][0] < s.cutoff:
                b, i = heapq.heappop(s.heap)
                batch.append((b, *s.store.pop(i)))
            before = s.value
            _round(
                s,
                np.array([b[1] for b in batch]),
                np.array([b[2] for b in batch]),
                np.array([b[3] for b in batch], dtype=np.int32),
                np.array([b[0] for b in batch]),
            )
            s.in_hand = np.inf
            if local and s.best is not None and s.value < before:
                s.best, s.value = descend(model, s.best, s.value, lo.min(axis=0), hi.max(axis=0))
            if progress is not None:
                progress(s.value, s.bound, s.opened, time.process_time() - begin)
    except KeyboardInterrupt:
        s.interrupted = True
    return s


def optimise(
    space: Space,
    workload: Workload,
    objective: str,
    region: Region,
    *,
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
    space : grid of designs; workload : what is to be run; objective : one of `OBJECTIVES`, minimised
    region : the law of the day
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
    limits = limits_of(region, workload.memory_bytes, space)
    model = Model(space, workload, objective, limits)
    begin = time.process_time()
    s = solve(model, gap=gap, seconds=seconds, seed=seed, progress=progress)
    if s is None or s.best is None:
        raise _nothing(model, s)
    cpu_s, evaluations = time.process_time() - begin, model.evaluations
    limiting: list[dict[str, Any]] = []
    while explain and not s.interrupted:
        try:
            limiting = binding(model, s.best, s.value, seed=seed, without_rule=without_rule)
            break
        except Better as better:
            s.best, s.value = better.index, better.value
    reached = max(0.0, (s.value - s.bound) / s.value)
    return Result(
        space=space,
        design=space.design(s.best),
        objective=objective,
        workload=workload.name,
        value=s.value,
        bound=s.bound,
        gap=reached,
        proved=reached <= max(gap, 2 * SLACK),
        boxes=s.opened,
        evaluations=evaluations,
        cpu_s=cpu_s,
        unit=OBJECTIVES[objective],
        binding=limiting,
    )


def _nothing(model: Model, s: _Search | None) -> Problem:
    """Return the Problem that says why no lawful design can be given."""
    where = f"the space {model.space.name}"
    if s is not None and (s.interrupted or s.heap):
        return Problem(where, "a search that was stopped early", "a lawful design", "give it more time")
    if not model.limits.region.cells:
        return Problem(where, "a law that permits no design", "a lawful design", "choose another day or trade")
    alone = explain_nothing(model.space, model.workload, model.objective, model.limits)
    names = limit_names(model.limits)
    if alone:
        culprit = "the limit " + " or ".join(alone) + " excludes every design"
        return Problem(
            where, "no lawful design: " + culprit, "a lawful design", f"relax {alone[0]}, or take another space"
        )
    culprit = "the limits " + ", ".join(names) + " together exclude every design"
    return Problem(where, "no lawful design: " + culprit, "a lawful design", "take another space or workload")
