"""What is said of a training step: its shares, its memory, its interval, and what a whole run costs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from twokey.perf.fitted.chip import RealChip
from twokey.perf.training.block import block_times
from twokey.perf.training.figures import Figures
from twokey.perf.training.interval import spread_of
from twokey.perf.training.layer import Kernels
from twokey.perf.training.memory import device_memory
from twokey.perf.training.network import FittedNetwork
from twokey.perf.training.reliability import goodput
from twokey.perf.training.run import Run
from twokey.perf.training.search import KernelTable
from twokey.perf.training.step import Step, kernel_key, step_of_blocks
from twokey.perf.training.strategy import Strategy, columns_of

__all__ = ["layout", "of_run", "of_step"]


def of_step(
    table: KernelTable, net: FittedNetwork, strategy: Strategy, room_bytes: float, real: RealChip
) -> dict[str, Any]:
    """Return time, utilisation, memory, interval and shares of a step with one strategy.

    Parameters
    ----------
    table, net : kernel times and communication
    room_bytes : memory that a device has for the run [byte]
    real : the chip, whose dense 16-bit peak utilisation is counted against
    """
    c, run = columns_of([strategy]), table.run
    kernels = table.of(kernel_key(c))
    step = step_of_blocks(table.costs, run, net, c, block_times(kernels, run, net, c), kernels)
    total, memory = float(step.total_s[0]), device_memory(run, c)
    peak = real.peak_op_per_s * strategy.devices
    again = {"none": 0.0, "selective": 0.0, "full": run.weight_op + run.attention_op}[strategy.recompute]
    if strategy.recompute == "selective" and not run.fused_attention:
        again = run.attention_op
    done = run.step_op + again * run.batch * run.length
    used = float(memory.total[0])
    spread = spread_of(bool(run.model.experts))
    return {
        "step_s": total,
        "tokens_per_s_per_device": run.batch * run.length / total / strategy.devices,
        "mfu": run.step_op / total / peak,
        "hfu": done / total / peak,
        "memory_bytes_per_device": used,
        "memory": {name: float(np.ravel(value)[0]) for name, value in asdict(memory).items()},
        "fits": used <= room_bytes,
        "bottlenecks": _bottlenecks(step, kernels, strategy, total),
        "interval": {"low": total * spread.low, "high": total * spread.high},
        "calibrated": True,
    }


def _bottlenecks(step: Step, kernels: Kernels, strategy: Strategy, total: float) -> list[dict[str, Any]]:
    """Return the parts of a step with the resource that bounds each; compute is split into kinds of kernels."""

    def of(name: str) -> float:
        return float(np.ravel(getattr(kernels, name))[0])

    split = "hidden_split" if strategy.exchange == "sequence" and strategy.tp > 1 else "hidden"
    kinds = {
        "products": (of("matrix_f") + of("matrix_d") + of("matrix_w"), "compute"),
        "attention": (of("core_f") + of("core_b"), "compute"),
        "element-wise": (of(split + "_f") + of(split + "_b") + of("inner_f") + of("inner_b"), "dram"),
    }
    whole = sum(time for time, _ in kinds.values())
    computed = float(np.ravel(step.forward_s + step.backward_s)[0])
    rows = [(name, computed * time / whole, bound) for name, (time, bound) in kinds.items()]
    parts = {
        "again_s": ("recomputation", "compute"),
        "head_s": ("output-and-loss", "compute"),
        "tensor_s": ("tensor-parallel-exchange", "link"),
        "expert_s": ("expert-exchange", "link"),
        "pipeline_s": ("between-stages", "link"),
        "data_s": ("gradients-and-weights", "network"),
        "bubble_s": ("pipeline-bubble", "wait"),
        "optimiser_s": ("optimiser", "dram"),
        "host_s": ("host-memory", "host"),
    }
    rows += [(shown, float(np.ravel(getattr(step, name))[0]), bound) for name, (shown, bound) in parts.items()]
    rows.sort(key=lambda row: -row[1])
    return [{"operator": name, "share": time / total, "bound_by": bound} for name, time, bound in rows if time > 0]


def layout(strategy: Strategy, run: Run) -> dict[str, Any]:
    """Return a strategy as the answer shows it, with the batch and the length of sequences."""
    out = {
        n: getattr(strategy, n)
        for n in ("tp", "pp", "dp", "cp", "ep", "micro_batch", "interleave", "recompute", "zero")
    }
    return out | {
        "sequence_parallel": strategy.exchange == "sequence" and strategy.tp > 1,
        "batch": run.batch,
        "input_len": run.length,
    }


def of_run(
    answer: dict[str, Any], run: Run, strategy: Strategy, tokens: float | None, price: float | None, figures: Figures
) -> dict[str, Any]:
    """Return what a run on so many tokens takes, interruptions included, and costs.

    Parameters
    ----------
    answer : what `of_step` says
    tokens : tokens of the run; a number below 10,000 is read as trillions [token]
    price : price of a device-hour [USD]
    """
    good = goodput(strategy.devices, figures)
    out: dict[str, Any] = {"goodput": good}
    if tokens is None:
        return out
    count = tokens * 1e12 if tokens < 10_000 else tokens
    steps = count / (run.batch * run.length)
    hours = steps * answer["step_s"] * strategy.devices / 3600.0 / good
    out |= {"tokens": count, "device_hours": hours, "days": hours / strategy.devices / 24.0}
    low, high = (hours * answer["interval"][key] / answer["step_s"] for key in ("low", "high"))
    out["device_hours_interval"] = {"low": low, "high": high}
    if price is not None:
        out["cost_usd"] = hours * price
    return out
