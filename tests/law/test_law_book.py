"""The data files: what the loader refuses, with file and line; the book's pages and changes."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import pytest

from twokey.law import book
from twokey.law.groups import countries, members, read_groups
from twokey.law.question import Owner, Trade, parse_country, read_trade
from twokey.law.rule import Rule, read_rule
from twokey.law.terms import DATA, read_terms, terms
from twokey.law.tree import leaves
from twokey.quantities.problem import Problem

RULE = """\
format: law-rule/1
rule: us/example
title: An example
jurisdiction: US
kind: regulation
layer: control
summary: Nothing but an example.
sources:
  fr: {title: 1 FR 1, kind: primary}
versions:
- version: "1"
  effective: 2023-01-01
  until: 2024-01-01
  status: superseded
  enforcement: in-force
  confidence: high
  checked: read-once
  cite: {source: fr, at: a}
  code: X
  item: {id: a, test: tpp >= 4800 TOPS.bit}
  trade: {test: destination in D:5}
  choices: [{id: policy, gives: case-by-case}]
- version: "2"
  effective: 2024-01-01
  until: open
  status: in force
  enforcement: in-force
  confidence: high
  checked: read-once
  cite: {source: fr, at: a}
  code: X
  item: {id: a, test: tpp >= 4800 TOPS.bit}
  trade: {test: destination in D:5}
  choices: [{id: policy, gives: case-by-case}]
