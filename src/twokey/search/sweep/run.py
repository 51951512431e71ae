"""Do a sweep: hand chunks of units to workers, write what comes back, say how long it will take."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from twokey.search.sweep.folder import Folder
from twokey.search.sweep.plan import Plan

__all__ = ["CHUNK_S", "Outcome", "Workers", "sweep"]

CHUNK_S = 3.0
"""Time that a chunk is meant to take [s]; the first chunks of a kind of unit, whose time is not known, take less."""

_SHORT_S = 1.25
"""The shortest that a chunk is meant to be, at the end [s]."""

_AHEAD = 2
"""Chunks handed out for each worker, so that none waits."""

_MOST = 4096
"""Greatest number of units of a chunk."""

Progress = Callable[[int, int, float | None], None]
"""Called with units done, units in all, and the time left [s], None while it cannot be told."""


class Workers(Protocol):
    """Whoever does chunks of units, in any order."""

    def count(self) -> int:
        """Return how many chunks can be worked on at once, now."""

    def submit(self, first: int, last: int) -> None:
        """Take on units first to last."""

    def wait(self) -> list[tuple[int, int, bytes, float]]:
        """Return at least one chunk that is done: first and last unit, its rows, the seconds it took."""

    def close(self) -> None:
        """Stop the workers."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a sweep came to.

    Parameters
    ----------
    result : the file; sha256 : of its bytes; rows : in it
    units : in all; reused : units that were found done
    chunks : done by this run; shortest_s : the shortest of those of full size, None without one [s]
    workers : that worked on it; elapsed_s : time of this run; busy_s : time of its chunks, all workers together [s]
    """

    result: Path
    sha256: str
    rows: int
    units: int
    reused: int
    chunks: int
    shortest_s: float | None
    workers: int
    elapsed_s: float
    busy_s: float

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as plain JSON values."""
        found = {k: getattr(self, k) for k in self.__slots__}
        return found | {"result": str(self.result)}


def sweep(
    plan: Plan,
    out: Path | str,
    *,
    jobs: int = 1,
    on: str | None = None,
    chunk_s: float = CHUNK_S,
    progress: Progress | None = None,
) -> Outcome:
    """Do a sweep in a folder, or go on with one, and return what it came to.

    Parameters
    ----------
    out : the folder; a sweep that was killed, at any moment, goes on where it stopped with the same final bytes
    jobs : processes on this machine
    on : a Ray cluster instead: `ray:auto`, `ray:HOST:PORT` or `ray://HOST:PORT`
    chunk_s : time that a chunk is meant to take [s]
    progress : called when the sweep begins and after every chunk

    Raises
    ------
    Problem
        If the folder belongs to another sweep or is being worked in, or the cluster cannot be used.
    """
    folder, begin = Folder(Path(out)), time.monotonic()
    with folder.locked():
        folder.begin(plan)
        known = folder.manifest() or {}
        if "sha256" in known and folder.result.exists():
            folder.tidy()
            return Outcome(folder.result, known["sha256"], known["rows"], plan.units, plan.units, 0, None, 0, 0.0, 0.0)
        run = _Run(plan, folder, chunk_s, progress)
        count = 0
        if run.left:
            workers = _workers(plan, min(jobs, run.left), on)
            try:
                count = run.go(workers)
            finally:
                workers.close()
        digest = folder.finish(plan)
    rows = int((folder.manifest() or {})["rows"])
    elapsed, busy = time.monotonic() - begin, sum(run.seconds.values())
    return Outcome(
        folder.result, digest, rows, plan.units, run.reused, run.chunks, run.shortest_s, count, elapsed, busy
    )


def _workers(plan: Plan, jobs: int, on: str | None) -> Workers:
    if on is not None:
        from twokey.search.sweep.cluster import Cluster

        return Cluster(plan, on)
    from twokey.search.sweep.processes import Here, Processes

    return Here(plan) if jobs == 1 else Processes(plan, jobs)


