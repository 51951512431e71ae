"""Claims marked reproduced, corrected or open, from what the checks find and never from a stored label.

A check compares what the claim states with what law, duties, figures or search give. A claim is *corrected* when
any check contradicts it, else *open* when any check cannot be settled, else *reproduced*.
Statements of record, which nothing can compute, are reproduced when sources that were read and are of high
confidence state them and none speaks against them; else they stay open.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

from twokey.brief.scenario import Check, Claim
from twokey.quantities.exact import as_text
from twokey.quantities.problem import Problem
from twokey.trade.duty import Duty
from twokey.trade.exposure import Exposure

__all__ = ["STATUSES", "Facts", "Finding", "Mark", "figure_named", "mark"]

STATUSES = ("reproduced", "corrected", "open")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: its subject, what the claim states, what was found, on which sources."""

    about: str
    stated: str
    found: str
    status: str
    sources: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return the finding as plain JSON values."""
        return {
            "about": self.about, "stated": self.stated, "found": self.found, "status": self.status,
            "sources": list(self.sources),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """A claim with its findings and the status that follows from them."""

    id: str
    says: str
    findings: tuple[Finding, ...]

    @property
    def status(self) -> str:
        """One of `STATUSES`."""
        found = {f.status for f in self.findings}
        return next((s for s in ("corrected", "open") if s in found), "reproduced")

    def to_json(self) -> dict[str, object]:
        """Return the claim as plain JSON values."""
        return {
            "id": self.id, "says": self.says, "status": self.status, "findings": [f.to_json() for f in self.findings],
        }  # fmt: skip


class Facts(Protocol):
    """What checks may ask: legal answers, their spans, duties, figures at stake, design answers."""

    exposure: Exposure

    def answer(self, item: str, on: dt.date) -> Mapping[str, Any]:
        """Return the contract's answer of `check` for an item on a day."""

    def spans(self, item: str, first: dt.date, last: dt.date) -> Sequence[Mapping[str, Any]]:
        """Return the contract's spans of `timeline` for an item."""

    def duty(self, check: Check) -> Duty:
        """Return the duty that a check asks about."""

    def designs(self, on: dt.date) -> Sequence[Mapping[str, Any]]:
        """Return the design answers found under the law of a day."""


def mark(claim: Claim, facts: Facts) -> Mark:
    """Return a claim with what its checks find.

    Raises
    ------
    Problem
        If a check asks for an item, a field or a figure that does not exist.
    """
    return Mark(claim.id, claim.says, tuple(_KINDS[check.kind](check, facts) for check in claim.checks))


def figure_named(name: str, exposure: Exposure) -> tuple[Fraction, tuple[str, ...]]:
    """Return a figure at stake by the dotted name that scenario files use, with its sources.

    Raises
    ------
    Problem
        If there is none of that name; the known names are listed.

    Examples
    --------
    >>> from twokey.trade.exposure import exposure
    >>> figure_named("charges.nvidia.booked", exposure())[0]
    Fraction(9, 2)
    """
    e = exposure
    known: dict[str, tuple[Fraction, tuple[str, ...]]] = {}
    for seller, c in e.charges.items():
        known[f"charges.{seller}.announced"] = (c.announced.value, (c.announced.source,))
        known[f"charges.{seller}.booked"] = (c.booked.value, (c.booked.source,))
        known[f"charges.{seller}.difference"] = (c.difference_usd_bn, (c.announced.source, c.booked.source))
    for basis, revenue in e.china_revenue.items():
        known |= {f"china_revenue.{basis}.{year}": (f.value, (f.source,)) for year, f in revenue.years.items()}
    known["share.change_percent"] = (100 * e.share_change, (e.share["close_after_usd"].source,))
    rent = e.training["rent_usd_per_hour"]
    for run in ("v3", "r1"):
        hours = e.training[f"{run}_gpu_hours_m"]
        known[f"training.{run}_usd_m"] = (hours.value * rent.value, (hours.source, rent.source))
    if name not in known:
        raise Problem("scenario, ask", repr(name), "one of " + ", ".join(known), "write one of the names listed")
    return known[name]


# -- one function for each kind of check ------------------------------------------------------------


def _law(check: Check, facts: Facts) -> Finding:
    assert check.item
    assert check.on
    assert check.ask
    answer = facts.answer(check.item, check.on)
    value: Any = answer
    path = check.ask.split(".")
    for step in ("keys", *path) if path[0] in answer["keys"] else path:
        if not isinstance(value, Mapping) or step not in value:
            raise Problem(
                "scenario, ask", check.ask, "a field of `check --json`", "write it like us.outcome or verdict"
            )
        value = value[step]
    if check.at_least is not None:
        shown = "; ".join(_entry(v) for v in value) or "none"
        ok = len(value) >= check.at_least
        return Finding(check.about, f"at least {as_text(check.at_least)}", shown, _told(ok))
    found = ", ".join(value) if isinstance(value, list) else str(value)
    status = "open" if found == "undetermined" else _told(found == check.stated)
    key = answer["keys"].get(path[0], {})
    because = key.get("because", ())
    detail = ", ".join(
        [*key.get("classification", ()), *([key["review"]] if key.get("review", "none") != "none" else [])]
    )
    cites = tuple(dict.fromkeys(b["cite"] for b in because if b.get("cite")))
    return Finding(check.about, check.stated or "", f"{found} ({detail})" if detail else found, status, cites)


