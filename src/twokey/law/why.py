"""Reasons and conditions of the American key, and flags."""

from __future__ import annotations

from collections.abc import Sequence

from twokey.law.day import DayLaw, Expr, Provision, ev
from twokey.law.explain import Reason, choice_reason, open_questions, reasons, render
from twokey.law.facts import Facts
from twokey.law.rule import REVIEWS, Choice
from twokey.law.us import UsLaw
from twokey.quantities.unknown import Truth, all_of

__all__ = ["flags_of", "us_reasons"]


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
    """Reasons why a control does not bite: the addressee, then the item, then the trade."""
    for expr in (p.addressed, p.item, p.trade):
        if ev(expr, truths) is False:
            return reasons(p, [(expr, False)], truths)
    return []


def flags_of(law: DayLaw, truths: Sequence[Truth], facts: Facts) -> tuple[dict[str, object], ...]:
    """Return risks that are no outcome, such as General Prohibition 10."""
    found: list[dict[str, object]] = []
    for side in ("US", "CN"):
        for p in law.layer("flag", side):
            exprs: list[Expr] = [p.item, p.trade]
            if all_of(ev(e, truths) for e in exprs):
                why = render(reasons(p, [(e, True) for e in exprs], truths), facts)
                found.append(
                    {
                        "code": p.version.code, "rule": p.rule.id, "says": p.rule.summary,
                        "because": [str(r["says"]) for r in why], "cite": p.version.cite,
                        "confidence": p.version.confidence,
                    }
                )  # fmt: skip
    return tuple(found)
