"""The finitely many cases of a missing fact: one representative of each cell between the limits of the law."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from twokey.law.day import DayLaw
from twokey.law.facts import Facts
from twokey.law.groups import countries
from twokey.quantities.unknown import Truth

__all__ = ["ORDER", "missing_facts", "representatives"]

ORDER = (
    "seat", "seller", "seller_seat", "datacentre", "modes", "applicable_die_area_mm2", "dram_bandwidth_GBps",
    "io_bandwidth_GBps", "us_commercial_since", "site", "site_percent_complete", "use", "end_user",
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
        return _modes(law, facts, atoms, area_known=facts.numbers["applicable_die_area_mm2"] is not None)
    if name == "applicable_die_area_mm2":
        values = _between(_limits(law, atoms, "performance_density"), zero=False)
        return [_with_numbers(facts, performance_density=v) for v in values]
    if name in ("dram_bandwidth_GBps", "io_bandwidth_GBps"):
        return _bandwidth(law, facts, name, names, atoms)
    if name == "site_percent_complete":
        values = [v for v in _between(_limits(law, atoms, name), zero=True) if v <= 100]
        return [_with_numbers(facts, site_percent_complete=v) for v in values]
    if name == "datacentre":
        return [facts.but(datacentre=value) for value in (True, False)]
    if name == "us_commercial_since":
        return [facts.but(since=(day, day)) for day in _days(law, facts, atoms)]
    if name in ("seat", "seller_seat"):
        return [facts.but(**{name: code}) for code in _seats(law, name, atoms)]
    if name in ("seller", "site", "use", "end_user"):
        words = {w for i in atoms if law.atoms[i].term == name for w in law.atoms[i].operand}
        return [facts.but(**{name: word}) for word in (*sorted(words), OTHER)]
    return [facts.but(published={**facts.published, name: value}) for value in (True, False)]


def _with_numbers(facts: Facts, **values: Fraction) -> Facts:
    return facts.but(numbers={**facts.numbers, **values})


def _limits(law: DayLaw, atoms: Iterable[int], term: str) -> set[Fraction]:
    return {law.atoms[i].operand for i in atoms if law.atoms[i].kind == "number" and law.atoms[i].term == term}


def _between(limits: Iterable[Fraction], *, zero: bool) -> list[Fraction]:
    """Return each limit above zero, a value within each interval between them, and one beyond each end."""
    cuts = sorted(c for c in set(limits) if c > 0)
    found = [Fraction(0)] if zero else []
    before = Fraction(0)
    for cut in cuts:
        found += [(before + cut) / 2, cut]
        before = cut
    return [*found, before + 1]


def _modes(law: DayLaw, facts: Facts, atoms: Sequence[int], *, area_known: bool) -> list[Facts]:
    cuts = _limits(law, atoms, "tpp")
    if not area_known:
        return [_with_numbers(facts, tpp=v) for v in _between(cuts, zero=False)]
    area = facts.numbers["applicable_die_area_mm2"]
    assert area is not None
    cuts |= {limit * area for limit in _limits(law, atoms, "performance_density")}
    return [_with_numbers(facts, tpp=v, performance_density=v / area) for v in _between(cuts, zero=False)]


def _bandwidth(law: DayLaw, facts: Facts, name: str, names: Sequence[str], atoms: Sequence[int]) -> list[Facts]:
    """Cases of one bandwidth. With both unknown the tests of the sum are lines across the plane of the two; the
    grid below has a point in every cell, on every line along either axis that meets it."""
    dram, io = _limits(law, atoms, "dram_bandwidth_GBps"), _limits(law, atoms, "io_bandwidth_GBps")
    sums = _limits(law, atoms, "dram_plus_io_GBps")
    if {"dram_bandwidth_GBps", "io_bandwidth_GBps"} <= set(names):
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
    found = []
    for value in _between(cuts, zero=True):
        complete = _with_numbers(facts, **{name: value})
        a, b = complete.numbers["dram_bandwidth_GBps"], complete.numbers["io_bandwidth_GBps"]
        found.append(complete if a is None or b is None else _with_numbers(complete, dram_plus_io_GBps=a + b))
    return found


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
