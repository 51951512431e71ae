"""The answer to `estimate --phase train`: a chip, a model, a layout or the best one, and what a step and a run cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from twokey.chips.catalogue import Chip
from twokey.chips.design import Design
from twokey.perf.fitted.chip import RealChip, from_catalogue, from_design_record
from twokey.perf.fitted.coefficients import read as read_operators
from twokey.perf.training.figures import Figures, read
from twokey.perf.training.layout import Asked, check_sizes, fixed_values, machine, run_of, stack_of
from twokey.perf.training.network import FittedNetwork
from twokey.perf.training.options import count_of
from twokey.perf.training.report import layout, of_run, of_step
from twokey.perf.training.run import Run
from twokey.perf.training.search import Found, KernelTable, best_of
from twokey.perf.training.spaces import Fixed, every_choice, usual
from twokey.perf.training.strategy import Strategy
from twokey.quantities.problem import Problem
from twokey.workloads.models import Model, find

__all__ = ["best_strategy", "estimate_training"]

_HOST_BYTES = 512e9 * 8  # of a node, shared by its devices below


def estimate_training(
    chip: Chip | Design,
    *,
    model: str | Model,
    tokens: float | str | None = None,
    usd_per_device_hour: float | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Return the time, memory and cost of training a model on many devices, and where the time goes.

    Parameters
    ----------
    chip : a catalogue chip with an architecture, or a design
    model : an LLM of the catalogue
    tokens : tokens the run is trained on, as a number or like "14.8T"; below 10,000 it is read as trillions [token]
    usd_per_device_hour : price of a device-hour [USD]
    options : devices, tp, pp, dp, cp, ep, micro_batch, batch, input_len, interleave, recompute, sequence_parallel,
        zero, precision, stack, node_devices, scale_out_GBps: see `layout.Asked`. What is left out is chosen, the
        fastest that fits; where no size is given, the sizes too

    Returns
    -------
    dict
        step_s [s], mfu, hfu [1], tokens_per_s_per_device [token/s], memory_bytes_per_device [byte], fits, layout,
        stack, bottlenecks (operator, share, bound_by), interval (low, high: nine in ten published runs lay within
        this about the prediction) [s], goodput [1]; with tokens device_hours [h] and days, with a price cost_usd

    Raises
    ------
    Problem
        If the chip's architecture is not known, a name is unknown, sizes do not go together, or nothing fits.

    Notes
    -----
    One coefficient is fitted for training itself; kernels and links are those of the fitted operators. MFU counts the
    operations a step needs, HFU those computed again too, against the dense 16-bit peak.

    Examples
    --------
    >>> from twokey.chips.catalogue import find
    >>> got = estimate_training(find("nvidia-a100"), model="megatron-gpt-22b", devices=8, tp=8, batch=4,
    ...                         micro_batch=4, recompute="full", precision="fp16")
    >>> got["interval"]["low"] < 1.42 < got["interval"]["high"], got["fits"]
    (True, True)
    """
    asked = _asked({"devices": 1, **options})
    real, capacity, announced = _chip(chip)
    figures = read()
    found = find(model) if isinstance(model, str) else model
    if isinstance(tokens, str):
        tokens = count_of(tokens, "--tokens")
    if tokens is not None and not tokens > 0:
        raise Problem("--tokens", str(tokens), "a number above zero", "write it like 14.8e12")
    ways = [_way(name, real, found, asked, figures) for name in _stacks(asked, found, real, announced, figures)]
    room = _usable(capacity, figures)
    chosen = [(way, *_strategy(way, room)) for way in ways]
    answers = [of_step(way.table, way.net, strategy, room, real) for way, strategy, _ in chosen]
    at = min(range(len(answers)), key=lambda i: answers[i]["step_s"])
    way, strategy, _ = chosen[at]
    answer = answers[at] | {"layout": layout(strategy, way.run), "stack": way.name, "calibration": figures.id}
    answer["strategies"] = sum(n for _, _, n in chosen)
    return answer | of_run(answer, way.run, strategy, tokens, usd_per_device_hour, figures)


@dataclass(frozen=True, slots=True)
class _Way:
    """A run with one software stack: kernel times, network, and the values that strategies may take."""

    name: str
    asked: Asked
    run: Run
    table: KernelTable
    net: FittedNetwork
    fixed: Fixed


