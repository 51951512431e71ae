"""Operators of layers whose attention is a gated delta rule: a state of fixed size in place of a cache of keys."""

from __future__ import annotations

from twokey.workloads.attention import Pass, product
from twokey.workloads.layout import Layout
from twokey.workloads.models import Model
from twokey.workloads.operators import Gemm, Operator, Vector

__all__ = ["CHUNK", "recurrent_operators", "state_bytes"]

CHUNK = 64
"""Tokens of a prompt that are processed as one block of products [token]."""

_STATE_FLOPS = 8.0
_CONVOLUTION_FLOPS = 8.0
_GATE_FLOPS = 10.0


def recurrent_operators(model: Model, layout: Layout, run: Pass) -> list[Operator]:
    """Return the operators from the normed input to the output projection, counted over the layers with a state.

    With T tokens, H value heads of width v and G key heads of width d on this device: input (T, columns, h), a short
    convolution over queries, keys and values, the state, a gated norm of T H v elements, output (T, h, H v).

    State, decode: sequences x H x d x v elements in 32 bits, read and written, 8 operations each (decay, read by the
    key, correct, write, read by the query). Prefill works in chunks of C tokens by products: for each chunk and head
    2 C (2 C d + C (d + v) + C v + 3 d v) operations, taken as one product (C, v, k) with the k that gives this count.

    References
    ----------
    S. Yang, J. Kautz and A. Hatamizadeh, "Gated delta networks," arXiv:2412.06464, section 3 (recurrence, chunks).
    """
    if not model.linear_layers:
        return []
    layers, tokens = float(model.linear_layers), run.tokens
    heads, keys = model.linear_value_heads // layout.tp, max(1, model.linear_key_heads // layout.tp)
    d, v = model.linear_key_dim, model.linear_value_dim
    mixed = 2 * keys * d + heads * v
    columns = mixed + heads * v + 2 * heads
    return [
        product("linear-input", tokens, columns, model.hidden, layout, layers),
        Vector("linear-convolution", tokens * mixed, _CONVOLUTION_FLOPS, 4.0, layers),
        _state(run, heads, d, v, layers),
        Vector("linear-gate", tokens * heads * v, _GATE_FLOPS, 4.0 + layout.weights.operand_bytes, layers),
        product("linear-output", tokens, model.hidden, heads * v, layout, layers),
    ]


def _state(run: Pass, heads: int, d: int, v: int, count: float) -> Operator:
    if run.decode:
        return Vector("linear-state", run.sequences * heads * d * v, _STATE_FLOPS, 8.0, count)
    chunk = min(CHUNK, run.rows)
    depth = -(-(2 * chunk * d + chunk * (d + v) + chunk * v + 3 * d * v) // v)
    chunks = run.sequences * -(-run.rows // chunk)
    return Gemm("linear-state", chunk, v, depth, chunks * heads, count=count)


def state_bytes(model: Model, layout: Layout, *, sequences: int) -> float:
    """Return the bytes of state on one device: 4 bytes for each of H d v elements, sequence and layer [byte]."""
    heads = model.linear_value_heads // layout.tp
    return 4.0 * sequences * model.linear_layers * heads * model.linear_key_dim * model.linear_value_dim
