"""Where law and model meet: the best design that a trade's two keys allow, beside chips that exist."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from twokey.chips.catalogue import find
from twokey.law.assess import assess
from twokey.law.book import overlay
from twokey.law.question import Trade
from twokey.law.region import EVERYTHING, Region
from twokey.law.screen import lawful_region
from twokey.quantities.problem import Problem
from twokey.search.beside import nearest, unrestricted
from twokey.search.compare import versus
from twokey.search.futures import both, likeliest, with_margin
from twokey.search.limits import limits_of
from twokey.search.model import Model
from twokey.search.objectives import Mix, mix
from twokey.search.optimise import Progress, optimise, solve
from twokey.search.result import Result
from twokey.search.space import Space
from twokey.workloads.workload import Workload

__all__ = ["best_lawful"]


def best_lawful(
    space: Space,
    workload: Workload | Mix | Sequence[tuple[Workload, float]],
    objective: str,
    trade: Trade | None,
    *,
    seller: str | None,
    datacentre: bool | None,
    accept: str = "open",
    known_on: dt.date | None = None,
    assume: Mapping[str, Fraction] | None = None,
    limits: Mapping[str, float] | None = None,
    margin: Fraction = Fraction(0),
    futures: Sequence[tuple[Path, Fraction | None]] = (),
    gap: float = 0.01,
    seconds: float | None = None,
    seed: int = 0,
    rivals: Sequence[str] = (),
    beside: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Return the best design of a space that a trade allows, its proof, and catalogue chips under the same model.

    Parameters
    ----------
    trade : the trade and its day; None searches without any law
    seller, datacentre : letters bind their addressees only, and Note 2 to 3A090 turns on the market
    accept : "open" asks that both keys turn freely; "conditional" also takes what a notice or licence can open
    margin : share by which to stay away from every limit of the law [1]
    futures : files of rules that may come next, with probabilities, as `law.book` overlays. All without probability:
        the design must stay lawful under each. All with one: at most one of them comes, and the design is the best of
        those that stay lawful with the greatest probability; the result says under which
    limits, gap, seconds, seed, progress : as in `search.optimise.optimise`
    rivals : ids of catalogue chips to compare with
    beside : whether to find the best design without law and the nearest catalogue chip, see `search.beside`

    Raises
    ------
    Problem
        If a rival is unknown, the trade lacks a fact, or nothing in the space is lawful and holds the model.
    """
    chips = [find(name) for name in rivals]
    region = EVERYTHING
    without_rule: dict[str, Region] = {}
    survival: dict[str, Any] = {}
    if trade is None and (futures or margin):
        raise Problem("--survive or --margin", "no law", "a law to keep", "leave out --law none", kind="usage")
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
        chosen, survival = _futures(space, workload, limits or {}, read, margin, futures)

        def whole(without: tuple[str, ...] = ()) -> Region:
            found = with_margin(read(without=without), margin)
            for path in chosen:
                found = both(found, with_margin(read(without=without, overlays=(path,)), margin))
            return found

        region = whole()
        without_rule = region.without_each(whole)
    result = optimise(
        space,
        workload,
        objective,
        region,
        limits=limits,
        gap=gap,
        seconds=seconds,
        seed=seed,
        progress=progress,
        without_rule=without_rule,
    )
    result.survival = survival
    result.seller, result.datacentre = seller, datacentre
    result.versus = versus(result, mix(workload), objective, chips)
    if trade is not None:
        own = replace(trade, seller=None)  # each chip has its own seller
        for row, chip in zip(result.versus, chips, strict=True):
            home = chip.item.seller_seat == trade.to  # no export: its seller sits where the buyer is
            row["verdict"] = None if home else assess(chip.item, own, known_on=known_on, assume=assume).verdict
    if beside:
        result.nearest = nearest(result, mix(workload))
        if trade is not None:
            result.unrestricted = unrestricted(result, workload, limits=limits, gap=gap, seconds=seconds, seed=seed)
    return result


def _futures(
    space: Space,
    workload: Workload | Mix | Sequence[tuple[Workload, float]],
    limits: Mapping[str, float],
    read: Callable[..., Region],
    margin: Fraction,
    futures: Sequence[tuple[Path, Fraction | None]],
) -> tuple[list[Path], dict[str, Any]]:
    """Return the files of the next rules that the design is to survive, and what the result says of them."""
    if not futures:
        return [], {}
    names = {overlay(path).stem: path for path, _ in futures}
    if len(names) < len(futures):
        raise Problem("--survive", "two rules of one name", "files with different names", "rename one of them")
    likely = [p for _, p in futures if p is not None]
    if not likely:
        return list(names.values()), {"lawful_under": list(names), "probability": None}
    if len(likely) < len(futures):
        raise Problem(
            "--survive", "probabilities for some rules only", "one for each rule, or for none", "complete or drop them"
        )
    whole = mix(workload)

    def possible(region: Region) -> bool:
        model = Model(space, whole, "power", limits_of(region, whole.memory_bytes, space), limits)
        found = solve(model, gap=0.99)
        return found is not None and found.best is not None

    each = []
    for (path, _), p in zip(futures, likely, strict=True):
        each.append((overlay(path).stem, with_margin(read(overlays=(path,)), margin), p))
    _, probability, chosen = likeliest(with_margin(read(), margin), each, possible)
    return [names[n] for n in chosen], {"lawful_under": list(chosen), "probability": float(probability)}
