"""Parties: the Entity List, the 50 percent rule and its stay, approved end users, foundries, end uses."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from twokey.chips.catalogue import find
from twokey.chips.item import ItemSheet, Mode
from twokey.law import day as days
from twokey.law import settle
from twokey.law.answer import Answer
from twokey.law.assess import assess
from twokey.law.entities import entities, listed_as, near
from twokey.law.question import Owner, Trade, read_trade
from twokey.law.timeline import timeline
from twokey.quantities.problem import Problem


def ask(item: str | ItemSheet, on: str, to: str = "CN", **facts: Any) -> Answer:
    sheet = find(item).item if isinstance(item, str) else item
    return assess(sheet, Trade(to=to, on=dt.date.fromisoformat(on)).with_(**facts))


def codes(answer: Answer) -> list[object]:
    return [f["code"] for f in answer.flags if f["code"] != "antitrust-exposure"]


@pytest.mark.parametrize(
    ("party", "first"),
    [("Huawei", "2019-05-16"), ("YMTC", "2022-12-16"), ("Inspur Group", "2023-03-02"), ("Biren", "2023-10-17"),
     ("Zhipu AI", "2025-01-16"), ("Nettrix", "2025-03-25")],
)  # fmt: skip
def test_parties_on_the_entity_list_need_a_licence_for_any_chip_from_the_day(party: str, first: str) -> None:
    day = dt.date.fromisoformat(first)
    chip = find("nvidia-t4").item
    before = assess(chip, Trade(to="CN", seat="CN", on=day - dt.timedelta(days=1), end_user=party))
    after = assess(chip, Trade(to="CN", seat="CN", on=day, end_user=party))
    assert before.us.outcome == "not-controlled"
    assert (after.us.outcome, after.us.review, after.verdict) == ("licence-required", "presumption-of-denial", "shut")
    assert after.us.classification == ()  # the list bars the party and says nothing of the chip
    assert any(first in str(b["says"]) for b in after.us.because)


def test_parties_lists_know_names_and_not_their_subsidiaries() -> None:
    day = dt.date(2024, 1, 1)
    assert listed_as("Semiconductor Manufacturing International Corp.", day) is not None
    assert listed_as("Inspur Electronic Information", day) is None
    assert near("Inspur Electronic Information", day) is not None
    assert near("Inspur", day) is None
    answer = ask("nvidia-t4", "2024-01-01", seat="CN", end_user="Inspur Electronic Information")
    assert (answer.us.outcome, codes(answer)) == ("not-controlled", ["near-listed-party"])
    for name in ("DeepSeek", "CXMT", "Somebody"):
        answer = ask("nvidia-t4", "2026-06-01", seat="CN", end_user=name)
        assert (answer.us.outcome, codes(answer)) == ("not-controlled", [])
        assert any("twokey screen" in note for note in answer.notes)
    assert ask("nvidia-l40", "2024-06-01", seat="CN", end_user="Cambricon").us.outcome == "licence-required"


def test_parties_listed_later_than_could_be_known_are_left_out() -> None:
    trade = Trade(to="CN", on=dt.date(2023, 3, 3), end_user="Inspur", seat="CN")
    chip = find("nvidia-t4").item
    assert assess(chip, trade).us.outcome == "licence-required"
    assert assess(chip, trade, known_on=dt.date(2023, 3, 5)).us.outcome == "not-controlled"


def test_parties_of_the_data_each_have_a_day_and_a_citation() -> None:
    for e in entities():
        assert (e.effective is None) == (e.published is None)
        assert e.effective is None or e.effective <= e.published  # type: ignore[operator]
        assert e.cite


def test_parties_a_listing_ends_a_span_of_the_timeline() -> None:
    spans = timeline(find("nvidia-t4").item, Trade(to="CN", seat="CN", end_user="Zhipu"), end=dt.date(2026, 1, 1))
    assert next(str(s.first) for s in spans if s.answer.verdict == "shut") == "2025-01-16"
    assert {s.answer.verdict for s in spans if s.first < dt.date(2025, 1, 16)} == {"open"}


STAYED = "2025-11-10"


@pytest.mark.parametrize(
    ("on", "outcome", "enforcement"),
    [("2025-09-28", "not-controlled", "in-force"), ("2025-09-29", "licence-required", "in-force"),
     ("2025-11-09", "licence-required", "in-force"), (STAYED, "not-controlled", "text-not-enforced"),
     ("2026-11-09", "not-controlled", "text-not-enforced"), ("2026-11-10", "licence-required", "in-force")],
)  # fmt: skip
def test_parties_the_50_percent_rule_with_its_stay(on: str, outcome: str, enforcement: str) -> None:
    answer = ask("nvidia-t4", on, seat="CN", end_user="A firm", owners=(Owner("Huawei", Fraction(50)),))
    assert (answer.us.outcome, answer.us.enforcement) == (outcome, enforcement)


@pytest.mark.parametrize(
    ("owners", "outcome"),
    [
        ([("Huawei", "49.99", None)], "not-controlled"),
        ([("Huawei", "30", None), ("SMIC", "20", None)], "licence-required"),  # together
        ([("Huawei", "30", None), ("Somebody", "20", None)], "not-controlled"),
        ([("Huawei", "30", None), ("Somebody", "20", True)], "licence-required"),
        ([("Huawei", "60", False)], "not-controlled"),  # another firm of that name
        ([("Huawei", None, None)], "undetermined"),
        ([("Huawei", None, None), ("Somebody", "51", False)], "not-controlled"),  # what is left is below half
        ([("Huawei", None, None), ("SMIC", "50", None)], "licence-required"),
    ],
)
def test_parties_shares_of_listed_owners_add_up(
    owners: list[tuple[str, str | None, bool | None]], outcome: str
) -> None:
    listed = tuple(Owner(name, None if p is None else Fraction(p), on_list) for name, p, on_list in owners)
    answer = ask("nvidia-t4", "2025-10-15", seat="CN", end_user="A firm", owners=listed)
    assert answer.us.outcome == outcome
    assert answer.us.missing == (("owners",) if outcome == "undetermined" else ())


def test_parties_headquarters_and_ownership_are_tests_of_their_own() -> None:
    owners = (Owner("Huawei", Fraction(80)),)
    assert ask("nvidia-t4", "2025-10-15", to="SG", seat="SG", owners=owners).us.outcome == "licence-required"
    assert ask("nvidia-h100-sxm", "2025-08-15", to="SG", seat="SG", owners=owners).us.outcome == "not-controlled"
    assert ask("nvidia-h100-sxm", "2025-08-15", to="SG", seat="CN").us.outcome == "licence-required"


def test_parties_an_approved_data_centre_needs_no_single_licence() -> None:
    approved = {"authorisation": "data-centre-veu"}
    assert ask("nvidia-h100-sxm", "2024-11-01", to="AE", seat="AE").us.outcome == "licence-required"
    answer = ask("nvidia-h100-sxm", "2024-11-01", to="AE", seat="AE", **approved)
    assert (answer.us.outcome, answer.us.exceptions) == ("exception-available", ("VEU",))
    assert ask("nvidia-h100-sxm", "2024-10-01", to="AE", seat="AE", **approved).us.outcome == "licence-required"
    assert ask("nvidia-h100-sxm", "2024-11-01", to="CN", seat="CN", **approved).us.outcome == "licence-required"
    assert ask("nvidia-h100-sxm", "2024-11-01", to="AE", seat="CN", **approved).us.outcome == "licence-required"


def chinese(**facts: Any) -> ItemSheet:
    return ItemSheet(
        "a design", seller="someone", seller_seat="CN", datacentre=False, modes=(Mode("fp16", 16, Fraction(10)),),
        applicable_die_area_mm2=Fraction(100), dram_bandwidth_GBps=Fraction(100), io_bandwidth_GBps=Fraction(64),
        **facts,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("on", "exporter", "transistors", "hbm", "packaged_in", "outcome"),
    [
        ("2025-01-30", "fabricator", "40", True, "TW", "not-controlled"),
        ("2025-01-31", "fabricator", "30", True, "TW", "licence-required"),
        ("2025-01-31", "fabricator", "29.999", True, "TW", "not-controlled"),
        ("2025-01-31", "fabricator", "29", True, "CN", "licence-required"),
        ("2025-01-31", "fabricator", "29", True, "HK", "licence-required"),
        ("2025-01-31", "designer", "99", True, "CN", "not-controlled"),
        ("2026-12-31", "fabricator", "34", False, "TW", "licence-required"),
        ("2027-01-01", "fabricator", "34.9", False, "TW", "not-controlled"),
        ("2027-01-01", "fabricator", "35", False, "TW", "licence-required"),
        ("2027-01-01", "fabricator", "34.9", True, "TW", "licence-required"),
        ("2028-12-31", "fabricator", "36", False, "TW", "licence-required"),
        ("2029-01-01", "fabricator", "39.9", False, "TW", "not-controlled"),
        ("2029-01-01", "fabricator", "40", False, "TW", "licence-required"),
    ],
)
def test_parties_the_foundry_presumption(
    on: str, exporter: str, transistors: str, hbm: bool, packaged_in: str, outcome: str
) -> None:
    answer = ask(
        chinese(transistors_bn=Fraction(transistors), hbm=hbm), on, seat="CN", from_="TW", exporter=exporter,
        packaged_in=packaged_in,
    )  # fmt: skip
    assert answer.us.outcome == outcome
    caught = outcome == "licence-required"
    assert answer.us.classification == (("3A090.a",) if caught else ())
    assert answer.us.review == ("presumption-of-denial" if caught else "none")


def test_parties_a_foundry_may_rely_on_an_authorised_designer_below_the_limits() -> None:
    facts: dict[str, Any] = {"seat": "CN", "from_": "TW", "exporter": "fabricator"}
    assert ask("nvidia-l20", "2025-03-01", **facts).us.outcome == "not-controlled"
    assert ask("nvidia-h100-sxm", "2025-03-01", **facts).us.outcome == "licence-required"
    unknown = ask(chinese(), "2025-03-01", **facts)
    assert (unknown.us.outcome, unknown.us.missing) == ("undetermined", ("transistors_bn", "packaged_in"))
    osat = ask(chinese(transistors_bn=Fraction(20)), "2025-03-01", **(facts | {"exporter": "osat"}))
    assert (osat.us.outcome, osat.us.missing) == ("undetermined", ("us/foundry-2025 supp-7",))


def test_parties_end_uses_are_flagged() -> None:
    assert codes(ask("nvidia-h100-sxm", "2025-06-01", seat="CN", use="military-intelligence")) == ["iaas-end-use"]
    assert codes(ask("nvidia-h100-sxm", "2025-05-12", seat="CN", use="military-intelligence")) == []
    assert codes(ask("nvidia-h100-sxm", "2025-06-01", seat="CN", use="new-centre")) == []
    assert codes(ask("nvidia-t4", "2025-06-01", seat="CN", use="weapons")) == []


def test_parties_of_a_trade_sheet_are_read_with_care(tmp_path: Path) -> None:
    path = tmp_path / "trade.yaml"
    path.write_text(
        "owners: [{name: Huawei, percent: 30}, {name: B, listed: yes}]\nexporter: osat\npackaged_in: Malaysia\n"
        "authorisation: data-centre-veu\n",
        encoding="utf-8",
    )
    trade = read_trade(path)
    assert trade.owners == (Owner("Huawei", Fraction(30)), Owner("B", None, True))
    assert (trade.exporter, trade.packaged_in, trade.authorisation) == ("osat", "MY", "data-centre-veu")
    for bad, needed in (
        ("owners: [{name: A, percent: 60}, {name: B, percent: 41}]", "at most 100 percent together"),
        ("owners: [{name: A, percent: 101}]", "at most 100"),
        ("owners: [{percent: 10}]", "the key 'name'"),
        ("exporter: shop", "designer, fabricator, osat"),
        ("authorisation: all", "data-centre-veu"),
    ):
        path.write_text(bad + "\n", encoding="utf-8")
        with pytest.raises(Problem, match=needed):
            read_trade(path)


def test_parties_what_cannot_reach_a_plain_trade_is_left_out_without_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [
        (chip, Trade(to=to, seat=seat, on=dt.date.fromisoformat(on), use=use))
        for chip in ("nvidia-h20", "nvidia-h100-sxm", "nvidia-l40", "aws-inferentia2", "huawei-ascend-910b")
        for to, seat in (("CN", "CN"), ("MY", None), ("AE", "AE"), ("SG", "CN"))
        for on in ("2022-10-21", "2023-11-17", "2025-02-01", "2025-10-15", "2026-03-01", "2026-12-01")
        for use in (None, "new-centre")
    ]

    def answers() -> list[dict[str, object]]:
        settle._MEMORY.clear()
        days._law_on.cache_clear()
        return [assess(find(chip).item, trade).to_json() for chip, trade in asked]

    short = answers()
    monkeypatch.setattr(days.DayLaw, "ordinary", lambda _law, _provision: True)
    assert answers() == short
    monkeypatch.undo()
    assert answers() == short
