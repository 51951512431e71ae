"""Pictures of characters for the terminal: the answer over time, and the plane of the law with the chips on it."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

from rich.text import Text

from twokey.brief.sentences import key_state
from twokey.brief.words import chip_name, workload_name

if TYPE_CHECKING:
    from twokey.brief.dossier import Brief

__all__ = ["SIGNS", "STYLES", "lane", "months", "plane"]

STYLES = {"open": "blue", "conditional": "yellow", "shut": "red", "undetermined": "bright_black"}
"""The colour of each state on a terminal; states are told apart by their sign as well."""

SIGNS = {"open": "─", "conditional": "▒", "shut": "█", "undetermined": "?"}

_AREAS = {"3A090.a": "▒", "3A090.b": "░"}


def months(first: dt.date, last: dt.date) -> list[dt.date]:
    """Return the middle of every month from `first` to `last`.

    Examples
    --------
    >>> [str(d) for d in months(dt.date(2022, 11, 1), dt.date(2023, 1, 31))]
    ['2022-11-15', '2022-12-15', '2023-01-15']
    """
    count = 12 * (last.year - first.year) + last.month - first.month + 1
    start = 12 * first.year + first.month - 1
    return [dt.date(m // 12, m % 12 + 1, 15) for m in range(start, start + count)]


def lane(brief: Brief, item: str, key: str) -> Text:
    """Return how far a key turned for a chip, one sign a month."""
    text = Text()
    for middle in months(brief.scenario.first, brief.scenario.last):
        span = next(
            (s for s in reversed(brief.spans[item]) if dt.date.fromisoformat(s["from"]) <= middle), brief.spans[item][0]
        )
        state = key_state(span[key]["outcome"], span[key].get("review", "none"))
        text.append(SIGNS[state], style=STYLES[state])
    return text


def plane(brief: Brief, on: dt.date, width: int = 64, height: int = 18) -> Text:
    """Return the TPP-density plane of a day: paragraphs as shades, chips as letters, best designs as stars.

    Chips that fall into one place share a letter; the last line says what each letter stands for.
    """
    chips = [p for p in brief.plane if p["named"] and p["tpp"] and p["performance_density"]]
    verdicts = {a["item"]: a["verdict"] for a in brief.answers if a["on"] == on.isoformat()}
    stars = [d for d in brief.designs if d.get("best") and d["on"] == on.isoformat()]
    x0, x1 = 300.0, 2 * max([p["tpp"] for p in chips] + [20000.0])
    y0, y1 = 0.8, 1.6 * max([p["performance_density"] for p in chips] + [20.0])

    def cell(tpp: float, density: float) -> tuple[int, int]:
        return _at(tpp, x0, x1, width), _at(density, y0, y1, height)

    places: dict[tuple[int, int], list[str]] = {}
    marks: dict[tuple[int, int], tuple[str, str]] = {}
    for d in stars:
        marks[cell(d["best"]["facts"]["tpp"], d["best"]["facts"]["performance_density"])] = "★", "magenta"
    for p in chips:
        where = cell(p["tpp"], p["performance_density"])
        places.setdefault(where, []).append(chip_name(p["name"]))
        letter = chr(65 + list(places).index(where))
        marks[where] = letter, f"bold {STYLES.get(verdicts.get(p['id'], ''), 'default')}"
    text = Text()
    for row in reversed(range(height)):
        density = _back(row, y0, y1, height)
        text.append(f"{density:6.2f} │")
        for column in range(width):
            sign, style = marks.get((column, row), ("", "bright_black"))
            area = _area(brief, on, _back(column, x0, x1, width), density)
            text.append(sign or _AREAS.get(area, "▒" if area else " "), style=style)
        text.append("\n")
    text.append("       └" + "─" * width + "\n        ")
    text.append("".join(f"{_back(i * width // 4, x0, x1, width):,.0f}".ljust(width // 4) for i in range(4)) + "TPP\n")
    text.append("up: TPP per mm².  ▒ 3A090.a  ░ 3A090.b")
    for where, names in places.items():
        text.append("  ").append(*marks[where]).append(f" {', '.join(names)}")
    if stars:
        text.append("  ").append("★", style="magenta")
        text.append(" best for " + ", ".join(dict.fromkeys(workload_name(d["workload"]) for d in stars)))
    return text


def _at(value: float, low: float, high: float, cells: int) -> int:
    """Return the cell of a logarithmic axis in which a value lies."""
    return min(cells - 1, max(0, int(math.log(value / low) / math.log(high / low) * cells)))


def _back(cell: int, low: float, high: float, cells: int) -> float:
    """Return the middle of a cell of a logarithmic axis."""
    return float(low * (high / low) ** ((cell + 0.5) / cells))


def _area(brief: Brief, on: dt.date, tpp: float, density: float) -> str:
    for left, right, low, high, name in brief.patches[on.isoformat()]:
        if left <= tpp and (right is None or tpp < right) and low <= density and (high is None or density < high):
            return name
    return ""
