"""Cost of one more operator, layer kind and device: times, a line through them, a plot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from common import Series, best_time_s, load_workload, log_plot, random_designs
from twokey.api import estimate
from twokey.chips.catalogue import chips
from twokey.perf.fitted.chip import named
from twokey.perf.fitted.coefficients import read
from twokey.perf.fitted.phase import phase_terms
from twokey.perf.kernels.exact import times_ns
from twokey.perf.table import build
from twokey.search.space import load
from twokey.workloads.build import workload_for
from twokey.workloads.operators import Attention, Gemm, Operator, Phase, Vector

DESIGNS = 4_096
OPERATORS = (1, 2, 4, 8, 16, 32)
"""Copies of a layer's operators, each with a name and a size of its own: like ones are computed once [1]."""
KINDS = ("llama-3-8b", "qwen3-30b-a3b", "deepseek-v3", "gpt-oss-120b", "qwen3.5-397b-a17b", "minimax-m2")
"""Models whose layers differ in kind: dense, experts, latent cache, windows, states, a norm over all heads."""
SECONDS = 0.4
OUT = Path("out") / "linear.html"


def _named(operators: tuple[Operator, ...], suffix: str) -> tuple[Operator, ...]:
    return tuple(replace(op, name=op.name + suffix) for op in operators)


def _larger(op: Operator, more: int) -> Operator:
    """Return an operator a little larger than another."""
    if isinstance(op, Gemm):
        return replace(op, m=op.m + 16 * more)
    if isinstance(op, Vector):
        return replace(op, elements=op.elements + 16 * more)
    if isinstance(op, Attention):
        return replace(op, context=op.context + more)
    return replace(op, payload_bytes=op.payload_bytes + 16 * more)


def _time_us(action: Callable[[], Any]) -> float:
    return 1e6 * best_time_s(action, SECONDS)


def operators() -> Series:
    """Return (operators, time [us]) for the kernel, a thousand designs at a time, and for the fitted operators."""
    layer = load_workload("gpt3-175b-layer").prefill
    x, h100 = random_designs(load("fine"), DESIGNS, 1), named("nvidia-h100")
    out: Series = {"kernel, 1,000 designs": [], "fitted operators, one chip": []}
    for copies in OPERATORS:
        some = tuple(op for i in range(copies) for op in _named(layer.operators, f"-{i}"))
        some = tuple(_larger(op, i // len(layer.operators)) for i, op in enumerate(some))
        phase = Phase("prefill", some, layer.launch_ns)
        arrays = build(phase).arrays()
        count = float(len(some))
        out["kernel, 1,000 designs"].append((count, _time_us(lambda: times_ns(x, arrays)) * 1000 / DESIGNS))  # noqa: B023
        fitted = _time_us(lambda: phase_terms(h100, read(), phase, decode=False))  # noqa: B023
        out["fitted operators, one chip"].append((count, fitted))
    return out


def kinds() -> Series:
    """Return (kinds of layers, time [us]) of a decode step whose layers are of ever more kinds."""
    steps = [workload_for(m, phase="decode", devices=8, tp=8, precision="bf16", batch=32).decode for m in KINDS]
    points: list[tuple[float, float]] = []
    some: tuple[Operator, ...] = ()
    for number, step in enumerate(steps, 1):
        some = (*some, *_named(step.operators, f"-{number}"))
        phase = Phase("decode", some)
        points.append((float(number), _time_us(lambda: phase_terms(named("nvidia-h100"), read(), phase, decode=True))))  # noqa: B023
    return {"decode step by kinds of layers": points}


def devices() -> Series:
    """Return (chips, time [us]) of estimates of ever more kinds of chips."""
    known = [c.id for c in chips() if c.architecture and c.id.startswith(("nvidia-", "huawei-", "amd-"))][:16]
    ask: dict[str, Any] = {"model": "llama-3-70b", "phase": "decode", "devices": 8, "tp": 8, "batch": 32}
    able = [chip for chip in known if _answers(chip, ask)]
    points = []
    for number in (1, 2, 4, 8, 16):
        some = able[:number]
        points.append((float(len(some)), _time_us(lambda: [estimate(c, **ask) for c in some])))  # noqa: B023
    return {"estimate by chips": points}


def _answers(chip: str, ask: dict[str, Any]) -> bool:
    from twokey.quantities.problem import Problem

    try:
        estimate(chip, **ask)
    except Problem:
        return False
    return True


def main() -> None:
    """Print the cost of one more of each, how much of the variation a line explains, and write the plot."""
    series = operators() | kinds() | devices()
    print("| what grows | from | to | cost of one more | share of variation a line explains |")
    print("|---|---|---|---|---|")
    for name, points in series.items():
        x, y = np.array(points).T
        slope, rest = np.polyfit(x, y, 1)
        explained = 1.0 - float(((y - slope * x - rest) ** 2).sum() / ((y - y.mean()) ** 2).sum())
        print(f"| {name} | {x.min():g} | {x.max():g} | {slope:.1f} us | {explained:.4f} |")
    beside = {name: [(x / points[0][0], y / points[0][1]) for x, y in points] for name, points in series.items()}
    axes = ("operators, kinds of layers or chips, beside the fewest", "time, beside that of the fewest")
    log_plot(OUT, "Cost of one more operator, layer kind and device", axes, beside, straight="in proportion")


if __name__ == "__main__":
    main()
