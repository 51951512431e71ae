"""Where law and model meet: the best design that a trade's two keys allow, beside chips that exist."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import partial

from twokey.chips.catalogue import find
from twokey.law.question import Trade
from twokey.law.region import EVERYTHING
from twokey.law.screen import lawful_region
from twokey.search.compare import versus
from twokey.search.optimise import Progress, optimise
from twokey.search.result import Result
from twokey.search.space import Space
from twokey.workloads.workload import Workload

__all__ = ["best_lawful"]


def best_lawful(
    space: Space,
    workload: Workload,
    objective: str,
    trade: Trade | None,
    *,
    seller: str | None,
    datacentre: bool | None,
    accept: str = "open",
    known_on: dt.date | None = None,
    assume: Mapping[str, Fraction] | None = None,
    gap: float = 0.01,
    seconds: float | None = None,
    seed: int = 0,
    rivals: Sequence[str] = (),
    progress: Progress | None = None,
) -> Result:
    """Return the best design of a space that a trade allows, its proof, and catalogue chips under the same model.

    Parameters
    ----------
    trade : the trade and its day; None searches without any law
    seller, datacentre : letters bind their addressees only, and Note 2 to 3A090 turns on the market
    accept : "open" asks that both keys turn freely; "conditional" also takes what a notice or licence can open
    gap, seconds, seed, progress : as in `search.optimise.optimise`
    rivals : ids of catalogue chips to compare with

    Raises
    ------
    Problem
        If a rival is unknown, the trade lacks a fact, or nothing in the space is lawful and holds the model.
    """
    chips = [find(name) for name in rivals]
    region, without_rule = EVERYTHING, {}
    if trade is not None:
        read = partial(
            lawful_region,
            trade,
            seller=seller,
            datacentre=datacentre,
            accept=accept,
            known_on=known_on,
            assume=assume,
        )
        region = read()
        # a limit that falls leaves what stands behind it: the region is read anew without the rule that sets it
        labels = {label for cell in region.cells for label in cell.limits if label is not None}
        without_rule = {label: read(without=(label.split(" ")[0],)) for label in labels}
    result = optimise(
        space,
        workload,
        objective,
        region,
        gap=gap,
        seconds=seconds,
        seed=seed,
        progress=progress,
        without_rule=without_rule,
    )
    result.seller, result.datacentre = seller, datacentre
    result.versus = versus(result, workload, objective, chips)
    return result
