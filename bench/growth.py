"""Boxes opened against the size of the space, from about 1e6 to 1e15 designs: a plot, and the exponent of a power law.

Each space has the ends of the grid `fine`; the number of levels of each variable grows from one space to the next.
"""

from __future__ import annotations

import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np

from common import REGIONS, load_workload, log_plot
from twokey.search.limits import limits_of
from twokey.search.model import Model
from twokey.search.optimise import solve
from twokey.search.space import Space, load

PROBLEMS = (
    ("e2e", "none"), ("ttft", "2023-11-17"), ("tpot", "2023-11-17"), ("e2e-cost", "2023-11-17"),
    ("tokens-per-s-per-dollar", "none"), ("cost-per-mtok", "2023-11-17"),
)  # fmt: skip
SHARES = (0.12, 0.18, 0.25, 0.35, 0.5, 0.7, 1.0, 1.35)
"""Levels of each variable beside those of `fine` [1]."""

LIMIT_S = 60.0
OUT = Path("out") / "growth.html"


def resized(space: Space, share: float) -> Space:
    """Return a space with about `share` times the levels of each variable, both ends kept; above 1 levels between."""
    rows = []
    for row in space.levels:
        count = max(2, round(len(row) * share))
        if count <= len(row):
            picked = [row[round(i)] for i in np.linspace(0, len(row) - 1, count)]
        else:
            picked = [row[0] + (row[-1] - row[0]) * Fraction(i, count - 1) for i in range(count)]
            whole = all(v.denominator == 1 for v in row)
            picked = [Fraction(round(v)) for v in picked] if whole else picked
        rows.append(tuple(sorted(set(picked))))
    return Space(f"{space.name} x {share:g}", tuple(rows))


def main() -> int:
    """Print a row for each space and problem, and the exponents; return the number of searches not proved."""
    workload, bad = load_workload("gpt3-175b-layer"), 0
    series: dict[str, list[tuple[float, float]]] = {}
    for objective, law in PROBLEMS:
        for share in SHARES:
            space = resized(load("fine"), share)
            model = Model(space, workload, objective, limits_of(REGIONS[law], workload.memory_bytes, space))
            begin, cpu = time.monotonic(), time.process_time()
            s = solve(model, gap=0.01, seconds=LIMIT_S)
            wall, cpu = time.monotonic() - begin, time.process_time() - cpu
            proved = s is not None and s.bound >= s.value * (1 - 0.01) * (1 - 1e-9)
            bad += not proved
            opened = 0 if s is None else s.opened
            name = f"{objective}, {law}"
            print(
                f"  {name}: {space.designs:.2e} designs, {opened:,} boxes, {model.evaluations:,} evaluations,"
                f" {cpu:.2f} CPU-s, {wall:.2f} s wall, {'proved' if proved else 'NOT proved'}",
                flush=True,
            )
            if proved:
                series.setdefault(name, []).append((float(space.designs), float(max(opened, 1))))
    print("| problem | spaces | exponent: boxes ~ designs^x |")
    print("|---|---|---|")
    for name, rows in series.items():
        x, y = np.log10(np.array(rows)).T
        print(f"| {name} | {10 ** x.min():.0e} to {10 ** x.max():.0e} | {np.polyfit(x, y, 1)[0]:.3f} |")
    x, y = np.log10(np.array([row for rows in series.values() for row in rows])).T
    print(f"| all | {10 ** x.min():.0e} to {10 ** x.max():.0e} | {np.polyfit(x, y, 1)[0]:.3f} |")
    axes = ("designs in the space", "boxes opened until 1 percent was proved")
    log_plot(OUT, "Growth of the search with the size of the space", axes, series)
    return bad


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
