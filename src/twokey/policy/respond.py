"""The best answer of a designer to a rule: what is lost, what slips through, who is hit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from twokey.law.book import book, overlay
from twokey.law.question import Trade
from twokey.law.region import EVERYTHING, Region
from twokey.law.screen import lawful_region
from twokey.policy.items import Moves, moves
from twokey.quantities.problem import Problem
from twokey.search.objectives import MORE_IS_BETTER
from twokey.search.optimise import optimise
from twokey.search.result import Result
from twokey.search.space import Space
from twokey.workloads.workload import Workload

__all__ = ["Effect", "Response", "respond", "rule_files"]


@dataclass(frozen=True, slots=True)
class Response:
    """The best design under one law.

    Parameters
    ----------
    result : the best design with its proof; None where the law leaves none, for the reason given
    reason : why there is none
    """

    result: Result | None
    reason: str = ""

    @property
    def value(self) -> float | None:
        """Its value, None where there is no design."""
        return None if self.result is None else self.result.value

    def to_json(self) -> dict[str, Any]:
        """Return value, proof and facts of the design."""
        if self.result is None:
            return {"value": None, "unit": None, "reason": self.reason}
        r = self.result
        best = r.to_json()["best"]
        return {"value": r.value, "unit": r.unit, "bound": r.bound, "gap": r.gap, "proved": r.proved,
                "design": best["design"], "item": best["item"]}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Effect:
    """What rules do.

    Parameters
    ----------
    rules : ids of the rules that were laid on the law; replaced : those of them that change a rule of the law
    trade : the trade; objective, workload, space : what is designed for
    base, changed, free : the best design under the law of the day, with the rules, without any law
    other_market : the best design with the rules if it is sold for the other market (data centres or not)
    items : what they do to the catalogue
    """

    rules: tuple[str, ...]
    replaced: tuple[str, ...]
    trade: Trade
    objective: str
    workload: str
    space: str
    datacentre: bool
    base: Response
    changed: Response
    free: Response
    other_market: Response
    items: Moves

    @property
    def loophole(self) -> float | None:
        """Best lawful value over best unrestricted value with the rules in force [1]; None without a lawful design."""
        return self._over(self.changed)

    @property
    def performance_left(self) -> float | None:
        """Share of the unrestricted performance that the best lawful design keeps [1]; 0 without one."""
        ratio = self._over(self.changed)
        return 0.0 if ratio is None else ratio if self.objective in MORE_IS_BETTER else 1 / ratio

    def _over(self, response: Response) -> float | None:
        if response.value is None or self.free.value is None:
            return None
        return response.value / self.free.value

    def to_json(self) -> dict[str, Any]:
        """Return the contract's answer to `policy`."""
        law = {"base": self.base, "changed": self.changed}
        counts = {"base": self.items.before, "changed": self.items.after}
        loopholes = {k: self._over(r) for k, r in law.items()}
        return {
            "rules": list(self.rules),
            "replaced": list(self.replaced),
            "to": self.trade.to,
            "on": None if self.trade.on is None else self.trade.on.isoformat(),
            "objective": self.objective,
            "workload": self.workload,
            "space": self.space,
            "datacentre": self.datacentre,
            **{k: r.to_json() | {"loophole": loopholes[k], "verdicts": dict(counts[k])} for k, r in law.items()},
            "unrestricted": self.free.to_json(),
            "best_response": None if self.changed.result is None else self.changed.result.to_json(),
            "loophole": self.loophole,
            "performance_left": self.performance_left,
            "other_market": self.other_market.to_json() | {"loophole": self._over(self.other_market)},
            "caught": [m.to_json() for m in self.items.caught],
            "freed": [m.to_json() for m in self.items.freed],
            "collateral": [m.to_json() for m in self.items.collateral],
            "unclear": [m.to_json() for m in self.items.unclear],
            "regrounded": [m.to_json() for m in self.items.regrounded],
            "still_open": list(self.items.still_open),
            "domestic": list(self.items.domestic),
        }


def rule_files(refs: Sequence[str | Path]) -> list[Path]:
    """Return the files of rules: paths, or ids of proposed rules of the data.

    Raises
    ------
    Problem
        If none is named, one is named twice, or there is no such file or id.

    Examples
    --------
    >>> [path.name for path in rule_files(["proposed/scale"])]
    ['scale.yaml']
    """
    files = [overlay(ref) for ref in refs]
    if not files:
        raise Problem("RULES", "none", "ids of proposed rules, or files", "write proposed/safe-chips", kind="usage")
    if len({path.resolve() for path in files}) < len(files):
        raise Problem("RULES", "a rule twice", "each once", "leave the second out", kind="usage")
    for path in files:
        if not path.exists():
            raise Problem("RULES", str(path), "a file, or an id such as proposed/scale", "check the path")
    return files


def respond(
    rules: Sequence[Path],
    trade: Trade,
    space: Space,
    workload: Workload,
    objective: str,
    *,
    seller: str | None = "nvidia",
    datacentre: bool = True,
    accept: str = "open",
    known_on: dt.date | None = None,
    assume: Mapping[str, Fraction] | None = None,
    gap: float = 0.01,
    seconds: float | None = None,
    seed: int = 0,
    progress: Callable[[str, int, int], None] | None = None,
) -> Effect:
    """Return what rules would do if they were laid on the law of a day: to the best design, and to the catalogue.

    Parameters
    ----------
    rules : files; one whose id the law has replaces that rule
    seller, datacentre, accept : of the design, as for `search.lawful.best_lawful`
    gap, seconds, seed : of each search, as in `search.optimise.optimise`
    progress : called with a stage, the stages done and all

    Raises
    ------
    Problem
        If a rule cannot be read, or the trade lacks destination or day.
    """
    known = {rule.id for rule in book()}
    named = {rule.id: rule for rule in book(rules)}
    ids = tuple(i for i in (_rule_id(path) for path in rules))
    assert all(i in named for i in ids)
    steps = iter(range(5))

    def tell(stage: str) -> None:
        if progress is not None:
            progress(stage, next(steps), 5)

    read = partial(lawful_region, trade, seller=seller, accept=accept, known_on=known_on, assume=assume)

    def best(stage: str, region: Callable[..., Region] | None, explain: bool = False) -> Response:
        tell(stage)
        cells = EVERYTHING if region is None else region()
        without = cells.without_each(lambda rules: region(without=rules)) if region and explain else {}
        try:
            found = optimise(
                space, workload, objective, cells, gap=gap, seconds=seconds, seed=seed, explain=explain,
                without_rule=without,
            )  # fmt: skip
        except Problem as problem:
            return Response(None, problem.given)
        found.seller, found.datacentre = seller, datacentre
        return Response(found)

    base = best("the law of the day", partial(read, datacentre=datacentre))
    changed = best("with the rules", partial(read, datacentre=datacentre, overlays=rules), explain=True)
    free = best("without any law", None)
    other = best("for the other market", partial(read, datacentre=not datacentre, overlays=rules))
    if other.result is not None:
        other.result.datacentre = not datacentre
    tell("the catalogue")
    items = moves(trade, rules, known_on=known_on, assume=assume)
    return Effect(
        ids, tuple(i for i in ids if i in known), trade, objective, workload.name, space.name, datacentre,
        base, changed, free, other, items,
    )  # fmt: skip


def _rule_id(path: Path) -> str:
    from twokey.sources.text import read_file

    return read_file(path).group()["rule"].text()
