"""Tables of answers as files, and the same question answered the same, byte for byte."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import random
import re
import subprocess
import sys
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from twokey import api
from twokey.law.bulk import Answers, answer_row, answer_rows
from twokey.law.bulk_table import write_answers
from twokey.law.groups import countries
from twokey.quantities.problem import Problem

TWOKEY = str(Path(sys.executable).with_name("twokey"))
TABLE = """item,on,to,end_user_seat
nvidia-h20,2025-04-17,CN,CN
nvidia-h100,2024-04-17,SG,CN
no-such-chip,2025-04-17,CN,CN
nvidia-h20,2025-04-08,CN,CN
"""


@pytest.fixture
def trades(tmp_path: Path) -> Path:
    path = tmp_path / "trades.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def test_a_table_as_csv_keeps_order_and_says_what_is_wrong(trades: Path, tmp_path: Path) -> None:
    out = tmp_path / "answers.csv"
    counts = api.check_table(out, cases=str(trades))
    assert counts == {"shut": 2, "error": 1, "open": 1}
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert [r["verdict"] for r in rows] == ["shut", "shut", "", "open"]
    assert (rows[0]["us_classification"], rows[0]["tpp"], rows[0]["performance_density"]) == (
        "letter-2025-04", "2368", "2.90909",
    )  # fmt: skip
    assert "trades.csv:4" in rows[2]["error"]
    assert "us/letter-2025-04" in rows[0]["us_because"]


def test_json_lines_hold_the_whole_answers(trades: Path, tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    api.check_table(out, cases=str(trades))
    answers = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert answers[0] == api.check("nvidia-h20", to="CN", on="2025-04-17", seat="CN")[0].to_json()


def test_a_workbook_computes_tpp_and_density_from_the_modes(trades: Path, tmp_path: Path) -> None:
    out = tmp_path / "answers.xlsx"
    api.check_table(out, cases=str(trades))
    with zipfile.ZipFile(out) as book:
        answers, items = (book.read(f"xl/worksheets/sheet{n}.xml").decode() for n in (1, 2))
    tpp, density = re.findall(r'<c r="[A-Z]+2"><f>([^<]*)</f><v>([^<]*)</v>', answers)
    modes = len(api.item("nvidia-h20").modes or ())
    assert tpp == (f"MAX(items!F2:F{modes + 1})", "2368")
    assert density == (f"MAX(items!F2:F{modes + 1})/items!B2", "2.90909")
    products = re.findall(r'<c r="F(\d+)"><f>D(\d+)\*E(\d+)</f><v>([^<]*)</v>', items)
    assert all(row == d == e for row, d, e, _ in products)
    assert max(float(value) for *_, value in products[:modes]) == 2368
    assert answers.count("<f>") == 2 * 3  # the item that does not exist has no figures
    # the same chip twice is written once
    assert len(products) == modes + len(api.item("nvidia-h100").modes or ())


def test_items_named_on_the_command_line_go_to_a_table_too(tmp_path: Path) -> None:
    out = tmp_path / "two.csv"
    words = [TWOKEY, "check", "nvidia-h20", "nvidia-a100", "--to", "CN", "--on", "2025-04-17", "--out", str(out)]
    done = subprocess.run([*words, "--json", "--status"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 11, done.stderr
    assert json.loads(done.stdout) == {"out": str(out), "rows": 2, "verdicts": {"shut": 2}}
    assert len(out.read_text(encoding="utf-8").splitlines()) == 3


def test_a_table_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "answers.csv"
    out.write_text("kept\n", encoding="utf-8")

    def broken() -> object:
        yield None, json.dumps({"item": "x", "on": "2025-04-17", "to": "CN", "error": {"where": "a", "message": "b"}})
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_answers(out, broken())  # type: ignore[arg-type]
    assert out.read_text(encoding="utf-8") == "kept\n"
    assert [p.name for p in tmp_path.iterdir()] == ["answers.csv"]
    trades = tmp_path / "trades.csv"
    trades.write_text(TABLE, encoding="utf-8")
    with pytest.raises(Problem, match="another file than that of the trades"):
        api.check_table(trades, cases=str(trades))
    assert trades.read_text(encoding="utf-8") == TABLE
    with pytest.raises(Problem, match=r"\.csv, \.jsonl, \.xlsx"):
        write_answers(tmp_path / "answers.pdf", ())


def ask(words: list[str], **changed: str) -> bytes:
    done = subprocess.run([TWOKEY, *words], capture_output=True, env={**os.environ, **changed}, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_same_question_is_answered_the_same_byte_for_byte(trades: Path, tmp_path: Path) -> None:
    party, sheet = tmp_path / "party.yaml", tmp_path / "sheet.yaml"
    party.write_text("to: CN\nseat: CN\nend_user: A firm\nowners: [{name: Huawei, percent: 50}, {name: B}]\n", "utf-8")
    sheet.write_text(
        "name: Çip\nseller: nvidia\nseller_seat: US\ndatacentre: yes\n"
        "modes: [{mode: fp16, bits: 16, tops: {low: 140, mid: 150, high: 161}}]\n"
        "applicable_die_area_mm2: {low: 700, mid: 800, high: 830}\ndram_bandwidth_GBps: 1000\nio_bandwidth_GBps: 100\n",
        "utf-8",
    )  # its probabilities are sampled
    for words in (
        ["check", "nvidia-h20", "amd-mi300x", "--to", "CN", "--on", "2025-11-10", "--json"],
        ["check", "--cases", str(trades), "--json"],
        ["check", "nvidia-h200", "--trade", str(party), "--on", "2026-11-10", "--explain", "--json"],
        ["check", str(sheet), "--to", "CN", "--on", "2026-03-01", "--with", "proposed/safe-chips", "--json"],
        ["timeline", "nvidia-h20", "--to", "CN", "--seat", "CN", "--json"],
        ["law", "us/foundry-2025"],
    ):
        one = ask(words, PYTHONHASHSEED="0", LC_ALL="C.UTF-8", TZ="UTC")
        two = ask(words, PYTHONHASHSEED="4242", LC_ALL="tr_TR.UTF-8", LANG="tr_TR.UTF-8", TZ="Asia/Shanghai")
        assert one == two
        if words[0] == "check":
            stamp = json.loads(one)
            assert re.fullmatch(r"[0-9a-f]{64}", stamp["law_sha256"])
            assert stamp["twokey"]


def test_workbooks_are_the_same_byte_for_byte(trades: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"{n}.xlsx" for n in (1, 2)]
    for out in files:
        api.check_table(out, cases=str(trades))
    assert files[0].read_bytes() == files[1].read_bytes()


def test_rows_answered_by_an_earlier_one_read_as_if_asked_alone() -> None:
    rng = random.Random(31)
    chips = [chip.id for chip in api.chips()]
    places = [*countries(), *("CN", "HK", "MO", "SG", "AE", "US") * 20]
    options: list[dict[str, Any]] = [
        {},
        {"known_on": dt.date(2025, 4, 14)},
        {"assume": {"us/letter-2025-04": Fraction(1)}},
    ]
    for option in options:
        answers = Answers(option)
        for n in range(900):
            row = {
                "item": rng.choice(chips[:25]),
                "on": str(dt.date(2022, 7, 1) + dt.timedelta(days=rng.randrange(1700))),
                "to": rng.choice(places),
                "end_user_seat": rng.choice([*places, *[""] * 40]),
            }
            assert answers.row(f"row {n}", row) == answer_row(f"row {n}", row, {}, option)
        assert answers.again > 100
    mistaken = {"item": chips[0], "on": "2025-13-01", "to": "CN", "end_user_seat": ""}
    assert "a day that exists" in answers.row("row 1", mistaken)
    assert "China" in answers.row("row 1", {**mistaken, "on": "2025-01-01", "to": "Chinna"})
    assert answers.row("", {**mistaken, "on": "2025-01-01", "to": "China"}) == answers.row(
        "", {**mistaken, "on": "2025-01-01", "to": "CN"}
    )


def test_more_processes_give_the_same_text_as_one() -> None:
    rows = [
        (f"row {i}", {"item": item, "on": day, "to": to, "end_user_seat": seat})
        for i, (item, day, to, seat) in enumerate(
            (item, day, to, seat)
            for item in ("nvidia-h20", "nvidia-l20", "huawei-ascend-910b", "amd-mi308x")
            for day in ("2022-11-01", "2025-04-17", "2026-02-01", "2026-08-01")
            for to in ("CN", "AE", "SG")
            for seat in ("CN", "")
        )
    ]
    assert list(answer_rows(rows, processes=2)) == list(answer_rows(rows, processes=1))


def test_the_tree_of_what_was_consulted_is_printed_and_in_the_json() -> None:
    words = ["check", "nvidia-h20", "--to", "CN", "--on", "2025-04-17", "--explain"]
    text = ask(words).decode()
    assert "+ us/letter-2025-04" in text
    assert re.search(r"\+ dram DRAM bandwidth 4000 is at or above 1400 GB/s \(margin \+2600, \+186%\)", text)
    (answer,) = json.loads(ask([*words, "--json"]))["answers"]
    assert {r["rule"]: r["reaches"] for r in answer["tree"]}["us/letter-2025-04"] == "yes"
    assert answer["verdict"] == "shut"
