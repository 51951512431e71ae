"""The tree of what was consulted, with margins; rule pages with text, history, cases and what to check against."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest

from twokey.chips.catalogue import find
from twokey.law.assess import assess
from twokey.law.book import describe, proposed, rule, rules
from twokey.law.consulted import tree, tree_text
from twokey.law.describe import cases_of
from twokey.law.question import Trade
from twokey.law.rule import Rule


def asked(item: str, on: str, to: str = "CN", **facts: Any) -> dict[str, Any]:
    return tree(find(item).item, Trade(to=to, seat=to, on=dt.date.fromisoformat(on)).with_(**facts))


def leaves_of(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "test" in node:
            yield node
        for part in node.values():
            yield from leaves_of(part)
    elif isinstance(node, list):
        for part in node:
            yield from leaves_of(part)


def one(found: dict[str, Any], rule_id: str) -> dict[str, Any]:
    (wanted,) = (r for r in found["rules"] if r["rule"] == rule_id)
    return wanted  # type: ignore[no-any-return]


def test_explain_each_test_has_value_limit_margin_and_citation() -> None:
    found = asked("nvidia-h20", "2025-04-17")
    assert json.loads(json.dumps(found)) == found
    density = next(t for t in leaves_of(one(found, "us/3a090.a")["item"]) if t["id"] == "a.2.density")
    assert density == {
        "id": "a.2.density", "word": "performance_density", "test": "performance_density >= 5.92 TOPS.bit/mm2",
        "holds": "no", "says": "Performance density ≈2.909 is below 5.92 TOPS.bit/mm2",
        "cite": "88 FR 73458, 3A090.a", "checked": "unverified", "value": 2.90909, "limit": 5.92,
        "unit": "TOPS.bit/mm2", "margin": -3.01091, "margin_percent": -50.86,
    }  # fmt: skip
    dram = next(t for t in leaves_of(one(found, "us/letter-2025-04")["item"]) if t["id"] == "dram")
    assert (dram["margin"], dram["margin_percent"]) == (2600, 185.714)
    for node in leaves_of(found["rules"]):
        assert node["cite"]
        assert node["says"]
        assert node["holds"] in ("yes", "no", "unknown")
        assert ("limit" in node) == ("unit" in node)


@pytest.mark.parametrize("on", ["2022-09-15", "2023-01-10", "2023-11-20", "2025-04-17", "2026-02-01"])
@pytest.mark.parametrize("item", ["nvidia-h20", "nvidia-h100-sxm", "nvidia-l40", "huawei-ascend-910b"])
def test_explain_agrees_with_the_answer(item: str, on: str) -> None:
    found = asked(item, on)
    answer = assess(find(item).item, Trade(to="CN", seat="CN", on=dt.date.fromisoformat(on)))
    reaching = {r["rule"] for r in found["rules"] if r["layer"] == "control" and r["reaches"] == "yes"}
    required = [rule(r) for r in reaching if one(found, r)["enforcement"] == "in-force"]
    assert bool(required) == (answer.us.outcome in ("licence-required", "exception-available"))
    consulted = {r["rule"] for r in found["rules"]}
    assert {str(b["rule"]) for b in answer.us.because} <= consulted
    assert {str(a["rule"]) for a in answer.cn.also} <= consulted


def test_explain_unknown_facts_are_said_to_be_unknown() -> None:
    found = asked("aws-inferentia2", "2023-11-17")
    density = next(t for t in leaves_of(one(found, "us/3a090.a")["item"]) if t["id"] == "a.2.density")
    assert (density["holds"], density["value"]) == ("unknown", None)
    assert "margin" not in density


def test_explain_text_has_a_line_for_each_test_that_bears_on_the_case() -> None:
    text = tree_text(asked("nvidia-h20", "2025-04-17"))
    assert "dram DRAM bandwidth 4000 is at or above 1400 GB/s (margin +2600, +186%)" in text
    assert "us/foundry-2025" not in text  # it binds whom the trade does not name
    assert "us/entity-list" not in text
    assert "us/foundry-2025" in tree_text(asked("nvidia-h20", "2025-04-17"), all_rules=True)
    assert text.index("us/3a090.a") < text.index("us/letter-2025-04")


def test_explain_the_catching_limb_is_named_and_not_the_note() -> None:
    answer = assess(find("nvidia-h100-sxm").item, Trade(to="CN", seat="CN", on=dt.date(2025, 4, 17)))
    nodes = [b["node"] for b in answer.us.because if b["rule"] == "us/3a090.a"]
    assert nodes[0] == "a.1"
    assert "note-2.tpp" not in nodes
    gaming = assess(find("nvidia-rtx-4090").item, Trade(to="CN", seat="CN", on=dt.date(2023, 11, 20)))
    assert [b["node"] for b in gaming.us.because if b["rule"] == "us/3a090.a"][0] == "a.1"  # noqa: RUF015


@pytest.mark.parametrize("one_rule", [*rules(), *proposed()], ids=lambda r: r.id)
def test_explain_each_rule_says_what_to_check_it_against(one_rule: Rule) -> None:
    assert len(one_rule.verify) > 15
    assert f"To check: {one_rule.verify}" in describe(one_rule)
    assert one_rule.to_json()["verify"] == one_rule.verify


def test_explain_pages_read_like_the_law() -> None:
    page = describe(rule("us/3a090.b"))
    for line in (
        "[b.1.tpp] total processing performance of 2400 TOPS.bit or more",
        "[b.1.density-end] performance density below 5.92 TOPS.bit/mm2",
        "not [allied] destination: one of A:5, A:6",
    ):
        assert line in page
    history = page[page.index("History") :]
    assert "- gives, if [embargo]: presumption-of-denial" in history
    assert "+ gives, if [embargo]: case-by-case" in history
    assert "2023-11-17 nvidia-a30 to CN: exception-available, NAC" in page
    letter = describe(rule("us/letter-2025-04"))
    assert "nvidia-h20-96gb to CN: licence-required (stated by a government or a company)" in letter


def test_explain_cases_touch_the_rule_of_their_day() -> None:
    assert {c["on"] for c in cases_of(rule("us/3a090"))} == {"2022-10-21", "2023-01-16", "2023-01-17"}
    assert all(c["exception"] == "NAC" for c in cases_of(rule("us/nac")))
    assert all(c["on"] >= "2026-01-15" for c in cases_of(rule("us/case-by-case-2026")))
    assert cases_of(rule("cn/gb40879")) == []
