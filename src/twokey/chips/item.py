"""The item sheet: a chip as the law sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from twokey.sources.text import Value, read_file, read_text

__all__ = ["Held", "ItemSheet", "MemoryStack", "Mode", "Triple", "item_from_value", "item_json", "read_item"]

Triple = tuple[Fraction, Fraction, Fraction]
"""Least, most likely and greatest value of a figure that is uncertain, in the unit of the figure."""


@dataclass(frozen=True, slots=True)
class Mode:
    """One arithmetic mode: operand width [bit] and dense peak rate [TOPS], a multiply-accumulate counted as two."""

    mode: str
    bits: int
    tops: Fraction


@dataclass(frozen=True, slots=True)
class MemoryStack:
    """A stack of memory that is shipped by itself: bandwidth [GB/s] and area of its package [mm2]."""

    bandwidth_GBps: Fraction
    package_area_mm2: Fraction | None


@dataclass(frozen=True, slots=True)
class Held:
    """Chips that a board, a server or an assembly holds: a catalogue id or the path of a sheet, and how many."""

    item: str
    count: int


@dataclass(frozen=True, slots=True)
class ItemSheet:
    """A chip as the law sees it; None stands for a fact that is not known.

    The fields are those of the item sheet in the documentation: dense peak rates per mode [TOPS],
    applicable die area [mm2], DRAM and I/O bandwidth [GB/s], transistors [1e9].

    Parameters
    ----------
    interconnect_bandwidth_GBps : the part of the I/O that links chips, both directions, the host bus left out [GB/s]
    hbm : whether the package contains high-bandwidth memory
    memory_stack : what is shipped is a stack of memory by itself, not a processor
    holds : what is shipped holds these chips; it has no figures of its own
    contains : materials in the goods that export rules name, such as gallium; none is taken to be there unsaid
    chinese_rare_earth_percent : share in the value of listed rare earths from China [percent]
    uncertain : figures given as low, mid and high, by the name of their field, which is then None; those of `modes`
        are the TPP at the low, mid and high rates [TOPS.bit]
    """

    name: str
    id: str = ""
    seller: str | None = None
    seller_seat: str | None = None
    datacentre: bool | None = None
    modes: tuple[Mode, ...] | None = None
    applicable_die_area_mm2: Fraction | None = None
    dram_bandwidth_GBps: Fraction | None = None
    io_bandwidth_GBps: Fraction | None = None
    transistors_bn: Fraction | None = None
    us_commercial_since: str | None = None
    interconnect_bandwidth_GBps: Fraction | None = None
    hbm: bool | None = None
    memory_stack: MemoryStack | None = None
    holds: tuple[Held, ...] = ()
    contains: tuple[str, ...] = ()
    chinese_rare_earth_percent: Fraction | None = None
    uncertain: Mapping[str, Triple] = field(default_factory=dict, hash=False)

    @property
    def tpp(self) -> Fraction | None:
        """Total processing performance: the largest dense TOPS x bit length over the modes [TOPS.bit]."""
        return max((m.tops * m.bits for m in self.modes), default=None) if self.modes else None

    @property
    def performance_density(self) -> Fraction | None:
        """TPP per applicable die area [TOPS.bit/mm2]."""
        tpp, area = self.tpp, self.applicable_die_area_mm2
        return None if tpp is None or area is None else tpp / area


_MOST, _MOST_BITS = 10**9, 1024
"""No chip has a figure above these in the units of the sheet; a larger one is a slip of the pen or of the unit."""

_REQUIRED = ("name",)
_FIGURES = {
    "applicable_die_area_mm2": True,
    "dram_bandwidth_GBps": False,
    "io_bandwidth_GBps": False,
    "interconnect_bandwidth_GBps": False,
    "transistors_bn": True,
}
"""Plain figures of the sheet, and whether zero is out of the question."""

_OPTIONAL = (
    "seller", "seller_seat", "datacentre", "modes", *_FIGURES, "us_commercial_since", "hbm", "memory_stack", "holds",
    "contains", "chinese_rare_earth_percent",
)  # fmt: skip

MATERIALS = ("gallium", "germanium", "antimony", "superhard", "graphite", "rare-earths")
"""Materials that export rules name."""


def item_from_value(root: Value, *, id: str = "") -> ItemSheet:
    """Return the item sheet written in `root`, every field checked.

    Raises
    ------
    Problem
        With file, line, what was given, what was needed and how to mend it: an unknown key, a
        duplicate, a number that is negative or not a number, a country code that is not two letters.
    """
    f = root.fields(_REQUIRED, _OPTIONAL)

    def seat(v: Value) -> str:
        code = v.text()
        if len(code) != 2 or not code.isalpha() or not code.isupper():
            raise v.refuse("a country code of two capital letters (ISO 3166 alpha-2)", "write it like US or CN")
        return code

    def month(v: Value) -> str:
        text = v.text()
        year, _, rest = text.partition("-")
        parts = rest.split("-") if rest else []
        good = (
            len(year) == 4
            and year.isdigit()
            and len(parts) in (1, 2)
            and all(len(p) == 2 and p.isdigit() for p in parts)
        )
        if not good or not 1 <= int(parts[0]) <= 12:
            raise v.refuse("a month written YYYY-MM", "write it like 2023-11")
        return text

    uncertain: dict[str, Triple] = {}
    exact: dict[str, Fraction | None] = {}
    for name, above in _FIGURES.items():
        found = _figure(f[name], above) if name in f else None
        exact[name] = None if isinstance(found, tuple) else found
        if isinstance(found, tuple):
            uncertain[name] = found
    modes = _modes(f["modes"], uncertain) if "modes" in f else None
    stack = _stack(f) if "memory_stack" in f else None
    percent = f.get("chinese_rare_earth_percent")
    return ItemSheet(
        name=f["name"].text(),
        id=id,
        seller=f["seller"].text() if "seller" in f else None,
        seller_seat=seat(f["seller_seat"]) if "seller_seat" in f else None,
        datacentre=f["datacentre"].yes_no() if "datacentre" in f else None,
        modes=modes,
        us_commercial_since=month(f["us_commercial_since"]) if "us_commercial_since" in f else None,
        hbm=f["hbm"].yes_no() if "hbm" in f else None,
        memory_stack=stack,
        holds=_holds(f) if "holds" in f else (),
        contains=tuple(v.one_of(MATERIALS) for v in f["contains"]) if "contains" in f else (),
        chinese_rare_earth_percent=None if percent is None else percent.number(least=0, most=100),
        uncertain=uncertain,
        **exact,
    )


def _figure(v: Value, above: bool) -> Fraction | Triple:
    """Return a figure, or the three values of one that is uncertain."""

    def one(part: Value) -> Fraction:
        return part.number(above=0, most=_MOST) if above else part.number(least=0, most=_MOST)

    if not v.is_group:
        return one(v)
    f = v.fields(("low", "mid", "high"))
    low, mid, high = (one(f[name]) for name in ("low", "mid", "high"))
    if not low <= mid <= high:
        raise v.refuse("low <= mid <= high", "put the three values in order", given=f"{low}, {mid}, {high}")
    return low if low == high else (low, mid, high)


def _modes(rows: Value, uncertain: dict[str, Triple]) -> tuple[Mode, ...] | None:
    """Return the rates; None, and the three TPPs under `uncertain`, when a rate is uncertain."""
    found: list[tuple[str, int, Triple]] = []
    for v in rows:
        m = v.fields(("mode", "bits", "tops"))
        tops = _figure(m["tops"], True)
        triple = tops if isinstance(tops, tuple) else (tops, tops, tops)
        found.append((m["mode"].text(), m["bits"].whole(least=1, most=_MOST_BITS), triple))
    if not found:
        raise rows.refuse("at least one mode", "leave `modes` out if the rates are unknown", given="an empty list")
    low, mid, high = (max(bits * tops[i] for _, bits, tops in found) for i in range(3))
    if low == high:  # an uncertain mode that never has the largest product leaves the TPP certain
        return tuple(Mode(name, bits, tops[1]) for name, bits, tops in found)
    uncertain["modes"] = (low, mid, high)
    return None


def _stack(f: Mapping[str, Value]) -> MemoryStack:
    v = f["memory_stack"]
    for name in ("modes", "applicable_die_area_mm2", "dram_bandwidth_GBps", "io_bandwidth_GBps", "holds"):
        if name in f:
            raise v.refuse(
                f"a sheet without {name}",
                "leave memory_stack out: memory packaged with a processor is judged as the processor",
                given="a memory stack and figures of a processor",
            )
    m = v.fields(("bandwidth_GBps",), ("package_area_mm2",))
    area = m["package_area_mm2"].number(above=0, most=_MOST) if "package_area_mm2" in m else None
    return MemoryStack(m["bandwidth_GBps"].number(above=0, most=_MOST), area)


def _holds(f: Mapping[str, Value]) -> tuple[Held, ...]:
    v = f["holds"]
    for name in ("modes", *_FIGURES):
        if name in f:
            raise v.refuse(
                f"a sheet without {name}", "give the figures in the sheets of the chips it holds; the law asks of each",
                given="what holds chips, with figures of its own",
            )  # fmt: skip
    found = []
    for row in v:
        m = row.fields(("item",), ("count",))
        found.append(Held(m["item"].text(), m["count"].whole(least=1, most=_MOST) if "count" in m else 1))
    if not found:
        raise v.refuse("at least one chip", "leave `holds` out if it is a chip", given="an empty list")
    return tuple(found)


def read_item(path: Path | str) -> ItemSheet:
    """Read an item sheet from a YAML or JSON file; "-" reads standard input.

    Raises
    ------
    Problem
        If the file cannot be read or a field cannot be used.
    """
    if str(path) == "-":
        import sys

        return item_from_value(read_text(sys.stdin.read(), "standard input"))
    return item_from_value(read_file(path), id=Path(path).stem)


def item_json(item: ItemSheet) -> dict[str, Any]:
    """Return an item sheet as JSON values, with TPP and performance density; what is not known is left out.

    Examples
    --------
    >>> item_json(ItemSheet("x", modes=(Mode("fp16", 16, Fraction(148)),)))
    {'name': 'x', 'modes': [{'mode': 'fp16', 'bits': 16, 'tops': 148}], 'tpp': 2368}
    """

    def plain(value: Any) -> Any:
        if isinstance(value, Fraction):
            return int(value) if value.denominator == 1 else float(value)
        return value

    def triple(values: Triple) -> dict[str, Any]:
        return dict(zip(("low", "mid", "high"), map(plain, values), strict=True))

    out: dict[str, Any] = {"name": item.name}
    for name in _OPTIONAL:
        value = getattr(item, name)
        if name == "modes" and value is not None:
            value = [{"mode": m.mode, "bits": m.bits, "tops": plain(m.tops)} for m in value]
        elif name == "modes" and name in item.uncertain:
            value = [{"mode": "tpp", "bits": 1, "tops": triple(item.uncertain[name])}]
        elif name in item.uncertain:
            value = triple(item.uncertain[name])
        elif name in ("datacentre", "hbm") and value is not None:
            value = "yes" if value else "no"
        elif name == "memory_stack" and value is not None:
            parts = {"bandwidth_GBps": value.bandwidth_GBps, "package_area_mm2": value.package_area_mm2}
            value = {k: plain(v) for k, v in parts.items() if v is not None}
        elif name == "holds":
            value = [{"item": h.item, "count": h.count} for h in value] or None
        elif name == "contains":
            value = list(value) or None
        if value is not None:
            out[name] = plain(value)
    derived = {"tpp": item.tpp, "performance_density": item.performance_density}
    return out | {name: plain(value) for name, value in derived.items() if value is not None}
