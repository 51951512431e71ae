"""What the benchmarks share: workloads, regions of the law by day, random designs, the clock."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twokey.law.region import EVERYTHING, Cell, Region
from twokey.search.space import Space
from twokey.workloads.catalogue import workload
from twokey.workloads.workload import Workload

WORKLOADS = ("gpt3-175b-layer", "deepseek-v3-decode", "llama-3-70b-prefill")
OBJECTIVES = ("ttft", "tpot", "e2e", "e2e-cost")


def _cell(*hi: str | None) -> Cell:
    names = ("tpp", "density", "dram", "io", "dram+io")
    limits = tuple(None if v is None else Fraction(v) for v in hi)
    return Cell((Fraction(0),) * 5, limits, tuple(None if v is None else n for v, n in zip(hi, names, strict=True)))


_LETTER = ("1400", "1100", "1700")
REGIONS: dict[str, Region] = {
    "none": EVERYTHING,
    "2022-10": Region((_cell("4800", None, None, None, None), _cell(None, None, None, "600", None))),
    "tpp-4800": Region((_cell("4800", None, None, None, None),)),
    "2023-11": Region(
        (
            _cell("1600", None, None, None, None),
            _cell("2400", "3.2", None, None, None),
            _cell("4800", "1.6", None, None, None),
        )
    ),
    "2025-04": Region((_cell("1600", None, *_LETTER), _cell("2400", "3.2", *_LETTER), _cell("4800", "1.6", *_LETTER))),
}
"""Shapes of the law at four times, and the first rule of the engine study, for one seller of data-centre chips.

They are inputs to a measurement. The law itself is read from its data by `twokey.law`.
"""


def load_workload(name: str) -> Workload:
    """Return a workload of the catalogue."""
    return workload(name)


def random_designs(space: Space, count: int, seed: int) -> NDArray[np.float64]:
    """Return random designs of a space as columns, (11, count)."""
    rng = np.random.default_rng(seed)
    levels = space.array()
    return np.array([levels[k, rng.integers(0, n, count)] for k, n in enumerate(space.counts())])


def best_time_s(action: Callable[[], Any], seconds: float = 0.7) -> float:
    """Return the least CPU time of one call over repeated calls [s]."""
    action()
    best, spent = np.inf, 0.0
    while spent < seconds:
        begin = time.process_time()
        action()
        used = time.process_time() - begin
        spent += used
        best = min(best, used)
    return float(best)


def machine() -> str:
    """Return the processor's name and the number of cores that may be used."""
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as stream:
            name = next((line.split(":")[1].strip() for line in stream if line.startswith("model name")), name)
    except OSError:
        pass
    return f"{name}, {len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} cores"
