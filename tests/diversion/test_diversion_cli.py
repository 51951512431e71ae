"""The verbs about buyers as they are called from the shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from twokey.cli.main import app

RUN = CliRunner()


def call(*words: str) -> Result:
    return RUN.invoke(app, list(words))


def asked(*words: str) -> dict:  # type: ignore[type-arg]
    result = call(*words, "--json")
    assert result.exit_code == 0, result.output
    found: dict = json.loads(result.output)  # type: ignore[type-arg]
    return found


CLAIM = (
    *("forensics", "--model", "deepseek-v3", "--item", "nvidia-h800", "--tokens", "14.8T", "--devices", "2048"),
    *("--device-hours", "2.788M", "--precision", "fp8", "--cost", "5.576M", "--price", "2"),
)


def test_forensics_has_the_fields_of_the_contract() -> None:
    found = asked(*CLAIM)
    assert {"plausible", "implied_mfu", "expected_mfu", "fits_memory", "alternatives", "decisive"} <= found.keys()
    assert found["expected_mfu"].keys() == {"low", "mid", "high"}
    assert {"item", "devices", "probability"} <= found["alternatives"][0].keys()
    assert asked(*CLAIM) == found
    page = call(*CLAIM).output
    for words in ("PLAUSIBLE", "utilisation", "nvidia-h20", "would settle most", "a claim that fits is not proved"):
        assert words in page


def test_forensics_of_a_claim_without_tokens_reads_as_undetermined() -> None:
    words = (
        "forensics",
        "--model",
        "deepseek-r1",
        "--item",
        "nvidia-h800",
        "--devices",
        "512",
        "--device-hours",
        "147336",
    )
    page = call(*words, "--stage", "reinforcement").output
    assert "UNDETERMINED" in page
    assert "billion tokens" in page


def test_screen_prints_hits_with_reasons_and_the_caution() -> None:
    found = asked("screen", "华为技术有限公司", "--list", "extract")
    assert found["hits"][0]["name"] == "Huawei Technologies"
    page = call("screen", "Huawei", "Acme Bakery", "--list", "extract").output
    assert "EL:extract-01" in page
    assert "744.11" in page
    assert "No hit is not clearance" in page
    assert "no hit" in call("screen", "Acme Bakery", "--list", "extract").output


def test_a_decision_is_remembered_from_the_shell(tmp_path: Path) -> None:
    review = str(tmp_path / "review.jsonl")
    common = ("--list", "extract", "--review", review)
    done = call(
        *("screen", "Inspur Bakery", *common, "--threshold", "0.4", "--decide", "different"),
        *("--record", "EL:extract-09", "--by", "desk", "--why", "a bakery"),
    )
    assert done.exit_code == 0, done.output
    [hit] = asked("screen", "Inspur Bakery", *common)["hits"]
    assert hit["decision"]["decision"] == "different"
    assert "a bakery" in call("screen", "Inspur Bakery", *common).output
    assert call("screen", "x", "--decide", "same").exit_code != 0


def test_owners_are_followed_from_the_shell(tmp_path: Path) -> None:
    path = tmp_path / "owners.csv"
    path.write_text("owner,owned,percent\nInspur Group,Quiet Server GmbH,50\n", encoding="utf-8")
    words = ("screen", "Quiet Server GmbH", "--list", "extract", "--owners", str(path), "--on", "2025-10-15")
    assert asked(*words)["ownership"]["parties"][0]["caught"] is True
    assert "owned by listed parties, 50%" in call(*words).output


def test_flags_of_a_trade_with_a_listed_party(tmp_path: Path) -> None:
    path = tmp_path / "deal.yaml"
    path.write_text(
        "item: nvidia-h100\nquantity: 1000\non: 2025-06-02\nroute: [US, SG, MY]\nsite_power_MW: 0.5\n"
        "parties:\n- {name: Inspur Group Co Ltd, role: owner, country: CN}\n",
        encoding="utf-8",
    )
    by_id = {f["id"]: f for f in asked("flags", str(path), "--list", "extract")["flags"]}
    assert by_id["RF-08"]["state"] == "raised"
    assert "Inspur" in by_id["RF-08"]["facts"][0]
    assert by_id["RF-04"]["state"] == "raised"
    page = call("flags", str(path), "--list", "extract").output
    assert "RF-04  RAISED" in page
    assert "route MY" in page


def test_obligations_as_a_ledger_and_against_a_plan(tmp_path: Path) -> None:
    assert len(asked("obligations")["ledgers"][0]["commitments"]) == 7
    path = tmp_path / "plan.yaml"
    path.write_text(
        "seller: nvidia\non: 2025-04-17\noffers:\n- {customer: A, market: CN, goods: accelerator, item: nvidia-h20, "
        "refused: yes}\n",
        encoding="utf-8",
    )
    page = call("obligations", str(path)).output
    assert "CONFLICT" in page
    assert "us/letter-2025-04" in page
    assert "SAMR" in page
    assert "O1 no-tying" in call("obligations").output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("screen",), "no name"),
        (("screen", "x", "--on", "2025-13-01"), "a day that exists"),
        (("flags", "none.yaml"), "no such file"),
        (("forensics", "--model", "deepsek-v3", "--item", "nvidia-h800"), "did you mean"),
    ],
)
def test_what_cannot_be_answered_is_a_problem_with_its_place(words: tuple[str, ...], message: str) -> None:
    result = call(*words)
    assert result.exit_code != 0
    assert message in str(result.exception)
