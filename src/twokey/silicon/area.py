"""Die area of a design, exact, by component."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from twokey.chips.design import Design
from twokey.silicon.figures import area_figures

__all__ = ["area_limit_mm2", "area_mm2", "breakdown", "coefficients"]


@lru_cache(maxsize=1)
def coefficients() -> dict[str, Fraction]:
    """Return the area of one unit of each design variable [mm2 per unit of the design record].

    Names: mac, vector_lane, sram_KiB, core (each per core), l2_MiB, l2_bandwidth, dram_bandwidth,
    link_bandwidth [mm2/(GB/s)], base [mm2].

    Examples
    --------
    >>> coefficients()["sram_KiB"] == Fraction("0.0012288")
    True
    """
    f = {name: figure.value for name, figure in area_figures().items()}
    return {
        "mac": f["mac_mm2"],
        "vector_lane": f["vector_lane_mm2"],
        "sram_KiB": f["sram_byte_mm2"] * 1024,
        "core": f["core_mm2"],
        "l2_MiB": f["l2_byte_mm2"] * 1024 * 1024,
        "l2_bandwidth": f["l2_bandwidth_mm2_per_GBps"],
        "dram_bandwidth": f["dram_bandwidth_mm2_per_GBps"],
        "link_bandwidth": f["link_bandwidth_mm2_per_GBps"],
        "base": f["base_mm2"],
    }


def area_limit_mm2() -> Fraction:
    """Return the largest die a design may have [mm2].

    Examples
    --------
    >>> area_limit_mm2()
    Fraction(860, 1)
    """
    return area_figures()["limit_mm2"].value


def breakdown(design: Design) -> dict[str, Fraction]:
    """Return the area of each component of the design, exact [mm2].

    Notes
    -----
    A model assumption (see data/silicon/area.yaml), meant to compare designs of one process; do not quote
    as the area of a real die.
    """
    c = coefficients()
    return {
        "arrays": design.cores * design.array_rows * design.array_cols * c["mac"],
        "vector lanes": design.cores * design.vector_lanes * c["vector_lane"],
        "core memories": design.cores * design.sram_KiB * c["sram_KiB"],
        "core control": design.cores * c["core"],
        "shared cache": design.l2_MiB * c["l2_MiB"],
        "network": design.l2_bandwidth_GBps * c["l2_bandwidth"],
        "memory interface": design.dram_bandwidth_GBps * c["dram_bandwidth"],
        "links": design.link_bandwidth_GBps * c["link_bandwidth"],
        "base": c["base"],
    }


def area_mm2(design: Design) -> Fraction:
    """Return the die area of the design, exact [mm2].

    Examples
    --------
    >>> d = Design(64, 32, 32, 64, Fraction("2.2"), Fraction(512), Fraction(80), Fraction(8192), Fraction(3200),
    ...            Fraction(192), Fraction(900))
    >>> float(area_mm2(d))
    417.4555904
    """
    return sum(breakdown(design).values(), Fraction(0))
