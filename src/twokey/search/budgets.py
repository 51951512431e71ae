"""What a box may still spend: a design that is to beat a value has only so much cost and power left for it.

Once a lower bound of the times of a box is known, each limit on an objective, and the value that is to be beaten,
leaves a greatest unit cost and a greatest power. They shrink the box from above, as limits of the law do, and a smaller
box has a better bound of its times. Only designs that are no answer are left out.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twokey.silicon.package import Package
from twokey.silicon.power import power_coefficients

__all__ = ["ENERGY", "area_budget", "spend", "unbounded"]

Floats = NDArray[np.float64]

ENERGY = np.array(power_coefficients())
"""Power coefficients in the order of `kernels.boxes.POWER_TERMS` [W]."""

_STEPS = 8_192
_WIDEST_MM2 = 900.0


def unbounded(n: int) -> Floats:
    """Return spans without ends of area [mm2], power [W] and multiply-accumulates per ns, (6, n)."""
    return np.tile([[0.0], [np.inf]] * 3, n)


def spend(left: Floats, line: tuple[Any, Any, Any], cost: Any, power: Any) -> tuple[Floats, Floats]:
    """Return the greatest cost and power with which a badness a + b cost + c power can stay within what is left.

    Parameters
    ----------
    left : greatest badness, (n,); line : a, b, c at the least times; cost, power : the least, None if not asked for

    Returns
    -------
    cost, power : (n,), infinity where the badness does not turn on it [USD, W]
    """
    a, b, c = (np.broadcast_to(np.asarray(v, dtype=np.float64), left.shape) for v in line)
    least_cost = 0.0 if cost is None else cost
    least_power = 0.0 if power is None else power
    with np.errstate(invalid="ignore", divide="ignore"):
        most_cost = np.where(b > 0, (left - a - c * least_power) / b, np.inf)
        most_power = np.where(c > 0, (left - a - b * least_cost) / c, np.inf)
    # times may be infinite: such a box is empty anyhow
    return np.nan_to_num(most_cost, nan=np.inf, posinf=np.inf), np.nan_to_num(most_power, nan=np.inf, posinf=np.inf)


@lru_cache(maxsize=512)
def _table(package: Package) -> tuple[Floats, Floats]:
    """Return areas of the compute dies in rising order, and the unit cost at each, all else fixed [mm2, USD]."""
    areas = np.linspace(1.0, _WIDEST_MM2, _STEPS) * package.dies
    rest = 100.0 * package.io_dies
    return areas, np.asarray(package.cost_usd(areas + rest, areas, 0.0, 0.0))


def area_budget(package: Package, compute_mm2: Floats, spare_usd: Floats) -> Floats:
    """Return an area of the compute dies that no design passes which costs so much more than one of a given area, (n,).

    Parameters
    ----------
    compute_mm2 : area of the compute dies of the cheapest design, (n,) [mm2]
    spare_usd : what may be spent beyond its cost, (n,) [USD]

    Notes
    -----
    The cost is a sum of that of the compute dies, which rises in their area alone, and of the rest. The area is rounded
    up to the next of a table. Infinity where the dies are given and cost does not follow from the design.
    """
    if package.die is not None:
        return np.full(len(compute_mm2), np.inf)
    areas, costs = _table(package)
    rest = 100.0 * package.io_dies
    now = np.asarray(package.cost_usd(compute_mm2 + rest, compute_mm2, 0.0, 0.0))
    place = np.searchsorted(costs, (now + np.maximum(spare_usd, 0.0)) * (1 + 1e-12), side="right")
    return np.where(place < _STEPS, areas[np.minimum(place, _STEPS - 1)], np.inf)
