"""The dossier in a real browser: it opens without a network, is quiet, and reads on a phone and without scripts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("brief") / "brief.html"
    twokey = str(Path(sys.executable).with_name("twokey"))
    done = subprocess.run([twokey, "brief", "--html", str(path)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return path


def opened(browser: Browser, file: Path, **context: object) -> tuple[Page, list[str], list[str]]:
    page = browser.new_context(**context).new_page()  # type: ignore[arg-type]
    trouble: list[str] = []
    left: list[str] = []
    page.on("console", lambda m: trouble.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: trouble.append(str(e)))
    page.on("request", lambda r: left.append(r.url) if not r.url.startswith(("file:", "data:", "blob:")) else None)
    page.goto(file.as_uri())
    page.wait_for_load_state("load")
    return page, trouble, left


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_is_quiet_stays_on_the_machine_and_fits(
    browser: Browser, page_file: Path, width: int, scheme: str
) -> None:
    page, trouble, left = opened(
        browser, page_file, viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    )
    page.wait_for_selector(".js-plotly-plot .main-svg", state="attached")
    assert trouble == []
    assert left == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 1
    assert page.locator("h1").count() == 1
    assert page.locator("table").count() >= 5


def test_the_first_screen_answers_the_question(browser: Browser, page_file: Path) -> None:
    page, _, _ = opened(browser, page_file, viewport={"width": 1280, "height": 900})
    seen = page.evaluate(
        """[...document.querySelectorAll('p, li, td, dd, h1, h2')]
           .filter(e => { const r = e.getBoundingClientRect(); return r.top < 900 && r.height > 0 })
           .map(e => e.innerText).join(' ')"""
    )
    assert "H20" in seen
    assert "?" in seen


def test_every_verdict_is_readable_without_scripts(browser: Browser, page_file: Path) -> None:
    page, _, _ = opened(browser, page_file, java_script_enabled=False)
    text = page.locator("body").inner_text()
    for word in ("H20", "H800", "RTX 4090", "letter-2025-04", "145", "not legal advice"):
        assert word in text
