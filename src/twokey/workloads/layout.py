"""How a model is laid out over devices, and how wide its numbers are."""

from __future__ import annotations

from dataclasses import dataclass

from twokey.quantities.problem import Problem
from twokey.workloads.models import Model

__all__ = ["CACHE_BYTES", "PRECISIONS", "Layout", "Width", "check_layout", "width_of"]


@dataclass(frozen=True, slots=True)
class Width:
    """Widths of a matrix product: weight and left operand [byte], and the arithmetic [bit]."""

    weight_bytes: float
    operand_bytes: float
    math_bits: int


PRECISIONS = {
    "bf16": Width(2.0, 2.0, 16),
    "fp16": Width(2.0, 2.0, 16),
    "fp8": Width(1.0, 1.0, 8),
    "int8": Width(1.0, 1.0, 8),
    "w8a16": Width(1.0, 2.0, 16),
    "w4a16": Width(0.53125, 2.0, 16),
    "mxfp4": Width(0.53125, 2.0, 16),
    "fp4": Width(0.5625, 0.5625, 8),
}
"""Precisions of weights and products. Widths of 4-bit weights include their scales: 1 byte for 32 weights (mxfp4,
w4a16) or for 16 (fp4). fp4 products are timed at the 8-bit rate: a faster 4-bit mode of a chip is not counted."""

CACHE_BYTES = {"bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0, "fp4": 0.5625}
"""Width of an element of the key/value cache by precision [byte]."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a model is divided.

    Parameters
    ----------
    tp : devices that share each attention and dense feed-forward block [1]
    dp : replicas of attention, each with sequences of its own [1]
    ep : devices over which the routed experts are divided. Up to `tp` the experts are divided inside a replica,
        each again cut into tp/ep slices; above `tp` the tokens of ep/tp replicas are exchanged. Where ep does not
        divide the experts, every device holds the next whole number, the surplus being redundant copies [1]
    kernels : "fused" (attention in one kernel, residual addition with the norm) or "separate"
    all_reduce_latency_ns, all_to_all_latency_ns : fixed time of one call [ns]
    """

    tp: int
    dp: int
    ep: int
    weights: Width
    experts: Width
    cache_bytes: float
    kernels: str = "fused"
    all_reduce_latency_ns: float = 1000.0
    all_to_all_latency_ns: float = 1000.0

    @property
    def devices(self) -> int:
        """All devices together [1]."""
        return self.tp * self.dp

    @property
    def exchanges(self) -> bool:
        """Whether tokens travel to the experts (all-to-all) rather than being held by all devices of a replica."""
        return self.ep > self.tp

    def experts_held(self, experts: int) -> int:
        """Return how many routed experts of a layer a device holds, or holds a slice of [1]."""
        return -(-experts // self.ep)

    @property
    def expert_slices(self) -> int:
        """Slices into which each expert is cut [1]."""
        return max(1, self.tp // self.ep)


def width_of(precision: str, where: str = "--precision") -> Width:
    """Return the widths of a precision.

    Raises
    ------
    Problem
        If the precision is not known.

    Examples
    --------
    >>> width_of("fp8").weight_bytes
    1.0
    """
    if precision not in PRECISIONS:
        raise Problem(where, repr(precision), "one of " + ", ".join(PRECISIONS), "write one of the words listed")
    return PRECISIONS[precision]


def check_layout(model: Model, *, devices: int, tp: int, ep: int, dp: int) -> None:
    """Refuse a layout that cannot be built.

    Raises
    ------
    Problem
        If a size is not a positive whole number, tp x dp is not the number of devices, heads or experts cannot be
        divided evenly, or the form of attention is not modelled.
    """
    for option, value in (("--devices", devices), ("--tp", tp), ("--ep", ep), ("--dp", dp)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise Problem(option, str(value), "a whole number of at least 1", "write digits only")
    if model.attention == "other":
        raise Problem(
            "--model", repr(model.id), "a model whose attention is modelled", model.note or "choose another model"
        )
    if tp * dp != devices:
        raise Problem(
            "--devices", f"{devices} with tp {tp} and dp {dp}", f"tp x dp = {tp * dp}", "make devices equal tp x dp"
        )
    if model.heads % tp:
        fits = [n for n in range(1, model.heads + 1) if model.heads % n == 0]
        raise Problem(
            "--tp", str(tp), f"a divisor of the {model.heads} heads of {model.id}", f"choose among {_few(fits, tp)}"
        )
    kv = model.kv_heads or tp
    if kv % tp and tp % kv:
        raise Problem("--tp", str(tp), f"a divisor or multiple of the {kv} key/value heads", f"choose {kv}")
    if model.linear_value_heads % tp:
        raise Problem("--tp", str(tp), f"a divisor of the {model.linear_value_heads} heads with a state", "choose less")
    if not model.experts:
        if ep != 1:
            raise Problem("--ep", str(ep), f"ep 1, for {model.id} has no experts", "leave ep out")
        return
    if ep > model.experts:
        raise Problem(
            "--ep", str(ep), f"no more than the {model.experts} experts", f"choose ep {min(devices, model.experts)}"
        )
    if ep > devices or (ep <= tp and tp % ep) or (ep > tp and (ep % tp or dp % (ep // tp))):
        raise Problem(
            "--ep",
            f"{ep} with tp {tp} and dp {dp}",
            "a divisor of tp, or tp times a divisor of dp",
            f"choose ep {tp} or {devices}",
        )


def _few(fits: list[int], near: int) -> str:
    return ", ".join(str(n) for n in sorted(sorted(fits, key=lambda n: abs(n - near))[:5]))
