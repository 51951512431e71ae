"""What stands in a picture: bars, waterfalls, points, lines and areas."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from twokey.brief.svg.axes import MS_PER_DAY, Axis, lines, text_width

__all__ = ["COLOURS", "bars", "colour", "points", "sign", "waterfall"]

COLOURS = ("#2f6f9f", "#c8501e", "#5d9e8f", "#d99a1c", "#7b4ea3", "#939ba5")
"""Colours of traces that name none."""

_SIZE, _INK, _SOFT = 11.0, "#1c2127", "#8b949e"
_RGBA = re.compile(r"rgba?\((\d+),\s*(\d+),\s*(\d+)(?:,\s*([\d.]+))?\)")


def colour(text: str) -> tuple[str, float]:
    """Return a colour as `#rrggbb` and its opacity.

    Examples
    --------
    >>> colour("rgba(200,80,31,0.22)")
    ('#c8501f', 0.22)
    """
    found = _RGBA.fullmatch(text.strip())
    if found is None:
        return text, 1.0
    red, green, blue = (int(found[i]) for i in (1, 2, 3))
    return f"#{red:02x}{green:02x}{blue:02x}", float(found[4] or 1)


def sign(trace: Mapping[str, Any]) -> str:
    """Return the sign of a trace in the legend, about its middle."""
    if trace["type"] == "scatter" and "markers" in trace.get("mode", "markers"):
        marker = trace.get("marker", {})
        return _mark(marker.get("symbol", "circle"), _paint(trace), min(float(marker.get("size", 8)), 11.0))
    if trace["type"] == "scatter":
        return f'<rect x="-8" y="-1.2" width="16" height="2.4" fill="{_line_paint(trace)}"/>'
    return f'<rect x="-5" y="-5" width="10" height="10" fill="{_paint(trace)}"/>'


def _paint(trace: Mapping[str, Any], i: int = 0) -> str:
    given = trace.get("marker", {}).get("color", trace["_colour"])
    return str(given[i] if isinstance(given, list) else given)


def _line_paint(trace: Mapping[str, Any]) -> str:
    return str(trace.get("line", {}).get("color", trace["_colour"]))


def _each(value: Any, count: int) -> list[Any]:
    return list(value) if isinstance(value, list) else [value] * count


# -- bars -------------------------------------------------------------------------------------------


def bars(traces: Sequence[Mapping[str, Any]], layout: Mapping[str, Any], x: Axis, y: Axis) -> list[str]:
    """Return bars, flat or upright, beside or upon each other as the layout says."""
    mode, out = layout.get("barmode", "group"), []
    reached: dict[tuple[str, bool], float] = {}
    for n, t in enumerate(traces):
        flat = t.get("orientation") == "h"
        along, across = (x, y) if flat else (y, x)
        values, words = t["x" if flat else "y"], t["y" if flat else "x"]
        starts, texts = _each(t.get("base", 0), len(values)), _each(t.get("text"), len(values))
        unit = abs(across.end - across.start) / max(len(across.words), 1)
        thick = unit * float(t.get("width") or 0.8)
        shift = 0.0
        if mode == "group" and len(traces) > 1:
            thick /= len(traces)
            shift = (n - (len(traces) - 1) / 2) * thick
        for i, (value, word, start, said) in enumerate(zip(values, words, starts, texts, strict=True)):
            if value is None:
                continue
            if mode == "stack":
                key = str(word), value >= 0
                start = reached.get(key, 0.0)
                reached[key] = start + value
            begin, end = _ends(start, value, along)
            middle = across.at(word) + shift
            out.append(_bar(begin, end, middle, thick, _paint(t, i), flat))
            if said:
                out.append(_said(str(said), begin, end, middle, t, flat))
    return out


def _ends(start: Any, value: float, along: Axis) -> tuple[float, float]:
    if along.kind == "date":
        begin = along.at(start)
        scale = (along.end - along.start) / (along.high - along.low)
        return begin, begin + scale * value / MS_PER_DAY
    return along.at(start), along.at(start + value)


def _bar(begin: float, end: float, middle: float, thick: float, fill: str, flat: bool) -> str:
    low, size = min(begin, end), abs(end - begin)
    if flat:
        return (
            f'<rect x="{low:.1f}" y="{middle - thick / 2:.1f}" width="{size:.1f}" height="{thick:.1f}" fill="{fill}"/>'
        )
    return f'<rect x="{middle - thick / 2:.1f}" y="{low:.1f}" width="{thick:.1f}" height="{size:.1f}" fill="{fill}"/>'


def _said(text: str, begin: float, end: float, middle: float, trace: Mapping[str, Any], flat: bool) -> str:
    wide = max(text_width(part, _SIZE) for part in lines(text))
    inside = trace.get("textposition") == "inside"
    if inside and flat and abs(end - begin) < wide + 2:
        return ""
    if not flat:
        return _text(middle, min(begin, end) - 4, text, "middle")
    if inside:
        return _text((begin + end) / 2, middle + _SIZE * 0.35, text, "middle", "#ffffff")
    away = 1 if end >= begin else -1
    return _text(end + 4 * away, middle + _SIZE * 0.35, text, "start" if away > 0 else "end")


def waterfall(traces: Sequence[Mapping[str, Any]], layout: Mapping[str, Any], x: Axis, y: Axis) -> list[str]:  # noqa: ARG001
    """Return the steps of a waterfall with the lines that join them."""
    out: list[str] = []
    for t in traces:
        paint = {k: t.get(k, {}).get("marker", {}).get("color") for k in ("increasing", "decreasing", "totals")}
        thick = 0.66 * abs(x.end - x.start) / max(len(x.words), 1)
        level, texts = 0.0, _each(t.get("text"), len(t["x"]))
        before: float | None = None
        for word, value, how, said in zip(t["x"], t["y"], t["measure"], texts, strict=True):
            start, end = (0.0, float(value)) if how == "total" else (level, level + float(value))
            kind = "totals" if how == "total" else "increasing" if value >= 0 else "decreasing"
            middle, begin, finish = x.at(word), y.at(start), y.at(end)
            if before is not None:
                joint = y.at(level)
                out.append(f'<line x1="{before:.1f}" y1="{joint:.1f}" x2="{middle - thick / 2:.1f}" y2="{joint:.1f}" '
                           f'stroke="{_SOFT}" stroke-width="0.8"/>')  # fmt: skip
            out.append(_bar(begin, finish, middle, thick, paint[kind] or t["_colour"], flat=False))
            if said:
                out.append(_text(middle, min(begin, finish) - 4, str(said), "middle"))
            level, before = end, middle + thick / 2
    return out


# -- points and lines -------------------------------------------------------------------------------


def points(traces: Sequence[Mapping[str, Any]], layout: Mapping[str, Any], x: Axis, y: Axis) -> list[str]:  # noqa: ARG001
    """Return areas, lines, markers and the texts beside them, areas first."""
    areas: list[str] = []
    out: list[str] = []
    words: list[str] = []
    for t in traces:
        mode = t.get("mode", "lines")
        spots = [
            None if a is None or b is None else (x.at(a), y.at(b)) for a, b in zip(t["x"], t["y"], strict=True)
        ]  # fmt: skip
        path = _path(spots)
        if t.get("fill") == "toself":
            fill, opacity = colour(t.get("fillcolor", t["_colour"]))
            areas.append(f'<path d="{path}Z" fill="{fill}" fill-opacity="{opacity:g}"/>')
        width = float(t.get("line", {}).get("width", 1.8))
        if "lines" in mode and width:
            out.append(f'<path d="{path}" fill="none" stroke="{_line_paint(t)}" stroke-width="{width:g}"/>')
        marker = t.get("marker", {})
        count = len(spots)
        symbols, sizes = _each(marker.get("symbol", "circle"), count), _each(marker.get("size", 7), count)
        texts, places = _each(t.get("text"), count), _each(t.get("textposition", "middle right"), count)
        for i, spot in enumerate(spots):
            if spot is None:
                continue
            if "markers" in mode:
                faint = f' opacity="{marker["opacity"]:g}"' if "opacity" in marker else ""
                mark = _mark(symbols[i], _paint(t, i), float(sizes[i]))
                out.append(f'<g transform="translate({spot[0]:.1f} {spot[1]:.1f})"{faint}>{mark}</g>')
            if "text" in mode and texts[i]:
                words.append(_beside(spot, str(texts[i]), places[i], float(sizes[i]) if "markers" in mode else 0.0))
    return areas + out + words


def _path(spots: Sequence[tuple[float, float] | None]) -> str:
    path, pen = "", "M"
    for spot in spots:
        if spot is None:
            pen = "M"
            continue
        path += f"{pen}{spot[0]:.1f} {spot[1]:.1f}"
        pen = "L"
    return path


def _beside(spot: tuple[float, float], text: str, place: str, size: float) -> str:
    up, side = place.split(" ")
    gap = size / 2 + 4
    anchor = {"left": "end", "right": "start"}.get(side, "middle")
    dx = {"left": -gap, "right": gap}.get(side, 0.0) * (1.0 if up == "middle" else 0.6)
    dy = {"top": -gap, "bottom": gap + _SIZE * 0.7}.get(up, _SIZE * 0.35)
    # a white edge keeps the words readable over points; two texts, for not every reader knows paint-order
    edge = ' stroke="#ffffff" stroke-width="2"'
    at = spot[0] + dx, spot[1] + dy
    return _text(*at, text, anchor, fill="#ffffff", more=edge) + _text(*at, text, anchor)


def _mark(symbol: str, fill: str, size: float) -> str:
    r = size / 2
    if symbol.startswith("square"):
        paint = f'fill="none" stroke="{fill}" stroke-width="1.6"' if symbol.endswith("open") else f'fill="{fill}"'
        return f'<rect x="{-r:.1f}" y="{-r:.1f}" width="{size:.1f}" height="{size:.1f}" {paint}/>'
    if symbol == "x":
        s = f"{r * 0.86:.2f}"
        return f'<path d="M-{s} -{s}L{s} {s}M-{s} {s}L{s} -{s}" stroke="{fill}" stroke-width="2.6" fill="none"/>'
    corners = {"diamond": (4, 1.25), "triangle-up": (3, 1.2), "star": (10, 1.2)}.get(symbol)
    if corners is None:
        return f'<circle r="{r:.1f}" fill="{fill}"/>'
    n, scale = corners
    spots = []
    for i in range(n):
        far = r * scale * (0.45 if symbol == "star" and i % 2 else 1.0)
        turn = 2 * math.pi * i / n - math.pi / 2
        spots.append(f"{far * math.cos(turn):.2f},{far * math.sin(turn):.2f}")
    return f'<polygon points="{" ".join(spots)}" fill="{fill}" stroke="#ffffff" stroke-width="0.6"/>'


def _text(x: float, y: float, text: str, anchor: str, fill: str = _INK, more: str = "") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{_SIZE:g}" fill="{fill}"{more}>'
        f"{escape(' '.join(lines(text)))}</text>"
    )
