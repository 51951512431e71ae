"""The parts of the page on the law: verdicts with reasons, the answer over time, what the limits leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twokey.brief.html import pictures, planes
from twokey.brief.html.markup import Html, Part, badge, details, tag
from twokey.brief.html.markup import table as table_of
from twokey.brief.sentences import limits, main_reason, short_answer
from twokey.brief.words import chip_name, day, number

if TYPE_CHECKING:
    from twokey.brief.dossier import Brief

__all__ = ["limits_part", "timeline", "verdicts"]


def verdicts(brief: Brief) -> Part:
    """Return the verdict on each chip and day, and the reasons."""
    days, trade = [d.on for d in brief.scenario.days], brief.scenario.trade
    rows = []
    for item in brief.scenario.chips:
        answers = [brief.answer(item, on) for on in days]
        facts = answers[0]["facts"]
        rows.append(
            [
                chip_name(answers[0]["name"]),
                *(
                    number(facts.get(k))
                    for k in ("tpp", "performance_density", "dram_bandwidth_GBps", "io_bandwidth_GBps")
                ),
                *(
                    [badge(a["verdict"]), tag("br"), tag("small", short_answer(a), tag("br"), main_reason(a))]
                    for a in answers
                ),
            ]
        )
    heads: list[Part] = [
        "chip",
        "TPP",
        ["TPP per", tag("br"), "mm²"],
        ["DRAM", tag("br"), "GB/s"],
        ["I/O", tag("br"), "GB/s"],
    ]
    heads += [[day(d.on), tag("br"), tag("small", d.name)] for d in brief.scenario.days]
    reasons = [
        details(
            f"{chip_name(brief.answer(item, days[0])['name'])}: the reasons",
            [_reasons(brief.answer(item, on)) for on in days],
            opened=item == brief.scenario.chips[0],
        )
        for item in brief.scenario.chips
    ]
    return [
        tag(
            "p",
            "Both keys must turn: the United States must let the chip out and China must let it in. ",
            badge("open"),
            " both turn freely; ",
            badge("conditional"),
            " something must be done first; ",
            badge("shut"),
            " one will not turn; ",
            badge("undetermined"),
            " a missing fact could decide it.",
        ),
        table_of(
            heads,
            rows,
            numbers=(1, 2, 3, 4),
            class_="verdicts",
            caption=f"Sold by {brief.scenario.seller or 'anybody'} from {trade.from_} to {trade.to}",
        ),
        reasons,
    ]


def _reasons(answer: Mapping[str, Any]) -> Html:
    us, cn = answer["keys"]["us"], answer["keys"]["cn"]
    parts: list[Part] = _by_rule(us["because"]) or [tag("li", "US: no rule catches it")]
    if us.get("review_basis") == "inferred":
        parts.append(tag("li", f"US review: {us['review']}, inferred from practice; the policy was never published"))
    parts += [tag("li", f"condition: {c}") for c in us.get("conditions", ())]
    parts += _by_rule(cn["because"])
    parts += [_also(a) for a in cn.get("also", ())]
    parts += [
        tag("li", tag("b", "Both cannot be met: "), c["says"], " ", tag("cite", c["cite"])) for c in answer["conflicts"]
    ]
    parts += [tag("li", tag("b", "Risk: "), f["says"], " ", tag("cite", f["cite"])) for f in us.get("flags", ())]
    missing = [*us["missing"], *cn["missing"]]
    parts += [tag("li", "missing: ", ", ".join(missing))] if missing else []
    parts += [tag("li", note) for note in answer.get("notes", ())]
    return tag("div", tag("h3", day(answer["on"]), " ", badge(answer["verdict"])), tag("ul", parts))


def _by_rule(because: Sequence[Mapping[str, Any]]) -> list[Part]:
    """Return one entry for each rule and source: what its tests say of the chip, and the state of checking."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for b in because:
        key = tuple(str(b.get(k) or "") for k in ("rule", "cite", "confidence", "checked"))
        groups.setdefault(key, []).append(str(b["says"]))
    return [
        tag("li", tag("b", rule), " ", "; ".join(says), ". ", tag("cite", f"{cite} [{confidence}, {checked}]"))
        for (rule, cite, confidence, checked), says in groups.items()
    ]


def _also(entry: Mapping[str, Any]) -> Html:
    missing = entry.get("missing") or ()
    return tag(
        "li",
        tag("b", f"{entry['rule']}, beside the law: "),
        f"{entry['outcome']} at strength {entry['strength']}. ",
        "; ".join(entry.get("because", ())),
        f"; not known: {', '.join(missing)}" if missing else None,
    )


def timeline(brief: Brief) -> Part:
    """Return the answer over time as bars and as a table."""
    caption = "Two lanes a chip, one for each key. Dotted: the days judged above."
    rows = []
    for item in brief.scenario.chips:
        name = chip_name(next(a["name"] for a in brief.answers if a["item"] == item))
        for i, s in enumerate(brief.spans[item]):
            us, cn = s["us"], s["cn"]
            caught = f" ({', '.join(us['classification'])})" if us.get("classification") else ""
            rows.append(
                [
                    name if i == 0 else "",
                    s["from"],
                    s["until"] or "open",
                    badge(s["verdict"]),
                    f"{us['outcome']}{caught}",
                    us.get("review") or "",
                    cn["outcome"],
                ]
            )
    heads = ["chip", "from", "until", "verdict", "US", "review", "China"]
    return [
        tag("figure", pictures.picture(pictures.time_line(brief), caption), tag("figcaption", caption)),
        details("The spans as a table", table_of(heads, rows)),
    ]


def limits_part(brief: Brief) -> Part:
    """Return what may freely be sold on each day, and the two planes side by side."""
    first, last = brief.scenario.design.days[0], brief.scenario.design.days[-1]
    rows = [[day(on), limits(cells)] for on, cells in brief.regions.items()]
    left = f"The plane on {day(first)}: stars are the best lawful designs of that day."
    right = f"DRAM and I/O bandwidth on {day(last)}: inside the shaded area the letter does not bite."
    points = sorted(
        (p for p in brief.plane if p["named"] or p["performance_density"]), key=lambda p: (not p["named"], p["name"])
    )
    cells = [
        [p["name"], *(number(p[k]) for k in ("tpp", "performance_density", "dram_bandwidth_GBps", "io_bandwidth_GBps"))]
        for p in points
    ]
    return [
        table_of(["day", "both keys turn freely for a chip with"], rows),
        tag(
            "div",
            tag("figure", pictures.picture(planes.plane(brief, first), left), tag("figcaption", left)),
            tag("figure", pictures.picture(planes.memory_plane(brief, last), right), tag("figcaption", right)),
            class_="pair",
        ),
        details(
            "The chips as a table",
            table_of(["chip", "TPP", "TPP per mm²", "DRAM, GB/s", "I/O, GB/s"], cells, numbers=(1, 2, 3, 4)),
        ),
    ]
