"""The finitely many cases of a missing fact: one representative of each cell between the limits of the law."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from twokey.law.day import DayLaw
from twokey.law.facts import Facts, Span
from twokey.law.groups import countries
from twokey.quantities.unknown import Truth

__all__ = ["ORDER", "missing_facts", "representatives"]

ORDER = (
    "seat", "seller", "seller_seat", "datacentre", "modes", "applicable_die_area_mm2", "dram_bandwidth_GBps",
    "io_bandwidth_GBps", "interconnect_bandwidth_GBps", "memory_stack", "transistors_bn", "hbm", "packaged_in",
    "owners", "us_commercial_since", "site", "site_percent_complete", "use", "end_user",
)  # fmt: skip
"""The order in which missing facts are tried; unpublished points come last."""

OTHER = "~other"
"""Stands for any word that no rule names."""

_ONE_DAY = dt.timedelta(days=1)


def missing_facts(law: DayLaw, facts: Facts, atoms: Iterable[int], truths: Sequence[Truth]) -> list[str]:
    """Return the facts that are missing and that an unsettled test asks for, in the order in which to try them."""
    found: set[str] = set()
    for i in atoms:
        if truths[i] is None:
            found |= {name for name in law.atoms[i].facts if _is_missing(facts, name)}
    ordered = [name for name in ORDER if name in found]
    return ordered + sorted(found - set(ordered))


def _is_missing(facts: Facts, name: str) -> bool:
    if name == "modes":
        return facts.numbers["tpp"] is None
    if name in _OF:
        return facts.numbers[_OF[name]] is None
    if name in facts.numbers:
        return facts.numbers[name] is None
    if name == "us_commercial_since":
        return True  # asked only when a test stays open, for a month may straddle the day asked for
    if hasattr(facts, name):
        return getattr(facts, name) is None
    return name not in facts.published


def representatives(law: DayLaw, facts: Facts, name: str, names: Sequence[str], atoms: Sequence[int]) -> list[Facts]:
    """Return the facts completed by each case of the missing fact `name`.

    Parameters
    ----------
    names : all missing facts, in the order in which they are filled
    atoms : the tests the answer may ask
    """
    if name == "modes":
        return _modes(law, facts, atoms)
    if name == "applicable_die_area_mm2":
        values = _between(_limits(law, atoms, "performance_density"), _densities(facts), zero=False)
        return [_with_numbers(facts, performance_density=v) for v in values]
    if name in ("dram_bandwidth_GBps", "io_bandwidth_GBps"):
        return _bandwidth(law, facts, name, names, atoms)
    if name == "interconnect_bandwidth_GBps":
        return _interconnect(law, facts, atoms)
    if name in ("site_percent_complete", "transistors_bn", *_OF):
        term = _OF.get(name, name)
        span = facts.ranges.get(term, (_ZERO, Fraction(100)) if term.endswith("percent_complete") else None)
        values = _between(_limits(law, atoms, term), span, zero=True)
        return [_with_numbers(facts, **{term: v}) for v in values]
    if name in ("datacentre", "hbm"):
        return [facts.but(**{name: value}) for value in (True, False)]
    if name == "us_commercial_since":
        return [facts.but(since=(day, day)) for day in _days(law, facts, atoms)]
    if name in ("seat", "seller_seat", "packaged_in"):
        return [facts.but(**{name: code}) for code in _seats(law, name, atoms)]
    if name in ("seller", "site", "use", "end_user"):
        words = {w for i in atoms if law.atoms[i].term == name for w in law.atoms[i].operand}
        return [facts.but(**{name: word}) for word in (*sorted(words), OTHER)]
    return [facts.but(published={**facts.published, name: value}) for value in (True, False)]


_OF = {"memory_stack": "memory_bandwidth_density", "owners": "listed_ownership_percent"}
"""Facts that a sheet gives as a group, and the one figure of it that rules ask for."""

_ZERO = Fraction(0)


def _densities(facts: Facts) -> Span | None:
    """Return the densities that a range of areas leaves for a known TPP; None where the area may be any."""
    span, tpp = facts.ranges.get("applicable_die_area_mm2"), facts.numbers["tpp"]
    return None if span is None or tpp is None else (tpp / span[1], tpp / span[0])


def _with_numbers(facts: Facts, **values: Fraction) -> Facts:
    return facts.but(numbers={**facts.numbers, **values})


def _limits(law: DayLaw, atoms: Iterable[int], term: str) -> set[Fraction]:
    return {law.atoms[i].operand for i in atoms if law.atoms[i].kind == "number" and law.atoms[i].term == term}


def _between(limits: Iterable[Fraction], span: Span | None = None, *, zero: bool) -> list[Fraction]:
    """Return each limit above zero, a value within each interval between them, and one beyond each end.

    With `span`, the same of what lies within it, both ends included.
    """
    cuts = sorted(c for c in set(limits) if c > 0)
    if span is not None:
        inner = [span[0], *(c for c in cuts if span[0] < c < span[1]), span[1]]
        middles = [(a + b) / 2 for a, b in itertools.pairwise(inner) if a < b]
        return sorted({*inner, *middles})
    found = [Fraction(0)] if zero else []
    before = Fraction(0)
    for cut in cuts:
        found += [(before + cut) / 2, cut]
        before = cut
    return [*found, before + 1]


def _modes(law: DayLaw, facts: Facts, atoms: Sequence[int]) -> list[Facts]:
    cuts, span = _limits(law, atoms, "tpp"), facts.ranges.get("tpp")
    densities = _limits(law, atoms, "performance_density")
    area = facts.numbers["applicable_die_area_mm2"]
    if area is None:
        # where the area has a range, so has the density at each TPP: its ends cross the limits at these
        cuts |= {d * end for d in densities for end in facts.ranges.get("applicable_die_area_mm2", ())}
        return [_with_numbers(facts, tpp=v) for v in _between(cuts, span, zero=False)]
    cuts |= {limit * area for limit in densities}
    return [_with_numbers(facts, tpp=v, performance_density=v / area) for v in _between(cuts, span, zero=False)]


_PAIRS = (("dram_bandwidth_GBps", "io_bandwidth_GBps", "dram_plus_io_GBps"),
          ("dram_bandwidth_GBps", "interconnect_bandwidth_GBps", "dram_plus_interconnect_GBps"))  # fmt: skip


def _bandwidth(law: DayLaw, facts: Facts, name: str, names: Sequence[str], atoms: Sequence[int]) -> list[Facts]:
    """Cases of one bandwidth. With both unknown the tests of the sum are lines across the plane of the two; the
    grid below has a point in every cell, on every line along either axis that meets it.

    Links between chips are at most all I/O, so while they are unknown their limits count as limits of it.
    """
    dram, io = _limits(law, atoms, "dram_bandwidth_GBps"), _limits(law, atoms, "io_bandwidth_GBps")
    sums = _limits(law, atoms, "dram_plus_io_GBps")
    of_links, with_links = (_limits(law, atoms, term) for term in _PAIRS[1][1:])
    links = facts.numbers["interconnect_bandwidth_GBps"]
    if links is None:
        io, sums = io | of_links, sums | with_links
        for end in facts.ranges.get("interconnect_bandwidth_GBps", ()):
            dram = dram | {s - end for s in with_links}
    else:
        dram = dram | {s - links for s in with_links}
    span = facts.ranges.get(name)
    if {"dram_bandwidth_GBps", "io_bandwidth_GBps"} <= set(names):
        dram = dram | set(facts.ranges.get("dram_bandwidth_GBps", ()))
        io = io | set(facts.ranges.get("io_bandwidth_GBps", ()))
        across = {s - limit for s in sums for limit in dram | io} | sums
        rough_dram, rough_io = _between(dram | across, zero=True), _between(io | across, zero=True)
        if name == "dram_bandwidth_GBps":
            cuts = dram | across | {s - v for s in sums for v in rough_io}
        else:
            cuts = io | across | {s - v for s in sums for v in rough_dram}
    else:
        other = facts.numbers["io_bandwidth_GBps" if name == "dram_bandwidth_GBps" else "dram_bandwidth_GBps"]
        cuts = dram if name == "dram_bandwidth_GBps" else io
        if other is not None:
            cuts = cuts | {s - other for s in sums}
        if links is None and name == "dram_bandwidth_GBps":
            cuts = cuts | {s - limit for s in with_links for limit in of_links}
    return [_with_sums(facts, name, value) for value in _between(cuts, span, zero=True)]


def _interconnect(law: DayLaw, facts: Facts, atoms: Sequence[int]) -> list[Facts]:
    name = "interconnect_bandwidth_GBps"
    dram = facts.numbers["dram_bandwidth_GBps"]
    cuts = _limits(law, atoms, name)
    if dram is not None:
        cuts = cuts | {s - dram for s in _limits(law, atoms, "dram_plus_interconnect_GBps")}
    return [_with_sums(facts, name, value) for value in _between(cuts, facts.span(name), zero=True)]


def _with_sums(facts: Facts, name: str, value: Fraction) -> Facts:
    """Return the facts with one bandwidth filled in, and the sums that it completes."""
    numbers = {**facts.numbers, name: value}
    for left, right, total in _PAIRS:
        a, b = numbers[left], numbers[right]
        if name in (left, right) and a is not None and b is not None:
            numbers[total] = a + b
    return facts.but(numbers=numbers)


def _days(law: DayLaw, facts: Facts, atoms: Iterable[int]) -> list[dt.date]:
    first, last = facts.since or (dt.date(1990, 1, 1), dt.date(2190, 1, 1))
    cuts = {law.atoms[i].operand for i in atoms if law.atoms[i].term == "us_commercial_since"}
    near = {day for cut in cuts for day in (cut - _ONE_DAY, cut, cut + _ONE_DAY)} | {first, last}
    return sorted(day for day in near if first <= day <= last)


def _seats(law: DayLaw, name: str, atoms: Sequence[int]) -> list[str]:
    """Return one country of each class that the tests of a seat do not tell apart."""
    key: tuple[Any, ...] = ("seats", name, tuple(atoms))
    if key not in law.domains:
        asked = [law.atoms[i] for i in atoms if law.atoms[i].kind == "place" and name in law.atoms[i].facts]
        classes: dict[tuple[bool, ...], str] = {}
        for code in ("US", "CN", *countries()):
            seat = "CN" if code == "HK" and name == "seat" else code
            classes.setdefault(tuple(seat in atom.operand for atom in asked), seat)
        law.domains[key] = list(classes.values())
    found = law.domains[key]
    assert isinstance(found, list)
    return found
