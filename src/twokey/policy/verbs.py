"""The public verb `policy`: heavy parts are imported when it is called."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twokey.law.verbs import trade

if TYPE_CHECKING:
    from twokey.law.question import Trade
    from twokey.policy.respond import Effect
    from twokey.search.backtest import Outcome

__all__ = ["policy", "policy_backtest"]


def policy(
    rules: Sequence[str | Path],
    workload: str,
    *,
    objective: str | None = None,
    space: str = "small",
    trade_facts: Trade | None = None,
    seller: str | None = "nvidia",
    datacentre: bool = True,
    accept: str = "open",
    known_on: dt.date | None = None,
    assume: Mapping[str, Fraction] | None = None,
    gap: float = 0.01,
    seconds: float | None = None,
    seed: int = 0,
    progress: Callable[[str, int, int], None] | None = None,
    **facts: Any,
) -> Effect:
    """Say what changed or proposed rules would do: the best answer to them, who is caught, who slips through.

    Parameters
    ----------
    rules : ids of proposed rules, or files of rules; a file whose id the law has replaces that rule
    workload, objective, space : what the best answer is designed for; the objective is else the workload's own
    trade_facts : the trade; or give its facts as keywords (`to`, `on`, `seat` …)

    Raises
    ------
    Problem
        If a name is unknown, a rule cannot be read, or the trade lacks a fact.
    """
    from twokey.policy.respond import respond, rule_files
    from twokey.quantities.problem import Problem
    from twokey.search.objectives import check_objective
    from twokey.search.space import load
    from twokey.workloads.catalogue import workload as find_workload

    found = find_workload(workload)
    allowed = trade_facts if trade_facts is not None else trade(**facts)
    if allowed.to is None:
        raise Problem("--to", "no country", "the country of destination", "write --to CN", kind="usage")
    return respond(
        rule_files(rules),
        allowed,
        load(space),
        found,
        check_objective(objective or found.objective),
        seller=seller,
        datacentre=datacentre,
        accept=accept,
        known_on=known_on,
        assume=assume,
        gap=gap,
        seconds=seconds,
        seed=seed,
        progress=progress,
    )


def policy_backtest(*, gap: float = 0.01, seconds: float | None = None) -> Iterator[Outcome]:
    """Yield for each rule of the past the predicted best answer beside the chip that was brought out.

    Raises
    ------
    Problem
        If the data cannot be read.
    """
    from twokey.search.backtest import backtest, cases

    for case in cases():
        yield backtest(case, gap=gap, seconds=seconds)
