"""Accuracy of single operators: tables of the package, and rows printed by LLMCompass."""

from __future__ import annotations

import csv
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

import points
import tables
from accuracy_table import Table
from fit_rest import EIGHT_BIT, by_kernel, moe_rows, moe_times
from printed import MEASURED
from twokey.perf.fitted.attention import decode_attention_s, prefill_attention_s
from twokey.perf.fitted.chip import RealChip, named
from twokey.perf.fitted.coefficients import FRAMEWORKS, read
from twokey.perf.fitted.collective import one_pass_s
from twokey.perf.fitted.gemm import gemm_core_s
from twokey.perf.fitted.operators import DEFAULT_ROUTING, DTYPES, matmul_s, operator_latencies

__all__ = ["run"]

SYSTEMS = ("a100_sxm", "h100_sxm", "h200_sxm", "b200_sxm", "b300_sxm", "l40s")
Floats = NDArray[np.float64]


def run(table: Table) -> None:
    """Score every operator the data at hand allows."""
    if tables.available():
        _gemm(table)
        _narrow(table)
        _attention(table)
        _moe(table)
        _nccl(table)
        _one_pass(table)
    else:
        table.lacking("tables of aiconfigurator-core 0.12.0: make accuracy installs them where a package index answers")
    points.run(table)
    _printed(table)
    for name in ("H20", "MI210", "Ascend"):
        table.lacking(f"measured operators of {name}: kept back for scoring")


def _roofline(chip: RealChip, m: Floats, n: Floats, k: Floats) -> Floats:
    bytes_ = 2 * (m * k + k * n + m * n)
    return np.asarray(np.maximum(2 * m * n * k / chip.peak_op_per_s, bytes_ / chip.dram_Bps))


def _gemm(table: Table) -> None:
    """Score every row of every framework, and each shape once with the median of its frameworks.

    The trial whose errors stand beside counts 36,000 shapes a chip, which is each shape once; frameworks differ by 3 to
    5%, which a model that is not told the framework cannot undercut. Both have the bar.
    """
    bars = {"h200_sxm": 5.0, "b200_sxm": 8.0, "l40s": 10.0}
    trial = {"h200_sxm": ", trial 5.0/6.6", "b200_sxm": ", trial 8.1/10", "l40s": ", trial 12/15"}
    for system in SYSTEMS:
        chip, blind = named(tables.CHIPS[system]), system not in tables.FITTED
        found = [tables.where(tables.rows(system, f, "gemm"), gemm_dtype="bfloat16") for f in FRAMEWORKS]
        every = {n: np.concatenate([d[n] for d in found if d]).astype(float) for n in ("m", "n", "k", "latency_s")}
        for d, what, bar in ((every, "", bars.get(system)), (tables.gemm(system), ", shapes once", bars.get(system))):
            m, n, k, measured = d["m"], d["n"], d["k"], d["latency_s"]
            predicted = matmul_s(chip, read(), np.stack([m, n, k], axis=1), DTYPES["bf16"])
            large = (n >= 1024) & (k >= 1024)
            e = 100 * np.abs(_roofline(chip, m, n, k)[large] / measured[large] - 1)
            peer = f"roofline {np.median(e):.0f}/{e.mean():.0f}" + ("" if what else trial.get(system, ""))
            name, of = f"GEMM bf16, n and k >= 1024, {system}{what}", "" if what else "matmul-16"
            table.row(name, predicted[large], measured[large], bar_median=bar, peer=peer, of=of, blind=blind)
            if system == "l40s" and not what:  # rows faster than memory allows were measured with warm caches
                cold = large & (2 * (m * k + k * n + m * n) / measured < 1.02 * chip.dram_Bps)
                table.row(name + ", cold rows", predicted[cold], measured[cold])
            if not what:
                table.row(f"GEMM bf16, all shapes, {system}", predicted, measured, blind=blind)


def _narrow(table: Table) -> None:
    for dtype, bars, systems in (
        ("fp8", {"h200_sxm": 10.0, "b200_sxm": 12.0}, ("h100_sxm", "h200_sxm", "b200_sxm")),
        ("nvfp4", {"b200_sxm": 15.0}, ("b200_sxm", "b300_sxm")),
    ):
        for system in systems:
            told, untold, measured = [], [], []
            for framework in FRAMEWORKS:
                d = tables.sample(tables.where(tables.rows(system, framework, "gemm"), gemm_dtype=dtype), 8000)
                if not d:
                    continue
                shapes = np.stack([d["m"], d["n"], d["k"]], axis=1).astype(float)
                chip = named(tables.CHIPS[system])
                told.append(matmul_s(chip, read(), shapes, DTYPES[dtype], framework=framework))
                untold.append(matmul_s(chip, read(), shapes, DTYPES[dtype]))
                measured.append(d["latency_s"])
            blind = system not in tables.FITTED
            name = f"GEMM {dtype} with quantising, {system}"
            of = "matmul-8" if dtype == "fp8" else "matmul-4"
            table.row(
                name,
                np.concatenate(told),
                np.concatenate(measured),
                bar_median=bars.get(system),
                of=of,
                blind=blind,
                peer="trial 4-13 (H200), 10-14 (B200)" if dtype == "fp8" else "none",
            )
            table.row(name + ", framework not told", np.concatenate(untold), np.concatenate(measured), blind=blind)


