"""What the law remembers never changes an answer, and a table of trades is answered as its rows are one by one."""

from __future__ import annotations

import datetime as dt
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

from twokey.chips.catalogue import chips
from twokey.chips.item import ItemSheet
from twokey.law import settle
from twokey.law.assess import assess
from twokey.law.bulk import answer_row, answer_rows
from twokey.law.day import _law_on
from twokey.law.question import Trade
from twokey.sources.rows import read_rows

COUNTRIES = ("CN", "HK", "MO", "SG", "MY", "AE", "VN", "DE", "RU", "IL")
HIDDEN = ("datacentre", "modes", "applicable_die_area_mm2", "dram_bandwidth_GBps", "io_bandwidth_GBps", "seller")


def question(rng: random.Random, sheets: list[ItemSheet]) -> tuple[ItemSheet, Trade]:
    sheet = rng.choice(sheets)
    for name in HIDDEN:
        if rng.random() < 0.15:
            unknown: dict[str, Any] = {name: None}
            sheet = replace(sheet, **unknown)
    on = dt.date(2022, 8, 1) + dt.timedelta(days=rng.randrange(1500))
    to = rng.choice(COUNTRIES)
    return sheet, Trade(to=to, on=on, seat=rng.choice((to, "CN", None)))


def forget() -> None:
    settle._MEMORY.clear()
    _law_on.cache_clear()


def test_what_is_remembered_never_changes_an_answer() -> None:
    rng = random.Random(20)
    sheets = [chip.item for chip in chips()]
    questions = [question(rng, sheets) for _ in range(250)]
    forget()
    remembered = [assess(*q).to_json() for q in questions * 2][len(questions) :]
    fresh = []
    for q in questions:
        forget()
        fresh.append(assess(*q).to_json())
    assert remembered == fresh


def test_a_table_is_answered_in_order_on_two_processes_as_on_one(tmp_path: Path) -> None:
    rng = random.Random(21)
    names = [chip.id for chip in chips()]
    path = tmp_path / "trades.csv"
    rows = ["item,on,to,end_user_seat,remark"]
    for i in range(300):
        day = dt.date(2022, 8, 1) + dt.timedelta(days=rng.randrange(1500))
        rows.append(f"{rng.choice(names)},{day},{rng.choice(COUNTRIES)},{rng.choice(('CN', ''))},{i}")
    rows[100] = "no-such-chip,2025-04-17,CN,CN,x"
    rows[200] = f"{names[0]},2025-02-30,CN,CN,x"
    path.write_text("\n".join(rows) + "\n")

    def read() -> list[tuple[str, dict[str, str]]]:
        return list(read_rows(str(path), required=("item", "on", "to"), optional=("end_user_seat",)))

    one = [answer_row(place, row, {}, {}) for place, row in read()]
    assert list(answer_rows(read(), processes=2)) == one
    answers = [json.loads(text) for text in one]
    assert [("error" in a) for a in answers].count(True) == 2
    assert "trades.csv:101" in answers[99]["error"]["where"]
    assert next(a["item"] for a in answers if "error" not in a) == rows[1].split(",")[0]
