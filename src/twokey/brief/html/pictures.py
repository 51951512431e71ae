"""The pictures of the dossier, drawn with Plotly; the page's style sheet colours their text, light and dark."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
import plotly.io

from twokey.brief.html.looks import COLOURS, MARKED, QUIET
from twokey.brief.html.markup import Html, tag
from twokey.brief.sentences import comparison, lane_spans
from twokey.brief.svg import svg
from twokey.brief.words import chip_name, day, number, time_text
from twokey.quantities.exact import as_text

if TYPE_CHECKING:
    from twokey.brief.dossier import Brief

__all__ = ["drawn_as_svg", "duty_bars", "picture", "rivals", "time_line"]

PRINT_FONT = "Libertinus Serif"
"""The letters of pictures on paper: the ones the printing program carries with it."""

_CONFIG = {"displaylogo": False, "responsive": True, "displayModeBar": False, "scrollZoom": False}


_SVG: ContextVar[list[str] | None] = ContextVar("_SVG", default=None)


@contextmanager
def drawn_as_svg() -> Iterator[list[str]]:
    """Draw the pictures made inside as SVG, which are gathered in the list, and put only their places into the page."""
    gathered: list[str] = []
    token = _SVG.set(gathered)
    try:
        yield gathered
    finally:
        _SVG.reset(token)


def picture(figure: go.Figure, label: str) -> Html:
    """Return a figure as a part of the page; `label` tells its content to those who cannot see it."""
    gathered = _SVG.get()
    if gathered is not None:
        gathered.append(svg(figure, label=label, font=PRINT_FONT))
        return tag("div", class_="picture", data_number=str(len(gathered) - 1), aria_label=label)
    figure.update_layout(
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 12.5, "color": "#4a525c"},
        hoverlabel={"bgcolor": "#ffffff", "bordercolor": "#8b949e"},
        separators=".,",
    )
    figure.update_xaxes(gridcolor="#e3e6e9", zeroline=False, automargin=True, fixedrange=True)
    figure.update_yaxes(gridcolor="#e3e6e9", zeroline=False, automargin=True, fixedrange=True)
    inner = plotly.io.to_html(
        figure, include_plotlyjs=False, full_html=False, config=_CONFIG, default_width="100%", div_id=_id(figure, label)
    )
    return tag("div", Html(inner), class_="picture", role="img", aria_label=label)


def _id(figure: go.Figure, label: str) -> str:
    """Return an id made from the picture, so that equal dossiers give equal pages."""
    return "picture-" + hashlib.sha256((label + figure.to_json()).encode()).hexdigest()[:12]


def time_line(brief: Brief) -> go.Figure:
    """Return the answer over time: two lanes a chip, one for each key, coloured by how far the key turns."""
    figure, lanes, shown = go.Figure(), [], set()
    for item in brief.scenario.chips:
        name = chip_name(next(a["name"] for a in brief.answers if a["item"] == item))
        for key in ("us", "cn"):
            lane = f"{name} · {key.upper()}"
            lanes.append(lane)
            for start, end, state, said in lane_spans(brief.spans[item], key, brief.scenario.last):
                figure.add_bar(
                    y=[lane],
                    base=[start.isoformat()],
                    x=[(end - start).days * 86_400_000],
                    orientation="h",
                    marker_color=COLOURS[state],
                    marker_line_width=0,
                    width=0.62,
                    name=state,
                    legendgroup=state,
                    showlegend=state not in shown,
                    hovertemplate=f"{lane}<br>{start} to {end}<br>{said}<extra>{state}</extra>",
                )
                shown.add(state)
    for one in brief.scenario.days:
        figure.add_vline(x=one.on.isoformat(), line={"color": "#6b7580", "width": 1, "dash": "dot"})
        figure.add_annotation(
            x=one.on.isoformat(),
            y=1.0,
            yref="paper",
            yanchor="bottom",
            text=day(one.on).replace(" 20", "<br>20"),
            showarrow=False,
            font_size=10.5,
            xanchor="right" if one.on == brief.scenario.days[0].on else "left",
        )
    figure.update_layout(
        barmode="overlay",
        height=60 + 30 * len(lanes),
        margin={"l": 10, "r": 10, "t": 42, "b": 10},
        bargap=0.2,
        legend={"orientation": "h", "y": -0.08, "x": 0, "traceorder": "normal"},
    )
    figure.update_xaxes(
        type="date",
        range=[brief.scenario.first.isoformat(), brief.scenario.last.isoformat()],
        dtick="M12",
        tickformat="%Y",
    )
    figure.update_yaxes(categoryorder="array", categoryarray=lanes[::-1])
    return figure


def rivals(found: list[dict[str, Any]], names: dict[str, str]) -> go.Figure:
    """Return times of the best lawful designs and of the chips compared, shortest on top."""
    have = [d for d in found if d.get("best")]
    rows = [(f"best lawful, {day(d['on'])}", d["best"]["value"], MARKED) for d in have]
    if have:
        rows += [
            (names.get(i, i) + ("" if fits is not False else " (does not fit)"), value, QUIET)
            for i, value, _, fits in comparison(have[-1])
        ]
    rows.sort(key=lambda r: -r[1])
    figure = go.Figure()
    figure.add_bar(
        y=[r[0] for r in rows],
        x=[r[1] * 1000 for r in rows],
        orientation="h",
        marker={"color": [r[2] for r in rows], "line": {"width": 0}},
        width=0.62,
        text=[time_text(r[1]) for r in rows],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    figure.update_layout(height=70 + 34 * len(rows), margin={"l": 10, "r": 60, "t": 6, "b": 10}, showlegend=False)
    figure.update_xaxes(title="ms, shorter is better", rangemode="tozero")
    return figure


def duty_bars(brief: Brief) -> go.Figure:
    """Return each duty of the scenario as a bar of its measures, percent of value."""
    names: list[str] = list(dict.fromkeys(c.measure for _, d in brief.duties for c in d.charges if c.at_least_percent))
    shades = ("#2f6f9f", "#d99a1c", "#7b4ea3", "#c8501f", "#5f9e8f", "#939ba5")
    labels = [_wrap(q.name) for q, _ in brief.duties]
    figure = go.Figure()
    for i, name in enumerate(names):
        rates = [float(sum(c.at_least_percent for c in d.charges if c.measure == name)) for _, d in brief.duties]
        figure.add_bar(
            y=labels,
            x=rates,
            name=name,
            orientation="h",
            marker={"color": shades[i % len(shades)], "line": {"width": 0}},
            width=0.6,
            text=[number(r) if r else "" for r in rates],
            textposition="inside",
            insidetextanchor="middle",
            insidetextfont={"color": "#ffffff"},
            hovertemplate="%{y}<br>" + name + ": %{x}%<extra></extra>",
        )
    totals = [d.total_percent for _, d in brief.duties]
    for label, total, (_, d) in zip(labels, totals, brief.duties, strict=True):
        text = f"<b>{as_text(total)}%</b>" if total is not None else f"at least {as_text(d.floor_percent)}%"
        figure.add_annotation(x=float(d.floor_percent), y=label, text=text, showarrow=False, xanchor="left", xshift=6)
    figure.update_layout(
        barmode="stack",
        height=90 + 46 * len(labels),
        margin={"l": 10, "r": 40, "t": 6, "b": 10},
        legend={"orientation": "h", "y": -0.16, "x": 0, "traceorder": "normal", "font_size": 11.5},
    )
    figure.update_xaxes(title="percent of value")
    figure.update_yaxes(categoryorder="array", categoryarray=labels[::-1])
    return figure


def _wrap(text: str, width: int = 34) -> str:
    import textwrap

    return "<br>".join(textwrap.wrap(text, width))
