"""Least squares in logarithms with bounds, robust to outliers: Levenberg and Marquardt with a soft absolute loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["fit"]

_SCALE = 0.08


def fit(
    residual: Callable[[dict[str, float]], NDArray[np.float64]],
    start: Mapping[str, float],
    bounds: Mapping[str, tuple[float, float]] | None = None,
    steps: int = 30,
) -> tuple[dict[str, float], float]:
    """Return the positive values that make the residuals small, and the loss reached.

    Parameters
    ----------
    residual : values -> log(predicted / measured), (rows,)
    start : where to begin, > 0
    bounds : least and greatest value by name; a factor of 30 about the start where not given

    Notes
    -----
    Loss: sum of 2 s^2 (sqrt(1 + (r/s)^2) - 1) / 2 with s = 0.08, about quadratic below 8% and linear above.
    """
    names = list(start)
    given = bounds or {}
    low = np.log([given.get(n, (start[n] / 30, 0))[0] for n in names])
    high = np.log([given.get(n, (0, start[n] * 30))[1] for n in names])
    x = np.clip(np.log([start[n] for n in names]), low, high)

    def values(at: NDArray[np.float64]) -> dict[str, float]:
        return dict(zip(names, np.exp(at).tolist(), strict=True))

    def loss(r: NDArray[np.float64]) -> float:
        return float(_SCALE**2 * (np.sqrt(1 + (r / _SCALE) ** 2) - 1).sum())

    r = residual(values(x))
    best, damping = loss(r), 1e-2
    for _ in range(steps):
        slope = np.empty((r.size, x.size))
        for i in range(x.size):
            step = 0.02 if x[i] + 0.02 <= high[i] else -0.02
            moved = x.copy()
            moved[i] += step
            slope[:, i] = (residual(values(moved)) - r) / step
        weight = 1 / np.sqrt(1 + (r / _SCALE) ** 2)
        normal = slope.T @ (weight[:, None] * slope)
        pull = slope.T @ (weight * r)
        improved = False
        for _ in range(6):
            scaled = normal + damping * np.diag(np.diag(normal) + 1e-9)
            at = np.clip(x - np.clip(np.linalg.solve(scaled, pull), -0.7, 0.7), low, high)
            tried = residual(values(at))
            if loss(tried) < best:
                gain = (best - loss(tried)) / best
                x, r, best, damping, improved = at, tried, loss(tried), damping / 4, gain > 1e-4
                break
            damping *= 4
        if not improved:
            break
    return values(x), best
