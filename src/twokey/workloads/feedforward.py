"""Operators of one layer's feed-forward block on one device: dense, or routed and shared experts."""

from __future__ import annotations

import math

from twokey.workloads.attention import Pass
from twokey.workloads.layout import Layout, Width
from twokey.workloads.models import Model
from twokey.workloads.operators import Collective, Gemm, Operator, Vector

__all__ = ["dense_operators", "expert_operators", "experts_touched"]

_ACTIVATION_FLOPS = 10.0
_GATING_FLOPS = 5.0
_GATED_SUM_FLOPS = 3.0


def experts_touched(experts: int, active: int, held: int, tokens: int) -> float:
    """Return how many of the `held` experts of a device get at least one of `tokens` tokens, on average.

    Every token picks `active` of `experts` experts evenly: held (1 - (1 - active/experts)^tokens).

    Examples
    --------
    >>> experts_touched(256, 8, 8, 1), round(experts_touched(256, 8, 8, 64), 2)
    (0.25, 6.95)
    """
    return held * (1.0 - (1.0 - active / experts) ** tokens)


def dense_operators(model: Model, layout: Layout, run: Pass) -> list[Operator]:
    """Return up (and gate) product, activation and down product of the dense layers, counted over them.

    With T tokens and f = ffn_dim / tp: (T, f, h), or (T, 2 f, h) when gated; T f activations; (T, h, f).
    """
    if not model.dense_layers:
        return []
    width = -(-model.ffn_dim // layout.tp)
    return _block("ffn", model, layout.weights, run.tokens, width, 1, float(model.dense_layers))


def _block(name: str, model: Model, w: Width, m: int, width: int, batch: int, count: float) -> list[Operator]:
    up = width * (model.ffn_matrices - 1)
    flow = 2.0 * (model.ffn_matrices - 1) + w.operand_bytes
    return [
        Gemm(name + "-up", m, up, model.hidden, batch, w.operand_bytes, w.weight_bytes, 2.0, w.math_bits, count),
        Vector(name + "-activation", m * batch * width, _ACTIVATION_FLOPS, flow, count),
        Gemm(name + "-down", m, model.hidden, width, batch, w.operand_bytes, w.weight_bytes, 2.0, w.math_bits, count),
    ]


def expert_operators(model: Model, layout: Layout, run: Pass) -> list[Operator]:
    """Return router, exchange, routed experts, weighted sum and shared experts, counted over the layers with experts.

    Routing is balanced, over redundant copies too. P tokens choose among the experts of a device: those of the
    replica, or of all replicas that exchange tokens. The device computes P active/ep rows, spread evenly over the
    experts touched (`experts_touched`). Dispatch sends tokens x active x h elements at the experts' operand width,
    combine returns them in 16 bits; a token is counted once for each expert it visits. Where shared experts have a
    gate: a product (T, 1, h), and a pass over their result that scales and adds it.

    References
    ----------
    DeepSeek-AI, "DeepSeek-V3 technical report," arXiv:2412.19437, section 3.4 (dispatch in fp8, combine in bf16).
    """
    if not model.moe_layers:
        return []
    count, h, active, w = float(model.moe_layers), model.hidden, model.experts_active, layout.experts
    own = -(-run.tokens // layout.tp) if layout.exchanges else run.tokens
    pooled = run.tokens * layout.ep // layout.tp if layout.exchanges else run.tokens
    rows = pooled * active / layout.ep
    held = layout.experts_held(model.experts)
    touched = experts_touched(held * layout.ep, active, held, pooled)
    batch = max(1, round(touched))
    m = max(1, math.ceil(rows / batch))
    out: list[Operator] = [
        Gemm("router", own, model.experts, h, count=count),
        Vector("gating", own * model.experts, _GATING_FLOPS, 2.0, count),
    ]
    if layout.exchanges:
        out.append(_exchange("dispatch", own * active * h * min(w.operand_bytes, 2.0), layout, count))
    out += _block("expert", model, w, m, -(-model.expert_dim // layout.expert_slices), batch, count)
    if layout.exchanges:
        out.append(_exchange("combine", own * active * h * 2.0, layout, count))
    out.append(Vector("weighted-sum", own * active * h, 2.0, 2.0 + 2.0 / active, count))
    if model.shared_experts:
        wide = model.shared_experts * model.expert_dim
        width = wide if layout.exchanges else -(-wide // layout.tp)
        out += _block("shared-expert", model, layout.weights, own, width, 1, count)
        if model.shared_gate:
            out.append(Gemm("shared-gate", own, 1, h, count=count))
            out.append(Vector("shared-gating", own * h, _GATED_SUM_FLOPS, 6.0, count))
    return out


def _exchange(name: str, payload_bytes: float, layout: Layout, count: float) -> Collective:
    return Collective(name, "all-to-all", payload_bytes, layout.ep, layout.all_to_all_latency_ns, count)