def _entry(value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    rule, outcome, strength = (value.get(k) for k in ("rule", "outcome", "strength"))
    return f"{rule or 'entry'}: {outcome} ({strength})"


def _change(check: Check, facts: Facts) -> Finding:
    assert check.item
    assert check.first
    assert check.last
    assert check.not_before
    outcomes: list[tuple[dt.date, str]] = []
    for span in facts.spans(check.item, check.first, check.last):
        start, outcome = dt.date.fromisoformat(str(span["from"])), str(span["us"]["outcome"])
        if not outcomes or outcomes[-1][1] != outcome:
            outcomes.append((start, outcome))
    changes = [day for day, _ in outcomes[1:]]
    found = "; ".join(f"{day} to {outcome}" for day, outcome in outcomes[1:]) or "no change"
    ok = bool(changes) and all(day >= check.not_before for day in changes)
    return Finding(check.about, f"not before {check.not_before}", found, _told(ok))


def _conflict(check: Check, facts: Facts) -> Finding:
    assert check.item
    assert check.on
    assert check.at_least is not None
    conflicts = facts.answer(check.item, check.on)["conflicts"]
    shown = "; ".join(f"{', '.join(c['us'])} against {c['cn']}" for c in conflicts) or "none"
    cites = tuple(str(c["cite"]) for c in conflicts)
    return Finding(
        check.about, f"at least {as_text(check.at_least)}", shown, _told(len(conflicts) >= check.at_least), cites
    )


def _figure(check: Check, facts: Facts) -> Finding:
    assert check.ask
    value, sources = figure_named(check.ask, facts.exposure)
    if check.below is not None:
        return Finding(
            check.about, f"below {as_text(check.below)}", as_text(value), _told(value < check.below), sources
        )  # fmt: skip
    if check.at_least is not None:
        ok = value >= check.at_least
        return Finding(check.about, f"at least {as_text(check.at_least)}", as_text(value), _told(ok), sources)
    stated = Fraction(check.stated or "0")
    seen = value if check.decimals is None else Fraction(round(value * 10**check.decimals), 10**check.decimals)
    return Finding(check.about, as_text(stated), as_text(value, 6), _told(seen == stated), sources)


def _duty(check: Check, facts: Facts) -> Finding:
    duty = facts.duty(check)
    total = duty.subtotal_percent(check.family) if check.family else duty.total_percent
    charges = [c for c in duty.charges if not check.family or c.family == check.family]
    parts = [f"{as_text(c.rate_percent)} {c.measure}" for c in charges if c.rate_percent]
    spared = [c for c in charges if c.rate_percent == 0 and c.reason and c.family != "mfn"]
    zero = "; ".join(f"{c.measure} 0: {c.reason}" for c in spared)
    cites = tuple(dict.fromkeys(c.cite for c in charges))
    stated = Fraction(check.stated or "0")
    if total is None:
        return Finding(check.about, as_text(stated), "undetermined: " + "; ".join(duty.unknown), "open", cites)
    found = f"{as_text(total)} = {' + '.join(parts)}" if len(parts) > 1 else "".join(parts) or as_text(total)
    found += f" ({zero})" if zero else ""
    return Finding(check.about, as_text(stated), found, _told(total == stated), cites)


def _design(check: Check, facts: Facts) -> Finding:
    assert check.on
    found = facts.designs(check.on)
    best = [d for d in found if d.get("best")]
    shown = "; ".join(
        f"{d['workload']}: {d['best']['value']:.4g} {d['best']['unit']}" + (" (proved)" if d["proved"] else "")
        for d in best
    )  # fmt: skip
    return Finding(check.about, "there is one", shown or "none", _told(bool(best)) if found else "open")


def _evidence(check: Check, facts: Facts) -> Finding:  # noqa: ARG001
    for_, against = ([s for s in check.sources if s.supports is side] for side in (True, False))
    firm = any(s.confidence == "high" and s.checked != "unverified" for s in for_)
    refuted = not for_ and any(s.confidence == "high" and s.checked != "unverified" for s in against)
    status = "corrected" if refuted else "reproduced" if firm and not against else "open"
    found = "; ".join(("" if s.supports else "against: ") + s.says for s in check.sources)
    return Finding(check.about, "on record", found, status, tuple(s.source for s in check.sources))


def _none(check: Check, facts: Facts) -> Finding:  # noqa: ARG001
    return Finding(check.about, "", f"cannot be computed: {check.why}", "open")


_KINDS: dict[str, Callable[[Check, Facts], Finding]] = {
    "law": _law, "change": _change, "conflict": _conflict, "figure": _figure, "duty": _duty, "design": _design,
    "evidence": _evidence, "none": _none,
}  # fmt: skip


def _told(ok: bool) -> str:
    return "reproduced" if ok else "corrected"
