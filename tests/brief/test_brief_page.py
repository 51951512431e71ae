"""The page: whole, escaped, opened without a network, readable without pictures, written whole or not at all."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from twokey.brief import Brief, write_html
from twokey.brief.html import render
from twokey.brief.html.planes import _free, _places
from twokey.brief.sentences import summary
from twokey.brief.text import render as render_text
from twokey.brief.words import NOT_ADVICE
from twokey.quantities.problem import Problem
from twokey.sources.files import write_text

SECTIONS = (
    *("verdicts", "timeline", "limits", "designs", "duties", "charge", "sku", "claims", "who", "unverified"),
    "versions",
)


class Reader(HTMLParser):
    """Collects tags, ids, resources and the text outside scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.resources: list[str] = []
        self.text: list[str] = []
        self.css: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = {k: v or "" for k, v in attrs}
        self.ids += [given["id"]] if "id" in given else []
        self.resources += [v for k, v in given.items() if k in ("src", "href", "srcset", "data", "action", "poster")]
        if tag in ("script", "style"):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.text.append(data)
        elif self._inside[-1] == "style":
            self.css.append(data)


@pytest.fixture(scope="module")
def page(brief: Brief) -> str:
    return render(brief)


@pytest.fixture(scope="module")
def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def test_every_part_is_there(read: Reader, brief: Brief) -> None:
    assert [i for i in read.ids if i in SECTIONS] == list(SECTIONS)
    assert read.tags.count("h1") == 1
    assert read.tags.count("h2") == len(SECTIONS)
    text = " ".join(read.text)
    assert text.count(NOT_ADVICE) == 1
    for label, sentence in summary(brief):
        assert label in text
        assert sentence in text
    for m in brief.marks:
        assert m.id in text
        assert m.says in text
    for limit in brief.scenario.limits:
        assert limit in text
    assert "unverified" in text


def test_nothing_is_loaded_from_elsewhere(read: Reader) -> None:
    assert [r for r in read.resources if not r.startswith("#")] == []
    assert all(r[1:] in read.ids for r in read.resources)
    css = "".join(read.css)
    assert "@import" not in css
    assert not re.search(r"url\(\s*['\"]?(?!data:)", css.replace("url(#", "url(data:#"))
    assert not {"link", "iframe", "img", "object", "embed", "base"} & set(read.tags)


def test_the_plotting_library_is_inlined_once(page: str) -> None:
    assert len(re.findall(r"plotly\.js v\d", page)) == 1
    assert page.count("Plotly.newPlot(") >= 7


def test_every_picture_has_words_and_a_table(page: str, read: Reader) -> None:
    pictures = page.count('class="picture"')
    assert pictures == len(re.findall(r'class="picture" role="img" aria-label="[^"]{20,}"', page))
    assert read.tags.count("table") >= 12
    assert "<noscript>" in page


def test_the_numbers_of_the_page_are_those_of_the_answers(page: str, brief: Brief) -> None:
    from twokey.brief.words import number, time_text

    for d in brief.designs:
        assert time_text(d["best"]["value"]) in page
        assert time_text(d["bound"]) in page
        assert number(d["boxes"]) in page
        for v in d["versus"]:
            assert time_text(v["value"]) in page
    for _, stack in brief.duties:
        assert f"{int(stack.total_percent or 0)} percent" in page


def test_text_is_escaped(brief: Brief) -> None:
    nasty = "<script>alert('x')</script> & \"more\""
    page = render(replace(brief, scenario=replace(brief.scenario, title=nasty, question=nasty, limits=(nasty,))))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_terminal_page_has_every_part(brief: Brief) -> None:
    out = io.StringIO()
    Console(file=out, width=160).print(render_text(brief))
    text = out.getvalue()
    for title in (
        "May it ship?",
        "Over time",
        "The plane on",
        "The best lawful chip",
        "Duties",
        "Claims",
        "What this rests on",
    ):
        assert title in text
    assert text.count("not legal advice") == 1
    assert all(m.id in text for m in brief.marks)
    narrow = io.StringIO()
    Console(file=narrow, width=70).print(render_text(brief))
    assert max(len(line) for line in narrow.getvalue().splitlines()) <= 70


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "page.html"
    write_text(path, "old")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]
    monkeypatch.undo()
    write_text(path, "new")
    assert path.read_text() == "new"
    write_text(tmp_path / "out" / "page.html", "new")
    assert (tmp_path / "out" / "page.html").read_text() == "new"
    with pytest.raises(Problem):
        write_text(path / "page.html", "a file is no folder")


def test_the_free_area_is_the_one_the_limits_leave() -> None:
    """x < 1400, y < 1100, x + y < 1700: corners (0,0) (0,1100) (600,1100) (1400,300) (1400,0)."""
    corners = _free(1400, 1100, 1700, 5000, 2000)
    assert corners == [(0, 0), (0, 1100), (600, 1100), (1400, 300), (1400, 0)]
    assert _free(float("inf"), float("inf"), float("inf"), 10, 5)[1:3] == [(0, 5), (10, 5)]


def test_labels_of_near_points_do_not_lie_on_each_other() -> None:
    assert len(set(_places(["AAAA", "BBBB", "CCCC"], [(0.5, 0.5), (0.5, 0.5), (0.5, 0.5)]))) == 3
    assert "left" in _places(["a long label at the edge"], [(0.99, 0.5)])[0]


def test_it_opens_in_a_browser_without_a_network(brief: Brief, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium on this machine: the page was not opened in a browser")
    page = tmp_path / "page.html"
    write_html(brief, page)
    command = [
        browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update", "--virtual-time-budget=10000",
        "--host-resolver-rules=MAP * 0.0.0.0", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    drawn = len(re.findall(r'<svg class="main-svg"', done.stdout))
    assert drawn >= page.read_text(encoding="utf-8").count('class="picture"')
