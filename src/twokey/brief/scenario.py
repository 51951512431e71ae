"""The scenario file: who sells, who buys, the workloads, the dates, the money, and the claims to judge."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from twokey.law.question import Trade, trade_from_value
from twokey.quantities.problem import Problem
from twokey.sources.figure import CHECKED, CONFIDENCE
from twokey.sources.text import Value, read_file
from twokey.trade.duty import LISTS_301
from twokey.trade.exposure import exposure
from twokey.trade.inputs import shipped as decisions
from twokey.trade.position import positions

__all__ = [
    "Check", "Claim", "Day", "DesignPlan", "DutyQuestion", "Event", "Evidence", "Party", "Scenario", "Search",
    "read_scenario", "shipped",
]  # fmt: skip

_FOLDER = Path(__file__).parent.parent / "data" / "scenarios"
DEFAULT = "2025-04-17"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A statement with its source; `supports` says whether it speaks for the claim it stands under."""

    says: str
    source: str
    confidence: str
    checked: str
    supports: bool = True


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who acts in the scenario."""

    role: str
    name: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Event:
    """What happened on a day."""

    on: dt.date
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Day:
    """A day on which the chips are judged."""

    on: dt.date
    name: str


@dataclass(frozen=True, slots=True)
class Search:
    """A workload and what is minimised."""

    workload: str
    objective: str


@dataclass(frozen=True, slots=True)
class DesignPlan:
    """The design searches: space, relative gap to prove [1], days, workloads, and chips to compare with."""

    space: str
    gap: float
    days: tuple[dt.date, ...]
    searches: tuple[Search, ...]
    rivals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DutyQuestion:
    """A good at a border on a day; `parts` asks that its total be taken apart on the page."""

    name: str
    to: str
    origin: str
    hts: str
    on: dt.date
    list_301: str | None = None
    mfn_percent: Fraction | None = None
    item: str | None = None
    parts: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that decides a claim: what is asked, what the claim states, and how the two are compared."""

    kind: str
    about: str
    item: str | None = None
    on: dt.date | None = None
    ask: str | None = None
    first: dt.date | None = None
    last: dt.date | None = None
    duty: DutyQuestion | None = None
    family: str | None = None
    stated: str | None = None
    decimals: int | None = None
    below: Fraction | None = None
    at_least: Fraction | None = None
    not_before: dt.date | None = None
    sources: tuple[Evidence, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement made in the week, and the checks that mark it."""

    id: str
    says: str
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario file, read and checked."""

    name: str
    title: str
    question: str
    trade: Trade
    datacentre: bool
    days: tuple[Day, ...]
    first: dt.date
    last: dt.date
    chips: tuple[str, ...]
    parties: tuple[Party, ...]
    events: tuple[Event, ...]
    design: DesignPlan
    duties: tuple[DutyQuestion, ...]
    charge: str | None
    position: str | None
    decision: str | None
    claims: tuple[Claim, ...]
    limits: tuple[str, ...]
    sha256: str = ""

    @property
    def seller(self) -> str | None:
        """The seller's slug, or None when the scenario names none."""
        return self.trade.seller


_STATE = ("says", "source", "confidence", "checked")
_KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "law": (("item", "on", "ask"), ("stated", "at_least")),
    "change": (("item", "first", "last", "not_before"), ()),
    "conflict": (("item", "on", "at_least"), ()),
    "figure": (("ask",), ("stated", "decimals", "below", "at_least")),
    "duty": (("to", "origin", "hts", "on", "stated"), ("family", "list_301", "mfn_percent", "item")),
    "design": (("on",), ()),
    "evidence": (("sources",), ()),
    "none": (("why",), ()),
}


def shipped() -> tuple[str, ...]:
    """Return the names of the scenarios that come with the program."""
    return tuple(sorted(p.stem for p in _FOLDER.glob("*.yaml")))


def read_scenario(ref: str | Path | None = None) -> Scenario:
    """Return a scenario: a shipped one by name, the file at a path, or without `ref` the shipped default.

    Raises
    ------
    Problem
        If there is no such scenario, or a line of it cannot be used; with file, line, what stood there,
        what was needed and how to mend it.

    Examples
    --------
    >>> len(read_scenario().claims)
    18
    """
    name = str(ref) if ref is not None else DEFAULT
    if name in shipped():
        path = _FOLDER / f"{name}.yaml"
        return replace(_scenario(read_file(path, f"scenarios/{name}.yaml")), sha256=_checksum(path))
    if "/" in name or name.endswith((".yaml", ".yml", ".json")):
        return replace(_scenario(read_file(name)), sha256=_checksum(Path(name)))
    raise Problem(
        "SCENARIO", repr(name), "a path, or one of " + ", ".join(shipped()), "write the path with a / or .yaml"
    )


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _scenario(root: Value) -> Scenario:
    f = root.fields(
        ("name", "title", "question", "trade", "datacentre", "days", "timeline", "chips", "design"),
        ("parties", "events", "duties", "charge", "position", "decision", "claims", "limits_of_this_page"),
    )
    span = f["timeline"].fields(("first", "last"))
    first, last = span["first"].day(), span["last"].day()
    if last <= first:
        raise span["last"].refuse("a day after `first`", "exchange the two days")
    days = tuple(_day(v) for v in f["days"])
    if not days:
        raise f["days"].refuse("at least one day", "add a line {on: 2025-04-17, name: the week}", given="an empty list")
    claims = tuple(_claim(v) for v in f["claims"]) if "claims" in f else ()
    for i, claim in enumerate(claims):
        if any(claim.id == earlier.id for earlier in claims[:i]):
            raise f["claims"].items()[i].refuse("each id once", f"rename the second {claim.id}", given=claim.id)
    return Scenario(
        name=f["name"].text(),
        title=f["title"].text(),
        question=f["question"].text(),
        trade=_trade(f["trade"]),
        datacentre=f["datacentre"].yes_no(),
        days=days,
        first=first,
        last=last,
        chips=f["chips"].texts(),
        parties=tuple(_party(v) for v in f["parties"]) if "parties" in f else (),
        events=tuple(_event(v) for v in f["events"]) if "events" in f else (),
        design=_design(f["design"]),
        duties=tuple(_duty(v) for v in f["duties"]) if "duties" in f else (),
        charge=f["charge"].one_of(tuple(exposure().charges)) if "charge" in f else None,
        position=f["position"].one_of(positions()) if "position" in f else None,
        decision=f["decision"].one_of(decisions()) if "decision" in f else None,
        claims=claims,
        limits=f["limits_of_this_page"].texts() if "limits_of_this_page" in f else (),
    )


