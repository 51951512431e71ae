"""Forms that explain themselves: the fields of an item sheet and of a trade, with unit and legal meaning."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twokey import api
from twokey.web.given import chip_of, facts_of
from twokey.web.page import Ask

__all__ = ["ITEM", "MODES", "TRADE", "Field", "item_asked", "item_values", "sheet_text", "trade_asked", "trade_options"]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form: its name in the address, what people call it, its unit, what it means, its words if few."""

    name: str
    label: str
    means: str
    unit: str = ""
    words: tuple[str, ...] = ()
    kind: str = "text"
    list: str | None = None


ITEM = (
    Field("name", "Name", "What the part is called. A few rules name products."),
    Field(
        "seller",
        "Seller",
        "Who designs or sells it, as a slug. Letters bind their addressees only: nvidia, amd, intel.",
    ),
    Field("seller_seat", "Seller's seat", "Where the seller has its headquarters.", list="countries"),
    Field(
        "datacentre",
        "For data centres",
        "Designed or marketed for data centres. By Note 2 to 3A090 a chip that is not "
        "is caught only from a TPP of 4,800.",
        words=("yes", "no"),
    ),
    Field(
        "applicable_die_area_mm2",
        "Applicable die area",
        "Area of all dies made in a non-planar process, as Note 3 to "
        "3A090 counts it. Performance density is TPP over this area. Leave it out when unknown.",
        "mm²",
        kind="number",
    ),
    Field(
        "dram_bandwidth_GBps",
        "DRAM bandwidth",
        "Peak bandwidth of the main memory. The letters of April 2025 bite from 1,400 GB/s.",
        "GB/s",
        kind="number",
    ),
    Field(
        "io_bandwidth_GBps",
        "I/O bandwidth",
        "Over all inputs and outputs, both directions added, host bus included, "
        "memory left out. The rule of 2022 and the letters of 2025 put limits on it.",
        "GB/s",
        kind="number",
    ),
    Field(
        "transistors_bn",
        "Transistors",
        "Of the package. The foundry rule of January 2025 asks for it.",
        "10⁹",
        kind="number",
    ),
    Field(
        "us_commercial_since",
        "On sale in the US since",
        "Month in which it came to the US market (YYYY-MM). The review policy of January 2026 asks for it.",
        kind="month",
    ),
)
"""Fields of an item sheet that stand in the form; a dropped sheet may hold the others."""

MODES = 4
"""Rows for arithmetic modes in the form [1]."""

TRADE = (
    Field("to", "To", "Country of destination.", list="countries"),
    Field("on", "On", "Day of the trade. The law is the law of that day.", kind="date"),
    Field(
        "seat",
        "Buyer's seat",
        "Where the buyer's ultimate parent has its headquarters. Some rules follow it anywhere.",
        list="countries",
    ),
    Field(
        "seller",
        "Seller, if another",
        "Who sells, when it is not the seller of the sheet. Letters bind addressees.",
        list="sellers",
    ),
    Field("from", "From", "Country of export; without one, the United States.", list="countries"),
    Field(
        "parent_seat",
        "Parent's seat",
        "Seat of the buyer's ultimate parent, where it differs from the buyer's own.",
        list="countries",
    ),
    Field("end_user", "End user", "Name of the end user. A name of the list of parties is looked up."),
    Field(
        "site",
        "Site",
        "Who pays for the data centre. Chinese instructions bind state-funded ones.",
        words=("state-funded", "private"),
    ),
    Field(
        "use",
        "Use",
        "New and expanded centres bring the Chinese advice on efficiency into play; some American rules "
        "ask for the others.",
        words=("new-centre", "expanded-centre", "existing-centre", "weapons", "military-intelligence", "remote-access"),
    ),
    Field(
        "exporter",
        "Exporter",
        "Who exports: designer, foundry, or who packages and tests.",
        words=("designer", "fabricator", "osat"),
    ),
    Field("packaged_in", "Packaged in", "Country where the package was closed.", list="countries"),
)
"""Facts of a trade; what the law asks and the form leaves out is a missing fact."""


def trade_options(ask: Ask, to: str | None = "CN") -> dict[str, str]:
    """Return the facts of the trade that an address gives; the destination is China unless another is named."""
    given = {f.name: t for f in TRADE if (t := ask.text(f.name)) is not None}
    return ({"to": to} if to and "to" not in given else {}) | given


def trade_asked(ask: Ask, to: str | None = "CN", *, seated: bool = False) -> Any:
    """Return the trade that an address describes.

    Parameters
    ----------
    to : the destination where the address names none
    seated : whether a buyer of whose seat nothing is said sits where the goods go

    Raises
    ------
    Problem
        If a country, day or word does not exist.
    """
    sheet = trade_options(ask, to)
    if seated and "to" in sheet:
        sheet.setdefault("seat", sheet["to"])
    options = {n: sheet.pop(n, None) for n in ("to", "on", "seat", "seller")}
    return facts_of(sheet or None, from_country=None, **options)


def sheet_text(ask: Ask) -> str | None:
    """Return the item sheet that an address holds: as a text, or field by field; None where it names a chip."""
    text = ask.text("sheet")
    if text is not None:
        return text
    if ask.text("own") is None:
        return None
    lines = [f"{f.name}: {_plain(t)}" for f in ITEM if (t := ask.text("item_" + f.name)) is not None]
    rows = [tuple(ask.text(f"{part}{i}") for part in ("mode", "bits", "tops")) for i in range(1, MODES + 1)]
    modes = [(m or f"mode {i}", b, t) for i, (m, b, t) in enumerate(rows, 1) if b or t]
    if modes:
        lines.append("modes:")
        lines += [f"- {{mode: {_plain(m)}, bits: {_plain(b or '')}, tops: {_plain(t or '')}}}" for m, b, t in modes]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9][\w.+-]*", text) else json.dumps(text, ensure_ascii=False)


def item_asked(ask: Ask, default: str = "nvidia-h20") -> Any:
    """Return the item that an address asks about: a chip of the catalogue, or a sheet.

    Raises
    ------
    Problem
        If there is no such chip, or the sheet cannot be used.
    """
    text = sheet_text(ask)
    return chip_of(ask.word("item", default)) if text is None else api.item_text(text, "the sheet")


def item_values(item: Any) -> dict[str, str]:
    """Return what the form's fields hold for an item."""
    values: dict[str, str] = {}
    for f in ITEM:
        value = getattr(item, f.name)
        if value is not None:
            values[f.name] = ("yes" if value else "no") if isinstance(value, bool) else _text(value)
    for i, mode in enumerate((item.modes or ())[:MODES], 1):
        values |= {f"mode{i}": mode.mode, f"bits{i}": str(mode.bits), f"tops{i}": _text(mode.tops)}
    return values


def values_typed(ask: Ask) -> Mapping[str, str]:
    """Return what a user typed, so that a form that was refused stands as it was sent."""
    return {k.removeprefix("item_"): v for k, v in ask.given.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else f"{float(value):.10g}"
