"""Training runs as published beside what the model says: bench/training.py [--fit] [--write].

Rows are the cited facts of src/twokey/data/perf/training-published.yaml and, where the folder MEASURED (default
../shared/measured) exists, the training rows of its published.csv. --fit sets the three coefficients fitted for
training on rows of A100 and H100 (`FITS`), anew whenever those of the operators change; --write sets the errors that
intervals are made of, the coefficients fitted without the source that a row comes from.
"""

from __future__ import annotations

import csv
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from twokey.chips import catalogue
from twokey.perf.training.figures import read
from twokey.perf.training.published import Published, predicted, published, slowness
from twokey.quantities.problem import Problem
from twokey.workloads.models import find

DATA = Path(__file__).parent.parent / "src" / "twokey" / "data" / "perf"
FITTED = ("korthikanti-megatron-gpt-22b", "korthikanti-mt-nlg-530b")
_FITTED_CHIPS = ("nvidia-a100", "nvidia-h100")


def _group(row: Published) -> str:
    if row.quantity == "step_s":
        return "Korthikanti iteration times"
    if "2205.05198" in row.source:
        return "Korthikanti, derived and memory"
    if row.id == "deepseek-v3-h800":
        return "DeepSeek-V3 pre-training on H800"
    return "published training, " + ("A100, H100" if row.chip in _FITTED_CHIPS else "other chips")


_QUANTITY = {
    "hfu_tflops_per_device": "hfu_TFLOPS",
    "model_tflops_per_device": "model_TFLOPS",
    "tokens_per_s_per_device": "tokens_per_s_per_device",
    "iteration_time": "step_s",
    "mfu_pct": "mfu_percent",
    "activation_memory_per_device": "activations_GiB",
}


def measured(folder: Path) -> tuple[list[Published], list[str]]:
    """Return the training rows of published.csv that say enough of their layout, and what the others lack."""
    out, left = [], []
    with (folder / "published.csv").open(encoding="utf-8", newline="") as f:
        for r in csv.DictReader(f):
            if r["kind"] != "train":
                continue
            if r["metric"] not in _QUANTITY or not (r["tp"] or r["pp"]):
                left.append(f"{r['id']} {r['metric']} ({r['model']}): no layout, or a metric that is not of a step")
                continue
            try:
                out.append(_of_csv(r))
            except (Problem, KeyError, ValueError) as e:
                left.append(f"{r['id']} {r['metric']} ({r['model']}): {e}")
    return out, left


def _of_csv(r: dict[str, str]) -> Published:
    notes = r["notes"].lower()
    chip, model = catalogue.find(r["hardware"]).id, find(r["model"]).id
    options: dict[str, Any] = {name: int(r[name]) for name in ("tp", "pp", "micro_batch") if r[name]}
    for name in ("cp", "interleave"):
        if m := re.search(rf"\b{name} ?(\d+)", notes):
            options[name] = int(m[1])
    if r["ep"] and int(r["ep"]) > 1:
        options["ep"] = int(r["ep"])
    options["input_len"] = int(r["input_len"] or 4096)
    precision = "fp8" if "fp8" in r["precision"] else r["precision"]
    options["precision"] = precision if precision in ("bf16", "fp16", "fp8") else "fp8"
    old = "2104.04473" in r["source"]
    if old:
        options["stack"] = "megatron-2021"
    if "megatron-bridge" in r["source"].lower():
        options["stack"] = "megatron-bridge"
    if "zero-3" in notes:
        options["zero"] = 3
    if old or "full recompute" in notes or "activation ckpt on" in notes:
        options["recompute"] = "full"
    elif "selective" in notes:
        options["recompute"] = "selective"
    elif "no recompute" in notes or "activation ckpt off" in notes:
        options["recompute"] = "none"
    if "no seq-parallel" in notes or "no sp" in notes or old:
        options["sequence_parallel"] = False
    elif "seq-parallel" in notes or re.search(r"\bsp\b", notes):
        options["sequence_parallel"] = True
    layout = options.get("tp", 1) * options.get("pp", 1) * options.get("cp", 1)
    options["devices"] = int(r["n_devices"] or layout)
    if r["batch"]:
        options["batch"] = int(float(r["batch"]))
    elif "2205.05198, fig" in r["source"].lower():
        options["batch"] = {8: 64, 35: 280, 64: 512}.get(options.get("pp", 1), 4)
        options["interleave"] = 3 if options.get("pp", 1) in (8, 35) else 1
    elif "internevo" in r["source"].lower():
        rounds = 4 if "ckpt off" in notes else 1
        options |= {
            "batch": options["devices"] * options["micro_batch"] * rounds,
            "scale_out_GBps": 6.25,
            "stack": "internevo",
        }
    peer = float(r["peer_value"]) if r["peer_value"] else None
    full = "megatron-lm readme" in r["source"].lower()
    return Published(
        r["id"], model, chip, _QUANTITY[r["metric"]], float(r["value"]), options, r["source"], peer, full_attention=full
    )


