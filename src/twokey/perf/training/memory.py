"""What a device must hold while a model is trained: weights, gradients, optimiser state, activations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twokey.perf.training.run import Run
from twokey.perf.training.strategy import Columns

__all__ = ["Memory", "activation_bytes_per_layer", "device_memory", "device_params"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of one device, each (rows,): what stays on it, and `host` what is kept in the host's memory [byte]."""

    weights: Floats
    gradients: Floats
    optimiser: Floats
    activations: Floats
    host: Floats

    @property
    def total(self) -> Floats:
        """All on the device [byte]."""
        return self.weights + self.gradients + self.optimiser + self.activations


def device_params(run: Run, c: Columns) -> tuple[Floats, Floats, Floats]:
    """Return the weights of an average layer that are divided by tp, those of routed experts, and of the ends [1]."""
    m = run.model
    tp = c.tp.astype(np.float64)
    routed = m.moe_layers * m.experts * m.expert_params
    rest = (m.params_total - m.embedding_params - routed) / m.layers / tp
    experts = routed / m.layers / np.where(c.ep > 1, c.ep, tp)
    return rest, experts, m.vocab * m.hidden / tp


def activation_bytes_per_layer(run: Run, c: Columns) -> Floats:
    """Return what one layer keeps of one micro-batch for the backward pass [byte].

    Notes
    -----
    Counted in the way of equations 1 to 6 of [1]_: T h (10 + 24/t + 5 a s / (h t)) for a GPT without sequence
    parallelism, T h (34 + 5 a s / h) / t with it, and the last term not kept with selective recomputation. For other
    architectures the same tensors are counted at their widths: inputs of norms and of products, queries, keys,
    values, the attention's result, inputs of the activation and its result; of experts a copy for each a token goes
    to. Full recomputation keeps the layer's input.

    References
    ----------
    .. [1] V. Korthikanti et al., arXiv:2205.05198, section 4.
    """
    m = run.model
    tp, split = c.tp.astype(np.float64), c.exchange == 2
    tokens = c.micro_batch * float(run.length) / c.cp
    operand = 1.0 if run.narrow else 2.0
    selective = c.recompute == 1
    cheap = selective & run.fused_attention
    h = float(m.hidden)
    norms, inputs, masks = 4.0 * h, 2.0 * operand * h, 2.0 * h if run.dropout else 0.0
    whole = np.where(split & (c.regather == 0) & (c.overlap_tp == 0), inputs * tp, inputs)  # kept whole, not gathered
    hidden = norms + np.where(cheap, 0.0, whole) + masks
    if m.attention == "mla":
        q = m.heads * (m.qk_nope_dim + m.qk_rope_dim)
        latent = (m.q_lora_rank + m.kv_lora_rank) * operand * 2.0
        wide = np.where(cheap, 0.0, 2.0 * (2.0 * q + m.heads * m.v_head_dim)) + 2.0 * m.heads * m.v_head_dim
    else:
        latent = 0.0
        wide = 2.0 * m.head_dim * (m.heads + 2.0 * np.maximum(m.kv_heads, tp)) + operand * m.head_dim * m.heads
    gate, layers = m.ffn_matrices - 1.0, float(m.layers)
    dense, moe = m.dense_layers / layers, m.moe_layers / layers
    block = operand * gate + np.where(
        cheap, 0.0, operand
    )  # an element of the inner width: what is activated, the result
    wide = wide + dense * m.ffn_dim * block
    if moe:
        copies = m.experts_active * (m.expert_dim * block + h * operand)  # scaled before the down product
        wide = wide + moe * (copies + m.shared_experts * m.expert_dim * block)
    scores = (
        0.0
        if run.fused_attention
        else np.where(c.recompute == 0, (5.0 if run.dropout else 2.0) * m.heads * run.length, 0.0)
    )
    kept = hidden / np.where(split, tp, 1.0) + latent + (wide + scores) / tp
    full = 2.0 * h / np.where(c.exchange > 0, tp, 1.0)
    return np.asarray(tokens * np.where(c.recompute == 2, full, kept))


def device_memory(run: Run, c: Columns) -> Memory:
    """Return what the fullest device holds.

    Notes
    -----
    The first stage holds min(micro-batches, p) micro-batches of its layers, times 1 + (p - 1) / (p v) when v chunks
    are interleaved; a full recomputation needs one layer's activations besides. Weights in 16 bits, gradients in 32
    (16 with fp16), master weights and two moments in 32. Two directions of a dualpipe hold two sets of weights.
    """
    m = run.model
    pp, v, dp = (x.astype(np.float64) for x in (c.pp, c.interleave, c.dp * c.cp))
    layers = np.ceil(run.layers / pp)
    rest, experts, table = device_params(run, c)
    spread_e = np.maximum(1.0, dp * c.tp / np.maximum(c.ep, 1)) if m.moe_layers else dp
    spread_e = np.where(c.ep > 1, spread_e, dp)
    ends = table * np.where(pp == 1, m.embedding_params / (m.vocab * m.hidden), 1.0)
    sets = 2.0 if run.schedule == "dualpipe" else 1.0
    plain, expert = layers * rest + ends, layers * experts
    weights = sets * (plain / np.where(c.zero > 2, dp, 1.0) + expert / np.where(c.zero > 2, spread_e, 1.0)) * 2.0
    weights = weights + np.where(c.zero > 2, 2.0 * 2.0 * (rest + experts), 0.0)
    gradients = (
        plain / np.where(c.zero > 1, dp, 1.0) + expert / np.where(c.zero > 1, spread_e, 1.0)
    ) * run.gradient_bytes
    optimiser = (plain / np.where(c.zero > 0, dp, 1.0) + expert / np.where(c.zero > 0, spread_e, 1.0)) * 12.0
    micro = run.batch / (c.dp * c.micro_batch)
    flight = np.minimum(micro, pp) * np.where(v > 1, 1.0 + (pp - 1.0) / (pp * v), 1.0)
    if run.schedule == "dualpipe":
        flight = np.minimum(micro, pp + 1.0)
    each = activation_bytes_per_layer(run, c)
    activations = each * layers * flight
    tokens = c.micro_batch * float(run.length) / c.cp
    working = np.where(c.recompute == 2, _whole_layer(run, c), 0.0)
    loss = np.where(pp == 1, tokens * (4.0 * m.hidden + 4.0 * m.vocab / c.tp), 0.0)
    activations = activations + working + loss
    kept = layers * flight
    away = np.where(c.offload_activations == 1, each * np.maximum(0.0, kept - 2.0), 0.0)
    slow = np.where(layers > 2, 1.0 - 2.0 / layers, 0.0)
    away_w = np.where(c.offload_weights == 1, weights * slow, 0.0)
    away_o = np.where(c.offload_optimizer == 1, optimiser * slow, 0.0)
    return Memory(weights - away_w, gradients, optimiser - away_o, activations - away, away + away_w + away_o)


def _whole_layer(run: Run, c: Columns) -> Floats:
    """Return the activations of one layer while it is computed again [byte]."""
    from dataclasses import replace

    return activation_bytes_per_layer(run, replace(c, recompute=np.zeros_like(c.recompute)))
