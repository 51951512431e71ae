"""Certified fronts of two objectives on the grid `standard`: points, proof, what is left out, time."""

from __future__ import annotations

import sys
import time

from common import REGIONS, load_workload
from twokey.search.front import front
from twokey.search.space import load

PAIRS = (("ttft", "tpot"), ("e2e", "unit-cost"), ("e2e", "power"))
LIMIT_S = 300.0
"""Wall-clock seconds within which a front must be certified [s]."""


def main() -> int:
    """Print a row for each front; return the number not certified in time."""
    bad = 0
    for law in ("none", "2023-11-17"):
        for pair in PAIRS:
            begin = time.monotonic()
            f = front(load("standard"), load_workload("gpt3-175b-layer"), pair, REGIONS[law], seconds=LIMIT_S)
            wall = time.monotonic() - begin
            said = "certified" if f.proved else "NOT certified"
            print(
                f"  {law}, {pair[0]} against {pair[1]}: {len(f.points)} points, {said}, leaves out at most"
                f" {f.missed:.2%}, {f.searches} searches, {f.cpu_s:.1f} CPU-s, {wall:.1f} s wall",
                flush=True,
            )
            bad += not f.proved
    return bad


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
