"""Operators of one layer's softmax attention on one device: products, rotation, and attention in its forms."""

from __future__ import annotations

from dataclasses import dataclass

from twokey.workloads.layout import Layout
from twokey.workloads.models import Model
from twokey.workloads.operators import Attention, Collective, Gemm, Operator, Vector

__all__ = ["Pass", "attention_operators", "causal_share", "product"]

_SOFTMAX_FLOPS = 7.0
_ROTARY_FLOPS = 3.0
_RMS_FLOPS = 5.0
_GATE_FLOPS = 5.0
_PICK_FLOPS = 5.0


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass through the model on one replica.

    Parameters
    ----------
    sequences : sequences of the replica [1]
    rows : tokens of each sequence that go through: the prompt, or 1 [token]
    context : keys a row can attend to: the prompt, or what the cache holds [token]
    decode : whether the keys come from the cache
    """

    sequences: int
    rows: int
    context: int
    decode: bool

    @property
    def tokens(self) -> int:
        """Tokens that go through the replica [token]."""
        return self.sequences * self.rows


def causal_share(rows: int, window: int = 0) -> float:
    """Return the share of rows x rows scores that a causal mask, with or without a window, leaves.

    Row i (from 1) attends to min(i, window) keys.

    Examples
    --------
    >>> causal_share(4), causal_share(4, window=2), causal_share(4, window=9)
    (0.625, 0.4375, 0.625)
    """
    w = min(window, rows) if window else rows
    return (w * (w + 1) / 2 + (rows - w) * w) / (rows * rows)


def attention_operators(model: Model, layout: Layout, run: Pass) -> list[Operator]:
    """Return the operators from the normed input to the output projection, counted over the layers with softmax.

    With T tokens, h hidden, H query and G key/value heads of width d on this device:

    - qkv: (T, (H + 2 G) d, h); the products write values to the cache, rotation writes keys
    - norm over all heads: the devices add up two sums of squares a token (T, 2) in 32 bits
    - rotary: T (H + G) d elements
    - attention: sequences x G problems of rows x H/G rows (fused); or scores (rows, context, d), softmax over them
      and (rows, d, context) as separate kernels
    - output: (T, h, H d)

    MLA: down (T, q_rank + kv_rank + rope, h), norm of both latents, up (T, H (nope + rope), q_rank). Decode keeps the
    latent and absorbs the expansion: H products (T, kv_rank, nope), one problem per sequence with all heads as rows on
    keys of kv_rank + rope, H products (T, v, kv_rank). Prefill expands (T, H (nope + v), kv_rank) and attends per head.

    Sparse attention adds an index in fp8 that tp does not divide: query (T, I d, q_rank) and key (T, d + I, h) for
    I heads of width d, scores (rows I, context, d) summed over the heads, and a pass over the scores that picks the
    keys; attention then reads no more than the keys picked.

    References
    ----------
    DeepSeek-AI, "DeepSeek-V2," arXiv:2405.04434, section 2.1 (MLA, absorption). A. Vaswani et al., arXiv:1706.03762.
    DeepSeek-AI, "DeepSeek-V3.2-Exp," 2025, section 2 (the index).
    """
    if model.attention == "mla":
        return _latent(model, layout, run)
    return _grouped(model, layout, run)


def product(name: str, m: int, n: int, k: int, layout: Layout, count: float) -> Gemm:
    """Return the product of m rows with weights of k x n, at the layout's widths and with a 16-bit result."""
    w = layout.weights
    return Gemm(name, m, n, k, 1, w.operand_bytes, w.weight_bytes, 2.0, w.math_bits, count)


