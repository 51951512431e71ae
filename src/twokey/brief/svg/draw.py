"""Draw a Plotly figure as SVG: bars, waterfalls, points, lines, areas, notes. Equal figures give equal bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from twokey.brief.svg.axes import Axis, lines, text_width
from twokey.brief.svg.marks import COLOURS, bars, colour, points, sign, waterfall

__all__ = ["svg"]

SIZE = 12.0
"""Size of the text of a picture, in pixels."""

_INK, _GRID, _SOFT = "#1c2127", "#e3e6e9", "#55606d"


def svg(figure: Any, *, width: float = 680.0, font: str = "system-ui, sans-serif", label: str = "") -> str:
    """Return a figure as SVG text; equal figures give equal bytes.

    Parameters
    ----------
    figure : a Plotly figure of bars, waterfalls and scatter traces on one pair of axes
    width : width of the picture, in pixels; its height is the figure's
    font : family of the letters
    label : what the picture shows, for those who cannot see it

    Examples
    --------
    >>> import plotly.graph_objects as go
    >>> svg(go.Figure(go.Bar(x=["a", "b"], y=[1, 2])), label="two bars")[:48]
    '<svg xmlns="http://www.w3.org/2000/svg" width="6'
    """
    spec = json.loads(figure.to_json())
    layout = spec["layout"]
    traces = [dict(t) for t in spec["data"]]
    palette = layout.get("colorway") or COLOURS
    for i, trace in enumerate(traces):
        trace["_colour"] = palette[i % len(palette)]
    height = float(layout.get("height") or 400)
    entries = _legend_entries(traces, layout)
    xs, ys = _values(traces, layout, "x"), _values(traces, layout, "y")
    flat = any(t["type"] == "bar" and t.get("orientation") == "h" for t in traces)
    upright = any(t["type"] in ("bar", "waterfall") for t in traces) and not flat
    box = _box(layout, entries, ys, xs, width, height, from_zero=(flat, upright))
    x = Axis.of(layout.get("xaxis", {}), xs, box[0], box[2], from_zero=flat)
    y = Axis.of(layout.get("yaxis", {}), ys, box[3], box[1], from_zero=upright)
    out = [*_shapes(layout, x, y, box, below=True), *_grid(x, y, box)]
    kinds: Mapping[str, Any] = {"bar": bars, "waterfall": waterfall, "scatter": points}
    for kind, draw in kinds.items():
        if chosen := [t for t in traces if t["type"] == kind]:
            out += draw(chosen, layout, x, y)
    out += [*_shapes(layout, x, y, box, below=False), *_notes(layout, x, y, box), *_legend(entries, box, height)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
    head += f'viewBox="0 0 {width:g} {height:g}" role="img" aria-label={quoteattr(label)} '
    head += f'font-family={quoteattr(font)} font-size="{SIZE:g}" fill="{_INK}">'
    return head + "".join(out) + "</svg>"


def _values(traces: Sequence[Mapping[str, Any]], layout: Mapping[str, Any], name: str) -> list[Any]:
    """Return what must fit on an axis, ends of bars and stacks included."""
    found: list[Any] = []
    stacked: dict[str, float] = {}
    for t in traces:
        along = t["type"] == "waterfall" and name == "y"
        along = along or (t["type"] == "bar" and name == ("x" if t.get("orientation") == "h" else "y"))
        given = list(t.get(name, ()))
        if not along:
            found += given
        elif t["type"] == "waterfall":
            found += _levels(given, t.get("measure", ()))
        elif layout.get("barmode") == "stack":
            across = t["y" if name == "x" else "x"]
            for word, value in zip(across, given, strict=True):
                stacked[str(word)] = stacked.get(str(word), 0.0) + float(value)
            found += list(stacked.values())
        else:
            base = t.get("base", 0)
            starts = base if isinstance(base, list) else [base] * len(given)
            dated = any(isinstance(s, str) for s in starts)
            found += starts if dated else [s + v for s, v in zip(starts, given, strict=True)]
    return found


def _levels(given: Sequence[float], measure: Sequence[str]) -> list[float]:
    level, found = 0.0, [0.0]
    for value, how in zip(given, measure, strict=True):
        level = float(value) if how == "total" else level + float(value)
        found.append(level)
    return found


def _box(
    layout: Mapping[str, Any], entries: Sequence[Any], ys: Sequence[Any], xs: Sequence[Any], width: float,
    height: float, *, from_zero: tuple[bool, bool],
) -> tuple[float, float, float, float]:  # fmt: skip
    """Return left, top, right and bottom of the plot: the page less ticks, titles and legend."""
    x = Axis.of(layout.get("xaxis", {}), xs, 0, 1, from_zero=from_zero[0])
    y = Axis.of(layout.get("yaxis", {}), ys, 1, 0, from_zero=from_zero[1])
    margin = layout.get("margin", {})
    widest = max((text_width(part, SIZE) for _, word in y.ticks() for part in lines(word)), default=0.0)
    left = 6 + (widest + 8 if y.visible else 0) + (SIZE + 8 if y.title else 0)
    right = max(14.0, float(margin.get("r") or 0))
    top = max(12.0, float(margin.get("t") or 0))
    tall = max((len(lines(word)) for _, word in x.ticks()), default=1)
    below = (SIZE * 1.25 * tall + 8 if x.visible else 4) + (SIZE + 8 if x.title else 0)
    rows = _rows(entries, width - left - right)
    return left, top, width - right, height - below - (SIZE * 1.6 * len(rows) + 4 if rows else 0) - 2


def _grid(x: Axis, y: Axis, box: tuple[float, float, float, float]) -> list[str]:
    left, top, right, bottom = box
    out = []
    if x.visible:
        for at, word in _spaced(x.ticks(), wide=True):
            if x.kind != "category":
                out.append(_line(at, top, at, bottom, _GRID))
            out.append(_text(at, bottom + SIZE + 4, word, "middle", fill=_SOFT))
    if y.visible:
        for at, word in _spaced(y.ticks(), wide=False):
            if y.kind != "category":
                out.append(_line(left, at, right, at, _GRID))
            tall = (len(lines(word)) - 1) * SIZE * 0.6
            out.append(_text(left - 6, at + SIZE * 0.35 - tall, word, "end", fill=_SOFT))
    if x.title:
        tall = max((len(lines(w)) for _, w in x.ticks()), default=1) if x.visible else 0
        out.append(_text((left + right) / 2, bottom + 8 + SIZE * (1.25 * tall + 1), x.title, "middle", fill=_SOFT))
    if y.title:
        middle = (top + bottom) / 2
        out.append(
            f'<g transform="rotate(-90 {SIZE:g} {middle:.1f})">'
            + _text(SIZE, middle + 2, y.title, "middle", fill=_SOFT)
            + "</g>"
        )
    return out


def _spaced(ticks: Sequence[tuple[float, str]], *, wide: bool) -> list[tuple[float, str]]:
    """Return the ticks that stand clear of the one before."""
    kept: list[tuple[float, str]] = []
    for at, word in ticks:
        room = SIZE * 1.2
        if wide and kept:
            widths = [max(text_width(p, SIZE) for p in lines(w)) for w in (kept[-1][1], word)]
            room = sum(widths) / 2 + 4
        if not kept or abs(at - kept[-1][0]) >= room:
            kept.append((at, word))
    return kept


def _shapes(layout: Mapping[str, Any], x: Axis, y: Axis, box: Any, *, below: bool) -> list[str]:
    left, top, right, bottom = box
    out = []
    for s in layout.get("shapes", ()):
        if (s.get("layer") == "below") is not below:
            continue
        x0, x1 = (_placed(s[k], s.get("xref", "x"), x, left, right) for k in ("x0", "x1"))
        y0, y1 = (_placed(s[k], s.get("yref", "y"), y, bottom, top) for k in ("y0", "y1"))
        if s["type"] == "rect":
            paint, opacity = colour(s.get("fillcolor", "#888888"))
            out.append(
                f'<rect x="{min(x0, x1):.1f}" y="{min(y0, y1):.1f}" width="{abs(x1 - x0):.1f}" '
                f'height="{abs(y1 - y0):.1f}" fill="{paint}" fill-opacity="{opacity:g}"/>'
            )
        else:
            line = s.get("line", {})
            dash = ' stroke-dasharray="2 3"' if line.get("dash") else ""
            out.append(_line(x0, y0, x1, y1, colour(line.get("color", _SOFT))[0], line.get("width", 1), dash))
    return out


def _placed(value: Any, ref: str, axis: Axis, low: float, high: float) -> float:
    if ref == "paper" or ref.endswith("domain"):
        return low + (high - low) * float(value)
    return axis.at(value)


def _notes(layout: Mapping[str, Any], x: Axis, y: Axis, box: Any) -> list[str]:
    left, top, right, bottom = box
    out = []
    for note in layout.get("annotations", ()):
        size = float(note.get("font", {}).get("size", SIZE))
        parts = lines(note["text"])
        at_x = _noted(note["x"], note.get("xref", "x"), x, left, right) + float(note.get("xshift", 0))
        at_y = _noted(note["y"], note.get("yref", "y"), y, bottom, top)
        anchor = {"left": "start", "right": "end"}.get(note.get("xanchor", "center"), "middle")
        shift = {"bottom": -4 - size * 1.2 * (len(parts) - 1), "top": size + 2}.get(
            note.get("yanchor", ""), size * 0.35 - size * 0.6 * (len(parts) - 1)
        )
        out.append(_text(at_x, at_y + shift, note["text"], anchor, size=size))
    return out


def _noted(value: Any, ref: str, axis: Axis, low: float, high: float) -> float:
    if ref == "paper" or ref.endswith("domain"):
        return low + (high - low) * float(value)
    return axis.at(value, raw=True)


def _legend_entries(traces: Sequence[Mapping[str, Any]], layout: Mapping[str, Any]) -> list[tuple[str, str]]:
    named = [t for t in traces if t.get("name") and t.get("showlegend") is not False]
    if layout.get("showlegend") is False or (len(traces) < 2 and layout.get("showlegend") is not True):
        return []
    return [(str(t["name"]), sign(t)) for t in named]


def _rows(entries: Sequence[tuple[str, str]], room: float) -> list[list[tuple[float, tuple[str, str]]]]:
    rows: list[list[tuple[float, tuple[str, str]]]] = []
    at = room
    for entry in entries:
        wide = 22 + text_width(entry[0], SIZE * 0.95) + 14
        if at + wide > room or not rows:
            rows.append([])
            at = 0.0
        rows[-1].append((at, entry))
        at += wide
    return rows


def _legend(entries: Sequence[tuple[str, str]], box: Any, height: float) -> list[str]:
    rows = _rows(entries, box[2] - box[0])
    out = []
    for i, row in enumerate(rows):
        y = height - SIZE * 1.6 * (len(rows) - i) + SIZE * 0.7
        for at, (name, mark) in row:
            out.append(f'<g transform="translate({box[0] + at + 8:.1f} {y:.1f})">{mark}</g>')
            out.append(_text(box[0] + at + 19, y + SIZE * 0.34, name, "start", size=SIZE * 0.95))
    return out


def _line(
    x0: float, y0: float, x1: float, y1: float, stroke: str, width: float = 1, more: str = ""
) -> str:  # fmt: skip
    return (
        f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{stroke}" '
        f'stroke-width="{width:g}"{more}/>'
    )


def _text(x: float, y: float, text: str, anchor: str, *, size: float = SIZE, fill: str = _INK) -> str:
    bold = ' font-weight="bold"' if "<b>" in text else ""
    spans = "".join(
        f'<tspan x="{x:.1f}" dy="{0 if i == 0 else size * 1.2:.1f}">{escape(part)}</tspan>'
        for i, part in enumerate(lines(re.sub(r"</?(?!b\b|br\b)\w+>", "", text)))
    )
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size:g}" fill="{fill}"{bold}>{spans}</text>'
    )
