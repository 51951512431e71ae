"""How probable each answer is where a sheet gives figures as low, mid and high.

Each uncertain figure is taken to be triangular between low and high with its mode at mid, and independent of the
others: a convention, since three numbers say no more. One such figure is cut by the law's limits into intervals in
which the answer is constant, and each interval has its exact probability; several are sampled.
"""

from __future__ import annotations

import bisect
import itertools
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from twokey.chips.item import ItemSheet, Mode, Triple
from twokey.law.answer import Answer
from twokey.law.day import DayLaw
from twokey.law.facts import facts_of
from twokey.law.question import Trade

__all__ = ["Chances", "chances", "share_below"]

DRAWS = 20_000
SEED = 20250417
"""How many points are sampled where several figures are uncertain, and from which seed."""

Judge = Callable[[ItemSheet], Answer]


@dataclass(frozen=True, slots=True)
class Chances:
    """Probabilities of American outcome and of verdict, those of one together 1.

    `error` is the largest standard error of a sampled probability, zero where they are exact.
    """

    method: str
    outcome: Mapping[str, Fraction]
    verdict: Mapping[str, Fraction]
    error: float
    draws: int
    seed: int | None

    def to_json(self) -> dict[str, object]:
        """Return the probabilities as plain JSON values."""

        def plain(found: Mapping[str, Fraction]) -> dict[str, float]:
            return {word: round(float(p), 6) for word, p in sorted(found.items())}

        out: dict[str, object] = {
            "method": self.method, "distribution": "triangular, independent", "outcome": plain(self.outcome),
            "verdict": plain(self.verdict),
        }  # fmt: skip
        if self.method == "sampled":
            out |= {"standard_error": round(self.error, 6), "draws": self.draws, "seed": self.seed}
        return out


def share_below(x: Fraction, triple: Triple) -> Fraction:
    r"""Return the probability that a triangular figure lies below a value.

    Notes
    -----
    :math:`F(x) = (x-a)^2 / ((b-a)(c-a))` up to the mode `c`, and :math:`1 - (b-x)^2 / ((b-a)(b-c))` above it [1]_.

    References
    ----------
    .. [1] S. Kotz and J. R. van Dorp, "Beyond Beta: Other Continuous Families of Distributions with Bounded Support
       and Applications," World Scientific, 2004, ch. 1. doi:10.1142/5720

    Examples
    --------
    >>> share_below(Fraction(1), (Fraction(0), Fraction(1), Fraction(2)))
    Fraction(1, 2)
    """
    low, mid, high = triple
    if x <= low:
        return Fraction(0)
    if x >= high:
        return Fraction(1)
    if x <= mid:
        return (x - low) ** 2 / ((high - low) * (mid - low))
    return 1 - (high - x) ** 2 / ((high - low) * (high - mid))


def chances(item: ItemSheet, trade: Trade, law: DayLaw, judge: Judge) -> Chances:
    """Return how probable each outcome and verdict is for an item with uncertain figures.

    Parameters
    ----------
    judge : the answer in the trade for an item whose figures are certain; asked once in each cell that the law's
        limits cut out
    """
    names = sorted(item.uncertain)
    if len(names) == 1:
        return _exact(item, names[0], _cuts(item, trade, law, names[0]), judge)
    return _sampled(item, names, trade, law, judge, DRAWS, SEED)


def _filled(item: ItemSheet, values: Mapping[str, Fraction]) -> ItemSheet:
    """Return the item with its uncertain figures settled; a TPP as one mode of one bit."""
    plain: dict[str, object] = {name: value for name, value in values.items() if name != "modes"}
    if "modes" in values:
        plain["modes"] = (Mode("tpp", 1, values["modes"]),)
    return replace(item, uncertain={}, **plain)  # type: ignore[arg-type]


_TERM = {"modes": "tpp"}


def _limits(law: DayLaw) -> dict[str, set[Fraction]]:
    found: dict[str, set[Fraction]] = {}
    for atom in law.atoms:
        if atom.kind == "number":
            found.setdefault(atom.term, set()).add(atom.operand)
    return found


