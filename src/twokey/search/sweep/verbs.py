"""The public verbs of sweeps: heavy parts are imported when one is called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twokey.search.sweep.run import Outcome

__all__ = ["sweep", "sweep_plans", "sweep_summary"]


def sweep(
    plan: str | Path,
    out: str | Path,
    *,
    jobs: int = 1,
    on: str | None = None,
    progress: Callable[[int, int, float | None], None] | None = None,
) -> Outcome:
    """Do the sweep of a plan file in a folder, or go on with one that was stopped.

    Parameters
    ----------
    plan : a plan file, or the name of a shipped plan
    out : folder for the parts, the manifest and at the end `result.parquet`
    jobs : processes on this machine
    on : a Ray cluster instead: `ray:auto`, `ray:HOST:PORT` or `ray://HOST:PORT`
    progress : called after every chunk with units done, units in all and the time left [s]

    Raises
    ------
    Problem
        If the plan or the folder cannot be used, or the cluster does not answer.
    """
    from twokey.search.sweep import run
    from twokey.search.sweep.plan import read_plan

    return run.sweep(read_plan(plan), out, jobs=jobs, on=on, progress=progress)


def sweep_plans() -> list[str]:
    """Return the names of the plans that are shipped."""
    from twokey.search.sweep.plan import plans

    return plans()


def sweep_summary(out: str | Path) -> dict[str, Any]:
    """Return how far a sweep is, and the best design of each group so far; see `search.sweep.summary`.

    Raises
    ------
    Problem
        If the folder holds no sweep.
    """
    from twokey.search.sweep.summary import summary

    return summary(out)
