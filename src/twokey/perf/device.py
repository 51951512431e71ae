"""A chip as the performance model sees it: the eleven design variables as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from twokey.chips.design import VARIABLES, Design
from twokey.quantities.problem import Problem

__all__ = ["Device", "from_chip", "from_design"]


@dataclass(frozen=True, slots=True)
class Device:
    """One chip for the performance model.

    Parameters
    ----------
    name : the chip's id or the word "design"
    cores ... link_bandwidth_GBps : as in `twokey.chips.design.Design`
    rate8 : rate of 8-bit products over that of 16-bit products: 2 with such a mode, else 1 [1]
    """

    name: str
    cores: float
    array_rows: float
    array_cols: float
    vector_lanes: float
    clock_GHz: float
    sram_KiB: float
    l2_MiB: float
    l2_bandwidth_GBps: float
    dram_bandwidth_GBps: float
    dram_capacity_GB: float
    link_bandwidth_GBps: float
    rate8: int = 2

    def column(self) -> list[float]:
        """Return the design variables in the order of `VARIABLES`."""
        return [float(getattr(self, name)) for name in VARIABLES]


def from_design(design: Design, name: str = "design") -> Device:
    """Return the device of a design; a design has an 8-bit mode at twice the rate."""
    return _device(name, {v: float(getattr(design, v)) for v in VARIABLES}, 2)


def from_chip(chip: Any) -> Device:
    """Return the device of a catalogue chip from its architecture.

    Parameters
    ----------
    chip : a catalogue entry with `id` and `architecture`, a mapping or an object holding the design variables
        (numbers or figures with a `value`) and, where it has an 8-bit mode at twice the rate, `rate8` = 2

    Raises
    ------
    Problem
        If parameters are missing; the message names them.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from_chip(SimpleNamespace(id="x", architecture={"cores": 1}))
    Traceback (most recent call last):
    twokey.quantities.problem.Problem: x: got an architecture without array_rows, array_cols, vector_lanes, ...
    """
    name = str(getattr(chip, "id", "chip"))
    architecture = getattr(chip, "architecture", None)
    values = {v: _number(architecture, v) for v in VARIABLES}
    missing = [v for v, found in values.items() if found is None]
    if missing:
        raise Problem(
            name,
            "an architecture without " + ", ".join(missing),
            "all of " + ", ".join(VARIABLES),
            "add the figures to the chip's entry with their sources, or choose a chip that has them",
        )
    rate8 = _number(architecture, "rate8")
    return _device(name, {v: found for v, found in values.items() if found is not None}, int(rate8 or 1))


def _device(name: str, values: dict[str, float], rate8: int) -> Device:
    return Device(name, **values, rate8=rate8)


def _number(architecture: Any, name: str) -> float | None:
    if architecture is None:
        return None
    found = architecture.get(name) if isinstance(architecture, dict) else getattr(architecture, name, None)
    found = getattr(found, "value", found)
    return None if found is None else float(found)


if tuple(f.name for f in fields(Device))[1:12] != VARIABLES:  # the order is used by every array of designs
    raise ImportError("the fields of Device must follow chips.design.VARIABLES")
