"""Verbs of the law for the public interface: each imports what it needs when it is called."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twokey.chips.item import ItemSheet
    from twokey.law.assess import Answer
    from twokey.law.conform import Score
    from twokey.law.question import Trade
    from twokey.law.rule import Rule
    from twokey.law.timeline import Span

__all__ = [
    "changes",
    "check",
    "check_cases",
    "check_table",
    "conformance",
    "consulted",
    "consulted_text",
    "countries",
    "item",
    "item_text",
    "law",
    "law_page",
    "law_stamp",
    "plane",
    "plane_days",
    "plane_marks",
    "proposed_rules",
    "rule_cases",
    "timeline",
    "trade",
]


def item(ref: str) -> ItemSheet:
    """Return the item sheet of a catalogue chip, of a YAML or JSON sheet's path, or of standard input ("-").

    Raises
    ------
    Problem
        If there is no such chip (near names are suggested) or the sheet cannot be used.

    Examples
    --------
    >>> int(item("nvidia-h20").tpp)
    2368
    """
    from twokey.law.bulk import sheet_named

    return sheet_named(ref)


def item_text(text: str, name: str = "the sheet") -> ItemSheet:
    """Return the item sheet written in a text, YAML or JSON.

    Parameters
    ----------
    name : what the text is called where something in it is refused

    Raises
    ------
    Problem
        If a field cannot be used.

    Examples
    --------
    >>> int(item_text("{name: x, modes: [{mode: fp16, bits: 16, tops: 148}]}").tpp)
    2368
    """
    from twokey.chips.item import item_from_value
    from twokey.sources.text import read_text

    return item_from_value(read_text(text, name))


def trade(
    *,
    to: str | None = None,
    on: str | dt.date | None = None,
    seat: str | None = None,
    from_country: str | None = None,
    seller: str | None = None,
    sheet: str | Path | None = None,
) -> Trade:
    """Return the facts of a trade: those of a trade sheet, each replaced by an option where one is given.

    Parameters
    ----------
    to, seat, from_country : country codes (ISO 3166 alpha-2); `seat` is where the end user's ultimate parent has its
        headquarters
    on : the day of the trade, YYYY-MM-DD; without one, today

    Raises
    ------
    Problem
        If a country or day does not exist or the sheet cannot be used.
    """
    from twokey.law.question import Trade, parse_country, read_trade
    from twokey.sources.text import parse_day

    facts = read_trade(sheet) if sheet is not None else Trade()
    given: dict[str, Any] = {}
    if to is not None:
        given["to"] = parse_country(to, "--to")
    if seat is not None:
        given["seat"] = parse_country(seat, "--seat")
    if from_country is not None:
        given["from_"] = parse_country(from_country, "--from")
    if seller is not None:
        given["seller"] = seller
    if on is not None:
        given["on"] = on if isinstance(on, dt.date) else parse_day(on, "--on")
    facts = replace(facts, **given)
    return facts if facts.on is not None else replace(facts, on=dt.date.today())


def check(
    items: str | ItemSheet | Sequence[str | ItemSheet],
    trade_facts: Trade | None = None,
    *,
    datacentre: bool | None = None,
    known_on: dt.date | None = None,
    assume: Mapping[str, Fraction] | None = None,
    overlays: Sequence[Path] = (),
    **facts: Any,
) -> list[Answer]:
    """Say for each item whether both governments let it ship, and why.

    Parameters
    ----------
    items : catalogue ids, paths of item sheets, or item sheets
    trade_facts : the trade; or give its facts as keywords (`to`, `on`, `seat` … as in `trade`)
    datacentre : replaces what the sheets say of the item's market
    known_on : leave out law that could not be known on this day
    assume : numbers for rules whose threshold nobody published, by rule id
    overlays : proposed rules to evaluate on top of the law

    Raises
    ------
    Problem
        If an item, a fact or an overlay cannot be used.

    Examples
    --------
    >>> [a.verdict for a in check(["nvidia-h20"], to="CN", on="2025-04-17")]
    ['shut']
    """
    from twokey.law.assess import assess

    facts_of_trade = trade_facts if trade_facts is not None else trade(**facts)
    many = [items] if not isinstance(items, Sequence) or isinstance(items, str) else list(items)
    sheets = [item(i) if isinstance(i, str) else i for i in many]
    if datacentre is not None:
        sheets = [replace(s, datacentre=datacentre) for s in sheets]
    return [assess(s, facts_of_trade, known_on=known_on, assume=assume, overlays=overlays) for s in sheets]


def check_cases(path: str, **options: Any) -> Iterator[str]:
    """Answer the rows of a CSV file (columns item, on, to, end_user_seat), in order, each as JSON text.

    A long table is answered on all cores and streams. A row that cannot be answered yields an object with `error`;
    the others are still answered.

    Raises
    ------
    Problem
        If the file cannot be read or lacks a column.
    """
    from twokey.law.bulk import COLUMNS, answer_rows
    from twokey.sources.rows import read_rows

    return answer_rows(read_rows(path, required=COLUMNS[:3], optional=COLUMNS[3:]), **options)


def timeline(
    ref: str | ItemSheet, trade_facts: Trade | None = None, *, datacentre: bool | None = None, **facts: Any
) -> list[Span]:
    """Return the spans of days in which the answer for an item is constant, oldest first.

    Raises
    ------
    Problem
        If the item or a fact cannot be used.
    """
    from twokey.law import timeline as lines

    sheet = item(ref) if isinstance(ref, str) else ref
    if datacentre is not None:
        sheet = replace(sheet, datacentre=datacentre)
    return lines.timeline(sheet, trade_facts if trade_facts is not None else trade(**facts))


def law(rule: str | None = None) -> list[Rule]:
    """Return all rules, or the one named.

    Raises
    ------
    Problem
        If no rule has that id; near ids are suggested.
    """
    from twokey.law import book

    return list(book.rules()) if rule is None else [book.rule(rule)]


def law_page(rule: str) -> str:
    """Return a readable page of one rule: its tests as the law numbers them, versions, sources.

    Raises
    ------
    Problem
        If no rule has that id; near ids are suggested.
    """
    from twokey.law import book

    return book.describe(book.rule(rule))


def changes(first: str, last: str) -> list[Any]:
    """Return what moved in the law after `first` up to and including `last` (days, YYYY-MM-DD).

    Raises
    ------
    Problem
        If a day does not exist or `last` lies before `first`.
    """
    from twokey.law import book
    from twokey.sources.text import parse_day

    return list(book.changes(parse_day(first, "the first day"), parse_day(last, "the last day")))


def law_stamp() -> dict[str, str]:
    """Return `law_sha256`: the checksum over the names and bytes of all files of the law's data but its cases.

    The same question with the same checksum and version of Twokey has the same answer, byte for byte.

    Examples
    --------
    >>> len(law_stamp()["law_sha256"])
    64
    """
    import hashlib

    from twokey.law.terms import DATA

    total = hashlib.sha256()
    files = (p for p in DATA.rglob("*") if p.suffix in (".yaml", ".csv") and "cases" not in p.parts[len(DATA.parts) :])
    for path in sorted(files):
        body = path.read_bytes()
        total.update(f"{path.relative_to(DATA).as_posix()} {len(body)}\n".encode())
        total.update(body)
    return {"law_sha256": total.hexdigest()}


def plane(
    view: str, trade_facts: Trade, *, seller: str | None = "nvidia", datacentre: bool | None = True
) -> dict[str, Any]:
    """Return a plane of the law on the trade's day: what catches a hypothetical chip where, and every chip's point.

    Parameters
    ----------
    view : density (TPP and performance density), dram (TPP and DRAM bandwidth) or io (TPP and I/O bandwidth)
    seller, datacentre : whose the hypothetical chip is, and whether it is meant for data centres

    Raises
    ------
    Problem
        If there is no plane of that name, or the trade lacks a fact.

    Examples
    --------
    >>> got = plane("density", trade(to="CN", seat="CN", on="2023-12-01"))
    >>> sorted({p["paragraph"] for p in got["patches"]})
    ['3A090.a', '3A090.b']
    """
    from twokey.law.planes import picture

    return picture(view, trade_facts, seller=seller, datacentre=datacentre)


def plane_days(
    view: str,
    trade_facts: Trade,
    first: dt.date,
    last: dt.date,
    *,
    seller: str | None = "nvidia",
    datacentre: bool | None = True,
) -> dict[str, Any]:
    """Return a plane on every day of a span on which the law changes, see `plane`.

    Raises
    ------
    Problem
        If there is no plane of that name, the days are out of order, or the trade lacks a fact.
    """
    from twokey.law.planes import pictures

    return pictures(view, trade_facts, first, last, seller=seller, datacentre=datacentre)


def plane_marks(sheet: ItemSheet, trade_facts: Trade, first: dt.date, last: dt.date) -> dict[str, Any]:
    """Return the point of a chip that is not in the catalogue for the days of `plane_days`.

    Raises
    ------
    Problem
        If the trade lacks a fact.
    """
    from twokey.law.planes import marks

    return marks(sheet, trade_facts, first, last)


def countries() -> dict[str, str]:
    """Return every country code (ISO 3166-1 alpha-2) with its usual name.

    Examples
    --------
    >>> countries()["AE"]
    'United Arab Emirates'
    """
    from twokey.law import groups

    return {code: names[0] for code, names in groups.countries().items()}


def proposed_rules() -> list[Rule]:
    """Return the proposed rules of the data; none of them is law.

    Raises
    ------
    Problem
        If a file cannot be read.

    Examples
    --------
    >>> proposed_rules()[0].id.split("/")[0]
    'proposed'
    """
    from twokey.law import book

    return book.proposed()


def rule_cases(rule: str) -> list[dict[str, str]]:
    """Return the public cases that a rule touches, those stated by a government or a company first.

    Raises
    ------
    Problem
        If no rule has that id; near ids are suggested.
    """
    from twokey.law import book
    from twokey.law.describe import cases_of

    found = [dict(c) for c in cases_of(book.rule(rule))]
    return sorted(found, key=lambda c: (c["authoritative"] != "yes", c["on"], c["item"]))


def consulted(item: ItemSheet, trade: Trade, *, datacentre: bool | None = None, **options: Any) -> dict[str, Any]:
    """Return every rule of the day as a tree of tests, each with its value, limit, margin and citation.

    Parameters
    ----------
    datacentre : replaces what the sheet says of the item's market
    options : as in `assess`

    Raises
    ------
    Problem
        If the trade has no destination or no day, or the item is a board: ask for its chips.
    """
    from twokey.law.consulted import tree

    return tree(item if datacentre is None else replace(item, datacentre=datacentre), trade, **options)


def consulted_text(found: dict[str, Any]) -> str:
    """Return such trees for people: the rules that reach the trade, or that a figure of the item keeps out."""
    from twokey.law.consulted import tree_text

    return tree_text(found)


def conformance(tool: str | None = None, *, progress: Callable[[int, int], None] | None = None) -> Score:
    """Return how Twokey, or another tool, does on the conformance suite.

    Parameters
    ----------
    tool : command line of the other tool; it reads one case a line as JSON and answers each with one line
    progress : called with cases answered and cases in all, now and then

    Raises
    ------
    Problem
        If the suite cannot be read, or the tool does not answer every case.
    """
    from twokey.law.conform import score_tool

    return score_tool(tool, progress=progress)


def check_table(
    out: str | Path, answers: Iterable[Any] = (), *, cases: str | None = None, **options: Any
) -> dict[str, int]:
    """Write answers to a CSV, JSON lines or XLSX file, and return how often each verdict was given.

    Parameters
    ----------
    out : the file; its ending says which kind
    answers : item sheets with their answers
    cases : instead of answers, a CSV of trades to answer, as for `check_cases`
    options : as for `check_cases`

    Raises
    ------
    Problem
        If the ending is not known, the CSV cannot be read, or the file cannot be written.
    """
    import json
    from itertools import tee

    from twokey.law.bulk import COLUMNS, answer_rows, sheet_named
    from twokey.law.bulk_table import write_answers
    from twokey.quantities.problem import Problem
    from twokey.sources.rows import read_rows

    if cases is None:
        return write_answers(out, ((i, json.dumps(a.to_json(), ensure_ascii=False)) for i, a in answers))
    if Path(cases).exists() and Path(out).exists() and Path(cases).samefile(out):
        raise Problem("--out", str(out), "another file than that of the trades", "name a new file", kind="usage")
    sheets: dict[str, Any] = {}

    def sheet(name: str) -> Any:
        if name not in sheets:
            try:
                sheets[name] = sheet_named(name)
            except Problem:
                sheets[name] = None  # the row's answer says what is wrong with it
        return sheets[name]

    rows, names = tee(read_rows(cases, required=COLUMNS[:3], optional=COLUMNS[3:]))
    answered = answer_rows(rows, **options)
    return write_answers(out, ((sheet(row["item"]), text) for (_, row), text in zip(names, answered, strict=True)))
