"""Sentences of the dossier: every number in them comes from the answers, none is written here."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twokey.brief.words import (
    FACT_NAMES,
    VARIABLE_NAMES,
    chip_name,
    day,
    number,
    time_text,
    usd,
    variable_text,
    workload_name,
)
from twokey.law.region import FACTS, Cell
from twokey.quantities.exact import as_text

if TYPE_CHECKING:
    from twokey.brief.dossier import Brief
    from twokey.trade.sku import Advice

__all__ = [
    "binding",
    "comparison",
    "key_state",
    "lane_spans",
    "limits",
    "main_reason",
    "money",
    "short_answer",
    "sku_lines",
    "summary",
]

_TEST = re.compile(r"(?P<what>.+) (?P<value>≈?[\d.]+) is (?P<how>at or above|below) (?P<limit>[\d.]+)(?P<unit>.*)")

_SHORT = {
    "Total processing performance": "TPP",
    "Performance density": "density",
    "DRAM bandwidth": "DRAM",
    "Aggregate I/O bandwidth": "I/O",
    "DRAM and I/O bandwidth together": "DRAM + I/O",
}


def key_state(outcome: str, review: str = "none") -> str:
    """Return how far one key turns: open, conditional, shut or undetermined.

    Examples
    --------
    >>> key_state("licence-required", "presumption-of-denial"), key_state("permitted")
    ('shut', 'open')
    """
    if outcome in ("not-controlled", "permitted"):
        return "open"
    if outcome in ("exception-available", "conditional"):
        return "conditional"
    if outcome == "barred":
        return "shut"
    if outcome == "licence-required":
        return {"presumption-of-denial": "shut", "undetermined": "undetermined"}.get(review, "conditional")
    return "undetermined"


def main_reason(answer: Mapping[str, Any]) -> str:
    """Return what decided on the American side: the tests on the chip's own figures that caught or freed it.

    Of several limits on one figure the one that says most is kept: the highest passed, or the lowest kept under.
    """
    us = answer["keys"]["us"]
    caught = bool(us["classification"])
    tests: dict[str, tuple[float, str]] = {}
    words: list[str] = []
    for entry in us["because"]:
        says = str(entry["says"])
        found = _TEST.fullmatch(says)
        if found and (found["how"] == "at or above") is caught:
            limit, sign = float(found["limit"]), "≥" if caught else "<"
            text = f"{_SHORT.get(found['what'], found['what'])} {found['value']} {sign} {found['limit']}"
            text += "" if found["unit"].startswith(" TOPS") else found["unit"]
            best = tests.get(found["what"])
            if best is None or (limit > best[0]) is caught:
                tests[found["what"]] = limit, text
        elif says.endswith("data centres: no"):
            words.append("not for data centres")
        elif caught and " is named " in says:
            words.append("named in the letter")
    missing = [*us["missing"], *answer["keys"]["cn"]["missing"]]
    words += [f"not known: {', '.join(missing)}"] if missing else []
    return "; ".join(dict.fromkeys([*words, *(text for _, text in tests.values())]))


def short_answer(answer: Mapping[str, Any]) -> str:
    """Return both keys of an answer in one line."""
    us, cn = answer["keys"]["us"], answer["keys"]["cn"]
    text = f"US {us['outcome']}"
    inside = [*us["classification"], *([us["review"]] if us.get("review") not in (None, "none") else [])]
    text += f" ({', '.join(inside)})" if inside else ""
    text += f", exception {', '.join(us['exceptions'])}" if us["exceptions"] else ""
    text += f"; China {cn['outcome']}"
    practice = answer.get("in_practice")
    return text + (f"; in practice {practice}" if practice and practice != answer["verdict"] else "")


def lane_spans(spans: Sequence[Mapping[str, Any]], key: str, last: dt.date) -> list[tuple[dt.date, dt.date, str, str]]:
    """Return the spans of one key in which its state is constant: from, until, state, outcomes."""
    out: list[tuple[dt.date, dt.date, str, str]] = []
    for span in spans:
        start = dt.date.fromisoformat(span["from"])
        end = dt.date.fromisoformat(span["until"]) if span["until"] else last
        side = span[key]
        state = key_state(side["outcome"], side.get("review", "none"))
        said = ", ".join([side["outcome"], *side.get("classification", ())])
        if out and out[-1][2:] == (state, said):
            out[-1] = (out[-1][0], end, state, said)
        else:
            out.append((start, end, state, said))
    return out


def binding(answer: Mapping[str, Any], *, law: bool) -> list[str]:
    """Return the limits that hold a design back, those of the law or the ends of the space, with what each costs.

    The cost is the share of the time that would be saved were this limit alone dropped.
    """
    out = []
    for entry in answer.get("binding", ()):
        name = str(entry["limit"])
        if name.startswith(("us/", "cn/")) is law:
            gain = entry.get("gain_if_dropped")
            out.append((name if law else _end(name)) + (f" (−{100 * gain:.2g}%)" if gain else ""))
    return out


def _end(name: str) -> str:
    variable, sign, value = name.removeprefix("grid ").partition("<=")
    known = variable.strip() in VARIABLE_NAMES and sign
    if not known:
        return name
    return f"{VARIABLE_NAMES[variable.strip()][0]} ≤ {variable_text(variable.strip(), float(value))}"


def limits(cells: Sequence[Cell]) -> str:
    """Return a lawful region in words: the alternatives, then the limits that all of them share.

    Examples
    --------
    >>> from fractions import Fraction as F
    >>> none, zero = (None,) * 5, (F(0),) * 5
    >>> limits([Cell(zero, (F(1600), None, F(1400), None, None), none)])
    'TPP < 1,600 and DRAM < 1,400 GB/s'
    """
    if not cells:
        return "nothing may be sold"
    shared = (
        {i for i in range(len(FACTS)) if cells[0].hi[i] is not None and len({(c.lo[i], c.hi[i]) for c in cells}) == 1}
        if len(cells) > 1
        else set()
    )
    ways = []
    for cell in cells:
        tests = [_test(i, cell) for i in range(len(FACTS)) if i not in shared]
        ways.append(" and ".join(t for t in tests if t) or "any design")
    both = " and ".join(_test(i, cells[0]) for i in sorted(shared))
    ways = list(dict.fromkeys(ways))
    return "; or ".join(ways) + (f"; and in every case {both}" if both else "")


def _test(i: int, cell: Cell) -> str:
    name, unit = FACT_NAMES[FACTS[i]]
    low, high, tail = cell.lo[i], cell.hi[i], f" {unit}" if unit else ""
    if high is None:
        return f"{name} ≥ {number(low)}{tail}" if low else ""
    return (f"{number(low)} ≤ " if low else "") + f"{name} < {number(high)}{tail}"


def comparison(answer: Mapping[str, Any]) -> list[tuple[str, float, float, bool | None]]:
    """Return for each chip compared: id, time [s], time over the best design's [1], whether the model fits."""
    best = answer["best"]["value"]
    return [
        (v["item"], v["value"], v["value"] / best, v.get("fits")) for v in answer.get("versus", ()) if v.get("value")
    ]


