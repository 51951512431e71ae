"""Duties to supply against a sales plan: tying, refusal, discrimination; and where another law forbids the sale."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from twokey.diversion.files import DATA, EVIDENCE, cited
from twokey.law.answer import UsKey
from twokey.law.assess import assess
from twokey.law.bulk import sheet_named
from twokey.law.groups import parse_country
from twokey.law.question import Trade
from twokey.quantities.problem import Problem
from twokey.quantities.unknown import Truth
from twokey.sources.text import Value, read_file

__all__ = ["Finding", "Ledger", "Offer", "Plan", "check_plan", "ledgers", "read_plan"]

GOODS = ("accelerator", "interconnect", "software", "accessory")


@dataclass(frozen=True, slots=True)
class Commitment:
    """One commitment of a ledger."""

    id: str
    kind: str
    says: str
    goods: tuple[str, ...]
    confidence: str
    checked: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """Commitments of one decision: who owes them, in which market, since when, for how many years."""

    id: str
    title: str
    obliged: tuple[str, ...]
    market: str
    effective: dt.date
    term_years: int
    after_term: str
    rule: str
    cite: str
    checked: str
    commitments: tuple[Commitment, ...]

    def state(self, on: dt.date) -> str:
        """Return how the commitments stand on a day.

        Examples
        --------
        >>> [ledger] = ledgers()
        >>> ledger.state(dt.date(2025, 4, 17)), ledger.state(dt.date(2020, 1, 1))
        ('in force', 'not yet in force')
        >>> ledger.state(dt.date(2026, 5, 1))
        'the term of 6 years is over: in force until released on application; no release is known'
        """
        if on < self.effective:
            return "not yet in force"
        if on < self.effective.replace(year=self.effective.year + self.term_years):
            return "in force"
        return f"the term of {self.term_years} years is over: {self.after_term}"


@dataclass(frozen=True, slots=True)
class Offer:
    """One line of a sales plan; None stands for what it does not say.

    Parameters
    ----------
    item : catalogue id or item sheet, for accelerators
    goods : accelerator, interconnect, software or accessory
    price_usd : price of one unit [USD]
    tied_to : what must be bought with it
    refused, reason : whether orders are refused, and why
    reserved_elsewhere : whether units are held for other markets while this one waits
    worse_service, reasonable_terms, works_with_others : what a customer who buys this alone or from elsewhere gets
    """

    where: str
    customer: str
    market: str
    goods: str
    item: str | None
    quantity: int | None
    price_usd: Fraction | None
    tied_to: tuple[str, ...]
    refused: Truth
    reason: str | None
    reserved_elsewhere: Truth
    worse_service: Truth
    reasonable_terms: Truth
    works_with_others: Truth


@dataclass(frozen=True, slots=True)
class Plan:
    """A seller's sales plan for a day."""

    seller: str
    on: dt.date
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a commitment says of an offer: `breach`, `conflict` (another law forbids the sale) or `open` (not known)."""

    state: str
    commitment: str
    offer: str
    says: str
    cite: str
    against: tuple[dict[str, object], ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return the finding as plain JSON values."""
        out: dict[str, object] = {
            "state": self.state, "commitment": self.commitment, "offer": self.offer, "says": self.says,
            "cite": self.cite,
        }  # fmt: skip
        return out | ({"against": list(self.against)} if self.against else {})


def ledgers() -> list[Ledger]:
    """Return the ledgers of commitments in the data."""
    root = read_file(DATA / "obligations.yaml", "diversion/obligations.yaml").fields(("format", "ledgers"))
    return [_ledger(name, value) for name, value in root["ledgers"].group().items()]


def _ledger(name: str, value: Value) -> Ledger:
    f = value.fields(
        ("title", "obliged", "market", "effective", "term_years", "after_term", "rule", "commitments", *EVIDENCE)
    )
    cite, checked = cited(f)
    commitments = []
    for key, v in f["commitments"].group().items():
        c = v.fields(("kind", "says", "goods", "confidence", "checked"))
        commitments.append(
            Commitment(
                key, c["kind"].text(), c["says"].text(), c["goods"].texts(), c["confidence"].text(), c["checked"].text()
            )
        )
    return Ledger(
        name, f["title"].text(), f["obliged"].texts(), f["market"].text(), f["effective"].day(),
        f["term_years"].whole(least=1), f["after_term"].text(), f["rule"].text(), cite, checked, tuple(commitments),
    )  # fmt: skip


def read_plan(path: Path | str) -> Plan:
    """Read a sales plan from a YAML or JSON file: seller, on, and a list of offers.

    Raises
    ------
    Problem
        With file and line: an unknown key, a country or a day that does not exist, a word that is not offered.
    """
    f = read_file(path).fields(("seller", "on", "offers"))
    return Plan(f["seller"].text().lower(), f["on"].day(), tuple(_offer(v) for v in f["offers"]))


