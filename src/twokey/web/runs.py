"""Long questions that go on while nobody looks: started, watched, cancelled, remembered by what they ask."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twokey import __version__, api

__all__ = ["Run", "Runs", "state_folder"]

AT_ONCE = 2
"""Runs that work at the same time; later ones wait [1]."""


def state_folder() -> Path:
    """Return where runs are remembered: `$TWOKEY_STATE`, or the user's state folder."""
    own = os.environ.get("TWOKEY_STATE")
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(own) if own else Path(base) / "twokey"


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it stands.

    `state` is new, waiting, running, done, refused, cancelled or stopped (the server ended before it did). `steps`
    holds what it reported, oldest first; `answer` is the answer when done and the error object when refused.
    """

    id: str
    kind: str
    question: dict[str, Any]
    state: str
    steps: list[list[Any]]
    answer: Any
    folder: Path

    @property
    def live(self) -> bool:
        """Whether it may say something else a moment later."""
        return self.state in ("waiting", "running")


class Runs:
    """The runs of this machine. A run's id is a checksum of its question, the version and the law, so the same question
    is asked once and its address stays."""

    def __init__(self, state: str | Path | None = None) -> None:
        self.folder = Path(state) if state is not None else state_folder()
        self.lock = threading.RLock()
        self.waiting: list[str] = []
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.closed = False

    def id_of(self, kind: str, question: Mapping[str, Any]) -> str:
        """Return the id of a question."""
        whole = [kind, dict(question), __version__, api.law_stamp()["law_sha256"]]
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:16]

    def start(self, kind: str, question: Mapping[str, Any]) -> Run:
        """Start a run unless it is under way or done, and return it."""
        id = self.id_of(kind, question)
        with self.lock:
            found = self.find(id)
            if found is not None and (found.live or found.state == "done"):
                return found
            folder = self.folder / "runs" / id
            folder.mkdir(parents=True, exist_ok=True)
            for old in ("answer.json", "problem.json", "cancelled", "steps.jsonl"):
                (folder / old).unlink(missing_ok=True)
            text = json.dumps({"kind": kind, "question": dict(question), "asked": time.time()}, ensure_ascii=False)
            (folder / "question.json").write_text(text, encoding="utf-8")
            self.waiting.append(id)
        self._go_on()
        run = self.find(id)
        assert run is not None
        return run

    def find(self, id: str) -> Run | None:
        """Return a run, or None where nobody asked for it."""
        folder = self.folder / "runs" / id
        if not id.isalnum() or not (folder / "question.json").is_file():
            return None
        asked = json.loads((folder / "question.json").read_text(encoding="utf-8"))
        with self.lock:
            alive = id in self.running
            state = "waiting" if id in self.waiting else "running" if alive else "stopped"
        answer: Any = None
        for name, word in (("answer.json", "done"), ("problem.json", "refused")):
            if (folder / name).is_file():
                answer, state = json.loads((folder / name).read_text(encoding="utf-8")), word
        if (folder / "cancelled").is_file():
            state = "cancelled"
        return Run(id, asked["kind"], asked["question"], state, _steps(folder), answer, folder)

    def all(self) -> list[Run]:
        """Return all runs, the latest first."""
        found = sorted((self.folder / "runs").glob("*/question.json"), key=lambda p: -p.stat().st_mtime)
        runs = (self.find(path.parent.name) for path in found[:50])
        return [r for r in runs if r is not None]

    def cancel(self, id: str) -> None:
        """End a run that waits or works; what it reported stays."""
        with self.lock:
            live = id in self.waiting or id in self.running
            if live:
                (self.folder / "runs" / id / "cancelled").touch()
            if id in self.waiting:
                self.waiting.remove(id)
            if id in self.running:
                self.running[id].terminate()

    def close(self) -> None:
        """End everything that is under way."""
        with self.lock:
            self.closed = True
            self.waiting.clear()
            working = list(self.running.values())
        for process in working:
            process.terminate()
        for process in working:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)

    def _go_on(self) -> None:
        with self.lock:
            while self.waiting and len(self.running) < AT_ONCE and not self.closed:
                id = self.waiting.pop(0)
                folder = self.folder / "runs" / id
                with (folder / "log.txt").open("wb") as log:
                    self.running[id] = subprocess.Popen(
                        [sys.executable, "-m", "twokey.web.run_worker", str(folder)],
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                threading.Thread(target=self._watch, args=(id, self.running[id]), daemon=True).start()

    def _watch(self, id: str, process: subprocess.Popen[bytes]) -> None:
        status = process.wait()
        folder = self.folder / "runs" / id
        ended = any((folder / name).exists() for name in ("answer.json", "problem.json", "cancelled"))
        if status and not ended and not self.closed:
            error = {
                "kind": "bad-data",
                "where": "the run",
                "message": f"its process ended with status {status}",
                "fix": "start it again; if it ends so again, report it",
            }
            (folder / "problem.json").write_text(json.dumps({"error": error}), encoding="utf-8")
        with self.lock:
            self.running.pop(id, None)
        self._go_on()


def _steps(folder: Path) -> list[list[Any]]:
    try:
        lines = (folder / "steps.jsonl").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        with contextlib.suppress(ValueError):  # the last line may be half written
            found.append(json.loads(line))
    return found
