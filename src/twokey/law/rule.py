"""One provision of law with all its versions, read from its data file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from twokey.law.terms import Term
from twokey.law.tree import Leaf, Tree, leaves, parse_cite, parse_tree
from twokey.quantities.problem import Problem
from twokey.quantities.shown import Shown
from twokey.sources.text import Value, read_file

__all__ = ["LAYERS", "Choice", "Report", "Rule", "Version", "read_rule"]

LAYERS = ("control", "exception", "review", "entry", "duty", "flag", "derived", "record")
"""What a rule does: requires a licence; lifts a requirement on conditions; changes how licences are judged; says
what may be bought or used (Chinese side); obliges to supply; marks a risk; names the paragraph of what holds a chip;
stands for the record and decides nothing about a chip."""

REVIEWS = ("none", "presumption-of-approval", "case-by-case", "presumption-of-denial")
OUTCOMES = ("permitted", "conditional", "barred")
STRENGTHS = ("law", "notice", "guidance", "reported")
CHECKED = ("unverified", "read-once", "read-twice")
CONFIDENCE = ("high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Choice:
    """What a rule gives when `when` holds; of several the first that holds. `basis` is stated or inferred."""

    id: str
    when: Tree | None
    gives: str
    basis: str
    confidence: str
    cite: str
    says: str


@dataclass(frozen=True, slots=True)
class Report:
    """What is reported of one product about a point that the rule leaves unpublished, unless a number is assumed.

    `power_W` is the least and the greatest power in circulation for the product [W], where the point is a level of
    efficiency.
    """

    product: str
    point: str
    holds: bool
    power_W: tuple[Fraction, Fraction] | None


@dataclass(frozen=True, slots=True)
class Version:
    """A whole statement of the rule for a period, `effective` <= day < `until` (None: open).

    Fields that a layer does not use are empty. `known_from` is the first day the public could know it.
    """

    version: str
    effective: dt.date
    until: dt.date | None
    known_from: dt.date | None
    status: str
    enforcement: str
    confidence: str
    checked: str
    cite: str
    note: str
    code: str
    rank: int
    addressees: tuple[str, ...]
    item: Tree | None
    trade: Tree | None
    also_code: str
    also_when: Tree | None
    supersedes: tuple[str, ...]
    applies_to: tuple[str, ...]
    choices: tuple[Choice, ...]
    unpublished: Mapping[str, str]
    conditions: tuple[str, ...]
    reports: tuple[Report, ...]
    renames: Mapping[str, str]

    @property
    def trees(self) -> tuple[Tree, ...]:
        """Every tree of the version."""
        own = (self.item, self.trade, self.also_when, *(c.when for c in self.choices))
        return tuple(tree for tree in own if tree is not None)


@dataclass(frozen=True, slots=True)
class Rule(Shown):
    """A provision: what it is, where it stands, and its versions, oldest first."""

    id: str
    title: str
    jurisdiction: str
    kind: str
    layer: str
    strength: str
    polarity: str
    summary: str
    sources: Mapping[str, Mapping[str, str]]
    versions: tuple[Version, ...]
    place: str
    verify: str = ""

    def references(self) -> Iterator[str]:
        """Yield the ids of the rules this one refers to."""
        for v in self.versions:
            yield from v.supersedes
            yield from v.applies_to
        yield from self.meets()

    def meets(self) -> Iterator[str]:
        """Yield the ids of the rules whose item tests are part of this one's."""
        for v in self.versions:
            for tree in v.trees:
                yield from (str(leaf.operand) for leaf in leaves(tree) if leaf.kind == "meets")

    def to_json(self) -> dict[str, object]:
        """Return the rule as plain JSON values, trees as nested objects."""
        return {
            "id": self.id, "title": self.title, "jurisdiction": self.jurisdiction, "kind": self.kind,
            "layer": self.layer, "strength": self.strength or None, "polarity": self.polarity or None,
            "summary": self.summary, "verify": self.verify or None,
            "sources": {k: dict(s) for k, s in self.sources.items()},
            "versions": [_version_json(v) for v in self.versions],
        }  # fmt: skip


