"""A trade as the compliance desk sees it: parties, route, site, payment; what is not known is left out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twokey.law.groups import parse_country
from twokey.quantities.unknown import Truth
from twokey.sources.text import Value, read_file

__all__ = ["ADDRESSES", "DELIVERY", "ROLES", "Deal", "Party", "read_deal"]

ADDRESSES = ("office", "industrial", "data-centre", "residential", "virtual-office", "mail-box")
"""Kinds of address."""

DELIVERY = ("installation-site", "forwarder", "trading-firm", "warehouse", "undisclosed")
"""Places a consignment can go to."""

ROLES = ("buyer", "end-user", "consignee", "forwarder", "bank", "payer", "installer", "owner", "officer")
"""What a party does in a trade."""


@dataclass(frozen=True, slots=True)
class Party:
    """A party of a trade: name, role, country and address, as far as they are known."""

    name: str
    role: str
    country: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Deal:
    """A trade; None stands for what is not known.

    Parameters
    ----------
    item : catalogue id or item sheet
    route : countries from that of export to that of destination
    country, seat, parent_seat : where the buyer is, where it and its ultimate parent have their headquarters;
        "undisclosed" where the buyer will not say
    founded : first day of the buyer
    bought_before_2022_10, website, sector_record : whether the buyer bought such chips before the rule of October 2022,
        has a public footprint that suits the volume, has a record in the field
    end_user, end_use : names, "undisclosed" where the buyer will not say
    trains_for_others, tenants_known : whether models are trained for others, and whether it is known for whom
    site_power_MW, site_cooling_MW, racks, liquid_cooled : what the site can show
    """

    where: str
    item: str | None = None
    quantity: int | None = None
    on: dt.date | None = None
    route: tuple[str, ...] = ()
    parties: tuple[Party, ...] = ()
    country: str | None = None
    seat: str | None = None
    parent_seat: str | None = None
    founded: dt.date | None = None
    address_kind: str | None = None
    bought_before_2022_10: Truth = None
    website: Truth = None
    sector_record: Truth = None
    shares_with_listed: Truth = None
    end_user: str | None = None
    end_use: str | None = None
    trains_for_others: Truth = None
    tenants_known: Truth = None
    delivery: str | None = None
    site_address: str | None = None
    site_power_MW: float | None = None
    site_cooling_MW: float | None = None
    racks: int | None = None
    liquid_cooled: Truth = None
    third_party_pays: Truth = None
    late_change: Truth = None
    installation_ordered: Truth = None
    labels_changed: Truth = None


_TEXTS = ("item", "end_user", "end_use", "site_address")
_TRUTHS = (
    "bought_before_2022_10", "website", "sector_record", "shares_with_listed", "trains_for_others", "tenants_known",
    "liquid_cooled", "third_party_pays", "late_change", "installation_ordered", "labels_changed",
)  # fmt: skip
_OTHER = (
    "quantity", "on", "route", "parties", "country", "seat", "parent_seat", "founded", "address_kind", "delivery",
    "site_power_MW", "site_cooling_MW", "racks",
)  # fmt: skip


def read_deal(path: Path | str) -> Deal:
    """Read a trade from a YAML or JSON file.

    Raises
    ------
    Problem
        With file and line: an unknown key, a country or a day that does not exist, a word that is not offered.
    """
    f = read_file(path).fields((), (*_TEXTS, *_TRUTHS, *_OTHER))

    def seat(name: str) -> str | None:
        if name not in f:
            return None
        text = f[name].text()
        return text if text == "undisclosed" else parse_country(text, f[name].where)

    def word(name: str, allowed: tuple[str, ...]) -> str | None:
        return f[name].one_of(allowed) if name in f else None

    def amount(name: str) -> float | None:
        return float(f[name].number(least=0)) if name in f else None

    texts: dict[str, Any] = {name: f[name].text() for name in _TEXTS if name in f}
    truths: dict[str, Any] = {name: f[name].yes_no() for name in _TRUTHS if name in f}
    return Deal(
        where=str(path),
        quantity=f["quantity"].whole(least=1) if "quantity" in f else None,
        on=f["on"].day() if "on" in f else None,
        route=tuple(parse_country(v.text(), v.where) for v in f["route"]) if "route" in f else (),
        parties=tuple(_party(v) for v in f["parties"]) if "parties" in f else (),
        country=seat("country"),
        seat=seat("seat"),
        parent_seat=seat("parent_seat"),
        founded=f["founded"].day() if "founded" in f else None,
        address_kind=word("address_kind", ADDRESSES),
        delivery=word("delivery", DELIVERY),
        site_power_MW=amount("site_power_MW"),
        site_cooling_MW=amount("site_cooling_MW"),
        racks=f["racks"].whole(least=1) if "racks" in f else None,
        **texts,
        **truths,
    )


def _party(value: Value) -> Party:
    f = value.fields(("name", "role"), ("country", "address"))
    return Party(
        f["name"].text(),
        f["role"].one_of(ROLES),
        parse_country(f["country"].text(), f["country"].where) if "country" in f else None,
        f["address"].text() if "address" in f else None,
    )
