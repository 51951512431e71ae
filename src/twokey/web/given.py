"""What is given to a verb from outside: types of its parameters, and data where the command line has a file."""

from __future__ import annotations

import datetime as dt
import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from twokey import api
from twokey.api import Problem

__all__ = [
    "Assume", "Cases", "Datacentre", "From", "Item", "Items", "KnownOn", "Name", "Names", "On", "Seat", "Seller",
    "Sheets", "To", "Trade",
    "With", "assumed", "chip_name", "chip_of", "day_of", "facts_of", "given_as_file", "plain_name",
    "proposals",
    "sheet_of", "table", "with_name",
]  # fmt: skip


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Names = Annotated[list[str], BeforeValidator(_listed)]
Item = Annotated[str, Field(description="A chip of the catalogue: id, name or alias.", examples=["nvidia-h20"])]
Items = Annotated[Names, Field(description="Chips of the catalogue: ids, names or aliases.", examples=[["nvidia-h20"]])]
Sheets = Annotated[list[dict[str, Any]], Field(description="Item sheets, for chips that are not in the catalogue.")]
To = Annotated[str | None, Field(description="Country of destination, ISO 3166 alpha-2.", examples=["CN"])]
On = Annotated[str | None, Field(description="Day, YYYY-MM-DD. Default: today.", examples=["2025-04-17"])]
Seat = Annotated[str | None, Field(description="Country where the end user's ultimate parent has its headquarters.")]
From = Annotated[str | None, Field(alias="from", description="Country of export. Default: US.")]
Seller = Annotated[str | None, Field(description="Who sells, such as nvidia. Letters bind their addressees.")]
Datacentre = Annotated[Literal["yes", "no"] | None, Field(description="Designed or marketed for data centres.")]
KnownOn = Annotated[str | None, Field(description="Use only law that could be known on this day, YYYY-MM-DD.")]
Assume = Annotated[Names, Field(description="RULE=VALUE: numbers that rules need and nobody published.", examples=[[]])]
Design = Annotated[
    dict[str, Any] | None, Field(description="A design of your own, by the names of its variables: cores, clock_GHz …")
]
With = Annotated[
    Names, Field(alias="with", description="Proposed rules on top of the law.", examples=[["proposed/gain"]])
]
Name = Annotated[str | None, Field(description="Only entries whose id, name or alias contains this.")]
Cases = Annotated[str | None, Field(description="A table as CSV text, one question a row.")]
Trade = Annotated[dict[str, Any] | None, Field(description="A trade sheet: the facts of the trade by their names.")]


_PROPOSED = re.compile(r"proposed/[a-z0-9][a-z0-9-]*")


@contextmanager
def given_as_file(content: str | Mapping[str, Any] | None, name: str) -> Iterator[str | None]:
    """Give content as a file to a verb that reads one.

    Raises
    ------
    Problem
        What the verb refused; its place is `name`, not the file.
    """
    if content is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        path.write_text(text, encoding="utf-8")
        try:
            yield str(path)
        except Problem as p:
            raise Problem(p.where.replace(f"{folder}/", ""), p.given, p.needed, p.fix, kind=p.kind) from None


def table(text: str, answer: Callable[..., Iterator[Any]], **options: Any) -> Iterator[str]:
    """Answer a table given as text, row by row, each as JSON text; places are named by `cases.csv`."""
    with given_as_file(text, "cases.csv") as path:
        folder = f"{Path(str(path)).parent}/"
        for one in answer(path, **options):
            said = one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)
            yield said.replace(folder, "")


def sheet_of(sheet: Mapping[str, Any], where: str) -> Any:
    """Return an item sheet given as data; what is refused in it is named by `where`."""
    return api.item_text(json.dumps(sheet, ensure_ascii=False), where)


def chip_name(ref: str) -> str:
    """Return the name of a chip of the catalogue; refuse what reads as the path of a file."""
    return plain_name(ref, "item")


@contextmanager
def chip_or_design(item: str | None, design: Mapping[str, Any] | None, verb: str) -> Iterator[str]:
    """Give the name of a chip of the catalogue, or the path of a file that holds the design.

    Raises
    ------
    Problem
        If both are given or neither, or what the verb refused.
    """
    if (item is None) == (design is None):
        given = "both item and design" if item is not None else "no item"
        raise Problem(verb, given, "an item, or a design as data", "give one of them", kind="usage")
    if item is not None:
        yield chip_name(item)
        return
    with given_as_file(design, "design.json") as path:
        assert path is not None
        yield path


def chip_of(ref: str) -> Any:
    """Return the item sheet of a chip of the catalogue."""
    return api.item(chip_name(ref))


def plain_name(ref: str, where: str) -> str:
    """Return a name; refuse what reads as the path of a file."""
    if ref == "-" or "/" in ref or "\\" in ref or ref.endswith((".yaml", ".yml", ".json")):
        raise Problem(where, repr(ref), "a name of the catalogue", "give what is not in it as data, not as a file")
    return ref


def proposals(given: list[str], where: str) -> list[str]:
    """Return ids of proposed rules; refuse what is none, and what reads as the path of a file."""
    for one in given:
        if not _PROPOSED.fullmatch(one):
            raise Problem(where, repr(one), "the id of a proposed rule", "write it like proposed/gain")
    return given


def facts_of(trade: Mapping[str, Any] | None, **options: Any) -> Any:
    """Return the facts of a trade: those of a sheet given as data, each replaced by an option where one is given."""
    with given_as_file(trade, "trade.json") as path:
        return api.trade(sheet=path, **options)


def with_name(rows: list[dict[str, Any]], name: str | None) -> list[dict[str, Any]]:
    """Return the rows whose id, name or an alias contains `name`; all of them without one."""
    if name is None:
        return rows
    wanted = name.lower()
    return [
        r for r in rows if any(wanted in str(t).lower() for t in (r["id"], r["name"], *r.get("aliases", ())))
    ]  # fmt: skip


def day_of(text: str | None, where: str) -> dt.date | None:
    """Return a day written YYYY-MM-DD; refuse what is none."""
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError:
        raise Problem(where, repr(text), "a day that exists, YYYY-MM-DD", "write it like 2025-04-17") from None


def assumed(given: list[str]) -> dict[str, Fraction]:
    """Return numbers given as RULE=VALUE; refuse what is not written so."""
    found: dict[str, Fraction] = {}
    for one in given:
        rule, _, value = one.partition("=")
        try:
            found[rule] = Fraction(value)
        except (ValueError, ZeroDivisionError):
            fix = "write it like cn/ndrc-efficiency=0.5"
            raise Problem("assume", repr(one), "RULE=VALUE", fix) from None
    return found
