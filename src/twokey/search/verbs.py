"""The public verbs of the search: heavy parts are imported when one is called."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twokey.law.verbs import trade
from twokey.quantities.problem import Problem

if TYPE_CHECKING:
    from twokey.law.question import Trade
    from twokey.search.front import Front
    from twokey.search.objectives import Mix
    from twokey.search.result import Result
    from twokey.search.space import Space

__all__ = ["design", "front", "objectives", "read_limit", "spaces"]

Limits = Mapping[str, float] | Sequence[str]
Futures = Sequence[str | Path | tuple[str | Path, Fraction | float | None]]


def spaces() -> list[Space]:
    """Return the design spaces that `design` searches."""
    from twokey.search import space

    return [space.load(name) for name in space.spaces()]


def objectives() -> dict[str, str]:
    """Return what can be asked of a design and the unit of each."""
    from twokey.search.objectives import OBJECTIVES

    return dict(OBJECTIVES)


def read_limit(text: str) -> tuple[str, float]:
    """Return objective and value of a limit written like "ttft<=500ms", see `search.objectives.read_limit`."""
    from twokey.search import objectives as known

    return known.read_limit(text)


def design(
    workload: str | Mapping[str, float],
    *,
    objective: str | None = None,
    space: str = "small",
    trade_facts: Trade | None = None,
    seller: str | None = "nvidia",
    datacentre: bool = True,
    accept: str = "open",
    no_law: bool = False,
    known_on: dt.date | None = None,
    assume: Mapping[str, Fraction] | None = None,
    limits: Limits | None = None,
    margin: Fraction | float = 0,
    futures: Futures = (),
    software: str | None = None,
    gap: float = 0.01,
    seconds: float | None = None,
    seed: int = 0,
    versus: Sequence[str] = ("nvidia-h20", "nvidia-h100", "nvidia-h800", "huawei-ascend-910c"),
    beside: bool = True,
    progress: Callable[..., None] | None = None,
    **facts: Any,
) -> Result:
    """Search the best design that both keys allow, with a proof of how far from the optimum it can be.

    Parameters
    ----------
    workload : name of a workload, or several with weights: {"llama-3-70b-prefill": 2, "deepseek-v3-decode": 1}
    objective, space : what to make as good as possible, see `objectives` (default: what the first workload is meant
        for), and the name of a design space
    trade_facts : the trade; or give its facts as keywords (`to`, `on`, `seat` …)
    seller, datacentre : letters bind their addressees only, and Note 2 to 3A090 turns on the market
    accept : "open" asks that both keys turn freely; "conditional" also takes what a notice or licence can open
    no_law : search without any law
    limits : limits on other objectives: texts like "ttft<=500ms", or by name in the objective's unit: {"ttft": 0.5}
    margin : share by which to stay away from every limit of the law [1]
    futures : files or ids of rules that may come next and that the design is to survive, each alone or with its
        probability, see `search.lawful.best_lawful`
    software : "ideal" or "fitted", see `workloads.software`; the workload's own where not given
    beside : whether to say also what the best design without law reaches, and which catalogue chip is nearest
    gap : relative distance from the optimum to prove [1]
    seconds : stop after this time with the gap reached [s]

    Raises
    ------
    Problem
        If a name is unknown, or nothing in the space is lawful and holds the model.
    """
    from twokey.search.lawful import best_lawful
    from twokey.search.space import load

    found = _mix(workload, software)
    allowed = None if no_law else trade_facts if trade_facts is not None else trade(**facts)
    return best_lawful(
        load(space),
        found,
        objective or found.parts[0][0].objective,
        allowed,
        seller=seller,
        datacentre=datacentre,
        accept=accept,
        known_on=known_on,
        assume=assume,
        limits=_limits(limits),
        margin=_share(margin, "--margin"),
        futures=_futures(futures),
        gap=gap,
        seconds=seconds,
        seed=seed,
        rivals=versus,
        beside=beside,
        progress=progress,
    )


def front(
    workload: str | Mapping[str, float],
    first: str,
    second: str,
    *,
    points: int = 30,
    space: str = "small",
    trade_facts: Trade | None = None,
    seller: str | None = "nvidia",
    datacentre: bool = True,
    accept: str = "open",
    no_law: bool = False,
    known_on: dt.date | None = None,
    assume: Mapping[str, Fraction] | None = None,
    limits: Limits | None = None,
    margin: Fraction | float = 0,
    software: str | None = None,
    gap: float = 0.01,
    seconds: float | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    **facts: Any,
) -> Front:
    """Return what of one objective must be given up for another: lawful designs, each proved near a true front point.

    Parameters
    ----------
    first, second : two objectives of `objectives`
    points : greatest number of points
    progress : called with points found and points asked for
    gap : share within which each point is of a true front point in both objectives [1]
    The others are those of `design`.

    Raises
    ------
    Problem
        If a name is unknown, both objectives are the same, or nothing in the space is lawful and holds the model.
    """
    from twokey.law.region import EVERYTHING
    from twokey.law.screen import lawful_region
    from twokey.search import front as fronts
    from twokey.search.futures import with_margin
    from twokey.search.space import load

    region = EVERYTHING
    if not no_law:
        allowed = trade_facts if trade_facts is not None else trade(**facts)
        region = lawful_region(
            allowed, seller=seller, datacentre=datacentre, accept=accept, known_on=known_on, assume=assume
        )
        region = with_margin(region, _share(margin, "--margin"))
    return fronts.front(
        load(space), _mix(workload, software), (first, second), region,
        points=points, limits=_limits(limits), gap=gap, seconds=seconds, seed=seed, progress=progress,
    )  # fmt: skip


def _mix(workload: str | Mapping[str, float], software: str | None) -> Mix:
    from twokey.search.objectives import mix
    from twokey.workloads.catalogue import workload as find
    from twokey.workloads.software import under

    weights = {workload: 1.0} if isinstance(workload, str) else workload
    found = {name: find(name) if software is None else under(find(name), software) for name in weights}
    return mix([(found[name], float(weight)) for name, weight in weights.items()])


def _limits(given: Limits | None) -> dict[str, float]:
    """Return limits by objective, in its own unit; of several on one objective, refuse."""
    if given is None or isinstance(given, Mapping):
        return dict(given or {})
    found: dict[str, float] = {}
    for text in given:
        name, value = read_limit(text)
        if name in found:
            raise Problem("--limit", repr(text), f"one limit on {name}", "keep the stricter one")
        found[name] = value
    return found


def _share(value: Fraction | float, where: str) -> Fraction:
    try:
        return Fraction(str(value))
    except ValueError:
        raise Problem(where, str(value), "a share from 0 to below 1", "write 0.05 for five percent") from None


def _futures(given: Futures) -> list[tuple[Path, Fraction | None]]:
    found = []
    for one in given:
        path, p = (one, None) if isinstance(one, str | Path) else one
        found.append((Path(path), None if p is None else _share(p, "--survive")))
    return found
