"""May it ship: both governments' answers for an item in a trade, exact, with reasons and what is missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from twokey.chips.item import ItemSheet
from twokey.law.answer import Answer, CnKey, UsKey
from twokey.law.assume import EFFICIENCY, published
from twokey.law.book import FIRST_DAY, HORIZON
from twokey.law.cn import CnLaw, Entry, cn_law, worst
from twokey.law.day import DayLaw, Expr, ev, law_on
from twokey.law.decide import Decision, decide, live_atoms
from twokey.law.explain import Reason, choice_reason, reasons, render
from twokey.law.facts import Facts, facts_of
from twokey.law.question import Trade
from twokey.law.us import STATE, UsLaw, us_law
from twokey.law.why import flags_of, us_reasons
from twokey.quantities.problem import Problem
from twokey.quantities.unknown import Truth

__all__ = ["Answer", "assess"]

_TIED = ("tpp", "applicable_die_area_mm2", "dram_bandwidth_GBps", "io_bandwidth_GBps")
"""Figures of which one that is known narrows what another that is missing can do to a derived one."""

_SHOWN = ("tpp", "performance_density", "dram_bandwidth_GBps", "io_bandwidth_GBps")


def assess(
    item: ItemSheet,
    trade: Trade,
    *,
    known_on: dt.date | None = None,
    assume: Mapping[str, Fraction] | None = None,
    overlays: Sequence[Path] = (),
) -> Answer:
    """Return whether both governments let an item ship in a trade, and why.

    A missing fact is never guessed: a part of the answer is "undetermined" exactly when some completion of the
    missing facts would change it, and its `missing` names the facts it depends on. The end user is taken not to be
    a listed party, and no end-use rule to bite.

    Parameters
    ----------
    known_on : leave out what could not be known on this day
    assume : numbers for what a rule leaves unpublished, by rule id (`cn/ndrc-efficiency`: TFLOPS/W at FP16; a point
        that is met or not: 1 or 0)
    overlays : files of proposed rules, evaluated on top of the law of the day

    Raises
    ------
    Problem
        If the trade has no destination or no day, an assumption names no such rule, or an overlay cannot be read.

    Examples
    --------
    >>> from twokey.chips.item import Mode
    >>> chip = ItemSheet("small", seller="nvidia", seller_seat="US", datacentre=True,
    ...                  modes=(Mode("fp16", 16, Fraction(90)),))
    >>> assess(chip, Trade(to="CN", on=dt.date(2024, 1, 1))).verdict
    'open'
    """
    if trade.on is None:
        raise Problem("the trade", "no day", "the day of the trade", "write --on 2025-04-17, or `on:` in the sheet")
    law = law_on(trade.on, known_on, overlays)
    facts = facts_of(item, trade, published(item, law, assume or {}))
    truths = law.ask(facts)
    settled = _settle(law, facts, truths)
    us_key = replace(settled.us, because=render(settled.because, facts))
    assumed = any(EFFICIENCY.startswith(name) for name in assume or ())
    return Answer(
        item=item.id or item.name,
        to=str(trade.to),
        on=trade.on,
        facts={name: facts.numbers[name] for name in _SHOWN},
        verdict=settled.verdict,
        in_practice=settled.in_practice,
        us=us_key,
        cn=_cn_key(settled.cn, assumed),
        conflicts=_conflicts(cn_law(law), us_key, truths),
        flags=flags_of(law, truths, facts),
        assumptions=dict(assume or {}),
        notes=_notes(trade, known_on),
    )


@dataclass(frozen=True, slots=True)
class _Settled:
    """What the law of a day makes of a state of knowledge: all of an answer but the words that name its facts."""

    us: UsKey
    because: tuple[Reason, ...]
    cn: CnKey
    verdict: str
    in_practice: str


_REMEMBERED = 20_000
"""States of knowledge remembered for one era of the law; a bound on memory, not on what can be answered."""


def _settle(law: DayLaw, facts: Facts, truths: list[Truth]) -> _Settled:
    """Return what is settled for these facts. Facts that answer every test alike share one result."""
    memory = law.domains.setdefault("settled", {})
    assert isinstance(memory, dict)
    key = _state_of_knowledge(law, facts, truths)
    found = memory.get(key)
    if found is None:
        if len(memory) >= _REMEMBERED:
            memory.clear()
        found = memory[key] = _settle_anew(law, facts, truths)
    assert isinstance(found, _Settled)
    return found


def _state_of_knowledge(law: DayLaw, facts: Facts, truths: list[Truth]) -> object:
    """Return what decides beside the answers to the tests: figures that bear on one that is missing, and a month that
    straddles a day asked for."""
    figures = tuple(facts.numbers[name] for name in _TIED)
    open_day = any(t is None and law.atoms[i].kind == "day" for i, t in enumerate(truths))
    return (tuple(truths), figures if None in figures else None, facts.since if open_day else None)


def _settle_anew(law: DayLaw, facts: Facts, truths: list[Truth]) -> _Settled:
    us, cn = us_law(law), cn_law(law)
    blank = frozenset(i for i in us.unpublished if truths[i] is None)
    found = decide(law, facts, lambda t: us.judge(t, blank), us.exprs, truths)
    (cn_found,) = decide(law, facts, cn.judge, cn.exprs, truths)
    states = {str(v) for v in found[4].values}
    verdict = _together(law, facts, us, states, cn, cn.binding, truths, blank)
    in_practice = _together(law, facts, us, states, cn, cn.in_scope(truths), truths, blank)
    us_key, because = _us_settled(us, found, truths)
    return _Settled(us_key, because, _cn_settled(law, facts, cn, cn_found, truths), verdict, in_practice)


def _worse(a: str, b: str) -> str:
    return a if STATE[a] >= STATE[b] else b


def _verdict(states: set[str]) -> str:
    return next(iter(states)) if len(states) == 1 else "undetermined"


def _together(
    law: DayLaw,
    facts: Facts,
    us: UsLaw,
    us_states: set[str],
    cn: CnLaw,
    entries: Sequence[Entry],
    truths: list[Truth],
    blank: frozenset[int],
) -> str:
    """Return both keys' verdict, some Chinese entries counted; facts that both ask for are completed together."""
    if us_states == {"shut"}:
        return "shut"
    exprs = [expr for entry in entries for expr in entry.exprs]

    def theirs(t: Sequence[Truth]) -> str | None:
        word = worst(entries, t)
        return None if word is None else cn.state(word)

    if len(us_states) == 1 or _asked(law, us.exprs, truths).isdisjoint(_asked(law, exprs, truths)):
        (alone,) = decide(law, facts, lambda t: (theirs(t),), exprs, truths)
        return _verdict({_worse(a, str(b)) for a in us_states for b in alone.values})

    def both(t: Sequence[Truth]) -> tuple[object, ...]:
        a, b = us.judge(t, blank)[4], theirs(t)
        if "shut" in (a, b):
            return ("shut",)
        return (None if a is None or b is None else _worse(str(a), b),)

    (found,) = decide(law, facts, both, (*us.exprs, *exprs), truths)
    return _verdict({str(v) for v in found.values})