def summary(brief: Brief) -> list[tuple[str, str]]:
    """Return the answer in lines for somebody who decides: a label and a sentence each."""
    plan = brief.scenario
    first, last = plan.design.days[0], plan.design.days[-1]
    lines = [("What changed", _changed(brief, first, last))]
    lines.append(
        (
            "What may be sold",
            f"On {day(last)}, both keys turn freely for {_market(brief)} with "
            + limits(brief.regions[last.isoformat()])
            + ".",
        )
    )
    for search in plan.design.searches:
        found = [d for d in brief.designs if d["workload"] == search.workload]
        lines.append((f"Best for {workload_name(search.workload)}", _design_line(found)))
    lines.append(("The money", money(brief)))
    return [line for line in lines if line[1]]


def _market(brief: Brief) -> str:
    return "a data-centre chip" if brief.scenario.datacentre else "a chip not meant for data centres"


def _changed(brief: Brief, first: dt.date, last: dt.date) -> str:
    moved: list[str] = []
    still: dict[str, list[str]] = {}
    for item in brief.scenario.chips:
        before, after = brief.answer(item, first), brief.answer(item, last)
        name = chip_name(after["name"])
        if before["verdict"] != after["verdict"]:
            us = after["keys"]["us"]
            what = us["outcome"] + (f" by {', '.join(us['classification'])}" if us["classification"] else "")
            moved.append(
                f"{name} was {before['verdict']} on {day(first)} and is {after['verdict']} on {day(last)} (US: {what})"
            )
        else:
            still.setdefault(after["verdict"], []).append(name)
    rest = "; ".join(f"{', '.join(names)}: {verdict}" for verdict, names in still.items())
    return ("; ".join(moved) or "No verdict moved") + (f". On both days: {rest}." if rest else ".")


