"""What the law of a day makes of a state of knowledge: both keys and the verdict, all but the words that name facts.

Facts that answer every test of one government's law alike share its key, on every day on which that law is the same; so
what was settled once is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from twokey.law.answer import CnKey, UsKey
from twokey.law.cn import CnLaw, Entry, cn_law, worst
from twokey.law.day import DayLaw, Expr, Joint, Provision, Test, stands
from twokey.law.decide import Decision, decide, live_atoms
from twokey.law.explain import Reason, choice_reason, reasons
from twokey.law.facts import Facts
from twokey.law.groups import group_days
from twokey.law.rule import Version
from twokey.law.us import STATE, UsLaw, us_law
from twokey.law.why import Flag, flag_provisions, flags_of, us_reasons
from twokey.quantities.unknown import Truth

__all__ = ["CnSide", "UsSide", "cn_side", "us_side", "verdicts"]

_TIED = ("tpp", "applicable_die_area_mm2", "dram_bandwidth_GBps", "io_bandwidth_GBps")
"""Figures of which one that is known narrows what another that is missing can do to a derived one."""

_REMEMBERED = 50_000
"""States of knowledge remembered for one law; a bound on memory, not on what can be answered."""

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class UsSide:
    """The American key without its reasons' words, the states it can have, and what unsettled tests ask for."""

    key: UsKey
    because: tuple[Reason, ...]
    states: frozenset[str]
    asked: frozenset[str]
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class CnSide:
    """The Chinese key, the states it can have by law and notice, and those if guidance and reports counted."""

    key: CnKey
    states: frozenset[str]
    asked: frozenset[str]
    in_practice: frozenset[str]
    asked_in_practice: frozenset[str]


def us_side(law: DayLaw, facts: Facts, truths: list[Truth]) -> UsSide:
    """Return the American side for what is known."""
    us = us_law(law, facts.plain)
    flags = [p for p in flag_provisions(law) if not facts.plain or law.ordinary(p)]
    every = (*us.controls, *us.text_only, *us.exceptions, *us.reviews, *flags)
    return _remembered(
        "us plain" if facts.plain else "us", law, every, facts, truths, lambda: _us_anew(law, us, facts, truths)
    )


def cn_side(law: DayLaw, facts: Facts, truths: list[Truth]) -> CnSide:
    """Return the Chinese side for what is known."""
    cn = cn_law(law, facts.plain)
    every = tuple(entry.provision for entry in (*cn.binding, *cn.others))
    return _remembered(
        "cn plain" if facts.plain else "cn", law, every, facts, truths, lambda: _cn_anew(law, cn, facts, truths)
    )


# -- memory -----------------------------------------------------------------------------------------

_LAWS = 256
_MEMORY: dict[object, tuple[tuple[Version, ...], dict[object, object]]] = {}


def _remembered(
    side: str,
    law: DayLaw,
    provisions: tuple[Provision, ...],
    facts: Facts,
    truths: list[Truth],
    anew: Callable[[], S],
) -> S:
    place = law.domains.get(("memory", side))
    if place is None:
        place = law.domains[("memory", side)] = _place(side, law, provisions)
    assert isinstance(place, tuple)
    memory, atoms, days = place
    key = _state_of_knowledge(law, facts, truths, atoms, days)
    if key not in memory:
        if len(memory) >= _REMEMBERED:
            memory.clear()
        memory[key] = anew()
    found: S = memory[key]
    return found


def _place(
    side: str, law: DayLaw, provisions: tuple[Provision, ...]
) -> tuple[dict[object, object], list[int], list[int]]:
    """Return the memory of this side's law, shared by all days on which it is the same, and the tests it asks."""
    era = max((d for d in group_days() if d <= law.day), default=None)
    versions = tuple(p.version for p in provisions)
    if len(_MEMORY) >= _LAWS:
        _MEMORY.clear()
    # the versions are kept with their memory, so that no other version can come to have the identity of one
    _, memory = _MEMORY.setdefault((side, era, *map(id, versions)), (versions, {}))
    atoms: dict[int, None] = {}
    stack: list[Expr] = [expr for p in reversed(provisions) for expr in reversed(_exprs(p))]
    while stack:
        expr = stack.pop()
        if isinstance(expr, Test):
            atoms.setdefault(expr.atom)
        else:
            assert isinstance(expr, Joint)
            stack.extend(reversed(expr.parts))
    return memory, list(atoms), [i for i in atoms if law.atoms[i].kind == "day"]


def _exprs(p: Provision) -> list[Expr]:
    also = [p.also] if p.also is not None else []
    return [p.addressed, p.item, p.trade, *also, *(when for when, _ in p.choices)]


