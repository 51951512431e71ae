"""Rules of the past: the best answer predicted from rule and earlier die alone, beside the chip that came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from twokey.chips.catalogue import Chip, find
from twokey.chips.design import VARIABLES
from twokey.law.question import Trade
from twokey.law.region import FACTS, Cell, Region
from twokey.law.screen import lawful_region
from twokey.quantities.problem import Problem
from twokey.search.limits import facts_of
from twokey.search.optimise import optimise
from twokey.search.result import Result
from twokey.search.space import Space, load
from twokey.sources.text import read_file
from twokey.workloads.catalogue import workload

__all__ = ["OBJECTIVE", "Case", "Outcome", "backtest", "cases", "earlier_space"]

OBJECTIVE = "e2e"
"""What every prediction makes as good as possible: the time of a whole request."""

_BOUGHT = ("cores", "clock_GHz")
"""Variables in which no part is made better than the earlier product: cores lost to defects, the clock of its power."""

_FILE = Path(__file__).parent.parent / "data" / "policy" / "backtest.yaml"


@dataclass(frozen=True, slots=True)
class Case:
    """A rule and its answer.

    Parameters
    ----------
    name : of the chip that was brought out; on : first day of the rule
    datacentre : for which market the chip is
    space : the die it is cut from; earlier : product of that die before the rule; actual : what was brought out
    workload : that the prediction serves
    note : what is to be known before the two are compared
    """

    name: str
    on: dt.date
    datacentre: bool
    space: str
    earlier: str
    actual: str
    workload: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A prediction beside what was brought out.

    Parameters
    ----------
    case : what was asked; result : the best design that the rule allows, with its proof
    cell : the clause of the law that it lies in
    rows : for each fact its limit in that clause, the earlier product's value, predicted, actual, their ratio
    binding : limits that hold the prediction back
    same_limits : names of limits within a twentieth of which both the prediction and the actual chip stay
    clauses : the best value in each clause of the law alone, and whether the actual chip lies in it; where two are
        close, the prediction of one of them says little
    """

    case: Case
    result: Result
    cell: Cell
    rows: tuple[dict[str, Any], ...]
    binding: tuple[str, ...]
    same_limits: tuple[str, ...]
    clauses: tuple[dict[str, Any], ...]

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as plain JSON values."""
        best = self.result.to_json()["best"]
        return {
            "name": self.case.name,
            "on": self.case.on.isoformat(),
            "datacentre": self.case.datacentre,
            "space": self.case.space,
            "earlier": self.case.earlier,
            "actual": self.case.actual,
            "workload": self.case.workload,
            "objective": OBJECTIVE,
            "value": self.result.value,
            "unit": self.result.unit,
            "gap": self.result.gap,
            "proved": self.result.proved,
            "design": best["design"],
            "facts": list(self.rows),
            "binding": list(self.binding),
            "same_limits": list(self.same_limits),
            "clauses": list(self.clauses),
            "note": self.case.note,
        }


def cases() -> tuple[Case, ...]:
    """Return the rules that were answered by a chip, in the order in which they came.

    Raises
    ------
    Problem
        If the data file cannot be read.

    Examples
    --------
    >>> [case.name for case in cases()][:4]
    ['A800', 'H800', 'H20', 'L20']
    """
    found = []
    for value in read_file(_FILE, "policy/backtest.yaml"):
        f = value.fields(("name", "on", "datacentre", "space", "earlier", "actual", "workload"), ("note",))
        words = {k: f[k].text() for k in ("name", "space", "earlier", "actual", "workload")}
        note = f["note"].text() if "note" in f else ""
        found.append(Case(on=f["on"].day(), datacentre=f["datacentre"].yes_no(), note=note, **words))
    return tuple(found)


def earlier_space(space: Space, product: Chip) -> Space:
    """Return what can be cut from a die without bettering a product of it in cores or clock.

    Memory and links may be as good as the die allows: stacks and links that the product left out can be put in.

    Raises
    ------
    Problem
        If the product's architecture is not known, or nothing of the space is left.
    """
    levels, built = list(space.levels), product.architecture or {}
    for name in _BOUGHT:
        if name not in built:
            raise Problem(
                product.id, f"no {name} in its architecture", "a product whose architecture is known", "choose another"
            )
        k, most = VARIABLES.index(name), built[name].value
        levels[k] = tuple(v for v in levels[k] if v <= most)
        if not levels[k]:
            raise Problem(product.id, f"{name} = {most}", f"a product of {space.name}", "choose another")
    return replace(space, name=f"{space.name} up to {product.id}", levels=tuple(levels))


def backtest(
    case: Case, *, gap: float = 0.01, seconds: float | None = None, progress: Callable[..., None] | None = None
) -> Outcome:
    """Return the best answer to a rule, predicted from its text and the earlier die alone, beside the actual one.

    Parameters
    ----------
    gap : share by which another design may be better [1]; seconds : stop after this time [s]

    Notes
    -----
    The law is that of the rule's first day, as far as it could be known then. No figure of the actual chip enters the
    search. A design's I/O counts a host bus of 128 GB/s; of the chips here, those before H100 have half of that.

    Raises
    ------
    Problem
        If a name of the case is unknown or nothing is lawful.
    """
    trade = Trade(to="CN", seat="CN", seller="nvidia", on=case.on)
    region = lawful_region(trade, seller="nvidia", datacentre=case.datacentre, known_on=case.on)
    space = earlier_space(load(case.space), find(case.earlier))
    result = optimise(space, workload(case.workload), OBJECTIVE, region, gap=gap, seconds=seconds, progress=progress)
    predicted = facts_of(result.design, space.area_mm2(result.design))
    cell = _cell(region, predicted)
    actual, before = _facts(find(case.actual)), _facts(find(case.earlier))
    rows, same = [], []
    for i, name in enumerate(FACTS):
        limit, label = cell.hi[i], cell.limits[i]
        own, real = predicted[i], actual[i]
        rows.append(
            {"fact": name, "limit": _number(limit), "set_by": label, "earlier": _number(before[i]),
             "predicted": _number(own), "actual": _number(real), "ratio": float(own / real) if real else None}
        )  # fmt: skip
        if (
            limit is not None
            and label
            and real is not None
            and min(own, real) >= limit * Fraction(19, 20)
            and real < limit
        ):
            same.append(label)
    binding = tuple(str(row["limit"]) for row in result.binding)
    clauses = tuple(_clause(one, space, case, actual, gap) for one in region.cells)
    return Outcome(case, result, cell, tuple(rows), binding, tuple(same), clauses)


def _clause(cell: Cell, space: Space, case: Case, actual: tuple[Fraction | None, ...], gap: float) -> dict[str, Any]:
    """Return the best value in one clause of the law, None where it holds nothing, and whether the chip lies in it."""
    limits = [f"{FACTS[i]} < {_number(hi):g}" for i, hi in enumerate(cell.hi) if hi is not None]
    inside: bool | None = None
    if all(fact is not None for fact in actual):
        inside = cell.holds(tuple(fact for fact in actual if fact is not None))
    try:
        value: float | None = optimise(
            space, workload(case.workload), OBJECTIVE, Region((cell,)), gap=gap, explain=False
        ).value
    except Problem:
        value = None
    return {"limits": limits, "value": value, "holds_actual": inside}


def _cell(region: Region, facts: tuple[Fraction, ...]) -> Cell:
    """Return the clause that a lawful design lies in: the tightest in TPP, if several."""
    inside = [cell for cell in region.cells if cell.holds(facts)]
    return min(inside, key=lambda cell: (cell.hi[0] is None, cell.hi[0] or 0))


def _facts(chip: Chip) -> tuple[Fraction | None, ...]:
    """Return the facts of a chip in the order of `law.region.FACTS`, None where unknown."""
    item = chip.item
    dram, io = item.dram_bandwidth_GBps, item.io_bandwidth_GBps
    both = None if dram is None or io is None else dram + io
    return item.tpp, item.performance_density, dram, io, both


def _number(value: Fraction | None) -> float | None:
    return None if value is None else float(f"{float(value):.6g}")
