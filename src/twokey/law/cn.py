"""The Chinese key: what entries of law and notice make of a trade, and beside it what guidance and reports say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from twokey.law.day import DayLaw, Expr, Provision, ev
from twokey.law.rule import Choice
from twokey.law.us import STATE
from twokey.quantities.unknown import Truth, all_of

__all__ = ["CnLaw", "Entry", "cn_law", "worst"]

BINDING = ("law", "notice")
"""Strengths that make the key; the others stand beside it."""

_STATE = {"permitted": "open", "conditional": "conditional", "barred": "shut"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry on the Chinese side."""

    provision: Provision

    @property
    def exprs(self) -> tuple[Expr, ...]:
        """The expressions from which its word is made."""
        p = self.provision
        return (p.item, p.trade, *(when for when, _ in p.choices))

    def applies(self, truths: Sequence[Truth]) -> Truth:
        """Return whether the trade lies in the entry's scope."""
        p = self.provision
        return all_of((ev(p.trade, truths), ev(p.item, truths)))

    def choice(self, truths: Sequence[Truth]) -> Choice | None:
        """Return what the entry gives within its scope; None when that is not settled."""
        for when, choice in self.provision.choices:
            holds = ev(when, truths)
            if holds is None:
                return None
            if holds:
                return choice
        raise AssertionError(f"{self.provision.rule.id} gives nothing in some case")

    def judge(self, truths: Sequence[Truth]) -> tuple[object, ...]:
        """Return the entry's word for the trade, "out-of-scope" where it has none; None where unsettled."""
        applies = self.applies(truths)
        if applies is False:
            return ("out-of-scope",)
        choice = self.choice(truths)
        return (None if applies is None or choice is None else choice.gives,)


@dataclass(frozen=True, slots=True)
class CnLaw:
    """The Chinese entries of a day: those that make the key (`binding`) and those beside it (`others`)."""

    binding: tuple[Entry, ...]
    others: tuple[Entry, ...]
    duties: tuple[Provision, ...]

    @property
    def exprs(self) -> tuple[Expr, ...]:
        """The expressions from which the key is made."""
        return tuple(expr for entry in self.binding for expr in entry.exprs)

    def in_scope(self, truths: Sequence[Truth]) -> tuple[Entry, ...]:
        """Return the entries, binding or not, whose scope the trade may lie in."""
        return tuple(e for e in (*self.binding, *self.others) if e.applies(truths) is not False)

    def judge(self, truths: Sequence[Truth]) -> tuple[object, ...]:
        """Return the outcome by law and notice; None where unsettled."""
        return (worst(self.binding, truths),)

    def state(self, outcome: str) -> str:
        """Return the state of the key for an outcome."""
        return _STATE[outcome]


def worst(entries: Sequence[Entry], truths: Sequence[Truth]) -> str | None:
    """Return the strictest word of several entries; None where unsettled."""
    found, open_ = "permitted", False
    for entry in entries:
        (word,) = entry.judge(truths)
        if word is None:
            open_ = True
        elif word != "out-of-scope" and STATE[_STATE[str(word)]] > STATE[_STATE[found]]:
            found = str(word)
    return None if open_ and found != "barred" else found


def cn_law(law: DayLaw, plain: bool = False) -> CnLaw:
    """Return the Chinese entries of a day, sorted once; `plain` as for `us_law`."""
    found = law.domains.get(("cn", plain))
    if not isinstance(found, CnLaw):
        laid = [p for p in law.layer("entry", "CN") if not plain or law.ordinary(p)]
        entries = [Entry(p) for p in laid if p.rule.polarity in ("bars", "permits", "exit")]
        binding = tuple(e for e in entries if e.provision.rule.strength in BINDING)
        others = tuple(e for e in entries if e.provision.rule.strength not in BINDING)
        found = CnLaw(binding, others, tuple(law.layer("duty", "CN")))
        law.domains[("cn", plain)] = found
    return found
