"""What is missing, against brute force: every completion is judged, and facts are compared that differ alone."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from twokey.chips.catalogue import find
from twokey.chips.item import ItemSheet, Mode
from twokey.law.answer import Answer
from twokey.law.assess import assess
from twokey.law.question import Trade

REACH = "us/letter-2025-04 reach"
TPP = (100, 1599, 1600, 2399, 2400, 4799, 4800, 20999, 21000)
AREA = (50, 280, 330, 480, 760, 1700, 3200, 20000)
DRAM = (0, 700, 1150, 1399, 1400, 6499, 6500)
IO = (0, 250, 301, 550, 599, 600, 1099, 1100)
GRID: dict[str, tuple[Any, ...]] = {
    "modes": TPP,
    "applicable_die_area_mm2": AREA,
    "dram_bandwidth_GBps": DRAM,
    "io_bandwidth_GBps": IO,
    "datacentre": (True, False),
    "seller": ("nvidia", "cerebras"),
    "us_commercial_since": ("2024-01", "2026-02"),
    "seat": ("CN", "US", "VN", "BR", "RU", "MO"),
    REACH: (Fraction(0), Fraction(1)),
}
DAYS = tuple(map(dt.date.fromisoformat, ("2022-10-21", "2023-11-17", "2024-06-01", "2025-04-17", "2026-02-01")))


def _modes(tpp: int) -> tuple[Mode, ...]:
    return (Mode("fp16", 16, Fraction(tpp, 16)),)


def _answer(facts: dict[str, Any], to: str, on: dt.date) -> Answer:
    item = ItemSheet(
        name="a part",
        seller_seat="US",
        seller=facts.get("seller"),
        datacentre=facts.get("datacentre"),
        modes=_modes(facts["modes"]) if "modes" in facts else None,
        applicable_die_area_mm2=_exact(facts.get("applicable_die_area_mm2")),
        dram_bandwidth_GBps=_exact(facts.get("dram_bandwidth_GBps")),
        io_bandwidth_GBps=_exact(facts.get("io_bandwidth_GBps")),
        us_commercial_since=facts.get("us_commercial_since"),
    )
    assume = {REACH: facts[REACH]} if REACH in facts else {}
    return assess(item, Trade(to=to, on=on, seat=facts.get("seat")), assume=assume)


def _exact(value: int | None) -> Fraction | None:
    return None if value is None else Fraction(value)


def _cases() -> list[tuple[dict[str, Any], tuple[str, ...], str, dt.date]]:
    draw = random.Random(20250417)
    found = []
    for _ in range(60):
        absent = draw.sample([n for n in GRID if n != REACH], draw.choice((1, 1, 2, 2, 3)))
        known = {n: draw.choice(values) for n, values in GRID.items() if n not in absent and n != REACH}
        if draw.random() < 0.5:
            absent.append(REACH)
        else:
            known[REACH] = draw.choice(GRID[REACH])
        found.append((known, tuple(absent), draw.choice(("CN", "CN", "CN", "SG", "VN", "IL")), draw.choice(DAYS)))
    return found


@pytest.mark.parametrize("case", _cases(), ids=str)
def test_law_missing_is_what_brute_force_finds(
    case: tuple[dict[str, Any], tuple[str, ...], str, dt.date],
) -> None:
    known, absent, to, on = case
    answer = _answer(known, to, on)
    outcomes: dict[tuple[Any, ...], tuple[str, str, str]] = {}
    for values in itertools.product(*(GRID[n] for n in absent)):
        full = _answer(known | dict(zip(absent, values, strict=True)), to, on)
        assert full.us.outcome != "undetermined"
        assert full.us.missing == ()
        outcomes[values] = (full.us.outcome, full.us.review, full.verdict)
    results = {o for o, _, _ in outcomes.values()}
    reviews = {r for _, r, _ in outcomes.values()}
    verdicts = {v for _, _, v in outcomes.values()}
    assert answer.us.outcome == (results.pop() if len(results) == 1 else "undetermined")
    assert answer.verdict == (verdicts.pop() if len(verdicts) == 1 else "undetermined")
    part = 0 if answer.us.outcome == "undetermined" else 1
    if part:
        assert answer.us.review == (reviews.pop() if len(reviews) == 1 else "undetermined")
    matters = {
        name
        for i, name in enumerate(absent)
        for values, result in outcomes.items()
        for other in GRID[name]
        if outcomes[(*values[:i], other, *values[i + 1 :])][part] != result[part]
    }
    assert set(answer.us.missing) == matters


def test_law_learning_a_fact_never_flips_a_settled_answer() -> None:
    draw = random.Random(7)
    for _ in range(80):
        facts = {n: draw.choice(v) for n, v in GRID.items()}
        order = draw.sample(sorted(facts), len(facts))
        to, on = draw.choice(("CN", "SG", "VN")), draw.choice(DAYS)
        settled: Answer | None = None
        for cut in range(0, len(order) + 1, 3):
            answer = _answer({n: facts[n] for n in order[:cut]}, to, on)
            if settled is not None:
                assert answer.us.outcome == settled.us.outcome
                assert set(answer.us.missing) <= set(settled.us.missing)
            if answer.us.outcome != "undetermined":
                settled = answer


def test_law_more_speed_never_loosens_a_control() -> None:
    draw = random.Random(11)
    worse = {"not-controlled": 0, "exception-available": 1, "licence-required": 2}
    severity = {"open": 0, "conditional": 1, "shut": 2}
    for _ in range(1500):
        on, to = draw.choice(DAYS), draw.choice(("CN", "VN", "SG"))
        facts = {n: draw.choice(v) for n, v in GRID.items()}
        name = draw.choice(("modes", "dram_bandwidth_GBps", "io_bandwidth_GBps"))
        faster = facts | {name: max(facts[name], draw.choice(GRID[name]))}
        slow, fast = _answer(facts, to, on), _answer(faster, to, on)
        assert worse[fast.us.outcome] >= worse[slow.us.outcome], (facts, name, faster[name], on)
        assert severity[fast.verdict] >= severity[slow.verdict], (facts, name, faster[name], on)


def test_law_an_item_of_which_nothing_is_known() -> None:
    answer = assess(ItemSheet(name="a part"), Trade(to="CN", on=dt.date(2025, 4, 17)))
    assert answer.us.outcome == "undetermined"
    assert answer.us.missing == (
        "seller", "datacentre", "modes", "applicable_die_area_mm2", "dram_bandwidth_GBps", "io_bandwidth_GBps", REACH,
    )  # fmt: skip


def test_law_a_month_that_straddles_the_day_is_not_guessed() -> None:
    item = ItemSheet(
        "a part", seller="cerebras", seller_seat="US", datacentre=True, modes=_modes(9000),
        dram_bandwidth_GBps=Fraction(1000), io_bandwidth_GBps=Fraction(100), us_commercial_since="2026-01",
    )  # fmt: skip
    trade = Trade(to="CN", on=dt.date(2026, 2, 1))
    open_month = assess(item, trade)
    assert (open_month.us.review, open_month.us.missing) == ("undetermined", ("us_commercial_since",))
    assert assess(replace(item, us_commercial_since="2026-01-15"), trade).us.review == "case-by-case"
    assert assess(replace(item, us_commercial_since="2026-01-16"), trade).us.review == "presumption-of-denial"


def test_law_practice_is_what_brute_force_finds() -> None:
    """Guidance and reports counted: site, progress, use, buyer and seat are completed in every way."""
    grid: dict[str, tuple[Any, ...]] = {
        "seat": ("CN", "US"),
        "site": ("state-funded", "private"),
        "site_percent_complete": (Fraction(0), Fraction(29), Fraction(30), Fraction(100)),
        "use": ("new-centre", "existing-centre"),
        "end_user": ("bytedance", "somebody"),
    }
    draw = random.Random(99)
    for _ in range(60):
        item = find(draw.choice(("nvidia-h200-sxm", "nvidia-h20", "nvidia-l20", "nvidia-rtx-5090"))).item
        to = draw.choice(("CN", "CN", "SG"))
        on = draw.choice((dt.date(2025, 4, 8), dt.date(2025, 11, 10), dt.date(2026, 1, 20), dt.date(2026, 2, 1)))
        assume = {REACH: Fraction(draw.choice((0, 1))), "cn/ndrc-efficiency": Fraction(draw.choice((0, 1)))}
        absent = draw.sample(sorted(grid), draw.choice((1, 2, 3, 4)))
        known = {n: draw.choice(v) for n, v in grid.items() if n not in absent}
        trade = Trade(to=to, on=on, **known)
        full = {
            assess(item, trade.with_(**dict(zip(absent, values, strict=True))), assume=assume).in_practice
            for values in itertools.product(*(grid[n] for n in absent))
        }
        found = assess(item, trade, assume=assume).in_practice
        if "undetermined" in full:  # the power of a part without one is never known
            assert found == "undetermined" or full == {found}
        else:
            assert found == (full.pop() if len(full) == 1 else "undetermined"), (item.name, trade)
