"""The checks of the law notice a wrong rule file: hand-kept tables, and mutants drawn at random.

All mutants are run by `python bench/mutation.py`.
"""

from __future__ import annotations

import importlib
import random
from pathlib import Path
from typing import Any

import pytest

from twokey.law import book
from twokey.law.terms import DATA
from twokey.quantities.problem import Problem

ROOT = Path(__file__).resolve().parents[2]
DRAWN = 90


@pytest.fixture
def mutation(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    return importlib.import_module("mutation")


def test_limits_days_and_lists_are_those_of_the_hand_kept_tables(mutation: Any) -> None:
    assert mutation.limits_in_rules() == mutation.limits_in_tables()
    assert mutation.days_in_rules() == mutation.days_in_tables()
    assert mutation.lists_differ() == []
    assert mutation.parties_in_data() == mutation.parties_in_tables()


def test_every_rule_that_decides_is_read_twice_and_mutated(mutation: Any) -> None:
    assert mutation.uncovered() == []
    mutated = {f"{m.path.parent.name}/{m.path.stem}" for m in mutation.every_rule_mutant()}
    deciding = {r.id for r in (*book.rules(), *book.proposed()) if r.layer != "record"}
    assert mutated == deciding | {"law/entities"}
    assert len(deciding) == 41


def test_a_text_that_does_not_bind_yet_reads_as_the_one_beside_it(mutation: Any) -> None:
    assert mutation.texts_differ() == []
    late = [r.id for r in book.rules() for v in r.versions if v.enforcement == "pending" and r.layer == "control"]
    assert {"us/hbm-2024", "us/foundry-2025", "us/diffusion-2025"} <= set(late)
    first = next(m for m in mutation.every_rule_mutant() if m.path.stem == "foundry-2025" and m.kind == "outcome")
    with mutation.loaded(first):
        assert mutation.texts_differ() == ["us/foundry-2025 2025-01-16 and 2025-01-31"]


def test_rule_mutants_drawn_at_random_are_noticed(mutation: Any) -> None:
    drawn = random.Random(5).sample(mutation.every_rule_mutant(), DRAWN)
    how, _, survivors = mutation.run(drawn)
    assert [m.place for m in survivors] == []
    assert how["answers"] > DRAWN / 2


def test_country_mutants_drawn_at_random_are_noticed(mutation: Any) -> None:
    groups = [m for m in mutation.every_mutant() if m.path.name == "groups.yaml"]
    assert len(groups) > 2000
    how, _, survivors = mutation.run(random.Random(6).sample(groups, DRAWN))
    assert survivors == []
    assert sum(how.values()) == DRAWN


def test_mutants_come_in_every_kind(mutation: Any) -> None:
    kinds = {m.kind for m in mutation.every_mutant()}
    assert {"limit", "comparator", "joint", "not", "day", "list", "group", "outcome", "flag", "meets"} <= kinds
    assert {"renames", "party", "code", "rank", "enforcement", "strength", "polarity"} <= kinds
    path = DATA / "us" / "letter-2025-04.yaml"
    changes = {m.what for m in mutation.mutants_of(path)}
    assert "dram_bandwidth_GBps >= 1400 GB/s -> dram_bandwidth_GBps >= 1414 GB/s" in changes
    assert "dram_bandwidth_GBps >= 1400 GB/s -> dram_bandwidth_GBps > 1400 GB/s" in changes
    assert "any -> all" in changes
    assert all(m.text != path.read_text(encoding="utf-8") for m in mutation.mutants_of(path))


def test_the_law_is_put_back_after_a_mutant(mutation: Any) -> None:
    before = book.rules()
    mutant = next(m for m in mutation.every_rule_mutant() if m.kind == "limit")
    with mutation.loaded(mutant):
        assert book.rules() != before
    assert book.rules() == before


def test_a_rule_that_refers_back_to_itself_is_refused(tmp_path: Path) -> None:
    text = (DATA / "us" / "3a090.a.yaml").read_text(encoding="utf-8")
    path = tmp_path / "circle.yaml"
    path.write_text(text.replace("{id: a.1, test: tpp >= 4800 TOPS.bit}", "{id: a.1, meets: us/3a090.b}"), "utf-8")
    with pytest.raises(Problem, match=r"a circle of references \(us/3a090\.[ab] -> us/3a090\.[ab] -> us/3a090\.[ab]\)"):
        book.book([path])
