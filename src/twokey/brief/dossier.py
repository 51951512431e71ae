"""Run a scenario: judge the chips, draw the map of the law, search the designs, add up the money, mark the claims."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twokey.brief import legal
from twokey.brief.claims import STATUSES, Mark, mark
from twokey.brief.designs import solve_all
from twokey.brief.scenario import Check, DutyQuestion, Scenario, read_scenario
from twokey.chips.catalogue import Chip, chips, find
from twokey.law.region import Cell
from twokey.trade.duty import Duty, duty
from twokey.trade.exposure import Exposure, exposure
from twokey.trade.inputs import read_decision
from twokey.trade.position import Outcome, read_position
from twokey.trade.sku import Advice, decide

__all__ = ["Brief", "run"]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Brief:
    """A dossier: what the law says of each chip and day, the map of the law, designs, money, claims.

    Parameters
    ----------
    answers : the contract's answers of `check`, chip by chip and within a chip day by day
    spans : the contract's spans of `timeline`, by chip id
    regions : what may freely be sold, by day: the cells of the lawful region
    patches : the map of the TPP-density plane, by day
    plane : chips with their facts, as points of the map
    designs : design answers, workload by workload and within a workload day by day
    duties : each question of the scenario with its answer
    outcome, advice : the position under its event, and whether to build one more chip, where the scenario names them
    seconds : wall time the run took [s]
    """

    scenario: Scenario
    answers: list[dict[str, Any]]
    spans: dict[str, list[dict[str, Any]]]
    regions: dict[str, tuple[Cell, ...]]
    patches: dict[str, list[legal.Patch]]
    plane: list[dict[str, Any]]
    designs: list[dict[str, Any]]
    duties: list[tuple[DutyQuestion, Duty]]
    exposure: Exposure
    marks: list[Mark]
    outcome: Outcome | None = None
    advice: Advice | None = None
    seconds: float = 0.0
    left_out: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many claims have each status."""
        return {s: sum(m.status == s for m in self.marks) for s in STATUSES}

    def answer(self, item: str, on: dt.date) -> dict[str, Any]:
        """Return the answer for a chip on a day of the scenario."""
        return next(a for a in self.answers if a["item"] == item and a["on"] == on.isoformat())

    def to_json(self) -> dict[str, Any]:
        """Return the dossier as plain JSON values."""
        return {
            "scenario": {"name": self.scenario.name, "title": self.scenario.title, "question": self.scenario.question},
            "verdicts": self.answers,
            "timeline": self.spans,
            "regions": {day: [_cell(c) for c in cells] for day, cells in self.regions.items()},
            "plane": {"regulated": self.patches, "chips": self.plane},
            "designs": self.designs,
            "duties": [{"name": q.name, **d.to_json()} for q, d in self.duties],
            "exposure": self.exposure.to_json(),
            "position": None if self.outcome is None else self.outcome.to_json(),
            "sku": None if self.advice is None else self.advice.to_json(),
            "claims": [m.to_json() for m in self.marks],
            "counts": self.counts,
            "limits": list(self.scenario.limits) + self.left_out,
            "seconds": round(self.seconds, 3),
        }


