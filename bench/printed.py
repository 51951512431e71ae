"""Operators on A100 as printed with LLMCompass, read from the folder of measurements."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["MEASURED", "printed"]

MEASURED = Path(os.environ.get("MEASURED", Path(__file__).parent.parent.parent / "shared" / "measured"))
"""Folder of measured rows: the variable MEASURED, or ../shared/measured beside the repository."""


def printed(operator: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the shapes (rows, numbers) and latencies [s] of an operator that LLMCompass printed for A100."""
    path = MEASURED / "operators-a100.csv"
    if not path.exists():
        raise SystemExit(f"{path.name} is absent: set MEASURED to the folder that holds it")
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [r for r in csv.DictReader(stream) if r["operator"] == operator]
    shapes = np.array([[float(v) for v in re.findall(r"\d+", r["shape"])] for r in rows])
    return shapes, np.array([float(r["latency_s"]) for r in rows])