def _asked(law: DayLaw, exprs: Sequence[Expr], truths: list[Truth]) -> set[str]:
    """Return the facts that unsettled tests of the expressions ask for."""
    return {name for i in live_atoms(exprs, truths) for name in law.atoms[i].facts}


def _us_settled(us: UsLaw, found: list[Decision], truths: list[Truth]) -> tuple[UsKey, tuple[Reason, ...]]:
    """Return the American key without its reasons, and the reasons before they are put in words."""
    outcome, review, classes, exceptions = found[:4]
    settled = outcome.settled is not None
    because, basis, conditions = us_reasons(us, truths)
    missing = outcome.missing if not settled else review.missing
    text = [p for p in us.text_only if p.version.enforcement == "not-enforced" and outcome.settled == "not-controlled"]
    renounced = [r for p in text for r in reasons(p, [(p.item, True), (p.trade, True)], truths)]
    stands = any(_stands(p.item, p.trade, truths) for p in text)
    key = UsKey(
        outcome=str(outcome.settled) if settled else "undetermined",
        review=str(review.settled) if settled and review.settled is not None else "undetermined",
        review_basis=basis if settled and review.settled not in (None, "none") else "none",
        classification=_common(classes),
        exceptions=tuple(sorted({code for v in exceptions.values if isinstance(v, tuple) for code in v}))
        if settled
        else (),
        enforcement="text-not-enforced" if stands else "in-force",
        because=(),
        missing=missing,
        conditions=conditions,
    )
    return key, (*because, *(renounced if stands else ()))


def _stands(item: Expr, trade: Expr, truths: list[Truth]) -> bool:
    return ev(item, truths) is True and ev(trade, truths) is True


def _common(classes: Decision) -> tuple[str, ...]:
    """Return the paragraphs on which all completions agree, "undetermined" after them when they part."""
    values = [v for v in classes.values if isinstance(v, tuple)]
    if len(values) == 1:
        return tuple(values[0])
    common: list[str] = []
    for column in zip(*values, strict=False):
        if len(set(column)) > 1:
            break
        common.append(column[0])
    return (*common, "undetermined")


def _cn_key(key: CnKey, assumed: bool) -> CnKey:
    """Return the Chinese key; with an efficiency level assumed, what is missing of a part is its power."""
    if not assumed or not any(EFFICIENCY in also["missing"] for also in key.also):  # type: ignore[operator]
        return key
    named = [["power_W" if m == EFFICIENCY else m for m in also["missing"]] for also in key.also]  # type: ignore[attr-defined]
    return replace(key, also=tuple({**also, "missing": names} for also, names in zip(key.also, named, strict=True)))


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


def _conflicts(cn: CnLaw, key: UsKey, truths: list[Truth]) -> tuple[dict[str, object], ...]:
    if key.outcome != "licence-required" or key.review != "presumption-of-denial":
        return ()
    rules = list(dict.fromkeys(str(b["rule"]) for b in key.because))
    return tuple(
        {
            "us": rules,
            "cn": p.rule.id,
            "says": f"{p.rule.title} obliges to supply what {', '.join(rules)} forbids without a licence that is "
            "presumed to be denied; both cannot be met, and which prevails is not decided here",
            "cite": p.version.cite,
            "confidence": p.version.confidence,
        }
        for p in cn.duties
        if _stands(p.item, p.trade, truths)
    )


def _notes(trade: Trade, known_on: dt.date | None) -> tuple[str, ...]:
    assert trade.on is not None
    found = []
    if trade.on > HORIZON:
        found.append(f"the data ends on {HORIZON}: law that came later is not in it")
    if trade.on < FIRST_DAY:
        found.append(f"no rule on chips in the data existed before {FIRST_DAY}")
    if trade.from_ != "US":
        found.append(
            f"shipped from {trade.from_}: the American answer holds for an item subject to the EAR; whether the item is"
            " (US origin, or made abroad with US technology) is not judged"
        )
    if trade.owners:
        found.append("owners are given: whether the 50 percent rule reaches the end user is for `twokey screen`")
    if known_on is not None:
        found.append(f"law that could not be known on {known_on} is left out")
    return tuple(found)