def run(
    scenario: str | Path | Scenario | None = None, *, progress: Progress | None = None, processes: int | None = None
) -> Brief:
    """Run a scenario and return its dossier.

    Parameters
    ----------
    scenario : a scenario, the path of a file, the name of a shipped one, or None for the shipped default
    progress : called with the stage, steps done and steps in all
    processes : how many design searches run at once; by default two [1]

    Raises
    ------
    Problem
        If the scenario cannot be used, or names a chip, workload, space or figure that is not known.
    """
    began = time.perf_counter()
    ref = None if isinstance(scenario, Scenario) else scenario
    plan = scenario if isinstance(scenario, Scenario) else read_scenario(scenario)
    jobs = len(plan.design.searches) * len(plan.design.days)
    steps = len(plan.chips) + 1 + jobs + 1

    def say(stage: str, done: int) -> None:
        if progress is not None:
            progress(stage, done, steps)

    facts = _Facts(plan)
    answers: list[dict[str, Any]] = []
    spans: dict[str, list[dict[str, Any]]] = {}
    for i, item in enumerate(plan.chips):
        say(f"law: {item}", i)
        answers += [dict(facts.answer(item, day.on)) for day in plan.days]
        spans[item] = legal.spans(plan, item, plan.first, plan.last)
    say("law: the map of what may be sold", len(plan.chips))
    days = sorted({d.on for d in plan.days} | set(plan.design.days))
    regions = {d.isoformat(): legal.region(plan, d).cells for d in days}
    maps = {d.isoformat(): legal.patches(plan, d) for d in plan.design.days}
    done = len(plan.chips) + 1
    say("searching designs", done)
    at_once = 1 if isinstance(scenario, Scenario) else processes  # a child reads the scenario by its name
    designs = solve_all(plan, ref, processes=at_once, step=lambda text, n, _: say(text, done + n))
    facts.found = designs
    say("money and claims", steps - 1)
    duties = [(q, _duty(q)) for q in plan.duties]
    marks = [mark(c, facts) for c in plan.claims]
    outcome = read_position(plan.position).under() if plan.position else None
    advice = decide(read_decision(plan.decision)) if plan.decision else None
    say("done", steps)
    return Brief(
        plan, answers, spans, regions, maps, _plane(plan), designs, duties, facts.exposure, marks,
        outcome, advice, time.perf_counter() - began,
    )  # fmt: skip


class _Facts:
    """What the checks of claims may ask, each answer computed once."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario, self.exposure = scenario, exposure()
        self.found: Sequence[dict[str, Any]] = ()
        self._answers: dict[tuple[str, dt.date], dict[str, Any]] = {}

    def answer(self, item: str, on: dt.date) -> Mapping[str, Any]:
        key = item, on
        if key not in self._answers:
            self._answers[key] = legal.answer(self.scenario, item, on)
        return self._answers[key]

    def spans(self, item: str, first: dt.date, last: dt.date) -> Sequence[Mapping[str, Any]]:
        return legal.spans(self.scenario, item, first, last)

    def duty(self, check: Check) -> Duty:
        assert check.duty is not None
        return _duty(check.duty)

    def designs(self, on: dt.date) -> Sequence[Mapping[str, Any]]:
        return [d for d in self.found if d["on"] == on.isoformat()]


def _duty(q: DutyQuestion) -> Duty:
    sheet = find(q.item).item if q.item else None
    return duty(
        sheet, to=q.to, origin=q.origin, hts=q.hts, on=q.on, list_301=q.list_301, mfn_percent=q.mfn_percent
    )  # fmt: skip


def _plane(plan: Scenario) -> list[dict[str, Any]]:
    named = {*plan.chips, *plan.design.rivals}
    return [_point(c, c.id in named) for c in chips() if c.item.tpp is not None]


def _point(chip: Chip, named: bool) -> dict[str, Any]:
    sheet = chip.item

    def number(value: Any) -> float | None:
        return None if value is None else float(value)

    return {
        "id": chip.id,
        "name": chip.name,
        "vendor": chip.vendor,
        "named": named,
        "datacentre": sheet.datacentre,
        "tpp": number(sheet.tpp),
        "performance_density": number(sheet.performance_density),
        "dram_bandwidth_GBps": number(sheet.dram_bandwidth_GBps),
        "io_bandwidth_GBps": number(sheet.io_bandwidth_GBps),
    }


def _cell(cell: Cell) -> dict[str, Any]:
    from twokey.law.region import FACTS

    return {
        name: {"from": float(lo), "below": None if hi is None else float(hi), "limit": limit}
        for name, lo, hi, limit in zip(FACTS, cell.lo, cell.hi, cell.limits, strict=True)
        if lo or hi is not None
    }
