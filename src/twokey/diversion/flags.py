"""Red flags in a trade after the guidance of May 2025: what raised each, and what would settle it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from twokey.chips import catalogue
from twokey.chips.item import ItemSheet
from twokey.diversion.deal import Deal
from twokey.diversion.files import DATA, EVIDENCE, cited
from twokey.law.assess import assess
from twokey.law.bulk import sheet_named
from twokey.law.groups import members
from twokey.law.question import Trade
from twokey.quantities.problem import Problem
from twokey.quantities.shown import Shown
from twokey.quantities.unknown import Truth, any_of
from twokey.sources.text import Value, read_file

__all__ = ["Flag", "Flags", "Power", "flags", "site_power"]

Found = tuple[Truth, list[str]]
"""Whether a flag is raised, and the facts that raise it."""

RULE_OF_2022 = dt.date(2022, 10, 7)


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag: whether it is raised (None: not known), the facts that say so, what would settle it, the source."""

    id: str
    raised: Truth
    facts: tuple[str, ...]
    asks: str
    settles: str
    cite: str
    checked: str

    def to_json(self) -> dict[str, object]:
        """Return the flag as plain JSON values."""
        state = {True: "raised", False: "clear", None: "unknown"}[self.raised]
        return {
            "id": self.id, "state": state, "asks": self.asks, "facts": list(self.facts),
            "settles": None if self.raised is False else self.settles, "cite": self.cite, "checked": self.checked,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Power:
    """Power an order of chips draws: of the servers and of the site, low, middle, high, in MW."""

    servers_MW: tuple[float, float, float]
    site_MW: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Flags(Shown):
    """The flags of a trade, the status of its item along the route, and the power it needs."""

    flags: tuple[Flag, ...]
    route: tuple[dict[str, object], ...]
    power: Power | None
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return flags, route and power as plain JSON values."""
        count = {s: sum(f.to_json()["state"] == s for f in self.flags) for s in ("raised", "unknown", "clear")}
        out: dict[str, Any] = {
            "flags": [f.to_json() for f in self.flags], "count": count, "route": list(self.route),
            "notes": list(self.notes),
        }  # fmt: skip
        if self.power is not None:
            names = ("low", "mid", "high")
            out["power"] = {
                "servers_MW": dict(zip(names, self.power.servers_MW, strict=True)),
                "site_MW": dict(zip(names, self.power.site_MW, strict=True)),
            }
        return out


@cache
def _root() -> dict[str, Value]:
    return read_file(DATA / "flags.yaml", "diversion/flags.yaml").fields(("format", "flags", "power"))


def _triple(name: str) -> tuple[float, float, float]:
    f = _root()["power"].group()[name].fields(("low", "mid", "high", *EVIDENCE), ("note",))
    low, mid, high = (float(f[k].number(above=0)) for k in ("low", "mid", "high"))
    return low, mid, high


def _level(name: str) -> float:
    return float(_root()["power"].group()[name].fields(("value", *EVIDENCE), ("note",))["value"].number(above=0))


def site_power(item: str, quantity: int) -> Power | None:
    """Return the power that `quantity` chips in servers and their site draw, None where the chip's is not known.

    Rated power of the chip, times a factor for the rest of the server, times the site's ratio of all power to that of
    its servers (PUE).

    Parameters
    ----------
    quantity : number of chips, > 0 [1]

    Raises
    ------
    Problem
        If the item is not in the catalogue.

    Examples
    --------
    >>> [round(x, 1) for x in site_power("nvidia-h100", 10_000).site_MW]
    [10.0, 15.7, 22.4]
    """
    tdp = catalogue.find(item).figures.get("tdp_W")
    if tdp is None:
        return None
    chips_MW = quantity * float(tdp.value) / 1e6
    server = _triple("server_factor")
    pue = _triple("pue")
    servers = (chips_MW * server[0], chips_MW * server[1], chips_MW * server[2])
    return Power(servers, (servers[0] * pue[0], servers[1] * pue[1], servers[2] * pue[2]))


def flags(deal: Deal, listed: Callable[[Deal], Found] | None = None) -> Flags:
    """Return the flags of a trade, raised, clear or not known, and the status of the item along its route.

    Parameters
    ----------
    listed : says whether a party's name or address is that of a listed party, with the facts; without it only what the
        trade states itself is used

    Raises
    ------
    Problem
        If the item is not in the catalogue and no sheet.
    """
    item = sheet_named(deal.item) if deal.item is not None else None
    power = None
    if deal.item is not None and deal.quantity is not None and deal.item in catalogue.ids():
        power = site_power(deal.item, deal.quantity)
    seen = listed(deal) if listed is not None else (None, [])
    tests: dict[str, Found] = {
        "RF-01": _is(deal.bought_before_2022_10, False, "no purchase of such chips before October 2022"),
        "RF-02": _address(deal),
        "RF-03": _is(deal.website, False, "no public footprint that suits the volume"),
        "RF-04": _capacity(deal, power),
        "RF-05": _headquarters(deal),
        "RF-06": _end_use(deal),
        "RF-07": _delivery(deal),
        "RF-08": _shared(deal, seen),
        "RF-09": _young(deal),
        "RF-10": _payment(deal),
        "RF-11": _is(deal.labels_changed, True, "labels, serial numbers or classification were to be changed"),
    }
    found = []
    for name, value in _root()["flags"].group().items():
        f = value.fields(("asks", "settles", *EVIDENCE))
        cite, checked = cited(f)
        raised, facts = tests[name]
        found.append(Flag(name, raised, tuple(facts), f["asks"].text(), f["settles"].text(), cite, checked))
    notes = ["a flag is no prohibition; one that is raised or unknown and stays so means: do not proceed, or apply"]
    route = _route(deal, item)
    if item is None or not deal.route or deal.on is None:
        notes.append("the route is judged when item, route and day (`on`) are all given")
    return Flags(tuple(found), tuple(route), power, tuple(notes))


def _is(fact: Truth, when: bool, words: str) -> Found:
    return (None, []) if fact is None else (fact is when, [words] if fact is when else [])


def _join(*parts: Found) -> Found:
    return any_of(raised for raised, _ in parts), [word for _, words in parts for word in words]


def _address(deal: Deal) -> Found:
    if deal.address_kind is None:
        return None, []
    odd = deal.address_kind in ("residential", "virtual-office", "mail-box")
    return odd, [f"the buyer's address is of the kind {deal.address_kind}"] if odd else []


def _capacity(deal: Deal, power: Power | None) -> Found:
    if power is None:
        return None, []
    words = f"{deal.quantity:,} chips draw {power.site_MW[0]:.2g} to {power.site_MW[2]:.2g} MW at the site"
    parts: list[Found] = []
    for have, need, name in (
        (deal.site_power_MW, power.site_MW, "power"),
        (deal.site_cooling_MW, power.servers_MW, "cooling"),
    ):
        if have is None or need[0] <= have < need[1]:
            parts.append((None, [f"{words}; {name} shown: {have:g} MW, too close to tell"] if have is not None else []))
        else:
            parts.append((have < need[0], [f"{words}; {name} shown: {have:g} MW"] if have < need[0] else []))
    if deal.racks is not None and deal.liquid_cooled is False:
        dense = power.servers_MW[0] * 1e3 / deal.racks
        over = dense > _level("air_cooled_rack_kW")
        parts.append((over, [f"{dense:.0f} kW a rack with air cooling"] if over else []))
    return _join(*parts)


def _headquarters(deal: Deal) -> Found:
    group = members("D:5", deal.on or dt.date.today()) | {"MO"}
    parts: list[Found] = []
    for seat, name in ((deal.seat, "the buyer"), (deal.parent_seat, "its ultimate parent")):
        if seat == "undisclosed":
            parts.append((True, [f"{name} does not say where its headquarters are"]))
        elif seat is None:
            parts.append((None, []))
        else:
            away = seat in group and deal.country is not None and deal.country not in group
            unknown = seat in group and deal.country is None
            words = [f"{name} has its headquarters in {seat}, the buyer sits in {deal.country}"] if away else []
            parts.append((None if unknown else away, words))
    return _join(*parts)


def _end_use(deal: Deal) -> Found:
    parts: list[Found] = []
    for fact, name in ((deal.end_user, "end user"), (deal.end_use, "end use")):
        hidden = None if fact is None else fact == "undisclosed"
        parts.append(_is(hidden, True, f"the buyer does not name the {name}"))
    if deal.trains_for_others:
        parts.append(_is(deal.tenants_known, False, "models are trained for others who are not known"))
    return _join(*parts)


def _delivery(deal: Deal) -> Found:
    parts: list[Found] = [(None, [])]
    if deal.delivery is not None:
        odd = deal.delivery != "installation-site"
        parts = [(odd, [f"delivery to: {deal.delivery}"] if odd else [])]
    consignees = [p for p in deal.parties if p.role == "consignee" and p.address]
    for party in consignees:
        if deal.site_address is not None and party.address != deal.site_address:
            parts.append((True, [f"the consignee {party.name} is not at the site of installation"]))
    return _join(*parts)


def _shared(deal: Deal, seen: Found) -> Found:
    own = _is(deal.shares_with_listed, True, "address, telephone or officers are shared with a listed party")
    return (seen[0], seen[1]) if seen[0] is True and own[0] is not True else (own[0], own[1] + seen[1])


def _young(deal: Deal) -> Found:
    large = None if deal.quantity is None else deal.quantity >= _level("large_order")
    if large is False:
        return False, []
    after = None if deal.founded is None else deal.founded > RULE_OF_2022
    parts = [
        _is(after, True, f"founded {deal.founded}, after the rule of October 2022, and an order of {deal.quantity}"),
        _is(deal.sector_record, False, f"no record in the field and an order of {deal.quantity}"),
    ]
    raised, words = _join(*parts)
    return (None, []) if large is None and raised is not False else (raised, words)


def _payment(deal: Deal) -> Found:
    parts: list[Found] = [
        _is(deal.third_party_pays, True, "somebody other than the buyer pays"),
        _is(deal.late_change, True, "consignee or route changed at the last minute"),
        _is(deal.installation_ordered, False, "neither installation nor service is ordered"),
    ]
    payers = [p for p in deal.parties if p.role == "payer"]
    buyers = {p.name for p in deal.parties if p.role == "buyer"}
    parts += [(True, [f"{p.name} pays and is not the buyer"]) for p in payers if buyers and p.name not in buyers]
    return _join(*parts)


def _route(deal: Deal, item: ItemSheet | None) -> list[dict[str, object]]:
    """Return for each country after the first what a sale of the item to it would need that day."""
    if item is None or deal.on is None or not deal.route:
        return []
    seat, parent = (None if s == "undisclosed" else s for s in (deal.seat, deal.parent_seat))
    if parent is None and seat is not None and seat not in members("D:5", deal.on) | {"MO"}:
        seat = None  # a seat alone would stand for the parent's too, which nobody has told
    start = deal.route[0] if len(deal.route) > 1 else "US"
    found: list[dict[str, object]] = []
    for country in deal.route[1:] or deal.route:
        trade = Trade(to=country, on=deal.on, from_=start, seat=seat, parent_seat=parent)
        try:
            us = assess(item, trade).us
        except Problem as problem:
            raise Problem(deal.where, f"route to {country}: {problem.given}", problem.needed, problem.fix) from None
        found.append(
            {
                "country": country, "outcome": us.outcome, "review": us.review,
                "classification": list(us.classification), "missing": list(us.missing),
                "rules": list(dict.fromkeys(str(b["rule"]) for b in us.because)),
            }
        )  # fmt: skip
    return found
