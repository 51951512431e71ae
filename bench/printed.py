"""Operators on A100 as printed with LLMCompass, read from the folder of measurements."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["MEASURED", "layer_products", "printed"]

MEASURED = Path(os.environ.get("MEASURED", Path(__file__).parent.parent.parent / "shared" / "measured"))
"""Folder of measured rows: the variable MEASURED, or ../shared/measured beside the repository."""


def _rows() -> list[dict[str, str]]:
    path = MEASURED / "operators-a100.csv"
    if not path.exists():
        raise SystemExit(f"{path.name} is absent: set MEASURED to the folder that holds it")
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def layer_products() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return shapes m, n, k and latencies [s] of the products with weights of the GPT-3 layer printed for four A100."""
    shapes, latencies = [], []
    for r in _rows():
        if re.fullmatch(r"gpt3_layer_\w+_(Q_K_V|\w+_proj)", r["operator"]):
            numbers = [float(v) for v in re.findall(r"\d+", r["shape"])]
            shapes.append(numbers[-3:])
            latencies.append(float(r["latency_s"]) / (numbers[0] if len(numbers) > 3 else 1.0))
    return np.array(shapes), np.array(latencies)


def printed(operator: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the shapes (rows, numbers) and latencies [s] of an operator that LLMCompass printed for A100."""
    rows = [r for r in _rows() if r["operator"] == operator]
    shapes = np.array([[float(v) for v in re.findall(r"\d+", r["shape"])] for r in rows])
    return shapes, np.array([float(r["latency_s"]) for r in rows])
