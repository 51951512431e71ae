"""The item sheet: a chip as the law sees it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from twokey.sources.text import Value, read_file, read_text

__all__ = ["ItemSheet", "Mode", "item_from_value", "item_json", "read_item"]


@dataclass(frozen=True, slots=True)
class Mode:
    """One arithmetic mode: operand width [bit] and dense peak rate [TOPS], a multiply-accumulate counted as two."""

    mode: str
    bits: int
    tops: Fraction


@dataclass(frozen=True, slots=True)
class ItemSheet:
    """A chip as the law sees it; None stands for a fact that is not known.

    The fields are those of the item sheet in the documentation: dense peak rates per mode [TOPS],
    applicable die area [mm2], DRAM and I/O bandwidth [GB/s], transistors [1e9].
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
_OPTIONAL = (
    "seller",
    "seller_seat",
    "datacentre",
    "modes",
    "applicable_die_area_mm2",
    "dram_bandwidth_GBps",
    "io_bandwidth_GBps",
    "transistors_bn",
    "us_commercial_since",
)


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

    def mode(v: Value) -> Mode:
        m = v.fields(("mode", "bits", "tops"))
        return Mode(m["mode"].text(), m["bits"].whole(least=1, most=_MOST_BITS), m["tops"].number(above=0, most=_MOST))

    modes = tuple(mode(v) for v in f["modes"]) if "modes" in f else None
    if modes is not None and not modes:
        raise f["modes"].refuse(
            "at least one mode", "leave `modes` out if the rates are unknown", given="an empty list"
        )
    return ItemSheet(
        name=f["name"].text(),
        id=id,
        seller=f["seller"].text() if "seller" in f else None,
        seller_seat=seat(f["seller_seat"]) if "seller_seat" in f else None,
        datacentre=f["datacentre"].yes_no() if "datacentre" in f else None,
        modes=modes,
        applicable_die_area_mm2=f["applicable_die_area_mm2"].number(above=0, most=_MOST)
        if "applicable_die_area_mm2" in f
        else None,
        dram_bandwidth_GBps=f["dram_bandwidth_GBps"].number(least=0, most=_MOST)
        if "dram_bandwidth_GBps" in f
        else None,
        io_bandwidth_GBps=f["io_bandwidth_GBps"].number(least=0, most=_MOST) if "io_bandwidth_GBps" in f else None,
        transistors_bn=f["transistors_bn"].number(above=0, most=_MOST) if "transistors_bn" in f else None,
        us_commercial_since=month(f["us_commercial_since"]) if "us_commercial_since" in f else None,
    )


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

    out: dict[str, Any] = {"name": item.name}
    for name in _OPTIONAL:
        value = getattr(item, name)
        if name == "modes" and value is not None:
            value = [{"mode": m.mode, "bits": m.bits, "tops": plain(m.tops)} for m in value]
        elif name == "datacentre" and value is not None:
            value = "yes" if value else "no"
        if value is not None:
            out[name] = plain(value)
    derived = {"tpp": item.tpp, "performance_density": item.performance_density}
    return out | {name: plain(value) for name, value in derived.items() if value is not None}