def _cuts(item: ItemSheet, trade: Trade, law: DayLaw, name: str) -> list[Fraction]:
    """Return the values of one figure at which some test of the law may turn, those of the others being known."""
    limits, numbers = _limits(law), facts_of(item, trade).numbers
    term = _TERM.get(name, name)
    found = set(limits.get(term, ()))
    area, tpp = numbers["applicable_die_area_mm2"], numbers["tpp"]
    if name == "modes" and area is not None:
        found |= {d * area for d in limits.get("performance_density", ())}
    if name == "applicable_die_area_mm2" and tpp is not None:
        found |= {tpp / d for d in limits.get("performance_density", ()) if d}
    for total, left, right in _SUMS:
        if name in (left, right):
            other = numbers[right if name == left else left]
            found |= {s - other for s in limits.get(total, ()) if other is not None}
    if name == "io_bandwidth_GBps":  # links between chips that are not known are at most all I/O
        found |= limits.get("interconnect_bandwidth_GBps", set())
        dram = numbers["dram_bandwidth_GBps"]
        found |= {s - dram for s in limits.get("dram_plus_interconnect_GBps", ()) if dram is not None}
    low, _, high = item.uncertain[name]
    return sorted(c for c in found if low < c < high)


_SUMS = (("dram_plus_io_GBps", "dram_bandwidth_GBps", "io_bandwidth_GBps"),
         ("dram_plus_interconnect_GBps", "dram_bandwidth_GBps", "interconnect_bandwidth_GBps"))  # fmt: skip


def _exact(item: ItemSheet, name: str, cuts: Sequence[Fraction], judge: Judge) -> Chances:
    triple = item.uncertain[name]
    outcome: dict[str, Fraction] = {}
    verdict: dict[str, Fraction] = {}
    for a, b in itertools.pairwise((triple[0], *cuts, triple[2])):
        share = share_below(b, triple) - share_below(a, triple)
        answer = judge(_filled(item, {name: (a + b) / 2}))
        outcome[answer.us.outcome] = outcome.get(answer.us.outcome, Fraction(0)) + share
        verdict[answer.verdict] = verdict.get(answer.verdict, Fraction(0)) + share
    return Chances("exact", outcome, verdict, 0.0, 0, None)


def _sampled(
    item: ItemSheet, names: Sequence[str], trade: Trade, law: DayLaw, judge: Judge, draws: int, seed: int
) -> Chances:
    draw = random.Random(seed)
    ends = [tuple(map(float, item.uncertain[name])) for name in names]
    cell = _cells(item, names, trade, law)
    known: dict[object, tuple[str, str]] = {}
    counts: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for _ in range(draws):
        values = [draw.triangular(low, high, mid) for low, mid, high in ends]
        key = cell(values)
        if key not in known:
            answer = judge(_filled(item, dict(zip(names, map(Fraction, values), strict=True))))
            known[key] = answer.us.outcome, answer.verdict
        for count, word in zip(counts, known[key], strict=True):
            count[word] = count.get(word, 0) + 1
    outcome, verdict = ({w: Fraction(n, draws) for w, n in c.items()} for c in counts)
    error = max(map(_deviation, itertools.chain(outcome.values(), verdict.values()))) / math.sqrt(draws)
    return Chances("sampled", outcome, verdict, error, draws, seed)


def _cells(item: ItemSheet, names: Sequence[str], trade: Trade, law: DayLaw) -> Callable[[Sequence[float]], object]:
    """Return what tells the cells between the law's limits apart: for each figure, how many limits lie below it."""
    limits, numbers = _limits(law), facts_of(item, trade).numbers
    # links between chips that are not known are at most all I/O, so their limits cut the I/O too
    for one, other in (("io_bandwidth_GBps", "interconnect_bandwidth_GBps"), (_SUMS[0][0], _SUMS[1][0])):
        limits[one] = limits.get(one, set()) | limits.get(other, set())
    known = {name: float(v) for name, v in numbers.items() if v is not None}
    if numbers["tpp"] is not None:
        known["modes"] = float(numbers["tpp"])

    def cuts(term: str) -> list[float]:
        return sorted(map(float, limits.get(term, ())))

    own = [(i, cuts(_TERM.get(name, name))) for i, name in enumerate(names)]
    area = "applicable_die_area_mm2"
    sums = [(left, right, cuts(total)) for total, left, right in _SUMS if {left, right} <= {*known, *names}]
    dense = cuts("performance_density") if {"modes", area} <= {*known, *names} else []

    def cell(values: Sequence[float]) -> object:
        full = known | dict(zip(names, values, strict=True))
        found = [bisect.bisect(limit, values[i]) for i, limit in own]
        found += [bisect.bisect(limit, full[left] + full[right]) for left, right, limit in sums]
        if dense:
            found.append(bisect.bisect(dense, full["modes"] / full[area]))
        return tuple(found)

    return cell


def _deviation(p: Fraction) -> float:
    return math.sqrt(float(p * (1 - p)))