def _grouped(model: Model, layout: Layout, run: Pass) -> list[Operator]:
    heads, width, tokens, layers = model.heads // layout.tp, model.head_dim, run.tokens, float(model.softmax_layers)
    kv = max(1, model.kv_heads // layout.tp)
    columns = (heads * (2 if model.output_gate else 1) + 2 * kv) * width
    out: list[Operator] = [product("qkv", tokens, columns, model.hidden, layout, layers)]
    if model.joint_key_norm and layout.tp > 1:
        squares = Collective(
            "norm-all-reduce", "all-reduce", tokens * 8.0, layout.tp, layout.all_reduce_latency_ns, layers
        )
        out.append(squares)
    if model.position == "rotary":
        out.append(Vector("rotary", tokens * (heads + kv) * width, _ROTARY_FLOPS, 4.0, layers))
    for windowed, count in ((False, model.softmax_layers - model.window_layers), (True, model.window_layers)):
        if count:
            out += _scores(model, layout, run, windowed, float(count))
    if model.output_gate:
        out.append(
            Vector("attention-gate", tokens * heads * width, _GATE_FLOPS, 4.0 + layout.weights.operand_bytes, layers)
        )
    out.append(product("attention-output", tokens, model.hidden, heads * width, layout, layers))
    return out


def _scores(model: Model, layout: Layout, run: Pass, windowed: bool, count: float) -> list[Operator]:
    heads, d = model.heads // layout.tp, model.head_dim
    kv = max(1, model.kv_heads // layout.tp)
    window = model.window if windowed else 0
    context = min(run.context, window) if windowed and run.decode else run.context
    suffix = "-window" if windowed else ""
    problems, rows = run.sequences * kv, run.rows * (heads // kv)
    if layout.kernels == "separate":
        elements = problems * rows * context
        cache = layout.cache_bytes
        return [
            Gemm("scores" + suffix, rows, context, d, problems, 2.0, cache, 2.0, 16, count),
            Vector("softmax" + suffix, elements, _SOFTMAX_FLOPS, 4.0, count),
            Gemm("values" + suffix, rows, d, context, problems, 2.0, cache, 2.0, 16, count),
        ]
    share = 1.0 if run.decode else causal_share(run.rows, window)
    return [Attention("attention" + suffix, problems, rows, context, share, d, d, 2 * d, layout.cache_bytes, 16, count)]


def _latent(model: Model, layout: Layout, run: Pass) -> list[Operator]:
    heads, tokens, layers = model.heads // layout.tp, run.tokens, float(model.layers)
    rank, rope, nope, v = model.kv_lora_rank, model.qk_rope_dim, model.qk_nope_dim, model.v_head_dim
    query = heads * (nope + rope)
    down = (model.q_lora_rank or query) + rank + rope
    out: list[Operator] = [
        product("latent-down", tokens, down, model.hidden, layout, layers),
        Vector(
            "latent-norm", tokens * (model.q_lora_rank + rank), _RMS_FLOPS, 2 + layout.weights.operand_bytes, layers
        ),
    ]
    if model.q_lora_rank:
        out.append(product("query-up", tokens, query, model.q_lora_rank, layout, layers))
    out.append(Vector("rotary", tokens * (heads + 1) * rope, _ROTARY_FLOPS, 4.0, layers))
    if model.index_topk:
        out += _index(model, layout, run)
    picked = model.index_topk or run.context
    if run.decode:
        out += [
            Gemm("absorb-key", tokens, rank, nope, heads, count=layers),
            Attention(
                "attention", run.sequences, run.rows * heads, min(run.context, picked), 1.0,
                rank + rope, rank, rank + rope, layout.cache_bytes, 16, layers,
            ),
            Gemm("absorb-value", tokens, v, rank, heads, count=layers),
        ]  # fmt: skip
    else:
        share = causal_share(run.rows, model.index_topk)
        out += [
            product("key-value-up", tokens, heads * (nope + v), rank, layout, layers),
            Attention(
                "attention", run.sequences * heads, run.rows, run.context, share,
                nope + rope, v, nope + rope + v, 2.0, 16, layers,
            ),
        ]  # fmt: skip
    out.append(product("attention-output", tokens, model.hidden, heads * v, layout, layers))
    return out


def _index(model: Model, layout: Layout, run: Pass) -> list[Operator]:
    heads, d, layers = model.index_heads, model.index_dim, float(model.layers)
    keys = run.context if run.decode else -(-(run.rows + 1) // 2)  # under a causal mask a row sees half on average
    return [
        product("index-query", run.tokens, heads * d, model.q_lora_rank, layout, layers),
        product("index-key", run.tokens, d + heads, model.hidden, layout, layers),
        Gemm("index-scores", run.rows * heads, keys, d, run.sequences, 1.0, 1.0, 4.0 / heads, 8, layers),
        Vector("index-pick", run.tokens * keys, _PICK_FLOPS, 4.0, layers),
    ]