def _state_of_knowledge(
    law: DayLaw, facts: Facts, truths: list[Truth], atoms: Sequence[int], days: Sequence[int]
) -> object:
    """Return what decides: the answers to the tests, figures that bear on one that is missing, and a month that
    straddles a day asked for."""
    values = [facts.numbers[name] for name in (*_TIED, *_links(law))]
    # whole numbers, since they are hashed much faster than fractions
    figures = [v and (v.numerator, v.denominator) for v in values] if None in values else ()
    straddles = any(truths[i] is None for i in days)
    ranges = tuple(sorted(facts.ranges.items())) if figures and facts.ranges else ()
    return (tuple([truths[i] for i in atoms]), tuple(figures), facts.since if straddles else None, ranges)


def _links(law: DayLaw) -> tuple[str, ...]:
    """Return the word for links between chips, where the law of the day asks for them at all."""
    found = law.domains.get("links")
    if found is None:
        asked = any("interconnect" in atom.term for atom in law.atoms)
        found = law.domains["links"] = ("interconnect_bandwidth_GBps",) if asked else ()
    assert isinstance(found, tuple)
    return found


# -- the American side -------------------------------------------------------------------------------


def _us_anew(law: DayLaw, us: UsLaw, facts: Facts, truths: list[Truth]) -> UsSide:
    blank = _blank(us, truths)
    found = decide(law, facts, lambda t: us.judge(t, blank), us.exprs, truths)
    key, because = _us_settled(us, found, truths)
    states = frozenset(str(v) for v in found[4].values)
    return UsSide(key, because, states, _asked(law, us.exprs, truths), flags_of(law, truths))


def _blank(us: UsLaw, truths: list[Truth]) -> frozenset[int]:
    return frozenset(i for i in us.unpublished if truths[i] is None)


def _us_settled(us: UsLaw, found: list[Decision], truths: list[Truth]) -> tuple[UsKey, tuple[Reason, ...]]:
    """Return the American key without its reasons, and the reasons before they are put in words."""
    outcome, review, classes, exceptions = found[:4]
    settled = outcome.settled is not None
    because, basis, conditions = us_reasons(us, truths)
    missing = outcome.missing if not settled else review.missing
    text = [p for p in us.text_only if p.version.enforcement == "not-enforced" and outcome.settled == "not-controlled"]
    renounced = [r for p in text for r in reasons(p, [(p.item, True), (p.trade, True)], truths)]
    standing = any(stands(p, truths) for p in text)
    key = UsKey(
        outcome=str(outcome.settled) if settled else "undetermined",
        review=str(review.settled) if settled and review.settled is not None else "undetermined",
        review_basis=basis if settled and review.settled not in (None, "none") else "none",
        classification=_common(classes),
        exceptions=tuple(sorted({code for v in exceptions.values if isinstance(v, tuple) for code in v}))
        if settled
        else (),
        enforcement="text-not-enforced" if standing else "in-force",
        because=(),
        missing=missing,
        conditions=conditions,
    )
    return key, (*because, *(renounced if standing else ()))


def _common(classes: Decision) -> tuple[str, ...]:
    """Return the paragraphs that catch the item whatever is missing, "undetermined" after them where others may."""
    values = [v for v in classes.values if isinstance(v, tuple)]
    if len(values) == 1:
        return tuple(values[0])
    common = (code for code in min(values, default=()) if all(code in value for value in values))
    return (*common, "undetermined")


# -- the Chinese side --------------------------------------------------------------------------------


def _cn_anew(law: DayLaw, cn: CnLaw, facts: Facts, truths: list[Truth]) -> CnSide:
    (found,) = decide(law, facts, cn.judge, cn.exprs, truths)
    binding, counted = cn.binding, cn.in_scope(truths)
    return CnSide(
        _cn_settled(law, facts, cn, found, truths),
        frozenset(cn.state(str(v)) for v in found.values),
        _asked(law, cn.exprs, truths),
        _states(law, facts, cn, counted, truths)
        if counted != binding
        else frozenset(cn.state(str(v)) for v in found.values),
        _asked(law, [expr for entry in counted for expr in entry.exprs], truths),
    )


def _states(law: DayLaw, facts: Facts, cn: CnLaw, entries: Sequence[Entry], truths: list[Truth]) -> frozenset[str]:
    exprs = [expr for entry in entries for expr in entry.exprs]
    (found,) = decide(law, facts, lambda t: (worst(entries, t),), exprs, truths)
    return frozenset(cn.state(str(v)) for v in found.values)


