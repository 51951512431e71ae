"""Whether missing facts could change an answer, and which: exactly, over all their completions.

The tests of the law cut the values of each missing fact into finitely many cells in which no test changes, so one
representative of each cell stands for all. The answer as a function of the missing facts is built as a decision
diagram, fact by fact. Reduced (a step whose branches all agree is dropped), it holds exactly the facts on which the
answer depends: a fact is in it when two completions that differ in it alone give different answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from twokey.law.day import DayLaw, Expr, Joint, Test, ev
from twokey.law.domains import ORDER, missing_facts, representatives
from twokey.law.facts import Facts
from twokey.quantities.unknown import Truth

__all__ = ["Decision", "decide", "live_atoms"]

Judge = Callable[[Sequence[Truth]], tuple[object, ...]]
"""Answers by parts, from the truth of every test; a part that is not settled is None."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The values a part of an answer takes over all completions, and the facts it depends on."""

    values: frozenset[object]
    missing: tuple[str, ...]

    @property
    def settled(self) -> object | None:
        """The value, when all completions agree; else None."""
        return next(iter(self.values)) if len(self.values) == 1 else None


Residual = bool | int | tuple[object, ...]
"""What is left of an expression: its value, the number of a test (plus 2), or an operation on what is left."""


def residual(expr: Expr, truths: Sequence[Truth]) -> Residual:
    """Return what is left of an expression when settled tests are put in: equal remainders mean equal futures."""
    if type(expr) is Test:
        truth = truths[expr.atom]
        return expr.atom + 2 if truth is None else truth
    assert type(expr) is Joint
    if expr.op == "not":
        part = residual(expr.parts[0], truths)
        return not part if isinstance(part, bool) else ("not", part)
    ends = expr.op == "any"
    left: list[object] = [expr.op]
    for p in expr.parts:
        if type(p) is Test:
            truth = truths[p.atom]
            if truth is ends:
                return ends
            if truth is None:
                left.append(p.atom + 2)
            continue
        part = residual(p, truths)
        if part is ends:
            return ends
        if not isinstance(part, bool):
            left.append(part)
    return not ends if len(left) == 1 else tuple(left)


def shrink(left: Residual, truths: Sequence[Truth]) -> Residual:
    """Return what is left of a remainder when more tests are settled."""
    if type(left) is not tuple:
        if type(left) is bool:
            return left
        truth = truths[left - 2]  # type: ignore[operator]
        return left if truth is None else truth
    op = left[0]
    if op == "not":
        part = shrink(left[1], truths)  # type: ignore[arg-type]
        return not part if type(part) is bool else ("not", part)
    ends = op == "any"
    kept: list[object] = [op]
    for p in left[1:]:
        part = shrink(p, truths)  # type: ignore[arg-type]
        if part is ends:
            return ends
        if type(part) is not bool:
            kept.append(part)
    return not ends if len(kept) == 1 else tuple(kept)


def live_atoms(exprs: Sequence[Expr], truths: Sequence[Truth]) -> frozenset[int]:
    """Return the indices of the unsettled tests that can still change the value of an expression."""
    return _atoms_in(residual(expr, truths) for expr in exprs)


def _atoms_in(left: Iterable[Residual]) -> frozenset[int]:
    found: set[int] = set()
    stack: list[object] = list(left)
    while stack:
        part = stack.pop()
        if type(part) is tuple:
            stack.extend(part[1:])
        elif type(part) is int:
            found.add(part - 2)
    return frozenset(found)


def decide(law: DayLaw, facts: Facts, judge: Judge, exprs: Sequence[Expr], truths: list[Truth]) -> list[Decision]:
    """Return for each part of the answer what it can be and which missing facts it depends on.

    Parameters
    ----------
    judge : the answer, by parts, for given truths of the tests
    exprs : the expressions from which the answer is made
    truths : what the known facts make of every test of the day
    """
    first = judge(truths)
    if all(part is not None for part in first):
        return [Decision(frozenset((part,)), ()) for part in first]
    open_exprs = [expr for expr in dict.fromkeys(exprs) if ev(expr, truths) is None]
    builder = _Builder(law, judge, open_exprs, facts, truths)
    root = builder.build(0, facts, truths, builder.left)
    return [builder.read(root, part) for part in range(len(first))]


