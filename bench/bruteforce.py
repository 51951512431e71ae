"""Search against complete enumeration on random parts of the grids, with zero tolerance and a bad start."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import numpy as np

from common import REGIONS, WORKLOADS, load_workload
from twokey.search.limits import limits_of
from twokey.search.model import OBJECTIVES, Model
from twokey.search.optimise import solve
from twokey.search.space import load
from twokey.search.verify import brute_force, sub_space

GRIDS = ("standard", "fine", "package", "cut-down")
ASKED = tuple(name for name in OBJECTIVES if name != "train-time")


def main(problems: int = 500) -> int:
    """Print the count of agreements; return the number of disagreements."""
    rng = np.random.default_rng(0)
    begin = time.process_time()
    equal = empty = bad = designs = boxes = 0
    case = 0
    while equal + bad < problems:
        workload = load_workload(WORKLOADS[case % 3])
        workload = replace(workload, memory_bytes=min(workload.memory_bytes, 79e9))
        region = list(REGIONS.values())[case % len(REGIONS)]
        space = sub_space(load(GRIDS[case % 4]), rng, 150_000)
        model = Model(
            space,
            workload,
            ASKED[(case // 3) % len(ASKED)],
            limits_of(region, workload.memory_bytes, space),
        )
        case += 1
        _, value = brute_force(model)
        s = solve(model, gap=0.0, start=np.zeros(12, dtype=np.int16), local=False)
        found = np.inf if s is None else s.value
        if not np.isfinite(value) and not np.isfinite(found):
            empty += 1
        elif found == value and s is not None and value * (1 - 3e-9) <= s.bound <= value:
            equal += 1
        else:
            bad += 1
            print(f"  case {case}: enumeration {value}, search {found}")
        designs += model.space.designs
        boxes += 0 if s is None else s.opened
    print(
        f"  {equal} of {problems} problems equal, {empty} further ones empty in both; {designs:,} designs enumerated,"
        f" {boxes:,} boxes opened, {time.process_time() - begin:.1f} CPU-s"
    )
    return bad


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
