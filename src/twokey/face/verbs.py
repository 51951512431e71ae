"""The verbs whose answers are lists or plain objects, for people at a prompt or in a notebook."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twokey import api
from twokey.face.rows import Record, Rows

if TYPE_CHECKING:
    from twokey.brief import Brief
    from twokey.chips.catalogue import Chip
    from twokey.chips.item import ItemSheet
    from twokey.law.answer import Answer
    from twokey.law.rule import Rule
    from twokey.law.timeline import Span
    from twokey.search.space import Space
    from twokey.trade.duty_table import MonthRow
    from twokey.workloads.models import Model

__all__ = [
    "changes", "check", "chips_table", "dossier",
    "duty_table", "estimate", "models_table", "obligations", "operators",
    "rules_table", "screen", "spaces", "timeline", "workloads_table",
]  # fmt: skip


def check(items: str | ItemSheet | Iterable[str | ItemSheet], **trade: Any) -> Rows[Answer]:
    """Say for each item whether both governments let it ship, and why.

    Parameters
    ----------
    items : catalogue ids, paths of item sheets, or item sheets
    trade : `to`, `on`, `seat`, `seller` …, and the options of `twokey.api.check`

    Raises
    ------
    Problem
        If an item or a fact cannot be used.

    Examples
    --------
    >>> check("nvidia-h20", to="CN", on="2025-04-17")[0].verdict
    'shut'
    """
    return Rows(api.check(items if isinstance(items, str) or not isinstance(items, Iterable) else list(items), **trade))


def timeline(item: str | ItemSheet, **trade: Any) -> Rows[Span]:
    """Return the spans of days in which the answer for an item is constant, oldest first.

    Raises
    ------
    Problem
        If the item or a fact cannot be used.
    """
    return Rows(api.timeline(item, **trade))


def changes(first: str, last: str) -> Rows[dict[str, Any]]:
    """Return what moved in the law after `first` up to and including `last` (days, YYYY-MM-DD).

    Raises
    ------
    Problem
        If a day does not exist or `last` lies before `first`.
    """
    return Rows(api.changes(first, last))


def estimate(item: str, *, model: str, phase: str, **options: Any) -> Record:
    """Say how fast a chip or a design runs a model, and where the time goes.

    Raises
    ------
    Problem
        If a name is unknown or the layout is impossible.

    Examples
    --------
    >>> found = estimate("nvidia-h20", model="llama-3-8b", phase="decode", batch=8)
    >>> found["fits"], found["interval"]["low"] < found["tpot_s"] < found["interval"]["high"]
    (True, True)
    """
    return Record(api.estimate(item, model=model, phase=phase, **options))


def operators(device: str, cases: str | Path, **options: Any) -> Record:
    """Say how long single operators take on a chip; `cases` is a CSV file of operator, dtype, shape.

    Raises
    ------
    Problem
        If the chip is not known, or a row cannot be answered.
    """
    return Record(api.operators(device, str(cases), **options))


def screen(names: str | Iterable[str], **options: Any) -> Record:
    """Screen parties against lists. No hit is not clearance.

    Raises
    ------
    Problem
        If a list cannot be used.
    """
    return Record(api.screen([names] if isinstance(names, str) else list(names), **options))


def obligations(plan: str | Path | None = None) -> Record:
    """Return the ledgers of commitments to supply, or what they say of a sales plan in a file.

    Raises
    ------
    Problem
        If the plan cannot be used.
    """
    return Record(api.obligations(plan))


def dossier(scenario: str | None = None, *, html: str | Path | None = None, pdf: str | Path | None = None) -> Brief:
    """Run a scenario, by default the shipped one, and return its dossier; write it as a page or for paper.

    Parameters
    ----------
    scenario : path of a scenario file, or name of a shipped one
    html, pdf : files to write; each is written whole or not at all

    Raises
    ------
    Problem
        If the scenario cannot be used, or a file cannot be written.
    """
    return api.brief(scenario, html=html, pdf=pdf)


def chips_table() -> Rows[Chip]:
    """Return the catalogue of chips, each figure with its source and state of checking.

    Examples
    --------
    >>> table = chips_table().to_arrow()
    >>> {"id", "tpp", "dram_bandwidth_GBps", "dram_bandwidth_GBps_source"} <= set(table.column_names)
    True
    """
    return Rows(api.chips())


def models_table() -> Rows[Model]:
    """Return the catalogue of LLM architectures."""
    return Rows(api.models())


def spaces() -> Rows[Space]:
    """Return the design spaces that `design` searches."""
    return Rows(api.spaces())


def workloads_table() -> Rows[dict[str, Any]]:
    """Return the workloads that `design` knows by name."""
    return Rows(
        {
            "id": w.name, "note": w.note, "model": w.model, "objective": w.objective, "devices": w.devices,
            "batch": w.batch, "input_len": w.input_len, "output_len": w.output_len, "memory_bytes": w.memory_bytes,
        }
        for w in api.workloads()
    )  # fmt: skip


def rules_table() -> Rows[Rule]:
    """Return every rule of the law's data, with its versions and sources."""
    return Rows(api.law())


def duty_table(first: str = "2018-01-01", last: str | None = None, chip: str | None = None) -> Rows[MonthRow]:
    """Return the duty by month on boards, circuits and servers, both ways between the United States and China.

    Raises
    ------
    Problem
        If a day or chip is not known.
    """
    return Rows(api.duty_months(first, last, chip))
