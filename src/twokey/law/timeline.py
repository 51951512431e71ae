"""The answer over time: the intervals of days in which it is constant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from twokey.chips.item import ItemSheet
from twokey.law.answer import Answer
from twokey.law.assess import assess
from twokey.law.book import HORIZON
from twokey.law.day import breakpoints
from twokey.law.entities import entity_days
from twokey.law.question import Trade
from twokey.quantities.problem import Problem
from twokey.quantities.shown import Shown

__all__ = ["Span", "timeline"]


@dataclass(frozen=True, slots=True)
class Span(Shown):
    """Days `first` <= day < `until` with one answer; `until` is None for the last, which is open."""

    first: dt.date
    until: dt.date | None
    answer: Answer

    def to_json(self) -> dict[str, object]:
        """Return the span as plain JSON values."""
        us, cn = self.answer.us, self.answer.cn
        return {
            "from": self.first.isoformat(),
            "until": self.until.isoformat() if self.until else None,
            "verdict": self.answer.verdict,
            "in_practice": self.answer.in_practice,
            "us": {
                "outcome": us.outcome, "review": us.review, "review_basis": us.review_basis,
                "classification": list(us.classification), "exceptions": list(us.exceptions),
                "enforcement": us.enforcement, "rules": list(dict.fromkeys(str(b["rule"]) for b in us.because)),
                "missing": list(us.missing),
            },
            "cn": {
                "outcome": cn.outcome, "strength": cn.strength, "missing": list(cn.missing),
                "also": [{k: a[k] for k in ("rule", "outcome", "strength", "applies")} for a in cn.also],
            },
            "conflicts": list(self.answer.conflicts),
        }  # fmt: skip


def _constant(a: Answer) -> tuple[object, ...]:
    """What makes two answers the same: everything but the reasons."""
    return (
        a.verdict, a.in_practice, a.us.outcome, a.us.review, a.us.review_basis, a.us.classification,
        a.us.exceptions, a.us.enforcement, a.us.missing, a.cn.outcome, a.cn.strength, a.cn.missing,
        tuple((x["rule"], x["outcome"], x["strength"], x["applies"]) for x in a.cn.also),
        tuple(c["cn"] for c in a.conflicts),
    )  # fmt: skip


def timeline(
    item: ItemSheet,
    trade: Trade,
    start: dt.date = dt.date(2022, 8, 1),
    end: dt.date | None = None,
    *,
    known_on: dt.date | None = None,
    assume: Mapping[str, Fraction] | None = None,
    overlays: Sequence[Path] = (),
) -> list[Span]:
    """Return the maximal intervals of days in which the answer is constant, oldest first.

    Parameters
    ----------
    trade : the trade; its day is not used
    start, end : first day, and the day after the last; without `end` the last span is open, and says what the
        data holds on its last day
    known_on, assume, overlays : as for `assess`

    Raises
    ------
    Problem
        If `end` is not after `start`, or the trade has no destination.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from twokey.chips.item import Mode
    >>> big = ItemSheet("big", seller="other", seller_seat="US", datacentre=True, dram_bandwidth_GBps=Fraction(900),
    ...     modes=(Mode("fp16", 16, Fraction(999)),), io_bandwidth_GBps=Fraction(400))
    >>> [(s.first.isoformat(), s.answer.verdict) for s in timeline(big, Trade(to="CN"), end=dt.date(2024, 1, 1))]
    [('2022-08-01', 'open'), ('2023-11-17', 'shut')]
    """
    last = end if end is not None else HORIZON
    if last <= start:
        raise Problem("timeline", f"{start} to {last}", "an end after the start", "swap the two days", kind="usage")
    turns = set(breakpoints(overlays)) | (entity_days() if trade.end_user or trade.owners else set())
    days = [start, *sorted(d for d in turns if start < d and (d < last if end is not None else d <= last))]
    spans: list[Span] = []
    for day in days:
        answer = assess(item, trade.with_(on=day), known_on=known_on, assume=assume, overlays=overlays)
        if spans and _constant(spans[-1].answer) == _constant(answer):
            continue
        if spans:
            spans[-1] = Span(spans[-1].first, day, spans[-1].answer)
        spans.append(Span(day, end, answer))
    return spans
