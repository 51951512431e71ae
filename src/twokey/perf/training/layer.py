"""Kernel times of an average layer on one device for one micro-batch, whatever the chain of stages."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from twokey.perf.training.run import Run

__all__ = ["Costs", "Kernels", "layer_kernels"]

Floats = NDArray[np.float64]

_LOSS_BYTES = (38.0, 14.0)
"""What the loss moves for each entry of the output, forward and backward [byte]: kernels that widen it to 32 bits (6),
take the maximum (4), subtract it (8), raise (8), add up (4) and divide (8); the gradient (8), narrowed (6)."""

_FUSED_LOSS_BYTES = (4.0, 4.0)
"""The same of one kernel that reads the 16-bit output twice, and writes the gradient in its place."""


class Costs(Protocol):
    """Times of kernels on a chip; `costs.FittedCosts` is the model's own."""

    def gemm_s(
        self, m: Any, n: Any, k: Any, batch: Any = 1.0, *, narrow: bool = False, result_bytes: float = 2.0
    ) -> Floats: ...
    def pass_s(self, elements: Any, bytes_each: float, flops_each: float = 1.0) -> Floats: ...
    def grouped_s(self, rows: Any, held: Any, n: Any, k: Any, *, narrow: bool = False) -> Floats: ...
    def host_time_s(self, bytes_: Any) -> Floats: ...
    def attention_s(
        self, sequences: Any, length: Any, heads: Any, kv_heads: Any, *, d_qk: float, d_v: float, window: float = 0.0
    ) -> tuple[Floats, Floats]: ...


@dataclass(frozen=True, slots=True)
class Kernels:
    """Times of an average layer, and of the ends of the model, for one micro-batch on one device [s].

    Parameters
    ----------
    matrix_f, matrix_d, matrix_w : products forward, and backward for inputs and for weights
    core_f, core_b : attention's scores, softmax and values
    hidden_f, hidden_b : norms, residual additions, dropout over whole tokens
    hidden_split_f, hidden_split_b : the same where the sequence is divided among tensor-parallel devices
    inner_f, inner_b : activations, rotation, sorting of tokens
    cheap_f : what selective recomputation computes again where attention is fused
    head_f, head_b : output projection and loss
    """

    matrix_f: Floats
    matrix_d: Floats
    matrix_w: Floats
    core_f: Floats
    core_b: Floats
    hidden_f: Floats
    hidden_b: Floats
    hidden_split_f: Floats
    hidden_split_b: Floats
    inner_f: Floats
    inner_b: Floats
    cheap_f: Floats
    head_f: Floats
    head_b: Floats

    def pick(self, at: Any) -> Kernels:
        """Return the rows an index picks."""
        return Kernels(**{f.name: getattr(self, f.name)[at] for f in fields(Kernels)})