def _stacks(asked: Asked, model: Model, real: RealChip, announced: str, figures: Figures) -> tuple[str, ...]:
    """Return the software to consider: that of the run, and where a layout with experts is free a dualpipe too."""
    node = asked.node_devices or figures.network(real.id).node_devices
    name, _ = stack_of(asked, model, real.id, announced, figures, node)
    free = asked.stack is None and not asked.laid_out and bool(model.experts) and name == "current"
    return (name, "dualpipe") if free else (name,)


def _way(name: str, real: RealChip, model: Model, asked: Asked, figures: Figures) -> _Way:
    node = asked.node_devices or figures.network(real.id).node_devices
    stack = figures.stacks[name]
    run = run_of(asked, model, stack, figures, node)
    asked = check_sizes(asked, run)
    costs, net = machine(real, asked, stack, read_operators(), figures)
    return _Way(name, asked, run, KernelTable(costs, run), net, fixed_values(asked, stack))


def best_strategy(
    chip: Chip | Design, model: str | Model, devices: int, *, every: bool = False, **options: Any
) -> Found:
    """Return the fastest strategy that fits, of all that `spaces` lists.

    Parameters
    ----------
    chip, model, devices : as in `estimate_training`
    every : all choices of `spaces.every_choice` (dense models), else those of `spaces.usual`
    options : those of `estimate_training`; a value given is kept

    Raises
    ------
    Problem
        As `estimate_training`.

    Examples
    --------
    >>> from twokey.chips.catalogue import find
    >>> found = best_strategy(find("nvidia-h100"), "llama-3-8b", 64, batch=512, input_len=8192)
    >>> found.best is not None and found.best.devices
    64
    """
    asked = _asked({"devices": devices, **options})
    real, capacity, announced = _chip(chip)
    figures = read()
    found = find(model) if isinstance(model, str) else model
    ways = [_way(name, real, found, asked, figures) for name in _stacks(asked, found, real, announced, figures)]
    room, node = _usable(capacity, figures), ways[0].run.node_devices
    outcomes = []
    for way in ways:
        sets = every_choice(way.run, devices) if every else usual(way.run, devices, way.fixed)
        outcomes.append(best_of(way.table, way.net, sets, capacity_bytes=room, host_bytes=_HOST_BYTES / node))
    return min(outcomes, key=lambda found: found.step_s)


def _asked(options: dict[str, Any]) -> Asked:
    unknown = sorted(set(options) - set(Asked.__dataclass_fields__))
    if unknown:
        option = "--" + {"output_len": "output"}.get(unknown[0], unknown[0]).replace("_", "-")
        raise Problem(option, "given with --phase train", "an option of training", "leave it out")
    return Asked(**options)


def _chip(chip: Chip | Design) -> tuple[RealChip, float, str]:
    """Return the chip for the operators, its memory [byte] and the day it was announced."""
    if isinstance(chip, Chip):
        real = from_catalogue(chip)
        assert chip.architecture is not None
        capacity = float(chip.architecture["dram_capacity_GB"].value)
        return real, capacity * 1e9, str(chip.attributes.get("announced", ""))
    return from_design_record(chip), float(chip.dram_capacity_GB) * 1e9, "2025"


def _usable(capacity_bytes: float, figures: Figures) -> float:
    return capacity_bytes * 2**30 / 1e9 * figures.coefficients["capacity_share"]  # a "GB" of HBM holds 2^30 bytes


def _strategy(way: _Way, room: float) -> tuple[Strategy, int]:
    """Return the strategy asked for, with what is left out chosen, and how many were looked at."""
    sets = list(usual(way.run, way.asked.devices, way.fixed))
    if len(sets) == 1 and len(sets[0]) == 1:
        return sets[0].row(0), 1
    found = best_of(way.table, way.net, sets, capacity_bytes=room, host_bytes=0.0)
    if found.best is None and way.asked.laid_out:
        found = best_of(way.table, way.net, sets, capacity_bytes=np.inf, host_bytes=0.0)
    if found.best is None:
        raise Problem(
            "--devices",
            str(way.asked.devices),
            f"enough devices for {way.run.model.id}, and a batch they divide (here {way.run.batch})",
            "ask for more devices, or another batch",
        )
    return found.best, found.strategies
