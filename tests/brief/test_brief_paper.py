"""The dossier on paper: whole, the same bytes again, one page of summary; its pictures drawn without a browser."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import plotly.graph_objects as go
import pytest

from twokey.brief import Brief, run, write_pdf
from twokey.brief.html import render
from twokey.brief.html.page import sections
from twokey.brief.html.pictures import drawn_as_svg
from twokey.brief.pdf import pdf_bytes
from twokey.brief.pdf.document import content
from twokey.brief.pdf.nodes import nodes, text_of
from twokey.brief.sentences import summary
from twokey.brief.svg import svg

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def pdf(brief: Brief) -> bytes:
    return pdf_bytes(brief)


def test_it_is_a_pdf_dated_by_the_scenario(pdf: bytes, brief: Brief) -> None:
    assert pdf.startswith(b"%PDF-")
    assert brief.scenario.design.days[-1] == date(2025, 4, 17)
    assert b"D:20250417" in pdf
    assert b"pdfuaid:part" in pdf  # readable aloud: ISO 14289-1, which the typesetter checks
    pages = re.findall(rb"/Type\s*/Pages\b[^>]*?/Count (\d+)|/Count (\d+)", pdf)
    assert max(int(a or b) for a, b in pages) >= 10


def test_the_file_is_written(pdf: bytes, brief: Brief, tmp_path: Path) -> None:
    write_pdf(brief, tmp_path / "dossier.pdf")
    assert (tmp_path / "dossier.pdf").read_bytes() == pdf
    assert [p.name for p in tmp_path.iterdir()] == ["dossier.pdf"]


def test_time_taken_is_no_part_of_page_or_paper(pdf: bytes, brief: Brief) -> None:
    slower = replace(brief, seconds=brief.seconds + 60, designs=[d | {"cpu_s": d["cpu_s"] + 9} for d in brief.designs])
    assert pdf_bytes(slower) == pdf
    assert render(slower) == render(brief)


def test_the_paper_says_what_the_page_says(brief: Brief) -> None:
    said, pictures = content(brief)
    assert [p["id"] for p in said["sections"]] == [id for id, _, _ in sections(brief)]
    assert [tuple(line) for line in said["summary"]] == summary(brief)
    text = " ".join(text_of(n) for p in said["sections"] for n in p["nodes"])
    for m in brief.marks:
        assert m.says in text
    for answer in brief.answers:
        assert all(b["cite"] in text for b in answer["keys"]["us"]["because"])
    assert len(pictures) >= 9
    assert len(said["sources"]) == len(set(said["sources"])) > 20
    assert re.fullmatch("[0-9a-f]{64}", said["law"])
    assert said["scenario"] in text


def test_every_picture_is_a_picture(brief: Brief) -> None:
    _, pictures = content(brief)
    for text in pictures:
        root = ElementTree.fromstring(text)
        assert len(root.get("aria-label") or "") >= 20
        width, height = float(root.get("width") or 0), float(root.get("height") or 0)
        assert len(list(root)) > 5
        for rect in root.iter(f"{SVG}rect"):
            x, y, w, h = (float(rect.get(k, "0")) for k in ("x", "y", "width", "height"))
            if rect.get("x") and not (x < 0 and y < 0):  # signs of the legend are drawn about their middle
                assert x >= -0.1
                assert x + w <= width + 0.1
                assert y >= -0.1
                assert y + h <= height + 0.1
        assert "NaN" not in text
        assert "nan" not in re.findall(r'="([^"]*)"', text)


def test_pictures_drawn_for_paper_leave_the_page_as_it_was(brief: Brief) -> None:
    before = render(brief)
    with drawn_as_svg() as gathered:
        assert "Plotly.newPlot" not in "".join(body for _, _, body in sections(brief))
    assert gathered
    assert render(brief) == before


def test_bars_stand_where_their_values_are() -> None:
    """Bars of 1 and 3 on one axis: the second is three times as long, both stand on zero."""
    root = ElementTree.fromstring(svg(go.Figure(go.Bar(x=["a", "b"], y=[1, 3]))))
    one, three = (r for r in root.iter(f"{SVG}rect") if float(r.get("width", "0")) > 50)
    low = [float(r.get("y", "0")) + float(r.get("height", "0")) for r in (one, three)]
    assert low[0] == pytest.approx(low[1], abs=0.2)
    assert float(three.get("height", "0")) == pytest.approx(3 * float(one.get("height", "0")), rel=0.01)


def test_a_log_axis_is_one() -> None:
    figure = go.Figure(go.Scatter(x=[1, 10, 100], y=[0, 1, 2], mode="markers"))
    figure.update_xaxes(type="log", range=[0, 2])
    marks = re.findall(r"translate\(([\d.]+) ", svg(figure))
    left, middle, right = (float(m) for m in marks)
    assert middle - left == pytest.approx(right - middle, abs=0.2)


def test_letters_that_xml_keeps_for_itself_are_written_safely() -> None:
    figure = go.Figure(go.Bar(x=["<a> & b"], y=[1], text=["1 < 2"], textposition="outside"))
    root = ElementTree.fromstring(svg(figure, label='"<&>"'))
    assert "1 < 2" in "".join(root.itertext())


def test_an_element_left_open_is_noticed() -> None:
    with pytest.raises(ValueError, match="is open"):
        nodes("<p><b>x</p>")


def test_a_small_scenario_with_letters_that_a_typesetter_trips_over_is_set(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(
        "name: small\ntitle: 'A *small* <b>scenario</b> & #set $x$ 华为「＆」'\n"
        "question: 'What of `code`, _this_ and \\\\n?'\n"
        "trade: {from: US, to: CN, seller: amd}\ndatacentre: yes\ndays: [{on: 2024-01-08, name: one day}]\n"
        "timeline: {first: 2023-01-01, last: 2024-12-31}\nchips: [amd-mi300x]\n"
        "design: {space: small, gap: 0.1, days: [2024-01-08], searches: [], rivals: []}\n",
        encoding="utf-8",
    )
    brief = run(path)
    said, _ = content(brief)
    assert said["title"] == "A *small* <b>scenario</b> & #set $x$ 华为「＆」"
    assert [len(v["answers"]) for v in said["verdicts"]] == [1]
    assert pdf_bytes(brief).startswith(b"%PDF-")


def test_two_processes_give_the_same_bytes(tmp_path: Path) -> None:
    from twokey.brief.scenario import _FOLDER

    text = (_FOLDER / "2025-04-17.yaml").read_text(encoding="utf-8")
    short = re.sub(
        r"  searches:\n(  - .*\n)+", "  searches:\n  - {workload: llama-3-70b-prefill, objective: ttft}\n", text
    )
    short = re.sub(r"^  gap: .*$", "  gap: 0.1", short, flags=re.MULTILINE)
    short = re.sub(r"^decision: .*$", "", short, flags=re.MULTILINE)
    (tmp_path / "short.yaml").write_text(short, encoding="utf-8")
    twokey = str(Path(sys.executable).with_name("twokey"))
    for name, seed in (("a", "1"), ("b", "2")):
        words = [twokey, "brief", "./short.yaml", "--html", f"{name}.html", "--pdf", f"{name}.pdf"]
        env = os.environ | {"PYTHONHASHSEED": seed, "TZ": {"a": "UTC", "b": "Asia/Shanghai"}[name]}
        done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
    for ending in ("html", "pdf"):
        first, second = ((tmp_path / f"{name}.{ending}").read_bytes() for name in "ab")
        assert first == second
        assert len(first) > 100_000
