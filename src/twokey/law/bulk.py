"""Many trades at once: rows of a table answered in order, in bounded memory, on all cores."""

from __future__ import annotations

import datetime as dt
import json
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
from twokey.law.book import FIRST_DAY, HORIZON
from twokey.law.day import DayLaw, Expr, Joint, Provision, ev, law_on
from twokey.law.facts import facts_of
from twokey.law.groups import countries, group_days
from twokey.law.question import Trade, parse_country
from twokey.law.why import UNSAID
from twokey.quantities.problem import Problem
from twokey.quantities.unknown import Truth
from twokey.sources.text import parse_day

__all__ = ["COLUMNS", "Answers", "answer_row", "answer_rows", "sheet_named"]

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


class _To(str):
    """A destination that stands in words as a mark, so that the answer can be given for others of its kind."""

    __slots__ = ()

    def __str__(self) -> str:
        return _MARKS[0]

    def __format__(self, spec: str) -> str:
        return _MARKS[0]


class _Seat(str):
    """A seat that stands in words as a mark."""

    __slots__ = ()

    def __str__(self) -> str:
        return _MARKS[1]

    def __format__(self, spec: str) -> str:
        return _MARKS[1]


_MARKS = ("\ue000", "\ue001", "\ue002")
"""Marks for destination, seat and day, from the code points that no text uses."""

_KEPT = 60_000
"""Answers remembered by one process, a few kilobytes each."""

_PLACES_OF = {"destination": "to", "entry": "to", "headquarters": "seat", "end_user_seat": "seat"}


Kind = tuple[tuple[str, str, Truth], ...]
"""What tells places apart: how each test of a place comes out."""


class _Law:
    """The law of an era as far as rows differ: what it is made of, and what tells countries apart.

    `ids` leaves out rules that ask for what no row of a table says.
    """

    __slots__ = ("chinese", "ids", "law", "seat", "tests", "to")

    def __init__(self, law: DayLaw) -> None:
        self.law = law
        plain = facts_of(ItemSheet("a chip"), Trade(to="US", on=law.day)).plainly()
        unsaid = [a.truth(plain) if a.of_circumstance or a.term in UNSAID else None for a in law.atoms]
        sides = {
            side: [p for k, ps in law.provisions.items() if k.startswith(side) for p in ps] for side in ("US", "CN")
        }
        may = [p for p in sides["US"] if ev(p.trade, unsaid) is not False and ev(p.item, unsaid) is not False]
        group = max((d for d in group_days() if d <= law.day), default=None)
        self.ids: tuple[object, ...] = (group, *(id(p.version) for p in may))
        self.chinese = sides["CN"]
        self.tests = sorted({i for p in may for i in _places(p)})
        self.to: dict[str, tuple[object, ...]] = {}
        self.seat: dict[str, Kind] = {}

    def of_place(self, code: str) -> tuple[object, ...]:
        """Return the kind of a destination; the Chinese rules are part of it only where one of them may apply."""
        found = self.to.get(code)
        if found is None:
            truths = [self._truth(i, "to", code) for i in range(len(self.law.atoms))]
            may = [p for p in self.chinese if ev(p.trade, truths) is not False]
            tests = sorted({*self.tests, *(i for p in may for i in _places(p))})
            found = self.to[code] = (self._kind("to", code, tests), tuple(id(p.version) for p in may))
        return found

    def of_seat(self, code: str) -> Kind:
        """Return the kind of a seat; an empty one, which is not known, is a kind of its own."""
        found = self.seat.get(code)
        if found is None:
            found = self.seat[code] = self._kind("seat", code, self.tests) if code else ()
        return found

    def _kind(self, fact: str, code: str, tests: list[int]) -> Kind:
        atoms = [(self.law.atoms[i], i) for i in tests if _PLACES_OF.get(self.law.atoms[i].term) == fact]
        return tuple(sorted((a.term, " ".join(sorted(a.operand)), self._truth(i, fact, code)) for a, i in atoms))

    def _truth(self, i: int, fact: str, code: str) -> Truth:
        atom = self.law.atoms[i]
        if atom.term == "origin":
            return "US" in atom.operand
        if _PLACES_OF.get(atom.term) != fact:
            return None
        return ("CN" if code == "HK" and atom.term != "entry" else code) in atom.operand


