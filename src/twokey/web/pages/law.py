"""The law: its rules on a day, one rule with history, cases and sources, and what moved between two days."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from twokey import api
from twokey.web.page import Ask, Page, Table, command

__all__ = ["PLACES", "changes", "law", "rule"]


def law(ask: Ask, _: Any) -> Page:
    """Return every rule with its state on a day."""
    on = ask.day("on")
    rows = []
    for found in api.law():
        one: dict[str, Any] = found.to_json()
        version = _version_on(one, on)
        rows.append(
            {k: one[k] for k in ("id", "title", "jurisdiction", "kind", "layer", "summary", "strength")}
            | {"version": version, "begins": one["versions"][0]["effective"], "versions": len(one["versions"])}
        )
    table = Table(
        "rules",
        ("rule", "title", "government", "kind", "layer", "in force", "effective", "until", "cite", "checked"),
        [
            [
                r["id"],
                r["title"],
                r["jurisdiction"],
                r["kind"],
                r["layer"],
                "yes" if v else "no",
                v.get("effective"),
                v.get("until"),
                v.get("cite"),
                v.get("checked"),
            ]
            for r in rows
            for v in [r["version"] or {}]
        ],
    )
    return Page(
        "law.html", "The law", {"rows": rows, "on": on}, {"on": on.isoformat(), "rules": rows}, [table], command("law")
    )


def _version_on(one: Mapping[str, Any], on: dt.date) -> dict[str, Any] | None:
    day = on.isoformat()
    return next((v for v in one["versions"] if v["effective"] <= day and (not v["until"] or day < v["until"])), None)


def rule(ask: Ask, _: Any) -> Page:
    """Return one rule: its text as a tree, its history with what changed, the cases that touch it, its sources.

    Raises
    ------
    Problem
        If there is no such rule; near ids are suggested.
    """
    id = ask.parts["rule"]
    one: dict[str, Any] = api.law(id)[0].to_json()
    cases = [] if id.startswith("proposed/") else api.rule_cases(id)
    versions = one["versions"]
    history = [(v, _difference(versions[i - 1] if i else None, v)) for i, v in enumerate(versions)][::-1]
    table = Table("cases", tuple(cases[0]) if cases else ("item",), [list(c.values()) for c in cases])
    words = {"one": one, "history": history, "cases": cases, "text": api.law_page(id)}
    return Page("rule.html", f"{id}: {one['title']}", words, one, [table], command("law", id))


def changes(ask: Ask, _: Any) -> Page:
    """Return what moved between two days: which rules began, changed or ended, and how their text changed."""
    first, last = ask.day("first", dt.date(2025, 1, 1)), ask.day("last")
    moved = api.changes(first.isoformat(), last.isoformat())
    rows = []
    for id in dict.fromkeys(str(c["rule"]) for c in moved):
        one: dict[str, Any] = api.law(id)[0].to_json()
        before, after = _version_on(one, first), _version_on(one, last)
        rows.append(
            {
                "id": id,
                "title": one["title"],
                "before": before,
                "after": after,
                "lines": _difference(before, after),
                "moves": [c for c in moved if c["rule"] == id],
            }
        )
    names = ("on", "rule", "what", "title", "version", "known_from", "status", "note")
    table = Table("changes", names, [[c[n] for n in names] for c in moved])
    words = {"rows": rows, "moved": moved, "first": first, "last": last}
    return Page(
        "changes.html",
        "What moved",
        words,
        {"changes": moved},
        [table],
        command("changes", first.isoformat(), last.isoformat()),
    )


def _difference(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return the lines of two versions as (sign, line); the sign is +, - or a blank."""
    a, b = (list(_lines(v)) if v else [] for v in (before, after))
    found = []
    for line in difflib.ndiff(a, b):
        if line[0] in "+- ":
            found.append((line[0], line[2:]))
    return found if any(s != " " for s, _ in found) else []


def _lines(version: Mapping[str, Any]) -> Iterator[str]:
    for part in ("addressee", "item", "trade"):
        if version.get(part):
            yield part
            yield from _tree(version[part], 1)
    for choice in version.get("choices") or ():
        yield f"gives {choice.get('gives')}" + (f" [{choice['id']}]" if choice.get("id") else "")
        if choice.get("when"):
            yield from _tree(choice["when"], 2)


def _tree(node: Mapping[str, Any], depth: int) -> Iterator[str]:
    pad = "    " * depth
    name = f"[{node['id']}] " if node.get("id") else ""
    for op, words in (("all", "all of"), ("any", "any of"), ("not", "not")):
        if op in node:
            yield f"{pad}{name}{words}"
            for part in node[op]:
                yield from _tree(part, depth + 1)
            return
    yield f"{pad}{name}{node.get('test', '')}"


PLACES = [("/law", law), ("/law/changes", changes), ("/law/{rule:path}", rule)]
