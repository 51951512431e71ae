"""The public verbs: what the command line, the web and `import twokey` see.

Every verb returns objects with a `to_json()` that is the contract's JSON. A folder's verbs stand in its `verbs.py`;
heavy parts (the compiled engine, pictures) are imported when a verb needs them, so that a legal check starts at once.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twokey.diversion.verbs import fetch_list, flags, forensics, obligations, screen, screen_decide
from twokey.law.verbs import (
    changes,
    check,
    check_cases,
    check_table,
    conformance,
    consulted,
    consulted_text,
    countries,
    item,
    item_text,
    law,
    law_page,
    law_stamp,
    plane,
    plane_days,
    plane_marks,
    proposed_rules,
    rule_cases,
    timeline,
    trade,
)
from twokey.perf.fitted.verbs import operators
from twokey.perf.verbs import estimate, estimate_cases, options_given
from twokey.policy.verbs import policy, policy_backtest
from twokey.quantities.problem import Problem
from twokey.quantities.shown import Shown
from twokey.search.sweep.verbs import sweep, sweep_plans, sweep_summary
from twokey.search.verbs import design, front, objectives, read_limit, spaces
from twokey.silicon.verbs import design_die, dies
from twokey.trade.verbs import cost, duty, duty_months, exposure, held_against, published_figures, sku, write_money

if TYPE_CHECKING:
    from twokey.brief import Brief
    from twokey.chips.catalogue import Chip
    from twokey.workloads.models import Model
    from twokey.workloads.workload import Workload

__all__ = [
    "Problem",
    "Shown",
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
    "countries",
    "design",
    "design_die",
    "dies",
    "duty",
    "duty_months",
    "estimate",
    "estimate_cases",
    "exposure",
    "fetch_list",
    "flags",
    "forensics",
    "front",
    "held_against",
    "item",
    "item_text",
    "law",
    "law_page",
    "law_stamp",
    "models",
    "objectives",
    "obligations",
    "operators",
    "options_given",
    "plane",
    "plane_days",
    "plane_marks",
    "policy",
    "policy_backtest",
    "proposed_rules",
    "published_figures",
    "read_limit",
    "rule_cases",
    "screen",
    "screen_decide",
    "sku",
    "spaces",
    "sweep",
    "sweep_plans",
    "sweep_summary",
    "timeline",
    "trade",
    "workloads",
    "write_money",
]


def chips() -> list[Chip]:
    """Return every chip of the catalogue, each figure with its source and state of checking."""
    from twokey.chips import catalogue

    return list(catalogue.chips())


def models() -> list[Model]:
    """Return every LLM architecture of the catalogue."""
    from twokey.workloads import models as llms

    return list(llms.models())


def workloads() -> list[Workload]:
    """Return the workloads that `design` knows by name."""
    from twokey.workloads import catalogue

    return list(catalogue.workloads())


def brief(
    scenario: str | None = None,
    *,
    progress: Callable[[str, int, int], None] | None = None,
    html: str | Path | None = None,
    pdf: str | Path | None = None,
) -> Brief:
    """Run a scenario file (by default the shipped one, the week of 17 April 2025) and return its dossier.

    Parameters
    ----------
    scenario : path of a scenario file, or name of a shipped one
    progress : called with stage, steps done and steps in all
    html, pdf : where to write the page and the paper; a file is written whole or not at all

    Raises
    ------
    Problem
        If the scenario cannot be used.
    """
    from twokey import brief as dossier

    result = dossier.run(scenario, progress=progress)
    if html is not None:
        dossier.write_html(result, Path(html))
    if pdf is not None:
        dossier.write_pdf(result, Path(pdf))
    return result


def brief_text(result: Brief) -> Any:
    """Return the dossier as something `rich` can print."""
    from twokey.brief.text import render

    return render(result)