def _offer(value: Value) -> Offer:
    truths = ("refused", "reserved_elsewhere", "worse_service", "reasonable_terms", "works_with_others")
    f = value.fields(("customer", "market", "goods"), ("item", "quantity", "price_usd", "tied_to", "reason", *truths))
    truth = {name: f[name].yes_no() if name in f else None for name in truths}
    return Offer(
        value.where,
        f["customer"].text(),
        parse_country(f["market"].text(), f["market"].where),
        f["goods"].one_of(GOODS),
        f["item"].text() if "item" in f else None,
        f["quantity"].whole(least=1) if "quantity" in f else None,
        f["price_usd"].number(above=0) if "price_usd" in f else None,
        f["tied_to"].texts() if "tied_to" in f else (),
        truth["refused"],
        f["reason"].text() if "reason" in f else None,
        truth["reserved_elsewhere"],
        truth["worse_service"],
        truth["reasonable_terms"],
        truth["works_with_others"],
    )


def check_plan(plan: Plan, *, price_gap: Fraction = Fraction(1, 20)) -> list[Finding]:
    """Return what the ledgers say of a sales plan, breaches first; neither of two laws is put above the other.

    Parameters
    ----------
    price_gap : part by which a price may lie above the lowest paid elsewhere for the same item before it is reported
        as worse treatment [fraction]

    Raises
    ------
    Problem
        If an item is not in the catalogue and no sheet.
    """
    found: list[Finding] = []
    for ledger in ledgers():
        if plan.seller not in ledger.obliged or ledger.state(plan.on) == "not yet in force":
            continue
        for offer in plan.offers:
            if offer.market == ledger.market:
                found += _of_offer(plan, ledger, offer, price_gap)
    order = {"conflict": 0, "breach": 1, "open": 2}
    return sorted(found, key=lambda f: order[f.state])


def _of_offer(plan: Plan, ledger: Ledger, offer: Offer, price_gap: Fraction) -> Iterable[Finding]:
    name = f"{offer.customer}: {offer.item or offer.goods}"
    us = _american(plan, offer)
    needed = us is not None and us.outcome == "licence-required"
    forbidden = us is not None and needed and us.review == "presumption-of-denial"
    rules = tuple({"rule": b["rule"], "says": b["says"], "cite": b["cite"]} for b in us.because) if us else ()
    for c in ledger.commitments:
        if offer.goods not in c.goods:
            continue
        cite = f"{ledger.cite}, {c.id} ({c.confidence} confidence, {c.checked})"
        if c.kind == "no-tying":
            said = _tying(offer)
        elif c.kind == "interoperability":
            said = _interoperability(offer)
        elif c.kind == "supply":
            said = ([] if forbidden else _refusal(offer)) + _treatment(plan, offer, price_gap)
        else:
            continue
        for state, words in said:
            yield Finding(state, c.id, name, words, cite)
        if c.kind == "supply" and forbidden:
            says = (
                f"{c.says}; the American rules named forbid this sale on {plan.on} without a licence that is presumed "
            )
            says += "to be denied. Both cannot be met; which prevails is not decided here"
            yield Finding("conflict", c.id, name, says, cite, rules)
        elif c.kind == "supply" and needed:
            says = f"supply on {plan.on} waits for an American licence ({us.review if us else ''})"
            yield Finding("open", c.id, name, says, cite, rules)


def _american(plan: Plan, offer: Offer) -> UsKey | None:
    if offer.item is None:
        return None
    try:
        trade = Trade(to=offer.market, on=plan.on, seat=offer.market, seller=plan.seller)
        return assess(sheet_named(offer.item), trade).us
    except Problem as problem:
        raise Problem(offer.where, problem.given, problem.needed, problem.fix) from None


def _tying(offer: Offer) -> list[tuple[str, str]]:
    found = []
    if offer.tied_to:
        found.append(("breach", f"{offer.goods} is sold only with {', '.join(offer.tied_to)}"))
    if offer.worse_service:
        found.append(("breach", "who buys it alone gets worse service, price or software"))
    elif offer.worse_service is None:
        found.append(("open", "whether who buys it alone is treated worse is not stated (worse_service)"))
    return found


def _refusal(offer: Offer) -> list[tuple[str, str]]:
    if offer.refused:
        why = f"; the reason given: {offer.reason}" if offer.reason else "; no reason is given"
        return [("breach", f"orders are refused{why}")]
    return [("open", "whether orders are refused is not stated (refused)")] if offer.refused is None else []


def _treatment(plan: Plan, offer: Offer, price_gap: Fraction) -> list[tuple[str, str]]:
    found = []
    if offer.reserved_elsewhere:
        found.append(("breach", "units are held for other markets while this one waits"))
    if offer.reasonable_terms is False:
        found.append(("breach", "the terms are not reasonable"))
    if offer.price_usd is not None and offer.item is not None:
        others = [
            o.price_usd for o in plan.offers if o.item == offer.item and o is not offer and o.price_usd is not None
        ]  # fmt: skip
        if others and offer.price_usd > min(others) * (1 + price_gap):
            more = float(offer.price_usd / min(others) - 1)
            found.append(
                ("breach", f"the price is {more:.0%} above the lowest another customer pays for the same item")
            )
    return found


def _interoperability(offer: Offer) -> list[tuple[str, str]]:
    if offer.works_with_others is False:
        return [("breach", "it does not work with the parts of others")]
    if offer.works_with_others is None:
        return [("open", "whether it works with the parts of others is not stated (works_with_others)")]
    return []
