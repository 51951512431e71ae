"""Why an answer is what it is: the tests that force a tree's value, each with its citation, and their words.

Which tests force a value depends on nothing but how the tests are answered, so it is worked out once for all facts that
answer them alike (`Reason`); the words name the facts of the case (`render`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from twokey.law.day import Expr, Joint, Provision, Test, ev
from twokey.law.facts import Facts
from twokey.law.rule import Choice
from twokey.law.terms import terms
from twokey.law.tree import Leaf
from twokey.quantities.unknown import Truth

__all__ = ["Reason", "choice_reason", "forcing", "open_questions", "reasons", "render", "says"]

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


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason before it is put in words: a test and how it came out, or words that do not hang on the facts."""

    rule: str
    node: str
    cite: str
    checked: str
    confidence: str
    leaf: Leaf | None = None
    holds: bool = False
    words: str = ""
    basis: str | None = None

    def say(self, facts: Facts) -> dict[str, object]:
        """Return the reason in words."""
        said: dict[str, object] = {
            "rule": self.rule, "node": self.node,
            "says": self.words if self.leaf is None else _says(self.leaf, facts, self.holds), "cite": self.cite,
            "checked": self.checked, "confidence": self.confidence,
        }  # fmt: skip
        if self.basis is not None:
            said["basis"] = self.basis
        return said


def render(found: Iterable[Reason], facts: Facts) -> tuple[dict[str, object], ...]:
    """Return reasons in words. A rule says a thing once: by the limb that catches rather than by a note on scope."""
    kept: dict[tuple[object, object], dict[str, object]] = {}
    for reason in found:
        said = reason.say(facts)
        key = (said["rule"], said["says"])
        before = kept.get(key)
        if before is None or (str(before["node"]).startswith("note") and not reason.node.startswith("note")):
            kept[key] = said
    return tuple(kept.values())


def reasons(p: Provision, exprs: Sequence[tuple[Expr, bool]], truths: Sequence[Truth]) -> list[Reason]:
    """Return one reason for each test that forces the expressions to their values."""
    return [
        Reason(
            test.rule,
            test.leaf.id,
            test.leaf.cite,
            test.leaf.checked or p.version.checked,
            p.version.confidence,
            test.leaf,
            truths[test.atom] is True,
        )
        for expr, value in exprs
        for test in forcing(expr, truths, value)
        if not (value and test.leaf.id == "outside-us")  # that the goods leave the country goes without saying
    ]


def open_questions(p: Provision, exprs: Sequence[Expr], truths: Sequence[Truth]) -> list[Reason]:
    """Return one entry for each unsettled test that can still change the expressions: what is not known, and why
    it matters."""
    found: list[Reason] = []
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
            words = f"not published: {leaf.says or leaf.operand}"
        else:
            words = f"{terms()[leaf.term].title} is not known; the test is {leaf.text}"
        checked = leaf.checked or p.version.checked
        found.append(Reason(expr.rule, leaf.id, leaf.cite, checked, p.version.confidence, words=words))
    return found


def choice_reason(p: Provision, choice: Choice, lead: str) -> Reason:
    """Return the reason that names the policy or entry which gave a word."""
    words = f"{lead}{choice.says}" if choice.says else f"{lead}{choice.gives}"
    if choice.says and lead:
        words = f"{lead}{choice.gives}: {choice.says}"
    confidence = choice.confidence or p.version.confidence
    return Reason(p.rule.id, choice.id, choice.cite, p.version.checked, confidence, words=words, basis=choice.basis)


def says(leaf: Leaf, facts: Facts, holds: Truth) -> str:
    """Return what a test says of the facts; what is not known, where they do not settle it."""
    if holds is not None:
        return _says(leaf, facts, holds)
    if leaf.kind == "unpublished":
        return f"not published: {leaf.says or leaf.operand}"
    span = facts.span(leaf.term) if leaf.kind == "number" else None
    known = "is not known" if span is None else f"lies {facts.text(leaf.term)}"
    return f"{terms()[leaf.term].title} {known}; the test is {leaf.text}"


def _says(leaf: Leaf, facts: Facts, holds: bool) -> str:
    if leaf.kind == "unpublished":
        return f"{leaf.says or leaf.operand}: {'yes' if holds else 'no'}, by assumption"
    term = terms()[leaf.term]
    if leaf.kind == "number":
        return f"{term.title} {facts.text(leaf.term)} {_WORDS[leaf.op][not holds]} {leaf.listed} {term.unit}"
    if leaf.term == "listed_party" and holds:
        return f"the end user is {facts.listing}"
    if leaf.kind == "flag":
        return f"{term.title}: {'yes' if holds is leaf.operand else 'no'}"
    if leaf.kind == "day":
        first = facts.since[0].isoformat() if facts.since else "unknown"
        return f"{term.title} {first}, {'by' if holds else 'not by'} {leaf.operand}"
    listed = leaf.listed
    if leaf.term == "product":
        return f"{facts.products[-1] if facts.products else 'the item'} is {'' if holds else 'not '}named ({listed})"
    name = getattr(facts, _FIELDS.get(leaf.term, leaf.term))
    if isinstance(name, tuple):
        name = ", ".join(name) or "nothing named"
    if leaf.term == "headquarters" and facts.parent_seat is not None:
        name = f"{name or 'unknown'}, parent {facts.parent_seat},"
    return f"{term.title} {name} is {'' if holds else 'not '}{'in' if leaf.kind == 'place' else 'among'} {listed}"


_FIELDS = {"headquarters": "seat", "end_user_seat": "seat", "entry": "destination"}
