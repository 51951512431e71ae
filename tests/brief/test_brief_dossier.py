"""The dossier of the shipped scenario: verdicts, map, designs, money; and that the run can be followed and repeated."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from twokey.brief import Brief, run
from twokey.brief.scenario import read_scenario
from twokey.law.region import FACTS
from twokey.quantities.problem import Problem

BEFORE, WEEK, LATER = date(2025, 4, 8), date(2025, 4, 17), date(2026, 2, 1)

VERDICTS = [  # chip, day, verdict: 88 FR 73458 for 3A090; Nvidia's 8-K of 2025-04-15 for the letter
    ("nvidia-h20", BEFORE, "open"),
    ("nvidia-h20", WEEK, "shut"),
    ("nvidia-h100", BEFORE, "shut"),
    ("nvidia-h100", WEEK, "shut"),
    ("nvidia-h800", BEFORE, "shut"),
    ("nvidia-h800", WEEK, "shut"),
    ("nvidia-a800", BEFORE, "shut"),
    ("nvidia-a800", WEEK, "shut"),
    *[("nvidia-l20", day, "open") for day in (BEFORE, WEEK, LATER)],
    *[("nvidia-rtx-4090-d", day, "open") for day in (BEFORE, WEEK, LATER)],
]


@pytest.mark.parametrize(("chip", "on", "verdict"), VERDICTS)
def test_verdicts(brief: Brief, chip: str, on: date, verdict: str) -> None:
    assert brief.answer(chip, on)["verdict"] == verdict


def test_every_chip_is_judged_on_every_day_with_reasons(brief: Brief) -> None:
    plan = brief.scenario
    assert {(a["item"], a["on"]) for a in brief.answers} == {
        (c, d.on.isoformat()) for c in plan.chips for d in plan.days
    }
    for answer in brief.answers:
        assert answer["keys"]["us"]["because"], answer["item"]
        assert all(b["cite"] for b in answer["keys"]["us"]["because"])


def test_spans_agree_with_the_verdicts(brief: Brief) -> None:
    for answer in brief.answers:
        spans = brief.spans[answer["item"]]
        held = [s for s in spans if s["from"] <= answer["on"] and (s["until"] is None or answer["on"] < s["until"])]
        assert [s["verdict"] for s in held] == [answer["verdict"]]


def test_the_map_of_the_plane_is_the_law(brief: Brief) -> None:
    """Points inside a drawn area are caught by its paragraph, points outside by none (88 FR 73458)."""
    patches = brief.patches[WEEK.isoformat()]

    def drawn(tpp: float, density: float) -> list[str]:
        return [
            name for x0, x1, y0, y1, name in patches
            if x0 <= tpp and (x1 is None or tpp < x1) and y0 <= density and (y1 is None or density < y1)
        ]  # fmt: skip

    assert drawn(4800, 0.5) == drawn(1600, 5.92) == ["3A090.a"]
    assert drawn(2400, 1.6) == drawn(1600, 3.2) == drawn(4799, 5.9) == ["3A090.b"]
    assert drawn(2368, 2.909) == drawn(1599, 50) == drawn(4799, 1.59) == []


def test_designs_are_lawful_proved_and_slower_after_the_letter(brief: Brief) -> None:
    assert len(brief.designs) == 4
    for answer in brief.designs:
        facts = [answer["best"]["facts"][name] for name in FACTS[:4]]
        facts.append(facts[2] + facts[3])
        cells = brief.regions[answer["on"]]
        assert any(
            all(float(lo) <= f and (hi is None or f < hi) for lo, f, hi in zip(c.lo, facts, c.hi, strict=True))
            for c in cells
        )
        assert answer["proved"]
        assert answer["bound"] <= answer["best"]["value"]
        assert answer["best"]["value"] - answer["bound"] <= brief.scenario.design.gap * answer["best"]["value"]
        assert {v["item"] for v in answer["versus"]} == set(brief.scenario.design.rivals)
    for before, after in zip(brief.designs[::2], brief.designs[1::2], strict=True):
        assert (before["workload"], before["on"], after["on"]) == (after["workload"], "2025-04-08", "2025-04-17")
        assert after["best"]["value"] > before["bound"]


def test_progress_never_goes_back_and_ends(brief: Brief, steps: list[tuple[str, int, int]]) -> None:
    assert brief.seconds > 0
    done = [d for _, d, _ in steps]
    assert done == sorted(done)
    assert len({t for _, _, t in steps}) == 1
    assert steps[-1][1] == steps[-1][2]


def test_json_is_json(brief: Brief) -> None:
    again = json.loads(json.dumps(brief.to_json()))
    assert sum(again["counts"].values()) == len(again["claims"]) == 18
    assert len(again["verdicts"]) == 18


def test_one_process_finds_what_two_find(brief: Brief) -> None:
    plan = read_scenario()
    small = replace(plan, design=replace(plan.design, searches=plan.design.searches[1:]), claims=())
    alone = run(small)
    assert [d["best"] for d in alone.designs] == [d["best"] for d in brief.designs[2:]]


def test_unknown_names_in_a_scenario_are_refused() -> None:
    plan = read_scenario()
    with pytest.raises(Problem):
        run(replace(plan, chips=("nvidia-h21",)))
    with pytest.raises(Problem):
        run(replace(plan, design=replace(plan.design, space="smal")))


def test_a_search_without_a_lawful_design_is_told_and_not_fatal() -> None:
    from twokey.brief.worker import solve
    from twokey.law.region import Region

    plan = read_scenario()
    import twokey.search.lawful as lawful

    patch = pytest.MonkeyPatch()
    try:
        patch.setattr(lawful, "lawful_region", lambda *_, **__: Region(()))
        answer = solve(plan, plan.design.searches[0], WEEK)
    finally:
        patch.undo()
    assert answer["best"] is None
    assert not answer["proved"]
    assert answer["problem"]["message"]


def test_an_interrupt_ends_the_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[str]] = []
    popen = subprocess.Popen

    def start(*args: Any, **options: Any) -> subprocess.Popen[str]:
        started.append(popen(*args, **options))
        return started[-1]

    def stop(stage: str, *_: int) -> None:
        if stage.startswith("searching:"):
            raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", start)
    with pytest.raises(KeyboardInterrupt):
        run(progress=stop, processes=2)
    assert started
    assert all(child.poll() is not None for child in started)
