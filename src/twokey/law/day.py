"""The law of one day: the versions in force, compiled so that each distinct test is asked once."""

from __future__ import annotations

import bisect
import datetime as dt
import functools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from twokey.chips.item import ItemSheet
from twokey.law.book import Stamped, book, stamped
from twokey.law.facts import Atom, Facts, facts_of
from twokey.law.groups import group_days, members
from twokey.law.question import Trade
from twokey.law.rolling import rolling, rolling_days
from twokey.law.rule import Choice, Rule, Version
from twokey.law.tree import Leaf, Rolling, Tree, leaves
from twokey.quantities.exact import as_text
from twokey.quantities.unknown import Truth

__all__ = [
    "ALWAYS",
    "Compiled",
    "DayLaw",
    "Expr",
    "Joint",
    "Provision",
    "Test",
    "breakpoints",
    "ev",
    "law_on",
    "stands",
]


@dataclass(frozen=True, slots=True)
class Test:
    """A leaf compiled: the index of its atom, and the leaf for explanations."""

    atom: int
    leaf: Leaf
    rule: str


@dataclass(frozen=True, slots=True)
class Joint:
    """`all`, `any` or `not` compiled."""

    op: str
    parts: tuple[Expr, ...]
    id: str = ""


Expr = Test | Joint
Compiled = tuple[Expr, Choice]

ALWAYS = Joint("all", ())
"""An expression that is always true."""


@dataclass(frozen=True, slots=True)
class Provision:
    """A rule's version in force, its trees compiled."""

    rule: Rule
    version: Version
    addressed: Expr
    item: Expr
    trade: Expr
    also: Expr | None
    choices: tuple[Compiled, ...]


_ITEMS = 4096
"""Items remembered for one era; each is held, so that no other can come to have its identity."""


@dataclass(slots=True)
class DayLaw:
    """All provisions in force on a day, by layer, and the distinct tests they ask (`atoms`)."""

    day: dt.date
    atoms: list[Atom] = field(default_factory=list)
    provisions: dict[str, list[Provision]] = field(default_factory=dict)
    _index: dict[Atom, int] = field(default_factory=dict)
    domains: dict[object, object] = field(default_factory=dict)
    _items: dict[int, tuple[ItemSheet, list[Truth]]] = field(default_factory=dict)
    _of_trade: list[int] = field(default_factory=list)
    _of_circumstance: list[int] = field(default_factory=list)
    _plain: list[Truth] | None = None

    def layer(self, name: str, jurisdiction: str) -> list[Provision]:
        """Return the provisions of a layer of one government."""
        return self.provisions.get(f"{jurisdiction} {name}", [])

    def ask(self, facts: Facts) -> list[Truth]:
        """Return what the facts make of every test, in the order of `atoms`."""
        return [atom.truth(facts) for atom in self.atoms]

    def ask_of(self, item: ItemSheet, facts: Facts) -> list[Truth]:
        """Return the same for the facts of an item; what hangs on the item alone is worked out once."""
        known = self._items.get(id(item))
        if known is None or known[0] is not item:
            if len(self._items) >= _ITEMS:
                self._items.clear()
            known = self._items[id(item)] = (item, self.ask(facts.plainly()))
            if not self._of_trade:
                kinds = [(i, a.of_circumstance) for i, a in enumerate(self.atoms) if not a.of_item]
                self._of_trade = [i for i, special in kinds if not special]
                self._of_circumstance = [i for i, special in kinds if special]
        truths = list(known[1])
        for i in self._of_trade:
            truths[i] = self.atoms[i].truth(facts)
        if not facts.plain:
            for i in self._of_circumstance:
                truths[i] = self.atoms[i].truth(facts)
        return truths

    def ordinary(self, p: Provision) -> bool:
        """Return whether a provision may reach a trade and an item without special circumstances (`Facts.plain`)."""
        key = ("ordinary", p.rule.id)
        if key not in self.domains:
            if self._plain is None:
                plain = facts_of(ItemSheet("any"), Trade(to="CN", on=self.day))
                self._plain = [a.truth(plain) if a.of_circumstance or a.of_special_item else None for a in self.atoms]
            reach = (ev(expr, self._plain) for expr in (p.addressed, p.item, p.trade))
            self.domains[key] = not any(truth is False for truth in reach)
        return bool(self.domains[key])

    def index(self, atom: Atom) -> int:
        """Return the place of a test among `atoms`, which grows as needed."""
        if atom not in self._index:
            self._index[atom] = len(self.atoms)
            self.atoms.append(atom)
        return self._index[atom]


def ev(expr: Expr, truths: Sequence[Truth]) -> Truth:
    """Return the three-valued value of an expression for given answers to the tests."""
    if type(expr) is Test:
        return truths[expr.atom]
    assert type(expr) is Joint
    if expr.op == "not":
        part = ev(expr.parts[0], truths)
        return None if part is None else not part
    ends = expr.op == "any"
    result: Truth = not ends
    for p in expr.parts:
        part = truths[p.atom] if type(p) is Test else ev(p, truths)  # most parts are tests: no call for them
        if part is ends:
            return ends
        if part is None:
            result = None
    return result


