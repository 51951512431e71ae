"""What the dossier asks of the law: answers by chip and day, spans, the lawful region, the map of paragraphs."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

from twokey.brief.scenario import Scenario
from twokey.chips.catalogue import find
from twokey.chips.item import ItemSheet, Mode
from twokey.law.assess import assess
from twokey.law.book import rules
from twokey.law.question import Trade
from twokey.law.region import Region
from twokey.law.screen import lawful_region
from twokey.law.timeline import timeline
from twokey.law.tree import leaves

__all__ = ["Patch", "answer", "patches", "region", "spans", "trade_on"]

Patch = tuple[float, float | None, float, float | None, str]
"""TPP from, to, performance density from, to (None: no end), and the paragraph that catches a chip there."""


def trade_on(scenario: Scenario, on: dt.date) -> Trade:
    """Return the scenario's trade on a day."""
    return scenario.trade.with_(on=on)


def answer(scenario: Scenario, item: str, on: dt.date) -> dict[str, Any]:
    """Return the contract's answer of `check` for a catalogue chip on a day.

    Raises
    ------
    Problem
        If the catalogue has no such chip.
    """
    chip = find(item)
    found: dict[str, Any] = assess(chip.item, trade_on(scenario, on)).to_json()
    return found | {"name": chip.name}


def spans(scenario: Scenario, item: str, first: dt.date, last: dt.date) -> list[dict[str, Any]]:
    """Return the spans of days in which the answer for a catalogue chip is constant.

    Raises
    ------
    Problem
        If the catalogue has no such chip.
    """
    return [s.to_json() for s in timeline(find(item).item, trade_on(scenario, first), first, last)]


def region(scenario: Scenario, on: dt.date) -> Region:
    """Return the designs that the scenario's seller may freely sell to its market on a day."""
    return lawful_region(trade_on(scenario, on), seller=scenario.seller, datacentre=scenario.datacentre)


def patches(scenario: Scenario, on: dt.date) -> list[Patch]:
    """Return the map of the TPP-density plane on a day: rectangles, each with the paragraph that catches it.

    The edges are the limits on TPP and density that stand in the rules in force; the paragraph of each
    rectangle is what `assess` answers for a chip in its middle with no DRAM and no I/O to speak of, so the
    drawing is the law's own reading.
    """
    tpp_edges, pd_edges = _edges(on, "tpp"), _edges(on, "performance_density")
    found: list[Patch] = []
    for x0, x1 in zip(tpp_edges, [*tpp_edges[1:], None], strict=True):
        column: list[Patch] = []
        for y0, y1 in zip(pd_edges, [*pd_edges[1:], None], strict=True):
            caught = _paragraph(scenario, on, _middle(x0, x1), _middle(y0, y1))
            if column and column[-1][4] == caught:
                column[-1] = (*column[-1][:3], None if y1 is None else float(y1), caught)
            else:
                column.append((float(x0), _float(x1), float(y0), _float(y1), caught))
        found += [p for p in column if p[4]]
    return found


def _edges(on: dt.date, term: str) -> list[Fraction]:
    limits = {Fraction(0)}
    for rule in rules():
        if rule.layer != "control" or rule.jurisdiction.lower() != "us":
            continue
        for version in rule.versions:
            if version.effective <= on and (version.until is None or on < version.until):
                for tree in version.trees:
                    limits |= {
                        leaf.operand
                        for leaf in leaves(tree)
                        if leaf.kind == "number" and leaf.term == term and isinstance(leaf.operand, Fraction)
                    }
    return sorted(limits)


def _middle(low: Fraction, high: Fraction | None) -> Fraction:
    return low * 2 + 1 if high is None else (low + high) / 2


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _paragraph(scenario: Scenario, on: dt.date, tpp: Fraction, density: Fraction) -> str:
    sheet = ItemSheet(
        name="a point of the plane",
        seller=scenario.seller,
        seller_seat=scenario.trade.from_,
        datacentre=scenario.datacentre,
        modes=(Mode("16-bit", 16, tpp / 16),),
        applicable_die_area_mm2=tpp / density,
        dram_bandwidth_GBps=Fraction(1),
        io_bandwidth_GBps=Fraction(1),
    )
    found: dict[str, Any] = assess(sheet, trade_on(scenario, on)).to_json()
    caught = found["keys"]["us"]["classification"]
    return str(caught[0]) if caught else ""
