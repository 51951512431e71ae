"""The parts of the page on claims, parties, days, and on what it all rests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twokey.brief.html.markup import Part, badge, details, tag
from twokey.brief.html.markup import table as table_of
from twokey.brief.words import day

if TYPE_CHECKING:
    from twokey.brief.dossier import Brief

__all__ = ["basis", "claims", "who"]


def claims(brief: Brief) -> Part:
    """Return each claim with its mark and the findings behind it."""
    rows: list[list[Part]] = []
    for m in brief.marks:
        found = [
            tag(
                "li",
                f.about,
                ": ",
                tag("b", f.found),
                f" (stated: {f.stated})" if f.stated and f.status == "corrected" else None,
                [" ", tag("cite", "; ".join(f.sources))] if f.sources else None,
            )
            for f in m.findings
        ]
        rows.append([m.id, m.says, badge(m.status), tag("ul", found)])
    counts = ", ".join(f"{n} {status}" for status, n in brief.counts.items())
    return [
        tag(
            "p",
            f"{counts}. A mark follows from what the checks find: corrected when one contradicts the claim, open when "
            "one cannot be settled.",
        ),
        tag("div", table_of(["", "claim", "mark", "what was found"], rows), class_="claims"),
    ]


def who(brief: Brief) -> Part:
    """Return the parties and the days of the scenario."""
    parties: list[list[Part]] = [
        [
            p.role,
            p.name,
            [p.evidence.says, " ", tag("cite", f"{p.evidence.source} [{p.evidence.confidence}, {p.evidence.checked}]")],
        ]
        for p in brief.scenario.parties
    ]
    events: list[list[Part]] = [
        [
            day(e.on),
            e.evidence.says,
            tag("cite", f"{e.evidence.source} [{e.evidence.confidence}, {e.evidence.checked}]"),
        ]
        for e in brief.scenario.events
    ]
    return [table_of(["role", "who", ""], parties), table_of(["day", "what happened", "source"], events)]


def basis(brief: Brief) -> Part:
    """Return what is unverified or left out."""
    loose = sorted(
        {
            f"{b['rule']}: {b.get('checked')}"
            for a in brief.answers
            for key in a["keys"].values()
            for b in key["because"]
            if b.get("checked") and b["checked"] != "read-twice"
        }
    )
    rates = sorted(
        {f"{c.measure}: {c.checked}" for _, d in brief.duties for c in d.charges if c.checked != "read-twice"}
    )
    return [
        tag("ul", [tag("li", text) for text in (*brief.scenario.limits, *brief.left_out)]),
        tag(
            "p",
            "Figures and rules carry the state of their checking: unverified, read once, or read twice by two people.",
        ),
        details(
            "Rules and rates used here that were not read twice", tag("ul", [tag("li", t) for t in (*loose, *rates)])
        ),
    ]
