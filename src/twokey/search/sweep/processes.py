"""Workers on this machine: this process, or several."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, get_context, parent_process

from twokey.quantities.problem import Problem
from twokey.search.sweep.plan import Plan
from twokey.search.sweep.work import alone, work

__all__ = ["Here", "Processes"]

Done = tuple[int, int, bytes, float]

_plan: Plan | None = None
"""The plan that a worker process was begun with."""


class Here:
    """This process, one chunk at a time, with all the threads that a search takes."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.waiting = plan, deque[tuple[int, int]]()

    def count(self) -> int:
        """Return 1."""
        return 1

    def submit(self, first: int, last: int) -> None:
        """Put units by until `wait`."""
        self.waiting.append((first, last))

    def wait(self) -> list[Done]:
        """Do the next chunk."""
        first, last = self.waiting.popleft()
        return [(first, last, *work(self.plan, first, last))]

    def close(self) -> None:
        """Nothing to stop."""


class Processes:
    """Several processes of one thread each; they end when this one does, however it ends."""

    def __init__(self, plan: Plan, jobs: int) -> None:
        self.jobs = jobs
        self.pool = ProcessPoolExecutor(jobs, get_context("spawn"), initializer=_begin, initargs=(plan,))
        self.busy: dict[Future[tuple[bytes, float]], tuple[int, int]] = {}

    def count(self) -> int:
        """Return the number of processes."""
        return self.jobs

    def submit(self, first: int, last: int) -> None:
        """Hand units to the pool."""
        self.busy[self.pool.submit(_work, first, last)] = (first, last)

    def wait(self) -> list[Done]:
        """Return the chunks that are done, at least one.

        Raises
        ------
        Problem
            If a process died.
        """
        done, _ = wait(self.busy, return_when=FIRST_COMPLETED)
        try:
            return [(*self.busy.pop(one), *one.result()) for one in done]
        except BrokenProcessPool:
            raise Problem(
                "--jobs", "a worker that died (out of memory?)", "workers that live", "run it again with fewer jobs"
            ) from None

    def close(self) -> None:
        """Stop the processes; chunks not begun are dropped."""
        self.pool.shutdown(wait=False, cancel_futures=True)
        for process in list((self.pool._processes or {}).values()) if self.busy else []:
            process.terminate()


def _begin(plan: Plan) -> None:
    global _plan
    _plan = plan
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for the parent, which stops its workers
    alone()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Leave when the parent has died: the pool's own pipes would keep this process waiting for ever."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _work(first: int, last: int) -> tuple[bytes, float]:
    assert _plan is not None
    return work(_plan, first, last)
