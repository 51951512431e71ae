"""Comfort: completion by the shell, suggestions for what is mistyped, colours and progress only on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

TWOKEY = str(Path(sys.executable).with_name("twokey"))


def completed(line: str) -> list[str]:
    words = line.split(" ")
    env = os.environ | {"_TWOKEY_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    return subprocess.run([TWOKEY], env=env, capture_output=True, text=True).stdout.split()


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("twokey ti", "timeline"),
        ("twokey check nvidia-h2", "nvidia-h200"),
        ("twokey check nvidia-h20 --known", "--known-on"),
        ("twokey law us/3a", "us/3a090.a"),
        ("twokey design --workload llama", "llama-3-70b-decode"),
        ("twokey estimate nvidia-h20 --model deepseek-v3", "deepseek-v3"),
        ("twokey check nvidia-h20 --to C", "CN"),
    ],
)
def test_the_shell_completes_verbs_options_and_names(line: str, word: str) -> None:
    found = completed(line)
    assert word in found
    assert all(one.startswith(line.split(" ")[-1]) for one in found)


def test_completion_can_be_installed(tmp_path: Path) -> None:
    env = os.environ | {"HOME": str(tmp_path)}
    done = subprocess.run([TWOKEY, "--install-completion", "bash"], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert any("complete_bash" in p.read_text() for p in tmp_path.rglob("*") if p.is_file())


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("chek",), "check"),
        (("timelin", "nvidia-h20"), "timeline"),
        (("check", "nvidia-h20", "--sead", "CN"), "--seat"),
        (("check", "nvidia-h2O", "--to", "CN"), "nvidia-h20"),
        (("law", "us/letter-2025-4"), "us/letter-2025-04"),
        (("estimate", "nvidia-h20", "--model", "lama-3-70b", "--phase", "decode"), "llama-3-70b"),
        (("design", "--workload", "deepseek-v3-decod", "--to", "CN"), "deepseek-v3-decode"),
        (("design", "--workload", "deepseek-v3-decode", "--to", "CN", "--space", "smal"), "small"),
    ],
)
def test_what_is_mistyped_is_answered_with_what_was_meant(words: tuple[str, ...], meant: str) -> None:
    done = subprocess.run([TWOKEY, *words], capture_output=True, text=True)
    assert done.returncode in (2, 3)
    assert meant in done.stderr
    assert "\x1b[" not in done.stderr


def on_a_terminal(*words: str, **env: str) -> str:
    """Run with standard error on a terminal of its own, and return what was written there."""
    here, there = pty.openpty()
    run = subprocess.Popen(
        [TWOKEY, *words], stdout=subprocess.DEVNULL, stderr=there, env=os.environ | {"TERM": "xterm"} | env
    )
    os.close(there)
    told = b""
    while True:
        try:
            piece = os.read(here, 4096)
        except OSError:
            break
        if not piece:
            break
        told += piece
    run.wait()
    os.close(here)
    return told.decode(errors="replace")


def test_what_takes_longer_than_a_second_says_how_far_it_is_and_how_long_it_takes() -> None:
    told = on_a_terminal("sku", "--draws", "200000")
    assert "sensitivity" in told or "margins" in told
    assert "0:00:0" in told  # time elapsed and time left


def test_off_a_terminal_there_is_no_progress_and_no_colour() -> None:
    done = subprocess.run([TWOKEY, "sku", "--draws", "2000"], capture_output=True, text=True)
    assert done.stderr == ""
    for words in (("chips", "h20"), ("--help",), ("check", "nvidia-h20", "--to", "CN", "--on", "2025-04-17")):
        done = subprocess.run([TWOKEY, *words], capture_output=True, text=True)
        assert done.returncode == 0
        assert "\x1b[" not in done.stdout
