"""The plan of a sweep: what is to be searched or evaluated, as numbered units of work.

A unit is one search, or one block of designs to evaluate. Its number says all there is to know about it, so that any
worker can do any unit, and the rows of all units in the order of numbers are the result, however the work was divided.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from twokey.law.book import overlay
from twokey.law.lawful import lawful_region
from twokey.law.question import Trade, trade_from_value
from twokey.law.region import EVERYTHING, Region
from twokey.quantities.problem import Problem
from twokey.search.objectives import check_objective, read_limit
from twokey.search.space import load
from twokey.sources.text import Value, read_file
from twokey.workloads.catalogue import workload

__all__ = ["BLOCK", "KEEPS", "KINDS", "VERSION", "Plan", "Unit", "model_stamp", "plans", "read_plan"]

KINDS = ("search", "evaluate")
"""A certified search for each combination, or the figures of every design of a sample or of the whole grid."""

KEEPS = ("all", "lawful", "best")
"""Which designs of an evaluation are written: all; those that some law permits, that can be made and hold the
workload; the best of each block for each objective and law."""

BLOCK = 65_536
"""Designs of one unit of an evaluation."""

VERSION = importlib.metadata.version("twokey")

_MOST_BLOCKS = 2_000_000
_PACKAGE = Path(__file__).parent.parent.parent
_FOLDER = _PACKAGE / "data" / "sweeps"
_REQUIRED = ("format", "kind", "spaces", "workloads", "objectives", "days")
_OPTIONAL = (
    "note", "rules", "trade", "datacentre", "accept", "assume", "seed", "gap", "boxes", "limits", "explain", "designs",
    "keep", "best",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of work, with what its plan says of it.

    Parameters
    ----------
    number : its place in the sweep
    key : units of one key take about as long as one another
    space, workload : names; objective, law : of a search, else empty
    first, count : designs of a block, by their place in the space or the sample
    """

    number: int
    key: str
    space: str
    workload: str
    objective: str = ""
    law: str = ""
    first: int = 0
    count: int = 0


