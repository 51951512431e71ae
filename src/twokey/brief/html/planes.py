"""The planes the law is drawn on: TPP against density, DRAM against I/O bandwidth."""

from __future__ import annotations

import datetime as dt
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from twokey.brief.html.looks import COLOURS, LEGEND, MARGIN, MARKED, QUIET, SYMBOLS
from twokey.brief.words import chip_name, workload_name

if TYPE_CHECKING:
    from twokey.brief.dossier import Brief

__all__ = ["memory_plane", "plane"]

_HOVER = "%{text}<br>TPP %{x:,.0f}<br>density %{y:.3g}<extra></extra>"
_HOVER_MEMORY = "%{text}<br>DRAM %{x:,.0f} GB/s<br>I/O %{y:,.0f} GB/s<extra></extra>"
_TINTS = {"3A090.a": "rgba(200,80,31,0.22)", "3A090.b": "rgba(217,154,28,0.22)"}


def plane(brief: Brief, on: dt.date) -> go.Figure:
    """Return the TPP-density plane of a day: paragraphs as areas, chips as points, best designs as stars."""
    points = [p for p in brief.plane if p["tpp"] and p["performance_density"]]
    xs, ys = [p["tpp"] for p in points] or [1e2, 1e4], [p["performance_density"] for p in points] or [0.1, 10.0]
    x0, x1, y0, y1 = min(xs) * 0.8, max(xs) * 1.5, min(ys) * 0.8, max(ys) * 1.5
    figure = go.Figure()
    _areas(figure, brief.patches[on.isoformat()], (x0, x1, y0, y1))
    quiet = [p for p in points if not p["named"]]
    figure.add_scatter(
        x=[p["tpp"] for p in quiet],
        y=[p["performance_density"] for p in quiet],
        mode="markers",
        name="other chips",
        marker={"color": QUIET, "size": 5, "opacity": 0.55},
        text=[p["name"] for p in quiet],
        hovertemplate=_HOVER,
    )
    scale = (math.log10(x1 / x0), math.log10(y1 / y0))
    spots = [
        (math.log10(p["tpp"] / x0) / scale[0], math.log10(p["performance_density"] / y0) / scale[1])
        for p in points
        if p["named"]
    ]
    _named(figure, brief, on, [p for p in points if p["named"]], "tpp", "performance_density", spots)
    _stars(figure, brief, on, "tpp", "performance_density")
    figure.update_layout(height=470, margin=MARGIN, legend=LEGEND | {"y": -0.17})
    ticks = {"dtick": "D2", "type": "log"}
    figure.update_xaxes(range=[math.log10(x0), math.log10(x1)], title="TPP (dense TOPS × bits)", **ticks)
    figure.update_yaxes(range=[math.log10(y0), math.log10(y1)], title="performance density (TPP per mm²)", **ticks)
    return figure


def _areas(figure: go.Figure, patches: list[Any], frame: tuple[float, float, float, float]) -> None:
    x0, x1, y0, y1 = frame
    largest: dict[str, tuple[float, float, float]] = {}
    for left, right, low, high, name in patches:
        a, b, c, d = max(left, x0), min(right or x1, x1), max(low, y0), min(high or y1, y1)
        if a >= b or c >= d:
            continue
        figure.add_shape(
            type="rect",
            x0=a,
            x1=b,
            y0=c,
            y1=d,
            layer="below",
            line_width=0,
            fillcolor=_TINTS.get(name, "rgba(120,120,160,0.2)"),
        )
        size = math.log(b / a) * math.log(d / c)
        if size > largest.get(name, (0.0, 0.0, 0.0))[0]:
            largest[name] = size, b, (c if c > y0 * 1.01 else d)
    for name, (_, x, y) in largest.items():
        top = y > y0 * 1.01 and y >= y1 * 0.99
        figure.add_annotation(
            x=math.log10(x) - 0.02,
            y=math.log10(y) + (-0.02 if top else 0.02),
            text=f"<b>{name}</b>",
            showarrow=False,
            xanchor="right",
            yanchor="top" if top else "bottom",
            font_size=13,
        )


def _named(
    figure: go.Figure,
    brief: Brief,
    on: dt.date,
    points: list[dict[str, Any]],
    x: str,
    y: str,
    spots: list[tuple[float, float]],
) -> None:
    """Add the scenario's chips by verdict, and the chips compared with, each with its name where there is room."""
    names = [chip_name(p["name"]) for p in points]
    where = _places(names, spots)
    for state in (*COLOURS, None):
        chosen = [i for i, p in enumerate(points) if _state(brief, p["id"], on) == state]
        if chosen:
            figure.add_scatter(
                x=[points[i][x] for i in chosen],
                y=[points[i][y] for i in chosen],
                mode="markers+text",
                name=state or "compared with",
                text=[names[i] for i in chosen],
                textposition=[where[i] for i in chosen],
                textfont_size=11.5,
                marker={"color": COLOURS.get(state or "", QUIET), "size": 11, "symbol": SYMBOLS[state]},
                hovertemplate=_HOVER if x == "tpp" else _HOVER_MEMORY,
            )


