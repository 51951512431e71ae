"""The law drawn on planes: what catches a chip at each point of a plane on each day, and chips with their margins."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from twokey.chips.catalogue import Chip, chips
from twokey.chips.item import ItemSheet, Mode
from twokey.law.answer import Answer, number
from twokey.law.assess import assess
from twokey.law.book import rules
from twokey.law.consulted import tree
from twokey.law.day import breakpoints
from twokey.law.question import Trade
from twokey.law.screen import verdict_table
from twokey.quantities.problem import Problem

__all__ = [
    "AREA_MM2",
    "VIEWS",
    "View",
    "china",
    "epochs",
    "facts_on",
    "mark",
    "marks",
    "patches",
    "picture",
    "pictures",
]

AREA_MM2 = Fraction(800)
"""Die area of the hypothetical chip on planes whose axes do not fix its performance density [mm2]."""

QUIET_GBPS = Fraction(1)
"""Bandwidth of the hypothetical chip where a plane has no axis for it: too little for any limit to bite [GB/s]."""


@dataclass(frozen=True, slots=True)
class View:
    """A plane: the facts on its axes, and what is held for a point of it."""

    name: str
    title: str
    x: str
    y: str
    held: str


VIEWS = {
    v.name: v
    for v in (
        View(
            "density",
            "TPP and performance density",
            "tpp",
            "performance_density",
            "drawn for a chip with hardly any DRAM or I/O bandwidth, so that only TPP and density speak",
        ),
        View(
            "dram",
            "TPP and DRAM bandwidth",
            "tpp",
            "dram_bandwidth_GBps",
            "drawn for a die of 800 mm² with hardly any I/O bandwidth",
        ),
        View(
            "io",
            "I/O bandwidth and TPP",
            "tpp",
            "io_bandwidth_GBps",
            "drawn for a die of 800 mm² with hardly any DRAM bandwidth",
        ),
    )
}
"""The planes, by name."""

Patch = dict[str, Any]


def epochs(first: dt.date, last: dt.date) -> list[dt.date]:
    """Return `first` and every later day up to `last` on which something in the law changes.

    Examples
    --------
    >>> [str(d) for d in epochs(dt.date(2022, 10, 1), dt.date(2022, 11, 15))]
    ['2022-10-01', '2022-10-21', '2022-11-01']
    """
    return [first, *(d for d in sorted(breakpoints(())) if first < d <= last)]


def facts_on(view: View, x: Fraction, y: Fraction, seller: str | None, datacentre: bool | None) -> ItemSheet:
    """Return the hypothetical chip that stands for a point of a plane.

    Examples
    --------
    >>> facts_on(VIEWS["density"], Fraction(1600), Fraction(2), "nvidia", True).applicable_die_area_mm2
    Fraction(800, 1)
    """
    area, dram, io = AREA_MM2, QUIET_GBPS, QUIET_GBPS
    if view.y == "performance_density":
        area = x / y
    elif view.y == "dram_bandwidth_GBps":
        dram = y
    else:
        io = y
    return ItemSheet(
        name="a point of the plane",
        seller=seller,
        seller_seat="US" if seller in ("nvidia", "amd", "intel") else None,
        datacentre=datacentre,
        modes=(Mode("16-bit", 16, x / 16),),
        applicable_die_area_mm2=area,
        dram_bandwidth_GBps=dram,
        io_bandwidth_GBps=io,
    )


def patches(view: View, trade: Trade, *, seller: str | None, datacentre: bool | None) -> list[Patch]:
    """Return a plane on the trade's day as rectangles with one answer each, those that nothing catches left out.

    The edges are the limits of the day's law; the answer in a rectangle is that of `assess` for a chip in its middle,
    so the drawing is the law's own reading. Each has `x` and `y` (from, to; None: no end), `verdict`, `us`, `review`,
    `paragraph` and `cn`.

    Raises
    ------
    Problem
        If the trade has no destination or no day.
    """
    cuts = verdict_table(trade, seller=seller, datacentre=datacentre).cuts
    tpp, density, dram, io, both = (list(c) for c in cuts)
    if view.y == "performance_density":
        xs, ys = tpp, density
    else:
        xs = tpp + [c * AREA_MM2 for c in density]
        ys = (dram if view.y == "dram_bandwidth_GBps" else io) + [c - QUIET_GBPS for c in both]
    found: list[Patch] = []
    for x0, x1 in _spans(xs):
        column: list[Patch] = []
        for y0, y1 in _spans(ys):
            answer = assess(facts_on(view, _middle(x0, x1), _middle(y0, y1), seller, datacentre), trade)
            state = _state(answer)
            if column and column[-1]["state"] == state:
                column[-1]["y"][1] = number(y1)
            else:
                column.append({"x": [number(x0), number(x1)], "y": [number(y0), number(y1)], "state": state})
        found += column
    joined: list[Patch] = []
    for p in found:  # neighbours in x with the same height and answer are one
        left = [q for q in joined if q["x"][1] == p["x"][0] and q["y"] == p["y"] and q["state"] == p["state"]]
        if left:
            left[0]["x"][1] = p["x"][1]
        else:
            joined.append(p)
    return [
        {"x": p["x"], "y": p["y"]} | dict(zip(_WORDS, p["state"], strict=True))
        for p in joined
        if p["state"][0] != "open"
    ]


_WORDS = ("verdict", "us", "review", "paragraph", "cn")


def china(view: View, trade: Trade, *, seller: str | None, datacentre: bool | None) -> dict[str, Any]:
    """Return China's key for such a chip on the trade's day: it turns on the seller, the trade and the efficiency, and
    draws no line on a plane. `also` holds what guidance and reports say beside the law.

    Raises
    ------
    Problem
        If the trade has no destination or no day.
    """
    point = facts_on(
        view, Fraction(1000), Fraction(2) if view.y == "performance_density" else Fraction(500), seller, datacentre
    )
    cn = assess(point, trade).cn
    return {
        "outcome": cn.outcome,
        "strength": cn.strength,
        "rules": list(dict.fromkeys(str(b["rule"]) for b in cn.because)),
        "also": [{name: a[name] for name in ("rule", "outcome", "strength")} for a in cn.also],
    }


def _spans(cuts: Iterable[Fraction]) -> list[tuple[Fraction, Fraction | None]]:
    ends = [Fraction(0), *sorted({c for c in cuts if c > 0})]
    return list(zip(ends, [*ends[1:], None], strict=True))


def _middle(low: Fraction, high: Fraction | None) -> Fraction:
    return low * 2 + 1 if high is None else (low + high) / 2


def _state(answer: Answer) -> tuple[str, ...]:
    paragraph = answer.us.classification[0] if answer.us.classification else ""
    return answer.verdict, answer.us.outcome, answer.us.review, paragraph, answer.cn.outcome


def mark(item: ItemSheet, trade: Trade) -> dict[str, Any]:
    """Return what a chip's point shows on the trade's day: verdict, both keys, and how far the nearest limit is.

    `margin` names the test of the rule that catches the chip which it meets most narrowly, or of those it escapes the
    one it comes nearest to: `fact`, `value`, `limit`, `unit`, `percent` (of the limit), `rule`, `cite`.

    Raises
    ------
    Problem
        If the trade has no destination or no day.

    Examples
    --------
    >>> from twokey.chips.catalogue import find
    >>> got = mark(find("nvidia-h20").item, Trade(to="CN", seat="CN", on=dt.date(2023, 12, 1)))
    >>> got["verdict"], got["margin"]["rule"], got["margin"]["limit"]
    ('open', 'us/3a090.b', 2400)
    """
    answer = assess(item, trade)
    catching = _catching(answer)
    return _said(answer) | {"margin": None if item.holds else _margin(item, trade, catching)}


def _said(answer: Answer) -> dict[str, Any]:
    return dict(zip(_WORDS, _state(answer), strict=True))


def _catching(answer: Answer) -> set[str]:
    return {str(b["rule"]) for b in answer.us.because} if answer.us.classification else set()


def _margin(item: ItemSheet, trade: Trade, catching: set[str]) -> dict[str, Any] | None:
    inside: list[dict[str, Any]] = []
    outside: list[dict[str, Any]] = []
    for rule in tree(item, trade)["rules"]:
        reached = all(rule[part]["holds"] != "no" for part in ("addressee", "trade") if part in rule)
        if rule["layer"] != "control" or "item" not in rule or not reached:
            continue
        for test in _tests(rule["item"]):
            if isinstance(test.get("margin_percent"), int | float):
                (inside if test["holds"] == "yes" and rule["rule"] in catching else outside).append(
                    {
                        "rule": rule["rule"],
                        "fact": test["word"],
                        "value": test["value"],
                        "limit": test["limit"],
                        "unit": test["unit"],
                        "percent": test["margin_percent"],
                        "cite": test["cite"],
                        "holds": test["holds"],
                    }
                )
    outside = [t for t in outside if t["holds"] == "no"]
    nearest = min(inside or outside, key=lambda t: abs(t["percent"]), default=None)
    return None if nearest is None else {k: v for k, v in nearest.items() if k != "holds"}


def _tests(node: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    if "parts" in node:
        yield from itertools.chain.from_iterable(_tests(part) for part in node["parts"])
    else:
        yield node


def picture(
    view: str, trade: Trade, *, seller: str | None = "nvidia", datacentre: bool | None = True
) -> dict[str, Any]:
    """Return one plane on the trade's day: its axes, its patches, and every chip of the catalogue with its mark.

    Raises
    ------
    Problem
        If there is no plane of that name, or the trade lacks a fact.
    """
    return _about(_view(view)) | {
        "patches": patches(_view(view), trade, seller=seller, datacentre=datacentre),
        "cn": china(_view(view), trade, seller=seller, datacentre=datacentre),
        "chips": [_point(c) | mark(c.item, trade) for c in _drawn()],
    }


def pictures(
    view: str,
    trade: Trade,
    first: dt.date,
    last: dt.date,
    *,
    seller: str | None = "nvidia",
    datacentre: bool | None = True,
) -> dict[str, Any]:
    """Return one plane on every day from `first` to `last` on which the law changes.

    `days` lists them; `patches` holds the different drawings and `drawn` which of them each day has; `cn` and `said`
    are the same of China's key. Each chip has `marks`, the different ones, and `at`, which of them each day has.

    Raises
    ------
    Problem
        If there is no plane of that name, the days are out of order, or the trade has no destination.
    """
    if last < first:
        raise Problem("plane", f"{first} to {last}", "a first day before the last", "swap the two", kind="usage")
    days = epochs(first, last)
    found = [patches(_view(view), trade.with_(on=d), seller=seller, datacentre=datacentre) for d in days]
    kinds, drawn = _different(found)
    words, said = _different(
        [china(_view(view), trade.with_(on=d), seller=seller, datacentre=datacentre) for d in days]
    )
    points = []
    for chip in _drawn():
        marks, at = _different(_marks(chip.id, trade.with_(on=None), tuple(days)))
        points.append(_point(chip) | {"marks": marks, "at": at})
    return _about(_view(view)) | {
        "days": [d.isoformat() for d in days],
        "patches": kinds,
        "drawn": drawn,
        "cn": words,
        "said": said,
        "chips": points,
    }


@functools.lru_cache(maxsize=1024)
def _marks(id: str, trade: Trade, days: tuple[dt.date, ...]) -> list[dict[str, Any]]:
    item = next(c.item for c in chips() if c.id == id)
    found: list[dict[str, Any]] = []
    margins: dict[tuple[Any, ...], Any] = {}
    for day in days:  # the margin changes only where an American rule does, or what catches the chip
        on = trade.with_(on=day)
        answer = assess(item, on)
        catching = _catching(answer)
        key = (_american(day), frozenset(catching))
        if key not in margins:
            margins[key] = None if item.holds else _margin(item, on, catching)
        found.append(_said(answer) | {"margin": margins[key]})
    return found


@functools.lru_cache(maxsize=256)
def _american(day: dt.date) -> tuple[tuple[str, str], ...]:
    return tuple(
        (r.id, v.version)
        for r in rules()
        if r.jurisdiction == "US"
        for v in r.versions
        if v.effective <= day and (v.until is None or day < v.until)
    )


def marks(item: ItemSheet, trade: Trade, first: dt.date, last: dt.date) -> dict[str, Any]:
    """Return the point of a chip that is not in the catalogue, with its marks on the days of `pictures`.

    Raises
    ------
    Problem
        If the trade has no destination.
    """
    found, at = _different([mark(item, trade.with_(on=d)) for d in epochs(first, last)])
    return _facts(item) | {"id": "", "name": item.name, "vendor": "", "marks": found, "at": at}


def _different(found: Sequence[Any]) -> tuple[list[Any], list[int]]:
    kinds: list[Any] = []
    at = []
    for one in found:
        if one not in kinds:
            kinds.append(one)
        at.append(kinds.index(one))
    return kinds, at


def _view(name: str) -> View:
    if name not in VIEWS:
        raise Problem("view", repr(name), "one of " + ", ".join(VIEWS), "write density")
    return VIEWS[name]


def _about(view: View) -> dict[str, Any]:
    return {"view": view.name, "title": view.title, "x": view.x, "y": view.y, "held": view.held}


def _drawn() -> list[Chip]:
    return [c for c in chips() if c.item.tpp is not None]


def _point(chip: Chip) -> dict[str, Any]:
    return {"id": chip.id, "name": chip.name, "vendor": chip.vendor} | _facts(chip.item)


def _facts(item: ItemSheet) -> dict[str, Any]:
    return {
        "tpp": number(item.tpp),
        "performance_density": number(item.performance_density),
        "dram_bandwidth_GBps": number(item.dram_bandwidth_GBps),
        "io_bandwidth_GBps": number(item.io_bandwidth_GBps),
    }
