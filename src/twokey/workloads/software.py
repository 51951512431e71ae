"""Software stacks as data: what kernels reach of a chip's rates, and workloads that run under one."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from twokey.quantities.problem import Problem
from twokey.sources.figure import Figure
from twokey.sources.register import read_figures, read_register
from twokey.sources.text import read_file
from twokey.workloads.operators import IDEAL, Phase, Software
from twokey.workloads.workload import Workload

__all__ = ["SOFTWARE", "software_figures", "software_named", "under"]

SOFTWARE = ("ideal", "fitted")
"""Stacks by name: every rate reached, or what kernels of today reach on A100 and H100."""

_FOLDER = Path(__file__).parent.parent / "data" / "perf"
_NAMES = ("array_share", "cores_per_cache_read", "dram_share", "link_share", "launch_us")


@cache
def software_figures() -> dict[str, Figure]:
    """Return the figures of the fitted stack, each with its source.

    Raises
    ------
    Problem
        If the data file cannot be used.
    """
    register = read_register(_FOLDER / "sources.yaml")
    f = read_file(_FOLDER / "software.yaml", "perf/software.yaml").fields(("fitted",))
    return read_figures(f["fitted"], register, _NAMES)


@cache
def software_named(name: str) -> Software:
    """Return the software stack with this name.

    Raises
    ------
    Problem
        If there is none.

    Examples
    --------
    >>> 0.5 < software_named("fitted").dram < 1.0 == software_named("ideal").dram
    True
    """
    if name not in SOFTWARE:
        raise Problem("--software", repr(name), "one of " + ", ".join(SOFTWARE), "write --software fitted")
    if name == "ideal":
        return IDEAL
    array, cores, dram, link, launch = (float(software_figures()[n].value) for n in _NAMES)
    return Software(name, array, cores, dram, link, launch * 1e3)


def under(workload: Workload, name: str) -> Workload:
    """Return the workload as it runs under a software stack.

    Examples
    --------
    >>> from twokey.workloads.build import workload_for
    >>> under(workload_for("llama-3-8b", phase="decode"), "fitted").decode.software.name
    'fitted'
    """
    software = software_named(name)

    def run(phase: Phase) -> Phase:
        launch = phase.launch_ns if software.launch_ns is None else software.launch_ns
        return replace(phase, software=software, launch_ns=launch)

    train = None if workload.train is None else run(workload.train)
    return replace(workload, prefill=run(workload.prefill), decode=run(workload.decode), train=train)
