"""The facts of a trade: who sends what where, when, to whom and for what."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from twokey.law.groups import parse_country
from twokey.sources.text import Value, read_file, read_text

__all__ = ["Owner", "Trade", "parse_country", "read_trade", "trade_from_value"]


@dataclass(frozen=True, slots=True)
class Owner:
    """An owner of the end user: its share, direct and indirect together [percent], and whether it is a listed party.

    None stands for what is not known; whether an owner of the list's very name is listed is looked up.
    """

    name: str
    percent: Fraction | None = None
    listed: bool | None = None


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade as the law sees it; None stands for a fact that is not known.

    Parameters
    ----------
    to, from_ : destination and country of export (ISO 3166 alpha-2)
    on : the day of the trade
    seat : headquarters of the end user's ultimate parent, or of the end user itself; it settles both tests of
        headquarters unless `parent_seat` is given too
    parent_seat : headquarters of the ultimate parent
    end_user : name of the end user
    owners : its owners; without any, no listed party is taken to own a share
    site : state-funded or private
    site_percent_complete : how far the project is built [percent]
    seller : slug of the seller; None means the one of the item sheet
    quantity : number of parts [1]
    use : `new-centre` and `expanded-centre` bring the Chinese advice on efficiency into play, `existing-centre` keeps
        it out; `weapons`, `military-intelligence` and `remote-access` are what some American rules ask for; any other
        word settles nothing
    exporter : designer, fabricator or osat (who packages and tests); without a word, the designer
    packaged_in : country where the package was closed (ISO 3166 alpha-2)
    authorisation : data-centre-veu where the end user is an approved one, uae-government where it is an agency of the
        United Arab Emirates (its name as end user says the same), uae-supplement-8 where it is a firm of supplement 8
        to part 740; without a word, none
    """

    to: str | None = None
    on: dt.date | None = None
    from_: str = "US"
    seat: str | None = None
    parent_seat: str | None = None
    end_user: str | None = None
    owners: tuple[Owner, ...] = ()
    site: str | None = None
    site_percent_complete: Fraction | None = None
    seller: str | None = None
    quantity: int | None = None
    use: str | None = None
    exporter: str | None = None
    packaged_in: str | None = None
    authorisation: str | None = None

    def with_(self, **facts: Any) -> Trade:
        """Return the same trade with some facts replaced.

        Examples
        --------
        >>> Trade(to="CN").with_(seat="CN").seat
        'CN'
        """
        return replace(self, **facts)


AUTHORISATIONS = ("data-centre-veu", "uae-government", "uae-supplement-8")
"""What an end user may be that a rule names and no list of the data holds."""

_FIELDS = (
    "to", "from", "on", "end_user", "seat", "parent_seat", "owners", "site", "site_percent_complete", "seller",
    "quantity", "use", "exporter", "packaged_in", "authorisation",
)  # fmt: skip


def trade_from_value(root: Value) -> Trade:
    """Return the trade written in `root`, every field checked.

    Raises
    ------
    Problem
        With file and line: an unknown key, a country or a day that does not exist, a word that is not offered.
    """
    f = root.fields((), _FIELDS)

    def country(name: str) -> str | None:
        return parse_country(f[name].text(), f[name].where) if name in f else None

    def text(name: str) -> str | None:
        return f[name].text() if name in f else None

    owners: tuple[Owner, ...] = ()
    if "owners" in f:
        owners = tuple(map(_owner, f["owners"].items() if f["owners"].is_list else [f["owners"]]))
        if sum((o.percent or Fraction(0) for o in owners), Fraction(0)) > 100:
            raise f["owners"].refuse("shares of at most 100 percent together", "correct them", given="more than that")
    percent = None
    if "site_percent_complete" in f:
        percent = f["site_percent_complete"].number(least=0)
        if percent > 100:
            raise f["site_percent_complete"].refuse("a number from 0 to 100 [percent]", "correct it")
    return Trade(
        to=country("to"),
        on=f["on"].day() if "on" in f else None,
        from_=country("from") or "US",
        seat=country("seat"),
        parent_seat=country("parent_seat"),
        end_user=text("end_user"),
        owners=owners,
        site=f["site"].one_of(("state-funded", "private")) if "site" in f else None,
        site_percent_complete=percent,
        seller=text("seller"),
        quantity=f["quantity"].whole(least=1) if "quantity" in f else None,
        use=text("use"),
        exporter=f["exporter"].one_of(("designer", "fabricator", "osat")) if "exporter" in f else None,
        packaged_in=country("packaged_in"),
        authorisation=f["authorisation"].one_of(AUTHORISATIONS) if "authorisation" in f else None,
    )


def _owner(v: Value) -> Owner:
    if v.is_scalar:
        return Owner(v.text())
    f = v.fields(("name",), ("percent", "listed"))
    return Owner(
        f["name"].text(),
        f["percent"].number(least=0, most=100) if "percent" in f else None,
        f["listed"].yes_no() if "listed" in f else None,
    )


def read_trade(path: Path | str) -> Trade:
    """Read a trade sheet from a YAML or JSON file; "-" reads standard input.

    Raises
    ------
    Problem
        If the file cannot be read or a field cannot be used.
    """
    if str(path) == "-":
        import sys

        return trade_from_value(read_text(sys.stdin.read(), "standard input"))
    return trade_from_value(read_file(path))
