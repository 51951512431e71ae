"""200,000 random pairs of box and member for every workload: no bound may be above the member's value."""

from __future__ import annotations

import sys
import time

from common import REGIONS, WORKLOADS, load_workload
from twokey.search.limits import limits_of
from twokey.search.model import OBJECTIVES, Model
from twokey.search.space import load
from twokey.search.verify import check_boxes

GRIDS = ("fine", "standard", "package", "cut-down")
ASKED = tuple(name for name in OBJECTIVES if name != "train-time")


def main(pairs: int = 200_000) -> int:
    """Print a line for each workload; return the number of violations."""
    bad = 0
    for name in WORKLOADS:
        workload = load_workload(name)
        begin = time.process_time()
        tried = violations = lost = 0
        worst, tightness = -1.0, []
        cases = [(r, o) for o in ASKED for r in REGIONS]
        for i, (region, objective) in enumerate(cases):
            space = load(GRIDS[i % 4])
            model = Model(space, workload, objective, limits_of(REGIONS[region], workload.memory_bytes, space))
            found = check_boxes(model, -(-pairs // len(cases)), seed=i)
            tried += found.pairs
            violations += found.violations
            lost += found.lost
            worst = max(worst, found.worst)
            tightness.append(found.median_tightness)
        bad += violations + lost
        used = time.process_time() - begin
        print(
            f"  {name}: {tried:,} pairs, {violations} violations, {lost} designs lost, bound / value at most"
            f" 1 + {worst:.1e}, median {min(tightness):.2f} to {max(tightness):.2f}, {used:.1f} CPU-s"
        )
    return bad


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
