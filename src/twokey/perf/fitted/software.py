"""What the kernels of a designer's software stack reach beside those the operator model was fitted on."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from twokey.sources.figure import Figure
from twokey.sources.register import read_figures, read_register
from twokey.sources.text import read_file

__all__ = ["kernel_figures", "kernel_shares"]

_FOLDER = Path(__file__).parent.parent.parent / "data" / "perf"
_NAMES = ("array_share", "dram_share")


@cache
def kernel_figures() -> dict[str, dict[str, Figure]]:
    """Return the shares with their sources, by designer of the chip.

    Raises
    ------
    Problem
        If the data file cannot be used.

    Examples
    --------
    >>> sorted(kernel_figures()["huawei"])
    ['array_share', 'dram_share']
    """
    register = read_register(_FOLDER / "sources.yaml")
    groups = read_file(_FOLDER / "kernels.yaml", "perf/kernels.yaml").group()
    return {name: read_figures(group, register, _NAMES) for name, group in groups.items()}


def kernel_shares(designer: str) -> dict[str, float]:
    """Return what a designer's kernels reach of the rate of the arrays and of the bandwidth of memory [1].

    1 where the designer is not listed: its kernels are taken to be as good as those fitted, which is kind to it.

    Examples
    --------
    >>> kernel_shares("nvidia")
    {'array_share': 1.0, 'dram_share': 1.0}
    """
    found = kernel_figures().get(designer, {})
    return {name: float(found[name].value) if name in found else 1.0 for name in _NAMES}
