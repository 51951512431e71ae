"""Why an answer is what it is: the tests that force a tree's value, in words, each with its citation."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from twokey.law.day import Expr, Joint, Provision, Test, ev
from twokey.law.facts import Facts
from twokey.law.rule import Choice
from twokey.law.terms import terms
from twokey.law.tree import Leaf
from twokey.quantities.exact import as_text
from twokey.quantities.unknown import Truth

__all__ = ["choice_reason", "forcing", "open_questions", "reasons"]

_WORDS = {">=": ("is at or above", "is below"), ">": ("is above", "is at or below"),
          "<=": ("is at or below", "is above"), "<": ("is below", "is at or above")}  # fmt: skip


def forcing(expr: Expr, truths: Sequence[Truth], value: bool) -> list[Test]:
    """Return the tests that force `expr` to `value`: all that hold of an `any`, the first that fails of an `all`."""
    if isinstance(expr, Test):
        return [expr] if truths[expr.atom] is value else []
    assert isinstance(expr, Joint)
    if expr.op == "not":
        return forcing(expr.parts[0], truths, not value)
    parts = [p for p in expr.parts if ev(p, truths) is value]
    if expr.op == "all" and value is False:
        parts = parts[:1]
    return [test for p in parts for test in forcing(p, truths, value)]


def reasons(
    p: Provision, exprs: Sequence[tuple[Expr, bool]], truths: Sequence[Truth], facts: Facts
) -> list[dict[str, object]]:
    """Return one reason for each test that forces the expressions to their values, without repeats."""
    found: dict[str, dict[str, object]] = {}
    for expr, value in exprs:
        for test in forcing(expr, truths, value):
            if value and test.leaf.id == "outside-us":
                continue  # that the goods leave the country goes without saying
            says = _says(test.leaf, facts, truths[test.atom] is True)
            found.setdefault(
                says,
                {
                    "rule": test.rule, "node": test.leaf.id, "says": says, "cite": test.leaf.cite,
                    "checked": test.leaf.checked or p.version.checked, "confidence": p.version.confidence,
                },
            )  # fmt: skip
    return list(found.values())


def open_questions(p: Provision, exprs: Sequence[Expr], truths: Sequence[Truth]) -> list[dict[str, object]]:
    """Return one entry for each unsettled test that can still change the expressions: what is not known, and why
    it matters."""
    found: list[dict[str, object]] = []
    stack = list(reversed(exprs))
    while stack:
        expr = stack.pop()
        if ev(expr, truths) is not None:
            continue
        if isinstance(expr, Joint):
            stack.extend(reversed(expr.parts))
            continue
        leaf = expr.leaf
        if leaf.kind == "unpublished":
            says = f"not published: {leaf.says or leaf.operand}"
        else:
            says = f"{terms()[leaf.term].title} is not known; the test is {leaf.text}"
        found.append(
            {
                "rule": expr.rule, "node": leaf.id, "says": says, "cite": leaf.cite,
                "checked": leaf.checked or p.version.checked, "confidence": p.version.confidence,
            }
        )  # fmt: skip
    return found


def choice_reason(p: Provision, choice: Choice, lead: str) -> dict[str, object]:
    """Return the reason that names the policy or entry which gave a word."""
    says = f"{lead}{choice.says}" if choice.says else f"{lead}{choice.gives}"
    if choice.says and lead:
        says = f"{lead}{choice.gives}: {choice.says}"
    return {
        "rule": p.rule.id, "node": choice.id, "says": says, "cite": choice.cite, "checked": p.version.checked,
        "confidence": choice.confidence or p.version.confidence, "basis": choice.basis,
    }  # fmt: skip


def _says(leaf: Leaf, facts: Facts, holds: bool) -> str:
    if leaf.kind == "unpublished":
        return f"{leaf.says or leaf.operand}: {'yes' if holds else 'no'}, by assumption"
    term = terms()[leaf.term]
    if leaf.kind == "number":
        value = facts.numbers[leaf.term]
        assert value is not None
        assert isinstance(leaf.operand, Fraction)
        return f"{term.title} {as_text(value)} {_WORDS[leaf.op][not holds]} {as_text(leaf.operand)} {term.unit}"
    if leaf.kind == "flag":
        return f"{term.title}: {'yes' if holds is leaf.operand else 'no'}"
    if leaf.kind == "day":
        first = facts.since[0].isoformat() if facts.since else "unknown"
        return f"{term.title} {first}, {'by' if holds else 'not by'} {leaf.operand}"
    listed = ", ".join(sorted(leaf.operand)) if isinstance(leaf.operand, frozenset) else str(leaf.operand)
    if leaf.term == "product":
        return f"{facts.products[-1] if facts.products else 'the item'} is {'' if holds else 'not '}named ({listed})"
    name = getattr(facts, _FIELDS.get(leaf.term, leaf.term))
    if leaf.term == "headquarters" and facts.parent_seat is not None:
        name = f"{name or 'unknown'}, parent {facts.parent_seat},"
    return f"{term.title} {name} is {'' if holds else 'not '}{'in' if leaf.kind == 'place' else 'among'} {listed}"


_FIELDS = {"headquarters": "seat", "end_user_seat": "seat", "entry": "destination"}
