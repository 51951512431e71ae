"""The dossier as a PDF: its content as data, its looks in `dossier.typ`, equal dossiers to equal bytes."""

from __future__ import annotations

import datetime as dt
import json
import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anyascii import anyascii

from twokey.brief.html.page import first_picture, sections
from twokey.brief.html.pictures import drawn_as_svg
from twokey.brief.html.version_parts import twokey_version
from twokey.brief.pdf.nodes import cites, nodes
from twokey.brief.sentences import short_answer, summary
from twokey.brief.words import NOT_ADVICE, chip_name, day
from twokey.law.verbs import law_stamp
from twokey.quantities.problem import Problem

if TYPE_CHECKING:
    from twokey.brief.dossier import Brief

__all__ = ["content", "pdf_bytes"]

_TEMPLATE = Path(__file__).with_name("dossier.typ")
_FOREIGN = re.compile("[\u0590-\u1dff\u2c00-\ufaff\ufb10-\U0010ffff]+")
"""Letters other than Latin, Greek and Cyrillic ones: the typesetter carries no font with them."""

_STATE = re.compile(r"\s*\[[^\[\]]*\]$")


def pdf_bytes(brief: Brief) -> bytes:
    """Return the dossier as a PDF that can be read aloud (PDF/UA-1), set without a network, a clock or foreign fonts.

    Raises
    ------
    Problem
        With kind ``bad-data``, if the typesetter refuses the document.
    """
    import typst

    said, pictures = content(brief)
    files: Any = {  # its types leave out what it takes: files by name
        "main": _TEMPLATE.read_bytes(),
        "dossier.json": json.dumps(_spelled(said), sort_keys=True).encode(),
        **{
            f"picture-{i}.svg": _FOREIGN.sub(lambda c: escape(anyascii(c[0])), text).encode()
            for i, text in enumerate(pictures)
        },
    }
    made = dt.datetime.combine(brief.scenario.design.days[-1], dt.time(), dt.UTC)
    try:
        pdf = typst.compile(
            files, format="pdf", pdf_standards="ua-1", ignore_system_fonts=True, timestamp=int(made.timestamp())
        )
    except typst.TypstError as error:
        raise Problem("--pdf", str(error), "a document that can be set", "report this", kind="bad-data") from None
    assert isinstance(pdf, bytes)
    return pdf


def _spelled(value: Any) -> Any:
    """Return plain values with the letters that the fonts lack spelled in Latin ones."""
    if isinstance(value, str):
        return _FOREIGN.sub(lambda c: anyascii(c[0]), value)
    if isinstance(value, dict):
        return {k: _spelled(v) for k, v in value.items()}
    return [_spelled(v) for v in value] if isinstance(value, list) else value


def content(brief: Brief) -> tuple[dict[str, Any], list[str]]:
    """Return what the paper says as plain values, and its pictures as SVG."""
    plan = brief.scenario
    with drawn_as_svg() as pictures:
        _, caption = first_picture(brief)
        parts = [{"id": id, "title": title, "nodes": nodes(body)} for id, title, body in sections(brief)]
    sources = sorted({_STATE.sub("", c).strip() for p in parts for text in cites(p["nodes"]) for c in text.split("; ")})
    days = list(dict.fromkeys((plan.design.days[0], plan.design.days[-1])))
    verdicts = [
        {
            "chip": chip_name(brief.answer(item, days[0])["name"]),
            "answers": [
                {"verdict": a["verdict"], "says": short_answer(a)} for a in (brief.answer(item, on) for on in days)
            ],
        }
        for item in plan.chips
    ]
    said = {
        "title": plan.title,
        "question": plan.question,
        "name": plan.name,
        "date": days[-1].isoformat(),
        "days": [day(on) for on in days],
        "summary": [list(line) for line in summary(brief)],
        "verdicts": verdicts,
        "caption": caption,
        "sections": parts,
        "sources": [s for s in sources if s],
        "version": twokey_version(),
        "law": law_stamp()["law_sha256"],
        "scenario": plan.sha256,
        "not_advice": NOT_ADVICE,
    }
    return said, pictures
