"""Accuracy on points drawn evenly over half-decades of ideal time, answered as the command line does.

Neither the framework nor the routing of a point is told.
"""

from __future__ import annotations

import csv

import numpy as np

import tables
from accuracy_table import Table
from printed import MEASURED
from twokey.perf.fitted.chip import named
from twokey.perf.fitted.operators import operator_latencies

__all__ = ["run"]

_SHAPES = {
    "gemm": ("matmul", ("m", "n", "k")),
    "generation_attention": ("decode-attention", ("batch_size", "seq_len", "num_heads", "num_kv_heads", "head_dim")),
    "context_attention": ("prefill-attention", ("batch_size", "seq_len", "num_heads", "num_kv_heads", "head_dim")),
    "moe": (
        "moe",
        ("num_tokens", "hidden_size", "inter_size", "topk", "num_experts", "moe_tp_size", "moe_ep_size"),
    ),
    "allreduce": ("allreduce", ("num_gpus", "message_elems")),
}


def run(table: Table) -> None:
    """Score the points of each chip and family."""
    path = MEASURED / "aic-eval-points.csv"
    if not path.exists():
        table.lacking(f"{path.name} in {MEASURED.name}: set MEASURED to the folder that holds it")
        return
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for family, (operator, names) in _SHAPES.items():
        for system in ("h100_sxm", "h200_sxm", "b200_sxm", "l40s"):
            some = [r for r in rows if r["family"] == family and r["system"] == system]
            if not some:
                continue
            cases = []
            for r in some:
                shape = [float(r[n] or 0) for n in names]
                if operator.endswith("attention"):
                    shape[3] = shape[3] or shape[2]
                elif operator == "allreduce":
                    shape[1] *= 2  # elements of 16 bits
                cases.append((operator, "bf16", shape))
            predicted = operator_latencies(named(tables.CHIPS[system]), cases)
            measured = np.array([float(r["latency_ms"]) * 1e-3 for r in some])
            table.row(f"points, {family}, {system}", predicted, measured, blind=system not in tables.FITTED)