def _tree_json(tree: Tree | None) -> object:
    if tree is None:
        return None
    if isinstance(tree, Leaf):
        return {"id": tree.id, "test": tree.text, "cite": tree.cite}
    return {"id": tree.id, tree.op: [_tree_json(p) for p in tree.parts]}


def _version_json(v: Version) -> dict[str, object]:
    out: dict[str, object] = {
        "version": v.version, "effective": v.effective.isoformat(),
        "until": v.until.isoformat() if v.until else None,
        "known_from": v.known_from.isoformat() if v.known_from else None,
        "status": v.status, "enforcement": v.enforcement, "confidence": v.confidence, "checked": v.checked,
        "cite": v.cite, "note": v.note,
    }  # fmt: skip
    more: dict[str, object] = {
        "code": v.code, "addressees": list(v.addressees), "item": _tree_json(v.item), "trade": _tree_json(v.trade),
        "supersedes": list(v.supersedes), "applies_to": list(v.applies_to),
        "choices": [{"id": c.id, "when": _tree_json(c.when), "gives": c.gives, "basis": c.basis,
                     "confidence": c.confidence, "cite": c.cite} for c in v.choices],
        "unpublished": dict(v.unpublished), "conditions": list(v.conditions), "renames": dict(v.renames),
    }  # fmt: skip
    out.update((k, value) for k, value in more.items() if value)
    return out


_HEAD = ("format", "rule", "title", "jurisdiction", "kind", "layer", "summary", "sources", "versions")
_VERSION = ("version", "effective", "until", "status", "enforcement", "confidence", "checked", "cite")
_VERSION_MORE = ("known_from", "note", "code", "rank", "addressees", "item", "trade", "also_as", "supersedes",
                 "applies_to", "choices", "unpublished", "conditions", "reports", "gap_before", "renames")  # fmt: skip


def read_rule(path: Path, shown: str, terms: Mapping[str, Term]) -> Rule:
    """Read one rule's file.

    Parameters
    ----------
    shown : the name of the file in messages
    terms : the words tests may use

    Raises
    ------
    Problem
        Of kind "bad-data", with file and line: anything that is not a rule of "law-rule/1": an unknown key or word, a
        comparator not understood, a unit that is not the word's, a gap or an overlap between versions.
    """
    try:
        return _rule(read_file(path, shown), terms)
    except Problem as problem:
        problem.kind = "bad-data"
        raise


def _rule(root: Value, terms: Mapping[str, Term]) -> Rule:
    f = root.fields(_HEAD, ("strength", "polarity", "verify"))
    f["format"].one_of(("law-rule/1",))
    sources: dict[str, dict[str, str]] = {}
    for name, v in f["sources"].group().items():
        s = v.fields(("title", "kind"), ("published", "url", "note"))
        s["kind"].one_of(("primary", "consolidated", "company", "press", "secondary"))
        sources[name] = {k: x.text() for k, x in s.items()}
    titles = {name: s["title"] for name, s in sources.items()}
    layer = f["layer"].one_of(LAYERS)
    versions: list[Version] = []
    for v in f["versions"]:
        new = _version(v, layer, terms, titles)
        if versions:
            _must_follow(versions[-1], new, v)
        versions.append(new)
    if not versions:
        raise f["versions"].refuse("at least one version", "write the rule's text with its dates", given="none")
    return Rule(
        id=f["rule"].text(),
        title=f["title"].text(),
        jurisdiction=f["jurisdiction"].one_of(("US", "CN")),
        kind=f["kind"].one_of(("regulation", "letter", "guidance", "law", "notice", "reported", "bill")),
        layer=layer,
        strength=f["strength"].one_of(STRENGTHS) if "strength" in f else "",
        polarity=f["polarity"].one_of(("bars", "permits", "must-supply", "must-meet", "exit"))
        if "polarity" in f
        else "",
        summary=f["summary"].text(),
        sources=sources,
        versions=tuple(versions),
        place=f["rule"].where,
        verify=f["verify"].text() if "verify" in f else "",
    )


def _must_follow(before: Version, new: Version, v: Value) -> None:
    f = v.group()
    if before.until is None or before.until > new.effective:
        end = before.until or "open"
        raise f["effective"].refuse(f"a day on or after the end of the version before ({end})", "mend the overlap")
    if before.until < new.effective and "gap_before" not in f:
        raise f["effective"].refuse(
            f"the day on which the version before ends ({before.until})", "mend the gap, or say `gap_before:` why"
        )


