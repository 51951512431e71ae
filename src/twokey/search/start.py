"""Good designs to start from: random points, then local search in one and two variables at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twokey.search.limits import CAPACITY
from twokey.search.model import GRID, Model

__all__ = ["descend", "random_start"]

Index = NDArray[np.int16]


def _neighbours(at: Index, lo: Index, hi: Index) -> Index:
    """Return the designs that differ from `at` in one or two variables, (n, 12)."""
    axes = [np.arange(lo[k], hi[k] + 1, dtype=np.int16) for k in range(11)]
    parts = []
    for j in range(11):
        for k in range(j + 1, 11):
            one, two = np.meshgrid(axes[j], axes[k], indexing="ij")
            part: Any = np.repeat(at[None, :], one.size, axis=0)
            part[:, j], part[:, k] = one.ravel(), two.ravel()
            parts.append(part)
    return np.concatenate(parts)


def descend(model: Model, at: Index, value: float) -> tuple[Index, float]:
    """Return the design that no change of one or two variables betters, and its value.

    Parameters
    ----------
    at : design to start from, (12,); value : its value

    Notes
    -----
    The best neighbour is taken if it keeps all limits exactly; it never returns a worse design than `at`. The grid and
    the memory's capacity stay as they are.
    """
    lo, hi = np.zeros(12, dtype=np.int16), model.last(int(at[GRID]))
    lo[CAPACITY] = hi[CAPACITY] = at[CAPACITY]
    while True:
        near = _neighbours(at, lo, hi)
        found = model.values(near)
        better = np.flatnonzero(found < value)
        step = next(
            (i for i in better[np.argsort(found[better], kind="stable")] if model.holds(near[i])),
            None,
        )
        if step is None:
            return at, value
        at, value = near[step].copy(), float(found[step])


def _one_variable(model: Model, at: Index, value: NDArray[np.float64]) -> None:
    """Improve many designs at once, in place, by the best change of one variable, until none gets better.

    Parameters
    ----------
    at : (n, 12); value : (n,)
    """
    widest = model.counts.max(axis=0)
    moves = [(k, level) for k in range(11) if k != CAPACITY for level in range(widest[k])]
    which, level = (np.array(column) for column in zip(*moves, strict=True))
    active = np.arange(len(at))
    while len(active):
        near = np.repeat(at[active][:, None, :], len(moves), axis=1)
        last = model.counts[at[active, GRID]][:, which] - 1
        near[:, np.arange(len(moves)), which] = np.minimum(level, last)
        found = model.values(near.reshape(-1, 12)).reshape(len(active), -1)
        choice = found.argmin(axis=1)
        rows = np.arange(len(active))
        better = found[rows, choice] < value[active]
        at[active[better]] = near[rows, choice][better]
        value[active[better]] = found[rows, choice][better]
        active = active[better]


def random_start(
    model: Model, lo: Index, hi: Index, *, seed: int, samples: int = 20_000, many: int = 200, few: int = 4
) -> tuple[Index | None, float]:
    """Return the best design found from random points of the root boxes, and its value.

    Parameters
    ----------
    lo, hi : root boxes, (n, 12) each; the samples are shared among them
    seed : of the random numbers; samples : number of points
    many, few : how many of the best are improved in one variable at a time, and how many of these in two

    Returns
    -------
    design, value : None and infinity where no point keeps the limits
    """
    rng = np.random.default_rng(seed)
    box = rng.integers(0, len(lo), samples)
    span = hi[box].astype(np.int64) - lo[box] + 1
    # the best designs often have variables at the ends of their grids: half of the points get there on purpose
    share = rng.random((samples, 12))
    share[::2] = np.clip(2.0 * share[::2] - 0.5, 0.0, 1.0 - 1e-9)
    points = (lo[box] + np.floor(share * span).astype(np.int16)).astype(np.int16)
    points = np.concatenate([lo, points])
    value = model.values(points)
    chosen = np.argsort(value, kind="stable")[:many]
    chosen = chosen[np.isfinite(value[chosen])]
    at, value = points[chosen].copy(), value[chosen].copy()
    _one_variable(model, at, value)
    best: tuple[Index | None, float] = (None, np.inf)
    tried: set[float] = set()
    for i in np.argsort(value, kind="stable"):
        if len(tried) == few:
            break
        if value[i] not in tried and model.holds(at[i]):
            tried.add(float(value[i]))
            improved, found = descend(model, at[i], float(value[i]))
            if found < best[1]:
                best = (improved, found)
    return best
