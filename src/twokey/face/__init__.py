"""What `import twokey as tk` offers beside `twokey.api`: answers that show themselves and turn into tables."""

from twokey.face.rows import Record, Rows
from twokey.face.verbs import (
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
    "Record",
    "Rows",
    "changes",
    "check",
    "chips_table",
    "dossier",
    "duty_table",
    "estimate",
    "models_table",
    "obligations",
    "operators",
    "rules_table",
    "screen",
    "spaces",
    "timeline",
    "workloads_table",
]
