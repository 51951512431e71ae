"""Twokey: which AI chip may ship under two governments' rules, how good the best such chip is, and what is at stake.

>>> import twokey as tk
>>> [answer] = tk.check("nvidia-h20", to="CN", on="2025-04-08")
>>> answer.verdict
'open'

Names are loaded when first used. `twokey.api` holds every verb; here stand those whose name is not also a folder's,
and tables of the catalogues: `tk.chips_table().to_arrow()`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_FACE = (
    "Record", "Rows", "changes", "check", "chips_table", "dossier", "duty_table", "estimate", "models_table",
    "obligations", "operators", "rules_table", "screen", "spaces", "timeline", "workloads_table",
)  # fmt: skip

if TYPE_CHECKING:
    from twokey.api import (
        Problem,
        cost,
        design,
        duty,
        exposure,
        flags,
        forensics,
        front,
        item,
        item_text,
        law_page,
        models,
        objectives,
        sku,
    )
    from twokey.face import (
        Record,
        Rows,
        changes,
        check,
        chips_table,
        dossier,
        duty_table,
        estimate,
        models_table,
        obligations,
        operators,
        rules_table,
        screen,
        spaces,
        timeline,
        workloads_table,
    )

__all__ = [
    "Problem",
    "Record",
    "Rows",
    "changes",
    "check",
    "chips_table",
    "cost",
    "design",
    "dossier",
    "duty",
    "duty_table",
    "estimate",
    "exposure",
    "flags",
    "forensics",
    "front",
    "item",
    "item_text",
    "law_page",
    "models",
    "models_table",
    "objectives",
    "obligations",
    "operators",
    "rules_table",
    "screen",
    "sku",
    "spaces",
    "timeline",
    "workloads_table",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "api":
        return import_module("twokey.api")
    if name not in __all__:
        import difflib

        near = difflib.get_close_matches(name, __all__, n=1)
        raise AttributeError(f"twokey has no {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    found = getattr(import_module("twokey.face" if name in _FACE else "twokey.api"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__", "api"])
