"""What the benchmarks share: workloads, regions of the law by day, random designs, the clock."""

from __future__ import annotations

import datetime as dt
import math
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twokey.law.question import Trade
from twokey.law.region import EVERYTHING, Region
from twokey.law.screen import lawful_region
from twokey.search.space import Space
from twokey.workloads.catalogue import workload
from twokey.workloads.workload import Workload

Series = dict[str, list[tuple[float, float]]]

WORKLOADS = ("gpt3-175b-layer", "deepseek-v3-decode", "llama-3-70b-prefill")
OBJECTIVES = ("ttft", "tpot", "e2e", "e2e-cost")
LAW_DAYS = ("2022-10-21", "2023-11-17", "2025-04-17", "2026-01-15")


def regions() -> dict[str, Region]:
    """Return what a seller of chips for data centres may freely sell to China under the law of some days, by day.

    The engine study's first rule, TPP below 4800 alone, is the law of 2023-11-17 for a chip that is not meant for
    data centres.
    """
    found = {"none": EVERYTHING}
    for day in LAW_DAYS:
        trade = Trade(to="CN", seat="CN", seller="nvidia", on=dt.date.fromisoformat(day))
        found[day] = lawful_region(trade, seller="nvidia", datacentre=True)
        if day == "2023-11-17":
            found[day + " (consumer)"] = lawful_region(trade, seller="nvidia", datacentre=False)
    return found


REGIONS = regions()


def load_workload(name: str) -> Workload:
    """Return a workload of the catalogue."""
    return workload(name)


def random_designs(space: Space, count: int, seed: int) -> NDArray[np.float64]:
    """Return random designs of a space as columns, (11, count)."""
    rng = np.random.default_rng(seed)
    levels = space.array()
    return np.array([levels[k, rng.integers(0, n, count)] for k, n in enumerate(space.counts())])


def log_plot(out: Path, title: str, axes: tuple[str, str], series: Series, straight: str = "") -> None:
    """Write points on two logarithmic axes as a page that needs no network; a dotted line in proportion if named."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for name, points in series.items():
        x, y = zip(*points, strict=True)
        figure.add_scatter(x=x, y=y, name=name, mode="lines+markers")
    if straight:
        ends = [1.0, max(x for points in series.values() for x, _ in points)]
        figure.add_scatter(x=ends, y=ends, name=straight, mode="lines", line={"dash": "dot"})
    figure.update_xaxes(type="log", title=axes[0])
    figure.update_yaxes(type="log", title=axes[1])
    figure.update_layout(title=title, template="plotly_white")
    out.parent.mkdir(exist_ok=True)
    figure.write_html(out, include_plotlyjs=True)
    print(f"  plot: {out}, {math.ceil(out.stat().st_size / 1e6)} MB")


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
