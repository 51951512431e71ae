"""The design record: a chip as an architect sees it. It yields an item sheet and a performance estimate."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from twokey.chips.item import ItemSheet, Mode
from twokey.sources.text import read_file

__all__ = ["HOST_BUS_GBPS", "VARIABLES", "Design", "read_design"]

VARIABLES = (
    "cores",
    "array_rows",
    "array_cols",
    "vector_lanes",
    "clock_GHz",
    "sram_KiB",
    "l2_MiB",
    "l2_bandwidth_GBps",
    "dram_bandwidth_GBps",
    "dram_capacity_GB",
    "link_bandwidth_GBps",
)
"""The eleven design variables, in the order in which every array of designs holds them."""

HOST_BUS_GBPS = 128
"""Host bus of a hypothetical design, both directions: PCI Express 5.0 x16 [GB/s]."""


@dataclass(frozen=True, slots=True)
class Design:
    """A hypothetical chip, values exact.

    Parameters
    ----------
    cores : number of cores, each with one systolic array [1]
    array_rows, array_cols : systolic array of one core, in 16-bit multiply-accumulate units [1]
    vector_lanes : 32-bit vector lanes of one core [1]
    clock_GHz : clock of cores and arrays [GHz]
    sram_KiB : local memory of one core [KiB]
    l2_MiB, l2_bandwidth_GBps : shared cache [MiB] and its read bandwidth [GB/s]
    dram_bandwidth_GBps, dram_capacity_GB : main memory [GB/s, GB]
    link_bandwidth_GBps : links to other chips, one direction, all links together [GB/s]
    """

    cores: int
    array_rows: int
    array_cols: int
    vector_lanes: int
    clock_GHz: Fraction
    sram_KiB: Fraction
    l2_MiB: Fraction
    l2_bandwidth_GBps: Fraction
    dram_bandwidth_GBps: Fraction
    dram_capacity_GB: Fraction
    link_bandwidth_GBps: Fraction

    def item(
        self, *, area_mm2: Fraction, seller: str | None, datacentre: bool | None, name: str = "design"
    ) -> ItemSheet:
        """Return the item sheet of this design.

        Rates are 2 x cores x rows x cols x clock at 16 bits and twice that at 8 bits, so both modes have
        the same TPP. The I/O bandwidth counts both directions of all links and the host bus.

        Parameters
        ----------
        area_mm2 : applicable die area, from `twokey.silicon` [mm2]
        """
        tops16 = Fraction(2, 1000) * self.cores * self.array_rows * self.array_cols * self.clock_GHz
        return ItemSheet(
            name=name,
            seller=seller,
            seller_seat="US" if seller in ("nvidia", "amd", "intel") else None,
            datacentre=datacentre,
            modes=(Mode("fp16", 16, tops16), Mode("fp8", 8, 2 * tops16)),
            applicable_die_area_mm2=area_mm2,
            dram_bandwidth_GBps=self.dram_bandwidth_GBps,
            io_bandwidth_GBps=2 * self.link_bandwidth_GBps + HOST_BUS_GBPS,
        )


_WHOLE = ("cores", "array_rows", "array_cols", "vector_lanes")


def read_design(path: Path | str) -> Design:
    """Read a design from a YAML or JSON file with one line for each of the eleven variables.

    Raises
    ------
    Problem
        If the file cannot be read, a variable is missing or unknown, or a value is not above zero.
    """
    f = read_file(path).fields(VARIABLES, ("name",))
    whole = {name: f[name].whole(least=1) for name in _WHOLE}
    exact = {name: f[name].number(above=0) for name in VARIABLES if name not in _WHOLE}
    return Design(**whole, **exact)  # type: ignore[arg-type]
