"""The dossier's design searches, two at a time."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from twokey.brief.scenario import Scenario, Search
from twokey.quantities.problem import Problem

__all__ = ["solve_all"]

Job = tuple[Search, dt.date]


def solve_all(
    scenario: Scenario,
    ref: str | Path | None,
    *,
    processes: int | None = None,
    step: Callable[[str, int, int], None] | None = None,
) -> list[dict[str, Any]]:
    """Return the design answers for every workload under the law of every day of the plan.

    Parameters
    ----------
    ref : how the scenario was named, for the child processes
    processes : how many searches run at once; by default two, or one on a machine with one core [1]
    step : called with a text, searches done and searches in all

    Raises
    ------
    Problem
        What a search refused. An interrupt ends the child processes and is raised again.
    """
    jobs: list[Job] = [(search, on) for search in scenario.design.searches for on in scenario.design.days]
    at_once = processes or min(2, os.cpu_count() or 1, max(len(jobs), 1))
    if at_once == 1:
        return _in_turn(scenario, jobs, step)
    return _side_by_side(ref, jobs, at_once, step)


def _in_turn(scenario: Scenario, jobs: Sequence[Job], step: Any) -> list[dict[str, Any]]:
    from twokey.brief.worker import solve

    answers = []
    for i, (search, on) in enumerate(jobs):
        if step is not None:
            step(f"searching: {search.workload} under the law of {on}", i, len(jobs))
        answers.append(solve(scenario, search, on))
    return answers


def _side_by_side(ref: str | Path | None, jobs: Sequence[Job], at_once: int, step: Any) -> list[dict[str, Any]]:
    waiting, lines = list(enumerate(jobs)), queue.Queue[tuple[int, str | None]]()
    answers: dict[int, dict[str, Any]] = {}
    running: dict[int, subprocess.Popen[str]] = {}
    try:
        while len(answers) < len(jobs):
            while waiting and len(running) < at_once:
                i, job = waiting.pop(0)
                running[i] = _start(ref, job, lines, i)
            i, line = lines.get()
            if line is None:
                child = running.pop(i)
                if i not in answers:
                    raise Problem(
                        "design search", f"a child process that ended with status {child.wait()}", "an answer",
                        "run `twokey design` for this workload to see why", kind="bad-data",
                    )  # fmt: skip
                child.wait()
                continue
            said = json.loads(line)
            if "refused" in said:
                *what, kind = said["refused"]
                raise Problem(*what, kind=kind)
            if "answer" in said:
                answers[i] = said["answer"]
            if step is not None:
                step(_caption(jobs[i], said), len(answers), len(jobs))
    finally:
        for child in running.values():
            with contextlib.suppress(OSError):
                child.terminate()
        for child in running.values():
            child.wait()
    return [answers[i] for i in range(len(jobs))]


def _start(
    ref: str | Path | None, job: Job, lines: queue.Queue[tuple[int, str | None]], i: int
) -> subprocess.Popen[str]:
    search, on = job
    child = subprocess.Popen(
        [sys.executable, "-m", "twokey.brief.worker"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
        start_new_session=True,  # Ctrl-C reaches this process alone, which then ends its children
    )  # fmt: skip
    assert child.stdin is not None
    said = {
        "scenario": None if ref is None else str(ref), "workload": search.workload, "objective": search.objective,
        "on": on.isoformat(),
    }  # fmt: skip
    child.stdin.write(json.dumps(said) + "\n")
    child.stdin.close()

    def read() -> None:
        assert child.stdout is not None
        for line in child.stdout:
            if line.startswith("{"):
                lines.put((i, line))
        child.stdout.close()
        lines.put((i, None))

    threading.Thread(target=read, daemon=True).start()
    return child


def _caption(job: Job, said: dict[str, Any]) -> str:
    search, on = job
    text = f"searching: {search.workload} under the law of {on}"
    tick = said.get("tick")
    if tick and len(tick) >= 2 and tick[0] and tick[1] is not None:
        text += f", gap {max(0.0, 100 * (tick[0] - tick[1]) / tick[0]):.1f}%"
    return text
