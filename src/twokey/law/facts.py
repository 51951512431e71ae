"""What is known of an item and a trade, as the tests of the law read it, and what each test says of it."""

from __future__ import annotations

import calendar
import datetime as dt
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from twokey.chips.item import ItemSheet
from twokey.law.question import Trade
from twokey.law.terms import terms
from twokey.quantities.exact import as_text
from twokey.quantities.problem import Problem
from twokey.quantities.unknown import Truth

__all__ = ["Atom", "Facts", "facts_of", "is_product"]

_FORM = re.compile(r"(-(\d+gb|sxm\d?|pcie|nvl|oam|hgx|hbm\w*))+")
"""What may follow a product's name without making it another product: memory and form."""

_VENDORS = ("nvidia-", "amd-", "intel-", "huawei-", "geforce-", "ascend-")


@dataclass(frozen=True, slots=True)
class Atom:
    """One test with its words resolved for a day: places are country codes, unpublished points carry their rule."""

    kind: str
    term: str
    op: str
    operand: Any

    @property
    def facts(self) -> tuple[str, ...]:
        """Names of the sheet fields (or of the unpublished point) that settle the test."""
        return (str(self.operand),) if self.kind == "unpublished" else terms()[self.term].facts

    @property
    def of_item(self) -> bool:
        """Whether the item sheet alone answers the test, whatever the trade."""
        if self.kind == "number":
            return self.term != "site_percent_complete"
        return self.kind in ("flag", "day") or self.term in ("product", "seller_seat")

    def truth(self, facts: Facts) -> Truth:
        """Return what the facts make of the test; None where they do not settle it."""
        return _READERS[self.kind](self, facts)


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts; None stands for one that is not known.

    `numbers` holds exact values by term. `since` is the earliest and the latest day on which the item may have
    come to the US market. `published` holds points a rule leaves open, settled by an assumption. `texts` holds numbers
    of the item as people write them.
    """

    numbers: Mapping[str, Fraction | None]
    datacentre: bool | None
    products: tuple[str, ...]
    seller: str | None
    seller_seat: str | None
    destination: str
    origin: str
    seat: str | None
    parent_seat: str | None
    since: tuple[dt.date, dt.date] | None
    site: str | None
    use: str | None
    end_user: str | None
    published: Mapping[str, bool]
    texts: Mapping[str, str]

    def text(self, term: str) -> str:
        """Return a number that is known, as people write it."""
        known = self.texts.get(term)
        if known is None:
            value = self.numbers[term]
            assert value is not None
            known = as_text(value)
        return known

    def but(self, **changes: Any) -> Facts:
        """Return the same facts with some replaced."""
        return replace(self, **changes)


def facts_of(item: ItemSheet, trade: Trade, published: Mapping[str, bool] | None = None) -> Facts:
    """Return the facts of an item in a trade. Hong Kong is China to the United States (`destination`, `seat`).

    Raises
    ------
    Problem
        If the trade has no destination or no day.
    """
    if trade.to is None:
        raise Problem("the trade", "no destination", "a country to ship to", "write --to CN, or `to: CN` in the sheet")
    seller = trade.seller if trade.seller is not None else item.seller
    known = _of_item(item)
    return Facts(
        numbers={**known.numbers, "site_percent_complete": trade.site_percent_complete},
        datacentre=item.datacentre,
        products=known.products,
        seller=_slug(seller) if seller else None,
        seller_seat=item.seller_seat,
        destination=trade.to,
        origin=trade.from_,
        seat=_china(trade.seat),
        parent_seat=_china(trade.parent_seat),
        since=_month(item.us_commercial_since),
        site=trade.site,
        use=_slug(trade.use) if trade.use in ("new-centre", "expanded-centre", "existing-centre") else None,
        end_user=_slug(trade.end_user) if trade.end_user else None,
        published=published or {},
        texts=known.texts,
    )


def is_product(item: ItemSheet, word: str) -> bool:
    """Return whether an item is the product a rule names.

    Examples
    --------
    >>> is_product(ItemSheet("NVIDIA H20 96GB"), "h20"), is_product(ItemSheet("NVIDIA H200 SXM"), "h20")
    (True, False)
    """
    return any(_is_named(_slug(name), word) for name in (item.id, item.name) if name)


@dataclass(frozen=True, slots=True)
class _OfItem:
    item: ItemSheet
    numbers: dict[str, Fraction | None]
    texts: dict[str, str]
    products: tuple[str, ...]


_KNOWN: dict[int, _OfItem] = {}


def _of_item(item: ItemSheet) -> _OfItem:
    """Return the numbers and names of an item; worked out once for each, which is held so that its identity stays."""
    known = _KNOWN.get(id(item))
    if known is None or known.item is not item:
        if len(_KNOWN) >= 4096:
            _KNOWN.clear()
        numbers = _numbers_of(item)
        texts = {name: as_text(value) for name, value in numbers.items() if value is not None}
        products = tuple(dict.fromkeys(_slug(name) for name in (item.id, item.name) if name))
        known = _KNOWN[id(item)] = _OfItem(item, numbers, texts, products)
    return known


def _numbers_of(item: ItemSheet) -> dict[str, Fraction | None]:
    """Return the value of every numeric term of an item, derived ones by the formula of the data."""
    found: dict[str, Fraction | None] = {
        "applicable_die_area_mm2": item.applicable_die_area_mm2,
        "dram_bandwidth_GBps": item.dram_bandwidth_GBps,
        "io_bandwidth_GBps": item.io_bandwidth_GBps,
    }
    for name, term in terms().items():
        if term.formula is None:
            continue
        fold, _, left, op, right = term.formula
        if fold:
            rows = ((Fraction(getattr(m, left)), Fraction(getattr(m, right))) for m in item.modes or ())
            found[name] = max((_apply(op, a, b) for a, b in rows), default=None)
        else:
            a, b = found.get(left), found.get(right)
            found[name] = None if a is None or b is None else _apply(op, a, b)
    return found


def _apply(op: str, a: Fraction, b: Fraction) -> Fraction:
    return a * b if op == "*" else a / b if op == "/" else a + b


@functools.lru_cache(maxsize=4096)
def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _china(code: str | None) -> str | None:
    return "CN" if code == "HK" else code


def _month(text: str | None) -> tuple[dt.date, dt.date] | None:
    if text is None:
        return None
    year, month, *day = (int(part) for part in text.split("-"))
    last = calendar.monthrange(year, month)[1]
    if day and not 1 <= day[0] <= last:
        raise Problem("us_commercial_since", text, "a month or day that exists", "write it like 2023-11")
    return (dt.date(year, month, day[0]),) * 2 if day else (dt.date(year, month, 1), dt.date(year, month, last))


# -- how each kind of test reads the facts -----------------------------------------------------------


def _compare(op: str, value: Any, limit: Any) -> bool:
    if op == ">=":
        return bool(value >= limit)
    if op == "<":
        return bool(value < limit)
    return bool(value > limit) if op == ">" else bool(value <= limit)


def _number(a: Atom, f: Facts) -> Truth:
    value = f.numbers.get(a.term)
    return None if value is None else _compare(a.op, value, a.operand)


_PLACES = {"end_user_seat": "seat", "entry": "destination", "origin": "origin", "seller_seat": "seller_seat"}


def _place(a: Atom, f: Facts) -> Truth:
    if a.term == "headquarters":
        known = [seat in a.operand for seat in (f.seat, f.parent_seat) if seat is not None]
        return True if any(known) else None if f.seat is None else False
    if a.term == "destination":
        return _china(f.destination) in a.operand
    code = getattr(f, _PLACES[a.term])
    return None if code is None else code in a.operand


def _word(a: Atom, f: Facts) -> Truth:
    if a.term == "product":
        return any(_is_named(product, word) for product in f.products for word in a.operand)
    value = getattr(f, a.term)
    if value is None:
        return None
    if a.term == "end_user":
        return any(word in value for word in a.operand)
    return value in a.operand


@functools.lru_cache(maxsize=65_536)
def _is_named(product: str, word: str) -> bool:
    """Whether a product's slug is the word, a vendor before it or its memory or form behind it left aside.

    "nvidia-h20-96gb" is "h20"; "h200" and "h20-variant" are not.
    """
    forms = [product]
    for vendor in _VENDORS:
        if forms[-1].startswith(vendor):
            forms.append(forms[-1][len(vendor) :])
    return any(
        form == word or (form.startswith(word + "-") and _FORM.fullmatch(form[len(word) :]) is not None)
        for form in forms
    )


def _day(a: Atom, f: Facts) -> Truth:
    if f.since is None:
        return None
    first, last = (_compare(a.op, day, a.operand) for day in f.since)
    return first if first == last else None


def _flag(a: Atom, f: Facts) -> Truth:
    return None if f.datacentre is None else f.datacentre == a.operand


def _unpublished(a: Atom, f: Facts) -> Truth:
    return f.published.get(a.operand)


_READERS = {"number": _number, "place": _place, "word": _word, "day": _day, "flag": _flag, "unpublished": _unpublished}
