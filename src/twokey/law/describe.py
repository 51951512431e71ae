"""One rule as a page for people: its text in the law's own order, its history, the cases that touch it, its sources."""

from __future__ import annotations

import csv
import datetime as dt
import functools
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from twokey.law.rule import Choice, Rule, Version
from twokey.law.terms import DATA, terms
from twokey.law.tree import Leaf, Tree
from twokey.quantities.exact import as_text

__all__ = ["cases_of", "describe", "sentence"]

SHOWN = 12
"""Cases a page shows."""


def describe(rule: Rule) -> str:
    """Return a readable page of a rule, plain text.

    The text of the last version stands first, as the law numbers it; then the history, with what each version changed;
    then public cases; sources; and what the figures could be checked against.

    Examples
    --------
    >>> from twokey.law.book import rule
    >>> print(describe(rule("us/nac")).splitlines()[0])
    us/nac: Licence exception NAC (notified advanced computing)
    """
    strength = f", strength {rule.strength}" if rule.strength else ""
    polarity = f", {rule.polarity}" if rule.polarity else ""
    lines = [
        f"{rule.id}: {rule.title}",
        f"{rule.jurisdiction}, {rule.kind}, {_LAYERS[rule.layer]}{strength}{polarity}",
        "",
        rule.summary,
    ]
    last = rule.versions[-1]
    text = _text(last)
    if text:
        lines += ["", f"Text, version {last.version}", *text]
    lines += ["", "History"]
    before: Version | None = None
    for v in rule.versions:
        lines += _history(v, before)
        before = v
    lines += _cases(rule)
    lines += ["", "Sources"]
    lines += [
        f"  {name}: {s['title']} ({s['kind']}" + (f", {s['published']})" if "published" in s else ")")
        for name, s in rule.sources.items()
    ]
    if rule.verify:
        lines += ["", f"To check: {rule.verify}"]
    return "\n".join(lines)


_LAYERS = {
    "control": "requires a licence",
    "exception": "lifts a requirement on conditions",
    "review": "changes how licences are judged",
    "entry": "says what may be bought or used",
    "duty": "obliges to supply",
    "flag": "marks a risk that is no outcome",
    "derived": "names the paragraph of what holds a chip",
    "record": "kept for the record: decides nothing about a chip",
}


# -- the text ---------------------------------------------------------------------------------------


def _text(v: Version) -> list[str]:
    lines: list[str] = []
    if v.code:
        lines.append(f"  paragraph: {v.code}")
    if v.addressees:
        lines.append("  binds: " + ", ".join(v.addressees))
    for name, tree in (("item", v.item), ("trade", v.trade)):
        if tree is not None:
            lines += [f"  {name}:", *_tree(tree, 2)]
    lines += [line for choice in v.choices for line in _choice(choice)]
    lines += [f"  must be done: {c}" for c in v.conditions]
    lines += [f"  unpublished, {name}: {says}" for name, says in v.unpublished.items()]
    lines += [f"  {old} becomes {new}" for old, new in v.renames.items()]
    for label, ids in (("replaces", v.supersedes), ("applies to", v.applies_to)):
        if ids:
            lines.append(f"  {label}: " + ", ".join(ids))
    if v.also_when is not None:
        lines += [f"  counts as {v.also_code} too, where:", *_tree(v.also_when, 2)]
    for r in v.reports:
        lines.append(f"  reported: {r.product} {'meets' if r.holds else 'does not meet'} the unpublished {r.point}")
    return lines


def _choice(choice: Choice) -> list[str]:
    basis = " (inferred)" if choice.basis == "inferred" else ""
    says = f": {choice.says}" if choice.says else ""
    head = f"  {'gives' if choice.when is None else 'gives, if'} [{choice.id}]: {choice.gives}{basis}{says}"
    return [head, *(_tree(choice.when, 2) if choice.when is not None else [])]