def _stars(figure: go.Figure, brief: Brief, on: dt.date, x: str, y: str) -> None:
    best = [d for d in brief.designs if d.get("best") and d["on"] == on.isoformat()]
    if best:
        figure.add_scatter(
            x=[d["best"]["facts"][x] for d in best],
            y=[d["best"]["facts"][y] for d in best],
            mode="markers",
            name="best lawful design",
            marker={"color": MARKED, "size": 14, "symbol": "star", "line": {"width": 1, "color": "#ffffff"}},
            text=[f"best for {workload_name(d['workload'])}" for d in best],
            hovertemplate=_HOVER if x == "tpp" else _HOVER_MEMORY,
        )


def _state(brief: Brief, item: str, on: dt.date) -> str | None:
    return next((a["verdict"] for a in brief.answers if a["item"] == item and a["on"] == on.isoformat()), None)


def _places(
    names: list[str], spots: list[tuple[float, float]], size: tuple[float, float] = (470.0, 380.0)
) -> list[str]:
    """Return for each label the side on which it meets the fewest other labels and points; spots run from 0 to 1."""
    sides = {
        "middle right": (9, -7), "middle left": (-9, -7), "top center": (0, 8), "bottom center": (0, -22),
        "top right": (5, 4), "bottom right": (5, -18), "top left": (-5, 4), "bottom left": (-5, -18),
    }  # fmt: skip
    taken = [(px * size[0] - 7, py * size[1] - 7, px * size[0] + 7, py * size[1] + 7) for px, py in spots]
    out = []
    for name, (px, py) in zip(names, spots, strict=True):
        wide, best = 6.4 * len(name), (math.inf, "", (0.0, 0.0, 0.0, 0.0))
        for side, (dx, dy) in sides.items():
            x = px * size[0] + dx - (wide if "left" in side else wide / 2 if "center" in side else 0)
            y = py * size[1] + dy
            box = (x, y, x + wide, y + 14)
            lost = sum(_shared(box, other) for other in taken)
            lost += 50 * (max(0.0, -box[0]) + max(0.0, box[2] - size[0]) + max(0.0, -y) + max(0.0, box[3] - size[1]))
            if lost < best[0]:
                best = lost, side, box
        out.append(best[1])
        taken.append(best[2])
    return out


def _shared(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def memory_plane(brief: Brief, on: dt.date) -> go.Figure:
    """Return the plane of DRAM and I/O bandwidth of a day: the area left free, chips as points, designs as stars."""
    x, y = "dram_bandwidth_GBps", "io_bandwidth_GBps"
    points = [p for p in brief.plane if p[x] is not None and p[y] is not None and p["named"]]
    x1, y1 = 1.12 * max([p[x] for p in points] + [2000.0]), 1.12 * max([p[y] for p in points] + [1400.0])
    figure = go.Figure()
    for dram, io, both in {cell.hi[2:5] for cell in brief.regions[on.isoformat()]}:
        corners = _free(_end(dram), _end(io), _end(both), x1, y1)
        figure.add_scatter(
            x=[c[0] for c in corners],
            y=[c[1] for c in corners],
            fill="toself",
            mode="lines",
            line={"width": 0},
            fillcolor="rgba(59,143,201,0.24)",
            hoverinfo="skip",
            showlegend=False,
        )
    _named(figure, brief, on, points, x, y, [(p[x] / x1, p[y] / y1) for p in points])
    _stars(figure, brief, on, x, y)
    figure.update_layout(height=470, margin=MARGIN, legend=LEGEND | {"y": -0.17})
    figure.update_xaxes(range=[0, x1], title="DRAM bandwidth (GB/s)")
    figure.update_yaxes(range=[0, y1], title="I/O bandwidth, both directions (GB/s)")
    return figure


def _end(limit: Fraction | None) -> float:
    return math.inf if limit is None else float(limit)


def _free(dram: float, io: float, both: float, x1: float, y1: float) -> list[tuple[float, float]]:
    """Return the corners of the area with x < dram, y < io and x + y < both, within the frame."""
    right = min(dram, both, x1)
    edges = sorted({0.0, right, *(e for e in (both - io, both - y1) if 0 < e < right)})
    return [(0.0, 0.0), *((e, max(0.0, min(io, both - e, y1))) for e in edges), (right, 0.0)]
