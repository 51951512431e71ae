"""Checks of the search that need no trust in it: random boxes against their members, and complete enumeration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twokey.chips.design import VARIABLES
from twokey.perf.kernels.relaxed import SLACK
from twokey.search.budgets import unbounded
from twokey.search.model import GRID, Model
from twokey.search.space import Space
from twokey.silicon.power import power_of

__all__ = ["BoxCheck", "brute_force", "check_boxes", "sub_space"]

Index = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class BoxCheck:
    """What a check of random boxes found.

    Parameters
    ----------
    pairs : pairs of a box and a lawful design in it
    violations : pairs whose bound is above the design's value by more than rounding
    lost : pairs whose design was shrunk out of its box
    worst : greatest bound / value - 1; median_tightness : median of bound / value [1]
    """

    pairs: int
    violations: int
    lost: int
    worst: float
    median_tightness: float


def _lawful(model: Model, rng: np.random.Generator, count: int) -> tuple[Index, NDArray[np.int32]]:
    """Return random designs that keep the limits (up to rounding), and the cell each lies in."""
    points: list[Any] = []
    cells: list[Any] = []
    found = tries = 0
    while found < count and tries < 1000:
        tries += 1
        many = max(count, 1000)
        grid = rng.integers(0, len(model.counts), many)
        p = np.floor(rng.random((many, 11)) * model.counts[grid]).astype(np.int16)
        p = np.concatenate([p, grid[:, None].astype(np.int16)], axis=1)
        p = p[model.screened(p)[2]]
        x = model.columns(p)
        for cell in range(len(model.low)):
            alive = np.flatnonzero(model.in_cell(p, x, cell))
            points.append(p[alive])
            cells.append(np.full(len(alive), cell, dtype=np.int32))
            found += len(alive)
    order = rng.permutation(found)[:count]
    return np.concatenate(points)[order], np.concatenate(cells)[order]


def check_boxes(model: Model, count: int, seed: int = 0) -> BoxCheck:
    """Draw lawful designs, a random box of any scale around each, and compare the bound with the design's value.

    Half of the boxes are cut to spans of area, power and rate, and designs above the median value are no concern there.

    Parameters
    ----------
    count : number of pairs; seed : of the random numbers
    """
    rng = np.random.default_rng(seed)
    points, cells = _lawful(model, rng, count)
    n = len(points)
    # a scale for each box, another for each variable: from one level to the whole grid
    scale = rng.random((n, 1)) * rng.random((n, 11)) ** rng.integers(0, 4, (n, 1))
    scale = np.where(rng.random((n, 11)) < rng.random((n, 1)) * 0.7, 0.0, scale)
    below = np.floor(rng.random((n, 11)) * scale * (points[:, :GRID] + 1)).astype(np.int16)
    own, counts = points[:, :GRID], model.counts[points[:, GRID]]
    above = np.floor(rng.random((n, 11)) * scale * (counts - own)).astype(np.int16)
    lo, hi = points.copy(), points.copy()
    lo[:, :GRID] -= np.minimum(below, own)
    hi[:, :GRID] += np.minimum(above, counts - 1 - own)
    value = model.times(points)
    usable = value < 1e15
    # half of the boxes with a value to be beaten and spans of area, power and rate around the member
    span, part = unbounded(n), np.arange(n) % 2 == 1
    x, areas, _ = model.screened(points)
    around: Any = np.repeat(np.array([areas[1], power_of(x), x[0] * x[1] * x[2] * x[4]]), 2, axis=0)
    around[0::2] = around[0::2] * (1 - rng.random((3, n)) ** 2)
    around[1::2] = around[1::2] * (1 + 2 * rng.random((3, n)) ** 2)
    span[:, part] = around[:, part]
    aim = float(np.median(value[usable])) if usable.any() else np.inf
    bound = np.empty(n)
    for some, cutoff in ((~part, np.inf), (part, aim)):
        first, last, ends = lo[some], hi[some], np.ascontiguousarray(span[:, some])
        bound[some] = model.bounds(first, last, cells[some], cutoff, ends)
        lo[some], hi[some] = first, last
    usable &= ~part | (value < aim)
    lost = usable & (~np.isfinite(bound) | (points < lo).any(axis=1) | (points > hi).any(axis=1))
    both = usable & np.isfinite(bound)
    ratio = np.divide(bound, value, out=np.zeros(n), where=both)
    return BoxCheck(
        pairs=int(usable.sum()),
        violations=int((ratio * (1 - SLACK) > 1).sum()),
        lost=int(lost.sum()),
        worst=float(ratio.max() - 1),
        median_tightness=float(np.median(ratio[usable])),
    )


def sub_space(space: Space, rng: np.random.Generator, most: int) -> Space:
    """Return a random part of a space with at most `most` designs, any of its levels as likely as another.

    Of a family it is a part of one of its grids.
    """
    while True:
        space = space.grids[int(rng.integers(0, len(space.grids)))] if space.variants else space
        levels = []
        for values in space.levels:
            count = int(rng.integers(1, min(len(values), 6) + 1))
            levels.append(tuple(values[i] for i in sorted(rng.choice(len(values), count, replace=False))))
        part = replace(space, name=space.name + "-part", levels=tuple(levels))
        if most // 20 <= part.designs <= most:
            return part


def brute_force(model: Model, chunk: int = 65_536) -> tuple[Index | None, float]:
    """Return the best lawful design of a small space by trying every one, and its value.

    Returns
    -------
    design, value : None and infinity where nothing is lawful
    """
    best: tuple[Index | None, float] = (None, np.inf)
    for g, counts in enumerate(model.counts):
        shape = tuple(int(c) for c in counts)
        designs = int(np.prod(counts, dtype=np.int64))
        for start in range(0, designs, chunk):
            flat = np.arange(start, min(start + chunk, designs))
            index = np.array([*np.unravel_index(flat, shape), np.full(len(flat), g)]).T.astype(np.int16)
            value = model.values(index)
            for i in np.argsort(value, kind="stable"):
                if not value[i] < best[1]:
                    break
                if model.holds(index[i]):
                    best = (index[i], float(value[i]))
                    break
    return best


if len(VARIABLES) != 11:  # the arrays of this folder hold eleven variables
    raise ImportError("search expects the eleven variables of chips.design")
