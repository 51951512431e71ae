"""The documentation builds strictly and without a network, fetches nothing when read, and its notebook runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from doc_pages import ROOT
from nbclient import NotebookClient

from twokey import api


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    env = os.environ | {
        "NO_MKDOCS_2_WARNING": "1",
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
    }
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr + done.stdout
    return folder


class Resources(HTMLParser):
    """Collects what a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {k: v or "" for k, v in attrs}
        if tag in ("script", "img", "iframe", "source"):
            self.found.append(given.get("src", ""))
        if tag == "link" and given.get("rel") not in ("canonical", "prev", "next"):
            self.found.append(given.get("href", ""))


def test_reading_a_page_fetches_nothing(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 60
    for page in pages:
        reader = Resources()
        reader.feed(page.read_text(encoding="utf-8"))
        assert not [r for r in reader.found if r.startswith(("http:", "https:", "//"))], page.name
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(\s*['\"]?https?:", sheet.read_text(encoding="utf-8")), sheet.name


def test_every_rule_every_verb_and_every_name_has_its_place(site: Path) -> None:
    for rule in api.law():
        page = (site / "law" / (rule.id.replace("/", "-").replace(".", "-") + ".html")).read_text(encoding="utf-8")
        assert rule.to_json()["title"].split("(")[0].strip().split("&")[0] in page  # type: ignore[attr-defined]
    commands = (site / "reference" / "cli.html").read_text(encoding="utf-8")
    for verb in ("check", "timeline", "design", "estimate", "duty", "forensics", "mcp"):
        assert f'id="{verb}"' in commands
    names = (site / "reference" / "nomenclature.html").read_text(encoding="utf-8")
    assert names.count("<tr>") > 100
    models = (site / "models.html").read_text(encoding="utf-8")
    assert "made:" not in models
    assert "decode-attention" in models
    assert (site / "reference" / "openapi.json").is_file()
    functions = (site / "api" / "law.html").read_text(encoding="utf-8")
    assert "assess" in functions


def test_the_notebook_runs() -> None:
    book = nbformat.read(ROOT / "docs" / "tutorial.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(book)
    assert not any(cell.get("outputs") for cell in book.cells)  # what it prints is not kept, so that it cannot be stale
    client = NotebookClient(book, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}})
    client.execute()
    shown = [o for c in book.cells if c.cell_type == "code" for o in c.outputs]
    assert not any(o.output_type == "error" for o in shown)
    assert sum("text/html" in o.get("data", {}) for o in shown) >= 6
