"""The catalogue of chips: each chip as the law sees it, its figures, and its architecture where one can be stated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path

from twokey.chips.design import VARIABLES, Design
from twokey.chips.item import ItemSheet, item_from_value
from twokey.quantities.problem import Problem
from twokey.quantities.shown import Shown
from twokey.sources.figure import Figure
from twokey.sources.register import read_evidence, read_figures, read_register
from twokey.sources.text import Value, read_file

__all__ = ["ARCHITECTURE", "ATTRIBUTES", "FIGURES", "Chip", "chips", "find", "ids", "index_rows"]

FIGURES = (
    "fp64_TFLOPS",
    "fp32_TFLOPS",
    "tf32_dense_TFLOPS",
    "fp16_dense_TFLOPS",
    "bf16_dense_TFLOPS",
    "fp8_dense_TFLOPS",
    "int8_dense_TOPS",
    "fp4_dense_TFLOPS",
    "die_area_mm2",
    "compute_dies",
    "dram_capacity_GB",
    "on_chip_memory_MiB",
    "cores",
    "boost_clock_GHz",
    "scale_up_bandwidth_GBps",
    "tdp_W",
    "price_low_USD",
    "price_high_USD",
)
"""Figures besides those of the item sheet: dense peak rates by mode, area of one compute die and their number, memory,
cores, clock, device links in both directions together, power, price."""

ATTRIBUTES = ("announced", "process_node", "foundry", "memory_type", "interconnect", "form_factor", "market")
"""Facts in words."""

ARCHITECTURE = (*VARIABLES, "rate8")
"""The design variables of a real chip, and the rate of 8-bit products as a multiple of the 16-bit rate."""

_ITEM_FACTS = ("applicable_die_area_mm2", "dram_bandwidth_GBps", "io_bandwidth_GBps", "transistors_bn")
_FOLDER = Path(__file__).parent.parent / "data" / "chips"


@dataclass(frozen=True, slots=True)
class Chip(Shown):
    """One chip of the catalogue.

    Parameters
    ----------
    item : the chip as the law sees it; what is not known is left out
    modes_evidence : where the rates of the item sheet come from: citation, confidence, state of checking
    attributes : facts in words, by the names of `ATTRIBUTES`
    figures : further figures by the names of `FIGURES`, and those of the item sheet, each with its source
    architecture : figures by the names of `ARCHITECTURE`, or None where they are not known. The array is a form of
        modelling: the 16-bit multiply-accumulates a core does in a clock, as two factors near the square root;
        the clock is the one at which 2 x cores x rows x columns x clock is the dense 16-bit peak
    """

    id: str
    name: str
    aliases: tuple[str, ...]
    vendor: str
    item: ItemSheet
    modes_evidence: tuple[str, str, str] | None
    attributes: dict[str, str]
    figures: dict[str, Figure]
    architecture: dict[str, Figure] | None
    note: str = ""

    def known_architecture(self) -> dict[str, Figure]:
        """Return the figures of the architecture.

        Raises
        ------
        Problem
            If the chip's architecture is not in the catalogue.
        """
        if self.architecture is None:
            raise Problem(
                self.id,
                "a chip without an architecture",
                "cores, arrays, memories and clock",
                "choose another chip, or describe this one in a design file",
            )
        return self.architecture

    def design(self) -> Design:
        """Return the architecture as a design record.

        Raises
        ------
        Problem
            If the chip's architecture is not in the catalogue.

        Examples
        --------
        >>> find("nvidia-h20").design().cores
        78
        """
        figures = self.known_architecture()
        values = {name: figures[name].value for name in VARIABLES}
        whole = {name: int(values[name]) for name in VARIABLES[:4]}
        return Design(**whole, **{name: values[name] for name in VARIABLES[4:]})  # type: ignore[arg-type]

    def to_json(self) -> dict[str, object]:
        """Return the entry of the `chips` verb: id, name, aliases, then every figure with its source."""
        item = self.item
        out: dict[str, object] = {
            "id": self.id,
            "name": self.name,
            "aliases": list(self.aliases),
            "vendor": self.vendor,
            "seller": item.seller,
            "seller_seat": item.seller_seat,
            "datacentre": item.datacentre,
            "us_commercial_since": item.us_commercial_since,
            **self.attributes,
            "tpp": _plain(item.tpp),
            "performance_density": _plain(item.performance_density),
        }
        if item.modes is not None and self.modes_evidence is not None:
            source, confidence, checked = self.modes_evidence
            rows = [{"mode": m.mode, "bits": m.bits, "tops": _plain(m.tops)} for m in item.modes]
            out["modes"] = {"value": rows, "source": source, "confidence": confidence, "checked": checked}
        out.update({name: figure.to_json() for name, figure in self.figures.items()})
        if self.architecture is not None:
            out["architecture"] = {name: figure.to_json() for name, figure in self.architecture.items()}
        if self.note:
            out["note"] = self.note
        return out


def _plain(value: Fraction | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value.denominator == 1 else float(value)


def _read(path: Path) -> Chip:
    register = read_register(_FOLDER / "sources.yaml")
    f = read_file(path, f"chips/{path.name}").fields(
        ("name", "aliases", "vendor", "item", "item_evidence", "attributes", "attributes_evidence", "figures"),
        ("architecture", "note"),
    )
    item = item_from_value(f["item"], id=path.stem)
    evidence = f["item_evidence"].fields(("all",), ("modes", *_ITEM_FACTS))
    read_evidence(f["attributes_evidence"], register)
    facts = {}
    for name in _ITEM_FACTS:
        value: Fraction | None = getattr(item, name)
        if value is not None:
            facts[name] = _item_figure(value, evidence.get(name, evidence["all"]), register)
    figures = facts | read_figures(f["figures"], register, FIGURES)
    if "scale_up_bandwidth_GBps" in figures:  # bills that count the links alone ask for it
        item = replace(item, interconnect_bandwidth_GBps=figures["scale_up_bandwidth_GBps"].value)
    architecture = None
    if "architecture" in f:
        architecture = read_figures(f["architecture"], register, ARCHITECTURE)
        for name in ARCHITECTURE:
            if name not in architecture:
                raise f["architecture"].refuse(f"the key {name!r}", f"add {name}", given="a group without it")
    return Chip(
        id=path.stem,
        name=f["name"].text(),
        aliases=f["aliases"].texts(),
        vendor=f["vendor"].text(),
        item=item,
        modes_evidence=read_evidence(evidence.get("modes", evidence["all"]), register) if item.modes else None,
        attributes={k: v.text() for k, v in f["attributes"].fields((), ATTRIBUTES).items()},
        figures=figures,
        architecture=architecture,
        note=f["note"].text() if "note" in f else "",
    )


def _item_figure(value: Fraction, evidence: Value, register: dict[str, str]) -> Figure:
    note = evidence.group().get("note")
    return Figure(value, *read_evidence(evidence, register), note.text() if note is not None else "")


def ids() -> list[str]:
    """Return the ids of all chips, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml") if path.name != "sources.yaml")


