"""The answer for one item in one trade on one day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from twokey.quantities.shown import Shown

if TYPE_CHECKING:
    from twokey.law.chance import Chances

__all__ = ["Answer", "CnKey", "UsKey", "number"]

Reason = dict[str, object]


@dataclass(frozen=True, slots=True)
class UsKey:
    """The American key; `review` is "undetermined" where the outcome is settled and the policy is not."""

    outcome: str
    review: str
    review_basis: str
    classification: tuple[str, ...]
    exceptions: tuple[str, ...]
    enforcement: str
    because: tuple[Reason, ...]
    missing: tuple[str, ...]
    conditions: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """Return the key as plain JSON values."""
        return {
            "outcome": self.outcome, "review": self.review, "review_basis": self.review_basis,
            "classification": list(self.classification), "exceptions": list(self.exceptions),
            "enforcement": self.enforcement, "because": list(self.because), "missing": list(self.missing),
            "conditions": list(self.conditions),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class CnKey:
    """The Chinese key by law and notice; `also` holds what guidance and reports say beside it."""

    outcome: str
    strength: str
    because: tuple[Reason, ...]
    missing: tuple[str, ...]
    also: tuple[Reason, ...]

    def to_json(self) -> dict[str, object]:
        """Return the key as plain JSON values."""
        return {
            "outcome": self.outcome, "strength": self.strength, "because": list(self.because),
            "missing": list(self.missing), "also": list(self.also),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer(Shown):
    """What both governments' law of a day says of an item in a trade.

    `verdict` is open, conditional, shut or undetermined; `in_practice` is the verdict if Chinese guidance and
    reports counted as law does. `uncertain` holds figures given as low, mid and high, `probabilities` what they make
    of outcome and verdict. `flags` are risks that are no outcome. `facts` holds exact values, None where unknown.
    """

    item: str
    to: str
    on: dt.date
    facts: Mapping[str, Fraction | None]
    verdict: str
    in_practice: str
    us: UsKey
    cn: CnKey
    conflicts: tuple[Reason, ...] = ()
    flags: tuple[Reason, ...] = ()
    assumptions: Mapping[str, Fraction] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    uncertain: Mapping[str, tuple[Fraction, Fraction, Fraction]] = field(default_factory=dict)
    probabilities: Chances | None = None

    @property
    def keys(self) -> dict[str, UsKey | CnKey]:
        """Both keys by government."""
        return {"us": self.us, "cn": self.cn}

    def to_json(self) -> dict[str, object]:
        """Return the answer of the contract as plain JSON values, facts to six significant digits."""
        out: dict[str, object] = {
            "item": self.item, "to": self.to, "on": self.on.isoformat(),
            "facts": {name: number(value) for name, value in self.facts.items()},
            "verdict": self.verdict, "in_practice": self.in_practice,
            "keys": {"us": self.us.to_json(), "cn": self.cn.to_json()},
            "conflicts": list(self.conflicts), "flags": list(self.flags),
            "assumptions": {name: number(value) for name, value in self.assumptions.items()},
            "notes": list(self.notes),
        }  # fmt: skip
        if self.probabilities is not None:
            out["uncertain"] = {name: [number(v) for v in values] for name, values in self.uncertain.items()}
            out["probabilities"] = self.probabilities.to_json()
        return out


def number(value: Fraction | None) -> int | float | None:
    """Return an exact value as a JSON number: whole ones as they are, others to six significant digits.

    Examples
    --------
    >>> number(Fraction(2368)), number(Fraction(2368, 814)), number(None)
    (2368, 2.90909, None)
    """
    if value is None:
        return None
    return int(value) if value.denominator == 1 else float(f"{float(value):.6g}")
