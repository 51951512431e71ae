"""The tree of tests a rule consists of: parsed from a data file, one sentence per leaf.

A leaf is a sentence (`tpp >= 4800 TOPS.bit`, `destination in D:1, D:4`, `datacentre is yes`), a reference to
another rule's item test (`meets: us/3a090.a`) or a point the law's author never published (`unpublished: reach`).
Leaves are joined by `all`, `any` and `not`, and are named as the law numbers its paragraphs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from twokey.law.rolling import NAMES as ROLLING
from twokey.law.terms import Term
from twokey.quantities.exact import as_text, parse_number
from twokey.quantities.problem import Problem
from twokey.sources.text import Value, parse_day

__all__ = ["Leaf", "Node", "Rolling", "Tree", "leaves", "parse_tree"]


@dataclass(frozen=True, slots=True)
class Rolling:
    """A limit that is a multiple of a figure that moves by itself."""

    factor: Fraction
    name: str

    def __str__(self) -> str:
        return f"{as_text(self.factor)}*{self.name}"


Operand = Rolling | Fraction | frozenset[str] | bool | dt.date | str
"""What a leaf compares with: a limit, a set of words or country tokens, yes/no, a day, a name."""

COMPARATORS = (">=", ">", "<=", "<")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One test. `kind` is number, place, word, flag, day, meets or unpublished.

    `checked` is the state of checking of this test where it differs from that of its version.
    """

    id: str
    kind: str
    term: str
    op: str
    operand: Operand
    text: str
    cite: str
    says: str = ""
    checked: str = ""
    listed: str = field(init=False, compare=False)
    """What the test compares with, in words: a limit, or what a list holds."""

    def __post_init__(self) -> None:
        operand = self.operand
        words = as_text(operand) if isinstance(operand, Fraction) else str(operand)
        object.__setattr__(self, "listed", ", ".join(sorted(operand)) if isinstance(operand, frozenset) else words)


@dataclass(frozen=True, slots=True)
class Node:
    """`all`, `any` or `not` over parts."""

    id: str
    op: str
    parts: tuple[Leaf | Node, ...]
    cite: str


Tree = Leaf | Node


def leaves(tree: Tree) -> Iterator[Leaf]:
    """Yield every leaf of a tree, in the order of the text."""
    if isinstance(tree, Leaf):
        yield tree
        return
    for part in tree.parts:
        yield from leaves(part)


def parse_tree(
    v: Value, terms: Mapping[str, Term], sources: Mapping[str, str], cite: str = "", checked: str = ""
) -> Tree:
    """Return the tree written in `v`.

    Parameters
    ----------
    terms : the words tests may use, by name
    sources : titles of the rule's sources, by their id in the file
    cite, checked : citation and state of checking that a node without its own takes over

    Raises
    ------
    Problem
        With file and line: an unknown word, a comparator that is not understood, a unit that is not the
        word's, a value that cannot be read.
    """
    f = v.fields((), ("id", "cite", "test", "all", "any", "not", "meets", "unpublished", "says", "checked"))
    forms = [k for k in ("test", "all", "any", "not", "meets", "unpublished") if k in f]
    if len(forms) != 1:
        raise v.refuse("exactly one of test, all, any, not, meets, unpublished", "keep one of them per node")
    form = forms[0]
    if "cite" in f:
        cite = parse_cite(f["cite"], sources)
    if "checked" in f:
        checked = f["checked"].one_of(("unverified", "read-once", "read-twice"))
    name = f["id"].text() if "id" in f else ""
    says = f["says"].text() if "says" in f else ""
    body = f[form]
    if form in ("all", "any"):
        parts = tuple(parse_tree(p, terms, sources, cite, checked) for p in body)
        if not parts:
            raise body.refuse("at least one part", "remove the node, or write its tests", given="an empty list")
        return Node(name, form, parts, cite)
    if form == "not":
        return Node(name, form, (parse_tree(body, terms, sources, cite, checked),), cite)
    if form in ("meets", "unpublished"):
        word = body.text()
        return Leaf(name or word, form, form, "is", word, f"{form} {word}", cite, says, checked)
    return replace(_sentence(body, name, terms, cite, says), checked=checked)


def parse_cite(v: Value, sources: Mapping[str, str]) -> str:
    """Return a citation `{source: id, at: place}` as text; the source must be one the rule lists."""
    f = v.fields(("source",), ("at",))
    known = f["source"].text()
    if known not in sources:
        raise f["source"].refuse("one of the rule's sources: " + ", ".join(sources), "add it under `sources`")
    return f"{sources[known]}, {f['at'].text()}" if "at" in f else sources[known]


def _sentence(v: Value, name: str, terms: Mapping[str, Term], cite: str, says: str) -> Leaf:
    text = v.text()
    words = text.split(None, 2)
    if len(words) != 3:
        raise v.refuse("a sentence of word, comparator and value", "write it like 'tpp >= 4800 TOPS.bit'")
    word, op, rest = words
    term = terms.get(word)
    if term is None:
        raise v.refuse("a word of terms.yaml: " + ", ".join(terms), "define the word there, or mend its spelling")
    operand: Operand
    if term.type == "number":
        operand = _limit(v, term, op, rest)
    elif term.type == "day":
        if op not in COMPARATORS:
            raise v.refuse("one of the comparators " + " ".join(COMPARATORS), "compare a day with <= or <")
        operand = parse_day(rest, v.where)
    elif term.type == "flag":
        if op != "is" or rest not in ("yes", "no"):
            raise v.refuse(f"'{word} is yes' or '{word} is no'", "write one of the two")
        operand = rest == "yes"
    else:
        if op not in ("is", "in"):
            raise v.refuse(f"'{word} is …' or '{word} in …, …'", "use `is` for one, `in` for several")
        operand = frozenset(part.strip() for part in rest.split(",") if part.strip())
        if not operand or (op == "is" and len(operand) != 1):
            raise v.refuse("one word after `is`, or a list after `in`", "separate several with commas and use `in`")
    return Leaf(name or word, term.type, word, op, operand, text, cite, says)


def _limit(v: Value, term: Term, op: str, rest: str) -> Fraction | Rolling:
    if op not in COMPARATORS:
        raise v.refuse("one of the comparators " + " ".join(COMPARATORS), "use one of them")
    number, _, unit = rest.partition(" ")
    factor, star, name = number.partition("*")
    exact = parse_number(factor)
    value = Rolling(exact, name) if exact is not None and name in ROLLING else None if star else exact
    if value is None:
        raise v.refuse("a decimal number after the comparator", "write digits, with a point for decimals")
    if unit.strip() != term.unit:
        raise Problem(
            v.where,
            f"the unit {unit.strip()!r}" if unit.strip() else "no unit",
            f"the unit of {term.name}: {term.unit}",
            f"write '{term.name} {op} {number} {term.unit}'",
        )
    return value
