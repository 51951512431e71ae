"""How fast a chip runs a model: where the time goes, the batch against the time per token, chips side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from twokey import api
from twokey.api import Problem
from twokey.web.given import chip_name
from twokey.web.page import Ask, Page, Table, command

__all__ = ["PLACES", "performance"]

_WHOLE = {"devices": 8, "tp": None, "dp": None, "ep": None, "batch": 32, "input": 4096, "output": 1024}
_WORDS = ("precision", "kv_precision", "framework", "tokens", "recompute")
_TRAINS = {"devices": 1024, "batch": None, "input": None, "output": None}
"""Defaults of a training run; its layout is the best there is unless one is asked for."""

_BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
_TIME = {"prefill": "ttft_s", "decode": "tpot_s", "serve": "tpot_s", "train": "step_s"}
_BOUND = {
    "dram": "open-fill",
    "compute": "best",
    "link": "conditional-fill",
    "launch": "undetermined-fill",
    "l2": "shut-fill",
    "vector": "us",
}


def performance(ask: Ask, _: Any) -> Page:
    """Return estimates for one or more chips, and the curve of batch against time per token.

    Raises
    ------
    Problem
        If no chip of those named can be estimated.
    """
    names = [chip_name(n) for n in dict.fromkeys(ask.many("item"))] or ["nvidia-h20", "nvidia-h100", "nvidia-h200"]
    model, phase = ask.word("model", "llama-3-70b"), ask.word("phase", "decode")
    if phase not in _TIME:
        raise Problem("phase", repr(phase), "one of " + ", ".join(_TIME), "write phase=decode")
    options: dict[str, Any] = {}
    for name, default in (_WHOLE | (_TRAINS if phase == "train" else {})).items():
        value = ask.whole(name, default)
        if value is not None:
            options[{"input": "input_len", "output": "output_len"}.get(name, name)] = value
    options |= {w: t for w in _WORDS if (t := ask.text(w)) is not None}
    if phase == "train":
        options.pop("output_len", None)
    elif "tp" not in options and "dp" not in options and "ep" not in options:
        options["tp"] = options["devices"]
    answers = [_estimate(n, model, phase, options) for n in names]
    found = [a for a in answers if "error" not in a]
    if not found:
        first = answers[0]["problem"]
        raise first
    key = _TIME[phase]
    curves = [_curve(a["item"], model, options) for a in found] if phase in ("decode", "serve") else []
    plain = [{k: v for k, v in a.items() if k != "problem"} for a in answers]
    words = {
        "answers": answers,
        "found": found,
        "key": key,
        "names": names,
        "model": model,
        "phase": phase,
        "options": options,
        "given": ask.given,
        "chips": [(c.id, c.name) for c in api.chips() if c.architecture is not None],
        "models": [(m.id, m.name) for m in api.models()],
        "whole": _WHOLE,
        "side": _side(found, key),
        "parts_of": _parts(found),
        "curve": _curves(curves) if curves else None,
        "roofline": _roofline(found),
    }
    rows = [
        [
            a["item"],
            a.get("ttft_s"),
            a.get("tpot_s"),
            a.get("step_s"),
            a["tokens_per_s_per_device"],
            a["mfu"],
            a["memory_bytes_per_device"] / 1e9,
            a["fits"],
        ]
        for a in found
    ]
    parts = [[a["item"], b["operator"], b["share"], b["bound_by"]] for a in found for b in a["bottlenecks"]]
    heads = ("chip", "TTFT s", "TPOT s", "step s", "tokens per s and device", "MFU", "memory GB per device", "fits")
    tables = [Table("estimates", heads, rows), Table("operators", ("chip", "operator", "share", "bound by"), parts)]
    if curves:
        points = [[c["item"], *p] for c in curves for p in c["points"]]
        tables.append(Table("batch", ("chip", "batch", "TPOT s", "tokens per s and device", "fits"), points))
    line = command(
        "estimate",
        names[0],
        model=model,
        phase=phase,
        **{{"input_len": "input", "output_len": "output"}.get(k, k): v for k, v in options.items()},
    )
    return Page("performance.html", f"{model}, {phase}", words, {"answers": plain, "curves": curves}, tables, line)


_EXPLAINED: dict[str, dict[str, Any]] = {"prefill": {"explain": True}, "decode": {"explain": True}}
"""Phases that come with a roofline and with what one percent more of a resource buys."""


def _estimate(name: str, model: str, phase: str, options: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {"item": api.item(name).id} | api.estimate(
            name, model=model, phase=phase, **options, **_EXPLAINED.get(phase, {})
        )
    except Problem as problem:
        return {"item": name, "problem": problem} | problem.to_json()


def _curve(name: str, model: str, options: Mapping[str, Any]) -> dict[str, Any]:
    points = []
    for batch in _BATCHES:
        try:
            got = api.estimate(name, model=model, phase="decode", **{**options, "batch": batch})
        except Problem:  # the layout asks for a batch that it can part; others are drawn
            continue
        points.append([batch, got["tpot_s"], got["tokens_per_s_per_device"], got["fits"]])
    return {"item": name, "points": points}


def _side(found: list[dict[str, Any]], key: str) -> dict[str, Any]:
    rows = sorted(found, key=lambda a: -a[key])
    low = [a[key] - a.get("interval", {}).get("low", a[key]) for a in rows]
    high = [a.get("interval", {}).get("high", a[key]) - a[key] for a in rows]
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "y": [a["item"] + ("" if a["fits"] else " (does not fit)") for a in rows],
                "x": [1e3 * a[key] for a in rows],
                "marker": {"color": "var:open-fill"},
                "width": 0.55,
                "error_x": {
                    "type": "data",
                    "array": [1e3 * v for v in high],
                    "arrayminus": [1e3 * v for v in low],
                    "color": "var:ink",
                    "thickness": 1.3,
                },
                "hovertemplate": "%{y}: %{x:.4g} ms<extra></extra>",
            }
        ],
        "layout": {
            "height": 90 + 40 * len(rows),
            "showlegend": False,
            "xaxis": {
                "title": {"text": "ms, shorter is better; whiskers: nine in ten measured"},
                "rangemode": "tozero",
            },
        },
    }


def _parts(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the time of each chip parted by what bounds it, operators named on hover."""
    data = []
    for bound, colour in _BOUND.items():
        texts, shares = [], []
        for a in found:
            mine = [b for b in a["bottlenecks"] if b["bound_by"] == bound]
            shares.append(100 * sum(b["share"] for b in mine))
            texts.append("<br>".join(f"{b['operator']} {100 * b['share']:.1f} %" for b in mine[:8]))
        if any(shares):
            data.append(
                {
                    "type": "bar",
                    "orientation": "h",
                    "name": bound,
                    "y": [a["item"] for a in found],
                    "x": shares,
                    "width": 0.55,
                    "marker": {"color": f"var:{colour}"},
                    "hovertext": texts,
                    "hovertemplate": f"{bound}: %{{x:.1f}} %<br>%{{hovertext}}<extra>%{{y}}</extra>",
                }
            )
    return {
        "data": data,
        "layout": {
            "barmode": "stack",
            "height": 120 + 40 * len(found),
            "xaxis": {"title": {"text": "percent of the time"}},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
            "margin": {"l": 10, "r": 10, "t": 34, "b": 10},
        },
    }


