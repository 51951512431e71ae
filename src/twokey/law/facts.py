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
from twokey.law.entities import listed_as
from twokey.law.question import Trade
from twokey.law.terms import terms
from twokey.quantities.exact import as_text
from twokey.quantities.problem import Problem
from twokey.quantities.unknown import Truth

__all__ = ["Atom", "Facts", "Span", "facts_of", "is_product"]

_FORM = re.compile(r"(-(\d+gb|sxm\d?|pcie|nvl|oam|hgx|hbm\w*))+")
"""What may follow a product's name without making it another product: memory and form."""

_OF_TRADE = frozenset(
    ("site_percent_complete", "listed_ownership_percent", "listed_party", "seller", "destination", "entry", "origin",
     "headquarters", "end_user_seat", "end_user", "use", "end_use", "site", "exporter", "packaged_in", "authorisation")
)  # fmt: skip
"""Words whose tests hang on the trade, whatever the item."""

_OF_CIRCUMSTANCE = frozenset(
    ("listed_ownership_percent", "listed_party", "end_use", "exporter", "packaged_in", "authorisation")
)
"""Words about circumstances of a trade that are absent unless a sheet says otherwise."""

Span = tuple[Fraction, Fraction]

_VENDORS = ("nvidia-", "amd-", "intel-", "huawei-", "instinct-", "tesla-", "geforce-", "ascend-")


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
        return self.kind in ("number", "flag", "day", "word", "place") and self.term not in _OF_TRADE

    @property
    def of_circumstance(self) -> bool:
        """Whether the test is about a circumstance that few trades have."""
        return self.term in _OF_CIRCUMSTANCE

    @property
    def of_special_item(self) -> bool:
        """Whether the test is about what few items are or contain."""
        return self.term in ("processor", "memory_bandwidth_density", "contains", "chinese_rare_earth_percent")

    def truth(self, facts: Facts) -> Truth:
        """Return what the facts make of the test; None where they do not settle it."""
        return _READERS[self.kind](self, facts)


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts; None stands for one that is not known.

    `numbers` holds exact values by term, `ranges` the least and greatest value of some that are not known exactly.
    `listing` says where the end user is listed. `since` is the earliest and the latest day on which the item may have
    come to the US market. `published` holds points a rule leaves open, settled by an assumption. `texts` holds numbers
    of the item as people write them.
    """

    numbers: Mapping[str, Fraction | None]
    ranges: Mapping[str, Span]
    datacentre: bool | None
    hbm: bool | None
    processor: bool
    contains: tuple[str, ...]
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
    end_use: str
    exporter: str
    packaged_in: str | None
    authorisation: str
    listed_party: bool
    listing: str
    published: Mapping[str, bool]
    texts: Mapping[str, str]
    plain: bool
    """Whether the trade has none of the circumstances that few trades have, and the item is a processor like most."""

    def text(self, term: str) -> str:
        """Return a number, or the range of one that is uncertain, as people write it."""
        known = self.texts.get(term)
        if known is not None:
            return known
        span = self.span(term)
        assert span is not None
        return as_text(span[0]) if span[0] == span[1] else f"between {as_text(span[0])} and {as_text(span[1])}"

    def span(self, term: str) -> Span | None:
        """Return the least and the greatest value of a number, the same twice where it is known; None without any.

        Links between chips are part of all I/O, so where a sheet gives the I/O alone they are at most that.
        """
        known = _span(term, self.numbers, self.ranges)
        if known is not None:
            return known
        if term == "interconnect_bandwidth_GBps":
            io = _span("io_bandwidth_GBps", self.numbers, self.ranges)
            return None if io is None else (_NOTHING, io[1])
        if term == "dram_plus_interconnect_GBps":
            dram, links = self.span("dram_bandwidth_GBps"), self.span("interconnect_bandwidth_GBps")
            return None if dram is None or links is None else (dram[0] + links[0], dram[1] + links[1])
        return None

    def plainly(self) -> Facts:
        """Return the same facts without the circumstances that few trades have."""
        if self.plain:
            return self
        return self.but(
            numbers={**self.numbers, "listed_ownership_percent": _NOTHING},
            ranges={term: span for term, span in self.ranges.items() if term not in _OF_CIRCUMSTANCE},
            end_use="", exporter="designer", packaged_in=None, authorisation="", listed_party=False, listing="",
        )  # fmt: skip

    def but(self, **changes: Any) -> Facts:
        """Return the same facts with some replaced."""
        return replace(self, **changes)


def facts_of(
    item: ItemSheet, trade: Trade, published: Mapping[str, bool] | None = None, known_on: dt.date | None = None
) -> Facts:
    """Return the facts of an item in a trade. Hong Kong is China to the United States (`destination`, `seat`).

    A name of the data's list of parties is looked up; one that is not there is taken not to be listed.

    Raises
    ------
    Problem
        If the trade has no destination or no day.
    """
    if trade.to is None:
        raise Problem("the trade", "no destination", "a country to ship to", "write --to CN, or `to: CN` in the sheet")
    seller = trade.seller if trade.seller is not None else item.seller
    known = _of_item(item)
    owned, span = _listed_ownership(trade, known_on) if trade.owners else (_NOTHING, None)
    entity = listed_as(trade.end_user, trade.on, known_on) if trade.end_user and trade.on else None
    agency = trade.end_user is not None and _slug(trade.end_user) == "uae-government"
    authorisation = trade.authorisation or ("uae-government" if agency else "")
    return Facts(
        numbers={
            **known.numbers,
            "site_percent_complete": trade.site_percent_complete,
            "listed_ownership_percent": owned,
        },
        ranges=known.ranges if span is None else {**known.ranges, "listed_ownership_percent": span},
        datacentre=item.datacentre,
        hbm=item.hbm,
        processor=item.memory_stack is None,
        contains=item.contains,
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
        end_use=trade.use if trade.use in ("weapons", "military-intelligence", "remote-access") else "",
        exporter=trade.exporter or "designer",
        packaged_in=_china(trade.packaged_in),
        authorisation=authorisation,
        listed_party=entity is not None,
        listing=f"{entity.name}, listed {entity.effective} [{entity.cite}]" if entity is not None else "",
        published=published or {},
        texts=known.texts,
        plain=entity is None
        and item.memory_stack is None
        and not item.contains
        and not item.chinese_rare_earth_percent
        and not (trade.owners or trade.exporter or trade.packaged_in or authorisation or trade.use),
    )


_NOTHING = Fraction(0)


def _listed_ownership(trade: Trade, known_on: dt.date | None) -> tuple[Fraction | None, Span | None]:
    """Return the share of the end user that listed parties own together [percent], or the least and most it can be."""
    assert trade.on is not None
    least, others, open_ = Fraction(0), Fraction(0), False
    for owner in trade.owners:
        listed = owner.listed if owner.listed is not None else listed_as(owner.name, trade.on, known_on) is not None
        if not listed:
            others += owner.percent or 0
        elif owner.percent is None:
            open_ = True
        else:
            least += owner.percent
    return (None, (least, 100 - others)) if open_ else (least, None)


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
    ranges: dict[str, Span]
    texts: dict[str, str]
    products: tuple[str, ...]


_KNOWN: dict[int, _OfItem] = {}


def _of_item(item: ItemSheet) -> _OfItem:
    """Return the numbers and names of an item; worked out once for each, which is held so that its identity stays."""
    known = _KNOWN.get(id(item))
    if known is None or known.item is not item:
        if len(_KNOWN) >= 4096:
            _KNOWN.clear()
        numbers, ranges = _numbers_of(item)
        texts = {name: as_text(value) for name, value in numbers.items() if value is not None}
        products = tuple(dict.fromkeys(_slug(name) for name in (item.id, item.name) if name))
        known = _KNOWN[id(item)] = _OfItem(item, numbers, ranges, texts, products)
    return known


_GIVEN = ("applicable_die_area_mm2", "dram_bandwidth_GBps", "io_bandwidth_GBps", "interconnect_bandwidth_GBps",
          "transistors_bn")  # fmt: skip


def _numbers_of(item: ItemSheet) -> tuple[dict[str, Fraction | None], dict[str, Span]]:
    """Return the value of every numeric term of an item, derived ones by the formula of the data, and the ranges of
    those that are uncertain."""
    zero = Fraction(0)
    stack = item.memory_stack
    found: dict[str, Fraction | None] = {name: getattr(item, name) for name in _GIVEN}
    found["chinese_rare_earth_percent"] = item.chinese_rare_earth_percent or zero
    ranges = {name: (low, high) for name, (low, _, high) in item.uncertain.items() if name != "modes"}
    if "modes" in item.uncertain:
        ranges["tpp"] = (item.uncertain["modes"][0], item.uncertain["modes"][2])
    if stack is None:
        found["memory_bandwidth_density"] = zero  # 3A090.c leaves aside memory that is packaged with a processor
    else:  # a stack of memory has no processing units and no links of its own
        found.update(dict.fromkeys(("tpp", "performance_density", *_GIVEN), zero))
        found["memory_stack_bandwidth_GBps"] = stack.bandwidth_GBps
        found["memory_stack_package_area_mm2"] = stack.package_area_mm2
    for name, term in terms().items():
        if term.formula is None or name in found:
            continue
        fold, _, left, op, right = term.formula
        if fold:
            rows = ((Fraction(getattr(m, left)), Fraction(getattr(m, right))) for m in item.modes or ())
            found[name] = max((_apply(op, a, b) for a, b in rows), default=None)
            continue
        x, y = found.get(left), found.get(right)
        found[name] = None if x is None or y is None else _apply(op, x, y)
        a, b = _span(left, found, ranges), _span(right, found, ranges)
        if found[name] is None and a is not None and b is not None:
            ranges[name] = (_apply(op, a[0], b[0]), _apply(op, a[1], b[1]))
            if op == "/":
                ranges[name] = (a[0] / b[1], a[1] / b[0])
    return found, ranges


def _span(name: str, numbers: Mapping[str, Fraction | None], ranges: Mapping[str, Span]) -> Span | None:
    value = numbers.get(name)
    return (value, value) if value is not None else ranges.get(name)


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
    if value is not None:
        return _compare(a.op, value, a.operand)
    span = f.span(a.term)
    if span is None:
        return None
    least, most = (_compare(a.op, end, a.operand) for end in span)
    return least if least == most else None


_PLACES = {"end_user_seat": "seat", "entry": "destination", "origin": "origin", "seller_seat": "seller_seat",
           "packaged_in": "packaged_in"}  # fmt: skip


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
    if a.term == "contains":
        return any(word in a.operand for word in f.contains)
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
    value = getattr(f, a.term)
    return None if value is None else value == a.operand


def _unpublished(a: Atom, f: Facts) -> Truth:
    return f.published.get(a.operand)


_READERS = {"number": _number, "place": _place, "word": _word, "day": _day, "flag": _flag, "unpublished": _unpublished}