def _attention(table: Table) -> None:
    bars = {"decode": {"h200_sxm": 6.0, "b200_sxm": 6.0}, "prefill": {"h200_sxm": 6.0, "b200_sxm": 12.0}}
    trial = {
        "decode": {"h200_sxm": "trial 7.6/9.1", "b200_sxm": "trial 5.3/9.5"},
        "prefill": {"h200_sxm": "trial 5-9", "b200_sxm": "trial 17-22"},
    }
    for phase in ("decode", "prefill"):
        for system in ("h100_sxm", "h200_sxm", "b200_sxm", "b300_sxm"):
            told, untold, measured = [], [], []
            for framework in FRAMEWORKS:
                d = _attention_rows(phase, system, framework)
                if not d:
                    continue
                told.append(_attention_s(phase, system, d, framework))
                untold.append(_attention_s(phase, system, d, None))
                measured.append(d["latency_s"])
            blind = system not in tables.FITTED
            some = "S >= 512, KV heads <= 8, " if phase == "decode" else "S >= 512, "
            table.row(
                f"{phase} attention bf16, {some}{system}",
                np.concatenate(told),
                np.concatenate(measured),
                bar_median=bars[phase].get(system),
                peer=trial[phase].get(system, ""),
                of=f"{phase}-attention",
                blind=blind,
            )
            table.row("  framework not told", np.concatenate(untold), np.concatenate(measured), blind=blind)


def _attention_rows(phase: str, system: str, framework: str) -> tables.Columns:
    if phase == "decode":
        d = tables.decode(system, framework, kv_cache_dtype="bfloat16", head_dim=128)
        return tables.take(d, (d["window"] == 0) & (d["context"] >= 512) & (d["kv_heads"] <= 8)) if d else {}
    d = tables.prefill(system, framework, kv_cache_dtype="bfloat16", attn_dtype="bfloat16", head_dim=128)
    return tables.take(d, (d["window"] == 0) & (d["context"] >= 512)) if d else {}


def _attention_s(phase: str, system: str, d: tables.Columns, framework: str | None) -> Floats:
    chip = named(tables.CHIPS[system])
    if phase == "decode":
        c = read().decode(chip.wide, framework, chip.pairs)
        return decode_attention_s(chip, c, d["batch"] * d["kv_heads"], d["heads"] / d["kv_heads"], d["context"])
    c = read().prefill(chip.wide, framework)
    return prefill_attention_s(chip, c, d["batch"], d["context"], d["heads"], d["kv_heads"])


def _moe(table: Table) -> None:
    """Score layers of experts: the framework, its kernel and the routing are known as the tables name them."""
    bars = {"h200_sxm": 12.0, "b200_sxm": 15.0}
    for bits, name in ((16, "bf16"), (8, "fp8"), (4, "nvfp4")):
        for system in ("b200_sxm", "b300_sxm") if bits == 4 else ("h100_sxm", "h200_sxm", "b200_sxm", "b300_sxm"):
            told, untold, measured = [], [], []
            chip = named(tables.CHIPS[system])
            for framework in FRAMEWORKS:
                dtype = {16: "bfloat16", 8: EIGHT_BIT[framework], 4: "nvfp4"}[bits]
                d = moe_rows(system, framework, dtype, 1500, seed=1)
                for kernel, part in by_kernel(d).items() if d else ():
                    c = read().experts(chip.wide, framework, bits, chip.pairs, kernel)
                    told.append(moe_times(system, part, c, bits, kernel))
                    same = part | {"distribution": np.full(len(part["latency_s"]), DEFAULT_ROUTING)}
                    untold.append(moe_times(system, same, read().experts(chip.wide, None, bits, chip.pairs), bits))
                    measured.append(part["latency_s"])
            blind = system not in tables.FITTED
            table.row(
                f"MoE layer {name}, {system}",
                np.concatenate(told),
                np.concatenate(measured),
                bar_median=bars.get(system) if bits > 4 else None,
                peer="none",
                of=f"moe-{bits}" if bits > 4 else "",
                blind=blind,
            )
            table.row(
                "  framework, kernel and routing not told",
                np.concatenate(untold),
                np.concatenate(measured),
                blind=blind,
            )


