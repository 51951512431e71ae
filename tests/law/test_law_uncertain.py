"""Figures given as low, mid and high: settled where the range agrees, else missing, each answer with its chance."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from twokey.chips.item import ItemSheet, Mode, Triple, read_item
from twokey.law import chance
from twokey.law.answer import Answer
from twokey.law.assess import assess
from twokey.law.chance import Chances, share_below
from twokey.law.question import Trade

DAY = dt.date(2025, 5, 1)


def chip(**facts: Any) -> ItemSheet:
    known: dict[str, Any] = {
        "seller": "nvidia", "seller_seat": "US", "datacentre": True, "modes": (Mode("fp16", 16, Fraction(148)),),
        "applicable_die_area_mm2": Fraction(814), "dram_bandwidth_GBps": Fraction(1000),
        "io_bandwidth_GBps": Fraction(500),
    } | facts  # fmt: skip
    return ItemSheet("a chip", **known)


def unsure(name: str, low: int, mid: int, high: int, **facts: Any) -> ItemSheet:
    return chip(**{name: None}, uncertain={name: (Fraction(low), Fraction(mid), Fraction(high))}, **facts)


def ask(item: ItemSheet, on: dt.date = DAY) -> Answer:
    return assess(item, Trade(to="CN", seat="CN", on=on))


def chances(answer: Answer) -> Chances:
    assert answer.probabilities is not None
    return answer.probabilities


@pytest.mark.parametrize("triple", [(0, 1, 2), (0, 0, 2), (0, 2, 2), (5, 6, 9)])
def test_uncertain_shares_are_those_of_a_triangle(triple: tuple[int, int, int]) -> None:
    low, mid, high = exact = tuple(map(Fraction, triple))
    draw = random.Random(1)
    points = [draw.triangular(float(low), float(high), float(mid)) for _ in range(40_000)]
    for x in (low, (low + mid) / 2, mid, (mid + high) / 2, high):
        below = sum(p < x for p in points) / len(points)
        assert float(share_below(x, exact)) == pytest.approx(below, abs=0.01)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("item", "outcome"),
    [
        # 1 less the share below: (1800-1200)^2 / ((1800-800)(1800-1000)); 1200 is where the sum with I/O reaches 1700
        (unsure("dram_bandwidth_GBps", 800, 1000, 1800), {"licence-required": "0.45", "not-controlled": "0.55"}),
        (unsure("io_bandwidth_GBps", 600, 700, 800), {"licence-required": "0.5", "not-controlled": "0.5"}),
        # the TPP of 2400 from 2000 to 2800 with its mode at 2400
        (unsure("modes", 2000, 2400, 2800), {"exception-available": "0.5", "not-controlled": "0.5"}),
        # a density of 3.2 at an area of 740
        (unsure("applicable_die_area_mm2", 640, 740, 840), {"exception-available": "0.5", "not-controlled": "0.5"}),
        (unsure("dram_bandwidth_GBps", 100, 200, 300), {"not-controlled": "1"}),
        (unsure("dram_bandwidth_GBps", 1400, 1500, 1600), {"licence-required": "1"}),
    ],
)
def test_uncertain_probabilities_of_one_figure_are_exact(item: ItemSheet, outcome: dict[str, str]) -> None:
    answer = ask(item)
    found = chances(answer)
    assert found.method == "exact"
    assert found.outcome == {word: Fraction(p) for word, p in outcome.items()}
    assert sum(found.verdict.values()) == 1
    settled = len(outcome) == 1
    assert (answer.us.outcome != "undetermined") == settled
    assert answer.us.missing == (() if settled else (next(iter(item.uncertain)),))


def test_uncertain_probabilities_of_several_figures_are_sampled_with_their_error() -> None:
    item = chip(
        modes=None, dram_bandwidth_GBps=None,
        uncertain={"modes": (Fraction(2000), Fraction(2400), Fraction(2800)),
                   "dram_bandwidth_GBps": (Fraction(800), Fraction(1000), Fraction(1800))},
    )  # fmt: skip
    found = chances(ask(item))
    assert (found.method, found.draws, found.seed) == ("sampled", chance.DRAWS, chance.SEED)
    assert sum(found.outcome.values()) == 1
    want = {"licence-required": 0.45, "exception-available": 0.275, "not-controlled": 0.275}
    for word, p in want.items():  # independent: 0.55 / 2 each
        assert float(found.outcome[word]) == pytest.approx(p, abs=5 * found.error)
    assert 0 < found.error < 0.005
    assert chances(ask(item)) == found
    shown = ask(item).to_json()
    assert shown["probabilities"]["standard_error"] == round(found.error, 6)  # type: ignore[index]
    assert shown["uncertain"] == {"modes": [2000, 2400, 2800], "dram_bandwidth_GBps": [800, 1000, 1800]}


def test_uncertain_figures_are_missing_within_their_range_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against brute force: every figure of the range tried, at its ends and at the limits within."""
    limits = {
        "modes": (1599, 1600, 2399, 2400, 4799, 4800),
        "applicable_die_area_mm2": (200, 250, 300, 330, 500, 740, 751, 1500, 1600, 3000),
        "dram_bandwidth_GBps": (0, 600, 601, 1199, 1200, 1399, 1400, 2000),
        "io_bandwidth_GBps": (0, 300, 301, 700, 1099, 1100, 1300),
    }
    monkeypatch.setattr(chance, "DRAWS", 20)
    draw = random.Random(8)
    for _ in range(80):
        names = draw.sample(sorted(limits), draw.choice((1, 1, 2)))
        uncertain: dict[str, Triple] = {}
        for name in names:
            low, high = sorted(draw.sample(limits[name], 2))
            uncertain[name] = (Fraction(low), Fraction(low + high, 2), Fraction(high))
        item = chip(**dict.fromkeys(names), uncertain=uncertain, seller=draw.choice(("nvidia", "other")))
        steps = {
            n: sorted({Fraction(v) for v in limits[n] if low <= v <= high} | _fine(low, high))
            for n, (low, _, high) in uncertain.items()
        }
        seen = {
            assess(_with(item, dict(zip(steps, values, strict=True))), Trade(to="CN", seat="CN", on=DAY)).us.outcome
            for values in itertools.product(*steps.values())
        }
        said = assess(replace(item), Trade(to="CN", seat="CN", on=DAY)).us
        if said.outcome == "undetermined":
            assert set(said.missing) <= set(names)
        else:
            assert seen == {said.outcome}, (item, seen)
        if len(seen) > 1:
            assert said.outcome == "undetermined", (item, seen)


def _fine(low: Fraction, high: Fraction) -> set[Fraction]:
    return {low + (high - low) * k / 12 for k in range(13)}


def _with(item: ItemSheet, values: dict[str, Fraction]) -> ItemSheet:
    return chance._filled(item, values)


def test_uncertain_rates_are_read_from_a_sheet(tmp_path: Path) -> None:
    path = tmp_path / "item.yaml"
    text = """name: x
modes:
- {mode: fp16, bits: 16, tops: {low: 100, mid: 150, high: 160}}
- {mode: int8, bits: 8, tops: 250}
"""
    path.write_text(text, encoding="utf-8")
    assert read_item(path).uncertain == {"modes": (Fraction(2000), Fraction(2400), Fraction(2560))}
    path.write_text(text.replace("250", "900"), encoding="utf-8")
    item = read_item(path)  # the other mode has the larger product whatever this one's rate
    assert (item.tpp, item.uncertain) == (Fraction(7200), {})


def test_uncertain_sheets_without_a_range_answer_as_before() -> None:
    assert ask(chip()).probabilities is None
    assert "probabilities" not in ask(chip()).to_json()
