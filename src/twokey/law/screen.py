"""The array and the box reading of the law: millions of designs at once, and whole ranges of designs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from twokey.law.lawful import VERDICTS, VerdictTable, lawful_region, verdict_table
from twokey.law.region import FACTS, Region

__all__ = ["GUARD", "VERDICTS", "VerdictTable", "box", "lawful_region", "mask", "verdict_table", "verdicts"]

GUARD = 1e-9
"""Relative distance to a limit within which a float does not decide [1]."""

Exact = Callable[[int], Sequence[Fraction]]
"""Returns the exact facts of the design in a column, in the order of FACTS."""


def mask(region: Region, facts: NDArray[np.float64], exact: Exact | None = None) -> NDArray[np.bool_]:
    """Return which designs lie in the region.

    Parameters
    ----------
    facts : float array, shape (5, n)
        Facts in the order of `FACTS`: TPP [TOPS.bit], performance density [TOPS.bit/mm2], DRAM and I/O bandwidth and
        their sum [GB/s].
    exact : callable, optional
        Gives the exact facts of a column. Columns with a fact within a relative `GUARD` of a limit of the region
        are decided by it, so the mask agrees with the exact reading. Without it, such a fact counts as being on the
        unlawful side: the mask then never calls a design lawful that is not.

    Returns
    -------
    bool array, shape (n,)

    Raises
    ------
    ValueError
        If `facts` does not have one row per fact.

    Examples
    --------
    >>> from twokey.law.region import Cell
    >>> region = Region((Cell((Fraction(0),) * 5, (Fraction(4800), None, None, None, None), (None,) * 5),))
    >>> facts = np.array([[4799.0, 4800.0]] + 4 * [[1.0, 1.0]])
    >>> mask(region, facts).tolist()
    [True, False]
    """
    x = _checked("facts", facts)
    lawful = np.zeros(x.shape[1], dtype=np.bool_)
    maybe = np.zeros(x.shape[1], dtype=np.bool_)
    for cell in region.cells:
        sure = np.ones(x.shape[1], dtype=np.bool_)
        near = np.ones(x.shape[1], dtype=np.bool_)
        for row, lo, hi in zip(x, cell.lo, cell.hi, strict=True):
            if lo > 0:
                sure &= row >= float(lo) * (1 + GUARD)
                near &= row >= float(lo) * (1 - GUARD)
            if hi is not None:
                sure &= row < float(hi) * (1 - GUARD)
                near &= row < float(hi) * (1 + GUARD)
        lawful |= sure
        maybe |= near
    if exact is not None:
        for column in np.flatnonzero(maybe & ~lawful):
            lawful[column] = region.holds(tuple(exact(int(column))))
    return lawful


def verdicts(table: VerdictTable, facts: NDArray[np.float64]) -> NDArray[np.int8]:
    """Return the verdict of each design, as its place in `VERDICTS`; -1 where a float does not decide.

    Parameters
    ----------
    facts : float array, shape (5, n)
        Facts in the order of `FACTS`; units as for `mask`.

    Returns
    -------
    int8 array, shape (n,)
        -1 for a design with a fact within a relative `GUARD` of a limit: ask `assess` of it.

    Raises
    ------
    ValueError
        If `facts` does not have one row per fact.

    Examples
    --------
    >>> import datetime as dt
    >>> from twokey.law.question import Trade
    >>> trade = Trade(to="CN", seat="CN", on=dt.date(2022, 10, 21))
    >>> table = verdict_table(trade, seller="nvidia", datacentre=True)
    >>> facts = np.array([[4000.0, 5000.0, 5000.0], [1.0] * 3, [1.0] * 3, [700.0, 700.0, 599.0], [701.0] * 3])
    >>> [VERDICTS[code] for code in verdicts(table, facts)]
    ['open', 'shut', 'open']
    """
    x = _checked("facts", facts)
    found = np.empty(x.shape[1], dtype=np.int8)
    for start in range(0, x.shape[1], _CHUNK):
        part = x[:, start : start + _CHUNK]
        flat = np.zeros(part.shape[1], dtype=np.int32)
        near = np.zeros(part.shape[1], dtype=np.bool_)
        for row, cuts, size in zip(part, table.cuts, table.codes.shape, strict=True):
            if size == 1:
                continue
            flat *= size
            for cut in cuts:
                limit = float(cut)
                flat += row >= limit
                near |= np.abs(row - limit) <= GUARD * limit
        found[start : start + _CHUNK] = np.where(near, np.int8(-1), table.codes.ravel()[flat])
    return found


_CHUNK = 32768


def box(region: Region, lo: NDArray[np.float64], hi: NDArray[np.float64]) -> NDArray[np.int8]:
    """Return for boxes of facts, lo <= fact <= hi, whether all, none or some of them may be lawful.

    Parameters
    ----------
    lo, hi : float arrays, shape (5, n), in the order of `FACTS`
        Ends of each box, both included; units as for `mask`.

    Returns
    -------
    int8 array, shape (n,)
        1 where every design of the box is lawful, -1 where none is, 0 where it may be either. Ends within a
        relative `GUARD` of a limit give 0.

    Raises
    ------
    ValueError
        If the arrays do not have one row per fact, or their shapes differ.

    Examples
    --------
    >>> from twokey.law.region import Cell
    >>> region = Region((Cell((Fraction(0),) * 5, (Fraction(4800), None, None, None, None), (None,) * 5),))
    >>> lo = np.array([[0.0, 4000.0, 4801.0]] + 4 * [[1.0] * 3])
    >>> box(region, lo, lo + 100).tolist()
    [1, 1, -1]
    """
    low, high = _checked("lo", lo), _checked("hi", hi)
    if low.shape != high.shape:
        raise ValueError(f"lo and hi must have one shape; got {low.shape} and {high.shape}")
    every = np.zeros(low.shape[1], dtype=np.bool_)
    some = np.zeros(low.shape[1], dtype=np.bool_)
    for cell in region.cells:
        inside = np.ones(low.shape[1], dtype=np.bool_)
        touches = np.ones(low.shape[1], dtype=np.bool_)
        for a, b, least, most in zip(low, high, cell.lo, cell.hi, strict=True):
            if least > 0:
                inside &= a >= float(least) * (1 + GUARD)
                touches &= b >= float(least) * (1 - GUARD)
            if most is not None:
                inside &= b < float(most) * (1 - GUARD)
                touches &= a < float(most) * (1 + GUARD)
        every |= inside
        some |= touches
    return np.where(every, 1, np.where(some, 0, -1)).astype(np.int8)


def _checked(name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 2 or x.shape[0] != len(FACTS):
        raise ValueError(f"{name} must have one row per fact, shape ({len(FACTS)}, n); got {x.shape}")
    return x
