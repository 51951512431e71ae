"""Many trades at once: rows of a table answered in order, in bounded memory, on all cores."""

from __future__ import annotations

import json
import multiprocessing
import os
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from twokey.chips.catalogue import find
from twokey.chips.item import ItemSheet, read_item
from twokey.law.assess import assess
from twokey.law.question import Trade, parse_country
from twokey.quantities.problem import Problem
from twokey.sources.text import parse_day

__all__ = ["COLUMNS", "answer_row", "answer_rows", "sheet_named"]

COLUMNS = ("item", "on", "to", "end_user_seat")
"""Columns of a table of trades; the last may be left out."""

_WINDOW = 4000
"""Rows handed out at a time; two windows are in memory."""

_FEW = 2000
"""Rows for which a second process does not pay."""

Row = tuple[str, dict[str, str]]


def sheet_named(ref: str) -> ItemSheet:
    """Return the item sheet of a catalogue chip, of a YAML or JSON sheet's path, or of standard input ("-").

    Raises
    ------
    Problem
        If there is no such chip (near names are suggested) or the sheet cannot be used.
    """
    is_path = ref == "-" or ref.endswith((".yaml", ".yml", ".json")) or "/" in ref
    return read_item(ref) if is_path else find(ref).item


def answer_row(
    place: str,
    row: Mapping[str, str],
    sheets: dict[str, ItemSheet],
    options: Mapping[str, Any],
    datacentre: bool | None = None,
) -> str:
    """Return the answer for one row as JSON text; for a row that cannot be answered, an object with `error`.

    Parameters
    ----------
    place : where the row stands, for messages
    sheets : item sheets by name, filled as they are read
    options : as in `assess`
    datacentre : replaces what the sheets say of the items' market
    """
    try:
        name = row["item"]
        if name not in sheets:
            sheet = sheet_named(name)
            sheets[name] = sheet if datacentre is None else replace(sheet, datacentre=datacentre)
        seat = row.get("end_user_seat")
        trade = Trade(
            to=parse_country(row["to"], "to") if row["to"] else None,
            on=parse_day(row["on"], "on"),
            seat=parse_country(seat, "end_user_seat") if seat else None,
        )
        answer = assess(sheets[name], trade, **options).to_json()
    except Problem as problem:
        error = Problem(f"{place}: {problem.where}", problem.given, problem.needed, problem.fix, kind=problem.kind)
        answer = {"item": row["item"], "to": row["to"], "on": row["on"], **error.to_json()}
    return json.dumps(answer, ensure_ascii=False)


def answer_rows(
    rows: Iterable[Row], *, processes: int | None = None, datacentre: bool | None = None, **options: Any
) -> Iterator[str]:
    """Yield the answer for each row as JSON text, in the order of the rows.

    At most a few thousand rows are in memory at a time, however long the table is.

    Parameters
    ----------
    rows : place and columns (`COLUMNS`) of each row
    processes : how many processes answer; by default one for each core, and one alone for a short table [1]
    options : as in `assess`
    """
    coming = iter(rows)
    head = list(islice(coming, _FEW + 1))
    many = processes if processes is not None else os.cpu_count() or 1
    if many <= 1 or (processes is None and len(head) <= _FEW):
        sheets: dict[str, ItemSheet] = {}
        for place, row in _chain(head, coming):
            yield answer_row(place, row, sheets, options, datacentre)
        return
    windows = _windows(_chain(head, coming))
    pools = [multiprocessing.get_context("spawn").Pool(1) for _ in range(many)]
    try:
        waiting = deque(_ask(pools, window, options, datacentre) for window in islice(windows, 2))
        while waiting:
            order, parts = waiting.popleft()
            answers = [iter(part.get().split("\n")) for part in parts]
            waiting.extend(_ask(pools, window, options, datacentre) for window in islice(windows, 1))
            yield from (next(answers[k]) for k in order)
    finally:
        for pool in pools:
            pool.terminate()


def _ask(
    pools: list[Any], window: list[Row], options: Mapping[str, Any], datacentre: bool | None
) -> tuple[list[int], list[Any]]:
    """Hand a window of rows to the processes, all rows of an item to the same one: it remembers what it settled."""
    order = [zlib.crc32(row["item"].encode()) % len(pools) for _, row in window]
    parts = [[r for k, r in zip(order, window, strict=True) if k == pool] for pool in range(len(pools))]
    return order, [
        pool.apply_async(_answer_part, (part, options, datacentre)) for pool, part in zip(pools, parts, strict=True)
    ]


_SHEETS: dict[str, ItemSheet] = {}


def _answer_part(part: list[Row], options: Mapping[str, Any], datacentre: bool | None) -> str:
    """Return the answers as one text, a line each: it passes between processes much faster than a list."""
    return "\n".join([answer_row(place, row, _SHEETS, options, datacentre) for place, row in part])


def _windows(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while window := list(islice(rows, _WINDOW)):
        yield window


def _chain(head: list[Row], rest: Iterator[Row]) -> Iterator[Row]:
    yield from head
    yield from rest
