"""Sets of strategies to search: those that a person would consider, and every combination of every choice."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from twokey.perf.training.run import Run
from twokey.perf.training.strategy import Columns, joined

__all__ = ["Fixed", "divisors", "every_choice", "usual"]

Fixed = dict[str, tuple[int, ...]]
"""Values allowed for fields of `Columns`, where they are not free; words as their place in the list of words."""

_FULL = 2


def divisors(n: int) -> list[int]:
    """Return the divisors of n in rising order.

    Examples
    --------
    >>> divisors(12)
    [1, 2, 3, 4, 6, 12]
    """
    return [d for d in range(1, n + 1) if n % d == 0] if n < 4096 else _divisors(n)


def _divisors(n: int) -> list[int]:
    low = [d for d in range(1, int(n**0.5) + 1) if n % d == 0]
    return sorted({*low, *(n // d for d in low)})


def _grid(choices: dict[str, tuple[int, ...]]) -> Columns:
    """Return every combination of the values of each field."""
    axes = np.meshgrid(*(np.asarray(v, dtype=np.int64) for v in choices.values()), indexing="ij")
    return Columns(**{name: axis.ravel() for name, axis in zip(choices, axes, strict=True)})


def _allowed(fixed: Fixed, name: str, values: list[int] | tuple[int, ...]) -> tuple[int, ...]:
    return tuple(v for v in values if v in fixed[name]) if name in fixed else tuple(values)


def usual(run: Run, devices: int, fixed: Fixed) -> Iterator[Columns]:
    """Return strategies of a run on devices, a set for each choice of tp, pp and cp.

    Parameters
    ----------
    fixed : values allowed, by field; overlap and what goes to the host are what the software's stack has

    Notes
    -----
    tp: divisors of the heads up to two nodes; pp: divisors of the devices up to the layers; cp: powers of two with at
    least 4,096 tokens a device; ep: divisors of the experts within dp x tp; micro-batch: divisors of a replica's
    sequences; interleave: divisors of a stage's layers, where the stages' number divides the micro-batches.
    """
    m = run.model
    tensor = [t for t in divisors(devices) if m.heads % t == 0 and t <= 2 * run.node_devices]
    for tp in _allowed(fixed, "tp", tensor):
        for pp in _allowed(fixed, "pp", [p for p in divisors(devices // tp) if p <= run.layers]):
            for cp in _allowed(
                fixed, "cp", [1] if run.length < 8192 else [2**i for i in range(8) if run.length >> i >= 4096]
            ):
                if devices % (tp * pp * cp):
                    continue
                dp = devices // (tp * pp * cp)
                if run.batch % dp or ("dp" in fixed and dp not in fixed["dp"]):
                    continue
                experts = divisors(m.experts) if m.experts else [1]
                held = _allowed(fixed, "ep", [e for e in experts if (dp * tp) % e == 0])
                grids = [grid for ep in held for grid in _of_sizes(run, fixed, tp, pp, cp, dp, ep)]
                if grids:
                    yield joined(grids)


def _of_sizes(run: Run, fixed: Fixed, tp: int, pp: int, cp: int, dp: int, ep: int) -> Iterator[Columns]:
    for micro_batch in _allowed(fixed, "micro_batch", divisors(run.batch // dp)):
        if micro_batch * run.length // cp > 2**18 and "micro_batch" not in fixed:
            continue
        chunks = [1]
        if pp > 1 and (run.batch // (dp * micro_batch)) % pp == 0 and run.schedule == "1f1b":
            chunks = divisors(-(-run.layers // pp))
        yield _grid(
            {
                "tp": (tp,),
                "pp": (pp,),
                "dp": (dp,),
                "cp": (cp,),
                "ep": (ep,),
                "micro_batch": (micro_batch,),
                "interleave": _allowed(fixed, "interleave", chunks) or fixed["interleave"],
                "recompute": _allowed(fixed, "recompute", (0, 1, 2)),
                "exchange": _allowed(fixed, "exchange", (0, 1, 2)) if tp > 1 else (0,),
                "regather": (1,),
                "overlap_tp": fixed["overlap_tp"] if tp > 1 else (0,),
                "overlap_dp": fixed["overlap_dp"],
                "overlap_pp": fixed["overlap_pp"],
                "overlap_ep": fixed["overlap_ep"],
                "zero": _allowed(fixed, "zero", (0, 1, 2, 3)) if dp * cp > 1 else (0,),
                "offload_weights": (0,),
                "offload_activations": (0,),
                "offload_optimizer": (0,),
                "tp_inside": (0,),
                "pp_inside": (0,),
                "dp_inside": (0,),
            }
        )


def every_choice(run: Run, devices: int) -> Iterator[Columns]:
    """Return every combination of every choice for a dense model, a set for each choice of tp and pp.

    Notes
    -----
    The choices are those that Calculon's search enumerates [1]_: sizes, interleaving and micro-batch; recomputation;
    three exchanges, gathering again, three overlaps; overlap of gradients; an optimiser spread or not; weights,
    activations and optimiser kept in the host's memory; and for each of three groups whether it lies in a node.

    References
    ----------
    .. [1] M. Isaev et al., "Calculon: a methodology and tool for high-level codesign of systems and large language
       models," SC 2023. doi:10.1145/3581784.3607102
    """
    m = run.model
    for tp in (t for t in divisors(devices) if m.hidden % t == 0 and m.heads % t == 0):
        most = min(devices // tp, m.layers)
        for pp in (p for p in divisors(most) if devices % (tp * p) == 0 and m.layers % p == 0):
            dp = devices // (tp * pp)
            batch = run.batch // dp * dp
            if not batch:
                continue
            sizes = tuple(b for b in divisors(batch // dp) if b * run.length % tp == 0)
            for recompute, exchange in product((0, 1, 2), (0, 1, 2)):
                again = exchange == 2 and recompute != _FULL
                yield _grid(
                    {
                        "tp": (tp,),
                        "pp": (pp,),
                        "dp": (dp,),
                        "cp": (1,),
                        "ep": (1,),
                        "micro_batch": sizes,
                        "interleave": tuple(divisors(m.layers // pp)) if pp > 1 else (1,),
                        "recompute": (recompute,),
                        "exchange": (exchange,),
                        "regather": (0, 1) if again else (0,),
                        "overlap_tp": (0, 1, 2) if tp > 1 else (0,),
                        "overlap_dp": (0, 1) if dp > 1 else (0,),
                        "overlap_pp": (0,),
                        "overlap_ep": (0,),
                        "zero": (0, 1) if dp > 1 else (0,),
                        "offload_weights": (0, 1),
                        "offload_activations": (0,) if recompute == _FULL else (0, 1),
                        "offload_optimizer": (0, 1),
                        "tp_inside": (1, tp) if tp > 1 else (1,),
                        "pp_inside": (1, pp) if pp > 1 else (1,),
                        "dp_inside": (1, dp) if dp > 1 else (1,),
                    }
                )
