"""The plane: chips on two axes, the law's regions under them, and a slider through the days."""

from __future__ import annotations

import datetime as dt
from typing import Any

from twokey import api
from twokey.web.fields import TRADE, sheet_text, trade_asked, trade_options
from twokey.web.page import Ask, Page, Table, command

__all__ = ["PLACES", "days", "own", "plane"]

FIRST = dt.date(2022, 8, 1)
"""Where the slider begins: before the first rule on chips."""

VIEWS = (("density", "TPP × density"), ("dram", "TPP × DRAM bandwidth"), ("io", "TPP × I/O bandwidth"))

_AXES = {
    "tpp": "TPP (dense TOPS × bits)",
    "performance_density": "performance density (TPP per mm²)",
    "dram_bandwidth_GBps": "DRAM bandwidth (GB/s)",
    "io_bandwidth_GBps": "I/O bandwidth, both directions (GB/s)",
}


def plane(ask: Ask, _: Any) -> Page:
    """Return a plane on one day, which a browser turns into one for all days."""
    view = ask.word("view", "density")
    facts = trade_asked(ask, seated=True)
    found = api.plane(view, facts, seller=ask.word("seller", "nvidia"))
    text = sheet_text(ask)
    if text is not None:
        mine = api.plane_marks(api.item_text(text, "the sheet"), facts, facts.on, facts.on)
        point = {k: v for k, v in mine.items() if k not in ("marks", "at")} | mine["marks"][0]
        found["chips"] = [*found["chips"], point | {"own": True}]
    names = ("name", "tpp", "performance_density", "dram_bandwidth_GBps", "io_bandwidth_GBps", "verdict", "paragraph")
    heads = ("chip", "TPP", "TPP per mm2", "DRAM GB/s", "I/O GB/s", "verdict", "paragraph", "nearest limit", "margin %")
    rows = [[c[n] for n in names] + _margin(c["margin"]) for c in found["chips"]]
    words = {
        "found": found,
        "views": VIEWS,
        "on": facts.on,
        "first": FIRST,
        "today": dt.date.today(),
        "trade": trade_options(ask),
        "axes": _AXES,
        "trade_fields": TRADE[:4],
        "countries": api.countries(),
        "sheet": text,
        "counts": {
            v: sum(c["verdict"] == v for c in found["chips"]) for v in ("open", "conditional", "shut", "undetermined")
        },
        "days": Ask("/plane/days.json", {}, ask.query).address(on=None, sheet=None),
        "mine": Ask("/plane/own.json", {}, ask.query).address(on=None, view=None)
        if found["chips"] and found["chips"][-1].get("own") and all(found["chips"][-1][found[a]] for a in "xy")
        else None,
        "changed": api.changes(str(facts.on - dt.timedelta(days=1)), str(facts.on)),
    }
    return Page(
        "plane.html",
        f"The plane on {facts.on}",
        words,
        found,
        [Table("chips", heads, rows)],
        command("get", ask.address(".json")),
    )


def _margin(margin: dict[str, Any] | None) -> list[Any]:
    if margin is None:
        return ["", None]
    return [f"{margin['rule']}: {margin['fact']} {margin['limit']:g} {margin['unit']}", margin["percent"]]


def days(ask: Ask, _: Any) -> Page:
    """Return a plane on every day on which something changes, for the slider."""
    facts = trade_asked(ask, seated=True)
    last = dt.date.today()
    view = ask.word("view", "density")
    found = api.plane_days(view, facts, FIRST, last, seller=ask.word("seller", "nvidia"))
    moved: dict[str, list[str]] = {}
    for c in api.changes(FIRST.isoformat(), last.isoformat()):
        moved.setdefault(str(c["on"]), []).append(f"{c['rule']} {c['what']}: {c['title']}")
    return Page("plane.html", "The days of the plane", {}, found | {"moved": moved})


def own(ask: Ask, _: Any) -> Page:
    """Return the point of a chip that is not in the catalogue on those days.

    Raises
    ------
    Problem
        If there is no sheet, or it cannot be used.
    """
    sheet = api.item_text(sheet_text(ask) or "", "the sheet")
    return Page(
        "plane.html",
        "A point of the plane",
        {},
        api.plane_marks(sheet, trade_asked(ask, seated=True), FIRST, dt.date.today()),
    )


PLACES = [("/plane", plane), ("/plane/days", days), ("/plane/own", own)]