def stands(p: Provision, truths: Sequence[Truth]) -> bool:
    """Return whether a provision surely reaches the item and the trade."""
    return ev(p.item, truths) is True and ev(p.trade, truths) is True


def law_on(
    day: dt.date,
    known_on: dt.date | None = None,
    overlays: Sequence[Path] = (),
    without: frozenset[str] = frozenset(),
) -> DayLaw:
    """Return the law of a day, compiled; what could not be known on `known_on` and rules `without` are left out.

    Raises
    ------
    Problem
        If the data or an overlay cannot be used.
    """
    layers = stamped(overlays)
    return _law_on(_era(day, layers), known_on, layers, without)


@functools.lru_cache(maxsize=512)
def _law_on(day: dt.date, known_on: dt.date | None, overlays: Stamped, without: frozenset[str]) -> DayLaw:
    law = DayLaw(day)
    every = book([path for path, _, _ in overlays])
    in_force: dict[str, tuple[Rule, Version]] = {}
    for rule in every:
        version = _version_on(rule, day, known_on)
        if version is not None and rule.id not in without:
            in_force[rule.id] = (rule, version)
    for rule, version in in_force.values():
        found = law.provisions.setdefault(f"{rule.jurisdiction} {rule.layer}", [])
        found.append(_provision(law, rule, version, in_force))
    for controls in law.provisions.values():
        controls.sort(key=lambda p: p.version.rank)
    return law


def _era(day: dt.date, overlays: Stamped) -> dt.date:
    """Return the first day of the era a day lies in: no version of any rule or group begins or ends within it."""
    days = _breakpoints(overlays)
    before = bisect.bisect_right(days, day)
    return days[before - 1] if before else day


def breakpoints(overlays: Sequence[Path] = ()) -> tuple[dt.date, ...]:
    """Return every day on which a version of a rule or a list of countries begins or ends, oldest first."""
    return _breakpoints(stamped(overlays))


@functools.lru_cache(maxsize=64)
def _breakpoints(overlays: Stamped) -> tuple[dt.date, ...]:
    every = book([path for path, _, _ in overlays])
    days = {d for rule in every for v in rule.versions for d in (v.effective, v.until) if d is not None}
    trees = (tree for rule in every for v in rule.versions for tree in v.trees) if overlays else ()
    if any(isinstance(leaf.operand, Rolling) for tree in trees for leaf in leaves(tree)):
        days |= rolling_days()
    return tuple(sorted(days | group_days()))


def _version_on(rule: Rule, day: dt.date, known_on: dt.date | None) -> Version | None:
    known = [v for v in rule.versions if known_on is None or v.known_from is None or v.known_from <= known_on]
    for i, v in enumerate(known):
        following = known[i + 1] if i + 1 < len(known) else None
        until = v.until
        if until is not None and v is not rule.versions[-1] and following is None:
            until = None  # its successor could not be known yet, so it was taken to go on
        if v.effective <= day and (until is None or day < until):
            return v
    return None


def _provision(law: DayLaw, rule: Rule, v: Version, in_force: dict[str, tuple[Rule, Version]]) -> Provision:
    def compiled(tree: Tree | None, of: str = rule.id) -> Expr:
        return ALWAYS if tree is None else _compile(law, tree, of, in_force)

    addressed: Expr = ALWAYS
    if v.addressees:
        atom = Atom("word", "seller", "in", frozenset(v.addressees))
        leaf = Leaf("addressees", "word", "seller", "in", atom.operand, "seller in " + ", ".join(v.addressees), v.cite)
        addressed = Test(law.index(atom), leaf, rule.id)
    also = compiled(v.also_when) if v.also_when is not None else None
    choices = tuple((compiled(c.when), c) for c in v.choices)
    return Provision(rule, v, addressed, compiled(v.item), compiled(v.trade), also, choices)


def _compile(law: DayLaw, tree: Tree, of: str, in_force: dict[str, tuple[Rule, Version]]) -> Expr:
    if not isinstance(tree, Leaf):
        return Joint(tree.op, tuple(_compile(law, p, of, in_force) for p in tree.parts), tree.id)
    if tree.kind == "meets":
        other = in_force.get(str(tree.operand))
        if other is None or other[1].item is None:
            return Joint("any", ())  # no such text on this day: nothing meets it
        return _compile(law, other[1].item, other[0].id, in_force)
    operand: object = tree.operand
    if tree.kind == "place":
        assert isinstance(operand, frozenset)
        operand = frozenset(code for token in operand for code in members(token, law.day))
    elif tree.kind == "unpublished":
        operand = operand if "/" in str(operand) else f"{of} {operand}"
    elif isinstance(operand, Rolling):
        limit = operand.factor * rolling(operand.name, law.day)
        tree, operand = replace(tree, operand=limit, text=f"{tree.text}, here {as_text(limit)}"), limit
    elif tree.kind == "number":
        assert isinstance(operand, Fraction)
    return Test(law.index(Atom(tree.kind, tree.term, tree.op, operand)), tree, of)
