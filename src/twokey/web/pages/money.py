"""Money: the duty stack, what a chip costs, what a rule that falls puts at stake, whether to build one more chip."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twokey import api
from twokey.web.answers import VERBS
from twokey.web.page import Ask, Page, Table, command

__all__ = ["PLACES", "cost", "duty", "exposure", "money", "sku"]

POSITIONS = ("nvidia-h20-2025-04", "amd-mi308-2025-04")
DECISIONS = ("h20-successor-2025-05", "h20-2025-01")
_SHADES = ("open-fill", "conditional-fill", "best", "shut-fill", "us", "cn", "undetermined-fill")


def money(ask: Ask, _: Any) -> Page:
    """Return the four questions about money."""
    return Page("money.html", "Money", {"tab": ask.path})


def duty(ask: Ask, _: Any) -> Page:
    """Return the duties on a good on a day, and month by month since 2018."""
    given = {n: ask.word(n, d) for n, d in (("to", "US"), ("origin", "CN"), ("hts", "8473.30"))}
    on = ask.day("on")
    item = ask.text("item")
    answer = VERBS["duty"]({**given, "on": on.isoformat(), **({"item": item} if item else {})})
    months: list[dict[str, Any]] = [m.to_json() for m in api.duty_months()]
    measures = [
        [m["measure"], m["rate_percent"], m["basis"], m["cite"], m["confidence"], m["checked"], m.get("reason", "")]
        for m in answer["measures"]
    ]
    rows = [
        [m["good"], m["from"], m["total_percent"], m["at_least_percent"], m["at_most_percent"], m["checked"]]
        for m in months
    ]
    words = {
        "answer": answer,
        "months": _months(months),
        "given": given,
        "on": on,
        "item": item,
        "tab": ask.path,
        "chips": [(c.id, c.name) for c in api.chips()],
        "countries": api.countries(),
    }
    tables = [
        Table("duty", ("measure", "rate percent", "basis", "cite", "confidence", "checked", "reason"), measures),
        Table("months", ("good", "from", "total percent", "at least", "at most", "checked"), rows),
    ]
    line = command("duty", item, **given, on=on.isoformat())
    return Page("duty.html", "Duty", words, answer, tables, line)


def _months(rows: list[dict[str, Any]]) -> dict[str, Any]:
    data = []
    for i, good in enumerate(dict.fromkeys(r["good"] for r in rows)):
        mine = [r for r in rows if r["good"] == good]
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": good,
                "x": [r["from"] for r in mine],
                "y": [r["total_percent"] if r["total_percent"] is not None else r["at_least_percent"] for r in mine],
                "line": {"shape": "hv", "color": f"var:{_SHADES[i % len(_SHADES)]}", "width": 2},
                "text": ["" if r["total_percent"] is not None else "at least" for r in mine],
                "hovertemplate": "%{x|%b %Y}: %{text} %{y} %<extra>" + good + "</extra>",
            }
        )
    return {
        "data": data,
        "layout": {
            "height": 430,
            "yaxis": {"title": {"text": "percent of value"}, "rangemode": "tozero"},
            "xaxis": {"type": "date"},
        },
    }


def cost(ask: Ask, _: Any) -> Page:
    """Return the unit cost of a chip of the catalogue: low, mid and high."""
    item = ask.word("item", "nvidia-h20")
    answer = VERBS["cost"]({"item": item})
    parts = [p for p in answer["mid"] if p != "total_usd"]
    cases = ("low", "mid", "high")
    data = [
        {
            "type": "bar",
            "name": p.removesuffix("_usd"),
            "x": list(cases),
            "y": [answer[c][p] for c in cases],
            "width": 0.5,
            "marker": {"color": f"var:{_SHADES[i % len(_SHADES)]}"},
            "hovertemplate": "%{y:,.0f} USD<extra>%{fullData.name}</extra>",
        }
        for i, p in enumerate(parts)
    ]
    picture = {
        "data": data,
        "layout": {"barmode": "stack", "height": 380, "yaxis": {"title": {"text": "USD for one unit"}}},
    }
    rows = [[p.removesuffix("_usd"), *(answer[c][p] for c in cases)] for p in answer["mid"]]
    words = {
        "answer": answer,
        "picture": picture,
        "rows": rows,
        "tab": ask.path,
        "item": item,
        "chips": [(c.id, c.name) for c in api.chips()],
    }
    return Page("cost.html", "Unit cost", words, answer, [Table("cost", ("USD", *cases), rows)], command("cost", item))


def exposure(ask: Ask, _: Any) -> Page:
    """Return what an event does to a position: the charge as a waterfall, margin, revenue lost, releases."""
    position, share = ask.word("position", POSITIONS[0]), ask.word("share", "1")
    answer = VERBS["exposure"]({"position": position, "share": share})
    steps = answer["waterfall"]
    picture = {
        "data": [
            {
                "type": "waterfall",
                "x": [s["name"] for s in steps],
                "y": [s["usd_bn"] for s in steps],
                "measure": ["total" if s["total"] else "relative" for s in steps],
                "textposition": "outside",
                "cliponaxis": False,
                "text": [f"{s['usd_bn']:.4g}" for s in steps],
                "connector": {"line": {"color": "var:line"}},
                "increasing": {"marker": {"color": "var:shut-fill"}},
                "decreasing": {"marker": {"color": "var:open-fill"}},
                "totals": {"marker": {"color": "var:best"}},
                "hovertemplate": "%{x}: %{text} bn USD<extra></extra>",
            }
        ],
        "layout": {
            "height": 400,
            "yaxis": {"title": {"text": "bn USD"}},
            "showlegend": False,
            "margin": {"l": 10, "r": 10, "t": 24, "b": 10},
        },
    }
    figures = [
        [n, f["value"], f["source"], f["confidence"], f["checked"], f.get("note", "")]
        for n, f in answer["figures"].items()
    ]
    tables = [
        Table("waterfall", ("step", "USD bn", "total"), [[s["name"], s["usd_bn"], s["total"]] for s in steps]),
        Table("figures", ("figure", "value", "source", "confidence", "checked", "note"), figures),
    ]
    words = {
        "answer": answer,
        "picture": picture,
        "figures": figures,
        "tab": ask.path,
        "positions": POSITIONS,
        "position": position,
        "share": share,
    }
    return Page("exposure.html", "What is at stake", words, answer, tables, command("exposure", position, share=share))


def sku(ask: Ask, _: Any) -> Page:
    """Return whether to build one more chip, how many to commit to, and what decides it."""
    decision = ask.word("decision", DECISIONS[0])
    margin = ask.number("margin", 0.0)
    answer = VERBS["sku"]({"decision": decision, "margin": margin})
    swings = [
        [s["input"], s["low"], s["high"], s["at_low_usd"] / 1e9, s["at_high_usd"] / 1e9] for s in answer["swings"]
    ]
    commitments = [
        [c["share_of_advice"], c["units"], c["mean_usd"] / 1e9, c["p5_usd"] / 1e9] for c in answer["commitments"]
    ]
    inputs = [
        [i["name"], i["meaning"], i["unit"], i["low"], i["mid"], i["high"], i["source"], i["checked"]]
        for i in answer["inputs"]
    ]
    tables = [
        Table("swings", ("input", "low", "high", "worth at low USD bn", "worth at high USD bn"), swings),
        Table("commitments", ("share of advice", "units", "mean USD bn", "5th percentile USD bn"), commitments),
        Table("inputs", ("input", "meaning", "unit", "low", "mid", "high", "source", "checked"), inputs),
    ]
    words = {
        "answer": answer,
        "tornado": _tornado(answer),
        "commit": _commit(answer),
        "inputs": inputs,
        "tab": ask.path,
        "decisions": DECISIONS,
        "decision": decision,
        "margin": margin,
    }
    return Page("sku.html", "One more chip?", words, answer, tables, command("sku", decision, margin=margin or None))


def _tornado(answer: Mapping[str, Any]) -> dict[str, Any]:
    mean = answer["value"]["mean_usd"] / 1e9
    swings = answer["swings"][:9][::-1]
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "y": [s["input"].replace("_", " ") for s in swings],
            "base": [mean] * len(swings),
            "x": [s[key] / 1e9 - mean for s in swings],
            "marker": {"color": f"var:{colour}"},
            "customdata": [[s[end], s[key] / 1e9] for s in swings],
            "width": 0.6,
            "hovertemplate": "%{y} at %{customdata[0]:.4g}: %{customdata[1]:.3g} bn USD<extra></extra>",
        }
        for name, key, end, colour in (
            ("at its low", "at_low_usd", "low", "open-fill"),
            ("at its high", "at_high_usd", "high", "conditional-fill"),
        )
    ]
    return {
        "data": data,
        "layout": {
            "barmode": "overlay",
            "height": 420,
            "xaxis": {"title": {"text": "worth, bn USD"}},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            "margin": {"l": 10, "r": 10, "t": 34, "b": 10},
        },
    }


def _commit(answer: Mapping[str, Any]) -> dict[str, Any]:
    rows = answer["commitments"]
    data = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": name,
            "x": [r["units"] for r in rows],
            "y": [r[key] / 1e9 for r in rows],
            "line": {"color": f"var:{colour}"},
            "hovertemplate": "%{x:,.0f} units: %{y:.3g} bn USD<extra>" + name + "</extra>",
        }
        for name, key, colour in (("mean", "mean_usd", "best"), ("5th percentile", "p5_usd", "shut-fill"))
    ]
    return {
        "data": data,
        "layout": {
            "height": 420,
            "xaxis": {"title": {"text": "units committed to"}},
            "yaxis": {"title": {"text": "bn USD"}},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            "margin": {"l": 10, "r": 10, "t": 34, "b": 10},
        },
    }


PLACES = [
    ("/money", money),
    ("/money/duty", duty),
    ("/money/cost", cost),
    ("/money/exposure", exposure),
    ("/money/sku", sku),
]
