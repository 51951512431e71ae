"""One design search in a process of its own: a JSON line in, JSON lines out (`python -m twokey.brief.worker`).

A child process rather than a pool: nothing of the caller's program is imported again, and an interrupt ends it.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from fractions import Fraction
from typing import Any

from twokey.brief.scenario import Scenario, Search, read_scenario
from twokey.quantities.problem import Problem

__all__ = ["main", "solve"]


def solve(scenario: Scenario, search: Search, on: dt.date, progress: Any = None) -> dict[str, Any]:
    """Return the design answer of the contract for one workload under the law of one day.

    Where nothing in the space is lawful and holds the model, `best` is None and `problem` says which limit
    excludes everything.

    Raises
    ------
    Problem
        If the space, the workload or a rival is not known.
    """
    from twokey.brief.legal import trade_on
    from twokey.search.lawful import best_lawful
    from twokey.search.space import load
    from twokey.workloads.catalogue import workload

    plan = scenario.design
    space, load_of = load(plan.space), workload(search.workload)
    head: dict[str, Any] = {"workload": search.workload, "objective": search.objective, "on": on.isoformat()}
    head |= {
        "devices": load_of.devices, "batch": load_of.batch, "input_len": load_of.input_len,
        "output_len": load_of.output_len, "memory_bytes": load_of.memory_bytes, "note": load_of.note,
    }  # fmt: skip
    try:
        result = best_lawful(
            space,
            load_of,
            search.objective,
            trade_on(scenario, on),
            seller=scenario.seller,
            datacentre=scenario.datacentre,
            gap=plan.gap,
            rivals=plan.rivals,
            progress=progress,
        )
    except Problem as problem:
        return head | {"best": None, "proved": False, "problem": problem.to_json()["error"]}
    answer: dict[str, Any] = result.to_json()
    sheet = result.item
    answer["best"]["facts"] = {
        "tpp": _number(sheet.tpp),
        "performance_density": _number(sheet.performance_density),
        "dram_bandwidth_GBps": _number(sheet.dram_bandwidth_GBps),
        "io_bandwidth_GBps": _number(sheet.io_bandwidth_GBps),
    }
    return answer | head


def _number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def main() -> int:
    """Read one job from standard input, write progress and the answer to standard output."""
    job = json.loads(sys.stdin.readline())

    def tick(*state: Any) -> None:
        print(json.dumps({"tick": [float(s) if isinstance(s, int | float) else None for s in state]}), flush=True)

    try:
        scenario = read_scenario(job["scenario"])
        search = Search(job["workload"], job["objective"])
        line: dict[str, Any] = {"answer": solve(scenario, search, dt.date.fromisoformat(job["on"]), tick)}
    except Problem as problem:
        line = {"refused": [problem.where, problem.given, problem.needed, problem.fix, problem.kind]}
    except KeyboardInterrupt:
        return 130
    print(json.dumps(line), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
