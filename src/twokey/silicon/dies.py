"""Area of dies that were made, from what is on them: constants fitted on four dies, tested on the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from twokey.chips.design import Design
from twokey.quantities.problem import Problem
from twokey.silicon.figures import figure
from twokey.silicon.package import memory_kinds, packaging_figure
from twokey.sources.figure import Figure
from twokey.sources.text import Value, read_file

__all__ = ["FITTED", "Constants", "Die", "constants", "design_die_mm2", "die_mm2", "fit", "parts", "published_dies"]

FITTED = ("mac_mm2", "core_mm2", "graphics_mm2", "fabric_mm2")
"""The constants that are fitted: as many as there are dies to fit, so that those come out exactly."""

_FOLDER = Path(__file__).parent.parent / "data" / "silicon"
_COUNTS = (
    "node", "cores", "macs", "fp32_lanes", "fp64_lanes", "core_memory_KiB", "l2_MiB", "hbm_stacks", "gddr_channels",
    "link_bandwidth_GBps", "host_lanes", "host_generation", "graphics", "vector_cores", "die_bandwidth_GBps",
)  # fmt: skip
_WORDS = ("node", "graphics")


@dataclass(frozen=True, slots=True)
class Die:
    """What is on a die, units that are disabled in every product too.

    Parameters
    ----------
    name, node : its name and the class of its process, 7nm or 5nm
    cores, vector_cores : cores, and those that are apart from the matrix cores [1]
    macs, fp32_lanes, fp64_lanes : of one core: 16-bit multiply-accumulates a clock, lanes [1]
    core_memory_KiB : registers, local memory and first cache of one core [KiB]
    l2_MiB : shared cache [MiB]
    hbm_stacks, gddr_channels : stacks of HBM and channels of 32 bits that it has interfaces for [1]
    link_bandwidth_GBps, die_bandwidth_GBps : to other chips, one direction, and to other dies of the package [GB/s]
    host_lanes, host_generation : of PCI Express [1]
    graphics : whether its cores hold raster and ray units
    published : its area [mm2]; role : fitted, blind, or estimate where the area is one
    """

    name: str
    node: str
    cores: float
    macs: float
    fp32_lanes: float
    core_memory_KiB: float
    l2_MiB: float
    fp64_lanes: float = 0
    hbm_stacks: float = 0
    gddr_channels: float = 0
    link_bandwidth_GBps: float = 0
    host_lanes: float = 0
    host_generation: int = 5
    graphics: bool = False
    vector_cores: float = 0
    die_bandwidth_GBps: float = 0
    published: Figure | None = None
    role: str = "blind"


@dataclass(frozen=True, slots=True)
class Constants:
    """The constants of the area of dies, by name; of the process, by class and name."""

    fitted: dict[str, Figure]
    given: dict[str, Figure]
    nodes: dict[str, dict[str, Figure]]


@lru_cache(maxsize=1)
def constants() -> Constants:
    """Return the constants, each with its source.

    Raises
    ------
    Problem
        If the data file cannot be read or a figure lacks its source.
    """
    f = read_file(_FOLDER / "die-area.yaml", "silicon/die-area.yaml").fields(("fitted", "given", "nodes"))
    fitted = {k: figure(v) for k, v in f["fitted"].fields(FITTED).items()}
    given = {k: figure(v) for k, v in f["given"].group().items()}
    nodes = {node: {k: figure(v) for k, v in g.group().items()} for node, g in f["nodes"].group().items()}
    return Constants(fitted, given, nodes)


@lru_cache(maxsize=1)
def published_dies() -> tuple[Die, ...]:
    """Return the dies whose area was published, with what is on them.

    Raises
    ------
    Problem
        If the data file cannot be read.

    Examples
    --------
    >>> [d.name for d in published_dies() if d.role == "fitted"]
    ['GA100', 'GH100', 'AD104', 'MI300X XCD']
    """
    root = read_file(_FOLDER / "dies.yaml", "silicon/dies.yaml").group()
    return tuple(_die(name, value) for name, value in root.items())


def _die(name: str, value: Value) -> Die:
    f = value.fields(("role", "die_area_mm2", "counts", "counts_evidence"))
    f["counts_evidence"].fields(("source", "confidence", "checked"))
    c = f["counts"].fields(("node", "cores", "macs", "fp32_lanes", "core_memory_KiB", "l2_MiB"), _COUNTS)
    numbers = {k: float(v.number(least=0)) for k, v in c.items() if k not in (*_WORDS, "host_generation")}
    return Die(
        name=name,
        node=c["node"].one_of(tuple(constants().nodes)),
        host_generation=c["host_generation"].whole(least=4, most=5) if "host_generation" in c else 5,
        graphics="graphics" in c and c["graphics"].yes_no(),
        published=figure(f["die_area_mm2"]),
        role=f["role"].one_of(("fitted", "blind", "estimate")),
        **numbers,
    )


def _given(die: Die) -> dict[str, float]:
    """Return the area of the parts whose constants are not fitted [mm2]."""
    k = {name: float(f.value) for name, f in constants().given.items()}
    node = {name: float(f.value) for name, f in constants().nodes[die.node].items()}
    stack = k["hbm_phy_mm2"] + k["hbm_controller_mm2"] * node["logic_scale"]
    lanes = die.host_lanes * k[f"host_lane_{die.host_generation}_mm2"]
    return {
        "core memories": die.cores * die.core_memory_KiB * k["sram_KiB_mm2"] * node["sram_scale"],
        "shared cache": die.l2_MiB * k["l2_MiB_mm2"] * node["sram_scale"],
        "memory interface": die.hbm_stacks * stack + die.gddr_channels * k["gddr_channel_mm2"],
        "links": die.link_bandwidth_GBps * node["link_mm2_per_GBps"],
        "links between dies": die.die_bandwidth_GBps * float(packaging_figure("die_to_die_mm2_per_GBps").value),
        "host bus and base": lanes + (k["base_mm2"] if die.host_lanes else 0.0),
    }


def _units(die: Die) -> tuple[float, ...]:
    """Return how many units of each fitted constant a die has, in the order of `FITTED`."""
    k = {name: float(f.value) for name, f in constants().given.items()}
    logic = float(constants().nodes[die.node]["logic_scale"].value)
    lanes = die.fp32_lanes + k["fp64_per_lane"] * die.fp64_lanes
    return (
        die.cores * (die.macs + k["lane_per_mac"] * lanes) * logic,
        (die.cores + die.vector_cores) * logic,
        die.cores * die.graphics * logic,
        die.hbm_stacks + die.gddr_channels * k["gddr_fabric_share"],
    )


def fit(dies: Sequence[Die] | None = None) -> dict[str, float]:
    """Return the fitted constants that give the published areas of as many dies exactly [mm2].

    Parameters
    ----------
    dies : four dies; without any, those whose role is "fitted"

    Raises
    ------
    Problem
        If there are not four dies with a published area, or they do not tell the constants apart.
    """
    import numpy as np

    chosen = list(dies) if dies is not None else [d for d in published_dies() if d.role == "fitted"]
    areas = [float(d.published.value) for d in chosen if d.published is not None]
    if len(areas) != len(FITTED) or len(chosen) != len(FITTED):
        raise Problem("fit", f"{len(areas)} areas", f"{len(FITTED)} dies with a published area", "choose as many")
    rest = [area - sum(_given(d).values()) for d, area in zip(chosen, areas, strict=True)]
    try:
        found = np.linalg.solve(np.array([_units(d) for d in chosen]), np.array(rest))
    except np.linalg.LinAlgError:
        given = ", ".join(d.name for d in chosen)
        raise Problem("fit", given, "dies that differ in cores, graphics and memory", "choose others") from None
    return dict(zip(FITTED, (float(v) for v in found), strict=True))


def parts(die: Die, fitted: dict[str, float] | None = None) -> dict[str, float]:
    """Return the area of each part of a die [mm2].

    Parameters
    ----------
    fitted : constants to use instead of those of the data, by name [mm2]

    Notes
    -----
    Logic shrinks with the density of the process and memory with its bit cell; interfaces keep their size. Holds for
    chips of many like cores with registers and a shared cache; not for memories as large as a wafer or for chips whose
    core is a few multipliers.
    """
    own = fitted or {name: float(f.value) for name, f in constants().fitted.items()}
    arrays, control, graphics, fabric = (n * own[name] for n, name in zip(_units(die), FITTED, strict=True))
    return {"arrays and lanes": arrays, "core control": control, "graphics": graphics, "network": fabric} | _given(die)


def die_mm2(die: Die, fitted: dict[str, float] | None = None) -> float:
    """Return the area of a die from what is on it [mm2].

    Examples
    --------
    >>> ad102 = next(d for d in published_dies() if d.name == "AD102")
    >>> round(die_mm2(ad102)), float(ad102.published.value)
    (609, 608.5)
    """
    return sum(parts(die, fitted).values())


def design_die_mm2(design: Design, *, node: str = "7nm", memory: str = "hbm3") -> float:
    """Return how large the die of a design would be if it were built like those that were made [mm2].

    Parameters
    ----------
    node : class of process, 7nm or 5nm; memory : kind of memory, see `package.memory_kinds`

    Notes
    -----
    No graphics, no 64-bit lanes; as many stacks or channels as the bandwidth needs. It is not the area that the
    design spaces count: that is of the engine study, see `silicon.area`.

    Raises
    ------
    Problem
        If the class of process or the kind of memory is unknown.
    """
    if node not in constants().nodes:
        raise Problem("node", node, "one of " + ", ".join(constants().nodes), "choose a class with constants")
    if memory not in memory_kinds():
        raise Problem("memory", memory, "one of " + ", ".join(memory_kinds()), "choose a kind that the data hold")
    one = float(memory_kinds()[memory].bandwidth_GBps.value)
    stacks = math.ceil(float(design.dram_bandwidth_GBps) / one)
    stacked = memory.startswith("hbm")
    die = Die(
        name="design",
        node=node,
        cores=design.cores,
        macs=design.array_rows * design.array_cols,
        fp32_lanes=design.vector_lanes,
        core_memory_KiB=float(design.sram_KiB),
        l2_MiB=float(design.l2_MiB),
        hbm_stacks=stacks if stacked else 0,
        gddr_channels=0 if stacked else stacks,
        link_bandwidth_GBps=float(design.link_bandwidth_GBps),
        host_lanes=16,
    )
    return die_mm2(die)
