"""What stands beside the best lawful design: the best one without law, and the catalogue chip most like it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from twokey.chips.catalogue import chips
from twokey.chips.design import VARIABLES
from twokey.chips.item import ItemSheet
from twokey.law.region import EVERYTHING
from twokey.search.compare import beside
from twokey.search.objectives import MORE_IS_BETTER, Mix
from twokey.search.optimise import optimise
from twokey.search.result import Result
from twokey.workloads.workload import Workload

__all__ = ["nearest", "unrestricted"]

_SHEET = ("tpp", "performance_density", "dram_bandwidth_GBps", "io_bandwidth_GBps")


def unrestricted(
    result: Result,
    workload: Workload | Mix | Sequence[tuple[Workload, float]],
    *,
    limits: Mapping[str, float] | None = None,
    gap: float = 0.01,
    seconds: float | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Return the best design of the same space without any law, and how much the law takes.

    Parameters
    ----------
    result : the best lawful design; the other arguments as those of the search that found it

    Returns
    -------
    row : value, bound, gap, proved, design; ratio, how many times as bad the best lawful value is (the times as long,
        or the tokens as few), 1 where the law takes nothing [1]; taken, 1 - 1/ratio [1]; ratio_range, least and
        greatest ratio that the two proofs leave [1]
    """
    more = result.objective in MORE_IS_BETTER
    free = optimise(
        result.space, workload, result.objective, EVERYTHING,
        limits=limits, gap=gap, seconds=seconds, seed=seed, explain=False,
    )  # fmt: skip
    # the lawful design is one of the unrestricted ones too
    better = max(free.value, result.value) if more else min(free.value, result.value)
    best = free if better == free.value else result

    def worse(lawful: float, other: float) -> float:
        return other / lawful if more else lawful / other

    ratio = worse(result.value, better)
    return {
        "value": better,
        "bound": free.bound,
        "gap": abs(better - free.bound) / better,
        "proved": free.proved,
        "ratio": ratio,
        "taken": 1 - 1 / ratio,
        "ratio_range": [max(1.0, worse(result.bound, better)), worse(result.value, free.bound)],
        "design": {v: float(getattr(best.design, v)) for v in VARIABLES},
    }


def nearest(result: Result, workload: Workload | Mix, among: Iterable[Any] | None = None) -> dict[str, Any]:
    """Return the chip of the catalogue whose facts of the law are nearest to the design's.

    Parameters
    ----------
    among : chips to choose from; None for the whole catalogue

    Returns
    -------
    row : item, name; distance, the root of the mean square of the logarithms of the facts' ratios, 0 for an equal
        sheet [1]; facts, for each fact of the law the chip's value over the design's [1]; value and ratio under the
        same model as in `search.compare.versus`, None where it cannot be valued. Empty where no chip has all facts

    Notes
    -----
    Facts: TPP, performance density, memory bandwidth, I/O bandwidth. A chip that lacks one of them is left out.
    """
    own = _facts(result.item)
    best: tuple[float, Any, dict[str, float]] | None = None
    for chip in chips() if among is None else among:
        theirs = _facts(chip.item)
        if not theirs or not own:
            continue
        ratios = {name: theirs[name] / own[name] for name in _SHEET}
        distance = math.sqrt(sum(math.log(r) ** 2 for r in ratios.values()) / len(ratios))
        if best is None or distance < best[0]:
            best = (distance, chip, ratios)
    if best is None:
        return {}
    distance, chip, ratios = best
    row = {"item": str(chip.id), "name": chip.name, "distance": distance, "facts": ratios}
    return row | beside(result, workload, result.objective, chip)


def _facts(item: ItemSheet) -> dict[str, float]:
    """Return the facts of a sheet by name, nothing where one is not known or zero."""
    found = {name: getattr(item, name) for name in _SHEET}
    if any(value is None or value <= 0 for value in found.values()):
        return {}
    return {name: float(value) for name, value in found.items()}
