"""Items other than a chip: memory stacks, boards and servers, goods that hold materials under Chinese exit rules."""

from __future__ import annotations

import datetime as dt
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from twokey.chips.catalogue import find
from twokey.chips.item import Held, ItemSheet, MemoryStack, Mode, item_from_value, item_json, read_item
from twokey.law.answer import Answer
from twokey.law.assess import assess
from twokey.law.consulted import tree
from twokey.law.question import Trade
from twokey.quantities.problem import Problem
from twokey.sources.text import read_text


def ask(item: ItemSheet, on: str, to: str = "CN", **facts: Any) -> Answer:
    return assess(item, Trade(to=to, on=dt.date.fromisoformat(on)).with_(**facts))


def stack(density: str | None) -> ItemSheet:
    area = Fraction(100)
    if density is None:
        return ItemSheet("a stack", seller="m", seller_seat="US", memory_stack=MemoryStack(Fraction(300), None))
    return ItemSheet(
        "a stack", seller="m", seller_seat="US", memory_stack=MemoryStack(Fraction(density) * area, area)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("density", "on", "to", "outcome", "exceptions"),
    [
        ("2", "2025-06-01", "CN", "not-controlled", ()),  # strictly above 2
        ("2.001", "2025-06-01", "CN", "exception-available", ("HBM",)),
        ("3.299", "2025-06-01", "CN", "exception-available", ("HBM",)),
        ("3.3", "2025-06-01", "CN", "licence-required", ()),  # strictly below 3.3
        ("9", "2025-06-01", "MO", "licence-required", ()),
        ("9", "2025-06-01", "HK", "licence-required", ()),
        ("9", "2025-06-01", "VN", "not-controlled", ()),
        ("9", "2024-12-30", "CN", "not-controlled", ()),
        ("9", "2024-12-31", "CN", "licence-required", ()),
    ],
)
def test_items_memory_stacks(density: str, on: str, to: str, outcome: str, exceptions: tuple[str, ...]) -> None:
    answer = ask(stack(density), on, to, seat=to)
    assert (answer.us.outcome, answer.us.exceptions, answer.us.missing) == (outcome, exceptions, ())
    if outcome == "licence-required":
        assert (answer.us.review, answer.us.classification) == ("presumption-of-denial", ("3A090.c",))


def test_items_what_does_not_bind_yet_is_noted() -> None:
    def notes(on: str) -> list[str]:
        return [note for note in ask(stack("9"), on).notes if "us/hbm-2024" in note]

    assert notes("2024-12-01") == notes("2024-12-31") == []
    assert notes("2024-12-02") == notes("2024-12-30") != []
    diffused = assess(find("nvidia-h100").item, Trade(to="MY", seat="MY", on=dt.date(2025, 2, 1)))
    assert diffused.us.outcome == "not-controlled"
    assert any("us/diffusion-2025 would catch it" in note for note in diffused.notes)


def test_items_a_memory_stack_of_unknown_area_is_not_guessed() -> None:
    answer = ask(stack(None), "2025-06-01")
    assert (answer.us.outcome, answer.us.missing) == ("undetermined", ("memory_stack",))
    assert ask(stack(None), "2024-06-01").us.outcome == "not-controlled"


def test_items_memory_packaged_with_a_processor_is_judged_as_the_processor() -> None:
    for name in ("nvidia-h20", "nvidia-h100-sxm", "amd-mi300x"):
        assert "3A090.c" not in ask(find(name).item, "2025-06-01").us.classification


def board(*held: str) -> ItemSheet:
    return ItemSheet("a board", seller="nvidia", holds=tuple(Held(h, 8) for h in held))


@pytest.mark.parametrize(
    ("held", "on", "codes", "outcome"),
    [
        (("nvidia-h100-sxm",), "2023-01-01", ("4A090",), "licence-required"),
        (("nvidia-h100-sxm",), "2023-12-01", ("4A090.a",), "licence-required"),
        (("nvidia-l40",), "2023-12-01", ("3A090.b",), "exception-available"),  # 4A090.b came in April 2024
        (("nvidia-l40",), "2024-06-01", ("4A090.b",), "exception-available"),
        (("nvidia-t4", "nvidia-l40"), "2024-06-01", ("4A090.b",), "exception-available"),
        (("nvidia-t4", "nvidia-l2"), "2024-06-01", (), "not-controlled"),
        (("nvidia-h20",), "2025-05-01", ("letter-2025-04",), "licence-required"),
    ],
)
def test_items_boards_are_judged_by_each_chip(
    held: tuple[str, ...], on: str, codes: tuple[str, ...], outcome: str
) -> None:
    answer = ask(board(*held), on, seat="CN")
    assert (answer.us.classification, answer.us.outcome, answer.item) == (codes, outcome, "a board")
    assert "never the sum" in answer.notes[0]


def test_items_many_small_chips_do_not_make_a_large_one() -> None:
    many = ItemSheet("a server", holds=(Held("nvidia-t4", 1000),))
    assert ask(many, "2025-06-01", seat="CN").us.outcome == "not-controlled"


def test_items_boards_that_cannot_be_judged_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="id, name or alias"):
        ask(board("no-such-chip"), "2025-06-01")
    (tmp_path / "stack.yaml").write_text("name: s\nmemory_stack: {bandwidth_GBps: 800}\n", encoding="utf-8")
    with pytest.raises(Problem, match="at least one processor"):
        ask(board(str(tmp_path / "stack.yaml")), "2025-06-01")
    with pytest.raises(Problem, match="ask for each chip it holds: nvidia-t4"):
        tree(board("nvidia-t4"), Trade(to="CN", on=dt.date(2025, 6, 1)))


