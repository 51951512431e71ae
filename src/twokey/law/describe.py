"""One rule as a page for people: its tests as the law numbers them, its versions, its sources."""

from __future__ import annotations

from twokey.law.rule import Rule, Version
from twokey.law.tree import Leaf, Tree

__all__ = ["describe"]


def describe(rule: Rule) -> str:
    """Return a readable page of a rule, plain text.

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
    for v in rule.versions:
        lines += ["", *_version(v)]
    lines += ["", "Sources"]
    lines += [
        f"  {name}: {s['title']} ({s['kind']}" + (f", {s['published']})" if "published" in s else ")")
        for name, s in rule.sources.items()
    ]
    return "\n".join(lines)


_LAYERS = {
    "control": "requires a licence",
    "exception": "lifts a requirement on conditions",
    "review": "changes how licences are judged",
    "entry": "says what may be bought or used",
    "duty": "obliges to supply",
    "flag": "marks a risk that is no outcome",
    "record": "kept for the record: decides nothing about a chip",
}


def _version(v: Version) -> list[str]:
    until = f"until {v.until}" if v.until else "open"
    known = f", known from {v.known_from}" if v.known_from else ""
    lines = [
        f"Version {v.version}: from {v.effective}, {until}{known}",
        f"  status: {v.status}; enforcement: {v.enforcement}; confidence {v.confidence}; {v.checked}",
        f"  source: {v.cite}",
    ]
    if v.note:
        lines.append(f"  note: {v.note}")
    if v.code:
        lines.append(f"  code: {v.code}")
    if v.addressees:
        lines.append("  binds: " + ", ".join(v.addressees))
    for name, tree in (("item", v.item), ("trade", v.trade)):
        if tree is not None:
            lines += [f"  {name}:", *_tree(tree, 2)]
    for choice in v.choices:
        basis = " (inferred)" if choice.basis == "inferred" else ""
        lines.append(f"  {'gives' if choice.when is None else 'gives, if'} [{choice.id}]: {choice.gives}{basis}")
        if choice.when is not None:
            lines += _tree(choice.when, 2)
    lines += [f"  must be done: {c}" for c in v.conditions]
    lines += [f"  unpublished, {name}: {says}" for name, says in v.unpublished.items()]
    for label, ids in (("replaces", v.supersedes), ("applies to", v.applies_to)):
        if ids:
            lines.append(f"  {label}: " + ", ".join(ids))
    return lines


def _tree(tree: Tree, depth: int) -> list[str]:
    pad = "  " * depth
    if isinstance(tree, Leaf):
        name = f"[{tree.id}] " if tree.id not in (tree.term, "") else ""
        return [f"{pad}{name}{tree.text}"]
    word = {"all": "all of", "any": "any of", "not": "not"}[tree.op]
    name = f"[{tree.id}] " if tree.id else ""
    return [f"{pad}{name}{word}", *(line for part in tree.parts for line in _tree(part, depth + 1))]
