"""The facts of a trade: who sends what where, when, to whom and for what."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from twokey.law.groups import parse_country
from twokey.sources.text import Value, read_file, read_text

__all__ = ["Trade", "parse_country", "read_trade", "trade_from_value"]


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
    end_user, owners : names of the end user and of its owners
    site : state-funded or private
    site_percent_complete : how far the project is built [percent]
    seller : slug of the seller; None means the one of the item sheet
    quantity : number of parts [1]
    use : `new-centre` and `expanded-centre` bring the Chinese advice on efficiency into play, `existing-centre` keeps
        it out; any other word settles nothing
    """

    to: str | None = None
    on: dt.date | None = None
    from_: str = "US"
    seat: str | None = None
    parent_seat: str | None = None
    end_user: str | None = None
    owners: tuple[str, ...] = ()
    site: str | None = None
    site_percent_complete: Fraction | None = None
    seller: str | None = None
    quantity: int | None = None
    use: str | None = None

    def with_(self, **facts: Any) -> Trade:
        """Return the same trade with some facts replaced.

        Examples
        --------
        >>> Trade(to="CN").with_(seat="CN").seat
        'CN'
        """
        return replace(self, **facts)


_FIELDS = (
    "to", "from", "on", "end_user", "seat", "parent_seat", "owners", "site", "site_percent_complete", "seller",
    "quantity", "use",
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

    owners: tuple[str, ...] = ()
    if "owners" in f:
        owners = f["owners"].texts() if f["owners"].is_list else (f["owners"].text(),)
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
