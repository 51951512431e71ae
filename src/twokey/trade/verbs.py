"""The verbs of money in one place, for the public interface: each imports what it needs when it is called."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twokey.law.verbs import item

if TYPE_CHECKING:
    from twokey.silicon.chip_cost import ChipCost
    from twokey.silicon.cost import UnitCost
    from twokey.trade.backtest import Backtest
    from twokey.trade.duty import Duty
    from twokey.trade.duty_table import MonthRow
    from twokey.trade.exposure import Exposure
    from twokey.trade.position import Outcome
    from twokey.trade.sku import Advice

__all__ = ["cost", "duty", "duty_months", "exposure", "held_against", "published_figures", "sku", "write_money"]


def cost(ref: str) -> dict[str, UnitCost] | ChipCost:
    """Return the unit cost of a design (by case: low, mid, high) or of a catalogue chip, published figures beside it.

    Parameters
    ----------
    ref : path of a design file, or id, name or alias of a catalogue chip

    Raises
    ------
    Problem
        If the file cannot be used, or the chip's process, die or memory has no price in the data.

    Examples
    --------
    >>> cost("nvidia-h100").to_json()["dies"]
    [{'count': 1, 'die_area_mm2': 814.0, 'node': '5nm'}]
    """
    if not Path(ref).is_file():
        from twokey.chips.catalogue import find
        from twokey.silicon.chip_cost import chip_cost

        return chip_cost(find(ref))
    from twokey.chips.design import read_design
    from twokey.silicon.area import area_mm2
    from twokey.silicon.cost import unit_cost_usd

    found = read_design(ref)
    return unit_cost_usd(area_mm2(found), found.dram_capacity_GB)


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


def duty_months(first: str = "2018-01-01", last: str | None = None, chip: str | None = None) -> tuple[MonthRow, ...]:
    """Return the duty by month on boards, circuits and servers, both ways between the United States and China.

    Parameters
    ----------
    first, last : days in the first and the last month, YYYY-MM-DD; by default 2018 and today
    chip : catalogue id of the chip in or on the goods (Section 232); by default an H20

    Raises
    ------
    Problem
        If a day or chip is not known, or the days are out of order.
    """
    from twokey.chips.catalogue import find
    from twokey.sources.text import parse_day
    from twokey.trade.duty_table import duty_table

    end = parse_day(last, "--until") if last is not None else dt.date.today()
    return duty_table(parse_day(first, "--since"), end, find(chip).item if chip is not None else None)


def exposure(position: str = "nvidia-h20-2025-04", share_closed: str = "1") -> Outcome:
    """Return what an event does to a position: the charge as a waterfall, the margin, revenue lost, releases.

    Parameters
    ----------
    position : name of a shipped position, or path of a file
    share_closed : share of the trade that the event closes, a decimal from 0 to 1

    Raises
    ------
    Problem
        If the position or the share cannot be used.

    Examples
    --------
    >>> float(exposure("amd-mi308-2025-04").charge_usd_bn)
    0.8
    """
    from twokey.quantities.exact import parse_number
    from twokey.quantities.problem import Problem
    from twokey.trade.position import read_position

    share = parse_number(share_closed)
    if share is None:
        raise Problem("--share", share_closed, "a decimal from 0 to 1", "write 0.5 for a half")
    return read_position(position).under(share)


def sku(
    decision: str = "h20-successor-2025-05",
    changes: str | None = None,
    *,
    draws: int = 100_000,
    seed: int = 1,
    margin: float = 0.0,
    progress: Callable[[str], None] | None = None,
) -> Advice:
    """Return whether to build one more chip (or how much to stock), what it is worth, and what that rests on.

    Parameters
    ----------
    decision : name of a shipped decision, or path of a file
    changes : path of a file that overrides inputs or the scenario tree
    draws, seed, margin, progress : as `twokey.trade.sku.decide`

    Raises
    ------
    Problem
        If a file or a number cannot be used.
    """
    from twokey.trade.inputs import read_decision
    from twokey.trade.sku import decide

    return decide(read_decision(decision, changes), draws=draws, seed=seed, margin=margin, progress=progress)


def held_against(advice: Advice) -> Backtest | None:
    """Return what the advice would have come to; None when the decision's file says nothing of what came after."""
    from twokey.trade.backtest import backtest

    return backtest(advice) if advice.decision.afterwards else None


def published_figures() -> Exposure:
    """Return what was published on the April 2025 letters: charges, quarter, shares, China revenue on each basis.

    Raises
    ------
    Problem
        With kind ``bad-data``, if a figure lacks its source.

    Examples
    --------
    >>> sorted(published_figures().china_revenue)
    ['billing', 'headquarters']
    """
    from twokey.trade.exposure import exposure as read

    return read()


def write_money(path: str, answer: Outcome | Advice | tuple[MonthRow, ...]) -> None:
    """Write an answer's tables: ``.xlsx`` with live formulas, ``.json``, or ``.csv`` where there is one table.

    Raises
    ------
    Problem
        If the ending is none of these, or the file cannot be written.
    """
    from twokey.trade import tables
    from twokey.trade.position import Outcome

    if isinstance(answer, tuple):
        tables.write_tables(path, [tables.duty_sheet(answer)])
    elif isinstance(answer, Outcome):
        tables.write_tables(path, [tables.exposure_sheet(answer)])
    else:
        tables.write_tables(path, tables.sku_sheets(answer))
