"""Power of a design with every unit busy, by component: energy per operation times the greatest rate."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from twokey.chips.design import VARIABLES, Design
from twokey.silicon.figures import energy_figures, running_figures

__all__ = ["power", "power_breakdown", "power_coefficients", "power_of", "running_usd_per_s"]


@lru_cache(maxsize=1)
def _energies() -> dict[str, float]:
    return {name: float(figure.value) for name, figure in energy_figures().items()}


@lru_cache(maxsize=1)
def power_coefficients() -> tuple[float, ...]:
    """Return the power per unit of: multiply-accumulate, edge of an array (rows + columns), vector lane, each of one
    core at 1 GHz; cache, memory and link bandwidth of 1 GB/s [W].

    Examples
    --------
    >>> round(power_coefficients()[4], 4)  # W per GB/s of memory
    0.044
    """
    e = _energies()
    return (
        (e["bf16_mul_pJ"] + e["fp32_add_pJ"]) * 1e-3,
        16e-3 * e["core_memory_pJ_per_bit"],
        (e["fp32_mul_pJ"] + e["fp32_add_pJ"]) * 1e-3,
        8e-3 * e["cache_pJ_per_bit"],
        8e-3 * e["dram_pJ_per_bit"],
        16e-3 * e["link_pJ_per_bit"],
    )


def _parts(d: Mapping[str, Any]) -> dict[str, Any]:
    """Return the power of each component [W] from the design variables, numbers or arrays; rising in all of them."""
    mac, edge, lane, cache, dram, link = power_coefficients()
    clocks = d["cores"] * d["clock_GHz"]
    return {
        "arrays": clocks * d["array_rows"] * d["array_cols"] * mac,
        "core memories": clocks * (d["array_rows"] + d["array_cols"]) * edge,
        "vector lanes": clocks * d["vector_lanes"] * lane,
        "shared cache": d["l2_bandwidth_GBps"] * cache,
        "memory": d["dram_bandwidth_GBps"] * dram,
        "links": d["link_bandwidth_GBps"] * link,
    }


def power_breakdown(design: Design) -> dict[str, float]:
    """Return the power of each component with all units busy [W].

    Notes
    -----
    Energy per operation at one voltage, whatever the clock; arrays fed with one row and one column of 16-bit values
    a clock, both directions of the links busy. A sum of parts without clock tree, control and leakage: it compares
    designs, and lies well below what makers rate their chips at (see the tests for A100 and H100).

    References
    ----------
    N. P. Jouppi et al., "Ten lessons from three generations shaped Google's TPUv4i," ISCA 2021,
    doi:10.1109/ISCA52012.2021.00010; M. O'Connor et al., "Fine-grained DRAM," MICRO 2017,
    doi:10.1145/3123939.3124545.
    """
    return {k: float(v) for k, v in _parts({v: float(getattr(design, v)) for v in VARIABLES}).items()}


def power(design: Design) -> float:
    """Return the power of a design with all units busy [W].

    Examples
    --------
    >>> from fractions import Fraction
    >>> d = Design(64, 32, 32, 64, Fraction("2.2"), Fraction(512), Fraction(80), Fraction(8192), Fraction(3200),
    ...            Fraction(192), Fraction(900))
    >>> round(power(d))
    347
    """
    return sum(power_breakdown(design).values())


def power_of(x: Any) -> Any:
    """Return the power of designs in columns, (11, n) in the order of `VARIABLES`, (n,) [W]."""
    return sum(_parts(dict(zip(VARIABLES, x, strict=True))).values())


def running_usd_per_s(unit_cost_usd: Any, power_W: Any, case: str = "mid") -> Any:
    """Return what one chip costs a second: its unit cost spread over its life, and electricity; numbers or arrays.

    Parameters
    ----------
    unit_cost_usd : cost of making the chip [USD]; power_W : its power [W]
    case : "low", "mid" or "high"

    Examples
    --------
    >>> round(running_usd_per_s(3000.0, 400.0) * 3600, 3)
    0.101
    """
    f = {name: float(cases[case].value) for name, cases in running_figures().items()}
    return unit_cost_usd / (f["lifetime_years"] * 365.25 * 86400) + power_W * f["electricity_usd_per_kWh"] / 3.6e6
