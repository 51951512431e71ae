"""Training from the command line's words and from a table of cases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from twokey import api
from twokey.cli import main as cli
from twokey.perf.training.options import from_texts
from twokey.quantities.problem import Problem

FIELDS = ("step_s", "mfu", "hfu", "device_hours", "memory_bytes_per_device", "fits", "bottlenecks", "interval")


def _json(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    with pytest.raises(SystemExit) as ended:
        cli.app([*words, "--json"])
    assert not ended.value.code
    got = json.loads(capsys.readouterr().out)
    assert isinstance(got, dict)
    return got


def test_the_command_line_takes_the_contracts_options(capsys: pytest.CaptureFixture[str]) -> None:
    got = _json(
        capsys, "estimate", "nvidia-a100", "--model", "mt-nlg-530b", "--phase", "train", "--devices", "280",
        "--tp", "8", "--pp", "35", "--dp", "1", "--batch", "280", "--micro-batch", "1", "--input", "2048",
        "--interleave", "3", "--recompute", "selective", "--sequence-parallel", "--zero", "0", "--tokens", "0.27T",
        "--precision", "fp16",
    )  # fmt: skip
    assert all(name in got for name in FIELDS)
    assert got["step_s"] == pytest.approx(37.83, rel=0.07)
    assert got["fits"] is True
    assert got["stack"] == "megatron-2022"


def test_without_sizes_the_best_layout_is_found_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    got = _json(capsys, "estimate", "nvidia-h100", "--model", "llama-3-8b", "--phase", "train", "--devices", "64")
    layout = got["layout"]
    assert isinstance(layout, dict)
    assert layout["tp"] * layout["pp"] * layout["dp"] * layout["cp"] == 64
    assert int(str(got["strategies"])) > 10


def test_a_table_of_cases_mixes_phases_and_keeps_going(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(
        "item,model,phase,devices,tp,pp,batch,input,micro_batch,recompute,sequence_parallel,tokens,precision\n"
        "nvidia-a100,megatron-gpt-22b,train,8,8,1,4,2048,4,full,no,1T,fp16\n"
        "nvidia-h100,llama-3-8b,decode,1,1,,8,1024,,,,,\n"
        "nvidia-h100,llama-3-8b,train,8,1,1,8,1024,one,,,,\n",
        encoding="utf-8",
    )
    train, decode, wrong = api.estimate_cases(str(path))
    assert train["step_s"] == pytest.approx(1.42, rel=0.07)
    assert "tpot_s" in decode
    assert "micro_batch" in json.dumps(wrong["error"])


@pytest.mark.parametrize(
    ("texts", "where"),
    [
        ({"pp": "eight"}, "--pp"),
        ({"tokens": "many"}, "--tokens"),
        ({"sequence_parallel": "perhaps"}, "--sequence-parallel"),
        ({"scale_out_GBps": "-1"}, "--scale-out-GBps"),
    ],
)
def test_words_that_mean_nothing_are_refused(texts: dict[str, str], where: str) -> None:
    with pytest.raises(Problem) as refused:
        from_texts(texts)
    assert refused.value.where == where


def test_options_of_training_are_refused_for_other_phases() -> None:
    with pytest.raises(Problem) as refused:
        api.options_given("decode", {"interleave": "2"})
    assert refused.value.where == "--interleave"
