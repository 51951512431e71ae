"""What `check` prints for people: flags, probabilities, scope, what is unverified; and a tree that repeats nothing."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

from twokey.chips.catalogue import find
from twokey.chips.item import ItemSheet, Mode
from twokey.cli.legal import _page
from twokey.law.assess import assess
from twokey.law.consulted import tree, tree_text
from twokey.law.question import Trade


def page(item: str | ItemSheet, on: str, to: str = "CN", **facts: Any) -> str:
    sheet = find(item).item if isinstance(item, str) else item
    return _page(assess(sheet, Trade(to=to, seat=to, on=dt.date.fromisoformat(on)).with_(**facts)).to_json())


def test_text_names_flags_with_what_brings_them_up() -> None:
    text = page("huawei-ascend-910b", "2025-06-01", "SG")
    assert "  flag gp10-risk: " in text
    assert "is named (ascend-910b, ascend-910c, ascend-910d)" in text
    assert "flag" not in page("nvidia-t4", "2025-06-01", "SG")


def test_text_tells_probabilities_the_likeliest_first() -> None:
    triple = (Fraction(4480), Fraction(4800), Fraction(5120))
    item = ItemSheet(
        "a part", seller="other", seller_seat="US", datacentre=True, applicable_die_area_mm2=Fraction(800),
        dram_bandwidth_GBps=Fraction(9), io_bandwidth_GBps=Fraction(9), uncertain={"modes": triple},
    )  # fmt: skip
    lines = page(item, "2024-06-01").splitlines()
    assert "  uncertain: modes 4480 to 5120, most likely 4800" in lines
    assert "  probability of the outcome: licence-required 0.68, exception-available 0.32" in lines
    assert "  probability of the verdict: shut 0.68, conditional 0.32" in lines
    certain = ItemSheet("a part", seller="other", datacentre=True, modes=(Mode("fp16", 16, Fraction(9)),))
    assert "probability" not in page(certain, "2024-06-01")


def test_text_says_what_is_unverified_and_what_may_not_reach_the_trade() -> None:
    text = page("nvidia-h200", "2026-03-01")
    assert "beside it, guidance: barred, if it reaches the trade" in text
    unverified = next(
        x for x in text.splitlines() if x.startswith("  not yet verified against the source (unverified): ")
    )
    assert {"us/3a090.a", "us/case-by-case-2026", "cn/h200-customs-2026"} <= set(unverified.split(": ")[1].split(", "))
    assert "beside it, guidance: barred\n" in page("nvidia-h200", "2026-03-01", end_user="somebody")


def test_text_of_the_tree_names_what_is_borrowed_and_repeats_nothing() -> None:
    text = tree_text(tree(find("nvidia-h20").item, Trade(to="CN", seat="CN", on=dt.date(2025, 4, 17))))
    assert text.count("Total processing performance 2368 is below 4800") == 4  # a.1, its note, b.1 and its note
    assert "not what us/3a090.a catches, as above" in text
    assert "us/hbm-exception" not in text  # there is nothing that it could lift
    assert "compliance was due from 2025-05-15 (enforcement: pending)" in text
