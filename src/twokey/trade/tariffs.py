"""The tariff data: measures with their dated rows, read from ``data/market/tariffs.yaml``."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from twokey.quantities.problem import Problem
from twokey.sources.dated import Period
from twokey.sources.figure import CHECKED, CONFIDENCE
from twokey.sources.text import Value, read_file

__all__ = ["TARIFFS_FILE", "Band", "Exemption", "Measure", "Row", "Tariffs", "Uncertain", "tariffs"]

TARIFFS_FILE = Path(__file__).parent.parent / "data" / "market" / "tariffs.yaml"
_MEASURE = ("id", "measure", "family", "to", "origins", "basis", "rows")
_MEASURE_OPTIONAL = (
    "unknown_origins", "input", "not_for", "exemption", "uncertain_for", "yields_to", "stacking_unknown_with", "bands",
)  # fmt: skip
_ROW = ("from", "headings", "rate_percent", "confidence", "checked", "cite")
_ROW_OPTIONAL = ("until", "note", "needs", "list", "at_least_percent", "at_most_percent")


@dataclass(frozen=True, slots=True)
class Row:
    """One dated rate of a measure; a `rate_percent` of None was not established, `needs` says what would settle it."""

    period: Period
    headings: tuple[str, ...]
    rate_percent: Fraction | None
    at_least_percent: Fraction
    at_most_percent: Fraction | None
    cite: str
    confidence: str
    checked: str
    note: str
    needs: str
    list: str | None


@dataclass(frozen=True, slots=True)
class Band:
    """Open intervals of TPP [1] and DRAM bandwidth [GB/s]; a chip strictly inside both is held."""

    tpp: tuple[Fraction, Fraction]
    dram_bandwidth_GBps: tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True)
class Exemption:
    """A list of headings that a measure spares, with source and reason."""

    list: str
    cite: str
    confidence: str
    checked: str
    reason: str


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A list of headings for which it was not established whether the measure reaches them."""

    list: str
    needs: str


@dataclass(frozen=True, slots=True)
class Measure:
    """A duty of one importing country."""

    id: str
    measure: str
    family: str
    to: str
    origins: tuple[str, ...]
    basis: str
    rows: tuple[Row, ...]
    unknown_origins: tuple[str, ...]
    input: str | None
    not_for: tuple[str, ...]
    exemption: Exemption | None
    uncertain_for: Uncertain | None
    yields_to: str | None
    stacking_unknown_with: str | None
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class Tariffs:
    """All measures, the headings the data divide, the named lists, and the span of days covered."""

    measures: tuple[Measure, ...]
    headings: dict[str, str]
    lists: dict[str, tuple[str, ...]]
    end_uses: dict[str, str]
    covered_from: dict[str, dt.date]
    left_out: dict[str, tuple[str, ...]]
    horizon: dt.date


@lru_cache(maxsize=1)
def tariffs() -> Tariffs:
    """Return the project's tariff data, read once per process.

    Raises
    ------
    Problem
        With kind ``bad-data``, if the file has an unknown key, a list that is not defined, a rate
        that is no number, or rows of one measure that overlap for the same headings.
    """
    return read_tariffs(TARIFFS_FILE, "data/market/tariffs.yaml")


def read_tariffs(path: Path, shown: str) -> Tariffs:
    """Return the tariff data of a file; `shown` stands for it in messages.

    Raises
    ------
    Problem
        As `tariffs` says.
    """
    try:
        return _tariffs(read_file(path, shown))
    except Problem as problem:
        raise Problem(problem.where, problem.given, problem.needed, problem.fix, kind="bad-data") from None


def _tariffs(root: Value) -> Tariffs:
    f = root.fields(("horizon", "covered_from", "left_out", "headings", "lists", "end_uses", "measures"))
    lists = {name: v.texts() for name, v in f["lists"].group().items()}
    measures = tuple(_measure(v, lists) for v in f["measures"])
    ids = {m.id for m in measures}
    for m, v in zip(measures, f["measures"], strict=True):
        for other in (m.yields_to, m.stacking_unknown_with):
            if other is not None and other not in ids:
                raise v.refuse(
                    "the id of a measure of this file", "correct yields_to or stacking_unknown_with", given=other
                )
    return Tariffs(
        measures=measures,
        headings={k: v.text() for k, v in f["headings"].group().items()},
        lists=lists,
        end_uses={k: v.text() for k, v in f["end_uses"].group().items()},
        covered_from={k: v.day() for k, v in f["covered_from"].group().items()},
        left_out={k: v.texts() for k, v in f["left_out"].group().items()},
        horizon=f["horizon"].day(),
    )


