"""The command line keeps its contract: JSON, exit statuses, and messages that help."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TWOKEY = str(Path(sys.executable).with_name("twokey"))


def run(*args: str, given: str | None = None, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k not in ("FORCE_COLOR", "COLUMNS")}
    return subprocess.run([TWOKEY, *args], input=given, capture_output=True, text=True, env=env, cwd=cwd, timeout=120)


def answer(*args: str, given: str | None = None) -> Any:
    done = run(*args, "--json", given=given)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def error(*args: str, status: int = 3) -> dict[str, str]:
    done = run(*args, "--json")
    assert done.returncode == status, (done.returncode, done.stderr)
    assert done.stdout == ""
    body: dict[str, str] = json.loads(done.stderr)["error"]
    assert set(body) == {"kind", "where", "message", "fix"}
    assert all(body.values())
    return body


SHEET = """
name: Example 96GB
seller: nvidia
seller_seat: US
datacentre: yes
modes:
- {mode: fp16, bits: 16, tops: 148}
- {mode: int8, bits: 8, tops: 296}
applicable_die_area_mm2: 814
dram_bandwidth_GBps: 4000
io_bandwidth_GBps: 1028
"""


def test_the_example_of_the_contract() -> None:
    (got,) = answer("check", "nvidia-h20", "--to", "CN", "--on", "2025-04-17")["answers"]
    assert got["item"] == "nvidia-h20"
    assert got["facts"]["tpp"] == 2368
    assert got["facts"]["performance_density"] == pytest.approx(2.909, abs=5e-4)
    assert got["verdict"] == "shut"
    us, cn = got["keys"]["us"], got["keys"]["cn"]
    assert (us["outcome"], us["review"], us["classification"], us["exceptions"], us["missing"]) == (
        "licence-required",
        "presumption-of-denial",
        ["letter-2025-04"],
        [],
        [],
    )
    assert us["because"][0]["rule"] == "us/letter-2025-04"
    assert {"rule", "node", "says", "cite"} <= set(us["because"][0])
    assert (cn["outcome"], cn["strength"]) == ("permitted", "law")
    assert {"outcome", "strength", "because"} <= set(cn["also"][0])


def test_a_sheet_a_path_and_standard_input_answer_alike(tmp_path: Path) -> None:
    path = tmp_path / "example.yaml"
    path.write_text(SHEET)
    from_path = answer("check", str(path), "--to", "CN", "--on", "2025-04-17")["answers"][0]
    from_input = answer("check", "-", "--to", "CN", "--on", "2025-04-17", given=SHEET)["answers"][0]
    for one in (from_path, from_input):
        one.pop("item")
    assert from_path == from_input
    assert from_path["verdict"] == "shut"


def test_status_tells_the_verdict() -> None:
    ask = ("check", "nvidia-h20", "--to", "CN", "--status", "--on")
    assert run(*ask, "2025-04-08").returncode == 0
    assert run(*ask, "2025-04-17").returncode == 11
    assert run("check", "nvidia-a30", "--to", "CN", "--status", "--on", "2024-06-01").returncode == 10
    assert run("check", "aws-inferentia2", "--to", "CN", "--status", "--on", "2024-06-01").returncode == 12


def test_cases_come_back_in_order_and_a_bad_row_does_not_stop_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(
        "item,on,to,end_user_seat\nnvidia-h20,2025-04-08,CN,CN\nnvidia-h21,2025-04-08,CN,CN\nnvidia-h20,2025-04-17,CN,CN\n"
    )
    got = answer("check", "--cases", str(path))["answers"]
    assert [g.get("verdict") for g in got] == ["open", None, "shut"]
    assert "nvidia-h20" in got[1]["error"]["fix"]


@pytest.mark.parametrize(
    ("args", "needle"),
    [
        (("check", "nvidia-h2O", "--to", "CN"), "nvidia-h20"),
        (("check", "nvidia-h20", "--to", "CN", "--on", "2025-02-30"), "2025-02-30"),
        (("check", "nvidia-h20", "--to", "EU"), "alpha-2"),
        (("check", "nvidia-h20", "--to", "Chinna"), "CN"),
        (("check", "absent.yaml", "--to", "CN"), "absent.yaml"),
        (("check", "--cases", "absent.csv"), "absent.csv"),
        (("check", "nvidia-h20", "--to", "CN", "--assume", "x"), "RULE=VALUE"),
        (("law", "us/3a090.z"), "us/3a090"),
        (("timeline", "h-twenty", "--to", "CN"), "h-twenty"),
        (("design", "--workload", "deepseek-v3-decod", "--to", "CN"), "deepseek-v3-decode"),
        (("design", "--workload", "deepseek-v3-decode", "--to", "CN", "--space", "smal"), "small"),
        (("design", "--workload", "deepseek-v3-decode", "--to", "CN", "--gap", "2"), "0"),
        (("duty", "nvidia-h20", "--to", "US", "--origin", "CN", "--hts", "9999.99", "--on", "2025-04-17"), "9999.99"),
        (("estimate", "nvidia-h20", "--model", "deepsek-v3", "--phase", "decode"), "deepseek-v3"),
    ],
)
def test_bad_input_is_refused_with_place_given_needed_and_mending(args: tuple[str, ...], needle: str) -> None:
    body = error(*args)
    assert needle in json.dumps(body)


def test_wrong_usage_is_status_2() -> None:
    assert error("check", "--no-such-option", status=2)["kind"] == "usage"
    assert error("check", status=2)["kind"] == "usage"
    assert run("no-such-verb").returncode == 2


def test_a_malformed_sheet_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(SHEET.replace("814", "-814"))
    body = error("check", str(path), "--to", "CN")
    assert f"{path}:9" in body["where"]
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff")
    assert "UTF-8" in error("check", str(path), "--to", "CN")["message"]


def test_every_catalogue_chip_is_answered_on_each_day_on_which_the_law_moved() -> None:
    chips = [c["id"] for c in answer("chips")]
    assert len(chips) >= 45
    for day in ("2022-10-21", "2023-11-17", "2025-04-17", "2026-02-01"):
        got = answer("check", *chips, "--to", "CN", "--on", day)["answers"]
        assert [g["item"] for g in got] == chips
        for g in got:
            us = g["keys"]["us"]
            assert g["verdict"] in ("open", "conditional", "shut", "undetermined")
            assert (us["outcome"] == "undetermined") <= bool(us["missing"])
            assert us["outcome"] != "licence-required" or us["because"]


def test_timeline_and_check_agree() -> None:
    spans = answer("timeline", "nvidia-h20", "--to", "CN")["spans"]
    assert [a["until"] for a in spans[:-1]] == [b["from"] for b in spans[1:]]
    for span in spans:
        got = answer("check", "nvidia-h20", "--to", "CN", "--on", span["from"])["answers"][0]
        assert got["verdict"] == span["verdict"]


def test_lists_have_names_aliases_and_sources() -> None:
    by_id = {c["id"]: c for c in answer("chips")}
    h20 = by_id["nvidia-h20"]
    assert "H20 96GB" in [h20["name"], *h20["aliases"]]
    assert {"value", "source", "confidence", "checked"} <= set(h20["dram_bandwidth_GBps"])
    assert len(answer("models")) >= 12
    assert {s["id"]: s["designs"] for s in answer("spaces")}["small"] == 603_979_776


def test_the_readable_page_says_the_verdict_and_why() -> None:
    done = run("check", "nvidia-h20", "--to", "CN", "--on", "2025-04-17")
    assert done.returncode == 0
    assert "SHUT" in done.stdout
    assert "us/letter-2025-04" in done.stdout
    assert "\x1b[" not in done.stdout
