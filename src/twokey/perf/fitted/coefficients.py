"""The coefficients of the fitted operator model, read from one data file that says what each was fitted on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from twokey.sources.figure import Figure
from twokey.sources.register import read_figures, read_register
from twokey.sources.text import read_file

__all__ = ["EXPERT_KERNELS", "FRAMEWORKS", "Coefficients", "read"]

FRAMEWORKS = ("trtllm", "sglang", "vllm")
"""Serving frameworks whose kernels have coefficients of their own."""

EXPERT_KERNELS = ("triton", "cutlass", "fused")
"""Kernels of a layer of experts, of which a framework may have several: products compiled by Triton; grouped products
of CUTLASS; a layer in few kernels written for paired cores (NVIDIA's trtllm-gen)."""

_MAKERS = {"cutlass": "trtllm"}
"""Framework from which others have a kernel: FlashInfer's CUTLASS experts are TensorRT-LLM's."""

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
        return self.merged("power", "launch", "gemm", "gemm-wide" if wide else "gemm-narrow")

    def experts(
        self, wide: bool, framework: str | None, bits: int, paired: bool = False, kernel: str | None = None
    ) -> dict[str, float]:
        """Return the coefficients of a layer's experts.

        Parameters
        ----------
        bits : width of the products: 16; 8, with scales by block; 4, whose scales the arrays apply themselves
        paired : whether cores pair up and hold results in a memory of their own
        kernel : of `EXPERT_KERNELS`; where not given, the fused one on paired cores, which is the same in all
            frameworks, and on others what the framework runs

        Notes
        -----
        Triton and CUTLASS are fitted on H100 and run elsewhere as they do there (on paired cores with
        `RealChip.unpaired`, if Triton's). A framework that has a kernel from another one has its coefficients, unless
        rows of its own were fitted.

        Examples
        --------
        >>> c = read()
        >>> c.experts(True, "vllm", 16, True, "cutlass") == c.experts(True, "trtllm", 16)
        True
        """
        dense = self.gemm(wide)
        if paired and kernel in (None, "fused"):
            if bits == 8:
                return dense | self.groups["moe8-paired"]
            return dense | self.groups["moe-paired"] | {"expert_dram_efficiency": dense["dram_efficiency"]}
        name = "moe8-wide" if wide and bits < 16 else "moe-wide" if wide else "moe-narrow"
        makers = (framework, _MAKERS.get(kernel or ""), f"{framework}-{kernel}")
        found = dense | self.merged(name, *(f"{name}-{maker}" for maker in makers))
        return found | {"scale_lanes": 0.0} if bits == 4 else found

    def prefill(self, wide: bool, framework: str | None, latent: bool = False) -> dict[str, float]:
        """Return the coefficients of prefill attention; those over a latent cache (MLA) are one set for all."""
        if latent:
            return self.kernel("prefill-mla", None)
        return self.kernel(f"prefill-{'wide' if wide else 'narrow'}", framework)

    def decode(self, wide: bool, framework: str | None, paired: bool = False, latent: bool = False) -> dict[str, float]:
        """Return the coefficients of decode attention; those over a latent cache (MLA) are one set for all.

        Parameters
        ----------
        paired : whether cores pair up: the frameworks then call the same kernels, generated for such cores, and the
            name of one tells only what it does not hand to them

        Notes
        -----
        Such a kernel is taken to be like the fastest one fitted on H100.
        """
        if latent:
            return self.kernel("decode-mla", None)
        return self.kernel(f"decode-{'paired' if paired else 'wide' if wide else 'narrow'}", framework)

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
