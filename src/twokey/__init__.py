"""Twokey: which AI chip may ship under two governments' rules, how good the best such chip is, and what is at stake.

All verbs stand in `twokey.api`. Those whose name is not also a folder's can be had from here:

>>> import twokey as tk
>>> [answer] = tk.check("nvidia-h20", to="CN", on="2025-04-08")
>>> answer.verdict
'open'
"""

from twokey.api import (
    Problem,
    changes,
    check,
    cost,
    design,
    duty,
    estimate,
    item,
    models,
    spaces,
    timeline,
)

__version__ = "0.1.0"

__all__ = [
    "Problem",
    "changes",
    "check",
    "cost",
    "design",
    "duty",
    "estimate",
    "item",
    "models",
    "spaces",
    "timeline",
]
