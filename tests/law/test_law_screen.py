"""One text, three readings: the mask of a point equals its exact answer, a box's answer contains every point's."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from twokey.chips.item import ItemSheet, Mode
from twokey.law.assess import assess
from twokey.law.question import Trade
from twokey.law.region import FACTS, Region
from twokey.law.screen import VERDICTS, box, lawful_region, mask, verdict_table, verdicts

DAYS = ("2022-10-21", "2023-11-17", "2025-04-17", "2026-01-15")
SELLERS = ("nvidia", "cerebras")
SMALL = Fraction(1, 10**12)
POINTS = 600


def _limits(day: str) -> list[list[Fraction]]:
    """The limits of the day on each fact, taken from the regions themselves."""
    found: list[set[Fraction]] = [set() for _ in FACTS]
    for datacentre in (True, False):
        for accept in ("open", "conditional"):
            region = _region(day, "nvidia", datacentre, accept)
            for cell in region.cells:
                for axis, hi in enumerate(cell.hi):
                    if hi is not None:
                        found[axis].add(hi)
    found[0] |= {Fraction(21000)}
    return [sorted(f) for f in found]


def _region(day: str, seller: str, datacentre: bool, accept: str = "open") -> Region:
    trade = Trade(to="CN", on=dt.date.fromisoformat(day))
    return lawful_region(trade, seller=seller, datacentre=datacentre, accept=accept)


def _near(draw: random.Random, limits: list[Fraction], top: int) -> Fraction:
    if limits and draw.random() < 0.8:
        limit = draw.choice(limits)
        return draw.choice((limit, limit * (1 - SMALL), limit * (1 + SMALL), limit * Fraction(9, 10), limit * 2))
    return Fraction(draw.randrange(1, top * 8), 8)


def _points(day: str, seed: int) -> list[tuple[Fraction, ...]]:
    draw = random.Random(seed)
    tpp, density, dram, io, both = _limits(day)
    found: list[tuple[Fraction, ...]] = []
    for _ in range(POINTS):
        a, b = _near(draw, tpp, 9000), _near(draw, density, 9)
        c, d = _near(draw, dram, 5000), _near(draw, io, 1500)
        if both and draw.random() < 0.3:
            d = max(Fraction(0), _near(draw, both, 3000) - c)
        found.append((a, b, c, d, c + d))
    return found


def _exact(point: tuple[Fraction, ...], seller: str, datacentre: bool, day: str) -> set[str]:
    """The verdicts of the exact reading over what is missing: the letters' reach, and the US market in 2026."""
    tpp, density, dram, io, _ = point
    item = ItemSheet(
        name="a design",
        seller=seller,
        seller_seat="US",
        datacentre=datacentre,
        modes=(Mode("fp16", 16, tpp / 16),),
        applicable_die_area_mm2=tpp / density,
        dram_bandwidth_GBps=dram,
        io_bandwidth_GBps=io,
    )
    trade = Trade(to="CN", on=dt.date.fromisoformat(day))
    answer = assess(item, trade)
    if answer.verdict != "undetermined":
        return {answer.verdict}
    return {
        assess(replace(item, us_commercial_since=since), trade, assume={"us/letter-2025-04": reach}).verdict
        for since in ("2024-01", "2027-01")
        for reach in (Fraction(0), Fraction(1))
    }


@pytest.mark.parametrize("datacentre", [True, False])
@pytest.mark.parametrize("seller", SELLERS)
@pytest.mark.parametrize("day", DAYS)
def test_law_screen_equals_the_exact_reading(day: str, seller: str, datacentre: bool) -> None:
    points = _points(day, seed=len(seller) + datacentre)
    facts = np.array([[float(v) for v in p] for p in points]).T
    exact = [_exact(p, seller, datacentre, day) for p in points]
    for accept, wanted in (("open", {"open"}), ("conditional", {"open", "conditional"})):
        region = _region(day, seller, datacentre, accept)
        want = [v <= wanted for v in exact]
        assert mask(region, facts, lambda i: points[i]).tolist() == want
        careful = mask(region, facts)
        assert not (careful & ~np.array(want)).any()
        assert [region.holds(p) for p in points] == want
    assert 0 < sum(v == {"open"} for v in exact) < POINTS
    trade = Trade(to="CN", on=dt.date.fromisoformat(day))
    codes = verdicts(verdict_table(trade, seller=seller, datacentre=datacentre), facts)
    for code, want_all in zip(codes, exact, strict=True):
        words = {"undetermined"} if len(want_all) > 1 else want_all
        assert code == -1 or VERDICTS[code] in words
    assert (codes >= 0).sum() > 20


@pytest.mark.parametrize("datacentre", [True, False])
@pytest.mark.parametrize("day", DAYS)
def test_law_box_contains_every_point(day: str, datacentre: bool) -> None:
    points = _points(day, seed=5)
    draw = random.Random(3)
    region = _region(day, "nvidia", datacentre)
    ends = [draw.sample(points, 2) for _ in range(400)]
    lo = np.array([[float(min(a, b)) for a, b in zip(p, q, strict=True)] for p, q in ends]).T
    hi = np.array([[float(max(a, b)) for a, b in zip(p, q, strict=True)] for p, q in ends]).T
    said = box(region, lo, hi)
    assert {-1, 0, 1} & set(said.tolist())
    for column in range(len(ends)):
        for share in (0.0, 0.25, 0.5, 1.0):
            inside = lo[:, column] + share * (hi[:, column] - lo[:, column])
            holds = region.holds(tuple(Fraction(float(v)) for v in inside))
            assert said[column] == 0 or holds == (said[column] == 1)


def test_law_region_of_the_four_days() -> None:
    def shown(region: Region) -> list[dict[str, float]]:
        return [
            {name: float(hi) for name, hi in zip(FACTS, cell.hi, strict=True) if hi is not None}
            for cell in region.cells
        ]

    assert shown(_region("2022-10-21", "nvidia", True)) == [{"tpp": 4800}, {"io_bandwidth_GBps": 600}]
    three: list[dict[str, float]] = [
        {"tpp": 1600},
        {"tpp": 2400, "performance_density": 3.2},
        {"tpp": 4800, "performance_density": 1.6},
    ]
    assert shown(_region("2025-04-08", "nvidia", True)) == three
    letter: dict[str, float] = {"dram_bandwidth_GBps": 1400, "io_bandwidth_GBps": 1100, "dram_plus_io_GBps": 1700}
    assert shown(_region("2025-04-17", "nvidia", True)) == [cell | letter for cell in three]
    assert shown(_region("2025-04-17", "cerebras", True)) == three
    assert shown(_region("2023-11-17", "nvidia", False)) == [{"tpp": 4800}]
    assert _region("2025-04-17", "nvidia", True).cells[1].limits == (
        "us/3a090.b tpp", "us/3a090.b density", "us/letter-2025-04 dram", "us/letter-2025-04 io",
        "us/letter-2025-04 dram+io",
    )  # fmt: skip


def test_law_screen_refuses_arrays_of_another_shape() -> None:
    region = _region("2023-11-17", "nvidia", True)
    with pytest.raises(ValueError, match=r"facts must have one row per fact, shape \(5, n\); got \(4, 2\)"):
        mask(region, np.zeros((4, 2)))
    with pytest.raises(ValueError, match="lo and hi must have one shape"):
        box(region, np.zeros((5, 2)), np.zeros((5, 3)))
