"""Which chips of the catalogue a rule moves, and where to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from twokey.chips.catalogue import Chip, chips
from twokey.law.assess import assess
from twokey.law.question import Trade

__all__ = ["ORDER", "Move", "Moves", "moves"]

ORDER = ("open", "conditional", "shut")
"""Verdicts from the freest to the strictest; undetermined is none of them."""


@dataclass(frozen=True, slots=True)
class Move:
    """A chip whose verdict, or the grounds of it, a rule changes.

    Parameters
    ----------
    item, name, seller : id, name and slug of who sells it
    datacentre : whether it is meant for data centres; None where unknown
    before, after : verdict without and with the rule
    grounds : the paragraphs and rules that catch it with the rule in force
    """

    item: str
    name: str
    seller: str | None
    datacentre: bool | None
    before: str
    after: str
    grounds: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain JSON values."""
        return {k: getattr(self, k) for k in self.__slots__} | {"grounds": list(self.grounds)}


@dataclass(frozen=True, slots=True)
class Moves:
    """What a rule does to the catalogue.

    Parameters
    ----------
    before, after : how many chips have each verdict
    caught : now stricter; freed : now freer
    unclear : undetermined before or after, so that neither can be said; each is in doubt for a fact that is missing
    regrounded : of the same verdict on other grounds
    still_open : ids of chips that slip through: open without a licence with the rule in force
    domestic : ids of chips whose seller sits in the country of destination: their sale there is no export
    """

    before: Mapping[str, int]
    after: Mapping[str, int]
    caught: tuple[Move, ...]
    freed: tuple[Move, ...]
    unclear: tuple[Move, ...]
    regrounded: tuple[Move, ...]
    still_open: tuple[str, ...]
    domestic: tuple[str, ...]

    @property
    def collateral(self) -> tuple[Move, ...]:
        """Chips that are caught and not meant for data centres."""
        return tuple(m for m in self.caught if m.datacentre is False)


def moves(
    trade: Trade,
    overlays: Sequence[Path],
    *,
    items: Iterable[Chip] | None = None,
    known_on: dt.date | None = None,
    assume: Mapping[str, Fraction] | None = None,
) -> Moves:
    """Return which chips of the catalogue change their verdict when proposed rules are laid on the law of a day.

    Parameters
    ----------
    trade : destination, day and end user; the seller is each chip's own unless the trade names one
    overlays : files of the proposed or changed rules
    items : chips to look at; without any, the whole catalogue

    Raises
    ------
    Problem
        If the trade lacks destination or day, or a rule cannot be read.
    """
    counts: tuple[dict[str, int], dict[str, int]] = ({}, {})
    found: dict[str, list[Move]] = {"caught": [], "freed": [], "unclear": [], "regrounded": []}
    still_open, domestic = [], []
    for chip in chips() if items is None else items:
        if chip.item.seller_seat is not None and chip.item.seller_seat == trade.to:
            domestic.append(chip.id)
            continue
        old = assess(chip.item, trade, known_on=known_on, assume=assume)
        new = assess(chip.item, trade, known_on=known_on, assume=assume, overlays=overlays)
        for count, answer in zip(counts, (old, new), strict=True):
            count[answer.verdict] = count.get(answer.verdict, 0) + 1
        grounds = new.us.classification
        if new.verdict == "open":
            still_open.append(chip.id)
        kind = _kind(old.verdict, new.verdict, old.us.classification != grounds)
        if kind is not None:
            found[kind].append(
                Move(chip.id, chip.item.name, chip.item.seller, chip.item.datacentre, old.verdict, new.verdict, grounds)
            )
    before, after = ({v: count.get(v, 0) for v in (*ORDER, "undetermined")} for count in counts)
    caught, freed, unclear, regrounded = (tuple(found[k]) for k in ("caught", "freed", "unclear", "regrounded"))
    return Moves(before, after, caught, freed, unclear, regrounded, tuple(still_open), tuple(domestic))


def _kind(before: str, after: str, other_grounds: bool) -> str | None:
    if before == after:
        return "regrounded" if other_grounds else None
    if "undetermined" in (before, after):
        return "unclear"
    return "caught" if ORDER.index(after) > ORDER.index(before) else "freed"
