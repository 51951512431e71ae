"""The American key: what the controls of a day require of an item in a trade, and how a licence is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from twokey.law.day import DayLaw, Expr, Provision, ev
from twokey.law.rule import REVIEWS, Choice
from twokey.quantities.unknown import Truth, all_of, any_of, not_

__all__ = ["STATE", "UsLaw", "us_law", "us_state"]

STATE = {"open": 0, "conditional": 1, "shut": 2}
"""States of a key and verdicts, by severity."""


def us_state(outcome: str, review: str) -> str:
    """Return the state of the American key.

    Examples
    --------
    >>> us_state("licence-required", "presumption-of-denial"), us_state("exception-available", "none")
    ('shut', 'conditional')
    """
    if outcome == "not-controlled":
        return "open"
    return "shut" if review == "presumption-of-denial" else "conditional"


@dataclass(frozen=True, slots=True)
class UsLaw:
    """The American law of a day, sorted by what it does; `text_only` holds controls that are not enforced."""

    controls: tuple[Provision, ...]
    text_only: tuple[Provision, ...]
    exceptions: tuple[Provision, ...]
    reviews: tuple[Provision, ...]
    exprs: tuple[Expr, ...]
    unpublished: tuple[int, ...]

    def required(self, truths: Sequence[Truth]) -> list[Truth]:
        """Return for each control whether it requires a licence for this trade."""
        found: list[Truth] = []
        for p in self.controls:
            need: Truth = True
            for expr in (p.addressed, p.trade, p.item):
                part = ev(expr, truths)
                if part is not True:
                    need = part
                    if part is False:
                        break
            found.append(need)
        for p, need in zip(self.controls, tuple(found), strict=True):
            for i, other in enumerate(self.controls if p.version.supersedes else ()):
                if other.rule.id in p.version.supersedes:
                    found[i] = all_of((found[i], not_(need)))
        return found

    def lifted(self, p: Provision, truths: Sequence[Truth]) -> list[tuple[Provision, Truth]]:
        """Return each exception that serves a control, and whether its terms are met."""
        return [
            (e, all_of((ev(e.trade, truths), ev(e.item, truths))))
            for e in self.exceptions
            if p.rule.id in e.version.applies_to
        ]

    def review(self, p: Provision, truths: Sequence[Truth]) -> tuple[Provision, Choice] | None:
        """Return the policy under which a licence for a control is judged; None when that is not settled."""
        for source in (*(r for r in self.reviews if p.rule.id in r.version.applies_to), p):
            for when, choice in source.choices:
                holds = ev(when, truths)
                if holds is None:
                    return None
                if holds:
                    return source, choice
        raise AssertionError(f"{p.rule.id} has no review policy for every case")

    def judge(self, truths: Sequence[Truth], blank: frozenset[int] = frozenset()) -> tuple[object, ...]:
        """Return outcome, review, classification, exceptions and the state of the key; None where unsettled.

        Parameters
        ----------
        truths : what is known of every test of the day
        blank : tests of points nobody published and nobody assumed; the classification leaves them aside
        """
        need = self.required(truths)
        served = [self.lifted(p, truths) if n is not False else [] for p, n in zip(self.controls, need, strict=True)]
        left = [all_of((n, not_(any_of(w for _, w in s)))) for n, s in zip(need, served, strict=True)]
        outcome, review = self._outcome(need, left, truths)
        exceptions: tuple[str, ...] | None = ()
        if outcome == "exception-available":
            offers = [(e.version.code, w) for n, s in zip(need, served, strict=True) if n is not False for e, w in s]
            if None in need or any(w is None for _, w in offers):
                exceptions = None
            else:
                exceptions = tuple(dict.fromkeys(code for code, w in offers if w))
        elif outcome is None:
            exceptions = None
        state: str | None = None
        if outcome is not None and (review is not None or outcome != "licence-required"):
            state = us_state(outcome, review or "none")
        return outcome, review, self._classes(truths, blank), exceptions, state

    def _outcome(self, need: list[Truth], left: list[Truth], truths: Sequence[Truth]) -> tuple[str | None, str | None]:
        if True in left:
            return "licence-required", self._strictest(left, truths)
        if None in left:
            return None, None
        if True in need:
            return "exception-available", "none"
        return (None, None) if None in need else ("not-controlled", "none")

    def _strictest(self, left: list[Truth], truths: Sequence[Truth]) -> str | None:
        found: list[str] = []
        open_ = False
        for p, n in zip(self.controls, left, strict=True):
            policy = self.review(p, truths) if n is not False else None
            if n is True and policy is not None:
                found.append(policy[1].gives)
            elif n is not False:
                open_ = True
        worst = max(found, key=REVIEWS.index, default="none")
        return None if open_ and worst != REVIEWS[-1] else worst

    def _classes(self, truths: Sequence[Truth], blank: frozenset[int]) -> tuple[str, ...] | None:
        """Paragraphs that catch the item. A point that nobody published (`blank`) counts as not caught."""
        known = [False if i in blank else truth for i, truth in enumerate(truths)] if blank else truths
        need = self.required(known)
        replaced: dict[str, Truth] = {}
        for p, n in zip(self.controls, need, strict=True):
            for other in p.version.supersedes:
                replaced[other] = any_of((replaced.get(other, False), n))
        found: list[str] = []
        for p, n in zip(self.controls, need, strict=True):
            if p.version.item is None:  # a bar on parties says nothing of the item
                continue
            caught = n if p.version.addressees else ev(p.item, known)
            caught = all_of((caught, not_(replaced.get(p.rule.id, False))))
            also = False if p.also is None or caught is False else ev(p.also, known)
            if caught is None or also is None:
                return None
            if caught:
                found += [p.version.also_code, p.version.code] if also else [p.version.code]
        return tuple(dict.fromkeys(found))


def us_law(law: DayLaw, plain: bool = False) -> UsLaw:
    """Return the American law of a day, sorted once.

    Parameters
    ----------
    plain : leave out what cannot reach a trade and an item without special circumstances; the answer is the same
    """
    found = law.domains.get(("us", plain))
    if not isinstance(found, UsLaw):
        found = law.domains[("us", plain)] = _sort(law, plain)
    return found


def _sort(law: DayLaw, plain: bool) -> UsLaw:
    controls = [p for p in law.layer("control", "US") if not plain or law.ordinary(p)]
    known = {p.rule.id for p in controls}
    enforced = tuple(p for p in controls if p.version.enforcement == "in-force")
    exceptions = tuple(
        p for p in law.layer("exception", "US")
        if not plain or (law.ordinary(p) and not known.isdisjoint(p.version.applies_to))
    )  # fmt: skip
    # a bill goes before the law it would change, and later law before earlier
    newest = sorted(law.layer("review", "US"), key=lambda r: r.version.effective, reverse=True)
    reviews = tuple(sorted(newest, key=lambda r: r.rule.kind != "bill"))
    exprs: list[Expr] = []
    for p in (*enforced, *exceptions, *reviews):
        exprs += [p.addressed, p.item, p.trade, *(when for when, _ in p.choices)]
        if p.also is not None:
            exprs.append(p.also)
    unpublished = tuple(i for i, atom in enumerate(law.atoms) if atom.kind == "unpublished")
    text_only = tuple(p for p in controls if p.version.enforcement != "in-force")
    return UsLaw(enforced, text_only, exceptions, reviews, tuple(exprs), unpublished)
