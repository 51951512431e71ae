"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twokey.quantities.problem import Problem

__all__ = ["whole_file", "write_text"]


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary file beside `path` to write to; it takes the place of `path` when the block ends well.

    An error or an interrupt leaves the old file, or none, and no other.

    Raises
    ------
    Problem
        If the folder cannot be made or written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        os.close(handle)
    except OSError as error:
        needed = "a file in a folder that can be written to"
        raise Problem(str(path), error.strerror or "unwritable", needed, "check the folder") from None
    try:
        yield Path(name)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all.

    Raises
    ------
    Problem
        If the folder cannot be made or written to.
    """
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8")
