"""What is missing of parties, foundries, memory stacks and under proposals, against brute force; what never flips."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from twokey.chips.catalogue import chips
from twokey.chips.item import Held, ItemSheet, MemoryStack, Mode
from twokey.law.answer import Answer
from twokey.law.assess import assess
from twokey.law.question import Owner, Trade

Facts = dict[str, Any]
WORSE = {"not-controlled": 0, "exception-available": 1, "licence-required": 2}
SEVERITY = {"open": 0, "conditional": 1, "shut": 2}


def exact(value: object) -> Fraction | None:
    return None if value is None else Fraction(str(value))


def chip(f: Facts) -> ItemSheet:
    modes = (Mode("fp16", 16, Fraction(f["modes"], 16)),) if f.get("modes") is not None else None
    return ItemSheet(
        "a part", seller=f.get("seller", "other"), seller_seat=f.get("seller_seat"), datacentre=f.get("datacentre"),
        modes=modes, applicable_die_area_mm2=exact(f.get("applicable_die_area_mm2")),
        dram_bandwidth_GBps=exact(f.get("dram_bandwidth_GBps")), io_bandwidth_GBps=exact(f.get("io_bandwidth_GBps")),
        interconnect_bandwidth_GBps=exact(f.get("interconnect_bandwidth_GBps")),
        transistors_bn=exact(f.get("transistors_bn")), hbm=f.get("hbm"), us_commercial_since="2020-01",
    )  # fmt: skip


PLAIN: Facts = {"dram_bandwidth_GBps": 10, "io_bandwidth_GBps": 10, "interconnect_bandwidth_GBps": 5}
SUPP_7, APPLIED = "us/foundry-2025 supp-7", "us/foundry-2025 applied"


def foundry(f: Facts, on: dt.date, to: str, word: str) -> Answer:
    trade = Trade(
        to=to, on=on, seat=f.get("seat"), from_="TW", exporter=word, packaged_in=f.get("packaged_in")
    )  # fmt: skip
    assume = {name: Fraction(f[name]) for name in (SUPP_7, APPLIED) if f.get(name) is not None}
    return assess(chip(PLAIN | f), trade, assume=assume)


def stack(f: Facts, on: dt.date, to: str, _: str) -> Answer:
    area = f.get("memory_stack")
    item = ItemSheet("a stack", seller="other", seller_seat="US", memory_stack=MemoryStack(Fraction(330), exact(area)))
    return assess(item, Trade(to=to, on=on, seat=f.get("seat")))


def owned(f: Facts, on: dt.date, to: str, word: str) -> Answer:
    left = 80 - int(word)  # what others own cannot be owned again
    share = None if f.get("owners") is None else Fraction(min(f["owners"], left))
    owners = (Owner("Huawei", share), Owner("SMIC", Fraction(20)), Owner("A firm", Fraction(int(word)), False))
    free = PLAIN | {"modes": 100, "applicable_die_area_mm2": 500, "datacentre": True, "seller_seat": "US"}
    return assess(chip(free), Trade(to=to, on=on, seat=f.get("seat"), owners=owners))


def bill(f: Facts, on: dt.date, to: str, word: str) -> Answer:
    trade = Trade(to=to, on=on, seat=f.get("seat"))
    return assess(chip(PLAIN | {"seller_seat": "US"} | f), trade, overlays=[Path(f"proposed/{word}")])


SEATS = ("CN", "BR", "MO", "VN")
AREA = (50, 280, 330, 480, 760, 1700, 3200, 20000)
"""With the rates beside it, one value for each way of lying to the limits of density."""

FAMILIES: dict[str, tuple[Callable[..., Answer], Facts, tuple[str, ...], tuple[str, ...], int]] = {
    "foundry": (
        foundry,
        {
            "modes": (100, 1599, 1600, 2399, 2400, 4799, 4800), "applicable_die_area_mm2": AREA,
            "datacentre": (True, False), "seller_seat": ("US", "CN", "TW", "MO", "ZA"),
            "transistors_bn": (20, 30, 34, 35, 39, 40, 60), "hbm": (True, False),
            "packaged_in": ("TW", "CN", "MO", "SO"), "seat": SEATS, SUPP_7: (0, 1), APPLIED: (0, 1),
        },
        ("fabricator", "osat"),
        ("2025-01-30", "2025-03-01", "2026-08-01", "2027-06-01", "2028-06-01", "2029-06-01"), 25,
    ),
    "stack": (
        stack, {"memory_stack": (400, 165, 150, 110, 100, 90), "seat": SEATS}, ("",),
        ("2024-12-30", "2024-12-31", "2026-08-01"), 8,
    ),
    "owned": (
        owned, {"owners": (0, 15, 29, 30, 31, 50), "seat": SEATS}, ("20", "30", "45", "51"),
        ("2025-09-28", "2025-10-15", "2026-01-15", "2026-11-10"), 8,
    ),
    "bill": (
        bill,
        {
            "modes": (100, 1599, 1600, 2399, 2400, 4799, 4800, 18022, 18023, 40000),
            "applicable_die_area_mm2": AREA, "datacentre": (True, False),
            "seat": SEATS,
        },
        ("ai-overwatch", "safe-chips", "scale"), ("2023-06-01", "2024-06-01", "2025-03-01", "2026-03-01"), 20,
    ),
}  # fmt: skip
"""For each kind of question how to ask it, the values of its facts, its word, its days, and how often it is drawn."""


def cases() -> list[tuple[str, Facts, tuple[str, ...], str, str, dt.date]]:
    draw = random.Random(41)
    found = []
    for name, (_, grid, words, days, count) in FAMILIES.items():
        for _ in range(count):
            absent = tuple(draw.sample(sorted(grid), draw.choice((1, 2, 3) if len(grid) > 2 else (1, 2))))
            known = {n: draw.choice(v) for n, v in grid.items() if n not in absent}
            on = dt.date.fromisoformat(draw.choice(days))
            if name == "foundry" and on.year < 2027:  # what is not asked yet is not open
                absent = tuple(n for n in absent if n != APPLIED)
            found.append((name, known, absent, draw.choice(words), draw.choice(("CN", "CN", "SG", "VN")), on))
    return found


@pytest.mark.parametrize("case", cases(), ids=str)
def test_law_missing_of_special_questions_is_what_brute_force_finds(
    case: tuple[str, Facts, tuple[str, ...], str, str, dt.date],
) -> None:
    name, known, absent, word, to, on = case
    ask, grid, *_ = FAMILIES[name]
    answer = ask(known, on, to, word)
    results: dict[tuple[Any, ...], tuple[str, str]] = {}
    for values in itertools.product(*(grid[n] for n in absent)):
        full = ask(known | dict(zip(absent, values, strict=True)), on, to, word)
        assert full.us.outcome != "undetermined"
        results[values] = (full.us.outcome, full.us.review)
    outcomes, reviews = ({r[i] for r in results.values()} for i in (0, 1))
    assert answer.us.outcome == (outcomes.pop() if len(outcomes) == 1 else "undetermined")
    part = 0 if answer.us.outcome == "undetermined" else 1
    if part:
        assert answer.us.review == (reviews.pop() if len(reviews) == 1 else "undetermined")
    matters = {
        n
        for i, n in enumerate(absent)
        for values, result in results.items()
        for other in grid[n]
        if results[(*values[:i], other, *values[i + 1 :])][part] != result[part]
    }
    assert set(answer.us.missing) == matters


@pytest.mark.parametrize("name", FAMILIES)
def test_law_learning_a_special_fact_never_flips_a_settled_answer(name: str) -> None:
    draw = random.Random(5)
    ask, grid, words, days, _ = FAMILIES[name]
    for _ in range(40):
        facts = {n: draw.choice(v) for n, v in grid.items()}
        order = draw.sample(sorted(facts), len(facts))
        word, to, on = draw.choice(words), draw.choice(("CN", "SG", "VN")), dt.date.fromisoformat(draw.choice(days))
        settled: Answer | None = None
        for cut in range(0, len(order) + 1, 2):
            answer = ask({n: facts[n] for n in order[:cut]}, on, to, word)
            if settled is not None:
                assert answer.us.outcome == settled.us.outcome
                assert set(answer.us.missing) <= set(settled.us.missing)
            if answer.us.outcome != "undetermined":
                settled = answer


@pytest.mark.parametrize(
    ("name", "faster"),
    [
        ("foundry", "modes"),
        ("foundry", "transistors_bn"),
        ("stack", "memory_stack"),
        ("owned", "owners"),
        ("bill", "modes"),
    ],
)
def test_law_more_of_it_never_loosens_a_special_control(name: str, faster: str) -> None:
    draw = random.Random(9)
    ask, grid, words, days, _ = FAMILIES[name]
    for _ in range(150):
        facts = {n: draw.choice(v) for n, v in grid.items()}
        values = sorted(grid[faster], reverse=faster == "memory_stack")  # the smaller the area, the denser the stack
        first, second = sorted((draw.randrange(len(values)), draw.randrange(len(values))))
        word, to, on = draw.choice(words), draw.choice(("CN", "SG", "VN")), dt.date.fromisoformat(draw.choice(days))
        slow, fast = (ask(facts | {faster: values[i]}, on, to, word) for i in (first, second))
        assert WORSE[fast.us.outcome] >= WORSE[slow.us.outcome], (facts, word, to, on)
        assert SEVERITY[fast.verdict] >= SEVERITY[slow.verdict], (facts, word, to, on)


def test_law_a_board_is_judged_as_its_chip_whatever_the_chip() -> None:
    names = {"3A090": "4A090", "3A090.a": "4A090.a"}
    for on, more in (("2023-01-20", {}), ("2023-12-01", {}), ("2025-05-01", {"3A090.b": "4A090.b"})):
        for known in chips()[::3]:
            if known.item.memory_stack is not None or known.item.uncertain:
                continue
            trade = Trade(to="CN", seat="CN", on=dt.date.fromisoformat(on))
            one = assess(known.item, trade)
            board = assess(ItemSheet("a board", seller=known.item.seller, holds=(Held(known.id, 3),)), trade)
            assert (board.us.outcome, board.us.review, board.verdict) == (one.us.outcome, one.us.review, one.verdict)
            renamed = [(names | more).get(code, code) for code in one.us.classification]
            assert list(board.us.classification) == renamed, known.id


def test_law_an_overlay_leaves_all_that_it_does_not_name_as_it_was() -> None:
    """A duty that a bill would add changes no outcome; a control it adds loosens none."""
    draw = random.Random(2)
    grid = FAMILIES["bill"][1]
    for _ in range(60):
        facts = {n: draw.choice(v) for n, v in grid.items()}
        on, to = (
            dt.date.fromisoformat(draw.choice(("2023-06-01", "2025-03-01", "2026-03-01"))),
            draw.choice(("CN", "SG")),
        )
        item = chip(PLAIN | {"seller_seat": "US"} | facts)
        trade = Trade(to=to, on=on, seat=facts["seat"])
        now = assess(item, trade)
        for name in ("chip-security", "gain", "remote-access", "action-plan-draft"):
            then = assess(item, trade, overlays=[Path(f"proposed/{name}")])
            assert replace(then, flags=()).to_json() == replace(now, flags=()).to_json()
        for name in ("ai-overwatch", "safe-chips"):
            then = assess(item, trade, overlays=[Path(f"proposed/{name}")])
            assert WORSE[then.us.outcome] >= WORSE[now.us.outcome]
