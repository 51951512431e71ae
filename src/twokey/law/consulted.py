"""Every rule consulted for an answer, as a tree: each test with its value, limit, margin and citation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence, Set
from fractions import Fraction
from pathlib import Path
from typing import Any

from twokey.chips.item import ItemSheet
from twokey.law.answer import number
from twokey.law.assume import published
from twokey.law.day import ALWAYS, DayLaw, Expr, Provision, Test, ev, law_on
from twokey.law.explain import says
from twokey.law.facts import Facts, facts_of
from twokey.law.question import Trade
from twokey.law.terms import terms
from twokey.law.why import UNSAID
from twokey.quantities.problem import Problem
from twokey.quantities.unknown import Truth, all_of

__all__ = ["tree", "tree_text"]

_LAYERS = ("control", "exception", "review", "entry", "duty", "flag")
_WORD = {True: "yes", False: "no", None: "unknown"}


def tree(
    item: ItemSheet,
    trade: Trade,
    *,
    known_on: dt.date | None = None,
    assume: Mapping[str, Fraction] | None = None,
    overlays: Sequence[Path] = (),
) -> dict[str, Any]:
    """Return the rules of the day with every test, as plain JSON values.

    `rules` holds for each rule its version and whether it `reaches` the trade ("yes", "no", "unknown"), then its parts
    `addressee`, `item`, `trade` and `choices` as trees. A test has `holds`, `says`, `cite`, `checked`, and where it
    compares figures `value` (two of them where it is uncertain), `limit`, `unit`, `margin` (value less limit, in the
    unit) and `margin_percent` (of the limit).

    Parameters
    ----------
    known_on, assume, overlays : as for `assess`

    Raises
    ------
    Problem
        If the trade has no destination or no day, or the item holds chips: ask for each of them.

    Examples
    --------
    >>> from twokey.chips.item import Mode
    >>> chip = ItemSheet("small", seller="nvidia", datacentre=True, modes=(Mode("fp16", 16, Fraction(90)),))
    >>> found = tree(chip, Trade(to="CN", on=dt.date(2024, 1, 1)))["rules"]
    >>> [r["reaches"] for r in found if r["rule"] == "us/3a090.a"]
    ['no']
    """
    if trade.on is None:
        raise Problem("the trade", "no day", "the day of the trade", "write --on 2025-04-17, or `on:` in the sheet")
    if item.holds:
        chips = ", ".join(h.item for h in item.holds)
        raise Problem(item.name, "what holds chips", "a chip", f"ask for each chip it holds: {chips}")
    law = law_on(trade.on, known_on, overlays)
    facts = facts_of(item, trade, published(item, law, assume or {}), known_on)
    truths = law.ask_of(item, facts)
    found = [_rule(p, facts, truths) for p in _provisions(law)]
    return {"item": item.id or item.name, "to": trade.to, "on": trade.on.isoformat(), "rules": found}


def _provisions(law: DayLaw) -> Iterator[Provision]:
    for side in ("US", "CN"):
        for layer in _LAYERS:
            yield from law.layer(layer, side)


def _rule(p: Provision, facts: Facts, truths: Sequence[Truth]) -> dict[str, Any]:
    v = p.version
    parts = {"addressee": p.addressed, "item": p.item, "trade": p.trade}
    found: dict[str, Any] = {
        "rule": p.rule.id, "title": p.rule.title, "layer": p.rule.layer, "version": v.version, "cite": v.cite,
        "status": v.status, "enforcement": v.enforcement, "confidence": v.confidence, "checked": v.checked,
        "reaches": _WORD[all_of(ev(expr, truths) for expr in parts.values())],
    }  # fmt: skip
    if v.applies_to:
        found["applies_to"] = list(v.applies_to)
    found |= {name: _node(expr, p, facts, truths) for name, expr in parts.items() if expr != ALWAYS}
    if p.choices:
        found["choices"] = [
            {
                "id": choice.id, "gives": choice.gives, "basis": choice.basis, "cite": choice.cite,
                "holds": _WORD[ev(when, truths)],
                **({"when": _node(when, p, facts, truths)} if when != ALWAYS else {}),
            }
            for when, choice in p.choices
        ]  # fmt: skip
    return found


def _node(expr: Expr, p: Provision, facts: Facts, truths: Sequence[Truth]) -> dict[str, Any]:
    if not isinstance(expr, Test):
        parts = [_node(part, p, facts, truths) for part in expr.parts]
        return {"id": expr.id, "op": expr.op, "holds": _WORD[ev(expr, truths)], "parts": parts}
    leaf, truth = expr.leaf, truths[expr.atom]
    out: dict[str, Any] = {"id": leaf.id, "word": leaf.term, "test": leaf.text, "holds": _WORD[truth]}
    if expr.rule != p.rule.id:
        out["rule"] = expr.rule
    out |= {"says": says(leaf, facts, truth), "cite": leaf.cite, "checked": leaf.checked or p.version.checked}
    return out | (_margin(expr, facts) if leaf.kind == "number" else {})


def _margin(test: Test, facts: Facts) -> dict[str, Any]:
    limit = test.leaf.operand
    assert isinstance(limit, Fraction)
    out: dict[str, Any] = {"value": None, "limit": number(limit), "unit": terms()[test.leaf.term].unit}
    span = facts.span(test.leaf.term)
    if span is None:
        return out
    margins = [end - limit for end in span]
    percents = [100 * m / limit for m in margins] if limit else [None, None]
    for name, ends in (("value", span), ("margin", margins), ("margin_percent", percents)):
        both = [number(end) for end in ends]
        out[name] = both[0] if both[0] == both[1] else both
    return out


def tree_text(found: Mapping[str, Any], *, all_rules: bool = False) -> str:
    """Return the tree of `tree` for people, one test a line: `+` it holds, `-` it does not, `?` it is not known.

    Parameters
    ----------
    all_rules : also those rules that surely do not reach the trade for a reason other than a figure of the item
    """
    lines: list[str] = []
    reached = {rule["rule"] for rule in found["rules"] if rule["reaches"] != "no"}
    shown: set[str] = set()
    for rule in found["rules"]:
        lifts = rule.get("applies_to")
        idle = lifts is not None and reached.isdisjoint(lifts)  # nothing that it could lift or judge
        if not all_rules and (idle or (rule["reaches"] == "no" and not _of_figures(rule))):
            continue
        lines.append(f"{_SIGN[rule['reaches']]} {rule['rule']} {rule['version']}: {rule['title']} [{rule['cite']}]")
        if rule["enforcement"] != "in-force":
            lines.append(f"    {rule['status']} (enforcement: {rule['enforcement']})")
        for part in ("addressee", "item", "trade"):
            if part in rule:
                lines += [f"    {part}", *_lines(rule[part], 3, shown)]
        for choice in rule.get("choices", ()):
            if choice["holds"] != "no":
                lines.append(f"    {_SIGN[choice['holds']]} gives {choice['gives']} [{choice['id']}]")
                lines += _lines(choice["when"], 4, shown) if "when" in choice else []
            if choice["holds"] == "yes":
                break  # of several the first that holds
        shown.add(rule["rule"])
    return "\n".join(lines)


_SIGN = {"yes": "+", "no": "-", "unknown": "?"}
_OP = {"all": "all of", "any": "any of", "not": "not"}


def _of_figures(rule: Mapping[str, Any]) -> bool:
    """Return whether a rule is about the item's figures, its trade and its addressee being in reach."""
    reached = all(rule[part]["holds"] != "no" for part in ("addressee", "trade") if part in rule)
    if not reached or "item" not in rule or rule["layer"] not in ("control", "exception"):
        return False
    absent = any(n.get("word") in UNSAID and n["holds"] == "no" for n in rule["item"].get("parts", ()))
    return not absent and _has_value(rule["item"])