def _version(v: Value, layer: str, terms: Mapping[str, Term], sources: Mapping[str, str]) -> Version:
    f = v.fields(_VERSION, _VERSION_MORE)
    start = f["effective"].day()
    end = None if f["until"].text() == "open" else f["until"].day()
    if end is not None and end <= start:
        raise f["until"].refuse(f"a day after {start}, or open", "mend one of the two days")
    cite = parse_cite(f["cite"], sources)

    def tree(name: str, at: Mapping[str, Value]) -> Tree | None:
        return parse_tree(at[name], terms, sources, cite) if name in at else None

    also = f["also_as"].fields(("code", "when")) if "also_as" in f else {}
    unpublished = {k: x.text() for k, x in f["unpublished"].group().items()} if "unpublished" in f else {}
    new = Version(
        version=f["version"].text(),
        effective=start,
        until=end,
        known_from=f["known_from"].day() if "known_from" in f else None,
        status=f["status"].text(),
        enforcement=f["enforcement"].one_of(("in-force", "not-enforced", "weak", "pending", "unknown")),
        confidence=f["confidence"].one_of(CONFIDENCE),
        checked=f["checked"].one_of(CHECKED),
        cite=cite,
        note=f["note"].text() if "note" in f else "",
        code=f["code"].text() if "code" in f else "",
        rank=f["rank"].whole() if "rank" in f else 0,
        addressees=f["addressees"].texts() if "addressees" in f else (),
        item=tree("item", f),
        trade=tree("trade", f),
        also_code=also["code"].text() if also else "",
        also_when=tree("when", also),
        supersedes=f["supersedes"].texts() if "supersedes" in f else (),
        applies_to=f["applies_to"].texts() if "applies_to" in f else (),
        choices=tuple(_choice(c, layer, terms, sources, cite) for c in f["choices"]) if "choices" in f else (),
        unpublished=unpublished,
        conditions=f["conditions"].texts() if "conditions" in f else (),
        reports=tuple(_report(r) for r in f["reports"]) if "reports" in f else (),
        renames={k: x.text() for k, x in f["renames"].group().items()} if "renames" in f else {},
    )
    for one in new.trees:
        for leaf in leaves(one):
            if leaf.kind == "unpublished" and "/" not in str(leaf.operand) and leaf.operand not in unpublished:
                raise v.refuse(f"{leaf.operand!r} under `unpublished`", "say there what was not published")
    needs = {"control": ("code", "trade", "choices"), "exception": ("code", "applies_to", "trade"),
             "review": ("applies_to", "choices"), "entry": ("choices",), "derived": ("renames",)}  # fmt: skip
    for name in needs.get(layer, ()):
        if name not in f:
            raise v.refuse(f"the key {name!r}", f"a rule of layer {layer} needs it", given="a version without it")
    return new


def _report(v: Value) -> Report:
    f = v.fields(("product", "point", "holds"), ("least_power_W", "greatest_power_W"))
    power = None
    if "least_power_W" in f or "greatest_power_W" in f:
        f = v.fields(("product", "point", "holds", "least_power_W", "greatest_power_W"))
        power = (f["least_power_W"].number(above=0), f["greatest_power_W"].number(above=0))
    return Report(f["product"].text(), f["point"].text(), f["holds"].yes_no(), power)


def _choice(v: Value, layer: str, terms: Mapping[str, Term], sources: Mapping[str, str], cite: str) -> Choice:
    f = v.fields(("id", "gives"), ("when", "basis", "confidence", "cite", "says"))
    own = parse_cite(f["cite"], sources) if "cite" in f else cite
    allowed = OUTCOMES if layer == "entry" else REVIEWS
    return Choice(
        id=f["id"].text(),
        when=parse_tree(f["when"], terms, sources, own) if "when" in f else None,
        gives=f["gives"].one_of(allowed),
        basis=f["basis"].one_of(("stated", "inferred")) if "basis" in f else "stated",
        confidence=f["confidence"].one_of(CONFIDENCE) if "confidence" in f else "",
        cite=own,
        says=f["says"].text() if "says" in f else "",
    )