@dataclass(frozen=True)
class Plan:
    """A sweep, with the law already read: it can be sent to a machine that holds no rule file of the user's.

    Parameters
    ----------
    laws : name and lawful region of each law; EVERYTHING for no law
    gap, boxes : of a search: the gap to prove, and the boxes after which it stops. A count and no time, so that
        a slower machine has the same answer
    limits : of a search, on other objectives, by name
    explain : of a search: whether to say which limits bind, and their shadow prices
    designs : of an evaluation: size of the random sample, None for every design of the space
    keep, best : of an evaluation: one of `KEEPS`, and how many of a block are the best
    """

    kind: str
    spaces: tuple[str, ...]
    workloads: tuple[str, ...]
    objectives: tuple[str, ...]
    laws: tuple[tuple[str, Region], ...]
    seed: int = 0
    gap: float = 0.01
    boxes: int | None = None
    limits: tuple[tuple[str, float], ...] = ()
    explain: bool = False
    designs: int | None = None
    keep: str = "all"
    best: int = 10
    note: str = ""

    def blocks(self, space: str) -> int:
        """Return the number of blocks of a space that an evaluation takes."""
        return -(-(self.designs or load(space).designs) // BLOCK)

    @property
    def units(self) -> int:
        """Number of units."""
        if self.kind == "search":
            return len(self.spaces) * len(self.workloads) * len(self.laws) * len(self.objectives)
        return sum(self.blocks(space) for space in self.spaces) * len(self.workloads)

    @property
    def keys(self) -> dict[str, int]:
        """How many units there are of each kind, by `Unit.key`."""
        if self.kind == "search":
            each = len(self.workloads) * len(self.laws)
            return {f"{space} {objective}": each for space in self.spaces for objective in self.objectives}
        return {f"{space} {name}": self.blocks(space) for space in self.spaces for name in self.workloads}

    def unit(self, number: int) -> Unit:
        """Return the unit with this number.

        Raises
        ------
        IndexError
            If there is none.
        """
        if not 0 <= number < self.units:
            raise IndexError(number)
        if self.kind == "search":
            rest, o = divmod(number, len(self.objectives))
            rest, law = divmod(rest, len(self.laws))
            s, w = divmod(rest, len(self.workloads))
            space, name, objective = self.spaces[s], self.workloads[w], self.objectives[o]
            return Unit(number, f"{space} {objective}", space, name, objective, self.laws[law][0])
        rest = number
        for space in self.spaces:
            blocks = self.blocks(space)
            if rest < blocks * len(self.workloads):
                w, block = divmod(rest, blocks)
                total, first = self.designs or load(space).designs, block * BLOCK
                name = self.workloads[w]
                return Unit(number, f"{space} {name}", space, name, first=first, count=min(BLOCK, total - first))
            rest -= blocks * len(self.workloads)
        raise IndexError(number)

    @property
    def fingerprint(self) -> str:
        """Checksum of the plan, the law it rests on and the model: two sweeps with one fingerprint have one result."""
        plain = {name: repr(getattr(self, name)) for name in self.__dataclass_fields__ if name != "note"}
        text = json.dumps({"plan": plain, "model": model_stamp(), "version": VERSION}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return the plan in words, the laws by name."""
        found = {k: getattr(self, k) for k in self.__dataclass_fields__ if k not in ("laws", "note")}
        return found | {"laws": [name for name, _ in self.laws], "units": self.units, "limits": dict(self.limits)}


@lru_cache(maxsize=1)
def model_stamp() -> str:
    """Return the checksum of all code and data that a sweep's figures hang on; equal on every machine of a sweep."""
    total = hashlib.sha256()
    for folder in ("chips", "workloads", "silicon", "perf", "search", "data/spaces", "data/workloads", "data/models",
                   "data/silicon"):  # fmt: skip
        for path in sorted((_PACKAGE / folder).rglob("*")):
            if path.suffix in (".py", ".yaml", ".csv"):
                total.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def plans() -> list[str]:
    """Return the names of the plans that are shipped.

    Examples
    --------
    >>> plans()
    ['laws', 'million']
    """
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def read_plan(ref: Path | str) -> Plan:
    """Return the plan of a YAML file, or a shipped one by name.

    Raises
    ------
    Problem
        With file and line: an unknown key, space, workload, objective, day or rule; a key that belongs to the other
        kind; more designs than can be evaluated.
    """
    path = Path(ref)
    shipped = _FOLDER / f"{ref}.yaml"
    if not path.exists() and path.name == str(ref) and shipped.exists():
        root = read_file(shipped, f"sweeps/{shipped.name}")
    elif not path.exists() and not path.suffix:
        raise Problem("PLAN", str(ref), "a file, or one of " + ", ".join(plans()), "check the path", kind="usage")
    else:
        root = read_file(path)
    f = root.fields(_REQUIRED, _OPTIONAL)
    f["format"].one_of(("twokey-sweep/1",))
    kind = f["kind"].one_of(KINDS)
    for name in ("designs", "keep", "best") if kind == "search" else ("gap", "boxes", "limits", "explain"):
        if name in f:
            raise f[name].refuse(f"no such key in a plan of kind {kind}", "remove it", given=f"the key {name}")
    plan = Plan(
        kind=kind,
        spaces=tuple(_each(f["spaces"], load)),
        workloads=tuple(_each(f["workloads"], workload)),
        objectives=tuple(_each(f["objectives"], check_objective)),
        laws=tuple(_laws(f, path.parent)),
        seed=f["seed"].whole() if "seed" in f else 0,
        gap=float(f["gap"].number(least=0)) if "gap" in f else 0.01,
        boxes=f["boxes"].whole(least=1) if "boxes" in f else None,
        limits=tuple(_within(v) for v in f["limits"]) if "limits" in f else (),
        explain=f["explain"].yes_no() if "explain" in f else False,
        designs=_sample(f["designs"]) if "designs" in f else None,
        keep=f["keep"].one_of(KEEPS) if "keep" in f else "all",
        best=f["best"].whole(least=1, most=BLOCK) if "best" in f else 10,
        note=f["note"].text() if "note" in f else "",
    )
    if plan.gap >= 1:
        raise f["gap"].refuse("a share from 0 to below 1", "write 0.01 for one percent")
    if plan.kind == "evaluate":
        for value, space in zip(f["spaces"], plan.spaces, strict=True):
            if plan.blocks(space) > _MOST_BLOCKS:
                raise value.refuse(
                    f"at most {_MOST_BLOCKS * BLOCK:,} designs to evaluate", "write designs: 1000000 for a sample"
                )
    return plan


def _each(value: Value, known: Any) -> Iterator[str]:
    items = value.items()
    if not items or len({v.text() for v in items}) < len(items):
        raise value.refuse("at least one name, each once", "correct the list")
    for v in items:
        try:
            known(v.text())
        except Problem as problem:
            raise Problem(v.where, problem.given, problem.needed, problem.fix) from None
        yield v.text()


def _within(value: Value) -> tuple[str, float]:
    try:
        return read_limit(value.text())
    except Problem as problem:
        raise Problem(value.where, problem.given, problem.needed, problem.fix) from None


def _sample(value: Value) -> int | None:
    return None if value.text() == "all" else value.whole(least=1, most=_MOST_BLOCKS * BLOCK)


def _laws(f: dict[str, Value], folder: Path) -> Iterator[tuple[str, Region]]:
    """Return each day with each set of proposed rules laid on top; no law once, whatever the rules."""
    trade = trade_from_value(f["trade"]) if "trade" in f else Trade(to="CN", seat="CN")
    if "trade" in f and trade.on is not None:
        raise f["trade"].refuse("a trade without a day", "the days are those under `days`", given="a day")
    trade = replace(trade, seller=trade.seller or "nvidia")
    datacentre = f["datacentre"].yes_no() if "datacentre" in f else True
    accept = f["accept"].one_of(("open", "conditional")) if "accept" in f else "open"
    assume = {k: v.number() for k, v in f["assume"].group().items()} if "assume" in f else {}
    sets = [_files(v, folder) for v in f["rules"]] if "rules" in f else [[]]
    seen = set()
    for day in f["days"].items():
        for files in [[]] if day.text() == "none" else sets:
            name = " + ".join([day.text(), *(path.stem for path in files)])
            if name in seen:
                raise day.refuse("each day with each set of rules once", "remove the second", given=name)
            seen.add(name)
            if day.text() == "none":
                yield name, EVERYTHING
                continue
            region = lawful_region(
                replace(trade, on=day.day()), seller=trade.seller, datacentre=datacentre, accept=accept,
                assume=assume, overlays=files,
            )  # fmt: skip
            yield name, region


def _files(value: Value, folder: Path) -> list[Path]:
    """Return the files of a set of proposed rules: ids of the data, or paths seen from here or from the plan."""
    found = []
    for v in value.items():
        here, beside = overlay(v.text()), folder / v.text()
        if not here.exists() and not beside.exists():
            raise v.refuse("a file, or the id of a proposed rule such as proposed/scale", "check the path")
        found.append(here if here.exists() else beside)
    return found
