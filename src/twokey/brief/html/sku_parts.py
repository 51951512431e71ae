"""Whether to build one more chip: the advice, what it is most sensitive to, the tree of moves, every input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from twokey.brief.html.markup import Part, details, tag
from twokey.brief.html.markup import table as table_of
from twokey.brief.html.pictures import picture
from twokey.brief.money_pictures import survival, tornado, tree, waterfall
from twokey.brief.sentences import sku_lines

if TYPE_CHECKING:
    from twokey.brief.dossier import Brief

__all__ = ["sku", "waterfall_part"]


def waterfall_part(brief: Brief) -> list[Part]:
    """Return the charge as a waterfall; nothing where the scenario names no position."""
    if brief.outcome is None:
        return []
    caption = (
        "From stock and commitments to the charge, USD billion. How the ceiling parts into the two was not published; "
        "halves are an assumption. Revenue lost is no part of it."
    )
    rows: list[list[Part]] = [[s.name, f"{float(s.usd_bn):.2f}"] for s in brief.outcome.waterfall]
    return [
        _untitled(waterfall(brief.outcome), caption),
        details("The steps as a table", table_of(["step", "USD billion"], rows, numbers=(1,))),
    ]


def sku(brief: Brief) -> list[Part]:
    """Return the advice on one more chip with its pictures, each also as a table, and every input with its source."""
    a = brief.advice
    if a is None:
        return []
    bn = 1e9
    swings: list[list[Part]] = [
        [s.name, f"{s.low:g}", f"{s.high:g}", f"{s.at_low_usd / bn:+.2f}", f"{s.at_high_usd / bn:+.2f}"]
        for s in a.swings
    ]
    leaves: list[list[Part]] = [
        [" / ".join(leaf.path), f"{100 * leaf.probability:.0f}%", f"{leaf.mean_usd / bn:+.2f}"] for leaf in a.leaves
    ]
    inputs: list[list[Part]] = [
        [i.name, f"{i.low:g}", f"{i.mid:g}", f"{i.high:g}", tag("cite", f"{i.source} [{i.confidence}, {i.checked}]")]
        for i in a.decision.inputs.values()
    ]

    return [
        tag("ul", [tag("li", line) for line in sku_lines(a)]),
        _untitled(tornado(a), "What the expected value is most sensitive to, USD billion."),
        details("The sensitivities as a table", table_of(
            ["input", "low", "high", "value at low", "value at high"], swings, numbers=(1, 2, 3, 4))),
        _untitled(survival(a.hazard), "How long a chip for China stays saleable; the events are few."),
        _untitled(tree(a), "Both governments' moves; the chances are the scenario's examples, not findings."),
        details("The tree as a table", table_of(["moves", "chance", "USD billion"], leaves, numbers=(1, 2))),
        details("Every input with its source", table_of(
            ["input", "P5", "median", "P95", "source"], inputs, numbers=(1, 2, 3))),
    ]  # fmt: skip


def _untitled(figure: go.Figure, caption: str) -> Part:
    """Return a picture whose caption says what it shows."""
    figure.update_layout(title=None, margin={"t": 16, "r": 12, "l": 12, "b": 40}, height=380)
    return tag("figure", picture(figure, caption), tag("figcaption", caption))