def _design_line(found: Sequence[Mapping[str, Any]]) -> str:
    have = [d for d in found if d.get("best")]
    if len(have) < len(found) or not have:
        return (
            "nothing in the space searched is lawful and holds the model on "
            + ", ".join(day(d["on"]) for d in found if not d.get("best"))
            + "."
        )
    first, last = have[0], have[-1]
    word = have[0]["objective"].upper()
    text = f"{word} {time_text(first['best']['value'])} under the law of {day(first['on'])}"
    if len(have) > 1:
        ratio = last["best"]["value"] / first["best"]["value"]
        text += f", {time_text(last['best']['value'])} under that of {day(last['on'])} ({ratio:.3g} times as long)"
    proof = "proved" if all(d["proved"] for d in have) else "not proved"
    text += f", {proof} to {100 * max(d['gap'] for d in have):.2g}%."
    rivals = [f"{1 / ratio:.3g} times the time of {_short(item)}" for item, _, ratio, _ in comparison(last)]
    return text + (f" The later one needs {', '.join(rivals)}." if rivals else "")


def _short(item: str) -> str:
    words = item.split("-")
    return " ".join(
        w.upper() if any(c.isdigit() for c in w) else w.capitalize() for w in words if w not in ("nvidia", "huawei")
    )


def money(brief: Brief) -> str:
    """Return the duties, the charge and the claims in one sentence."""
    parts = []
    for q, d in brief.duties:
        if q.parts:
            ieepa = d.subtotal_percent("ieepa")
            parts.append(f"the {as_text(ieepa)}% on Chinese goods is the IEEPA part alone" if ieepa is not None else "")
        elif q.to == "US" and q.origin == "CN":
            total = d.total_percent
            shown = f"{as_text(total)}%" if total is not None else f"at least {as_text(d.floor_percent)}%"
            parts.append(f"{q.name[0].lower() if not q.name[:3].isupper() else q.name[0]}{q.name[1:]} bore {shown}")
    if brief.scenario.charge is not None:
        charge = brief.exposure.charges[brief.scenario.charge]
        parts.append(
            f"the charge was announced at up to {usd(charge.announced.value)} and booked at "
            f"{usd(charge.booked.value)} USD billion"
        )
    text = "; ".join(p for p in parts if p)
    said = f"{text[0].upper()}{text[1:]}. " if text else ""
    counts = ", ".join(f"{n} {status}" for status, n in brief.counts.items())
    return said + (f"Of {len(brief.marks)} claims: {counts}." if brief.marks else "")


def sku_lines(a: Advice) -> list[str]:
    """Return the advice on one more chip in sentences; every figure is the model's, from the inputs listed."""
    bn, v = 1e9, a.value
    said = [
        f"{a.decision.name}, decided on {day(a.decision.on)} on what was known then: "
        + (f"build it and commit to {number(a.commit_units)} chips, {a.commit_usd / bn:.2f} USD billion."
           if a.go else "do not build it."),
        f"Expected value {v.mean_usd / bn:+.2f} USD billion, P5 {v.p5_usd / bn:+.2f}, P95 {v.p95_usd / bn:+.2f}; a "
        f"loss in {100 * v.loss_probability:.0f}% of {number(a.draws)} draws (seed {a.seed}).",
        f"Waiting a quarter is worth {a.value_of_waiting_usd / bn:+.2f} USD billion.",
        f"Closings a year known by then: United States {a.hazard.us.quantile_per_year(0.5):.2f} at the median "
        f"({a.hazard.us.quantile_per_year(0.05):.2f} to {a.hazard.us.quantile_per_year(0.95):.2f}), from "
        f"{a.hazard.us.closings} parts; China from {a.hazard.cn.closings}.",
    ]  # fmt: skip
    if a.tree_value_usd is not None:
        said.append(f"Over the tree of both governments' moves: {a.tree_value_usd / bn:+.2f} USD billion.")
    return [
        *said,
        "Most inputs are assumptions, listed with their sources in the page; they can be overridden from a file.",
    ]
