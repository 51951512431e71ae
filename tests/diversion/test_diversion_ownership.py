"""The 50 percent rule: direct, indirect, in aggregate, with circles and with shares nobody stated."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from pathlib import Path

import pytest

from twokey.diversion.ownership import HALF, UNIT, Graph, read_ownership, rule_in_force
from twokey.diversion.verbs import screen
from twokey.quantities.problem import Problem


def caught(edges: list[tuple[str, str, int]], listed: list[str]) -> dict[str, bool | None]:
    graph = Graph(*zip(*edges, strict=True))
    return {o.name: o.caught for o in graph.owned_by(listed)}


def test_exactly_half_is_enough_and_a_millionth_less_is_not() -> None:
    assert caught([("L", "A", HALF)], ["L"]) == {"A": True}
    assert caught([("L", "A", HALF - 1)], ["L"]) == {}


def test_in_aggregate_and_down_the_chain_without_multiplying() -> None:
    edges = [("L1", "A", 250_000), ("L2", "A", 250_000), ("A", "B", HALF), ("B", "C", HALF)]
    assert caught(edges, ["L1", "L2"]) == {"A": True, "B": True, "C": True}
    assert caught(edges, ["L1"]) == {}


def test_direct_and_indirect_holdings_add_up() -> None:
    edges = [("L", "A", 600_000), ("L", "B", 250_000), ("A", "B", 250_000)]
    assert caught(edges, ["L"]) == {"A": True, "B": True}
    # 25 percent through a company that is not caught counts for nothing
    assert caught([("L", "A", 400_000), ("L", "B", 250_000), ("A", "B", 250_000)], ["L"]) == {}


def test_a_circle_is_caught_only_from_outside() -> None:
    circle = [("A", "B", 600_000), ("B", "A", 400_000)]
    assert caught(circle, ["L"]) == {}
    assert caught([*circle, ("L", "A", 600_000)], ["L"]) == {"A": True, "B": True}
    assert caught([("A", "A", 900_000), ("L", "A", 100_000)], ["L"]) == {}


def test_shares_that_are_not_stated_leave_it_undetermined() -> None:
    assert caught([("L", "A", -1)], ["L"]) == {"A": None}
    # 60 percent are known to be others', so what is left cannot be half
    assert caught([("L", "A", -1), ("X", "A", 600_000)], ["L"]) == {}
    assert caught([("L", "A", 400_000), ("L2", "A", -1)], ["L", "L2"]) == {"A": None}
    assert caught([("L", "A", HALF), ("L", "A", -1)], ["L"]) == {"A": True}


def test_held_against_trying_every_set_of_parties() -> None:
    """The smallest set closed under the rule, by brute force over all sets, on small random graphs with circles."""
    r = random.Random(11)
    names = ["L", "A", "B", "C", "D", "E"]
    for _ in range(150):
        edges = [(a, b, r.choice((100_000, 200_000, 300_000, HALF, 600_000))) for a in names for b in names[1:]
                 if a != b and r.random() < 0.3]  # fmt: skip
        if not edges:
            continue
        closed = []
        for size in range(len(names)):
            for extra in itertools.combinations(names[1:], size):
                s = {"L", *extra}
                reached = {n for n in names[1:] if sum(w for a, b, w in edges if b == n and a in s) >= HALF}
                if reached <= s:
                    closed.append(s)
        smallest = set.intersection(*closed)
        assert set(caught(edges, ["L"])) == smallest - {"L"}


def test_the_rule_has_days() -> None:
    days = {"2025-09-28": "not in force", "2025-09-29": "in force", "2025-11-09": "in force", "2025-11-10": "stayed"}
    for day, status in days.items():
        assert rule_in_force(dt.date.fromisoformat(day))["status"] == status


def test_a_file_of_holdings_followed_from_a_listed_owner(tmp_path: Path) -> None:
    path = tmp_path / "owners.csv"
    path.write_text(
        "owner,owned,percent\nInspur Group Co. Ltd,Inspur Cloud GmbH,60\nInspur Cloud GmbH,Quiet Server GmbH,50\n"
        "Somebody Else,Quiet Server GmbH,50\nInspur Group Co. Ltd,Half Told AG,\n",
        encoding="utf-8",
    )
    found = screen([], lists=["extract"], owners=str(path), on=dt.date(2025, 10, 15))["ownership"]
    assert found["rule"]["status"] == "in force"
    by_name = {p["name"]: p for p in found["parties"]}
    assert by_name["Quiet Server GmbH"]["caught"] is True
    assert by_name["Half Told AG"]["caught"] is None
    assert any("headquarters" in note for note in found["notes"])
    one = screen(["Quiet Server GmbH"], lists=["extract"], owners=str(path))["ownership"]
    assert [p["name"] for p in one["parties"]] == ["Quiet Server GmbH"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("A,B,101\n", "from 0 to 100"),
        ("A,B,-1\n", "from 0 to 100"),
        ("A,B,60\nC,B,50\n", "more than 100 percent"),
        (",B,60\n", "an empty name"),
        ("A,B,half\n", "from 0 to 100"),
    ],
)
def test_shares_that_cannot_be_are_refused(tmp_path: Path, rows: str, message: str) -> None:
    path = tmp_path / "owners.csv"
    path.write_text("owner,owned,percent\n" + rows, encoding="utf-8")
    with pytest.raises(Problem) as caught_problem:
        read_ownership(str(path))
    assert message in str(caught_problem.value)


def test_a_chain_of_a_hundred_thousand_is_followed_to_its_end() -> None:
    count = 100_000
    names = [f"P{i}" for i in range(count + 1)]
    graph = Graph(names[:-1], names[1:], [UNIT] * count)
    assert len(graph.owned_by(["P0"])) == count