def _has_value(node: Mapping[str, Any]) -> bool:
    return bool("limit" in node or any(_has_value(part) for part in node.get("parts", ())))


def _borrowed(node: Mapping[str, Any]) -> set[str | None]:
    """Return the rules whose tests a part consists of; None stands for the rule it is part of."""
    if "op" in node:
        return {rule for part in node["parts"] for rule in _borrowed(part)}
    return {node.get("rule")}


def _lines(node: Mapping[str, Any], depth: int, shown: Set[str] = frozenset()) -> list[str]:
    """Return a part as lines; what is borrowed from a rule that is shown already is named and not repeated."""
    pad = "  " * depth
    name = f"{node['id']} " if node["id"] else ""
    if "op" in node:
        rules = _borrowed(node)
        if len(rules) == 1 and (rule := next(iter(rules))) in shown:
            no = "not " if node["op"] == "not" else ""
            return [f"{pad}{_SIGN[node['holds']]} {name}{no}what {rule} catches, as above"]
        head = f"{pad}{_SIGN[node['holds']]} {name}{_OP[node['op']]}"
        return [head, *(line for part in node["parts"] for line in _lines(part, depth + 1, shown))]
    margin = node.get("margin")
    if margin is None:
        tail = ""
    elif isinstance(margin, list):
        tail = f" (margin {margin[0]:+} to {margin[1]:+})"
    else:
        percent = node["margin_percent"]
        tail = f" (margin {margin:+}" + (f", {percent:+.3g}%)" if percent is not None else ")")
    return [f"{pad}{_SIGN[node['holds']]} {name}{node['says']}{tail} [{node['cite']}]"]