def _measure(v: Value, lists: dict[str, tuple[str, ...]]) -> Measure:
    f = v.fields(_MEASURE, _MEASURE_OPTIONAL)
    rows = tuple(_row(r) for r in f["rows"])
    for i, row in enumerate(rows):
        for earlier in rows[:i]:
            if (row.headings, row.list) == (earlier.headings, earlier.list) and _overlap(row.period, earlier.period):
                raise (
                    f["rows"]
                    .items()[i]
                    .refuse(
                        "rows of one measure and heading that do not overlap",
                        "end the earlier row where the later begins",
                    )
                )
    exemption = uncertain = None
    if "exemption" in f:
        e = f["exemption"].fields(("list", "cite", "confidence", "checked", "reason"))
        exemption = Exemption(
            e["list"].one_of(tuple(lists)), e["cite"].text(), *_state(e), e["reason"].text(),
        )  # fmt: skip
    if "uncertain_for" in f:
        u = f["uncertain_for"].fields(("list", "needs"))
        uncertain = Uncertain(u["list"].one_of(tuple(lists)), u["needs"].text())
    return Measure(
        id=f["id"].text(),
        measure=f["measure"].text(),
        family=f["family"].text(),
        to=f["to"].one_of(("US", "CN")),
        origins=f["origins"].texts(),
        basis=f["basis"].text(),
        rows=rows,
        unknown_origins=f["unknown_origins"].texts() if "unknown_origins" in f else (),
        input=f["input"].one_of(("mfn_percent", "list_301")) if "input" in f else None,
        not_for=f["not_for"].texts() if "not_for" in f else (),
        exemption=exemption,
        uncertain_for=uncertain,
        yields_to=f["yields_to"].text() if "yields_to" in f else None,
        stacking_unknown_with=f["stacking_unknown_with"].text() if "stacking_unknown_with" in f else None,
        bands=tuple(_band(b) for b in f["bands"]) if "bands" in f else (),
    )


def _row(v: Value) -> Row:
    f = v.fields(_ROW, _ROW_OPTIONAL)
    unknown = f["rate_percent"].text() == "unknown"
    if unknown and "needs" not in f:
        raise v.refuse("`needs` beside an unknown rate", "say what would settle the rate", given="a row without it")
    start, end = f["from"].day(), f["until"].day() if "until" in f else None
    if end is not None and end <= start:
        raise f["until"].refuse("a day after `from`", "correct the dates")
    rate = None if unknown else f["rate_percent"].number(least=0)
    low = f["at_least_percent"].number(least=0) if "at_least_percent" in f else Fraction(0)
    high = f["at_most_percent"].number(least=0) if "at_most_percent" in f else None
    return Row(
        period=Period(start, end),
        headings=f["headings"].texts(),
        rate_percent=rate,
        at_least_percent=low if rate is None else rate,
        at_most_percent=high if rate is None else rate,
        cite=f["cite"].text(),
        confidence=f["confidence"].one_of(CONFIDENCE),
        checked=f["checked"].one_of(CHECKED),
        note=f["note"].text() if "note" in f else "",
        needs=f["needs"].text() if "needs" in f else "",
        list=f["list"].text() if "list" in f else None,
    )


def _state(f: dict[str, Value]) -> tuple[str, str]:
    return f["confidence"].one_of(CONFIDENCE), f["checked"].one_of(CHECKED)


def _band(v: Value) -> Band:
    f = v.fields(("tpp", "dram_bandwidth_GBps"))

    def pair(name: str) -> tuple[Fraction, Fraction]:
        low, high = (end.number(least=0) for end in f[name].items())
        return low, high

    return Band(pair("tpp"), pair("dram_bandwidth_GBps"))


def _overlap(a: Period, b: Period) -> bool:
    return (b.end is None or a.start < b.end) and (a.end is None or b.start < a.end)