class _Sums:
    """Gathers products of one micro-batch, to time them together."""

    def __init__(self, costs: Costs, rows: int, casts_apart: bool) -> None:
        self.costs, self.rows, self.casts_apart = costs, rows, casts_apart
        self.jobs: dict[tuple[bool, float], list[tuple[str, float, tuple[Any, ...]]]] = {}
        self.times = {name: np.zeros(rows) for name in ("f", "d", "w", "core_f", "core_b", "again", "head_f", "head_b")}

    def add(self, into: str, weight: float, shape: tuple[Any, ...], narrow: bool = False, width: float = 2.0) -> None:
        self.jobs.setdefault((narrow, width), []).append((into, weight, shape))

    def weights(self, weight: float, m: Any, n: Any, k: Any, batch: Any, narrow: bool, again: float = 0.0) -> None:
        """Add a product with weights and its two products backward; `again` is its share in cheap recomputation."""
        self.add("f", weight, (m, n, k, batch), narrow)
        if again:
            self.add("again", weight * again, (m, n, k, batch), narrow)
        self.add("d", weight, (m, k, n, batch), narrow)
        self.add("w", weight, (k, n, m, batch), narrow, 8.0)  # added to a 32-bit gradient: read and written
        if narrow:
            self._casts(weight, m * batch * k, m * batch * n)

    def experts(self, weight: float, rows: Floats, n: Any, k: Any, held: Floats, narrow: bool) -> None:
        """Add a product of each expert's rows with its own weights, and the two backward."""
        t, costs = self.times, self.costs
        n, k = (np.broadcast_to(np.asarray(v, dtype=np.float64), rows.shape) for v in (n, k))
        t["f"] += weight * costs.grouped_s(rows, held, n, k, narrow=narrow)
        t["d"] += weight * costs.grouped_s(rows, held, k, n, narrow=narrow)
        t["w"] += weight * costs.grouped_s(k, held, n, rows, narrow=narrow)
        if narrow:
            self._casts(weight, rows * held * k, rows * held * n)

    def _casts(self, weight: float, operand: Any, gradient: Any) -> None:
        """Add the narrowing of a product's operand and of its result's gradient, each in two orders.

        Apart, an order is a pass that reads 2 bytes an element and writes 1. Else the kernel before writes the
        operand narrow, the other order besides, and one pass writes both orders of the gradient.
        """
        t, costs = self.times, self.costs
        if self.casts_apart:
            t["f"] += weight * costs.pass_s(operand, 3.0)
            t["d"] += weight * costs.pass_s(gradient, 3.0)
            t["w"] += weight * (costs.pass_s(operand, 3.0) + costs.pass_s(gradient, 3.0))
        else:
            t["f"] += weight * costs.pass_s(operand, 1.0)
            t["d"] += weight * costs.pass_s(gradient, 4.0)

    def finish(self) -> dict[str, Floats]:
        for (narrow, width), jobs in self.jobs.items():
            sizes = np.empty((4, len(jobs), self.rows))
            for place, (_, _, shape) in enumerate(jobs):
                for i, value in enumerate(shape if len(shape) == 4 else (*shape, 1.0)):
                    sizes[i, place] = value
            time = self.costs.gemm_s(*sizes, narrow=narrow, result_bytes=width)
            for (into, weight, _), each in zip(jobs, time, strict=True):
                self.times[into] += weight * each
        return self.times


def layer_kernels(costs: Costs, run: Run, tp: Any, cp: Any, ep: Any, micro_batch: Any) -> Kernels:
    """Return the kernel times for each combination of sizes that a kernel sees.

    Parameters
    ----------
    tp, cp, ep, micro_batch : array_like, (rows,): as in `strategy.Strategy` [1]

    Notes
    -----
    A product (m, n, k) forward becomes (m, k, n) for the gradient of its input and (k, n, m) for that of its weights.
    Fused attention backward has five products for two. Experts are whole on one device where ep > 1, else divided
    like dense blocks; routing is balanced. Element-wise work is counted in bytes: see `_passes`.

    References
    ----------
    V. Korthikanti et al., arXiv:2205.05198, sections 4 and 5. D. Narayanan et al., arXiv:2104.04473, section 3.
    """
    tp, cp, ep, b = (np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in (tp, cp, ep, micro_batch))
    tp, cp, ep, b = np.broadcast_arrays(tp, cp, ep, b)
    model = run.model
    sums = _Sums(costs, tp.size, run.casts_apart)
    tokens = b * run.length / cp
    _attention(sums, run, tokens, tp, b, cp)
    layers = float(model.layers)
    dense, moe = model.dense_layers / layers, model.moe_layers / layers
    h, up = float(model.hidden), model.ffn_matrices - 1.0
    if dense:
        width = np.ceil(model.ffn_dim / tp)
        sums.weights(dense, tokens, up * width, h, 1.0, run.narrow)
        sums.weights(dense, tokens, h, width, 1.0, run.narrow)
    routed = np.zeros_like(tokens)
    if moe:
        whole = ep > 1
        routed = tokens * model.experts_active / np.where(whole, tp, 1.0)
        held = np.maximum(1.0, model.experts / ep)
        width = np.where(whole, model.expert_dim, np.ceil(model.expert_dim / tp))
        each = routed / held
        sums.experts(moe, each, up * width, h, held, run.narrow)
        sums.experts(moe, each, h, width, held, run.narrow)
        sums.weights(moe, tokens / tp, float(model.experts), h, 1.0, False)
        if model.shared_experts:
            wide = np.ceil(model.shared_experts * model.expert_dim / tp)
            sums.weights(moe, tokens, up * wide, h, 1.0, run.narrow)
            sums.weights(moe, tokens, h, wide, 1.0, run.narrow)
    entries = np.ceil(model.vocab / tp)
    sums.add("head_f", 1.0, (tokens, entries, h, 1.0))
    sums.add("head_b", 1.0, (tokens, h, entries, 1.0))
    sums.add("head_b", 1.0, (h, entries, tokens, 1.0), width=8.0)
    t = sums.finish()
    hidden_f, hidden_b = _hidden(costs, run, tokens * h)
    split_f, split_b = _hidden(costs, run, tokens * h / tp)
    inner_f, inner_b, cheap = _inner(costs, run, tokens, tp, routed)
    score_f, score_b = _scores(costs, run, b, tp)
    loss_f, loss_b = _FUSED_LOSS_BYTES if run.fused_loss else _LOSS_BYTES
    return Kernels(
        matrix_f=t["f"],
        matrix_d=t["d"],
        matrix_w=t["w"],
        core_f=t["core_f"] + score_f,
        core_b=t["core_b"] + score_b,
        hidden_f=hidden_f,
        hidden_b=hidden_b,
        hidden_split_f=split_f,
        hidden_split_b=split_b,
        inner_f=inner_f,
        inner_b=inner_b,
        cheap_f=cheap + t["again"],
        head_f=t["head_f"] + costs.pass_s(tokens * entries, loss_f, 5.0),
        head_b=t["head_b"] + costs.pass_s(tokens * entries, loss_b, 2.0),
    )


