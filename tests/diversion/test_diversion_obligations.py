"""The ledger of 2020 against sales plans: tying, refusal, discrimination, and the American rules that forbid."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from twokey.diversion.obligations import Finding, Plan, check_plan, ledgers, read_plan
from twokey.diversion.verbs import obligations
from twokey.quantities.problem import Problem

FINE = """\
seller: nvidia
on: {on}
offers:
- customer: A Cloud
  market: CN
  goods: {goods}
  item: {item}
  price_usd: 12000
  refused: no
  reserved_elsewhere: no
  worse_service: no
  reasonable_terms: yes
  works_with_others: yes
"""


def plan(
    tmp_path: Path, text: str = FINE, *, on: str = "2025-01-15", item: str = "nvidia-h20", goods: str = "accelerator"
) -> Plan:
    path = tmp_path / "plan.yaml"
    path.write_text(text.format(on=on, item=item, goods=goods), encoding="utf-8")
    return read_plan(path)


def states(found: list[Finding]) -> list[tuple[str, str]]:
    return [(f.state, f.commitment) for f in found]


def test_the_ledger_has_seven_commitments_for_six_years() -> None:
    [ledger] = ledgers()
    assert [c.id for c in ledger.commitments] == [f"O{i}" for i in range(1, 8)]
    assert ledger.term_years == 6
    assert "SAMR" in ledger.cite
    assert ledger.state(dt.date(2026, 4, 15)) == "in force"
    assert "no release is known" in ledger.state(dt.date(2026, 4, 16))


def test_a_plan_that_keeps_them_finds_nothing(tmp_path: Path) -> None:
    assert check_plan(plan(tmp_path)) == []


@pytest.mark.parametrize(
    ("line", "mended", "commitment"),
    [
        ("  refused: no", "  refused: yes\n  reason: demand elsewhere", "O2"),
        ("  worse_service: no", "  worse_service: yes", "O1"),
        ("  worse_service: no", "  worse_service: no\n  tied_to: [InfiniBand switches]", "O1"),
        ("  reserved_elsewhere: no", "  reserved_elsewhere: yes", "O2"),
        ("  reasonable_terms: yes", "  reasonable_terms: no", "O2"),
        ("  works_with_others: yes", "  works_with_others: no", "O3"),
    ],
)
def test_each_breach_is_found_and_names_its_commitment(tmp_path: Path, line: str, mended: str, commitment: str) -> None:
    found = check_plan(plan(tmp_path, FINE.replace(line, mended)))
    assert states(found) == [("breach", commitment)]
    assert "SAMR Announcement [2020] No. 16" in found[0].cite


def test_a_price_above_what_others_pay_is_discrimination(tmp_path: Path) -> None:
    other = "- {{customer: B, market: MY, goods: accelerator, item: nvidia-h20, price_usd: 10000}}\n"
    found = check_plan(plan(tmp_path, FINE + other))
    assert states(found) == [("breach", "O2")]
    assert "20%" in found[0].says
    assert check_plan(plan(tmp_path, FINE + other.replace("10000", "11900"))) == []


def test_where_american_law_forbids_the_sale_both_are_cited_and_neither_decides(tmp_path: Path) -> None:
    for refused in ("no", "yes"):
        found = check_plan(plan(tmp_path, FINE.replace("refused: no", f"refused: {refused}"), on="2025-04-17"))
        assert states(found) == [("conflict", "O2")]
        assert "SAMR" in found[0].cite
        assert any(a["rule"] == "us/letter-2025-04" and a["cite"] for a in found[0].against)
        assert "not decided here" in found[0].says
    # before the letter the same sale was free, so there is nothing to conflict
    assert check_plan(plan(tmp_path, on="2025-04-08")) == []


def test_a_licence_that_may_be_had_leaves_supply_open(tmp_path: Path) -> None:
    found = check_plan(plan(tmp_path, on="2025-09-01"))
    assert states(found) == [("open", "O2")]
    assert found[0].against


def test_a_breach_of_another_commitment_stands_beside_a_conflict(tmp_path: Path) -> None:
    text = FINE.replace("worse_service: no", "worse_service: yes")
    assert states(check_plan(plan(tmp_path, text, on="2025-04-17"))) == [("conflict", "O2"), ("breach", "O1")]


def test_what_the_plan_does_not_say_is_open(tmp_path: Path) -> None:
    bare = "seller: nvidia\non: {on}\noffers:\n- {{customer: A, market: CN, goods: {goods}, item: {item}}}\n"
    assert {s for s, _ in states(check_plan(plan(tmp_path, bare)))} == {"open"}


def test_others_sellers_other_markets_and_earlier_days_are_not_bound(tmp_path: Path) -> None:
    refused = FINE.replace("refused: no", "refused: yes")
    assert check_plan(plan(tmp_path, refused.replace("seller: nvidia", "seller: amd"))) == []
    assert check_plan(plan(tmp_path, refused.replace("market: CN", "market: DE"))) == []
    assert check_plan(plan(tmp_path, refused, on="2020-04-15")) == []


def test_the_verb_and_what_is_refused(tmp_path: Path) -> None:
    plan(tmp_path, on="2025-04-17")
    found = obligations(tmp_path / "plan.yaml")
    assert found["ledgers"][0]["state"] == "in force"
    assert found["findings"][0]["state"] == "conflict"
    for line, mended, message in (
        ("market: CN", "market: XX", "country"),
        ("goods: {goods}", "goods: cars", "accelerator"),
        ("price_usd: 12000", "price_usd: -1", "above 0"),
        ("item: {item}", "item: nvidia-h2", "did you mean"),
    ):
        with pytest.raises(Problem) as caught:
            check_plan(plan(tmp_path, FINE.replace(line, mended)))
        assert message in str(caught.value)
