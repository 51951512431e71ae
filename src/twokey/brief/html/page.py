"""The page as a whole: its head, the first screen, the order of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from twokey.brief.html.claim_parts import basis, claims, who
from twokey.brief.html.design_parts import designs
from twokey.brief.html.legal_parts import limits_part, timeline, verdicts
from twokey.brief.html.markup import Html, join, tag
from twokey.brief.html.money_parts import charge, duties
from twokey.brief.html.pictures import picture
from twokey.brief.html.planes import plane
from twokey.brief.html.sku_parts import sku
from twokey.brief.html.version_parts import twokey_version, versions
from twokey.brief.sentences import summary
from twokey.brief.words import NOT_ADVICE, day
from twokey.quantities.exact import as_text

if TYPE_CHECKING:
    from twokey.brief.dossier import Brief

__all__ = ["first_picture", "render", "sections"]

_STYLE = Path(__file__).with_name("page.css")

_ON_PAPER = """
addEventListener("beforeprint", () => {
  document.querySelectorAll("details:not([open])").forEach((d) => { d.dataset.shut = ""; d.open = true; });
  document.querySelectorAll(".js-plotly-plot").forEach((p) => Plotly.Plots.resize(p));
});
addEventListener("afterprint", () => {
  document.querySelectorAll("details[data-shut]").forEach((d) => { delete d.dataset.shut; d.open = false; });
});
"""
"""Opens what a reader could open, before the page goes to paper, and shuts it after."""

_PARTS = (
    ("verdicts", "May it ship?", verdicts),
    ("timeline", "The answer over time", timeline),
    ("limits", "What the limits leave", limits_part),
    ("designs", "The best lawful chip", designs),
    ("duties", "", duties),
    ("charge", "The charge and what is at stake", charge),
    ("sku", "One more chip?", sku),
    ("claims", "Claims of the week, marked", claims),
    ("who", "Who and when", who),
    ("unverified", "What this rests on", basis),
    ("versions", "Versions and checksums", versions),
)


def render(brief: Brief) -> str:
    """Return the dossier as one HTML page with its pictures, its style and its scripts inside.

    Examples
    --------
    See ``twokey brief --html FILE``.
    """
    from plotly.offline import get_plotlyjs

    style = _STYLE.read_text(encoding="utf-8")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{brief.scenario.title} · Twokey"),
        tag("style", Html(style)),
        tag("script", Html(get_plotlyjs())),
    )
    parts = sections(brief)
    main = [tag("section", tag("h2", title), body, id=id) for id, title, body in parts]
    links = [tag("a", title, href=f"#{id}") for id, title, _ in parts]
    body = tag("body", _first_screen(brief, links), tag("main", main), _foot(brief), tag("script", Html(_ON_PAPER)))
    return f'<!DOCTYPE html>\n<html lang="en">{join([head, body])}</html>\n'


def sections(brief: Brief) -> list[tuple[str, str, Html]]:
    """Return the parts of the dossier that have content: id, title and body."""
    return [
        (id, title or _duty_title(brief), join(build(brief))) for id, title, build in _PARTS if id not in _empty(brief)
    ]


def first_picture(brief: Brief) -> tuple[Html, str]:
    """Return the picture of the first screen and what it shows."""
    on = brief.scenario.design.days[-1]
    caption = (
        f"Chips on the plane that the control on processing performance is written in, on {day(on)}. Shaded: the "
        "paragraph that catches a data-centre chip there. Outside it, the letter on memory and I/O can still catch one."
    )
    return picture(plane(brief, on), caption), caption


def _empty(brief: Brief) -> set[str]:
    """Return the parts of which the scenario says nothing."""
    plan = brief.scenario
    said = {
        "designs": plan.design.searches,
        "duties": plan.duties,
        "charge": plan.charge,
        "sku": plan.decision,
        "claims": plan.claims,
        "who": plan.parties or plan.events,
    }
    return {part for part, content in said.items() if not content}


def _duty_title(brief: Brief) -> str:
    found = [d.subtotal_percent("ieepa") for q, d in brief.duties if q.parts]
    rate = next((r for r in found if r is not None), None)
    return f"The {as_text(rate)} percent taken apart" if rate is not None else "Duties"


def _first_screen(brief: Brief, links: Sequence[Html]) -> Html:
    drawn, caption = first_picture(brief)
    answer = tag(
        "dl", [tag("div", tag("dt", label), tag("dd", text)) for label, text in summary(brief)], class_="answer"
    )
    return tag(
        "header",
        tag("h1", brief.scenario.title),
        tag("p", brief.scenario.question, class_="question"),
        tag("div", answer, tag("figure", drawn, tag("figcaption", caption)), class_="lead"),
        tag(
            "noscript", tag("p", "The pictures need JavaScript. Everything they show also stands in the tables below.")
        ),
        tag("nav", links, aria_label="parts of this page"),
    )


def _foot(brief: Brief) -> Html:
    return tag("footer", tag("p", NOT_ADVICE), tag("p", f"Twokey {twokey_version()}, scenario {brief.scenario.name}."))
