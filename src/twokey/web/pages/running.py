"""What pages of runs share: how a run stands, in words, as a share and as a picture."""

from __future__ import annotations

import difflib
import math
from typing import Any

from twokey import api
from twokey.api import Problem
from twokey.web import svg
from twokey.web.runs import Run

__all__ = ["STATUS", "progress_words", "unknown"]

STATUS = {"waiting": 202, "running": 202, "refused": 400}
"""The HTTP status of a run's page by its state; 200 for all others."""


def progress_words(run: Run) -> dict[str, Any]:
    """Return what `progress.html` says of a run: how far it is, what is left of it, the picture of its proof."""
    words: dict[str, Any] = {"picture": None, "share": None, "done": None}
    if not run.steps:
        return words
    last = run.steps[-1]
    if run.kind == "design":
        words["picture"] = svg.proof(run.steps, api.objectives().get(run.question.get("objective") or "", ""))
        if len(last) >= 4 and last[1]:
            first, asked = run.steps[0], run.question["gap"]
            gap = abs(last[1] - last[2]) / abs(last[1])
            words["done"] = f"gap {100 * gap:.2f} %, {100 * asked:g} % asked; {last[3]:,.0f} boxes, {last[0]:.0f} s"
            words["share"] = 100 * _closed(abs(first[1] - first[2]) / abs(first[1]), gap, asked)
        return words
    stage, done, total = ("points", *last[1:3]) if len(last) == 3 else last[1:4]  # a front tells no stage
    if total:
        left = last[0] * (total - done) / done if done else None
        words["share"] = 100 * done / total
        words["done"] = f"{stage}, {done:.0f} of {total:.0f}, {last[0]:.0f} s" + (
            f", about {left:.0f} s left" if left else ""
        )
    return words


def _closed(first: float, gap: float, asked: float) -> float:
    """Return how far a gap has closed, on a logarithmic scale, from 0 to 1."""
    if gap <= asked or first <= asked:
        return 1.0
    return min(1.0, max(0.0, math.log(first / gap) / math.log(first / asked)))


def unknown(name: str, given: str, known: list[str]) -> Problem:
    """Return the problem of a word that is not known; near ones are suggested."""
    near = difflib.get_close_matches(given, known, n=3, cutoff=0.4)
    fix = "did you mean " + " or ".join(near) + "?" if near else f"write {name}={known[0]}"
    return Problem(name, repr(given), "one of " + ", ".join(known), fix)
