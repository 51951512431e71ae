"""Words of the dossier: names of facts and variables, and how days, numbers, times and money are written."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

from twokey.quantities.exact import as_text

__all__ = [
    "FACT_NAMES",
    "NOT_ADVICE",
    "VARIABLE_NAMES",
    "chip_name",
    "day",
    "number",
    "time_text",
    "usd",
    "variable_text",
    "workload_name",
]

NOT_ADVICE = "This page informs decisions and is not legal advice."

FACT_NAMES = {
    "tpp": ("TPP", ""),
    "performance_density": ("performance density", ""),
    "dram_bandwidth_GBps": ("DRAM", "GB/s"),
    "io_bandwidth_GBps": ("I/O", "GB/s"),
    "dram_plus_io_GBps": ("DRAM + I/O", "GB/s"),
}
"""Name and unit of each fact that limits are put on."""

VARIABLE_NAMES = {
    "cores": ("cores", ""),
    "array_rows": ("array rows", ""),
    "array_cols": ("array columns", ""),
    "vector_lanes": ("vector lanes per core", ""),
    "clock_GHz": ("clock", "GHz"),
    "sram_KiB": ("local memory per core", "KiB"),
    "l2_MiB": ("shared cache", "MiB"),
    "l2_bandwidth_GBps": ("shared cache bandwidth", "GB/s"),
    "dram_bandwidth_GBps": ("DRAM bandwidth", "GB/s"),
    "dram_capacity_GB": ("DRAM capacity", "GB"),
    "link_bandwidth_GBps": ("links, one direction", "GB/s"),
}
"""Name and unit of each design variable."""


def day(on: dt.date | str) -> str:
    """Return a day as people write it.

    Examples
    --------
    >>> day("2025-04-08")
    '8 April 2025'
    """
    on = dt.date.fromisoformat(on) if isinstance(on, str) else on
    return f"{on.day} {on:%B %Y}"


def number(value: float | int | Fraction | None, digits: int = 4) -> str:
    """Return a number with thousands parted by commas and at most `digits` significant digits behind whole ones.

    Examples
    --------
    >>> number(15832.0), number(2.90909), number(None)
    ('15,832', '2.909', 'unknown')
    """
    if value is None:
        return "unknown"
    value = float(value)
    return f"{value:,.0f}" if abs(value) >= 10**digits or value == int(value) else f"{value:,.{digits}g}"


def usd(value: Fraction) -> str:
    """Return an amount in billions with all its digits and at least one decimal.

    Examples
    --------
    >>> usd(Fraction(1)), usd(Fraction("17.108"))
    ('1.0', '17.108')
    """
    text = as_text(value, 6)
    return text if "." in text else f"{text}.0"


def time_text(seconds: float) -> str:
    """Return a time with four digits in the unit that suits it.

    Examples
    --------
    >>> time_text(0.0335), time_text(0.0004005), time_text(2.5)
    ('33.5 ms', '400.5 µs', '2.5 s')
    """
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if abs(seconds) >= scale:
            return f"{seconds / scale:.4g} {unit}"
    return f"{seconds / 1e-9:.4g} ns"


def chip_name(name: str) -> str:
    """Return a chip's name without its maker where the maker is obvious.

    Examples
    --------
    >>> chip_name("NVIDIA H20 96GB")
    'H20 96GB'
    """
    return name.removeprefix("NVIDIA ").removeprefix("Nvidia ")


def workload_name(name: str) -> str:
    """Return a workload's id as people say it.

    Examples
    --------
    >>> workload_name("deepseek-v3-decode")
    'DeepSeek V3 decode'
    """
    special = {"deepseek": "DeepSeek", "llama": "Llama", "gpt3": "GPT-3", "qwen3": "Qwen3"}
    return " ".join(special.get(w, w.upper() if w[0] in "v0123456789" else w) for w in name.split("-"))


def variable_text(name: str, value: Any) -> str:
    """Return a design variable's value with its unit."""
    unit = VARIABLE_NAMES[name][1]
    return number(value) + (f" {unit}" if unit else "")
