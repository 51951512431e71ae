"""Proposed rules laid on the law of a day: what each does to known chips, and that none of them is law."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from twokey.chips.catalogue import chips, find
from twokey.chips.item import ItemSheet, Mode
from twokey.law.answer import Answer
from twokey.law.assess import assess
from twokey.law.book import overlay, proposed, rule, rules
from twokey.law.question import Trade
from twokey.law.region import FACTS
from twokey.law.rolling import rolling
from twokey.law.screen import lawful_region
from twokey.law.timeline import timeline
from twokey.quantities.problem import Problem

BILLS = ("ai-overwatch", "safe-chips", "scale", "chip-security", "gain", "remote-access")


def ask(item: ItemSheet | str, bill: str | None, on: str = "2025-03-01", to: str = "CN", **facts: Any) -> Answer:
    sheet = find(item).item if isinstance(item, str) else item
    overlays = [Path(f"proposed/{bill}")] if bill else []
    return assess(sheet, Trade(to=to, seat=to, on=dt.date.fromisoformat(on)).with_(**facts), overlays=overlays)


def chip(tpp: int, density: str = "1", **facts: Any) -> ItemSheet:
    known: dict[str, Any] = {
        "seller": "other", "seller_seat": "US", "datacentre": True, "dram_bandwidth_GBps": Fraction(0),
        "io_bandwidth_GBps": Fraction(0), "us_commercial_since": "2020-01",
    } | facts  # fmt: skip
    modes = (Mode("fp8", 8, Fraction(tpp, 8)),)
    return ItemSheet("a chip", modes=modes, applicable_die_area_mm2=tpp / Fraction(density), **known)


def test_proposed_rules_are_named_by_id_and_are_not_law() -> None:
    assert {r.id for r in proposed()} >= {f"proposed/{b}" for b in BILLS}
    assert not {r.id for r in proposed()} & {r.id for r in rules()}
    assert rule("proposed/scale").title == "SCALE Act"
    assert overlay("proposed/gain") == overlay("proposed/gain.yaml")
    with pytest.raises(Problem, match="did you mean proposed/scale"):
        overlay("proposed/scal")
    with pytest.raises(Problem, match="no such file"):
        ask("nvidia-h20", "nowhere/else")
    for r in proposed():
        assert all(v.confidence == "low" and v.checked == "unverified" for v in r.versions)


@pytest.mark.parametrize(
    ("dram", "links", "io", "overwatch", "safe"),
    [
        (1399, 0, 9, False, False),
        (1400, 0, 9, True, False),
        (599, 1099, 1200, False, False),
        (599, 1100, 1200, True, True),
        (601, 1099, 1099, True, False),
        (4099, 900, 1028, True, False),
        (4100, 0, 9, True, True),
        (4000, 900, 1028, True, False),  # as the H20
        (4000, 1000, 1000, True, True),
    ],
)
def test_proposed_limits_count_links_apart_from_all_io(
    dram: int, links: int, io: int, overwatch: bool, safe: bool
) -> None:
    item = chip(
        100, dram_bandwidth_GBps=Fraction(dram), interconnect_bandwidth_GBps=Fraction(links),
        io_bandwidth_GBps=Fraction(io),
    )  # fmt: skip
    assert (ask(item, "ai-overwatch").us.outcome == "licence-required") == overwatch
    assert (ask(item, "safe-chips").us.outcome == "licence-required") == safe
    assert ask(replace(item, datacentre=False), "ai-overwatch").us.outcome == "not-controlled"


def test_proposed_limits_on_links_are_not_guessed_from_all_io() -> None:
    sheet = replace(find("nvidia-h20").item, interconnect_bandwidth_GBps=None)
    assert ask("nvidia-h20", "safe-chips").us.outcome == "not-controlled"  # 4000 and 900
    answer = ask(sheet, "safe-chips")  # up to 1028 of links: 5028
    assert (answer.us.outcome, answer.us.missing) == ("undetermined", ("interconnect_bandwidth_GBps",))
    assert ask(replace(sheet, io_bandwidth_GBps=Fraction(999)), "safe-chips").us.outcome == "not-controlled"


def test_proposed_links_missing_is_what_brute_force_finds() -> None:
    grid = {
        "dram_bandwidth_GBps": (0, 300, 600, 601, 700, 1399, 1400, 3900, 4000, 4100),
        "io_bandwidth_GBps": (0, 250, 300, 301, 900, 1000, 1099, 1100, 1700),
        "interconnect_bandwidth_GBps": (0, 250, 300, 301, 900, 999, 1000, 1099, 1100, 1700),
    }
    draw = random.Random(4)
    for _ in range(60):
        bill, seller = draw.choice(("ai-overwatch", "safe-chips")), draw.choice(("other", "nvidia"))
        absent = draw.sample(sorted(grid), draw.choice((1, 2, 3)))
        known: dict[str, Any] = {n: Fraction(draw.choice(v)) for n, v in grid.items() if n not in absent}
        blank: dict[str, Any] = dict.fromkeys(grid)
        item = chip(100, seller=seller, **(blank | known))
        results: dict[tuple[int, ...], str] = {}
        for values in itertools.product(*(grid[n] for n in absent)):
            full = known | {n: Fraction(v) for n, v in zip(absent, values, strict=True)}
            if full["interconnect_bandwidth_GBps"] <= full["io_bandwidth_GBps"]:
                found = ask(chip(100, seller=seller, **full), bill, "2025-05-01")
                results[values] = found.us.outcome
        if not results:  # the links known to be wider than all I/O known: no such chip
            continue
        answer = ask(item, bill, "2025-05-01")
        outcomes = set(results.values())
        assert answer.us.outcome == (outcomes.pop() if len(outcomes) == 1 else "undetermined"), (known, bill)


def test_proposed_scale_follows_the_best_chinese_chip() -> None:
    day = dt.date(2026, 6, 1)
    best = max(
        (
            c.item.tpp or Fraction(0)
            for c in chips()
            if c.item.seller_seat == "CN" and c.attributes["announced"] < "2026"
        ),
        default=Fraction(0),
    )
    assert rolling("best-chinese-tpp", dt.date(2026, 1, 1)) == best
    ceiling = rolling("best-chinese-tpp", day) * Fraction(11, 10)
    assert ceiling > 0
    below, at = chip(int(ceiling) - 1, "9"), chip(int(ceiling) + 1, "9")
    assert ask(below, "scale", "2026-06-01").us.review == "case-by-case"
    assert ask(at, "scale", "2026-06-01").us.review == "presumption-of-denial"
    assert ask(at, "scale", "2026-06-01").verdict == "shut"
    assert ask(below, "scale", "2026-06-01", from_="TW").us.review == "presumption-of-denial"
    assert len(ask(below, "scale", "2026-06-01").us.conditions) == 5
    assert ask(at, "scale", "2026-06-01", to="VN").us.review == "presumption-of-approval"


def test_proposed_scale_moves_within_the_timeline() -> None:
    middle = rolling("best-chinese-tpp", dt.date(2024, 1, 1)) + 1
    item = chip(int(middle), "9")
    spans = timeline(item, Trade(to="CN", seat="CN"), dt.date(2023, 11, 17), overlays=[Path("proposed/scale")])
    for span in spans:
        on = span.first
        assert span.answer.us.review == (
            "case-by-case" if middle < rolling("best-chinese-tpp", on) * Fraction(11, 10) else "presumption-of-denial"
        )


def test_proposed_duties_stand_beside_the_outcome() -> None:
    for bill, code in (("chip-security", "location-verification"), ("gain", "us-buyers-first")):
        plain, with_bill = ask("nvidia-h200-sxm", None, "2026-02-01"), ask("nvidia-h200-sxm", bill, "2026-02-01")
        assert code in {f["code"] for f in with_bill.flags}
        assert (with_bill.us, with_bill.verdict) == (plain.us, plain.verdict)
        assert code not in {f["code"] for f in ask("nvidia-t4", bill, "2026-02-01").flags}
    remote = ask("nvidia-h200-sxm", "remote-access", "2026-02-01", "SG", use="remote-access")
    assert "remote-access" in {f["code"] for f in remote.flags}


def test_proposed_regions_count_all_io_where_links_are_not_a_fact_of_the_region() -> None:
    trade = Trade(to="CN", seat="CN", on=dt.date(2025, 3, 1))
    region = lawful_region(trade, seller="other", datacentre=True, overlays=[Path("proposed/ai-overwatch")])
    assert region.cells
    for cell in region.cells:
        hi = dict(zip(FACTS, cell.hi, strict=True))
        assert hi["dram_bandwidth_GBps"] == Fraction(1400)
        assert hi["io_bandwidth_GBps"] == Fraction(1100)
        assert hi["dram_plus_io_GBps"] == Fraction(1700)


@pytest.mark.parametrize("bill", [None, *BILLS])
def test_proposed_or_not_more_speed_never_loosens_a_control(bill: str | None) -> None:
    draw = random.Random(12)
    worse = {"not-controlled": 0, "exception-available": 1, "licence-required": 2}
    severity = {"open": 0, "conditional": 1, "shut": 2}
    sizes = {
        "tpp": (100, 1599, 1600, 2399, 2400, 4799, 4800, 18000, 20999, 21000, 60000),
        "dram_bandwidth_GBps": (0, 700, 1399, 1400, 4099, 4100, 6499, 6500),
        "io_bandwidth_GBps": (1100, 1200, 1300),
        "interconnect_bandwidth_GBps": (0, 250, 301, 900, 1000, 1099, 1100),
    }
    for _ in range(300):
        facts = {n: draw.choice(v) for n, v in sizes.items()}
        name = draw.choice(sorted(sizes))
        faster = facts | {name: max(facts[name], draw.choice(sizes[name]))}
        area, seller = Fraction(draw.choice((50, 300, 800, 3000))), draw.choice(("nvidia", "other"))
        on, to = draw.choice(("2023-01-10", "2024-06-01", "2025-05-01", "2026-03-01")), draw.choice(("CN", "VN", "SG"))
        market = draw.choice((True, False))

        def made(f: dict[str, int]) -> ItemSheet:
            rest: dict[str, Any] = {n: Fraction(v) for n, v in f.items() if n != "tpp"}
            item = chip(f["tpp"], datacentre=market, seller=seller, **rest)  # noqa: B023
            return replace(item, applicable_die_area_mm2=area)  # noqa: B023

        assume = {"us/letter-2025-04": Fraction(1)}
        overlays = [Path(f"proposed/{bill}")] if bill else []
        trade = Trade(to=to, seat=to, on=dt.date.fromisoformat(on))
        slow, fast = (assess(made(f), trade, assume=assume, overlays=overlays) for f in (facts, faster))
        assert worse[fast.us.outcome] >= worse[slow.us.outcome], (facts, name, faster[name], on)
        assert severity[fast.verdict] >= severity[slow.verdict], (facts, name, faster[name], on)
