"""Every command and program in the README runs as printed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    lines = [line for block in blocks("console") for line in block.splitlines()]
    return [line[2:].split("#")[0].strip() for line in lines if line.startswith("$ twokey ")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (sheet,) = blocks("yaml")
    (tmp_path / "my-chip.yaml").write_text(sheet, encoding="utf-8")
    (tmp_path / "shapes.csv").write_text("operator,dtype,shape\nmatmul,bf16,8x4096x4096\nsoftmax,bf16,64x4096\n")
    return tmp_path


def test_the_readme_shows_commands() -> None:
    assert len(commands()) >= 8


@pytest.mark.parametrize("command", commands())
def test_a_command_of_the_readme_answers(command: str, folder: Path) -> None:
    words = [str(BIN / "twokey"), *command.split()[1:]]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout) > 40


def test_the_program_of_the_readme_prints_what_it_says(folder: Path) -> None:
    (program,) = blocks("python")
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "shut"
    assert done.stdout.split()[-1] == "True"
