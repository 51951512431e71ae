"""The conformance suite: in step with its origins, answered by Twokey, and able to score another tool."""

from __future__ import annotations

import importlib
import json
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from twokey.law.conform import FILE, Case, cases, flat, parse_cases, score_tool
from twokey.quantities.problem import Problem

ROOT = Path(__file__).resolve().parents[2]
SUITE = cases()


def bench(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    return importlib.import_module(name)


def test_twokey_answers_every_case_as_expected() -> None:
    score = score_tool(suite=SUITE)
    assert score.wrong == ()
    assert sum(score.total.values()) == len(SUITE) > 1500
    assert score.total["authoritative"] >= 8
    assert score.by_key["outcome"][1] == len(SUITE)


def test_cases_are_complete_in_themselves() -> None:
    for case in SUITE:
        assert case.cite
        assert case.asked["item"]["seller"]
        assert {"to", "on", "seat"} <= set(case.asked["trade"])
        assert json.loads(json.dumps(case.asked)) == case.asked
    outcomes = {case.expected["outcome"] for case in SUITE}
    assert outcomes == {"not-controlled", "exception-available", "licence-required", "undetermined"}


def test_the_suite_is_in_step_with_the_second_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    made = bench("conformance", monkeypatch)
    assert made.out_of_step() == []
    case = next(c for c in SUITE if c.basis == "computed" and "cn_outcome" in c.expected)
    assert made.answer(made.question_of(case)) == case.expected


def test_the_page_on_coverage_is_in_step_with_the_rule_files(monkeypatch: pytest.MonkeyPatch) -> None:
    coverage = bench("law_coverage", monkeypatch)
    assert coverage.PAGE.read_text(encoding="utf-8") == coverage.page()
    assert "Second reading: no." not in coverage.page()


def test_special_questions_are_in_the_suite() -> None:
    have = {word for case in SUITE for word in (*case.asked["item"], *case.asked["trade"], *case.asked)}
    assert {"memory_stack", "holds", "chips", "contains", "owners", "exporter", "authorisation", "with"} <= have


def test_both_readings_agree_on_questions_drawn_at_random(monkeypatch: pytest.MonkeyPatch) -> None:
    made = bench("conformance", monkeypatch)
    drawn = random.Random(17).sample(list(made.questions()), 2500)
    asked = parse_cases(made.suite(drawn))
    wrong = [(c.about, c.wrong(flat(c.answer()))) for c in asked]
    assert [w for w in wrong if w[1]] == []
    assert len(asked) > 2500


def program() -> str:
    (found,) = re.findall(
        r"^```python[^\n]*\n(.*?)^```", (ROOT / "docs" / "conformance.md").read_text("utf-8"), re.M | re.S
    )
    return str(found)


@pytest.fixture
def tool(tmp_path: Path) -> str:
    (tmp_path / "one_rule.py").write_text(program(), encoding="utf-8")
    return f"{sys.executable} {tmp_path / 'one_rule.py'}"


def plain(case: Case) -> dict[str, Any]:
    """What the program of the documentation says."""
    tpp = case.item.tpp or 0
    assert case.trade.on is not None
    caught = tpp >= 4800 and case.trade.to == "CN" and case.trade.on.isoformat() >= "2023-11-17"
    outcome = "licence-required" if caught else "not-controlled"
    return {"outcome": outcome, "classification": ["3A090.a"] if caught else [], "exceptions": []}


def test_another_tool_is_scored_case_by_case(tool: str) -> None:
    some = SUITE[:300]
    found = score_tool(tool, some).to_json()
    right = [c for c in some if not c.wrong(plain(c))]
    assert 0 < found["right"] == len(right) < found["cases"] == 300
    assert len(found["wrong"]) == 300 - len(right)
    assert {w["id"] for w in found["wrong"]} == {c.id for c in some} - {c.id for c in right}
    assert all(w["expected"] != w["said"] and w["cite"] for w in found["wrong"])


def test_a_tool_that_says_nothing_is_right_about_nothing(tmp_path: Path) -> None:
    (tmp_path / "mute.py").write_text("import sys\nfor line in sys.stdin: print('{}')\n", encoding="utf-8")
    assert score_tool(f"{sys.executable} {tmp_path / 'mute.py'}", SUITE[:50]).to_json()["right"] == 0


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("import sys\nsys.stdin.readline(); print('{}')", "nothing after 1 lines"),
        ("import sys\nfor line in sys.stdin: print('no idea')", "no idea"),
        ("import sys\nfor line in sys.stdin: print(3)", "a JSON object"),
    ],
)
def test_a_tool_that_does_not_answer_is_refused(tmp_path: Path, text: str, given: str) -> None:
    (tmp_path / "odd.py").write_text(text, encoding="utf-8")
    with pytest.raises(Problem, match=given):
        score_tool(f"{sys.executable} {tmp_path / 'odd.py'}", SUITE[:5])
    with pytest.raises(Problem, match="can be started"):
        score_tool("no-such-tool-anywhere --x", SUITE[:5])


def test_a_suite_that_is_not_one_is_refused() -> None:
    text = FILE.read_text(encoding="utf-8")
    for old, new, given in (
        ("twokey-conformance/1", "twokey-conformance/9", "format"),
        ('"outcome": ', '"outcoem": ', "outcoem"),
        ('"seller"', '"sellor"', "sellor"),
    ):
        with pytest.raises(Problem, match=given) as caught:
            parse_cases(text.replace(old, new, 1))
        assert caught.value.kind == "bad-data"


def test_the_verb_scores_and_exits_by_the_result(tool: str) -> None:
    twokey = str(Path(sys.executable).with_name("twokey"))
    good = subprocess.run([twokey, "conformance", "--json"], capture_output=True, text=True, timeout=60)
    assert good.returncode == 0, good.stderr
    assert json.loads(good.stdout)["right"] == len(SUITE)
    bad = subprocess.run([twokey, "conformance", "--tool", tool], capture_output=True, text=True, timeout=60)
    assert bad.returncode == 1, bad.stderr
    assert f"of {len(SUITE)} cases as expected" in bad.stdout.splitlines()[0]
