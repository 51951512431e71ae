"""May it ship: both governments' answers for an item in a trade, exact, with reasons and what is missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from twokey.chips.item import ItemSheet
from twokey.law.answer import Answer, CnKey, UsKey
from twokey.law.assume import EFFICIENCY, published
from twokey.law.book import FIRST_DAY, HORIZON
from twokey.law.cn import CnLaw, cn_law
from twokey.law.day import DayLaw, law_on, stands
from twokey.law.explain import render
from twokey.law.facts import Facts, facts_of
from twokey.law.question import Trade
from twokey.law.settle import cn_side, us_side, verdicts
from twokey.law.us import us_law
from twokey.law.why import warnings
from twokey.quantities.problem import Problem
from twokey.quantities.unknown import Truth

__all__ = ["Answer", "assess"]

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
    missing facts would change it, and its `missing` names the facts it depends on. What no sheet
    need mention is taken to be absent unless a sheet says so: a listing of a party that the data does not name, an
    owner, an end use, an exporter other than the designer.

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
    if item.holds or item.uncertain:

        def judge(certain: ItemSheet) -> Answer:
            return assess(certain, trade, known_on=known_on, assume=assume, overlays=overlays)

        if item.holds:
            from twokey.law.boards import of_board

            return of_board(item, law, judge)
        from twokey.law.chance import chances

        plain = _of_chip(item, trade, law, known_on, assume or {})
        found = chances(item, trade, law, judge)
        return replace(plain, uncertain=item.uncertain, probabilities=found)
    return _of_chip(item, trade, law, known_on, assume or {})


def _of_chip(
    item: ItemSheet, trade: Trade, law: DayLaw, known_on: dt.date | None, assume: Mapping[str, Fraction]
) -> Answer:
    """Return the answer for a chip; figures that are uncertain are missing within their range."""
    assert trade.on is not None
    facts = facts_of(item, trade, published(item, law, assume), known_on)
    truths = law.ask_of(item, facts)
    us, cn = us_side(law, facts, truths), cn_side(law, facts, truths)
    verdict, in_practice = verdicts(law, facts, truths, us, cn)
    us_key = replace(us.key, because=render(us.because, facts))
    assumed = any(EFFICIENCY.startswith(name) for name in assume)
    return Answer(
        item=item.id or item.name,
        to=str(trade.to),
        on=trade.on,
        facts={name: facts.numbers[name] for name in _SHOWN},
        verdict=verdict,
        in_practice=in_practice,
        us=us_key,
        cn=_cn_key(cn.key, assumed),
        conflicts=_conflicts(cn_law(law), us_key, truths),
        flags=(*(flag.say(facts) for flag in us.flags), *warnings(law, trade, truths, known_on)),
        assumptions=dict(assume),
        notes=(*_notes(trade, known_on), *_pending(law, facts, truths)),
    )


def _cn_key(key: CnKey, assumed: bool) -> CnKey:
    """Return the Chinese key; with an efficiency level assumed, what is missing of a part is its power."""
    if not assumed or not any(EFFICIENCY in also["missing"] for also in key.also):  # type: ignore[operator]
        return key
    named = [["power_W" if m == EFFICIENCY else m for m in also["missing"]] for also in key.also]  # type: ignore[attr-defined]
    return replace(key, also=tuple({**also, "missing": names} for also, names in zip(key.also, named, strict=True)))


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
        if stands(p, truths)
    )


def _pending(law: DayLaw, facts: Facts, truths: list[Truth]) -> tuple[str, ...]:
    """Return a note on each control that stands in the text and does not bind yet."""
    return tuple(
        f"{p.rule.id} would catch it: {p.version.status} [{p.version.cite}]"
        for p in us_law(law, facts.plain).text_only
        if p.version.enforcement == "pending" and stands(p, truths)
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
    if trade.owners or trade.end_user:
        found.append(
            "names were looked up among the few listed parties of the chip trade that the data holds; a name that is"
            " not there is taken not to be listed, which `twokey screen` can check"
        )
    if known_on is not None:
        found.append(f"law that could not be known on {known_on} is left out")
    return tuple(found)