"""


def _read(folder: Path, text: str) -> None:
    path = folder / "example.yaml"
    path.write_text(text, encoding="utf-8")
    read_rule(path, "example.yaml", terms())


def test_law_the_example_is_a_rule(tmp_path: Path) -> None:
    _read(tmp_path, RULE)


@pytest.mark.parametrize(
    ("old", "new", "where", "needed"),
    [
        ("tpp >= 4800 TOPS.bit", "tpp => 4800 TOPS.bit", "example.yaml:20", "one of the comparators"),
        ("tpp >= 4800 TOPS.bit", "tpp == 4800 TOPS.bit", "example.yaml:20", "one of the comparators"),
        ("tpp >= 4800 TOPS.bit", "tpp >= 4800 GB/s", "example.yaml:20", "the unit of tpp: TOPS.bit"),
        ("tpp >= 4800 TOPS.bit", "tpp >= 4800", "example.yaml:20", "the unit of tpp: TOPS.bit"),
        ("tpp >= 4800 TOPS.bit", "tpp >= many TOPS.bit", "example.yaml:20", "a decimal number"),
        ("tpp >= 4800 TOPS.bit", "ttp >= 4800 TOPS.bit", "example.yaml:20", "a word of terms.yaml"),
        ("tpp >= 4800 TOPS.bit", "datacentre is maybe", "example.yaml:20", "'datacentre is yes'"),
        ("test: tpp >= 4800 TOPS.bit", "all: []", "example.yaml:20", "at least one part"),
        ("test: tpp >= 4800 TOPS.bit", "unpublished: level", "example.yaml:11", "under `unpublished`"),
        ("until: 2024-01-01", "until: 2023-12-31", "example.yaml:24", "the day on which the version before ends"),
        ("until: 2024-01-01", "until: 2024-01-02", "example.yaml:24", "on or after the end of the version before"),
        ("until: 2024-01-01", "until: 2022-01-01", "example.yaml:13", "a day after 2023-01-01"),
        ("until: 2024-01-01", "until: 2023-02-30", "example.yaml:13", "a day that exists"),
        ("source: fr, at: a", "source: frr, at: a", "example.yaml:18", "one of the rule's sources"),
        ("gives: case-by-case", "gives: refusal", "example.yaml:22", "one of none"),
        ("layer: control", "layer: controls", "example.yaml:6", "one of control"),
        ("  code: X\n", "", "example.yaml:11", "the key 'code'"),
        ("title: An example", "title: An example\ntitle: again", "example.yaml:4", "each key once"),
        ("kind: regulation", "kind: [regulation", "example.yaml:", "YAML"),
    ],
)
def test_law_the_loader_refuses(tmp_path: Path, old: str, new: str, where: str, needed: str) -> None:
    assert old in RULE
    with pytest.raises(Problem) as found:
        _read(tmp_path, RULE.replace(old, new, 1))
    assert found.value.kind == "bad-data"
    assert found.value.where.startswith(where)
    assert needed in found.value.needed
    assert found.value.fix


def test_law_a_gap_between_versions_may_be_stated(tmp_path: Path) -> None:
    gap = RULE.replace("until: 2024-01-01", "until: 2023-12-01", 1)
    _read(tmp_path, gap.replace('- version: "2"\n', '- version: "2"\n  gap_before: the rule was stayed\n'))


def test_law_a_formula_of_another_dimension_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "terms.yaml"
    text = (DATA / "terms.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("tpp / applicable_die_area_mm2", "tpp * applicable_die_area_mm2"),
        ("tops * bits", "tops / bits"),
    ):
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(Problem, match="one that comes out in TOPS"):
            read_terms(path, "terms.yaml")


def test_law_groups_with_a_gap_or_a_strange_code_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "groups.yaml"
    text = (DATA / "groups.yaml").read_text(encoding="utf-8")
    for old, new, needed in (
        ("until: 2026-07-10", "until: 2026-07-09", "the day on which the one before ends"),
        ("members: AL CY", "members: AL XX", "country codes"),
    ):
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(Problem, match=needed):
            read_groups(path, "groups.yaml")


def test_law_groups_are_dated() -> None:
    assert "AE" in members("D:4", dt.date(2026, 7, 9))
    assert "AE" not in members("D:4", dt.date(2026, 7, 10))
    assert "AE" in members("A:5", dt.date(2026, 7, 10))
    assert "MO" not in members("D:5", dt.date(2025, 1, 1))
    assert members("CN", dt.date(2025, 1, 1)) == {"CN"}


def test_law_every_rule_has_sources_and_every_leaf_a_citation() -> None:
    for rule in book.rules():
        assert rule.sources, rule.id
        for version in rule.versions:
            assert version.cite
            for tree in version.trees:
                assert all(leaf.cite for leaf in leaves(tree)), rule.id


def test_law_all_rules_load_quickly() -> None:
    book._rules.cache_clear()
    best = 1.0
    for _ in range(3):
        start = time.process_time()
        book._rules()
        best = min(best, time.process_time() - start)
        book._rules.cache_clear()
    assert best < 0.06


def test_law_an_edited_overlay_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "rule.yaml"
    path.write_text(RULE, encoding="utf-8")
    assert {r.id: r.title for r in book.book([path])}["us/example"] == "An example"
    path.write_text(RULE.replace("title: An example", "title: Another example"), encoding="utf-8")
    assert {r.id: r.title for r in book.book([path])}["us/example"] == "Another example"
    with pytest.raises(Problem, match="no such file"):
        book.book([tmp_path / "absent.yaml"])


def test_law_a_rule_is_found_by_id_and_near_ids_are_named() -> None:
    assert book.rule("us/letter-2025-04").versions[0].addressees == ("nvidia", "amd", "intel")
    with pytest.raises(Problem, match=r"us/3a090\.a"):
        book.rule("us/3a09.a")


@pytest.mark.parametrize("rule", book.rules(), ids=lambda r: r.id)
def test_law_every_rule_has_a_page_and_plain_values(rule: Rule) -> None:
    page = book.describe(rule)
    assert rule.title in page
    assert all(str(v.effective) in page for v in rule.versions)
    shown = rule.to_json()
    assert shown["id"] == rule.id
    assert isinstance(shown["versions"], list)
    assert len(shown["versions"]) == len(rule.versions)


def test_law_changes_between_two_days() -> None:
    found = book.changes(dt.date(2026, 1, 1), dt.date(2026, 1, 31))
    assert [(c["on"], c["rule"], c["what"]) for c in found] == [
        ("2026-01-14", "cn/h200-customs-2026", "begins"),
        ("2026-01-15", "us/case-by-case-2026", "begins"),
        ("2026-01-28", "cn/h200-approvals-2026", "begins"),
        ("2026-01-28", "cn/h200-customs-2026", "changes"),
        ("2026-01-30", "cn/h200-approvals-2026", "changes"),
        ("2026-01-30", "cn/h200-customs-2026", "changes"),
    ]
    with pytest.raises(Problem, match="a first day before the last"):
        book.changes(dt.date(2026, 2, 1), dt.date(2026, 1, 1))


def test_law_countries_are_all_there() -> None:
    assert len(countries()) == 249
    assert parse_country(" hong kong ", "--to") == "HK"
    assert parse_country("Macau", "--to") == "MO"
    with pytest.raises(Problem, match=r"did you mean .*CN \(China\)"):
        parse_country("Chna", "--to")
    with pytest.raises(Problem, match="ISO 3166"):
        parse_country("XX", "--to")


def test_law_a_trade_sheet_is_read_with_care(tmp_path: Path) -> None:
    path = tmp_path / "trade.yaml"
    path.write_text(
        "to: China\nfrom: US\non: 2025-04-17\nseat: CN\nend_user: A firm\nowners: [B, C]\nsite: state-funded\n"
        "site_percent_complete: 20\nseller: nvidia\nquantity: 8\nuse: new-centre\n",
        encoding="utf-8",
    )
    trade = read_trade(path)
    assert trade == Trade(
        to="CN", on=dt.date(2025, 4, 17), seat="CN", end_user="A firm", owners=(Owner("B"), Owner("C")),
        site="state-funded", site_percent_complete=trade.site_percent_complete, seller="nvidia",
        quantity=8, use="new-centre",
    )  # fmt: skip
    for bad, needed in (
        ("too: CN", "did you mean 'to'"),
        ("to: Chna", "ISO 3166"),
        ("on: 2025-02-30", "a day that exists"),
        ("site: public", "one of state-funded, private"),
        ("site_percent_complete: 101", "0 to 100"),
        ("quantity: -1", "at least 1"),
        ("to: CN\nto: US", "each key once"),
    ):
        path.write_text(bad + "\n", encoding="utf-8")
        with pytest.raises(Problem, match=needed):
            read_trade(path)
