"""The coefficients of the fitted operator model, read from one data file that says what each was fitted on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from twokey.sources.figure import Figure
from twokey.sources.register import read_figures, read_register
from twokey.sources.text import read_file

__all__ = ["FRAMEWORKS", "Coefficients", "read"]

FRAMEWORKS = ("trtllm", "sglang", "vllm")
"""Serving frameworks whose kernels have coefficients of their own."""

_FOLDER = Path(__file__).parent.parent.parent / "data" / "perf"


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Coefficients by group and name, and the id of the calibration.

    Parameters
    ----------
    id : name of the calibration and the start of the file's SHA-256
    groups : value by group and name
    figures : the same with source, confidence and state of checking
    """

    id: str
    groups: dict[str, dict[str, float]]
    figures: dict[str, dict[str, Figure]]

    def merged(self, *names: str) -> dict[str, float]:
        """Return groups joined, later ones overriding; a group that does not exist counts as empty."""
        out: dict[str, float] = {}
        for name in names:
            out |= self.groups.get(name, {})
        return out

    def gemm(self, wide: bool) -> dict[str, float]:
        """Return the coefficients of matrix products for a class of cores."""
        return self.merged("power", "gemm", "gemm-wide" if wide else "gemm-narrow")

    def experts(self, wide: bool, framework: str | None, bits: int, paired: bool = False) -> dict[str, float]:
        """Return the coefficients of a layer's experts.

        Parameters
        ----------
        bits : width of the products: 16; 8, with scales by block; 4, whose scales the arrays apply themselves
        paired : whether cores pair up and hold results in a memory of their own: their kernels gather, multiply,
            activate and add up in one go, and are the same in all frameworks

        Notes
        -----
        Such a fused kernel has the array efficiency of the best kernel fitted on H100. 8-bit products, whose results
        the lanes scale, are taken to run as they do on H100.
        """
        dense = self.gemm(wide)
        if paired and bits != 8:
            return dense | self.groups["moe-paired"] | {"expert_dram_efficiency": dense["dram_efficiency"]}
        name = "moe8-wide" if wide and bits < 16 else "moe-wide" if wide else "moe-narrow"
        found = dense | self.merged(name, f"{name}-{framework}" if framework else "")
        return found | {"scale_lanes": 0.0} if bits == 4 else found

    def kernel(self, operator: str, framework: str | None) -> dict[str, float]:
        """Return the coefficients of an attention kernel: those common to all, then the framework's own."""
        return self.merged("power", operator, f"{operator}-{framework}" if framework else "")


@cache
def read() -> Coefficients:
    """Return the coefficients of the data file.

    Raises
    ------
    Problem
        If the file cannot be used.

    Examples
    --------
    >>> 0.5 < read().gemm(True)["array_efficiency"] < 1
    True
    """
    path = _FOLDER / "coefficients.yaml"
    register = read_register(_FOLDER / "sources.yaml")
    f = read_file(path, "perf/coefficients.yaml").fields(("name", "groups"))
    figures = {}
    for name, group in f["groups"].group().items():
        figures[name] = read_figures(group, register, tuple(group.group()))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    groups = {name: {key: float(figure.value) for key, figure in group.items()} for name, group in figures.items()}
    return Coefficients(f"{f['name'].text()}-{digest}", groups, figures)
