"""The table of searches: grid, law, workload, objective, and what it took to prove one percent."""

from __future__ import annotations

import sys

from common import OBJECTIVES, REGIONS, WORKLOADS, load_workload
from twokey.chips.design import VARIABLES
from twokey.search.optimise import optimise
from twokey.search.space import load


def main(grids: tuple[str, ...] = ("small", "standard", "package", "cut-down"), seconds: float = 60.0) -> int:
    """Print a row for each search; return the number of searches not proved on the grid `small`."""
    bad = 0
    print("| grid | law | workload | objective | proved | gap % | boxes | evaluations | CPU-s | best | design |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for grid in grids:
        for name in WORKLOADS:
            workload = load_workload(name)
            for law, region in REGIONS.items():
                for objective in OBJECTIVES:
                    r = optimise(load(grid), workload, objective, region, seconds=seconds, explain=False)
                    design = "/".join(f"{float(getattr(r.design, v)):g}" for v in VARIABLES)
                    print(
                        f"| {grid} | {law} | {name} | {objective} | {'yes' if r.proved else 'no'} | {100 * r.gap:.2f}"
                        f" | {r.boxes:,} | {r.evaluations:,} | {r.cpu_s:.2f} | {r.value:.5g} {r.unit} | {design} |",
                        flush=True,
                    )
                    bad += grid == "small" and not (r.proved and r.cpu_s <= 15)
    return bad


if __name__ == "__main__":
    chosen = tuple(sys.argv[1:])
    sys.exit(1 if (main(chosen) if chosen else main()) else 0)
