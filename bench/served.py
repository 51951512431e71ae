"""Rows of served models: what was measured, and the workload of each row."""

from __future__ import annotations

import csv
from dataclasses import dataclass

import numpy as np

import tables
from printed import MEASURED
from twokey.perf.fitted.chip import named
from twokey.perf.fitted.coefficients import Coefficients
from twokey.perf.fitted.serving import step_times
from twokey.workloads.build import build, layout_for
from twokey.workloads.models import find
from twokey.workloads.workload import Workload

__all__ = ["Row", "read_rows"]


@dataclass(frozen=True, slots=True)
class Row:
    """One measured row: its workload on one replica, time per output token, and aiconfigurator's prediction [s].

    `ranks` are the replicas that exchange tokens with the experts [1].
    """

    model: str
    attention: str
    experts: bool
    system: str
    framework: str
    load: Workload
    sequences: float
    ranks: int
    tpot_s: float
    peer_s: float

    def predict(self, fitted: Coefficients) -> float:
        """Return the time per output token of the model [s]."""
        w = self.load
        steps = step_times(
            named(tables.CHIPS[self.system]),
            fitted,
            w.decode,
            w.prefill,
            sequences=self.sequences,
            prompts=1.0,
            input_len=w.input_len,
            output_len=w.output_len,
            ranks=self.ranks,
            framework=self.framework,
        )
        return steps.tpot_s


def read_rows() -> list[Row]:
    """Return the comparable rows (`fair`), or none where the file is absent."""
    path = MEASURED / "silicon-tpot.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return [_row(r) for r in csv.DictReader(stream) if r["fair"] == "1"]


def _row(r: dict[str, str]) -> Row:
    model, tp, dp = find(r["model"]), int(r["tp"]), int(r["dp"])
    layout = layout_for(
        model,
        devices=tp * dp,
        tp=tp,
        dp=dp,
        ep=int(r["moe_ep"]) if model.experts else 1,
        precision=r["precision"] if r["precision"] in ("fp8", "fp4") else "bf16",
        kv_precision="fp8" if r["aic_tpot_fp8kv_ms"] else "bf16",
    )
    batch = int(float(r["concurrency"]))
    load = build(
        model,
        layout,
        name=r["id"],
        objective="tpot",
        batch=batch,
        input_len=int(r["isl"]),
        output_len=int(r["osl"]),
        prefill_batch=dp,
    )
    peer = r["aic_tpot_fp8kv_ms"] or r["aic_tpot_ms"]
    return Row(
        model.id,
        model.attention,
        bool(model.experts),
        r["system"],
        r["backend"],
        load,
        batch / dp,
        dp if layout.exchanges else 1,
        float(r["tpot_ms"]) * 1e-3,
        float(peer) * 1e-3 if peer else float(np.nan),
    )