@cache
def chips() -> tuple[Chip, ...]:
    """Return every chip of the catalogue, in the order of ids.

    Raises
    ------
    Problem
        If a data file cannot be used.
    """
    return tuple(_read(_FOLDER / f"{name}.yaml") for name in ids())


def index_rows() -> list[tuple[str, str]]:
    """Return what the index of aliases must hold: (alias in lower case, id) for every name and alias, sorted."""
    rows = {(other.lower(), chip.id) for chip in chips() for other in (chip.name, *chip.aliases)}
    return sorted(row for row in rows if row[0] != row[1])


@cache
def find(name_or_id: str) -> Chip:
    """Return the chip with this id, name or alias; upper and lower case are the same.

    Only the chip's own file is read, and the index of aliases where the name is not an id.

    Raises
    ------
    Problem
        If there is none; the message holds up to three names that are near.

    Examples
    --------
    >>> find("H20").id, int(find("nvidia-h20").item.tpp)
    ('nvidia-h20', 2368)
    """
    wanted = " ".join(name_or_id.lower().split())
    known = set(ids())
    if wanted in known:
        return _read(_FOLDER / f"{wanted}.yaml")
    index = _index()
    if wanted in index:
        return _read(_FOLDER / f"{index[wanted]}.yaml")
    near = _near(wanted, known, index)
    raise Problem(
        "chip",
        repr(name_or_id),
        "the id, name or alias of a chip in the catalogue, or the path of an item sheet",
        "did you mean " + " or ".join(near) + "?" if near else "`twokey chips` lists them",
    )


def _index() -> dict[str, str]:
    import csv

    with (_FOLDER / "index.csv").open(encoding="utf-8", newline="") as stream:
        return {row["alias"]: row["id"] for row in csv.DictReader(stream)}


def _near(wanted: str, known: set[str], index: dict[str, str]) -> list[str]:
    import difflib

    names = {name: name for name in known} | index
    found: list[str] = []
    for name in difflib.get_close_matches(wanted, names, n=12, cutoff=0.5):
        if names[name] not in found:
            found.append(names[name])
    return found[:3]
