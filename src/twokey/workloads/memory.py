"""What one device must hold: weights, key/value cache, activations."""

from __future__ import annotations

from twokey.workloads.layout import Layout
from twokey.workloads.models import Model
from twokey.workloads.recurrent import state_bytes

__all__ = ["ACTIVATION_TOKENS", "activation_bytes", "cache_bytes", "weight_bytes"]

ACTIVATION_TOKENS = 8192
"""Most tokens of a prompt processed at a time, which bounds the activations; longer prompts go in pieces [token]."""


def weight_bytes(model: Model, layout: Layout, *, embeddings: bool = True) -> float:
    """Return the bytes of weights on one device, norms and biases left out [byte].

    Projections and feed-forward blocks are divided by tp (MLA's projections to the latent are not), experts by ep and
    their slices, the embedding and the output projection by tp, in 16 bits. The expansions that MLA absorbs in decode
    and the router are held in 16 bits.
    """
    wide, h = layout.weights.weight_bytes, model.hidden
    if model.attention == "mla":
        query = model.heads * (model.qk_nope_dim + model.qk_rope_dim)
        expand = model.kv_lora_rank * model.heads * (model.qk_nope_dim + model.v_head_dim)
        latent = h * (model.kv_lora_rank + model.qk_rope_dim) + h * model.q_lora_rank
        shared = (model.q_lora_rank or h) * query + model.heads * model.v_head_dim * h
        attention = latent * wide + shared * wide / layout.tp + expand * 2.0 / layout.tp + model.index_params * wide
    else:
        kv = max(1, model.kv_heads // layout.tp)
        attention = h * model.head_dim * ((3 if model.output_gate else 2) * model.heads / layout.tp + 2 * kv) * wide
    dense = model.ffn_matrices * h * model.ffn_dim * wide / layout.tp
    held = layout.experts_held(model.experts)
    routed = held * model.expert_params / layout.expert_slices * layout.experts.weight_bytes
    always = model.shared_experts * model.expert_params * wide / (1 if layout.exchanges else layout.tp)
    total = model.softmax_layers * attention + model.dense_layers * dense
    total += model.linear_layers * model.linear_params * wide / layout.tp
    total += model.moe_layers * (routed + always + h * model.experts * 2.0)
    if embeddings:
        total += model.embedding_params * 2.0 / layout.tp
    return total


def cache_bytes(model: Model, layout: Layout, *, sequences: int, context: int) -> float:
    """Return the bytes of cache and state on one device for `sequences` sequences of `context` tokens each [byte].

    A layer keeps 2 G d elements a token (G key/value heads held, width d), or kv_rank + rope in MLA, which tp does
    not divide; a layer with a sliding window keeps no more tokens than its window. The index of sparse attention keeps
    one key of 8 bits and a scale of 4 bytes a token, a layer with a gated delta rule its state.
    """
    if model.attention == "mla":
        token = model.kv_lora_rank + model.qk_rope_dim
    else:
        token = 2 * max(1, model.kv_heads // layout.tp) * model.head_dim
    full = (model.softmax_layers - model.window_layers) * context
    windowed = model.window_layers * min(context, model.window)
    index = model.layers * context * (model.index_dim + 4.0) if model.index_topk else 0.0
    kept = token * (full + windowed) * layout.cache_bytes + index
    return sequences * kept + state_bytes(model, layout, sequences=sequences)


def activation_bytes(model: Model, layout: Layout, *, tokens: int) -> float:
    """Return a bound on the activations one device holds while `tokens` tokens go through [byte].

    Four hidden states and the widest inner state of a layer, in 16 bits, for at most `ACTIVATION_TOKENS` tokens.
    """
    dense = model.ffn_matrices * model.ffn_dim / layout.tp if model.dense_layers else 0.0
    share = 1 if layout.exchanges else 1 / layout.expert_slices
    routed = model.experts_active * (model.ffn_matrices * model.expert_dim * share + 2 * model.hidden)
    width = 4 * model.hidden + max(dense, routed)
    return min(tokens, ACTIVATION_TOKENS) * width * 2.0
