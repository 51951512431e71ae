"""Run what the documentation shows: its commands, its programs, its files; and write anew what they print.

A fenced block with a title is a file of the page: it is written into the page's folder. In a block of the console each
line that starts with `$ twokey` is run there; what stands under it, if anything does, must be what it prints, up to a
line `…` that stands for the rest; `…` within a line stands for anything. A comment `# exits 1` says how it leaves.
Blocks of `pycon` are doctests.

`python tests/docs/doc_pages.py` writes the printed lines anew.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "Block", "Command", "blocks", "commands", "pages", "run", "write_files"]

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES = 14
"""How many lines of an answer are written under its command."""

_FENCE = re.compile(r"^```(?P<kind>[a-z]+)(?P<more>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True)
class Block:
    """A fenced block: its kind, the file it is (or ""), its body, where the body begins in the text."""

    kind: str
    file: str
    body: str
    start: int


@dataclass(frozen=True)
class Command:
    """A command, its exit status, the lines shown under it, and where these begin and end in the text."""

    words: str
    status: int
    shown: tuple[str, ...]
    start: int
    end: int


def pages() -> list[Path]:
    """Return every page whose commands are run."""
    return [ROOT / "README.md", *sorted(p for p in (ROOT / "docs").rglob("*.md"))]


def blocks(text: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    for found in _FENCE.finditer(text):
        title = _TITLE.search(found["more"])
        yield Block(found["kind"], title[1] if title else "", found["body"], found.start("body"))


def commands(text: str) -> Iterator[Command]:
    """Yield the commands of a page that start with `$ twokey`, with the lines shown under each."""
    for block in blocks(text):
        if block.kind != "console":
            continue
        at, lines = block.start, block.body.splitlines(keepends=True)
        places = []
        for line in lines:
            places.append(at)
            at += len(line)
        places.append(at)
        starts = [i for i, line in enumerate(lines) if line.startswith("$ ")]
        for i, following in zip(starts, [*starts[1:], len(lines)], strict=True):
            if lines[i].startswith("$ twokey "):
                words, *note = re.split(r"\s{2,}#|\s#\s", lines[i][2:].rstrip())
                exits = re.search(r"exits (\d+)", note[0]) if note else None
                shown = tuple(line.rstrip("\n") for line in lines[i + 1 : following])
                yield Command(words, int(exits[1]) if exits else 0, shown, places[i + 1], places[following])


def write_files(text: str, folder: Path) -> None:
    """Write the files that a page shows."""
    for block in blocks(text):
        if block.file:
            (folder / block.file).write_text(block.body, encoding="utf-8")


def run(command: Command, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, as a user would, with no colours; this Python is `python`."""
    words = shlex.split(command.words)
    words[0] = str(Path(sys.executable).with_name("twokey"))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    env = os.environ | {"COLUMNS": "110", "NO_COLOR": "1", "TERM": "dumb", "PATH": path}
    return subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=300)


def as_shown(printed: str) -> list[str]:
    """Return what is written under a command: its first lines, and `…` for the rest."""
    lines = [line.rstrip() for line in printed.rstrip("\n").splitlines()]
    return lines if len(lines) <= MOST_LINES else [*lines[:MOST_LINES], "…"]


def agrees(shown: tuple[str, ...], printed: str) -> bool:
    """Return whether the lines shown are those printed."""
    lines = [line.rstrip() for line in printed.rstrip("\n").splitlines()]
    if shown and shown[-1] == "…":
        shown, lines = shown[:-1], lines[: len(shown) - 1]
    return len(shown) == len(lines) and all(_like(a, b) for a, b in zip(shown, lines, strict=True))


def _like(shown: str, printed: str) -> bool:
    parts = (re.escape(p) for p in shown.split("…"))
    return re.fullmatch(".*".join(parts), printed) is not None


def write_anew(path: Path) -> int:
    """Run the commands of a page that show what they print, write the lines that changed, and say how many."""
    text = path.read_text(encoding="utf-8")
    changed = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(text, folder)
        for command in commands(text):
            done = run(command, folder)
            if done.returncode != command.status:
                print(f"{path.name}: {command.words}: {done.stderr.strip()}")
            elif command.shown and (command.shown == ("…",) or not agrees(command.shown, done.stdout)):
                changed.append((command, as_shown(done.stdout)))
    for command, lines in reversed(changed):
        text = text[: command.start] + "".join(f"{line}\n" for line in lines) + text[command.end :]
    if changed:
        path.write_text(text, encoding="utf-8")
    return len(changed)


if __name__ == "__main__":
    for page in [Path(p).resolve() for p in sys.argv[1:]] or pages():
        print(f"{page.relative_to(ROOT)}: {write_anew(page)} answers written anew")
