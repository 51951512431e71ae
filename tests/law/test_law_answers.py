"""Answers as a whole: the contract's example, the Chinese side, conflicts, assumptions, what was known when."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from twokey.chips.catalogue import find
from twokey.chips.item import ItemSheet, Mode
from twokey.law.answer import Answer
from twokey.law.assess import assess
from twokey.law.question import Trade
from twokey.law.terms import DATA
from twokey.quantities.problem import Problem


def ask(item: str, on: str, to: str = "CN", **facts: Any) -> Answer:
    return assess(find(item).item, Trade(to=to, on=dt.date.fromisoformat(on)).with_(**facts))


def test_law_h20_on_the_day_of_the_contract() -> None:
    shown = ask("nvidia-h20", "2025-04-17").to_json()
    assert json.loads(json.dumps(shown)) == shown
    assert (shown["to"], shown["on"], shown["verdict"]) == ("CN", "2025-04-17", "shut")
    assert shown["facts"] == {
        "tpp": 2368, "performance_density": 2.90909, "dram_bandwidth_GBps": 4000, "io_bandwidth_GBps": 1028,
    }  # fmt: skip
    us, cn = shown["keys"]["us"], shown["keys"]["cn"]  # type: ignore[index]
    assert (us["outcome"], us["review"], us["review_basis"]) == (
        "licence-required",
        "presumption-of-denial",
        "inferred",
    )
    assert (us["classification"], us["exceptions"], us["enforcement"]) == (["letter-2025-04"], [], "in-force")
    assert us["missing"] == []
    assert ("us/letter-2025-04", "dram") in {(b["rule"], b["node"]) for b in us["because"]}
    assert all(b["says"] and b["cite"] and b["checked"] for b in us["because"])
    assert (cn["outcome"], cn["strength"], cn["missing"]) == ("permitted", "law", [])
    assert [(a["outcome"], a["strength"], a["missing"]) for a in cn["also"]] == [("conditional", "guidance", ["use"])]


def test_law_h20_nine_days_before() -> None:
    answer = ask("nvidia-h20", "2025-04-08")
    assert (answer.verdict, answer.us.outcome, answer.us.classification) == ("open", "not-controlled", ())
    assert {b["node"] for b in answer.us.because} == {"a.1", "a.2.density", "b.1.tpp", "b.2.density"}


def test_law_conflict_of_a_duty_to_supply_with_a_presumed_denial() -> None:
    assert [c["cn"] for c in ask("nvidia-h20", "2025-04-17").conflicts] == ["cn/mellanox-2020"]
    assert ask("nvidia-h20", "2025-04-08").conflicts == ()
    assert ask("nvidia-h20", "2025-08-01").conflicts == ()
    assert ask("amd-mi300x", "2025-04-17").conflicts == ()


def test_law_guidance_stands_beside_the_key_and_never_in_it() -> None:
    answer = ask("nvidia-h20", "2025-04-08", use="new-centre")
    assert (answer.verdict, answer.in_practice) == ("open", "conditional")
    answer = ask("nvidia-h20", "2025-04-08", use="existing-centre")
    assert (answer.verdict, answer.in_practice, answer.cn.also) == ("open", "open", ())
    assert ask("nvidia-h20", "2025-04-08").in_practice == "undetermined"


def test_law_an_efficiency_level_is_never_invented() -> None:
    trade = Trade(to="CN", on=dt.date(2025, 4, 8), use="new-centre")

    def said(item: str, level: str | None) -> tuple[object, object]:
        assume = {} if level is None else {"cn/ndrc-efficiency": Fraction(level)}
        (entry,) = assess(find(item).item, trade, assume=assume).cn.also
        return entry["outcome"], entry["missing"]

    assert said("nvidia-h20", None) == ("conditional", [])
    assert said("nvidia-l20", None) == ("undetermined", ["cn/ndrc-efficiency level"])
    assert said("nvidia-h20", "0.5") == ("conditional", [])
    assert said("nvidia-h20", "0.2") == ("permitted", [])
    assert said("nvidia-h20", "0.3") == ("undetermined", ["power_W"])  # 550 W or 400 W: contested
    assert said("nvidia-l20", "0.5") == ("undetermined", ["power_W"])
    answer = assess(find("nvidia-h20").item, trade, assume={"cn/ndrc-efficiency": Fraction("0.5")})
    assert answer.to_json()["assumptions"] == {"cn/ndrc-efficiency": 0.5}
    with pytest.raises(Problem, match="a point that a rule leaves unpublished"):
        assess(find("nvidia-h20").item, trade, assume={"us/3a090": Fraction(1)})


def test_law_state_funded_centres() -> None:
    def said(**facts: Any) -> list[tuple[object, object]]:
        also = ask("nvidia-l20", "2025-11-10", use="existing-centre", **facts).cn.also
        return [(a["outcome"], a["missing"]) for a in also if a["rule"] == "cn/state-funded-2025"]

    assert said() == [("undetermined", ["site", "site_percent_complete"])]
    assert said(site="private") == []
    assert said(site="state-funded") == [("undetermined", ["site_percent_complete"])]
    assert said(site="state-funded", site_percent_complete=Fraction(29)) == [("barred", [])]
    assert said(site="state-funded", site_percent_complete=Fraction(30)) == [("conditional", [])]
    assert not [a for a in ask("huawei-ascend-910b", "2025-11-10", site="state-funded").cn.also if "state" in str(a)]


def test_law_customs_and_named_buyers_of_h200() -> None:
    def said(on: str, **facts: Any) -> list[tuple[object, ...]]:
        also = ask("nvidia-h200-sxm", on, **facts).cn.also
        found = [(a["strength"], a["outcome"], a["applies"]) for a in also if "h200" in str(a["rule"])]
        return sorted(found)

    assert said("2026-01-13") == []
    assert said("2026-01-15") == [("guidance", "barred", "yes")]
    assert said("2026-02-01") == [("guidance", "barred", "unknown"), ("reported", "conditional", "unknown")]
    assert said("2026-02-01", end_user="ByteDance Ltd") == [("reported", "conditional", "yes")]
    assert said("2026-02-01", end_user="Somebody") == [("guidance", "barred", "yes")]
    for on, word in (("2026-01-29", "barred"), ("2026-01-30", "conditional")):  # reported two days after the others
        assert [outcome for _, outcome, _ in said(on, end_user="DeepSeek")] == [word]
    assert ask(
        "nvidia-h200-sxm", "2026-02-01", end_user="DeepSeek", use="existing-centre", site="private"
    ).in_practice == ("conditional")


def test_law_a_summons_is_a_notice_and_turns_the_key() -> None:
    before, after = ask("nvidia-h20", "2025-07-30"), ask("nvidia-h20", "2025-07-31")
    assert (before.cn.outcome, before.cn.strength) == ("permitted", "law")
    assert (after.cn.outcome, after.cn.strength) == ("conditional", "notice")


def test_law_hong_kong_is_china_to_the_united_states_and_not_to_chinese_customs() -> None:
    answer = ask("nvidia-h20", "2025-04-17", to="HK")
    assert (answer.us.outcome, answer.cn.also) == ("licence-required", ())
    assert ask("nvidia-h100-sxm", "2023-11-20", to="SG", seat="HK").us.review == "presumption-of-denial"


def test_law_what_could_be_known() -> None:
    item, trade = find("nvidia-h20").item, Trade(to="CN", on=dt.date(2025, 4, 12))
    assert assess(item, trade).verdict == "shut"
    assert assess(item, trade, known_on=dt.date(2025, 4, 14)).verdict == "open"
    assert assess(item, trade, known_on=dt.date(2025, 4, 15)).verdict == "shut"
    # a version whose successor could not be known goes on
    h800 = Trade(to="CN", on=dt.date(2023, 12, 1))
    assert assess(find("nvidia-a800-sxm-80gb").item, h800, known_on=dt.date(2023, 10, 1)).us.outcome == "not-controlled"


def test_law_text_that_is_not_enforced_is_said_and_not_applied() -> None:
    answer = ask("nvidia-h100-sxm", "2025-06-01", to="MY", seat="MY")
    assert (answer.us.outcome, answer.us.enforcement) == ("not-controlled", "text-not-enforced")
    assert "us/diffusion-2025" in {b["rule"] for b in answer.us.because}
    assert ask("nvidia-h100-sxm", "2025-06-01", to="DE", seat="DE").us.enforcement == "in-force"
    assert ask("nvidia-h20", "2025-06-01", to="MY", seat="MY").us.enforcement == "in-force"


def test_law_exceptions_follow_destination_and_day() -> None:
    assert ask("nvidia-l40", "2023-12-01", to="VN", seat="VN").us.exceptions == ("NAC",)
    assert ask("nvidia-l40", "2024-06-01", to="VN", seat="VN").us.exceptions == ("ACA",)
    assert ask("nvidia-l40", "2024-06-01", to="VN", seat="CN").us.exceptions == ("NAC",)
    unknown = ask("nvidia-l40", "2024-06-01", to="VN").us
    assert (unknown.outcome, unknown.exceptions, unknown.missing) == ("exception-available", ("ACA", "NAC"), ())
    assert ask("nvidia-l40", "2024-06-01", to="RU", seat="RU").us.outcome == "licence-required"


def test_law_a_chip_designed_in_china_is_flagged() -> None:
    assert [f["code"] for f in ask("huawei-ascend-910b", "2025-06-01", to="MY").flags] == ["gp10-risk"]
    assert ask("huawei-ascend-910b", "2025-05-12", to="MY").flags == ()


def test_law_days_outside_the_data_are_said() -> None:
    assert any("the data ends" in n for n in ask("nvidia-h20", "2027-01-01").notes)
    assert any("no rule on chips" in n for n in ask("nvidia-h20", "2021-01-01").notes)
    assert any("subject to the EAR" in n for n in ask("nvidia-h20", "2025-04-17", from_="TW").notes)
    assert ask("nvidia-h20", "2021-01-01").us.outcome == "not-controlled"


def test_law_the_case_by_case_policy_serves_exports_from_the_united_states_only() -> None:
    assert ask("nvidia-h200-sxm", "2026-02-01").us.review == "case-by-case"
    assert len(ask("nvidia-h200-sxm", "2026-02-01").us.conditions) == 5
    assert ask("nvidia-h200-sxm", "2026-02-01", from_="TW").us.review == "presumption-of-denial"
    assert ask("nvidia-h200-sxm", "2026-02-01", to="SG", seat="CN").us.review == "presumption-of-denial"
    assert ask("nvidia-h200-sxm", "2026-01-14").us.review == "presumption-of-denial"


def test_law_the_reach_of_the_letter_can_be_assumed() -> None:
    item, trade = find("nvidia-rtx-5090").item, Trade(to="CN", on=dt.date(2025, 5, 1))
    assert assess(item, trade).us.missing == ("us/letter-2025-04 reach",)
    for value, outcome in ((0, "exception-available"), (1, "licence-required")):
        assert assess(item, trade, assume={"us/letter-2025-04": Fraction(value)}).us.outcome == outcome


def test_law_a_named_product_is_not_its_neighbour() -> None:
    plain = ItemSheet(
        "H20 variant", seller="nvidia", seller_seat="US", datacentre=True, modes=find("nvidia-l2").item.modes,
        dram_bandwidth_GBps=Fraction(1000), io_bandwidth_GBps=Fraction(64),
    )  # fmt: skip
    trade = Trade(to="CN", on=dt.date(2025, 5, 1))
    assert assess(plain, trade).us.outcome == "not-controlled"
    assert assess(replace(plain, name="NVIDIA H20 141GB"), trade).us.outcome == "licence-required"


def test_law_proposed_rules_are_laid_on_top_and_not_in_force() -> None:
    item, trade = find("nvidia-h20").item, Trade(to="CN", on=dt.date(2025, 4, 8))
    assert assess(item, trade).verdict == "open"
    bill = DATA / "proposed" / "ai-overwatch.yaml"
    assert assess(item, trade, overlays=[bill]).us.classification == ("bill-hr6875",)
    assert assess(item, trade, overlays=[Path("proposed/safe-chips")]).us.outcome == "not-controlled"


def test_law_a_trade_without_place_or_day_is_refused() -> None:
    with pytest.raises(Problem, match="a country to ship to"):
        assess(find("nvidia-h20").item, Trade(on=dt.date(2025, 4, 17)))
    with pytest.raises(Problem, match="the day of the trade"):
        assess(find("nvidia-h20").item, Trade(to="CN"))


def test_law_limits_are_exact_where_floats_are_not() -> None:
    """Dies of whole mm2 exactly on, and just below, a density of 5.92: floats misplace some of them."""
    trade = Trade(to="CN", on=dt.date(2024, 1, 10))
    limit = Fraction("5.92")
    for area in range(271, 811, 7):
        for tpp, code in ((limit * area, "3A090.a"), (limit * area - Fraction(1, 10**9), "3A090.b")):
            item = ItemSheet(
                "a die", seller="nvidia", datacentre=True, modes=(Mode("fp16", 16, tpp / 16),),
                applicable_die_area_mm2=Fraction(area),
            )  # fmt: skip
            assert assess(item, trade).us.classification == (code,)


@pytest.mark.parametrize(
    ("tpp", "density", "datacentre", "codes"),
    [
        ("1599.999", "9", True, ()),
        ("1600", "5.92", True, ("3A090.a",)),
        ("1600", "5.919", True, ("3A090.b",)),
        ("1600", "3.2", True, ("3A090.b",)),
        ("1600", "3.199", True, ()),
        ("2400", "1.6", True, ("3A090.b",)),
        ("2400", "1.599", True, ()),
        ("2399.999", "3.199", True, ()),
        ("4799.999", "1.6", True, ("3A090.b",)),
        ("4800", "0.1", True, ("3A090.a",)),
        ("4800", "4", True, ("3A090.a",)),
        ("4799.999", "9", False, ()),
        ("4800", "0.1", False, ("3A090.a",)),
    ],
)
def test_law_each_limit_at_and_just_below(tpp: str, density: str, datacentre: bool, codes: tuple[str, ...]) -> None:
    item = ItemSheet(
        "a part", seller="cerebras", datacentre=datacentre, modes=(Mode("fp8", 8, Fraction(tpp) / 8),),
        applicable_die_area_mm2=Fraction(tpp) / Fraction(density),
    )  # fmt: skip
    assert assess(item, Trade(to="CN", on=dt.date(2025, 4, 17))).us.classification == codes
