"""From a workload's layout to one step of training on one device: forward, backward, recomputation, update.

Data and tensor parallel as the engine has them: no pipeline, activations recomputed layer by layer, the optimiser's
state divided among the replicas. It compares chips; `perf.training` forecasts runs, with every way to divide a model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from twokey.workloads.attention import Pass
from twokey.workloads.layout import Layout
from twokey.workloads.memory import activation_bytes, weight_bytes
from twokey.workloads.models import Model
from twokey.workloads.operators import Attention, Collective, Gemm, Operator, Phase, Vector

__all__ = ["Training", "backward", "training_memory_bytes", "training_phase"]

_ATTENTION_BACKWARD = 2.5
"""Products of the backward pass of attention over those of the forward pass: five against two."""

_STATE_BYTES = 12.0
"""Optimiser state of a parameter: 32-bit master copy and two moments [byte]."""

_UPDATE_FLOPS = 10.0


@dataclass(frozen=True, slots=True)
class Training:
    """A run: sequences of a step over all replicas, of a micro-batch of one replica [1]; tokens of the run [token]."""

    batch: int
    micro_batch: int
    tokens: float


def backward(op: Operator) -> tuple[Operator, ...]:
    """Return what an operator of the forward pass runs in the backward pass.

    A product C = A B of (m, k) by (k, n) is followed by two: dA = dC B' of (m, n) by (n, k) and dB = A' dC of (k, m) by
    (m, n). Fused attention recomputes its scores. Element-wise work and communication run once more.

    References
    ----------
    T. Dao et al., "FlashAttention: fast and memory-efficient exact attention with IO-awareness," NeurIPS 2022,
    arXiv:2205.14135, appendix B.4 (five products in the backward pass).

    Examples
    --------
    >>> [(g.m, g.n, g.k) for g in backward(Gemm("up", 10, 30, 20))]
    [(10, 20, 30), (20, 30, 10)]
    """
    if isinstance(op, Gemm):
        return (
            replace(op, name=op.name + "-input-gradient", n=op.k, k=op.n),
            replace(op, name=op.name + "-weight-gradient", m=op.k, k=op.m, b_bytes=op.a_bytes),
        )
    if isinstance(op, Attention):
        return (replace(op, name=op.name + "-backward", count=op.count * _ATTENTION_BACKWARD),)
    return (replace(op, name=op.name + "-backward"),)


def training_phase(
    model: Model, layout: Layout, forward: tuple[Operator, ...], run: Pass, *, batch: int, launch_ns: float
) -> Phase:
    """Return one step of training on one device: micro-batches forward, again for recomputation, and backward; update.

    Parameters
    ----------
    forward : operators of a forward pass over one micro-batch, with the output projection of each token's last only
    run : the micro-batch of one replica; batch : sequences of a step over all replicas [1]

    Notes
    -----
    Gradients (16 bits) are summed over the replicas in two halves, scatter and gather around the update, which together
    send what an all-reduce sends. The update touches 12 bytes of state read and written, the gradient and the weight of
    each parameter of its share.

    References
    ----------
    D. Narayanan et al., "Efficient large-scale language model training on GPU clusters using Megatron-LM," SC 2021,
    arXiv:2104.04473, section 3; S. Rajbhandari et al., "ZeRO: memory optimizations toward training trillion parameter
    models," SC 2020, arXiv:1910.02054, section 5.
    """
    micro = batch / (layout.dp * run.sequences)
    whole = tuple(_every_token(op, model, run) for op in forward)
    ops = [*whole, *(replace(op, name=op.name + "-again") for op in whole)]
    ops += [b for op in whole for b in backward(op)]
    ops = [replace(op, count=op.count * micro) for op in ops]
    own = weight_bytes(model, layout) / layout.weights.weight_bytes
    share = round(own / layout.dp)
    ops.append(Vector("update", share, _UPDATE_FLOPS, 2 * _STATE_BYTES + 4.0))
    if layout.dp > 1:
        latency = layout.all_reduce_latency_ns
        ops.append(Collective("gradient-all-reduce", "all-reduce", own * 2.0, layout.dp, latency))
    return Phase("train", tuple(ops), launch_ns)


def _every_token(op: Operator, model: Model, run: Pass) -> Operator:
    """Return the operator with the output projection and its norm taken over every token, as the loss needs it."""
    if isinstance(op, Gemm) and op.name == "output-projection":
        return replace(op, m=run.tokens)
    if isinstance(op, Vector) and op.name == "final-norm":
        return replace(op, elements=run.tokens * model.hidden)
    return op


def training_memory_bytes(model: Model, layout: Layout, run: Pass) -> float:
    """Return what one device holds in training: weights, gradients, its share of the state, activations [byte].

    Notes
    -----
    Weights and gradients in 16 bits, state divided among the replicas; of each layer its input in 16 bits for one
    micro-batch, and what one layer needs while it is recomputed.
    """
    own = weight_bytes(model, layout) / layout.weights.weight_bytes
    kept = model.layers * run.tokens * model.hidden * 2.0
    return own * (4.0 + _STATE_BYTES / layout.dp) + kept + activation_bytes(model, layout, tokens=run.tokens)
