"""Unit cost of a chip of the catalogue: its dies at the price of their process, its memory; and what others published.

Memory prices, packaging and test are those of `twokey.silicon.cost`, for stacked memory only. Dies with a defect are
not sold (no salvage), so the die's part is an upper bound for chips that run with cores turned off.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from twokey.chips.catalogue import Chip
from twokey.quantities.problem import Problem
from twokey.quantities.shown import Shown
from twokey.silicon.cost import UnitCost, cost_figure, dies_per_wafer, yield_share
from twokey.silicon.figures import CASES
from twokey.sources.figure import CHECKED, CONFIDENCE, Figure
from twokey.sources.text import Value, read_file

__all__ = ["ChipCost", "Dies", "chip_cost", "node_figure", "published_costs"]

_FOLDER = Path(__file__).parent.parent / "data" / "silicon"


@dataclass(frozen=True, slots=True)
class Dies:
    """Dies of one kind in a package: how many, of what area, of which class of process."""

    count: int
    die_area_mm2: float
    node: str


@dataclass(frozen=True, slots=True)
class ChipCost(Shown):
    """Low, mid and high cost of a catalogue chip, the published estimate beside it where there is one."""

    chip: str
    dies: tuple[Dies, ...]
    cases: dict[str, UnitCost]
    sources: tuple[str, ...]
    published: dict[str, Figure] | None

    @property
    def gap(self) -> float | None:
        """Mid cost over the published mid, less one [1]; None when nothing was published."""
        return None if self.published is None else self.cases["mid"].total_usd / float(self.published["mid"].value) - 1

    def to_json(self) -> dict[str, object]:
        """Return the cases with their parts, the dies, the published figures and the gap."""
        return {
            "chip": self.chip,
            "dies": [{"count": d.count, "die_area_mm2": d.die_area_mm2, "node": d.node} for d in self.dies],
            **{case: cost.to_json() for case, cost in self.cases.items()},
            "sources": list(self.sources),
            "published": None if self.published is None else {k: f.to_json() for k, f in self.published.items()},
            "gap": self.gap,
        }


def chip_cost(chip: Chip) -> ChipCost:
    """Return the unit cost of a catalogue chip, low, mid and high [USD].

    Raises
    ------
    Problem
        If the chip's process, die area or memory is not known, or its package mixes processes in a way
        that the data do not describe: no figure is made up for it.

    References
    ----------
    As `twokey.silicon.cost.unit_cost`; wafer prices and defect densities from ``data/silicon/nodes.yaml``.

    Examples
    --------
    >>> from twokey.chips.catalogue import find
    >>> cost = chip_cost(find("nvidia-h100"))
    >>> cost.dies, cost.cases["low"].total_usd < 3320 < cost.cases["high"].total_usd
    ((Dies(count=1, die_area_mm2=814.0, node='5nm'),), True)
    """
    dies = _dies(chip)
    memory = chip.figures.get("dram_capacity_GB")
    if memory is None:
        raise _missing(chip, "no memory capacity", "dram_capacity_GB")
    kind = chip.attributes.get("memory_type", "")
    if not kind.startswith("HBM"):
        raise _missing(
            chip, f"memory {kind!r}" if kind else "no kind of memory", "stacked memory (HBM), which is priced"
        )
    cases = {
        case: UnitCost(
            case, sum(d.count * _die_usd(d, case) for d in dies),
            cost_figure("dram_usd_per_GB", case) * float(memory.value),
            cost_figure("packaging_usd", case), cost_figure("test_usd", case),
        )
        for case in CASES
    }  # fmt: skip
    sources = dict.fromkeys(_nodes()[d.node][k][c].source for d in dies for k in _nodes()[d.node] for c in CASES)
    return ChipCost(chip.id, dies, cases, tuple(sources), published_costs().get(chip.id))


@lru_cache(maxsize=1)
def published_costs() -> dict[str, dict[str, Figure]]:
    """Return published estimates of unit cost by chip: low, mid and high [USD].

    Raises
    ------
    Problem
        If the data file cannot be read or a figure lacks its source.
    """
    found = {}
    for v in read_file(_FOLDER / "published-costs.yaml", "silicon/published-costs.yaml"):
        f = v.fields(("chip", "unit_cost_usd"))
        found[f["chip"].text()] = {c: _figure(x) for c, x in f["unit_cost_usd"].fields(CASES).items()}
    return found


def node_figure(node: str, name: str, case: str = "mid") -> Figure:
    """Return the price of a wafer (`wafer_usd`) or the defect density (`defects_per_mm2`) of a class of process.

    Raises
    ------
    Problem
        If the data hold no such class.
    """
    if node not in _nodes():
        raise Problem("process", node, "one of " + ", ".join(_nodes()), "choose a class of process the data hold")
    return _nodes()[node][name][case]


def _die_usd(d: Dies, case: str) -> float:
    node = _nodes()[d.node]
    good = yield_share(d.die_area_mm2, float(node["defects_per_mm2"][case].value), cost_figure("clustering", case))
    return float(float(node["wafer_usd"][case].value) / (dies_per_wafer(d.die_area_mm2) * good))


def _dies(chip: Chip) -> tuple[Dies, ...]:
    nodes, packages = _names()
    if chip.id in packages:
        return packages[chip.id]
    process = chip.attributes.get("process_node")
    if process is None or process not in nodes:
        raise _missing(chip, f"process {process!r}" if process else "no process", "a process the data hold a price for")
    area, count = chip.figures.get("die_area_mm2"), chip.figures.get("compute_dies")
    if area is None:
        whole = chip.item.applicable_die_area_mm2
        if whole is None:
            raise _missing(chip, "no die area", "die_area_mm2")
        if count is None and whole > 858:  # more than one exposure field: more than one die, of unknown number
            raise _missing(chip, "no number of dies", "compute_dies")
        dies = int(count.value) if count else 1
        return (Dies(dies, float(whole) / dies, nodes[process]),)
    return (Dies(int(count.value) if count else 1, float(area.value), nodes[process]),)


def _missing(chip: Chip, given: str, needed: str) -> Problem:
    return Problem(chip.id, given, needed, "describe the chip in a design file, or choose another")


@lru_cache(maxsize=1)
def _nodes() -> dict[str, dict[str, dict[str, Figure]]]:
    root = read_file(_FOLDER / "nodes.yaml", "silicon/nodes.yaml").group()
    return {
        name: {k: {c: _figure(x) for c, x in t.fields(CASES).items()}
               for k, t in v.fields(("wafer_usd", "defects_per_mm2")).items()}
        for name, v in root.items()
    }  # fmt: skip


@lru_cache(maxsize=1)
def _names() -> tuple[dict[str, str], dict[str, tuple[Dies, ...]]]:
    f = read_file(_FOLDER / "chip-dies.yaml", "silicon/chip-dies.yaml").fields(("processes", "packages"))
    nodes = {name: node for node, names in f["processes"].group().items() for name in names.texts()}
    packages = {}
    for chip, rows in f["packages"].group().items():
        parts = [r.fields(("node", "count", "die_area_mm2")) for r in rows]
        packages[chip] = tuple(
            Dies(p["count"].whole(least=1), float(_figure(p["die_area_mm2"]).value), p["node"].one_of(tuple(_nodes())))
            for p in parts
        )
    return nodes, packages


def _figure(v: Value) -> Figure:
    f = v.fields(("value", "source", "confidence", "checked"), ("note",))
    return Figure(
        f["value"].number(least=0), f["source"].text(), f["confidence"].one_of(CONFIDENCE),
        f["checked"].one_of(CHECKED), f["note"].text() if "note" in f else "",
    )  # fmt: skip
