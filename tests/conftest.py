"""What several folders of tests share: the shipped dossier, one Chromium, and the server its pages come from."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from twokey.brief import Brief

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.fail("no Chromium on this machine; install Debian's package `chromium` (.ci/run does)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run `twokey serve` and return its address, such as http://127.0.0.1:43210."""
    state = tmp_path_factory.mktemp("state")
    command = [str(Path(sys.executable).with_name("twokey")), "serve", "--port", "0", "--state", str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        assert server.stdout is not None
        said = server.stdout.readline()
        assert "http://127.0.0.1:" in said, said
        yield said.split()[3].rstrip("/")
        server.terminate()
        assert server.wait(20) in (0, -15), server.stdout.read()


@pytest.fixture(scope="session")
def steps() -> list[tuple[str, int, int]]:
    """What the run of the dossier said of its progress."""
    return []


@pytest.fixture(scope="session")
def brief(steps: list[tuple[str, int, int]]) -> Brief:
    """The dossier of the week of 17 April 2025, as `make brief` makes it."""
    from twokey.brief import run

    return run(progress=lambda stage, done, total: steps.append((stage, done, total)))
