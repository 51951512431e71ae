"""The part of the page on designs: the best lawful ones with their proofs, beside real chips."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from twokey.brief.html import pictures
from twokey.brief.html.markup import Html, Part, details, tag
from twokey.brief.html.markup import table as table_of
from twokey.brief.sentences import binding, comparison
from twokey.brief.words import VARIABLE_NAMES, day, number, time_text, variable_text, workload_name

if TYPE_CHECKING:
    from twokey.brief.dossier import Brief

__all__ = ["designs"]


def designs(brief: Brief) -> Part:
    """Return for each workload the best lawful designs with their proofs, and how they stand to real chips."""
    names = {p["id"]: p["name"] for p in brief.plane}
    out: list[Part] = [
        tag(
            "p",
            "Each design is the best of its space under the law of its day, found by branch and bound: the bound is a "
            "time that no lawful design of the space can beat under the same model, and the gap is what lies between. "
            "Chips are timed by the same model.",
        )
    ]
    for search in brief.scenario.design.searches:
        found = [d for d in brief.designs if d["workload"] == search.workload]
        out += [tag("h3", f"{workload_name(search.workload)}, {search.objective.upper()}"), _workload(found[0])]
        have = [d for d in found if d.get("best")]
        for d in found:
            if not d.get("best"):
                out.append(
                    tag("p", f"{day(d['on'])}: nothing is lawful and holds the model: {d['problem']['message']}")
                )
        if have:
            out.append(
                tag("div", _design_table(have), tag("div", _beside(search.workload, have, names)), class_="pair")
            )
            out.append(details("The designs in full", _variables(have)))
    return out


def _beside(workload: str, have: list[dict[str, Any]], names: dict[str, str]) -> list[Part]:
    caption = f"{workload_name(workload)} under one model: real chips beside the best lawful designs."
    rows: list[list[Part]] = []
    for item, value, _, fits in comparison(have[-1]):
        ratios = [f"{value / d['best']['value']:.3g}" for d in have]
        holds = "unknown" if fits is None else "yes" if fits else "no"
        rows.append([names.get(item, item), time_text(value), *ratios, holds])
    heads = ["chip", "time", *(f"over the best of {day(d['on'])}" for d in have), "holds the model"]
    return [
        tag("figure", pictures.picture(pictures.rivals(have, names), caption), tag("figcaption", caption)),
        table_of(heads, rows, numbers=range(1, 2 + len(have))),
    ]


def _workload(d: Mapping[str, Any]) -> Part:
    text = f"{d['devices']} devices, {d['batch']} sequences in flight, {number(d['input_len'])} tokens in, "
    text += f"{number(d['output_len'])} out; {d['memory_bytes'] / 1e9:.1f} GB a device. "
    return tag("p", tag("small", text + (d.get("note") or "")))


def _design_table(have: list[dict[str, Any]]) -> Html:
    def row(head: str, build: Any) -> list[Part]:
        return [head, *(build(d) for d in have)]

    rows = [
        row("value", lambda d: time_text(d["best"]["value"])),
        row("bound", lambda d: time_text(d["bound"])),
        row("gap", lambda d: f"{100 * d['gap']:.2f}% " + ("(proved)" if d["proved"] else "(not proved)")),
        row("boxes opened", lambda d: number(d["boxes"])),
        row("designs in the space", lambda d: number(d["space"]["designs"])),
        row("TPP", lambda d: number(d["best"]["facts"]["tpp"])),
        row("performance density", lambda d: number(d["best"]["facts"]["performance_density"])),
        row("DRAM bandwidth", lambda d: number(d["best"]["facts"]["dram_bandwidth_GBps"]) + " GB/s"),
        row("I/O bandwidth", lambda d: number(d["best"]["facts"]["io_bandwidth_GBps"]) + " GB/s"),
        row("die area", lambda d: number(d["best"]["area_mm2"]) + " mm²"),
    ]
    if all(isinstance(d["best"].get("unit_cost_usd"), Mapping) for d in have):
        rows.append(row("unit cost, low to high", lambda d: _span(d["best"]["unit_cost_usd"])))
    rows += [
        row("limits of the law that bind", lambda d: _list(binding(d, law=True))),
        row("ends of the space that bind", lambda d: _list(binding(d, law=False))),
    ]
    caption = (
        f"The best designs of space {have[0]['space']['name']}; in brackets the time saved were the rule that sets the "
        "limit not in force, or the space one step larger"
    )
    return table_of(["", *(f"law of {day(d['on'])}" for d in have)], rows, caption=caption)


def _variables(have: list[dict[str, Any]]) -> Html:
    rows = [
        [label, *(variable_text(name, d["best"]["design"][name]) for d in have)]
        for name, (label, _) in VARIABLE_NAMES.items()
    ]
    parts = sorted({part for d in have for part in d["best"].get("area_breakdown_mm2", {})})
    rows += [
        [f"area of {part}", *(number(d["best"]["area_breakdown_mm2"].get(part), 3) + " mm²" for d in have)]
        for part in parts
    ]
    return table_of(["", *(f"law of {day(d['on'])}" for d in have)], rows)


def _span(costs: Mapping[str, float]) -> str:
    return f"{number(costs['low'])} to {number(costs['high'])} USD"


def _list(entries: list[str]) -> Part:
    return tag("ul", [tag("li", e) for e in entries], class_="plain") if entries else "none"
