"""The public verbs of the search: heavy parts are imported when one is called."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from twokey.law.verbs import trade

if TYPE_CHECKING:
    from twokey.law.question import Trade
    from twokey.search.result import Result
    from twokey.search.space import Space

__all__ = ["design", "spaces"]


def spaces() -> list[Space]:
    """Return the design spaces that `design` searches."""
    from twokey.search import space

    return [space.load(name) for name in space.spaces()]


def design(
    workload: str,
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
    gap: float = 0.01,
    seconds: float | None = None,
    seed: int = 0,
    versus: Sequence[str] = ("nvidia-h20", "nvidia-h100", "nvidia-h800", "huawei-ascend-910c"),
    progress: Callable[..., None] | None = None,
    **facts: Any,
) -> Result:
    """Search the best design that both keys allow, with a proof of how far from the optimum it can be.

    Parameters
    ----------
    workload, objective, space : names of a workload, of what to minimise (default: what the workload is meant
        for) and of the design space
    trade_facts : the trade; or give its facts as keywords (`to`, `on`, `seat` …)
    seller, datacentre : letters bind their addressees only, and Note 2 to 3A090 turns on the market
    accept : "open" asks that both keys turn freely; "conditional" also takes what a notice or licence can open
    no_law : search without any law
    gap : relative distance from the optimum to prove [1]
    seconds : stop after this time with the gap reached [s]

    Raises
    ------
    Problem
        If a name is unknown, or nothing in the space is lawful and holds the model.
    """
    from twokey.search.lawful import best_lawful
    from twokey.search.space import load
    from twokey.workloads.catalogue import workload as find_workload

    found = find_workload(workload)
    allowed = None if no_law else trade_facts if trade_facts is not None else trade(**facts)
    return best_lawful(
        load(space),
        found,
        objective or found.objective,
        allowed,
        seller=seller,
        datacentre=datacentre,
        accept=accept,
        known_on=known_on,
        assume=assume,
        gap=gap,
        seconds=seconds,
        seed=seed,
        rivals=versus,
        progress=progress,
    )