@dataclass(frozen=True, slots=True)
class _Leaf:
    """The end of a path: the answer, by parts."""

    parts: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Step:
    """A choice of a missing fact: one child for each of its cases."""

    level: int
    children: tuple[int, ...]


class _Builder:
    """Builds the diagram: nodes are numbers, shared when they mean the same."""

    def __init__(self, law: DayLaw, judge: Judge, exprs: Sequence[Expr], facts: Facts, truths: list[Truth]) -> None:
        self.law, self.judge = law, judge
        self.left = tuple(residual(expr, truths) for expr in exprs)
        self.atoms = sorted(_atoms_in(self.left))
        self.names = missing_facts(law, facts, self.atoms, truths)
        self.facts_end = sum(1 for name in self.names if name in ORDER)
        self.nodes: list[_Leaf | _Step] = []
        self.ids: dict[_Leaf | _Step, int] = {}
        self.memo: dict[object, int] = {}
        self.asked = {name: [i for i in self.atoms if name in law.atoms[i].facts] for name in self.names}

    def node(self, content: _Leaf | _Step) -> int:
        if content not in self.ids:
            self.ids[content] = len(self.nodes)
            self.nodes.append(content)
        return self.ids[content]

    def build(self, level: int, facts: Facts, truths: list[Truth], left: tuple[Residual, ...]) -> int:
        live = _atoms_in(left)
        while level < len(self.names) and live.isdisjoint(self.asked[self.names[level]]):
            level += 1
        name = self.names[level] if level < len(self.names) else ""
        key: object = (level, self.pending(name, facts), left)
        if level < self.facts_end and key in self.memo:
            return self.memo[key]
        parts = self.judge(truths)
        if level >= self.facts_end:
            # a judge may leave an unpublished point aside, so from here on what is left does not say all
            key = (key, parts)
            if key in self.memo:
                return self.memo[key]
        if all(part is not None for part in parts):
            found = self.node(_Leaf(parts))
        elif not name:
            raise AssertionError(f"an answer stays open with every fact known: {parts}")
        else:
            children = []
            for complete in representatives(self.law, facts, name, self.names, self.atoms):
                after = list(truths)
                for i in self.asked[name]:
                    after[i] = self.law.atoms[i].truth(complete)
                children.append(self.build(level + 1, complete, after, tuple(shrink(r, after) for r in left)))
            found = self.node(_Step(level, tuple(children)))
        self.memo[key] = found
        return found

    def pending(self, name: str, facts: Facts) -> object:
        """Return the figures filled in so far that bear on the cases of the next fact.

        DRAM alone does not settle a test of a sum, nor I/O what its links are, nor the TPP the density.
        """
        dram, io = facts.numbers["dram_bandwidth_GBps"], facts.numbers["io_bandwidth_GBps"]
        if "interconnect_bandwidth_GBps" in self.names or facts.ranges:
            return (dram, io, facts.numbers["tpp"])
        return dram if name == "io_bandwidth_GBps" else None

    def read(self, root: int, part: int) -> Decision:
        """Return one part's values and the facts left in its reduced diagram."""
        reduced: dict[int, object] = {}
        shared: dict[object, int] = {}
        levels: set[int] = set()
        values: set[object] = set()

        def reduce(i: int) -> object:
            if i in reduced:
                return reduced[i]
            node = self.nodes[i]
            if isinstance(node, _Leaf):
                values.add(node.parts[part])
                out: object = ("value", node.parts[part])
            else:
                below = tuple(reduce(child) for child in node.children)
                if all(b == below[0] for b in below):
                    out = below[0]
                else:
                    levels.add(node.level)
                    out = ("node", shared.setdefault((node.level, below), len(shared)))
            reduced[i] = out
            return out

        reduce(root)
        names = {self.names[level] for level in levels}
        if "applicable_die_area_mm2" in names and "modes" in self.names:
            names.add("modes")  # the density varies with the rates as well as with the area
        return Decision(frozenset(values), tuple(n for n in self.names if n in names))
