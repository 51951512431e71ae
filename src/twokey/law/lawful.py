"""The lawful designs of a day as cells: the rules' own trees, asked once in every cell their limits cut out."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from twokey.chips.item import ItemSheet
from twokey.law.assume import published
from twokey.law.cn import cn_law
from twokey.law.day import DayLaw, Expr, Joint, Test, law_on
from twokey.law.decide import decide, live_atoms
from twokey.law.facts import Facts, facts_of
from twokey.law.question import Trade
from twokey.law.region import FACTS, Cell, Region
from twokey.law.us import UsLaw, us_law
from twokey.quantities.problem import Problem
from twokey.quantities.unknown import Truth

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["VERDICTS", "VerdictTable", "lawful_region", "verdict_table"]

_ACCEPT = {"open": frozenset(("open",)), "conditional": frozenset(("open", "conditional"))}


def lawful_region(
    trade: Trade,
    *,
    seller: str | None,
    datacentre: bool | None,
    accept: str = "open",
    known_on: dt.date | None = None,
    assume: Mapping[str, Fraction] | None = None,
    overlays: Sequence[Path] = (),
    without: Collection[str] = (),
) -> Region:
    """Return the designs whose verdict in a trade is sure to be open, as a union of half-open cells.

    A design is a hypothetical part: no rule names it, and whether it is on sale in the United States is not known.
    Where such a missing fact, or an unknown `datacentre` or `seller`, could change the verdict, the design is not
    in the region. The cells are the maximal boxes of the lawful set, those that others cover left out; each upper
    limit carries the rule and fact that sets it.

    Parameters
    ----------
    seller : slug of who sells the design; letters bind their addressees only
    datacentre : whether it is designed or marketed for data centres
    without : ids of rules that are taken not to be in force: what the law would leave without them
    accept : "open", or "conditional" to take also what a notice or a licence not presumed to be denied can open

    Raises
    ------
    Problem
        If the trade has no destination or no day, or `accept` is another word.

    Examples
    --------
    >>> region = lawful_region(Trade(to="CN", on=dt.date(2022, 10, 21)), seller="nvidia", datacentre=True)
    >>> [[label for label in cell.limits if label] for cell in region.cells]
    [['us/3a090 tpp'], ['us/3a090 io']]
    """
    if accept not in _ACCEPT:
        raise Problem("accept", repr(accept), "open or conditional", "write one of the two", kind="usage")
    grid = _grid(trade, seller, datacentre, known_on, assume, overlays, frozenset(without))
    return grid.region(_ACCEPT[accept])


@dataclass(frozen=True, slots=True)
class VerdictTable:
    """The verdict of every cell that the limits of a day cut out of the space of facts.

    `cuts` holds for each fact, in the order of `FACTS`, the limits above zero; `codes` has one axis for each fact,
    one longer than its limits, with the place in `VERDICTS` of the verdict between them.
    """

    cuts: tuple[tuple[Fraction, ...], ...]
    codes: NDArray[np.int8]


VERDICTS = ("open", "conditional", "shut", "undetermined")
"""The words of a verdict, in the order of the codes of a table."""


def verdict_table(
    trade: Trade,
    *,
    seller: str | None,
    datacentre: bool | None,
    known_on: dt.date | None = None,
    assume: Mapping[str, Fraction] | None = None,
    overlays: Sequence[Path] = (),
) -> VerdictTable:
    """Return the verdict of a hypothetical design in a trade for every cell of the facts; see `lawful_region`.

    Raises
    ------
    Problem
        If the trade has no destination or no day.

    Examples
    --------
    >>> table = verdict_table(Trade(to="CN", on=dt.date(2022, 10, 21)), seller="nvidia", datacentre=True)
    >>> [[int(c) for c in cuts] for cuts in table.cuts], table.codes.shape
    ([[4800], [], [], [600], []], (2, 1, 1, 2, 1))
    """
    import numpy as np

    grid = _grid(trade, seller, datacentre, known_on, assume, overlays)
    shape = tuple(len(c) for c in grid.cuts)
    codes = np.zeros(shape, dtype=np.int8)
    for index in np.ndindex(shape):
        found = grid.verdicts(index)
        codes[index] = VERDICTS.index(next(iter(found)) if len(found) == 1 else "undetermined")
    return VerdictTable(tuple(tuple(c[1:]) for c in grid.cuts), codes)


def _grid(
    trade: Trade,
    seller: str | None,
    datacentre: bool | None,
    known_on: dt.date | None,
    assume: Mapping[str, Fraction] | None,
    overlays: Sequence[Path],
    without: frozenset[str] = frozenset(),
) -> _Grid:
    if trade.on is None:
        raise Problem("the trade", "no day", "the day of the trade", "write --on 2025-04-17")
    law = law_on(trade.on, known_on, overlays, without)
    seat = "US" if seller in ("nvidia", "amd", "intel") else None
    design = ItemSheet(name="a design", seller=seller, seller_seat=seat, datacentre=datacentre)
    return _Grid(law, facts_of(design, trade, published(design, law, assume or {})))


class _Grid:
    """The cells that the limits of a day cut out of the space of facts, and which of them are lawful."""

    def __init__(self, law: DayLaw, facts: Facts) -> None:
        self.law, self.facts = law, facts
        self.us: UsLaw = us_law(law, facts.plain)
        self.cn = cn_law(law, facts.plain)
        self.numeric = {
            i: FACTS.index(_COUNTED_AS.get(law.atoms[i].term, law.atoms[i].term))
            for i in live_atoms(self.us.exprs, law.ask(facts))
            if law.atoms[i].kind == "number" and _COUNTED_AS.get(law.atoms[i].term, law.atoms[i].term) in FACTS
        }
        for i in self.numeric:
            if law.atoms[i].op not in (">=", "<"):
                raise Problem(
                    "law", f"{law.atoms[i].term} {law.atoms[i].op}", "limits that cells can hold: >= or <",
                    "word the test with >= or <", kind="bad-data",
                )  # fmt: skip
        cuts: list[set[Fraction]] = [{Fraction(0)} for _ in FACTS]
        for i, axis in self.numeric.items():
            cuts[axis].add(law.atoms[i].operand)
        self.cuts = [sorted(c) for c in cuts]
        self.start = law.ask(facts)
        self.states: dict[tuple[Truth, ...], frozenset[str]] = {}
        (found,) = decide(law, facts, self.cn.judge, self.cn.exprs, self.start)
        self.cn_states = frozenset(self.cn.state(str(v)) for v in found.values)

    def truths(self, index: tuple[int, ...]) -> list[Truth]:
        """Return the truth of every test in a cell; those of other facts stay as they are known."""
        found = list(self.start)
        for i, axis in self.numeric.items():
            atom, low = self.law.atoms[i], self.cuts[axis][index[axis]]
            found[i] = low >= atom.operand if atom.op == ">=" else low < atom.operand
        return found

    def verdicts(self, index: tuple[int, ...]) -> frozenset[str]:
        """Return the verdicts that completions of the other facts give in a cell."""
        truths = self.truths(index)
        key = tuple(truths)
        if key not in self.states:
            blank = frozenset(i for i in self.us.unpublished if truths[i] is None)
            state = decide(self.law, self.facts, lambda t: self.us.judge(t, blank)[4:], self.us.exprs, truths)[0]
            order = ("open", "conditional", "shut")
            self.states[key] = frozenset(
                max(str(a), b, key=order.index) for a, b in itertools.product(state.values, self.cn_states)
            )
        return self.states[key]

    def region(self, wanted: frozenset[str]) -> Region:
        """Return the set whose verdicts are all among those wanted, as maximal boxes."""
        import numpy as np

        shape = tuple(len(c) for c in self.cuts)
        lawful = np.zeros(shape, dtype=bool)
        for index in np.ndindex(shape):
            lawful[index] = self.verdicts(index) <= wanted
        return Region(tuple(self.cell(lo, hi) for lo, hi in _cover(lawful)))

    def cell(self, lo: tuple[int, ...], hi: tuple[int, ...]) -> Cell:
        """Return the cell of a box of grid cells, lo <= index < hi."""
        ends = tuple(c[h] if h < len(c) else None for c, h in zip(self.cuts, hi, strict=True))
        labels = tuple(None if end is None else self.label(axis, lo, hi) for axis, end in enumerate(ends))
        return Cell(tuple(c[i] for c, i in zip(self.cuts, lo, strict=True)), ends, labels)

    def label(self, axis: int, lo: tuple[int, ...], hi: tuple[int, ...]) -> str:
        """Return the rule and fact that set a box's upper limit: the control that catches first just beyond it."""
        beyond = itertools.product(
            *(range(hi[a], hi[a] + 1) if a == axis else range(lo[a], hi[a]) for a in range(len(FACTS)))
        )
        fallback = ""
        limit = self.cuts[axis][hi[axis]]
        for index in beyond:
            need = self.us.required(self.truths(index))
            for p, n in zip(self.us.controls, need, strict=True):
                if n is False:
                    continue
                tests = [t for t in _tests(p.item) if self.numeric.get(t.atom) == axis and t.rule == p.rule.id]
                if any(self.law.atoms[t.atom].operand == limit for t in tests):
                    return f"{p.rule.id} {_SHORT[FACTS[axis]]}"
                fallback = fallback or f"{p.rule.id} {_SHORT[FACTS[axis]]}"
        return fallback


