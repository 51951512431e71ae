"""The answer over time: spans join, and agree with a check on both sides of each boundary."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace
from typing import Any

import pytest

from twokey.chips.catalogue import find
from twokey.law.assess import assess
from twokey.law.question import Trade
from twokey.law.timeline import timeline
from twokey.quantities.problem import Problem

ITEMS = ("nvidia-h20", "nvidia-h100-sxm", "nvidia-a800-sxm-80gb", "nvidia-rtx-5090", "nvidia-l40", "huawei-ascend-910b")
DAY = dt.timedelta(days=1)


@pytest.mark.parametrize("to", ["CN", "SA", "SG"])
@pytest.mark.parametrize("item", ITEMS)
def test_law_spans_join_and_agree_with_check(item: str, to: str) -> None:
    sheet, trade = find(item).item, Trade(to=to, seat=to)
    spans = timeline(sheet, trade)
    assert spans[0].first == dt.date(2022, 8, 1)
    assert spans[-1].until is None
    for before, after in itertools.pairwise(spans):
        assert before.until == after.first
        assert before.to_json() != after.to_json()
    for span in spans:
        days = [span.first, span.until - DAY] if span.until else [span.first, dt.date(2026, 10, 31)]
        for day in days:
            answer = assess(sheet, trade.with_(on=day))
            plain: dict[str, Any] = {"because": (), "conditions": ()}
            assert replace(answer.us, **plain) == replace(span.answer.us, **plain), day
            assert answer.verdict == span.answer.verdict
            assert [a["outcome"] for a in answer.cn.also] == [a["outcome"] for a in span.answer.cn.also]


def test_law_the_life_of_h20() -> None:
    spans = timeline(find("nvidia-h20").item, Trade(to="CN"))
    verdicts: list[tuple[str, str]] = []
    for span in spans:
        if not verdicts or verdicts[-1][1] != span.answer.verdict:
            verdicts.append((span.first.isoformat(), span.answer.verdict))
    assert verdicts == [
        ("2022-08-01", "open"),  # H20 as a shape: below 4800 in 2022, outside both paragraphs in 2023
        ("2025-04-09", "shut"),
        ("2025-07-14", "conditional"),
    ]


def test_law_a_timeline_may_be_cut_at_both_ends() -> None:
    spans = timeline(find("nvidia-h20").item, Trade(to="CN"), dt.date(2025, 4, 1), dt.date(2025, 5, 1))
    assert [(s.first.isoformat(), s.until.isoformat() if s.until else None) for s in spans] == [
        ("2025-04-01", "2025-04-09"),
        ("2025-04-09", "2025-05-01"),
    ]
    with pytest.raises(Problem, match="an end after the start"):
        timeline(find("nvidia-h20").item, Trade(to="CN"), dt.date(2025, 5, 1), dt.date(2025, 4, 1))
