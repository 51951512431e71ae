"""The public verbs: what the command line, the web and `import twokey` see.

Every verb returns objects with a `to_json()` that is the contract's JSON. Heavy parts (the compiled engine, pictures)
are imported when a verb needs them, so that a legal check starts at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twokey.diversion.verbs import fetch_list, flags, forensics, obligations, screen, screen_decide
from twokey.law.verbs import check_table, conformance, consulted, consulted_text, law_stamp
from twokey.perf.fitted.verbs import operators
from twokey.quantities.problem import Problem
from twokey.trade.verbs import cost, duty_months, exposure, held_against, published_figures, sku, write_money

if TYPE_CHECKING:
    from twokey.brief import Brief
    from twokey.chips.catalogue import Chip
    from twokey.chips.design import Design
    from twokey.chips.item import ItemSheet
    from twokey.law.assess import Answer
    from twokey.law.question import Trade
    from twokey.law.rule import Rule
    from twokey.law.timeline import Span
    from twokey.search.result import Result
    from twokey.search.space import Space
    from twokey.trade.duty import Duty
    from twokey.workloads.models import Model
    from twokey.workloads.workload import Workload

__all__ = [
    "Problem",
    "brief",
    "brief_text",
    "changes",
    "check",
    "check_cases",
    "check_table",
    "chips",
    "conformance",
    "consulted",
    "consulted_text",
    "cost",
    "design",
    "duty",
    "duty_months",
    "estimate",
    "estimate_cases",
    "exposure",
    "fetch_list",
    "flags",
    "forensics",
    "held_against",
    "item",
    "law",
    "law_page",
    "law_stamp",
    "models",
    "obligations",
    "operators",
    "published_figures",
    "screen",
    "screen_decide",
    "sku",
    "spaces",
    "timeline",
    "trade",
    "workloads",
    "write_money",
]

# -- what a user names ------------------------------------------------------------------------------


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


# -- the law ----------------------------------------------------------------------------------------


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


# -- the catalogues ---------------------------------------------------------------------------------


def chips() -> list[Chip]:
    """Return every chip of the catalogue, each figure with its source and state of checking."""
    from twokey.chips import catalogue

    return list(catalogue.chips())


def models() -> list[Model]:
    """Return every LLM architecture of the catalogue."""
    from twokey.workloads import models as llms

    return list(llms.models())


def spaces() -> list[Space]:
    """Return the design spaces that `design` searches."""
    from twokey.search import space

    return [space.load(name) for name in space.spaces()]


def workloads() -> list[Workload]:
    """Return the workloads that `design` knows by name."""
    from twokey.workloads import catalogue

    return list(catalogue.workloads())


# -- performance and search -------------------------------------------------------------------------


def estimate(ref: str, *, model: str, phase: str, **options: Any) -> dict[str, Any]:
    """Say how fast a chip or design runs a model, and where the time goes.

    Parameters
    ----------
    ref : catalogue id, or path of a design file
    model, phase : id of an LLM; "prefill", "decode" or "serve"
    options : devices, tp, ep, dp, precision, kv_precision, batch, input_len, output_len; framework (trtllm, sglang or
        vllm) for a catalogue chip

    Returns
    -------
    dict
        The contract's `estimate` object; `interval` for a catalogue chip.

    Raises
    ------
    Problem
        If the chip's architecture is not known, the layout is impossible, or a name is unknown.
    """
    from twokey.perf.answer import estimate_for

    return estimate_for(_device(ref), model=model, phase=phase, **options)


def estimate_cases(path: str) -> Iterator[dict[str, Any]]:
    """Answer the rows of a CSV file of estimates, in order; a row that cannot be answered holds `error`.

    Raises
    ------
    Problem
        If the file cannot be read or lacks a column.
    """
    from twokey.sources.rows import read_rows

    whole = ("devices", "tp", "dp", "ep", "batch", "input", "output")
    words = ("precision", "kv_precision", "framework")
    ignored = ("pp",)
    rename = {"input": "input_len", "output": "output_len"}
    for place, row in read_rows(path, required=("item", "model", "phase"), optional=(*whole, *words, *ignored)):
        try:
            options: dict[str, Any] = {}
            for name in whole:
                if row.get(name):
                    options[rename.get(name, name)] = _whole(row[name], f"{place} ({name})")
            options |= {name: row[name] for name in words if row.get(name)}
            if row.get("pp", "1") not in ("", "1"):
                raise Problem(
                    place, f"pp = {row['pp']}", "pp = 1", "pipeline layouts are not modelled yet; leave it out"
                )
            answer = estimate(row["item"], model=row["model"], phase=row["phase"], **options)
            yield {"item": row["item"], **answer}
        except Problem as problem:
            yield {"item": row["item"], **_at(problem, place).to_json()}


def design(
    workload: str,
    *,
    objective: str | None = None,
    space: str = "small",
    trade_facts: Trade | None = None,
    seller: str | None = "nvidia",
    datacentre: bool = True,
    accept: str = "open",
    no_law: bool = False,
    known_on: dt.date | None = None,
    assume: Mapping[str, Fraction] | None = None,
    gap: float = 0.01,
    seconds: float | None = None,
    seed: int = 0,
    versus: Sequence[str] = ("nvidia-h20", "nvidia-h100", "nvidia-h800", "huawei-ascend-910c"),
    progress: Callable[..., None] | None = None,
    **facts: Any,
) -> Result:
    """Search the best design that both keys allow, with a proof of how far from the optimum it can be.

    Parameters
    ----------
    workload, objective, space : names of a workload, of what to minimise (default: what the workload is meant
        for) and of the design space
    trade_facts : the trade; or give its facts as keywords (`to`, `on`, `seat` …)
    seller, datacentre : letters bind their addressees only, and Note 2 to 3A090 turns on the market
    accept : "open" asks that both keys turn freely; "conditional" also takes what a notice or licence can open
    no_law : search without any law
    gap : relative distance from the optimum to prove [1]
    seconds : stop after this time with the gap reached [s]

    Raises
    ------
    Problem
        If a name is unknown, or nothing in the space is lawful and holds the model.
    """
    from twokey.search.lawful import best_lawful
    from twokey.search.space import load
    from twokey.workloads.catalogue import workload as find_workload

    found = find_workload(workload)
    allowed = None if no_law else trade_facts if trade_facts is not None else trade(**facts)
    return best_lawful(
        load(space),
        found,
        objective or found.objective,
        allowed,
        seller=seller,
        datacentre=datacentre,
        accept=accept,
        known_on=known_on,
        assume=assume,
        gap=gap,
        seconds=seconds,
        seed=seed,
        rivals=versus,
        progress=progress,
    )


# -- money and the dossier --------------------------------------------------------------------------


def duty(ref: str | None, *, to: str, origin: str, hts: str, on: str, **options: Any) -> Duty:
    """Return the duty stack for a good on a day: every measure that applies or is exempt, with its citation.

    Parameters
    ----------
    ref : catalogue id or item sheet; None where the good is no chip
    to, origin : country codes (ISO 3166 alpha-2) of entry and of origin
    hts : heading of the tariff, such as 8473.30
    on : day of entry, YYYY-MM-DD
    options : list_301, mfn_percent, end_use, as in `trade.duty.duty`

    Raises
    ------
    Problem
        If a country, heading or day is not known.
    """
    from twokey.sources.text import parse_day
    from twokey.trade import duty as duties

    sheet = item(ref) if ref is not None else None
    return duties.duty(sheet, to=to, origin=origin, hts=hts, on=parse_day(on, "--on"), **options)


def brief(
    scenario: str | None = None,
    *,
    progress: Callable[[str, int, int], None] | None = None,
    html: str | Path | None = None,
) -> Brief:
    """Run a scenario file (by default the shipped one, the week of 17 April 2025) and return its dossier.

    Parameters
    ----------
    scenario : path of a scenario file, or name of a shipped one
    progress : called with stage, steps done and steps in all
    html : where to write the page; it is written whole or not at all

    Raises
    ------
    Problem
        If the scenario cannot be used.
    """
    from twokey import brief as dossier

    result = dossier.run(scenario, progress=progress)
    if html is not None:
        dossier.write_html(result, Path(html))
    return result


def brief_text(result: Brief) -> Any:
    """Return the dossier as something `rich` can print."""
    from twokey.brief.text import render

    return render(result)


# -- shared -----------------------------------------------------------------------------------------


def _is_path(ref: str) -> bool:
    return ref == "-" or ref.endswith((".yaml", ".yml", ".json")) or "/" in ref


def _device(ref: str) -> Chip | Design:
    from twokey.chips.catalogue import find
    from twokey.chips.design import read_design

    return read_design(ref) if _is_path(ref) else find(ref)


def _whole(text: str, where: str) -> int:
    if text.isdigit() and int(text) > 0:
        return int(text)
    raise Problem(where, repr(text), "a whole number above zero", "write digits only")


def _at(problem: Problem, place: str) -> Problem:
    return Problem(f"{place}: {problem.where}", problem.given, problem.needed, problem.fix, kind=problem.kind)