def _attention(sums: _Sums, run: Run, tokens: Floats, tp: Floats, b: Floats, cp: Floats) -> None:
    """Add products of attention: projections, and scores and values where these are kernels of their own."""
    m, narrow, h = run.model, run.narrow, float(run.model.hidden)
    heads, s = m.heads / tp, float(run.length)
    if m.attention == "mla":
        query, rank = m.qk_nope_dim + m.qk_rope_dim, m.kv_lora_rank
        down = float((m.q_lora_rank or m.heads * query) + rank + m.qk_rope_dim)
        sums.weights(1.0, tokens, down, h, 1.0, narrow)
        if m.q_lora_rank:
            sums.weights(1.0, tokens, heads * query, float(m.q_lora_rank), 1.0, narrow, again=1.0)
        sums.weights(1.0, tokens, heads * (m.qk_nope_dim + m.v_head_dim), float(rank), 1.0, narrow, again=1.0)
        sums.weights(1.0, tokens, h, heads * m.v_head_dim, 1.0, narrow)
        d_qk, d_v, kv = float(query), float(m.v_head_dim), heads
    else:
        kv = np.maximum(1.0, m.kv_heads / tp)
        d_qk = d_v = float(m.head_dim)
        gate = 2.0 if m.output_gate else 1.0
        sums.weights(1.0, tokens, (gate * heads + 2.0 * kv) * d_qk, h, 1.0, narrow)
        sums.weights(1.0, tokens, h, heads * d_qk, 1.0, narrow)
    if run.fused_attention:
        for window, layers in ((0.0, m.softmax_layers - m.window_layers), (float(m.window), m.window_layers)):
            if layers:
                f, back = sums.costs.attention_s(b, s, heads, kv, d_qk=d_qk, d_v=d_v, window=window)
                sums.times["core_f"] += layers / m.layers * f / cp
                sums.times["core_b"] += layers / m.layers * back / cp
        return
    problems = b * heads
    for into, shapes in (
        ("core_f", ((s, s, d_qk), (s, d_v, s))),
        ("core_b", ((s, s, d_v), (s, d_v, s)) + ((s, d_qk, s),) * 2),
    ):
        for shape in shapes:
            sums.add(into, 1.0, (*shape, problems))


