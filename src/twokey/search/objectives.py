"""What can be asked of a design: objectives, limits on them, several workloads at once.

Inside the search every objective is a badness to be minimised, rising in the times, the unit cost and the power, so
that a lower bound of these gives a lower bound of it. Where more is better (tokens per second) the badness is the
reciprocal, and answers are turned back by `natural`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twokey.quantities.problem import Problem
from twokey.silicon.power import running_usd_per_s
from twokey.workloads.operators import Phase
from twokey.workloads.workload import Workload

__all__ = ["MORE_IS_BETTER", "OBJECTIVES", "Mix", "Terms", "badness", "check_objective", "mix", "natural", "read_limit"]

OBJECTIVES = {
    "ttft": "s",
    "tpot": "s",
    "e2e": "s",
    "e2e-cost": "s USD",
    "train-time": "s",
    "tokens-per-s-per-device": "token/s",
    "tokens-per-s-per-dollar": "token/s/USD",
    "cost-per-mtok": "USD",
    "perf-per-watt": "token/s/W",
    "unit-cost": "USD",
    "power": "W",
}
"""Objectives and their units: time to first token; time per output token; TTFT + OSL x TPOT; that times the unit cost;
time of a run of training;
output tokens per second of a whole request and device, and that per dollar of unit cost and per watt; the cost of
a million output tokens; the unit cost and the power of the chip alone."""

MORE_IS_BETTER = frozenset(("tokens-per-s-per-device", "tokens-per-s-per-dollar", "perf-per-watt"))

_TTFT = frozenset(OBJECTIVES) - {"tpot", "train-time", "unit-cost", "power"}
_TPOT = frozenset(OBJECTIVES) - {"ttft", "train-time", "unit-cost", "power"}
_COST = frozenset(("e2e-cost", "tokens-per-s-per-dollar", "cost-per-mtok", "unit-cost"))
_POWER = frozenset(("perf-per-watt", "cost-per-mtok", "power"))


@dataclass(frozen=True, slots=True)
class Mix:
    """Several workloads for one chip, each with its share; the shares add up to one.

    Parameters
    ----------
    parts : workloads and their shares [1]

    Notes
    -----
    The objective of a mix is the mean by share of the objective of each workload; where more is better, the harmonic
    mean. Limits hold for each workload alone, and the chip must hold each in its memory.
    """

    parts: tuple[tuple[Workload, float], ...]

    @property
    def name(self) -> str:
        """Names of the workloads, with their shares where there are several."""
        if len(self.parts) == 1:
            return self.parts[0][0].name
        return " + ".join(f"{share:.3g} {workload.name}" for workload, share in self.parts)

    @property
    def memory_bytes(self) -> float:
        """The most that any of the workloads needs on one device [byte]."""
        return max(workload.memory_bytes for workload, _ in self.parts)


def mix(workloads: Workload | Mix | Sequence[tuple[Workload, float]]) -> Mix:
    """Return a workload, or several with weights, as a mix; the weights are scaled to add up to one.

    Raises
    ------
    Problem
        If there is no workload, or a weight is not above zero.
    """
    if isinstance(workloads, Mix):
        return workloads
    if isinstance(workloads, Workload):
        return Mix(((workloads, 1.0),))
    total = sum(weight for _, weight in workloads)
    if not workloads or not all(math.isfinite(weight) and weight > 0 for _, weight in workloads):
        given = ", ".join(f"{w.name}={weight:g}" for w, weight in workloads) or "no workload"
        raise Problem("--workload", given, "workloads with weights above zero", "write one like llama-3-70b-decode=2")
    return Mix(tuple((workload, weight / total) for workload, weight in workloads))


def trained(workload: Workload) -> Phase:
    """Return the step of training of a workload.

    Raises
    ------
    Problem
        If it trains nothing.
    """
    if workload.train is None:
        raise Problem(
            "--objective", f"train-time of {workload.name}", "a workload that trains", "try llama-3-70b-train"
        )
    return workload.train


@dataclass(frozen=True, slots=True)
class Terms:
    """What an objective may need to know of a chip, numbers or arrays, None where it is not asked for.

    Parameters
    ----------
    ttft_s, tpot_s, step_s : times, the last of a step of training [s]; cost_usd : unit cost [USD]; power_W : power [W]
    """

    ttft_s: Any = None
    tpot_s: Any = None
    cost_usd: Any = None
    power_W: Any = None
    step_s: Any = None


def needs(objectives: Sequence[str]) -> tuple[bool, bool, bool, bool]:
    """Return whether any of the objectives needs TTFT, TPOT, unit cost and power."""
    asked = frozenset(objectives)
    return bool(asked & _TTFT), bool(asked & _TPOT), bool(asked & _COST), bool(asked & _POWER)


def linear(objective: str, workload: Workload, t: Terms) -> tuple[Any, Any, Any]:
    """Return what an objective's badness is made of: a + b x unit cost + c x power, where times give a, b and c.

    Notes
    -----
    Where more is better it is the reciprocal of the objective: seconds and devices, dollars or joules per token. All
    three rise in the times, so the badness rises in every term.
    """
    if objective == "train-time":
        return workload.steps * t.step_s, 0.0, 0.0
    alone = {"ttft": (t.ttft_s, 0.0, 0.0), "tpot": (t.tpot_s, 0.0, 0.0)}
    alone |= {"unit-cost": (0.0, 1.0, 0.0), "power": (0.0, 0.0, 1.0)}
    if objective in alone:
        return alone[objective]
    e2e_s = t.ttft_s + workload.output_len * t.tpot_s
    if objective == "e2e":
        return e2e_s, 0.0, 0.0
    if objective == "e2e-cost":
        return 0.0, e2e_s, 0.0
    device_s_per_token = e2e_s * (workload.devices / (workload.batch * workload.output_len))
    if objective == "tokens-per-s-per-device":
        return device_s_per_token, 0.0, 0.0
    if objective == "tokens-per-s-per-dollar":
        return 0.0, device_s_per_token, 0.0
    if objective == "perf-per-watt":
        return 0.0, 0.0, device_s_per_token
    per_usd, per_watt = running_usd_per_s(1.0, 0.0), running_usd_per_s(0.0, 1.0)
    return 0.0, device_s_per_token * per_usd * 1e6, device_s_per_token * per_watt * 1e6


def badness(objective: str, workload: Workload, t: Terms) -> Any:
    """Return an objective as a value to be minimised, rising in every term; see `linear`."""
    a, b, c = linear(objective, workload, t)
    return a + (0.0 if t.cost_usd is None else b * t.cost_usd) + (0.0 if t.power_W is None else c * t.power_W)


def natural(objective: str, value: float) -> float:
    """Return a badness in the objective's own unit, or the other way round: the reciprocal where more is better.

    Examples
    --------
    >>> natural("ttft", 0.5), natural("perf-per-watt", 0.5)
    (0.5, 2.0)
    """
    return 1 / value if objective in MORE_IS_BETTER else value


def check_objective(objective: str, where: str = "--objective") -> str:
    """Return the objective if there is one of that name.

    Raises
    ------
    Problem
        If there is none; the message names those there are.
    """
    if objective not in OBJECTIVES:
        raise Problem(where, objective, "one of " + ", ".join(OBJECTIVES), "choose an objective that is searched")
    return objective


_SCALE = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "USD": 1.0, "W": 1.0, "kW": 1e3, "token/s": 1.0}
_LIMIT = re.compile(r"\s*([a-z0-9-]+)\s*(<=|>=)\s*([0-9.eE+-]+)\s*([A-Za-z/ ]*?)\s*")


def read_limit(text: str) -> tuple[str, float]:
    """Return name and value of a limit written as text, in the objective's own unit.

    Raises
    ------
    Problem
        If it is not written like one, its unit is not one of the objective's, or it asks for more of what should
        be little.

    Examples
    --------
    >>> read_limit("ttft<=500ms"), read_limit("tokens-per-s-per-device >= 1000 token/s")
    (('ttft', 0.5), ('tokens-per-s-per-device', 1000.0))
    >>> read_limit("ttft>=1s")
    Traceback (most recent call last):
    twokey.quantities.problem.Problem: --limit: got 'ttft>=1s'; needed <= for ttft. ...
    """
    found = _LIMIT.fullmatch(text)
    if found is None:
        raise Problem(
            "--limit", repr(text), "an objective, <= or >=, a number and its unit", "write it like ttft<=0.5s"
        )
    name, sign, number, unit = found.groups()
    check_objective(name, "--limit")
    right = ">=" if name in MORE_IS_BETTER else "<="
    if sign != right:
        raise Problem("--limit", repr(text), f"{right} for {name}", f"write {name}{right}{number}{unit}")
    base = OBJECTIVES[name]
    given = unit or "no unit"
    kin = {"s": ("s", "ms", "us"), "W": ("W", "kW")}.get(base, (base,))
    if unit not in kin:
        raise Problem("--limit", given, "one of " + ", ".join(kin), f"write it like {name}{right}{number}{base}")
    try:
        value = float(number) * _SCALE.get(unit, 1.0)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise Problem("--limit", number, "a number above zero", f"write it like {name}{right}0.5{base}")
    return name, value


def check_limits(limits: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Return limits on objectives as pairs of name and greatest badness.

    Raises
    ------
    Problem
        If an objective is unknown or a value is not above zero.
    """
    for name, value in limits.items():
        check_objective(name, "--limit")
        if not (math.isfinite(value) and value > 0):
            raise Problem("--limit", f"{name}: {value}", "a number above zero", "write it like ttft<=0.5s")
    return tuple((name, natural(name, value)) for name, value in limits.items())
