"""Claims are marked from what the checks find: the shipped marks, and that a changed finding changes the mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from twokey.brief import Brief
from twokey.brief.claims import figure_named, mark
from twokey.brief.scenario import Check, Claim, Evidence, read_scenario
from twokey.quantities.problem import Problem
from twokey.trade.duty import Duty, duty
from twokey.trade.exposure import Exposure, exposure

MARKS = {  # what the record of the week supports, claim by claim
    "C01": "reproduced", "C02": "corrected", "C03": "reproduced", "C04": "corrected", "C05": "reproduced",
    "C06": "corrected", "C07": "reproduced", "C08": "corrected", "C09": "corrected", "C10": "reproduced",
    "C11": "reproduced", "C12": "reproduced", "C13": "reproduced", "C14": "open", "C15": "open", "C16": "reproduced",
    "C17": "open", "C18": "open",
}  # fmt: skip


@pytest.mark.parametrize("claim", MARKS)
def test_marks_of_the_shipped_scenario(brief: Brief, claim: str) -> None:
    found = next(m for m in brief.marks if m.id == claim)
    assert found.status == MARKS[claim], [f.to_json() for f in found.findings]


def test_no_mark_is_stored_in_the_scenario() -> None:
    fields = {
        name for c in read_scenario().claims for name in (*Claim.__slots__, *(Check.__slots__ if c.checks else ()))
    }
    assert not fields & {"status", "mark", "label", "verdict"}


class World:
    """Facts to check claims against, in which anything can be made otherwise."""

    def __init__(self) -> None:
        self.exposure: Exposure = exposure()
        self.outcome = "not-controlled"
        self.conflicts: list[dict[str, Any]] = []
        self.also: list[dict[str, Any]] = []
        self.found: list[dict[str, Any]] = []
        self.changes = [("2022-08-01", "not-controlled"), ("2025-04-09", "licence-required")]

    def answer(self, item: str, on: date) -> Mapping[str, Any]:
        us = {"outcome": self.outcome, "review": "none", "classification": [], "because": []}
        return {
            "item": item,
            "on": on,
            "verdict": "open",
            "keys": {"us": us, "cn": {"also": self.also}},
            "conflicts": self.conflicts,
        }

    def spans(self, item: str, first: date, last: date) -> Sequence[Mapping[str, Any]]:
        assert item
        assert first < last
        return [{"from": day, "us": {"outcome": outcome}} for day, outcome in self.changes]

    def duty(self, check: Check) -> Duty:
        q = check.duty
        assert q is not None
        return duty(None, to=q.to, origin=q.origin, hts=q.hts, on=q.on, list_301=q.list_301, mfn_percent=q.mfn_percent)

    def designs(self, on: date) -> Sequence[Mapping[str, Any]]:
        assert on
        return self.found


def claim(id: str) -> Claim:
    return next(c for c in read_scenario().claims if c.id == id)


def test_a_legal_mark_follows_the_law() -> None:
    world = World()
    assert mark(claim("C01"), world).status == "reproduced"
    world.outcome = "licence-required"
    assert mark(claim("C01"), world).status == "corrected"
    world.outcome = "undetermined"
    assert mark(claim("C01"), world).status == "open"


def test_a_mark_on_a_change_follows_the_spans() -> None:
    world = World()
    assert mark(claim("C03"), world).status == "reproduced"
    world.changes = [("2022-08-01", "not-controlled"), ("2024-12-01", "licence-required")]
    assert mark(claim("C03"), world).status == "corrected"
    world.changes = [("2022-08-01", "not-controlled")]
    assert mark(claim("C03"), world).status == "corrected"


def test_a_mark_on_money_follows_the_figures() -> None:
    world = World()
    assert mark(claim("C04"), world).status == "corrected"
    nvidia = world.exposure.charges["nvidia"]
    booked = replace(nvidia, booked=replace(nvidia.booked, value=Fraction("5.5")))
    world.exposure = replace(world.exposure, charges={**world.exposure.charges, "nvidia": booked})
    assert mark(claim("C04"), world).status == "reproduced"


def test_a_mark_on_a_duty_follows_the_stack() -> None:
    said = claim("C08")
    assert mark(said, World()).status == "corrected"
    true = replace(said, checks=(replace(said.checks[0], stated="125"),))
    assert mark(true, World()).status == "reproduced"
    check = said.checks[0]
    assert check.duty is not None
    later = replace(check, duty=replace(check.duty, on=date(2026, 11, 11)))
    assert mark(replace(said, checks=(later,)), World()).status == "open"


def test_marks_on_conflicts_entries_and_designs() -> None:
    world = World()
    assert [mark(claim(c), world).status for c in ("C12", "C10", "C16")] == ["corrected", "corrected", "open"]
    world.conflicts = [{"us": ["us/letter"], "cn": "cn/duty", "says": "", "cite": "x"}]
    world.also = [{"rule": "cn/advice", "outcome": "conditional", "strength": "guidance"}]
    world.found = [{"workload": "w", "best": None, "proved": False}]
    assert [mark(claim(c), world).status for c in ("C12", "C10", "C16")] == ["reproduced", "reproduced", "corrected"]
    world.found = [{"workload": "w", "best": {"value": 1.0, "unit": "s"}, "proved": True}]
    assert mark(claim("C16"), world).status == "reproduced"


@pytest.mark.parametrize(
    ("evidence", "status"),
    [
        ([(True, "high", "read-once")], "reproduced"),
        ([(True, "high", "unverified")], "open"),
        ([(True, "medium", "read-twice")], "open"),
        ([(True, "high", "read-once"), (False, "low", "unverified")], "open"),
        ([(False, "high", "read-once")], "corrected"),
        ([(False, "low", "read-once")], "open"),
    ],
)
def test_a_mark_of_record_follows_the_sources(evidence: list[tuple[bool, str, str]], status: str) -> None:
    sources = tuple(Evidence("says", "source", confidence, checked, side) for side, confidence, checked in evidence)
    said = Claim("X", "a statement", (Check("evidence", "the record", sources=sources),))
    assert mark(said, World()).status == status


def test_a_claim_is_as_good_as_its_weakest_check() -> None:
    good = Check("figure", "charge", ask="charges.nvidia.booked", stated="4.5")
    bad = replace(good, stated="5.5")
    loose = Check("none", "nothing", why="nothing to compute")
    assert mark(Claim("X", "", (good,)), World()).status == "reproduced"
    assert mark(Claim("X", "", (good, loose)), World()).status == "open"
    assert mark(Claim("X", "", (good, loose, bad)), World()).status == "corrected"


def test_names_of_figures_are_checked() -> None:
    with pytest.raises(Problem) as caught:
        figure_named("charges.nvidia.bookd", exposure())
    assert "charges.nvidia.booked" in caught.value.needed
    with pytest.raises(Problem):
        mark(Claim("X", "", (Check("law", "x", item="i", on=date(2025, 4, 8), ask="us.outcom", stated="y"),)), World())
