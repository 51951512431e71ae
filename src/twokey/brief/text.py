"""The dossier for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from twokey.brief.lines import SIGNS, STYLES, lane, plane
from twokey.brief.sentences import binding, comparison, limits, main_reason, short_answer, sku_lines, summary
from twokey.brief.words import NOT_ADVICE, chip_name, day, number, time_text, usd, workload_name
from twokey.quantities.exact import as_text

if TYPE_CHECKING:
    from twokey.brief.dossier import Brief

__all__ = ["render"]

_MARKS = {"reproduced": "blue", "corrected": "yellow", "open": "bright_black"}


def render(brief: Brief) -> RenderableType:
    """Return the dossier as something `rich` can print."""
    plan = brief.scenario
    parts: list[RenderableType] = [Text(plan.title, style="bold"), Text(plan.question), Text("")]
    answer = Table.grid(padding=(0, 2))
    answer.add_column(style="bold", no_wrap=True)
    answer.add_column()
    for label, text in summary(brief):
        answer.add_row(label, text)
    parts += [answer, *_part("May it ship?", _verdicts(brief)), *_part("Over time", *_timeline(brief))]
    parts += _part("What both keys leave free", _limits(brief))
    parts += _part(f"The plane on {day(plan.design.days[-1])}", plane(brief, plan.design.days[-1]))
    parts += _part("The best lawful chip", *_designs(brief))
    parts += _part("Duties", _duties(brief)) if brief.duties else []
    parts += _part("The charge, USD billion", _charge(brief)) if plan.charge else []
    parts += _part("One more chip?", *(Text(f"- {t}") for t in sku_lines(brief.advice))) if brief.advice else []
    parts += _part("Claims", _claims(brief)) if brief.marks else []
    parts += _part("What this rests on", *(Text(f"- {line}") for line in plan.limits), Text(NOT_ADVICE))
    return Group(*parts)


def _part(title: str, *body: RenderableType) -> list[RenderableType]:
    return [
        Text(""),
        Rule(Text(title, style="bold"), align="left", characters="─"),
        *(Padding(b, (0, 0)) for b in body),
    ]


def _table(*heads: str, right: tuple[int, ...] = ()) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", expand=False)
    for i, head in enumerate(heads):
        table.add_column(head, justify="right" if i in right else "left", overflow="fold")
    return table


def _state(state: str, *, claim: bool = False) -> Text:
    return Text(state, style=(_MARKS if claim else STYLES).get(state, ""))


def _verdicts(brief: Brief) -> RenderableType:
    """A table of words, a column a day, and under it what decided each."""
    days = brief.scenario.days
    table = _table("chip", *(day(one.on) for one in days))
    reasons = Table.grid(padding=(0, 2))
    for item in brief.scenario.chips:
        answers = [brief.answer(item, one.on) for one in days]
        name = chip_name(answers[0]["name"])
        table.add_row(name, *(_state(a["verdict"]) for a in answers))
        reasons.add_row("", "")
        reasons.add_row(Text(name, style="bold"), "")
        for one, a in zip(days, answers, strict=True):
            said = _state(a["verdict"]).append(f": {short_answer(a)}\n{main_reason(a)}", style="not bold default")
            reasons.add_row(f"  {one.on}", said)
    reasons.columns[0].no_wrap = True
    return Group(table, reasons)


def _timeline(brief: Brief) -> list[RenderableType]:
    lanes = _table("chip", "key", f"a sign a month, {brief.scenario.first} to {brief.scenario.last}")
    lanes.columns[2].no_wrap = True
    since = _table("chip", "verdict since")
    for item in brief.scenario.chips:
        name = chip_name(next(a["name"] for a in brief.answers if a["item"] == item))
        lanes.add_row(name, "US", lane(brief, item, "us"))
        lanes.add_row("", "CN", lane(brief, item, "cn"))
        line, last = Text(), ""
        for span in brief.spans[item]:
            if span["verdict"] != last:
                last = span["verdict"]
                line.append(f"{span['from']} ").append_text(_state(last)).append("  ")
        since.add_row(name, line)
    signs = Text("  ").join(Text(f"{sign} {state}", style=STYLES[state]) for state, sign in SIGNS.items())
    return [lanes, signs, Text(""), since]


def _limits(brief: Brief) -> Table:
    table = _table("day", "a chip with")
    for on, cells in brief.regions.items():
        table.add_row(day(on), limits(cells))
    return table


def _designs(brief: Brief) -> list[RenderableType]:
    out: list[RenderableType] = []
    names = {p["id"]: p["name"] for p in brief.plane}
    for search in brief.scenario.design.searches:
        found = [d for d in brief.designs if d["workload"] == search.workload]
        have = [d for d in found if d.get("best")]
        best = _table(
            "law of",
            search.objective.upper(),
            "bound",
            "gap",
            "TPP",
            "density",
            "DRAM",
            "I/O",
            right=tuple(range(1, 8)),
        )
        binds = Text()
        for d in found:
            if not d.get("best"):
                best.add_row(day(d["on"]), "none lawful", *[""] * 6)
                binds.append(f"{day(d['on'])}: {d['problem']['message']}\n")
                continue
            f = d["best"]["facts"]
            best.add_row(
                day(d["on"]),
                time_text(d["best"]["value"]),
                time_text(d["bound"]),
                f"{100 * d['gap']:.2f}%" + ("" if d["proved"] else " not proved"),
                number(f["tpp"]),
                f"{f['performance_density']:.3g}",
                number(f["dram_bandwidth_GBps"]),
                number(f["io_bandwidth_GBps"]),
            )
            limiting = ", ".join(binding(d, law=True)) or "no limit of the law"
            binds.append(f"{day(d['on'])} binds: {limiting}; {number(d['boxes'])} boxes, {d['cpu_s']:.1f} CPU-s\n")
        rivals = _table("the same model on", search.objective.upper(), "the best takes, times as long", right=(1, 2))
        for item, value, ratio, fits in comparison(have[-1]) if have else ():
            note = "" if fits is not False else " (does not fit)"
            rivals.add_row(names.get(item, item), time_text(value), f"{1 / ratio:.3g}{note}")
        out += [Text(workload_name(search.workload), style="bold"), best, binds, rivals, Text("")]
    return out[:-1]


def _duties(brief: Brief) -> Table:
    table = _table("good", "day", "percent", "made of", right=(2,))
    for q, d in brief.duties:
        made = " + ".join(f"{as_text(c.rate_percent)} {c.measure}" for c in d.charges if c.rate_percent)
        zero = "; ".join(
            f"{c.measure} 0, {c.reason}" for c in d.charges if c.rate_percent == 0 and c.reason and c.family != "mfn"
        )
        total = as_text(d.total_percent) if d.total_percent is not None else f"≥ {as_text(d.floor_percent)}"
        table.add_row(q.name, q.on.isoformat(), total, "; ".join(t for t in (made, zero, *d.unknown) if t))
    return table


def _charge(brief: Brief) -> Table:
    e, table = brief.exposure, _table("", "announced", "booked", "difference", "", right=(1, 2, 3))
    for c in sorted(e.charges.values(), key=lambda c: c.seller != brief.scenario.charge):
        table.add_row(
            c.name,
            f"up to {usd(c.announced.value)}",
            usd(c.booked.value),
            usd(c.difference_usd_bn),
            c.difference_why,
        )
    if brief.scenario.charge != e.quarter_seller:
        return table
    forgone = f"revenue forgone {usd(e.revenue_forgone_usd_bn)}; margin {as_text(e.margin_points_published)} points"
    table.add_row("", "", "", "", f"{forgone}; shares {100 * float(e.share_change):.2f}% on {e.share_on}")
    return table


def _claims(brief: Brief) -> Table:
    table = _table("", "claim", "mark", "found")
    for m in brief.marks:
        found = "; ".join(f"{f.about}: {f.found}" for f in m.findings)
        table.add_row(m.id, m.says, _state(m.status, claim=True), found)
    return table