def _places(p: Provision) -> list[int]:
    """Return the tests of places that a provision asks."""
    found: list[int] = []
    stack: list[Expr] = [p.item, p.trade, *(when for when, _ in p.choices), *([p.also] if p.also is not None else [])]
    while stack:
        expr = stack.pop()
        if isinstance(expr, Joint):
            stack.extend(expr.parts)
        elif expr.leaf.kind == "place":
            found.append(expr.atom)
    return found


class Answers:
    """Answers to the rows of one table. A row that differs from an earlier one in nothing that the law of its day
    asks for is answered by the earlier answer, with its own places and day put in.

    Parameters
    ----------
    options : as in `assess`
    datacentre : replaces what the sheets say of the items' market
    """

    def __init__(self, options: Mapping[str, Any], datacentre: bool | None = None) -> None:
        self.options, self.datacentre = options, datacentre
        self.sheets: dict[str, ItemSheet] = {}
        self._alike = not options.get("overlays")  # a proposed rule may turn on the very day
        self._laws: dict[int, _Law] = {}
        self._eras: dict[dt.date, _Law] = {}
        self._texts: dict[object, str] = {}
        self.again = 0

    def row(self, place: str, row: Mapping[str, str]) -> str:
        """Return the answer for one row as JSON text; for a row that cannot be answered, an object with `error`."""
        name, seat = row["item"], row.get("end_user_seat") or ""
        if not self._alike or name not in self.sheets or self.sheets[name].memory_stack is not None:
            return answer_row(place, row, self.sheets, self.options, self.datacentre)
        try:
            on = dt.date.fromisoformat(row["on"]) if len(row["on"]) == 10 else None
        except ValueError:
            on = None
        to = row["to"]
        if on is None or to not in countries() or (seat and seat not in countries()):
            return answer_row(place, row, self.sheets, self.options, self.datacentre)
        seat = "CN" if seat == "HK" else seat  # as the American law reads it
        law = self._eras.get(on) or self._era(on)
        key = (name, law.ids, law.of_place(to), law.of_seat(seat), on > HORIZON, on < FIRST_DAY)
        text = self._texts.get(key)
        if text is None:
            if len(self._texts) >= _KEPT:
                self._texts.clear()
            text = self._texts[key] = self._template(name, to, seat, on)
        else:
            self.again += 1
        return text.replace(_MARKS[0], to).replace(_MARKS[1], seat).replace(_MARKS[2], row["on"])

    def _era(self, on: dt.date) -> _Law:
        law = law_on(on, self.options.get("known_on"))
        found = self._laws.get(id(law))
        if found is None or found.law is not law:
            found = self._laws[id(law)] = _Law(law)
        self._eras[on] = found
        return found

    def _template(self, name: str, to: str, seat: str, on: dt.date) -> str:
        trade = Trade(to=_To(to), on=on, seat=_Seat(seat) if seat else None)
        answer = assess(self.sheets[name], trade, **self.options).to_json()
        return json.dumps({**answer, "to": _MARKS[0], "on": _MARKS[2]}, ensure_ascii=False)


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
        answers = Answers(options, datacentre)
        for place, row in _chain(head, coming):
            yield answers.row(place, row)
        return
    import multiprocessing  # here, since a single question has no need of it

    windows = _windows(_chain(head, coming))
    pools = [multiprocessing.get_context("spawn").Pool(1) for _ in range(many)]
    try:
        waiting = deque(_ask(pools, window, options, datacentre) for window in islice(windows, 2))
        while waiting:
            order, parts = waiting.popleft()
            texts = [iter(part.get().split("\n")) for part in parts]
            waiting.extend(_ask(pools, window, options, datacentre) for window in islice(windows, 1))
            yield from (next(texts[k]) for k in order)
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


_ANSWERS: list[Answers] = []
"""Those of this process, which serves one table."""


def _answer_part(part: list[Row], options: Mapping[str, Any], datacentre: bool | None) -> str:
    """Return the answers as one text, a line each: it passes between processes much faster than a list."""
    if not _ANSWERS:
        _ANSWERS.append(Answers(options, datacentre))
    return "\n".join([_ANSWERS[0].row(place, row) for place, row in part])


def _windows(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while window := list(islice(rows, _WINDOW)):
        yield window


def _chain(head: list[Row], rest: Iterator[Row]) -> Iterator[Row]:
    yield from head
    yield from rest
