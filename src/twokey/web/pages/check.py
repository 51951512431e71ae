"""May it ship: the verdict on an item, the tree of its reasons, and the same over time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from starlette.responses import RedirectResponse, Response

from twokey import api
from twokey.api import Problem
from twokey.web import svg
from twokey.web.fields import (
    ITEM,
    MODES,
    TRADE,
    item_asked,
    item_values,
    sheet_text,
    trade_asked,
    trade_options,
    values_typed,
)
from twokey.web.page import Ask, Page, Table, command

__all__ = ["PLACES", "POSTS", "check", "drawn", "dropped"]

_FIRST = dt.date(2022, 8, 1)


def check(ask: Ask, _: Any) -> Page:
    """Return the verdict on an item in a trade, with the forms that ask for it; a refusal stands above the form."""
    words: dict[str, Any] = {
        "item_fields": ITEM,
        "mode_rows": range(1, MODES + 1),
        "trade_fields": TRADE,
        "countries": api.countries(),
        "chips": [(c.id, c.name) for c in api.chips()],
        "trade": trade_options(ask) | {"on": ask.day("on").isoformat()} if _is_day(ask) else trade_options(ask),
        "sheet": sheet_text(ask),
        "more": set(trade_options(ask)) - {"to", "on", "seat"},
        "problem": None,
        "answer": None,
    }
    try:
        sheet, facts = item_asked(ask), trade_asked(ask)
        answer: dict[str, Any] = api.check([sheet], facts)[0].to_json()
        # where the rates are not known, each day takes far longer: the page comes without the spans, and asks for them
        spans: list[dict[str, Any]] = [] if _slow(sheet) else [s.to_json() for s in api.timeline(sheet, facts)]
        tree = [] if sheet.holds else api.consulted(sheet, facts)["rules"]
    except Problem as problem:
        words |= {"problem": problem, "values": values_typed(ask), "ref": ask.word("item", ""), "name": "the sheet"}
        return Page("check.html", "Check a chip", words, problem.to_json(), status=400)
    last = max(dt.date.today(), facts.on)
    picture = svg.time_line(spans, min(_FIRST, facts.on), last, facts.on) if spans else None
    words |= {
        "answer": answer,
        "spans": spans,
        "tree": [t for t in tree if _shown(t)],
        "rest": [t for t in tree if not _shown(t)],
        "values": item_values(sheet),
        "ref": sheet.id,
        "name": sheet.name,
        "picture": picture,
        "item": sheet,
    }
    own = sheet_text(ask) is not None
    given = {k: v for k, v in trade_options(ask).items() if k in ("to", "on", "seat", "seller", "from")}
    more = set(trade_options(ask)) - set(given)
    line = command(
        "check", "sheet.yaml" if own else sheet.id, **given, trade="trade.yaml" if more else None, explain=True
    )
    title = f"{sheet.name}: {answer['verdict']}"
    return Page("check.html", title, words, {"answers": [answer], "spans": spans}, _tables(answer, spans), line)


def _slow(sheet: Any) -> bool:
    return sheet.tpp is None and sheet.memory_stack is None and not sheet.holds


def _is_day(ask: Ask) -> bool:
    try:
        ask.day("on")
    except Problem:
        return False
    return True


def _shown(rule: Mapping[str, Any]) -> bool:
    """Return whether a rule stands in the tree at once: it reaches the trade or might, or a figure keeps it out."""
    if rule["reaches"] != "no":
        return True
    apart = any(rule[part]["holds"] == "no" for part in ("addressee", "trade") if part in rule)
    return not apart and rule["layer"] == "control"


def _tables(answer: Mapping[str, Any], spans: list[dict[str, Any]]) -> list[Table]:
    reasons = [
        [key, b.get("rule"), b.get("node"), b.get("says"), b.get("cite"), b.get("checked")]
        for key in ("us", "cn")
        for b in answer["keys"][key]["because"]
    ]
    return [
        _spans_table(spans),
        Table("reasons", ("key", "rule", "node", "says", "cite", "checked"), reasons),
        Table("facts", ("fact", "value"), list(answer["facts"].items())),
    ]


def _spans_table(spans: list[dict[str, Any]]) -> Table:
    lines = [
        [
            s["from"],
            s["until"],
            s["verdict"],
            s["us"]["outcome"],
            s["us"]["review"],
            ", ".join(s["us"]["classification"]),
            s["cn"]["outcome"],
        ]
        for s in spans
    ]
    return Table("timeline", ("from", "until", "verdict", "US", "US review", "paragraph", "China"), lines)


def dropped(ask: Ask, _: Any) -> Response:
    """Take a sheet that was sent as a file, and go to the address that holds it.

    Raises
    ------
    Problem
        If nothing was sent.
    """
    text = ask.text("file") or ask.text("sheet")
    if text is None:
        raise Problem("the file", "nothing", "an item sheet (YAML or JSON)", "choose a file first")
    kept = [(k, v) for k, v in ask.query if k in {f.name for f in TRADE}]
    target = ask.text("then") or "/check"
    if target not in ("/check", "/plane"):
        target = "/check"
    return RedirectResponse(Ask(target, {}, kept).address(sheet=text), 303)


def drawn(ask: Ask, _: Any) -> Page:
    """Return the picture of the answer over time by itself."""
    sheet, facts = item_asked(ask), trade_asked(ask)
    spans: list[dict[str, Any]] = [s.to_json() for s in api.timeline(sheet, facts)]
    picture = svg.time_line(spans, _FIRST, max(dt.date.today(), facts.on), facts.on)
    words = {
        "picture": picture,
        "name": sheet.name,
        "spans": spans,
        "on": facts.on,
        "back": Ask("/check", {}, ask.query),
    }
    return Page("timeline.html", f"{sheet.name} over time", words, {"spans": spans}, [_spans_table(spans)])


PLACES = [("/check", check), ("/check/timeline", drawn)]
POSTS = [("/check", dropped)]
