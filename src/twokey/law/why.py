"""Reasons and conditions of the American key, and flags."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from twokey.law.day import DayLaw, Provision, ev, stands
from twokey.law.entities import near
from twokey.law.explain import Reason, choice_reason, open_questions, reasons, render
from twokey.law.facts import Facts
from twokey.law.question import Trade
from twokey.law.rule import REVIEWS, Choice
from twokey.law.us import UsLaw
from twokey.quantities.unknown import Truth

__all__ = ["UNSAID", "Flag", "flag_provisions", "flags_of", "us_reasons", "warnings"]


def us_reasons(us: UsLaw, truths: Sequence[Truth]) -> tuple[tuple[Reason, ...], str, tuple[str, ...]]:
    """Return the reasons of the outcome, whether the review is stated or inferred, and what is to be done."""
    need = us.required(truths)
    found: list[Reason] = []
    conditions: list[str] = []
    policies: list[tuple[Provision, Choice]] = []
    for p, n in zip(us.controls, need, strict=True):
        if n is not True:
            continue
        found += reasons(p, [(p.item, True), (p.trade, True), (p.addressed, True)], truths)
        offers = [e for e, holds in us.lifted(p, truths) if holds]
        for e in offers:
            words, v = f"{e.rule.title} lifts the requirement on its conditions", e.version
            found.append(Reason(e.rule.id, v.code, v.cite, v.checked, v.confidence, words=words))
            conditions += e.version.conditions
        policy = us.review(p, truths) if not offers else None
        if policy is not None:
            policies.append(policy)
            found.append(choice_reason(*policy, "licences are judged by "))
            if policy[0].rule.layer == "review":
                conditions += policy[0].version.conditions
        else:
            found += _policy_questions(us, p, truths)
    for p, n in zip(us.controls, need, strict=True):
        if n is None:
            found += open_questions(p, (p.addressed, p.item, p.trade), truths)
    if True not in need:
        for p, n in zip(us.controls, need, strict=True):
            if n is False:
                found += _why_not(p, truths)
    strictest = max((REVIEWS.index(c.gives) for _, c in policies), default=0)
    bases = {c.basis for _, c in policies if REVIEWS.index(c.gives) == strictest}
    basis = "none" if not bases else "stated" if "stated" in bases else "inferred"
    return tuple(found), basis, tuple(dict.fromkeys(conditions))


def _policy_questions(us: UsLaw, p: Provision, truths: Sequence[Truth]) -> list[Reason]:
    """What is not known of the terms of the exceptions and of the policy for a control that requires a licence."""
    found: list[Reason] = []
    offers = us.lifted(p, truths)
    if any(holds for _, holds in offers):
        return found
    for e, holds in offers:
        if holds is None:
            found += open_questions(e, (e.item, e.trade), truths)
    if us.review(p, truths) is None:
        for source in (*(r for r in us.reviews if p.rule.id in r.version.applies_to), p):
            found += open_questions(source, [when for when, _ in source.choices], truths)
    return found


def _why_not(p: Provision, truths: Sequence[Truth]) -> list[Reason]:
    """Reasons why a control does not bite: the addressee, then the item, then the trade.

    That a circumstance is absent which no sheet need mention goes without saying.
    """
    for expr in (p.addressed, p.item, p.trade):
        if ev(expr, truths) is False:
            return [r for r in reasons(p, [(expr, False)], truths) if r.leaf is None or r.leaf.term not in UNSAID]
    return []


UNSAID = frozenset(("exporter", "processor", "listed_party", "listed_ownership_percent"))
"""Words whose tests are about circumstances that are taken to be absent unless a sheet says otherwise."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A risk that is no outcome, such as General Prohibition 10, and its reasons before they are put in words."""

    code: str
    rule: str
    says: str
    cite: str
    confidence: str
    because: tuple[Reason, ...]

    def say(self, facts: Facts) -> dict[str, object]:
        """Return the flag in words."""
        because = [str(r["says"]) for r in render(self.because, facts)]
        return {
            "code": self.code, "rule": self.rule, "says": self.says, "because": because, "cite": self.cite,
            "confidence": self.confidence,
        }  # fmt: skip


def flag_provisions(law: DayLaw) -> list[Provision]:
    """Return the provisions of a day that raise a flag."""
    return [*law.layer("flag", "US"), *law.layer("flag", "CN")]


def flags_of(law: DayLaw, truths: Sequence[Truth]) -> tuple[Flag, ...]:
    """Return the flags that a trade raises."""
    found: list[Flag] = []
    for p in flag_provisions(law):
        if stands(p, truths):
            why = tuple(reasons(p, [(p.item, True), (p.trade, True)], truths))
            v = p.version
            found.append(Flag(v.code, p.rule.id, p.rule.summary, v.cite, v.confidence, why))
    return tuple(found)


def warnings(
    law: DayLaw, trade: Trade, truths: Sequence[Truth], known_on: dt.date | None = None
) -> tuple[dict[str, object], ...]:
    """Return risks that hang on names and materials: a listed name within a name, an input under an exit rule."""
    found: list[dict[str, object]] = []
    names = [trade.end_user] if trade.end_user else []
    for name in (*names, *(owner.name for owner in trade.owners if owner.listed is None)):
        entity = near(name, trade.on, known_on) if trade.on is not None else None
        if entity is not None:
            found.append(
                {
                    "code": "near-listed-party", "rule": "us/entity-list",
                    "says": f"{name} holds the name of {entity.name}, listed {entity.effective}: a listing of the one "
                    "does not cover the other unless it is named or owned; screen the party",
                    "because": [entity.note] if entity.note else [], "cite": entity.cite,
                    "confidence": entity.confidence,
                }
            )  # fmt: skip
    for p in law.layer("entry", "CN"):
        if p.rule.polarity == "exit" and trade.from_ != "CN" and ev(p.item, truths) is True and not stands(p, truths):
            found.append(
                {
                    "code": "chinese-input", "rule": p.rule.id,
                    "says": f"if the material leaves China for these goods: {p.rule.title}",
                    "because": [p.rule.summary], "cite": p.version.cite, "confidence": p.version.confidence,
                }
            )  # fmt: skip
    return tuple(found)
