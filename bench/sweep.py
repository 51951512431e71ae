"""Sweeps: the rate of two Ray nodes against one, of processes, and the same bytes from all of them.

python bench/sweep.py            one and two Ray nodes of one processor each, on this machine
python bench/sweep.py local      one and two processes
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from common import machine
from twokey.search.sweep.plan import BLOCK, Plan, read_plan
from twokey.search.sweep.run import Outcome, sweep

PLAN = """
format: twokey-sweep/1
kind: evaluate
spaces: [standard]
workloads: [gpt3-175b-layer]
objectives: [ttft, tpot, e2e-cost]
days: [2022-10-21, 2023-11-17, 2025-04-17, 2026-01-15]
designs: {designs}
keep: best
"""
BAR = 1.8


def timed(plan: Plan, out: Path, **options: Any) -> tuple[Outcome, float]:
    """Return what a sweep came to and its rate, from the first chunks on [unit/s]."""
    told: list[tuple[float, int]] = []
    outcome = sweep(plan, out, progress=lambda done, _, __: told.append((time.monotonic(), done)), **options)
    # the first two chunks of every worker find out how long a unit takes, and wait for the workers to start
    (start, before), (end, after) = told[min(4, len(told) - 2)], told[-1]
    return outcome, (after - before) / (end - start)


def on_ray(plan: Plan, out: Path, nodes: int) -> tuple[Outcome, float]:
    """Run on a cluster of so many nodes of one processor each."""
    from ray.cluster_utils import Cluster

    size: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 150_000_000}
    cluster: Any = Cluster(initialize_head=True, head_node_args=size)
    try:
        for _ in range(nodes - 1):
            cluster.add_node(**size)
        cluster.wait_for_nodes()
        return timed(plan, out, on=f"ray:{cluster.address}")
    finally:
        cluster.shutdown()


def main(local: bool, designs: int = 20_000_000) -> int:
    """Print rates and checksums; return 1 if two are not the bar's times as fast as one, or a byte differs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "plan.yaml").write_text(PLAN.format(designs=designs))
        plan = read_plan(folder / "plan.yaml")
        found = []
        for count in (1, 2):
            out = folder / str(count)
            outcome, rate = timed(plan, out, jobs=count) if local else on_ray(plan, out, count)
            found.append((outcome, rate))
            what = f"{count} process{'es' * (count - 1)}" if local else f"{count} Ray node{'s' * (count - 1)}"
            busy = outcome.busy_s / (count * outcome.elapsed_s)
            print(
                f"{what}: {rate * BLOCK / 1e6:.2f} million designs a second, {outcome.elapsed_s:.1f} s in all,"
                f" at work {busy:.0%} of it, {outcome.chunks} chunks of at least {outcome.shortest_s or 0:.2f} s,"
                f" sha256 {outcome.sha256[:16]}",
                flush=True,
            )
        ratio = found[1][1] / found[0][1]
        same = found[0][0].sha256 == found[1][0].sha256
        print(f"two against one: {ratio:.2f} times the rate (bar {BAR}); {'same bytes' if same else 'BYTES DIFFER'}")
        load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
        print(f"{machine()}; load {load}: the ratio says something only where nothing else ran")
    return int(not same or ratio < BAR)


if __name__ == "__main__":
    sys.exit(main("local" in sys.argv[1:]))
