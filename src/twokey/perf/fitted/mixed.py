"""A step of a served model that carries prompts beside the tokens of others: which operators both pass together."""

from __future__ import annotations

from dataclasses import replace

from twokey.workloads.operators import Collective, Gemm, Operator, Phase, Vector

__all__ = ["mixed_phases"]


def mixed_phases(decode: Phase, prefill: Phase, passes: float, ranks: int = 1) -> tuple[Phase, Phase]:
    """Return the operators of a step that carries prompts: those of a decode step it widens, and those prompts add.

    Parameters
    ----------
    decode : one decode step of all sequences of a replica
    prefill : a pass over prompts
    passes : how many such passes the step carries [1]
    ranks : replicas that exchange tokens with the experts; only one of them has prompts in such a step [1]

    Returns
    -------
    tuple of Phase
        the products, collectives and element-wise kernels of a decode step that take in the prompts' tokens, the others
        being as they were; and what only prompts have: attention over themselves, expansion of latents, chunks of a
        state

    Notes
    -----
    Weights are read once for both. Each expert that either touches is read: the larger number of the two, since a
    prompt of a few hundred tokens touches about all.

    Examples
    --------
    >>> from twokey.workloads.operators import Attention
    >>> step = Phase("decode", (Gemm("up", 8, 64, 64), Attention("attention", 8, 4, 100, 1.0, 64, 64, 128)))
    >>> prompt = Phase("prefill", (Gemm("up", 100, 64, 64), Attention("attention", 2, 400, 100, 0.5, 64, 64, 128)))
    >>> both, alone = mixed_phases(step, prompt, 2.0)
    >>> [(op.name, op.m) for op in both.operators], [(op.name, op.count) for op in alone.operators]
    ([('up', 208)], [('attention', 2.0)])
    """
    others = {op.name: op for op in prefill.operators}
    wider = (_together(op, others.get(op.name), passes, ranks) for op in decode.operators)
    both = tuple(op for op in wider if op is not None)
    shared = {op.name for op in both}
    alone = tuple(replace(op, count=op.count * passes) for op in prefill.operators if op.name not in shared)
    return replace(decode, operators=both), replace(prefill, operators=alone)


def _together(op: Operator, other: Operator | None, passes: float, ranks: int) -> Operator | None:
    """Return an operator that takes in the tokens of both, or None where each passes alone."""
    if isinstance(op, Gemm) and isinstance(other, Gemm):
        if op.name.startswith("expert"):
            batch = max(op.batch, other.batch)
            rows = op.m * op.batch + passes * other.m * other.batch / ranks
            return replace(op, m=max(1, -(-round(rows) // batch)), batch=batch)
        return replace(op, m=op.m + round(passes * other.m)) if op.batch == other.batch == 1 else None
    if isinstance(op, Vector) and isinstance(other, Vector):
        return replace(op, elements=op.elements + round(passes * other.elements))
    if isinstance(op, Collective) and isinstance(other, Collective):
        return replace(op, payload_bytes=op.payload_bytes + passes * other.payload_bytes)
    return None