FITS: dict[str, Callable[[Published], bool]] = {
    "sustained_share_narrow": lambda row: row.id.rpartition("-")[0] in FITTED,
    "sustained_share_wide": lambda row: row.chip == "nvidia-h100" and not find(row.model).experts,
    "spread_overlap": lambda row: row.options.get("zero") == 3 and row.chip == "nvidia-a100",
}
"""The coefficients fitted for training, and the cited rows each is fitted on."""


def fit(name: str, only: list[Published]) -> float:
    """Return the value of a coefficient at which the mean logarithm of measured over predicted time is nothing."""
    coefficients = read().coefficients
    before, low, high = coefficients[name], 0.0 if name == "spread_overlap" else 0.5, 1.2
    for _ in range(12):
        coefficients[name] = middle = (low + high) / 2
        error = np.mean([np.log(slowness(row)) for row in only])
        low, high = (low, middle) if error > 0 else (middle, high)
    coefficients[name] = before
    return (low + high) / 2


def refit(everything: list[Published]) -> None:
    """Set every fitted coefficient on those of the rows that it is fitted on."""
    for name, chosen in FITS.items():
        only = [row for row in everything if chosen(row)]
        if only:
            read().coefficients[name] = fit(name, only)


def rows(folder: Path) -> list[tuple[str, str, float, float, float | None]]:
    """Return (group, id, predicted, measured, peer's value) of the folder's rows if it exists, then of the cited."""
    found = measured(folder)[0] if (folder / "published.csv").is_file() else []
    known = {(row.quantity, row.value) for row in found}
    found += [row for row in published() if (row.quantity, row.value) not in known]
    out = []
    for row in found:
        try:
            out.append((_group(row), row.id, predicted(row), row.value, row.peer))
        except Problem as problem:
            print(f"absent: {row.id}: {problem}")
    return out


def _write_coefficients() -> None:
    path = DATA / "training.yaml"
    text = path.read_text(encoding="utf-8")
    for name in FITS:
        text = re.sub(rf"({name}: \{{value: )[0-9.]+", rf"\g<1>{read().coefficients[name]:.4f}", text)
    path.write_text(text, encoding="utf-8")


def _write_errors() -> None:
    """Write measured over predicted by kind of model, each source predicted with what the others say."""
    everything = [row for row in published() if not _no_chip(row)]
    coefficients = read().coefficients
    kept = dict(coefficients)
    ratios: dict[str, list[float]] = {"dense": [], "experts": []}
    for source in sorted({row.source for row in everything}):
        # narrow cores have one source in the fit: without it, the other rows of A100 that are dense take its place
        others = [row for row in everything if row.source != source]
        refit(others)
        if "2205.05198" in source:
            dense = [row for row in others if row.chip == "nvidia-a100" and row.options.get("zero") != 3]
            coefficients["sustained_share_narrow"] = fit("sustained_share_narrow", dense)
        for row in everything:
            if row.source == source:
                ratios["experts" if find(row.model).experts else "dense"].append(slowness(row))
        print(f"without {source}: " + ", ".join(f"{name} {coefficients[name]:.3f}" for name in FITS))
        coefficients.update(kept)
    lines = [
        "# Errors of the training model by kind of model; written by bench/training.py --write.",
        "# low and high: measured over predicted step at the 5th and 95th percentile, each source left out in turn.",
        "classes:",
    ]
    for name, values in ratios.items():
        low, middle, high = np.percentile(values, [5, 50, 95])
        lines.append(
            f"  {name}: {{low: {low:.3f}, middle: {middle:.3f}, high: {high:.3f}, rows: {len(values)}, "
            "evidence: {source: blind-training, confidence: derived, checked: unverified}}"
        )
    (DATA / "training-errors.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _no_chip(row: Published) -> bool:
    return catalogue.find(row.chip).architecture is None


def main() -> None:
    """Print every row, then the errors of each group."""
    if "--fit" in sys.argv:
        refit([row for row in published() if not _no_chip(row)])
        _write_coefficients()
        print(", ".join(f"{name} {read().coefficients[name]:.4f}" for name in FITS))
    if "--write" in sys.argv:
        _write_errors()
    folder = Path(os.environ.get("MEASURED", "../shared/measured"))
    if (folder / "published.csv").is_file():
        for line in measured(folder)[1]:
            print("absent: " + line)
    else:
        print(f"absent: {folder}/published.csv; the cited rows only")
    groups: dict[str, list[float]] = {}
    peers: dict[str, list[float]] = {}
    for group, row_id, ours, value, peer in rows(folder):
        error = 100 * (ours / value - 1)
        groups.setdefault(group, []).append(error)
        theirs = f"{100 * (peer / value - 1):+7.1f}" if peer else ""
        if peer:
            peers.setdefault(group, []).append(100 * (peer / value - 1))
        print(f"{row_id:<40} {ours:12.4g} {value:12.4g} {error:+7.1f} % {theirs}")
    for group, errors in groups.items():
        a, other = np.abs(errors), np.abs(peers.get(group, []))
        beside = f"; peer mean {other.mean():.1f}, max {other.max():.1f} on {other.size}" if other.size else ""
        print(f"{group}: median {np.median(a):.1f}, mean {a.mean():.1f}, max {a.max():.1f}, {a.size} rows{beside}")


if __name__ == "__main__":
    main()