class _Run:
    """The bookkeeping of one run: what is left, how long each kind of unit takes."""

    def __init__(self, plan: Plan, folder: Folder, chunk_s: float, progress: Progress | None) -> None:
        self.plan, self.folder, self.chunk_s, self.progress = plan, folder, chunk_s, progress
        done = folder.done()
        self.gaps = list(_gaps(done, plan.units))
        self.left_of = Counter(plan.keys)
        self.left_of.subtract(plan.unit(n).key for first, last in done for n in range(first, last + 1))
        self.left = sum(last - first + 1 for first, last in self.gaps)
        self.reused = plan.units - self.left
        self.seconds: dict[str, float] = {}
        self.unit_counts: dict[str, int] = {}
        self.least: dict[str, float] = {}
        self.workers = 1
        self.chunks, self.shortest_s = 0, None  # type: tuple[int, float | None]

    def go(self, workers: Workers) -> int:
        """Do all units that are left; return the most workers there were."""
        chunks, busy, most = self._next(), 0, 0
        self._tell(1)
        more = True
        while more or busy:
            now = workers.count()
            most, self.workers = max(most, now), now
            while more and busy < _AHEAD * now:
                chunk = next(chunks, None)
                more = chunk is not None
                if chunk is not None:
                    workers.submit(*chunk)
                    busy += 1
            if not busy:
                break
            for first, last, body, seconds in workers.wait():
                busy -= 1
                self.folder.add(first, last, body)
                self._note(first, last, seconds)
                self._tell(now)
        return most

    def _next(self) -> Iterator[tuple[int, int]]:
        """Yield chunks of units that follow each other, each as long as is known by then."""
        for first, end in self.gaps:
            while first <= end:
                last, time_s, wanted = first, self._guess(first), self._wanted()
                while last < end and time_s is not None and time_s < wanted and last - first < _MOST:
                    last += 1
                    further = self._guess(last)
                    time_s = None if further is None else time_s + further
                yield first, last
                first = last + 1

    def _wanted(self) -> float:
        """Return the time that the next chunk should take: less towards the end, so that workers end together [s]."""
        each = (self.left_of[key] * time_s for key, time_s in self.least.items())
        return max(min(_SHORT_S, self.chunk_s), min(self.chunk_s, sum(each) / (2 * _AHEAD * self.workers)))

    def _guess(self, number: int) -> float | None:
        """Return the least time that a unit of its kind has taken; None where none is known [s]."""
        return self.least.get(self.plan.unit(number).key)

    def _note(self, first: int, last: int, seconds: float) -> None:
        keys = [self.plan.unit(n).key for n in range(first, last + 1)]
        known = [self._guess(n) for n in range(first, last + 1)]
        told = sum(t or 0.0 for t in known)
        for key, guess in zip(keys, known, strict=True):
            share = (guess or 0.0) / told if told > 0 and None not in known else 1 / len(keys)
            self.seconds[key] = self.seconds.get(key, 0.0) + share * seconds
            self.unit_counts[key] = self.unit_counts.get(key, 0) + 1
            self.least[key] = min(self.least.get(key, math.inf), share * seconds)
        self.left -= len(keys)
        self.left_of.subtract(keys)
        self.chunks += 1
        if len(keys) > 1 and last < self.plan.units - 1:
            self.shortest_s = seconds if self.shortest_s is None else min(self.shortest_s, seconds)

    def _tell(self, workers: int) -> None:
        if self.progress is not None:
            done = sum(self.unit_counts.values())
            left = None
            if done:  # units of a kind of which none is done yet are taken to be like the others
                mean = sum(self.seconds.values()) / done
                each = {key: self.seconds[key] / n for key, n in self.unit_counts.items()}
                left = sum(n * each.get(key, mean) for key, n in self.left_of.items()) / max(1, workers)
            self.progress(self.plan.units - self.left, self.plan.units, left)


def _gaps(done: list[tuple[int, int]], units: int) -> Iterator[tuple[int, int]]:
    """Yield the runs of units that are not done."""
    at = 0
    for first, last in done:
        if first > at:
            yield at, first - 1
        at = max(at, last + 1)
    if at < units:
        yield at, units - 1
