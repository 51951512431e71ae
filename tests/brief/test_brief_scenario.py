"""Scenario files: the shipped one is whole, and what cannot be used is refused with place and cure."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from twokey.brief import run
from twokey.brief import scenario as module
from twokey.brief.html import render
from twokey.brief.scenario import read_scenario, shipped
from twokey.brief.text import render as render_text
from twokey.quantities.problem import Problem

SOURCE = (Path(module.__file__).parent.parent / "data" / "scenarios" / "2025-04-17.yaml").read_text(encoding="utf-8")


def test_the_shipped_scenario_is_whole() -> None:
    plan = read_scenario()
    assert shipped() == ("2025-04-17",)
    assert [c.id for c in plan.claims] == [f"C{i:02}" for i in range(1, 19)]
    assert [str(d.on) for d in plan.days] == ["2025-04-08", "2025-04-17", "2026-02-01"]
    assert len(plan.chips) == 6
    assert {s.workload for s in plan.design.searches} == {"deepseek-v3-decode", "llama-3-70b-prefill"}
    assert plan.seller == "nvidia"
    assert all(e.evidence.source for e in plan.events)
    assert [e.on for e in plan.events] == sorted(e.on for e in plan.events)


def test_a_scenario_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SOURCE.replace("title: The week of 17 April 2025", "title: Mine"))
    assert read_scenario(path).title == "Mine"


@pytest.mark.parametrize(
    ("old", "new", "needed"),
    [
        ("question: >-", "queston: >-", "question"),
        ("  to: CN\n", "  to: Chinna\n", "country"),
        ("  to: CN\n", "", "destination"),
        ("  seller: nvidia\n", "  seller: nvidia\n  on: 2025-04-17\n", "without a day"),
        ("datacentre: yes", "datacentre: perhaps", "one of yes, no"),
        ("- {on: 2025-04-08, name: before the letter}", "- {on: 2025-04-31, name: before}", "a day that exists"),
        ("last: 2026-10-31}", "last: 2020-10-31}", "a day after `first`"),
        ("gap: 0.01", "gap: 1", "between 0 and 1"),
        ("kind: law, about: \"US answer for H20 on 2025-04-08\"", "kind: lawful, about: \"x\"", "one of law, change"),
        ("ask: us.outcome, stated: not-controlled}", "ask: us.outcome}", "what the claim states"),
        ("- id: C02", "- id: C01", "each id once"),
        ("confidence: high, checked: read-once}", "confidence: sure, checked: read-once}", "one of high, medium"),
        ("ask: charges.nvidia.booked, stated: 5.5", "ask: charges.nvidia.booked, stated: much", "decimal number"),
        ("list_301: \"3\"", "list_301: \"9\"", "one of 1, 3, 4A, none"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused(tmp_path: Path, old: str, new: str, needed: str) -> None:
    assert old in SOURCE
    path = tmp_path / "mine.yaml"
    path.write_text(SOURCE.replace(old, new, 1))
    with pytest.raises(Problem) as caught:
        read_scenario(path)
    assert needed in caught.value.needed
    assert "mine.yaml:" in caught.value.where
    assert caught.value.fix


def test_an_unknown_name_lists_the_shipped_ones() -> None:
    with pytest.raises(Problem) as caught:
        read_scenario("april")
    assert "2025-04-17" in caught.value.needed
    with pytest.raises(Problem):
        read_scenario("no/such/file.yaml")


def test_a_small_scenario_gives_a_whole_page(tmp_path: Path) -> None:
    """One seller outside the letters, one chip, one day, one search: parts of which nothing is said are left out."""
    path = tmp_path / "small.yaml"
    path.write_text(
        "name: small\ntitle: A small question\nquestion: May it go?\ntrade: {from: US, to: CN, seat: CN}\n"
        "datacentre: no\ndays: [{on: 2024-06-01, name: then}]\ntimeline: {first: 2023-01-01, last: 2024-12-31}\n"
        "chips: [amd-mi210]\ndesign:\n  space: small\n  gap: 0.02\n  days: [2024-06-01]\n"
        "  searches: [{workload: llama-3-70b-prefill, objective: ttft}]\n  rivals: []\n"
    )
    brief = run(path)
    page = render(brief)
    assert [part for part in ("duties", "charge", "claims", "who") if f'id="{part}"' in page] == []
    assert 'id="designs"' in page
    assert brief.designs[0]["proved"]
    out = io.StringIO()
    Console(file=out, width=100).print(render_text(brief))
    assert "A small question" in out.getvalue()
    assert "Claims" not in out.getvalue()