def _trade(v: Value) -> Trade:
    trade = trade_from_value(v)
    if trade.to is None:
        raise v.refuse("a destination", "add a line to: CN", given="a trade without `to`")
    if trade.on is not None:
        raise v.refuse("a trade without a day", "the scenario's `days` say when; remove `on`", given=f"on: {trade.on}")
    return trade


def _day(v: Value) -> Day:
    f = v.fields(("on", "name"))
    return Day(f["on"].day(), f["name"].text())


def _evidence(f: dict[str, Value]) -> Evidence:
    return Evidence(
        f["says"].text(),
        f["source"].text(),
        f["confidence"].one_of(CONFIDENCE),
        f["checked"].one_of(CHECKED),
        f["supports"].yes_no() if "supports" in f else True,
    )


def _party(v: Value) -> Party:
    f = v.fields(("role", "name", *_STATE))
    return Party(f["role"].text(), f["name"].text(), _evidence(f))


def _event(v: Value) -> Event:
    f = v.fields(("on", *_STATE))
    return Event(f["on"].day(), _evidence(f))


def _design(v: Value) -> DesignPlan:
    f = v.fields(("space", "gap", "days", "searches", "rivals"))
    searches = []
    for s in f["searches"]:
        g = s.fields(("workload", "objective"))
        searches.append(Search(g["workload"].text(), g["objective"].text()))
    gap = f["gap"].number(above=0)
    if gap >= 1:
        raise f["gap"].refuse("a share between 0 and 1", "write 0.01 for one percent")
    days = tuple(d.day() for d in f["days"])
    return DesignPlan(f["space"].text(), float(gap), days, tuple(searches), f["rivals"].texts())


def _duty(v: Value) -> DutyQuestion:
    f = v.fields(("name", "to", "origin", "hts", "on"), ("list_301", "mfn_percent", "item", "parts"))
    return _duty_of(f, f["name"].text())


def _duty_of(f: dict[str, Value], name: str) -> DutyQuestion:
    return DutyQuestion(
        name=name,
        to=f["to"].text(),
        origin=f["origin"].text(),
        hts=f["hts"].text(),
        on=f["on"].day(),
        list_301=f["list_301"].one_of(LISTS_301) if "list_301" in f else None,
        mfn_percent=f["mfn_percent"].number(least=0) if "mfn_percent" in f else None,
        item=f["item"].text() if "item" in f else None,
        parts=f["parts"].yes_no() if "parts" in f else False,
    )


def _claim(v: Value) -> Claim:
    f = v.fields(("id", "says", "checks"))
    checks = tuple(_check(c) for c in f["checks"])
    if not checks:
        raise f["checks"].refuse("at least one check", "write {kind: none, about: …, why: …}", given="an empty list")
    return Claim(f["id"].text(), f["says"].text(), checks)


def _check(v: Value) -> Check:
    group = v.group()
    if "kind" not in group:
        raise v.refuse("the key 'kind'", "add kind: " + " or ".join(_KINDS), given="a check without it")
    kind = group["kind"].one_of(tuple(_KINDS))
    required, optional = _KINDS[kind]
    f = v.fields(("kind", "about", *required), optional)
    if optional and kind in ("law", "figure") and not {"stated", "below", "at_least"} & f.keys():
        raise v.refuse("what the claim states", "add stated, below or at_least", given="a check without it")
    sources = []
    for s in f.get("sources", ()):
        sources.append(_evidence(s.fields((*_STATE, "supports"))))
    text = {k: f[k].text() for k in ("item", "ask", "family", "stated", "why") if k in f}
    if kind in ("figure", "duty") and "stated" in f:
        f["stated"].number()
    return Check(
        kind=kind,
        about=f["about"].text(),
        item=text.get("item"),
        on=f["on"].day() if "on" in f else None,
        ask=text.get("ask"),
        first=f["first"].day() if "first" in f else None,
        last=f["last"].day() if "last" in f else None,
        duty=_duty_of(f, f["about"].text()) if kind == "duty" else None,
        family=text.get("family"),
        stated=text.get("stated"),
        decimals=f["decimals"].whole() if "decimals" in f else None,
        below=f["below"].number() if "below" in f else None,
        at_least=f["at_least"].number() if "at_least" in f else None,
        not_before=f["not_before"].day() if "not_before" in f else None,
        sources=tuple(sources),
        why=text.get("why", ""),
    )