_LINES = ("open-fill", "shut-fill", "best", "conditional-fill", "us", "cn", "undetermined-fill")


def _curves(curves: list[dict[str, Any]]) -> dict[str, Any]:
    data = []
    for i, c in enumerate(curves):
        points = c["points"]
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": c["item"],
                "x": [1e3 * p[1] for p in points],
                "y": [p[2] for p in points],
                "text": [f"batch {p[0]}" + ("" if p[3] else ", does not fit") for p in points],
                "line": {"color": f"var:{_LINES[i % len(_LINES)]}"},
                "marker": {"symbol": ["circle" if p[3] else "circle-open" for p in points], "size": 8},
                "hovertemplate": "%{text}<br>TPOT %{x:.4g} ms<br>%{y:.4g} tokens/s<extra>%{fullData.name}</extra>",
            }
        )
    return {
        "data": data,
        "layout": {
            "height": 420,
            "xaxis": {"title": {"text": "time per output token, ms"}, "type": "log"},
            "yaxis": {"title": {"text": "tokens per s and device"}, "type": "log"},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            "margin": {"l": 10, "r": 10, "t": 34, "b": 10},
        },
    }


def _roofline(found: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the roofline of the first chip that comes with one: operators under the ceilings of rate and bandwidth."""
    a = next((a for a in found if a.get("roofline")), None)
    if a is None:
        return None
    ceilings = a["roofline"]["ceilings"]
    points = [o for o in a["roofline"]["operators"] if o["intensity_op_per_byte"] and o["rate_op_per_s"]]
    if not points:
        return None
    band = ceilings["dram_byte_per_s"]
    peaks = {n: ceilings[f"peak_{n}_op_per_s"] for n in (16, 8) if ceilings.get(f"peak_{n}_op_per_s")}
    xs = [o["intensity_op_per_byte"] for o in points]
    x0, x1 = min(xs) / 3, max(*xs, *(p / band for p in peaks.values())) * 4
    roofs = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": f"{bits}-bit peak and DRAM",
            "x": [x0, peak / band, x1],
            "y": [x0 * band / 1e12, peak / 1e12, peak / 1e12],
            "line": {
                "color": "var:ink" if bits == 16 else "var:quiet",
                "width": 1.6,
                "dash": "solid" if bits == 16 else "dot",
            },
            "hoverinfo": "skip",
        }
        for bits, peak in peaks.items()
    ]
    named: list[dict[str, Any]] = []  # the largest, each where no other name stands
    for o in sorted(points, key=lambda o: -o["share"]):
        if not any(
            abs(math.log(o["rate_op_per_s"] / n["rate_op_per_s"])) < 0.7
            and abs(math.log(o["intensity_op_per_byte"] / n["intensity_op_per_byte"])) < 0.7
            for n in named
        ):
            named.append(o)
    return {
        "item": a["item"],
        "data": [
            *roofs,
            {
                "type": "scatter",
                "mode": "markers+text",
                "name": "operators",
                "x": xs,
                "y": [o["rate_op_per_s"] / 1e12 for o in points],
                "text": [o["operator"] if o in named else "" for o in points],
                "customdata": [[o["operator"], 100 * o["share"]] for o in points],
                "textposition": "bottom right",
                "textfont": {"size": 11, "color": "var:ink"},
                "marker": {
                    "color": "var:best",
                    "size": [7 + 40 * o["share"] ** 0.5 for o in points],
                    "opacity": 0.75,
                    "line": {"width": 0},
                },
                "hovertemplate": "%{customdata[0]}, %{customdata[1]:.1f} % of the time<br>%{x:.4g} op per byte<br>"
                "%{y:.4g} Top/s<extra></extra>",
            },
        ],
        "layout": {
            "height": 460,
            "xaxis": {"title": {"text": "operations per byte of DRAM traffic"}, "type": "log", "dtick": 1},
            "yaxis": {"title": {"text": "Top/s of one device"}, "type": "log", "dtick": 1},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            "margin": {"l": 10, "r": 10, "t": 34, "b": 10},
        },
    }


PLACES = [("/performance", performance)]