def goods(*materials: str, share: str = "0") -> ItemSheet:
    return ItemSheet(
        "goods", seller="a", seller_seat="CN", datacentre=False, modes=(Mode("int8", 8, Fraction(1)),),
        applicable_die_area_mm2=Fraction(9), dram_bandwidth_GBps=Fraction(1), io_bandwidth_GBps=Fraction(1),
        contains=materials, chinese_rare_earth_percent=Fraction(share),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("materials", "on", "to", "from_", "outcome"),
    [
        (("gallium",), "2023-07-31", "DE", "CN", "permitted"),
        (("gallium",), "2023-08-01", "DE", "CN", "conditional"),
        (("germanium",), "2024-12-03", "US", "CN", "barred"),
        (("antimony",), "2024-09-14", "US", "CN", "permitted"),
        (("antimony",), "2024-09-15", "US", "CN", "conditional"),  # Announcement 33 of 2024
        (("superhard",), "2024-09-15", "JP", "CN", "conditional"),
        (("antimony",), "2024-12-02", "US", "CN", "conditional"),
        (("antimony",), "2024-12-03", "US", "CN", "barred"),
        (("antimony",), "2024-12-03", "DE", "CN", "conditional"),
        (("gallium",), "2024-12-03", "CN", "CN", "permitted"),  # it does not leave
        (("gallium",), "2024-12-03", "HK", "CN", "conditional"),
        (("gallium",), "2025-11-09", "US", "CN", "conditional"),  # suspended; the licence of 2023 goes on
        (("antimony",), "2025-11-09", "US", "CN", "conditional"),
        (("antimony",), "2026-11-26", "US", "CN", "conditional"),
        (("antimony",), "2026-11-27", "US", "CN", "barred"),
        (("rare-earths",), "2025-04-03", "JP", "CN", "permitted"),
        (("rare-earths",), "2025-04-04", "JP", "CN", "conditional"),
        (("rare-earths",), "2026-06-01", "JP", "CN", "conditional"),
        (("rare-earths",), "2026-06-01", "JP", "TW", "permitted"),
        ((), "2026-06-01", "US", "CN", "permitted"),
    ],
)
def test_items_leaving_china(materials: tuple[str, ...], on: str, to: str, from_: str, outcome: str) -> None:
    answer = ask(goods(*materials), on, to, seat=to, from_=from_)
    assert (answer.cn.outcome, answer.cn.strength) == (outcome, "law")
    inputs = [f for f in answer.flags if f["code"] == "chinese-input"]
    assert bool(inputs) == (from_ == "TW")


def test_items_military_use_stays_barred_while_the_rest_is_suspended() -> None:
    trade = {"seat": "US", "from_": "CN", "use": "military-intelligence"}
    assert ask(goods("antimony"), "2026-01-01", "US", **trade).cn.outcome == "barred"


@pytest.mark.parametrize(
    ("share", "on", "outcome"),
    [("0.1", "2025-10-15", "permitted"), ("0.1", "2025-12-15", "permitted"), ("0.1", "2026-11-09", "permitted"),
     ("0.1", "2026-11-10", "conditional"), ("0.0999", "2026-11-10", "permitted")],
)  # fmt: skip
def test_items_made_abroad_with_chinese_rare_earths(share: str, on: str, outcome: str) -> None:
    assert ask(goods(share=share), on, "JP", seat="JP", from_="TW").cn.outcome == outcome


def test_items_of_every_kind_come_back_from_their_json() -> None:
    third = Fraction(1, 2), Fraction(3, 4), Fraction(1)
    for item in (
        stack("3"),
        stack(None),
        board("nvidia-t4"),
        goods("gallium", share="0.1"),
        ItemSheet("u", hbm=True, interconnect_bandwidth_GBps=Fraction(9), uncertain={"dram_bandwidth_GBps": third}),
        ItemSheet("v", uncertain={"modes": (Fraction(1), Fraction(2), Fraction(4))}),
    ):
        shown = {k: v for k, v in item_json(item).items() if k not in ("tpp", "performance_density")}
        back = item_from_value(read_text(json.dumps(shown), "a sheet"))
        assert item_json(back) == item_json(item)


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("memory_stack: {bandwidth_GBps: 800}\ndram_bandwidth_GBps: 5", "a sheet without dram_bandwidth_GBps"),
        ("memory_stack: {package_area_mm2: 100}", "the key 'bandwidth_GBps'"),
        ("memory_stack: {bandwidth_GBps: 0}", "above 0"),
        ("holds: []", "at least one chip"),
        ("holds: [{item: a, count: 0}]", "at least 1"),
        ("holds: [{item: a}]\nio_bandwidth_GBps: 5", "a sheet without io_bandwidth_GBps"),
        ("contains: [gold]", "one of gallium"),
        ("dram_bandwidth_GBps: {low: 3, mid: 2, high: 4}", "low <= mid <= high"),
        ("dram_bandwidth_GBps: {low: 3, high: 4}", "the key 'mid'"),
        ("dram_bandwidth_GBps: {low: -3, mid: 2, high: 4}", "at least 0"),
        ("applicable_die_area_mm2: {low: 0, mid: 2, high: 4}", "above 0"),
        ("chinese_rare_earth_percent: 101", "at most 100"),
    ],
)
def test_items_that_make_no_sense_are_refused(tmp_path: Path, text: str, needed: str) -> None:
    path = tmp_path / "item.yaml"
    path.write_text(f"name: x\n{text}\n", encoding="utf-8")
    with pytest.raises(Problem) as found:
        read_item(path)
    assert needed in str(found.value)
    assert "item.yaml" in found.value.where
