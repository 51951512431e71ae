"""A figure with its source and the state of its checking."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

__all__ = ["CHECKED", "CONFIDENCE", "Figure"]

CONFIDENCE = ("high", "medium", "low", "rumour", "derived")
"""How far a figure is to be trusted: two agreeing sources or a maker's page; one good source; one weak source or
inferred; press rumour; computed from other figures."""

CHECKED = ("unverified", "read-once", "read-twice")
"""Whether the figure was compared with its source: not yet; by one reader, ours or the editor of the reference it was
carried over from; by two different readers."""


@dataclass(frozen=True, slots=True)
class Figure:
    """An exact value, where it comes from, and how sure it is."""

    value: Fraction
    source: str
    confidence: str
    checked: str
    note: str = ""

    def to_json(self) -> dict[str, object]:
        """Return the figure with its source as plain JSON values."""
        value = int(self.value) if self.value.denominator == 1 else float(self.value)
        out: dict[str, object] = {
            "value": value,
            "source": self.source,
            "confidence": self.confidence,
            "checked": self.checked,
        }
        if self.note:
            out["note"] = self.note
        return out
