"""Pictures of the money: the charge as a waterfall, the tornado, survival of a chip, the scenario tree."""

from __future__ import annotations

import plotly.graph_objects as go

from twokey.trade.hazard import Hazard
from twokey.trade.position import Outcome
from twokey.trade.sku import Advice

__all__ = ["survival", "tornado", "tree", "waterfall"]

_BN = 1e9


def waterfall(outcome: Outcome) -> go.Figure:
    """Return the charge as a waterfall, in 1e9 USD; lost revenue is no part of it.

    Examples
    --------
    >>> from twokey.trade.position import read_position
    >>> list(waterfall(read_position().under()).data[0].measure)[:3]
    ['relative', 'relative', 'total']
    """
    steps = outcome.waterfall
    bars = go.Waterfall(
        x=[s.name for s in steps],
        y=[float(s.usd_bn) for s in steps],
        measure=["total" if s.total else "relative" for s in steps],
        text=[f"{float(s.usd_bn):.2f}" for s in steps],
        textposition="outside",
        increasing={"marker": {"color": "#2f6f9f"}},
        decreasing={"marker": {"color": "#5d9e8f"}},
        totals={"marker": {"color": "#7a838d"}},
    )
    return _titled(go.Figure(bars), f"{outcome.position.name}: from what was committed to the charge", "", "USD bn")


def tornado(advice: Advice, most: int = 12) -> go.Figure:
    """Return how the expected value moves with each input from its low to its high end, the widest on top.

    Parameters
    ----------
    most : number of inputs shown [1]
    """
    shown = advice.swings[:most][::-1]
    mean = advice.value.mean_usd / _BN
    figure = go.Figure()
    for end, label in (("low", "low end"), ("high", "high end")):
        values = [getattr(s, f"at_{end}_usd") / _BN for s in shown]
        figure.add_bar(
            y=[s.name for s in shown],
            x=[v - mean for v in values],
            base=mean,
            orientation="h",
            name=label,
            text=[f"{getattr(s, end):g}" for s in shown],
            textangle=0,
        )
    figure.update_layout(barmode="overlay")
    figure.add_vline(x=mean, line_width=1)
    return _titled(figure, "What the expected value is most sensitive to", "expected value, USD bn", "")


def survival(hazard: Hazard, most_days: int = 1100) -> go.Figure:
    """Return the chance that a new chip is still saleable, by day, under each side alone and under both."""
    days = list(range(0, most_days + 1, 10))
    figure = go.Figure()
    for name, chance in (
        ("United States alone", hazard.us.survival), ("China alone", hazard.cn.survival), ("both", hazard.survival),
    ):  # fmt: skip
        figure.add_scatter(x=days, y=[chance(d) for d in days], name=name, mode="lines")
    figure.update_yaxes(range=[0, 1])
    title = f"How long a chip for China stays saleable, as known on {hazard.on}"
    return _titled(figure, title, "days on sale", "chance that nobody has closed it")


def tree(advice: Advice) -> go.Figure:
    """Return the scenario tree: moves with their chances, and the value of the advice at each leaf."""
    leaves = advice.leaves
    at: dict[tuple[str, ...], list[float]] = {}
    for i, leaf in enumerate(leaves):
        for depth in range(len(leaf.path) + 1):
            at.setdefault(leaf.path[:depth], []).append(float(-i))
    height = {path: sum(ys) / len(ys) for path, ys in at.items()}
    chance = {path: sum(x.probability for x in leaves if x.path[: len(path)] == path) for path in height}
    values = {leaf.path: leaf.mean_usd / _BN for leaf in leaves}
    x: list[float | None] = []
    y: list[float | None] = []
    for path in height:
        if path:
            x += [len(path) - 1, len(path), None]
            y += [height[path[:-1]], height[path], None]
    figure = go.Figure(go.Scatter(x=x, y=y, mode="lines", hoverinfo="skip"))
    labels = [
        f"{path[-1] if path else 'today'}, {100 * chance[path]:.0f}%"
        + (f": {values[path]:+.2f}" if path in values else "")
        for path in height
    ]
    figure.add_scatter(
        x=[len(p) for p in height], y=list(height.values()), mode="markers+text", text=labels,
        textposition=["middle right" if path in values else "top center" for path in height],
    )  # fmt: skip
    figure.update_layout(showlegend=False)
    deepest = max(len(path) for path in height)
    figure.update_xaxes(visible=False, range=[-0.25, 1.6 * deepest])
    figure.update_yaxes(visible=False)
    return _titled(figure, "Both governments' moves, with the chances given (USD bn at the end)", "", "")


def _titled(figure: go.Figure, title: str, x: str, y: str) -> go.Figure:
    figure.update_layout(
        title=title,
        template="plotly_white",
        colorway=["#2f6f9f", "#c8501e", "#5d9e8f"],
        xaxis_title=x,
        yaxis_title=y,
        legend={"orientation": "h", "yanchor": "top", "y": -0.18, "x": 0},
    )
    return figure
