"""The table of searches: grid, law, workload, objective, and what it took to prove one percent.

python bench/searches.py                      the 75 problems of the engine study's workload
python bench/searches.py package cut-down     the families of packages and of existing dies
python bench/searches.py --all small          every workload on a grid
python bench/searches.py --more standard      the objectives with power and running cost
python bench/searches.py --software fitted    under another software stack than the workload's own
"""

from __future__ import annotations

import sys
import time

from common import LAW_DAYS, REGIONS, WORKLOADS, load_workload, machine
from twokey.chips.design import VARIABLES
from twokey.search.optimise import optimise
from twokey.search.space import load
from twokey.workloads.software import under

GRIDS = ("small", "standard", "fine")
OBJECTIVES = ("ttft", "tpot", "e2e", "e2e-cost", "tokens-per-s-per-dollar")
MORE = ("cost-per-mtok", "perf-per-watt")
LIMIT_S = {"package": 120.0, "cut-down": 120.0}
"""Wall-clock seconds within which one percent must be proved; 60 where nothing is said [s]."""


def main(
    grids: tuple[str, ...] = GRIDS,
    workloads: tuple[str, ...] = ("gpt3-175b-layer",),
    laws: tuple[str, ...] = (*LAW_DAYS, "none"),
    objectives: tuple[str, ...] = OBJECTIVES,
    software: str | None = None,
) -> int:
    """Print a row for each search; return the number of searches not proved to one percent in time."""
    bad, rows, worst = 0, 0, (0.0, "")
    print(
        "| grid | law | workload | objective | proved | gap % | boxes | evaluations | CPU-s | wall s | best | design |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for grid in grids:
        limit = LIMIT_S.get(grid, 60.0)
        for name in workloads:
            workload = load_workload(name) if software is None else under(load_workload(name), software)
            for law in laws:
                for objective in objectives:
                    begin = time.monotonic()
                    r = optimise(load(grid), workload, objective, REGIONS[law], seconds=limit, explain=False)
                    wall = time.monotonic() - begin
                    design = "/".join(f"{float(getattr(r.design, v)):g}" for v in VARIABLES)
                    inside = "" if r.grid is r.space else f" in {r.grid.name}"
                    print(
                        f"| {grid} | {law} | {name} | {objective} | {'yes' if r.proved else 'no'} | {100 * r.gap:.2f}"
                        f" | {r.boxes:,} | {r.evaluations:,} | {r.cpu_s:.2f} | {wall:.2f} | {r.value:.5g} {r.unit}"
                        f" | {design}{inside} |",
                        flush=True,
                    )
                    rows += 1
                    bad += not (r.proved and wall <= limit)
                    worst = max(worst, (wall, f"{grid}, {law}, {name}, {objective}: gap {100 * r.gap:.2f} %"))
    print(f"{rows - bad} of {rows} proved in time; the longest {worst[0]:.1f} s wall ({worst[1]}); {machine()}")
    return bad


if __name__ == "__main__":
    words, stack = sys.argv[1:], None
    if "--software" in words:
        at = words.index("--software")
        stack = words[at + 1]
        words = words[:at] + words[at + 2 :]
    every = WORKLOADS if "--all" in words else ("gpt3-175b-layer",)
    asked = MORE if "--more" in words else OBJECTIVES
    chosen = tuple(w for w in words if not w.startswith("--")) or GRIDS
    sys.exit(1 if main(chosen, every, objectives=asked, software=stack) else 0)
