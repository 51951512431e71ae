"""What the pictures share: colours, signs, margins."""

from __future__ import annotations

from typing import Any

__all__ = ["COLOURS", "LEGEND", "MARGIN", "MARKED", "QUIET", "SYMBOLS"]

COLOURS = {"open": "#3b8fc9", "conditional": "#d99a1c", "shut": "#c8501f", "undetermined": "#939ba5"}
"""One colour for each state; told apart also by people with red-green or blue-yellow colour blindness."""

SYMBOLS: dict[str | None, str] = {
    "open": "circle",
    "conditional": "diamond",
    "shut": "x",
    "undetermined": "square-open",
    None: "triangle-up",
}
"""One sign for each state, and one for chips that are only compared with."""

QUIET, MARKED = "#8b949e", "#7b4ea3"
"""The colour of what stands back, and of the best lawful designs."""

MARGIN = {"l": 10, "r": 8, "t": 8, "b": 10}
LEGEND: dict[str, Any] = {"orientation": "h", "x": 0, "font_size": 11.5, "traceorder": "normal"}