def _nccl(table: Table) -> None:
    bars = {"h200_sxm": 6.0}
    for system in ("a100_sxm", "h100_sxm", "h200_sxm", "b200_sxm", "b300_sxm"):
        d = tables.all_reduce(system)
        cases = [("allreduce", "fp16", s) for s in zip(d["devices"], d["bytes"], strict=True)]
        predicted = operator_latencies(named(tables.CHIPS[system]), cases)
        blind = system not in tables.FITTED
        peer = "trial 6" if system == "h200_sxm" else "trial 30" if system == "b200_sxm" else ""
        table.row(
            f"all-reduce NCCL, {system}",
            predicted,
            d["latency_s"],
            bar_median=bars.get(system),
            peer=peer,
            of="allreduce",
            blind=blind,
        )


def _one_pass(table: Table) -> None:
    for system in ("a100_sxm", "h100_sxm", "h200_sxm", "b200_sxm", "l40s"):
        chip, predicted, measured = named(tables.CHIPS[system]), [], []
        c = read().groups[f"one-pass-library-{'wide' if chip.wide else 'narrow'}"]
        for name in ("all_gather", "reduce_scatter", "alltoall"):
            d = tables.one_pass(system, name)
            predicted.append(one_pass_s(chip, c, d["devices"], d["bytes"]))
            measured.append(d["latency_s"])
        table.row(
            f"gather, scatter, all-to-all NCCL, {system}",
            np.concatenate(predicted),
            np.concatenate(measured),
            blind=system not in tables.FITTED,
        )


def _printed(table: Table) -> None:
    path = MEASURED / "operators-a100.csv"
    if not path.exists():
        table.lacking(f"operators-a100.csv in {MEASURED.name}: set MEASURED to the folder that holds it")
        return
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    bars = {"matmul": 6.5, "softmax": 9.4, "layernorm": 8.7, "gelu": 5.5, "allreduce": 15.0}
    chip = named("nvidia-a100")
    for operator, bar in bars.items():
        some = [r for r in rows if r["operator"] == operator]
        shapes = [[float(v) for v in re.findall(r"\d+", r["shape"])] for r in some]
        if operator == "allreduce":
            shapes = [[4.0, *s] for s in shapes]
        measured = np.array([float(r["latency_s"]) for r in some])
        peer = np.array([float(r["llmcompass_latency_s"]) for r in some])
        e = 100 * np.abs(peer / measured - 1)
        predicted = operator_latencies(chip, [(operator, "fp16", s) for s in shapes], timing="eager")
        table.row(
            f"A100 {operator}, eager, rows of LLMCompass",
            predicted,
            measured,
            bar_mean=bar,
            blind=False,
            peer=f"LLMCompass {np.median(e):.1f}/{e.mean():.1f} (all its rows)",
        )
    for phase, bar in (("prefill", 2.0), ("decode", 6.0)):
        _layer(table, chip, [r for r in rows if r["operator"].startswith(f"gpt3_layer_{phase}_")], phase, bar)


def _layer(table: Table, chip: RealChip, rows: list[dict[str, Any]], phase: str, bar: float) -> None:
    """Score a GPT-3 layer on four A100 as the sum of its operators, each timed eagerly."""
    predicted = {}
    fitted = read()
    for r in rows:
        name, numbers = r["operator"].split(f"_{phase}_")[1], [float(v) for v in re.findall(r"\d+", r["shape"])]
        if name == "TOTAL":
            continue
        if name.startswith("AllReduce"):
            case, times = ("allreduce", "fp16", [4.0, numbers[0]]), 1.0
        elif name == "Q_K_V":
            case, times = ("matmul", "fp16", numbers[1:]), numbers[0]
        elif name in ("Softmax", "LayerNorm_MHA", "LayerNorm_FFN", "GeLU"):
            case, times = (name.split("_")[0].lower(), "fp16", numbers), 1.0
        elif r["shape"].startswith("bmm"):
            c = fitted.gemm(chip.wide)
            core = gemm_core_s(chip, c, *numbers[1:], batch=numbers[0])
            gap = fitted.groups["host"]["product_gap_us"] + c["launch_us"]
            predicted[name] = float(core[0]) + gap * 1e-6
            continue
        else:
            case, times = ("matmul", "fp16", numbers), 1.0
        predicted[name] = times * float(operator_latencies(chip, [case], timing="eager")[0])
    whole = next(r for r in rows if r["operator"].endswith("TOTAL"))
    peer = 100 * (float(whole["llmcompass_latency_s"]) / float(whole["latency_s"]) - 1)
    table.row(
        f"GPT-3 layer on 4 A100, {phase}",
        [sum(predicted.values())],
        [float(whole["latency_s"])],
        bar_median=bar,
        blind=False,
        peer=f"LLMCompass {peer:+.1f}",
    )