def _cn_settled(law: DayLaw, facts: Facts, cn: CnLaw, found: Decision, truths: list[Truth]) -> CnKey:
    because: list[dict[str, object]] = []
    strength = "law"
    for entry in cn.binding:
        (word,) = entry.judge(truths)
        if word in ("conditional", "barred") and word == found.settled:
            choice = entry.choice(truths)
            assert choice is not None
            because.append(choice_reason(entry.provision, choice, "").say(facts))
            strength = entry.provision.rule.strength
    also = [a for entry in cn.others if (a := _also(law, entry, truths, facts)) is not None]
    outcome = "undetermined" if found.settled is None else str(found.settled)
    return CnKey(outcome, strength, tuple(because), found.missing, tuple(also))


def _also(law: DayLaw, entry: Entry, truths: list[Truth], facts: Facts) -> dict[str, object] | None:
    """Return what an entry of guidance or report says; None when the trade lies outside its scope."""
    (found,) = decide(law, facts, entry.judge, entry.exprs, truths)
    words = {str(v) for v in found.values} - {"out-of-scope"}
    if not words:
        return None
    p = entry.provision
    says = [c.says or c.gives for _, c in p.choices if c.gives in words]
    choice = entry.choice(truths)
    if choice is not None:
        says = [choice.says or choice.gives]
    return {
        "rule": p.rule.id,
        "outcome": next(iter(words)) if len(words) == 1 else "undetermined",
        "strength": p.rule.strength,
        "applies": "unknown" if "out-of-scope" in found.values else "yes",
        "because": [f"{p.rule.title}: {'; or '.join(says)} [{p.version.cite}]"],
        "missing": list(found.missing),
        "enforcement": p.version.enforcement,
        "checked": p.version.checked,
        "confidence": p.version.confidence,
    }


# -- both together ----------------------------------------------------------------------------------


def verdicts(law: DayLaw, facts: Facts, truths: list[Truth], us: UsSide, cn: CnSide) -> tuple[str, str]:
    """Return the verdict of both keys, and the verdict if Chinese guidance and reports counted as law does."""
    if us.states == {"shut"}:
        return "shut", "shut"
    if us.states == {"open"} == cn.states == cn.in_practice:
        return "open", "open"
    every = range(len(truths))
    days = [i for i, atom in enumerate(law.atoms) if atom.kind == "day"]
    memory = law.domains.setdefault("verdicts", {})
    assert isinstance(memory, dict)
    key = _state_of_knowledge(law, facts, truths, every, days)
    if key not in memory:
        if len(memory) >= _REMEMBERED:
            memory.clear()
        chinese = cn_law(
            law, facts.plain
        )  # the entries of this day: those of a remembered side may be numbered for another
        by_law = _together(law, facts, us, cn.states, cn.asked, chinese.binding, truths)
        counted = chinese.in_scope(truths)
        memory[key] = by_law, _together(law, facts, us, cn.in_practice, cn.asked_in_practice, counted, truths)
    found: tuple[str, str] = memory[key]
    return found


def _together(
    law: DayLaw,
    facts: Facts,
    us: UsSide,
    theirs: frozenset[str],
    asked: frozenset[str],
    entries: Sequence[Entry],
    truths: list[Truth],
) -> str:
    """Return the verdict, some Chinese entries counted; facts that both sides ask for are completed together."""
    if len(us.states) == 1 or us.asked.isdisjoint(asked):
        return _verdict({_worse(a, b) for a in us.states for b in theirs})
    american, chinese = us_law(law, facts.plain), cn_law(law, facts.plain)
    blank = _blank(american, truths)

    def both(t: Sequence[Truth]) -> tuple[object, ...]:
        word = worst(entries, t)
        a, b = american.judge(t, blank)[4], None if word is None else chinese.state(word)
        if "shut" in (a, b):
            return ("shut",)
        return (None if a is None or b is None else _worse(str(a), b),)

    exprs = [*american.exprs, *(expr for entry in entries for expr in entry.exprs)]
    (found,) = decide(law, facts, both, exprs, truths)
    return _verdict({str(v) for v in found.values})


def _worse(a: str, b: str) -> str:
    return a if STATE[a] >= STATE[b] else b


def _verdict(states: set[str]) -> str:
    return next(iter(states)) if len(states) == 1 else "undetermined"


def _asked(law: DayLaw, exprs: Sequence[Expr], truths: list[Truth]) -> frozenset[str]:
    """Return the facts that unsettled tests of the expressions ask for."""
    return frozenset(name for i in live_atoms(exprs, truths) for name in law.atoms[i].facts)
