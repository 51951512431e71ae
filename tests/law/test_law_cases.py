"""Every public case of the law: the answer of the day, the paragraph that catches the item, the exception.

The rows carry facts with their sources: the rule or company document each follows from. They suppose a shipment from
the United States by the designer to an end user that is no listed party. A blank review is not scored.
"""

from __future__ import annotations

import csv
import datetime as dt

import pytest

from twokey.chips.catalogue import find
from twokey.law.assess import assess
from twokey.law.question import Trade
from twokey.law.terms import DATA

PUBLIC, CLASSES = (
    list(csv.DictReader((DATA / "cases" / f"{name}.csv").read_text(encoding="utf-8").splitlines()))
    for name in ("public", "classes")
)
CASES = PUBLIC + CLASSES
"""Those handed to the project, and more of the kinds that they suggest."""


def test_law_cases_are_all_there() -> None:
    assert len(PUBLIC) == 172
    assert len(CLASSES) == len({tuple(c.values())[:4] for c in CLASSES}) >= 38
    assert all(c["source"] for c in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['item']}-{c['on']}-{c['to']}-{c['end_user_seat']}")
def test_law_case(case: dict[str, str]) -> None:
    trade = Trade(to=case["to"], on=dt.date.fromisoformat(case["on"]), seat=case["end_user_seat"])
    us = assess(find(case["item"]).item, trade).us
    assert us.outcome == case["outcome"]
    if case["review"]:
        assert us.review == case["review"]
    assert (us.classification[0] if us.classification else "none") == case["classification"]
    assert us.exceptions == ((case["exception"],) if case["exception"] else ())
    assert bool(us.missing) == (us.outcome == "undetermined" or us.review == "undetermined")
