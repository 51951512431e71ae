"""The figures behind area and cost, read from the data files with their sources."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from twokey.sources.figure import CHECKED, CONFIDENCE, Figure
from twokey.sources.text import Value, read_file

__all__ = ["CASES", "area_figures", "cost_figures", "energy_figures", "figure", "running_figures"]

CASES = ("low", "mid", "high")
"""The three cases of every cost figure."""

_FOLDER = Path(__file__).parent.parent / "data" / "silicon"


def figure(value: Value) -> Figure:
    """Return a figure with its source, as a data file writes it."""
    f = value.fields(("value", "source", "confidence", "checked"), ("note",))
    return Figure(
        f["value"].number(least=0),
        f["source"].text(),
        f["confidence"].one_of(CONFIDENCE),
        f["checked"].one_of(CHECKED),
        f["note"].text() if "note" in f else "",
    )


@lru_cache(maxsize=1)
def area_figures() -> dict[str, Figure]:
    """Return the area of one unit of each part of a die, by name, with source and state of checking.

    Raises
    ------
    Problem
        If the data file cannot be read or lacks a source.

    Examples
    --------
    >>> area_figures()["core_mm2"].value, area_figures()["core_mm2"].checked
    (Fraction(7, 20), 'unverified')
    """
    return _plain("area.yaml")


@lru_cache(maxsize=1)
def cost_figures() -> dict[str, dict[str, Figure]]:
    """Return the low, mid and high figure of each cost term, by name, with source and state of checking.

    Raises
    ------
    Problem
        If the data file cannot be read or a case or source is missing.

    Examples
    --------
    >>> [int(cost_figures()["wafer_usd"][case].value) for case in CASES]
    [9346, 9346, 10000]
    """
    return _cases("cost.yaml")


@lru_cache(maxsize=1)
def running_figures() -> dict[str, dict[str, Figure]]:
    """Return the low, mid and high figure of each term of the running cost, by name.

    Raises
    ------
    Problem
        If the data file cannot be read or a case or source is missing.

    Examples
    --------
    >>> float(running_figures()["lifetime_years"]["mid"].value)
    5.0
    """
    return _cases("running.yaml")


@lru_cache(maxsize=1)
def energy_figures() -> dict[str, Figure]:
    """Return the energy of one operation or of one bit moved, by name.

    Raises
    ------
    Problem
        If the data file cannot be read or lacks a source.

    Examples
    --------
    >>> float(energy_figures()["dram_pJ_per_bit"].value)
    5.5
    """
    return _plain("energy.yaml")


def _plain(name: str) -> dict[str, Figure]:
    return {k: figure(v) for k, v in read_file(_FOLDER / name, f"silicon/{name}").group().items()}


def _cases(name: str) -> dict[str, dict[str, Figure]]:
    root = read_file(_FOLDER / name, f"silicon/{name}").group()
    return {k: {case: figure(f) for case, f in v.fields(CASES).items()} for k, v in root.items()}