_COUNTED_AS = {
    "interconnect_bandwidth_GBps": "io_bandwidth_GBps",
    "dram_plus_interconnect_GBps": "dram_plus_io_GBps",
}
"""Facts that a cell does not have, and the one that is never less: all of a design's I/O must keep the limit."""

_SHORT = {
    "tpp": "tpp", "performance_density": "density", "dram_bandwidth_GBps": "dram", "io_bandwidth_GBps": "io",
    "dram_plus_io_GBps": "dram+io",
}  # fmt: skip


def _tests(expr: Expr) -> list[Test]:
    if isinstance(expr, Test):
        return [expr]
    assert isinstance(expr, Joint)
    return [t for p in expr.parts for t in _tests(p)]


Box = tuple[tuple[int, ...], tuple[int, ...]]


def _cover(lawful: NDArray[np.bool_]) -> list[Box]:
    """Return maximal boxes of true cells that together cover all of them; boxes that others cover are left out."""
    import numpy as np

    n = lawful.ndim
    total = np.zeros(tuple(s + 1 for s in lawful.shape), dtype=np.int64)
    total[(slice(1, None),) * n] = lawful
    for axis in range(n):
        total = np.cumsum(total, axis=axis)
    spans = [[(i, j) for i in range(s) for j in range(i + 1, s + 1)] for s in lawful.shape]
    boxes = np.array(list(itertools.product(*spans)), dtype=np.int64)
    lo, hi = boxes[:, :, 0], boxes[:, :, 1]
    held = np.zeros(len(boxes), dtype=np.int64)
    for corner in itertools.product((0, 1), repeat=n):
        at = tuple(np.where(corner[a], hi[:, a], lo[:, a]) for a in range(n))
        held += (-1) ** (n - sum(corner)) * total[at]
    full = held == np.prod(hi - lo, axis=1)
    known = {(tuple(a), tuple(b)) for a, b in zip(lo[full].tolist(), hi[full].tolist(), strict=True)}
    maximal = [box for box in known if not any(_grown(box, a, side) in known for a in range(n) for side in (0, 1))]
    maximal.sort(key=lambda box: (box[1], box[0]))
    return _without_covered(maximal, lawful.shape)


def _grown(box: Box, axis: int, side: int) -> Box:
    lo, hi = list(box[0]), list(box[1])
    if side:
        hi[axis] += 1
    else:
        lo[axis] -= 1
    return tuple(lo), tuple(hi)


def _without_covered(boxes: list[Box], shape: tuple[int, ...]) -> list[Box]:
    import numpy as np

    times = np.zeros(shape, dtype=np.int64)
    where = [tuple(slice(a, b) for a, b in zip(lo, hi, strict=True)) for lo, hi in boxes]
    for w in where:
        times[w] += 1
    kept = []
    for box, w in sorted(zip(boxes, where, strict=True), key=lambda bw: int(np.size(times[bw[1]]))):
        if bool((times[w] > 1).all()):
            times[w] -= 1
        else:
            kept.append(box)
    return sorted(kept, key=lambda box: (box[1], box[0]))