def _scores(costs: Costs, run: Run, b: Floats, tp: Floats) -> tuple[Floats, Floats]:
    """Return the times of softmax and dropout over scores that are written to memory.

    A masked softmax reads the half that counts and writes all; dropout reads and writes them and writes a mask.
    Backward: dropout reads gradient and mask, writes; softmax reads the half of both that counts, writes.
    """
    if run.fused_attention:
        return np.zeros_like(b), np.zeros_like(b)
    elements = b * run.model.heads / tp * float(run.length) ** 2
    forward, back = costs.pass_s(elements, 3.0, 5.0), costs.pass_s(elements, 4.0, 8.0)
    if run.dropout:
        forward, back = forward + costs.pass_s(elements, 5.0), back + costs.pass_s(elements, 5.0)
    return forward, back


def _hidden(costs: Costs, run: Run, elements: Floats) -> tuple[Floats, Floats]:
    """Return the times of two norms and two residual additions over elements of the hidden state.

    Forward: a norm reads and writes; an addition reads two and writes, with dropout a mask too. Backward: a norm
    reads gradient and input, writes, and reads both again for its weights; the residual's gradients are added up;
    dropout reads gradient and mask and writes; biases, that models with layer norms have, read the gradient once more.
    """
    forward = 2.0 * costs.pass_s(elements, 4.0, 9.0) + 2.0 * costs.pass_s(elements, 7.0 if run.dropout else 6.0)
    back = 2.0 * (costs.pass_s(elements, 6.0, 14.0) + costs.pass_s(elements, 4.0)) + 2.0 * costs.pass_s(elements, 6.0)
    if run.dropout:
        back = back + 2.0 * costs.pass_s(elements, 5.0) + 2.0 * costs.pass_s(elements, 2.0)
    return forward, back


def _inner(costs: Costs, run: Run, tokens: Floats, tp: Floats, routed: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the times of activations, rotation, copies and sorting, forward, backward and of what is cheap to redo.

    An activation reads one element (two when gated) and writes one; backward it reads the gradient too and writes as
    many as it read. Where attention is not fused its result is copied into order, and backward the gradients of
    queries, keys and values into one. Biases read the gradients of their products. Sorting tokens by expert reads and
    writes each copy of a token, before and after the experts.
    """
    m = run.model
    layers = float(m.layers)
    dense, moe = m.dense_layers / layers, m.moe_layers / layers
    gate = m.ffn_matrices - 1.0
    forward, back, cheap = (np.zeros_like(tokens) for _ in range(3))

    def activation(share: float, elements: Floats) -> None:
        nonlocal forward, back, cheap
        if run.fused_activation:
            return
        once = share * costs.pass_s(elements, 2.0 * gate + 2.0, 8.0)
        forward, cheap = forward + once, cheap + once
        back = back + share * costs.pass_s(elements, 4.0 * gate + 2.0, 13.0)

    if dense:
        activation(dense, tokens * m.ffn_dim / tp)
    if moe:
        activation(moe, routed * m.expert_dim if m.expert_dim else routed)
        if m.shared_experts:
            activation(moe, tokens * m.shared_experts * m.expert_dim / tp)
        sorting = moe * 2.0 * costs.pass_s(routed * m.hidden, 4.0)
        forward, back = forward + sorting, back + sorting
    wide = m.heads * (m.head_dim or m.v_head_dim) / tp
    if not run.fused_attention:
        forward = forward + costs.pass_s(tokens * wide, 4.0)
        back = back + costs.pass_s(tokens * wide, 4.0) + costs.pass_s(3.0 * tokens * wide, 4.0)
    if run.dropout:
        back = back + costs.pass_s(3.0 * tokens * wide, 2.0) + dense * costs.pass_s(tokens * m.ffn_dim / tp, 2.0)
    if m.position == "rotary":
        turned = tokens * (m.heads + max(m.kv_heads, 1)) * (m.qk_rope_dim or m.head_dim) / tp
        forward, back = forward + costs.pass_s(turned, 4.0, 3.0), back + costs.pass_s(turned, 4.0, 3.0)
    return forward, back, cheap
