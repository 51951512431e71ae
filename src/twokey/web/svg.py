"""Pictures drawn at the server, for pages that work without scripts: the answer over time, a proof that closes."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from markupsafe import Markup

from twokey.web.words import SIGNS, key_state

__all__ = ["proof", "time_line"]

_W = 920
_LEFT = 92


def time_line(spans: Sequence[Mapping[str, Any]], first: dt.date, last: dt.date, on: dt.date) -> Markup:
    """Return the answer over time: a lane for the verdict and one for each key, the day asked about marked."""
    lanes: tuple[tuple[str, Callable[[Any], str], Callable[[Any], str]], ...] = (
        ("verdict", lambda s: s["verdict"], lambda s: s["verdict"]),
        ("US key", lambda s: key_state(s["us"]["outcome"], s["us"]["review"]), _us),
        ("China key", lambda s: key_state(s["cn"]["outcome"]), lambda s: s["cn"]["outcome"]),
    )
    height, days = 118, max((last - first).days, 1)

    def x(day: dt.date) -> float:
        return _LEFT + (_W - _LEFT - 8) * min(max((day - first).days / days, 0.0), 1.0)

    parts = []
    for i, (name, state, said) in enumerate(lanes):
        y = 8 + 30 * i
        parts.append(f'<text x="{_LEFT - 10}" y="{y + 16}" text-anchor="end">{name}</text>')
        for s in spans:
            a = dt.date.fromisoformat(s["from"])
            b = dt.date.fromisoformat(s["until"]) if s["until"] else last
            if b <= first or a >= last:
                continue
            word, left, wide = state(s), x(a), max(x(b) - x(a), 1.0)
            title = escape(f"{name}, {s['from']} to {s['until'] or 'open'}: {said(s)}")
            parts.append(
                f'<rect class="fill-{word}" x="{left:.1f}" y="{y}" width="{wide:.1f}" height="22"><title>{title}'
                "</title></rect>"
            )
            if wide > 26:
                parts.append(
                    f'<text class="sign" x="{left + wide / 2:.1f}" y="{y + 16}" text-anchor="middle" '
                    f'aria-hidden="true">{SIGNS[word]}</text>'
                )
    for year in range(first.year, last.year + 1):
        start = dt.date(year, 1, 1)
        if first <= start <= last:
            parts.append(f'<line class="grid" x1="{x(start):.1f}" x2="{x(start):.1f}" y1="4" y2="98"/>')
            parts.append(f'<text class="tick" x="{x(start):.1f}" y="113" text-anchor="middle">{year}</text>')
    if first <= on <= last:
        parts.append(f'<line class="now" x1="{x(on):.1f}" x2="{x(on):.1f}" y1="2" y2="98"/>')
    label = "The answer over time: " + "; ".join(f"{s['verdict']} from {s['from']}" for s in spans)
    return _svg(parts, height, label)


def _us(span: Mapping[str, Any]) -> str:
    us = span["us"]
    caught = f" ({', '.join(us['classification'])})" if us["classification"] else ""
    review = f", {us['review']}" if us["review"] not in (None, "none") else ""
    return f"{us['outcome']}{review}{caught}"


def proof(steps: Sequence[Sequence[float]], unit: str) -> Markup:
    """Return a proof that closes: best value and bound against time; steps are triples of seconds, value and bound."""
    known = [s for s in steps if len(s) >= 3 and math.isfinite(s[1]) and math.isfinite(s[2]) and s[1] > 0 and s[2] > 0]
    height = 220
    if len(known) < 2:
        return _svg(
            [f'<text x="{_W / 2}" y="110" text-anchor="middle">waiting for the first bound…</text>'], height, ""
        )
    t1 = max(known[-1][0], 0.1)
    y0, y1 = min(min(s[1], s[2]) for s in known), max(max(s[1], s[2]) for s in known)
    low, high = math.log(y0) - 0.02, math.log(y1) + 0.02

    def at(t: float, v: float) -> str:
        return (
            f"{_LEFT + (_W - _LEFT - 16) * t / t1:.1f},{10 + (height - 44) * (high - math.log(v)) / (high - low):.1f}"
        )

    parts = [f'<line class="grid" x1="{_LEFT}" x2="{_W - 8}" y1="{height - 34}" y2="{height - 34}"/>']
    for name, column in (("value", 1), ("bound", 2)):
        line = " ".join(at(s[0], s[column]) for s in known)
        x, y = at(known[0][0], known[0][column]).split(",")
        parts.append(f'<polyline class="line-{name}" points="{line}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{float(y) + 4:.1f}" text-anchor="end">{name}</text>')
        del x
    last = known[-1]
    gap = abs(last[1] - last[2]) / last[1]
    parts.append(
        f'<text x="{_W - 10}" y="{height - 12}" text-anchor="end">{last[0]:.1f} s: value {last[1]:.5g} {unit}, '
        f"bound {last[2]:.5g} {unit}, gap {100 * gap:.2f} %</text>"
    )
    return _svg(parts, height, f"Best value {last[1]:.5g} and bound {last[2]:.5g} {unit} after {last[0]:.1f} s")


def _svg(parts: Sequence[str], height: int, label: str) -> Markup:
    return Markup(
        f'<svg class="drawn" viewBox="0 0 {_W} {height}" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )
