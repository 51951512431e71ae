"""Accuracy of serving runs that their makers or users published: prompts, decode steps, whole services.

Rows are answered by `estimate` as a user would ask for them. No number was fitted on them.
"""

from __future__ import annotations

import csv
from typing import Any

import numpy as np

import tables
from accuracy_table import Table
from printed import MEASURED
from twokey.api import estimate
from twokey.perf.fitted.chip import named
from twokey.perf.fitted.coefficients import FRAMEWORKS
from twokey.quantities.problem import Problem
from twokey.workloads.models import find

__all__ = ["predict", "run"]

MAXIMA = ("S024", "S025", "S026", "S027", "S028", "S032", "S033")
"""Rows whose source is TensorRT-LLM's own list of offline maxima, with a cache in 8 bits."""
DRAFTS = {"D003": 0.6}
"""Acceptance of the drafted token where a row says that one was simulated."""
EXPERTS_OF_FOUR_BITS = ("gpt-oss-120b", "gpt-oss-20b")

Row = dict[str, str]


def predict(r: Row) -> tuple[float, float] | str:
    """Return (predicted, measured) in the row's unit, or why the row cannot be asked.

    Notes
    -----
    Rates: tokens of prompts or of answers. Offline maxima: the largest rate over the sequences that fit the memory;
    they count tokens of answers only.
    """
    try:
        chip, model = named(r["hardware"]).id, find(r["model"]).id
    except Problem as e:
        return f"{e.where} {e.given}"
    value = float(r["value"])
    framework = "trtllm" if r["id"] in MAXIMA else next((f for f in FRAMEWORKS if f in r["notes"]), None)
    tp, dp, ep = (int(r[name] or 1) for name in ("tp", "dp", "ep"))
    ask: dict[str, Any] = {
        "model": model,
        "precision": "mxfp4" if model in EXPERTS_OF_FOUR_BITS else r["precision"],
        "kv_precision": "fp8" if framework == "trtllm" else "bf16",
        "framework": framework,
        "tp": tp,
        "ep": ep,
    }
    if r["kind"] in ("prefill", "decode"):
        if not (r["batch"] and r["input_len"] and ep > 1):
            return "batch or length not said"
        context = int(r["input_len"])
        each = int(r["batch"]) // (context if r["batch_scope"] == "tokens_per_device" else 1)
        ask |= {"devices": ep, "dp": ep, "tp": 1, "batch": ep * max(1, each), "input_len": context, "output_len": 2}
        if r["id"] in DRAFTS:
            ask["mtp_acceptance"] = DRAFTS[r["id"]]
        answer = estimate(chip, phase=r["kind"], **ask)
        return 8.0 * answer["tokens_per_s_per_device"], value
    if not (r["input_len"] and r["output_len"]):
        return "lengths not said"
    ask |= {"phase": "serve", "devices": int(r["n_devices"]), "dp": dp}
    ask |= {"input_len": int(r["input_len"]), "output_len": int(r["output_len"])}
    if r["metric"] == "tpot":
        return 1e3 * estimate(chip, batch=int(r["batch"]), **ask)["tpot_s"], value
    if r["metric"] == "output_tokens_per_s_per_device":
        found = estimate(chip, batch=dp, curve=True, **ask)["curve"]
        return max(point["tokens_per_s_per_device"] for point in found), value
    return "includes queueing" if r["metric"] == "ttft" else f"{r['metric']} is context"


def run(table: Table, *, show: bool = False) -> None:
    """Score every row that says enough, and count the others by reason."""
    path = MEASURED / "published.csv"
    if not path.exists():
        table.lacking(f"published.csv in {MEASURED.name}: set MEASURED to the folder that holds it")
        return
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [r for r in csv.DictReader(stream) if r["kind"] in ("prefill", "decode", "serve")]
    fitted_chips = [tables.CHIPS[system] for system in tables.FITTED]
    found: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    reasons: dict[str, list[str]] = {}
    for r in rows:
        answer = predict(r)
        if isinstance(answer, str):
            reasons.setdefault(answer, []).append(r["id"])
            continue
        if show:
            print(
                f"  {r['id']:<5} {r['model']:<14} {r['hardware']:<15} {r['metric']:<31}",
                *(f"{v:>10.4g}" for v in answer),
            )
        found[named(r["hardware"]).id in fitted_chips].append(answer)
    for fitted, name, bar in ((True, "H100", 10.0), (False, "other chips", 15.0)):
        if found[fitted]:
            predicted, measured = np.array(found[fitted]).T
            table.row(f"published serving, {name}", predicted, measured, bar_median=bar, blind=not fitted)
    for reason, ids in reasons.items():
        table.lacking(
            f"published serving, {len(ids)} rows: {reason} ({', '.join(ids[:6])}{' ...' if len(ids) > 6 else ''})"
        )


if __name__ == "__main__":
    run(Table(), show=True)