def sentence(leaf: Leaf) -> str:
    """Return a test as a clause.

    Examples
    --------
    >>> from twokey.law.book import rule
    >>> from twokey.law.tree import leaves
    >>> first = next(leaves(rule("us/3a090.a").versions[0].item))
    >>> sentence(first)
    'total processing performance of 4800 TOPS.bit or more'
    """
    if leaf.kind == "meets":
        return f"what {leaf.operand} catches"
    if leaf.kind == "unpublished":
        return f"not published: {leaf.says or leaf.operand}"
    term = terms()[leaf.term]
    title = term.title if term.title[:2].isupper() else term.title[:1].lower() + term.title[1:]
    if leaf.kind == "number":
        operand = leaf.operand
        limit = f"{as_text(operand) if isinstance(operand, Fraction) else operand} {term.unit}"
        return {">=": f"{title} of {limit} or more", ">": f"{title} above {limit}", "<": f"{title} below {limit}",
                "<=": f"{title} of at most {limit}"}[leaf.op]  # fmt: skip
    if leaf.kind == "flag":
        return f"{title}: {'yes' if leaf.operand else 'no'}"
    if leaf.kind == "day":
        word = {">=": "from", ">": "after", "<": "before", "<=": "at the latest on"}[leaf.op]
        return f"{title}: {word} {leaf.operand}"
    return f"{title}: {leaf.listed}" if "," not in leaf.listed else f"{title}: one of {leaf.listed}"


def _tree(tree: Tree, depth: int) -> list[str]:
    pad = "  " * depth
    if isinstance(tree, Leaf):
        name = f"[{tree.id}] " if tree.id not in (tree.term, tree.operand, "") else ""
        return [f"{pad}{name}{sentence(tree)}"]
    word = {"all": "all of", "any": "any of", "not": "not"}[tree.op]
    name = f"[{tree.id}] " if tree.id else ""
    if tree.op == "not" and isinstance(tree.parts[0], Leaf):
        (line,) = _tree(tree.parts[0], 0)
        return [f"{pad}{name}not {line}"]
    return [f"{pad}{name}{word}", *(line for part in tree.parts for line in _tree(part, depth + 1))]


# -- history ----------------------------------------------------------------------------------------


def _history(v: Version, before: Version | None) -> list[str]:
    until = f"until {v.until}" if v.until else "open"
    known = f", known from {v.known_from}" if v.known_from else ""
    lines = [
        f"  {v.version}: from {v.effective}, {until}{known}",
        f"    status: {v.status}; enforcement: {v.enforcement}; confidence {v.confidence}; {v.checked}",
        f"    source: {v.cite}",
    ]
    if v.note:
        lines.append(f"    note: {v.note}")
    if before is not None:
        new, old = _bare(v), _bare(before)
        gone, come = [x for x in old if x not in new], [x for x in new if x not in old]
        lines += [f"    - {x.strip()}" for x in gone] + [f"    + {x.strip()}" for x in come]
        if not gone and not come:
            lines.append("    text unchanged")
    return lines


def _bare(v: Version) -> list[str]:
    """Return the lines of a version's text, without what its sources alone change."""
    return _text(replace(v, reports=()))


# -- cases ------------------------------------------------------------------------------------------


@functools.cache
def _public() -> tuple[Mapping[str, str], ...]:
    found: list[Mapping[str, str]] = []
    for name in ("public.csv", "classes.csv"):
        with (DATA / "cases" / name).open(encoding="utf-8", newline="") as stream:
            found += csv.DictReader(stream)
    return tuple(found)


def cases_of(rule: Rule) -> list[Mapping[str, str]]:
    """Return the public cases that a rule touches: it catches the item, lifts the requirement or judges the licence."""
    found = []
    for case in _public():
        on = dt.date.fromisoformat(case["on"])
        for v in rule.versions:
            if v.effective <= on and (v.until is None or on < v.until) and _touches(rule, v, case):
                found.append(case)
    return found


def _touches(rule: Rule, v: Version, case: Mapping[str, str]) -> bool:
    if rule.layer == "control":
        return case["classification"] in (v.code, v.also_code) and (v.also_code or v.code) != ""
    if rule.layer == "exception":
        return case["exception"] == v.code
    if rule.layer == "review":
        return case["outcome"] == "licence-required" and f"us/{case['classification'].lower()}" in v.applies_to
    return False


def _cases(rule: Rule) -> list[str]:
    found = cases_of(rule)
    if not found:
        return []
    first = sorted(found, key=lambda c: (c["authoritative"] != "yes", c["on"], c["item"]))[:SHOWN]
    more = f", {len(first)} of {len(found)}" if len(found) > len(first) else ""
    lines = ["", f"Public cases{more}"]
    for c in first:
        seat = f", end user seated in {c['end_user_seat']}" if c["end_user_seat"] != c["to"] else ""
        said = " (stated by a government or a company)" if c["authoritative"] == "yes" else ""
        review = f", {c['review']}" if c["review"] not in ("", "none") else ""
        words = f"{c['outcome']}{review}" + (f", {c['exception']}" if c["exception"] else "")
        lines.append(f"  {c['on']} {c['item']} to {c['to']}{seat}: {words}{said} [{c['source']}]")
    return lines
