"""Rules that may come next: designs that stay lawful under all of them, or under as likely a set of them as can be.

A region is a union of cells, so staying lawful under two laws is the union of the cells' pairwise overlaps; a margin
moves every limit of a cell inwards.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from fractions import Fraction

from twokey.law.region import Cell, Region
from twokey.quantities.problem import Problem

__all__ = ["MOST_FUTURES", "both", "likeliest", "with_margin"]

MOST_FUTURES = 10
"""Greatest number of next rules whose subsets are tried one by one."""


def with_margin(region: Region, margin: Fraction) -> Region:
    """Return the designs that keep a distance from every limit of the cell they are in.

    Parameters
    ----------
    margin : share of a limit by which to stay below it, or above it where it is a lower one [1]

    Notes
    -----
    Cells are moved one by one, so what lies at a border between two cells of the region is left out as well, unless
    a third covers it: the margin may cost a little more than it must, never less.

    Raises
    ------
    Problem
        If the margin is not in [0, 1).

    Examples
    --------
    >>> none = (Fraction(0),) * 5, (None,) * 5
    >>> cell = Cell(none[0], (Fraction(4800), *none[1][1:]), ("rule tpp", *none[1][1:]))
    >>> with_margin(Region((cell,)), Fraction("0.05")).cells[0].hi[0]
    Fraction(4560, 1)
    """
    if not 0 <= margin < 1:
        raise Problem("--margin", str(float(margin)), "a share from 0 to below 1", "write 0.05 for five percent")
    return Region(
        tuple(
            Cell(
                tuple(lo * (1 + margin) for lo in cell.lo),
                tuple(None if hi is None else hi * (1 - margin) for hi in cell.hi),
                cell.limits,
            )
            for cell in region.cells
        )
    )


def both(one: Region, other: Region) -> Region:
    """Return the designs that are lawful under both; of two limits the stricter one keeps its name."""
    found = []
    for a, b in itertools.product(one.cells, other.cells):
        lo = tuple(max(x, y) for x, y in zip(a.lo, b.lo, strict=True))
        hi: list[Fraction | None] = []
        names: list[str | None] = []
        for x, y, p, q in zip(a.hi, b.hi, a.limits, b.limits, strict=True):
            first = y is None or (x is not None and x <= y)
            hi.append(x if first else y)
            names.append(p if first else q)
        if all(h is None or low < h for low, h in zip(lo, hi, strict=True)):
            found.append(Cell(lo, tuple(hi), tuple(names)))
    return Region(tuple(dict.fromkeys(found)))


def likeliest(
    now: Region, futures: Sequence[tuple[str, Region, Fraction]], possible: Callable[[Region], bool]
) -> tuple[Region, Fraction, tuple[str, ...]]:
    """Return the region of designs that are lawful now and stay so with the greatest probability.

    Parameters
    ----------
    now : the law of the day
    futures : name, region and probability of each rule that may come next; at most one comes, else the law stays
    possible : whether a region holds a design of the space

    Returns
    -------
    region : lawful now and under the chosen futures
    probability : that the design stays lawful: of the chosen futures, and that none comes [1]
    names : of the chosen futures

    Raises
    ------
    Problem
        If there are too many futures, a probability is negative, or they add up to more than one.
    """
    total = sum((p for _, _, p in futures), Fraction(0))
    if len(futures) > MOST_FUTURES or any(p < 0 for _, _, p in futures) or total > 1:
        given = ", ".join(f"{name}={float(p):g}" for name, _, p in futures)
        raise Problem(
            "--survive", given, f"at most {MOST_FUTURES} rules, with probabilities that add up to at most 1",
            "one of the rules may come, or none",
        )  # fmt: skip
    subsets = [s for n in range(len(futures) + 1) for s in itertools.combinations(range(len(futures)), n)]
    subsets.sort(key=lambda s: (-sum((futures[i][2] for i in s), Fraction(0)), -len(s), s))
    for chosen in subsets:
        region = now
        for i in chosen:
            region = both(region, futures[i][1])
        if not chosen or (region.cells and possible(region)):
            kept = sum((futures[i][2] for i in chosen), Fraction(0))
            return region, 1 - total + kept, tuple(futures[i][0] for i in chosen)
    raise AssertionError("the empty set of futures is always possible")
