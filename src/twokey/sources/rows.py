"""Tables a user writes as CSV: read row by row, each row with its place."""

from __future__ import annotations

import csv
import difflib
import sys
from collections.abc import Iterable, Iterator, Sequence

from twokey.quantities.problem import Problem

__all__ = ["read_rows"]


def read_rows(
    path: str, *, required: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each row of a CSV file with its place, file:line; "-" reads standard input.

    Columns beyond those asked for are left alone, so that a table made for another use can be read; a column
    whose name looks like a misspelling of one asked for is refused.

    Raises
    ------
    Problem
        If the file cannot be read, is not CSV, lacks a column, or a row has another length.
    """
    name = "standard input" if path == "-" else path
    try:
        stream: Iterable[str] = sys.stdin if path == "-" else open(path, encoding="utf-8-sig", newline="")  # noqa: SIM115
    except OSError as error:
        raise Problem(name, error.strerror or "unreadable", "a CSV file that can be read", "check the path") from None
    try:
        reader = csv.DictReader(stream, strict=True)
        have = list(reader.fieldnames or [])
        _check_columns(name, have, required, optional)
        for row in reader:
            place = f"{name}:{reader.line_num}"
            if None in row or any(value is None for value in row.values()):
                raise Problem(place, "a row of another length", f"{len(have)} values", "check the commas and quotes")
            yield place, {k: v.strip() for k, v in row.items()}
    except UnicodeDecodeError as error:
        raise Problem(
            name, f"a byte that is not UTF-8 at {error.start}", "a UTF-8 text file", "save as UTF-8"
        ) from None
    except csv.Error as error:
        raise Problem(name, f"text that is not CSV ({error})", "a CSV file", "check quotes and line ends") from None
    finally:
        if path != "-" and hasattr(stream, "close"):
            stream.close()


def _check_columns(name: str, have: list[str], required: Sequence[str], optional: Sequence[str]) -> None:
    for column in required:
        if column not in have:
            raise Problem(f"{name}:1", ", ".join(have) or "an empty file", f"a column {column!r}", "add the column")
    for column in have:
        near = difflib.get_close_matches(column, (*required, *optional), n=1, cutoff=0.85)
        if near and near[0] != column and near[0] not in have:
            raise Problem(f"{name}:1", f"the column {column!r}", f"{near[0]!r}", "correct the column's name")
