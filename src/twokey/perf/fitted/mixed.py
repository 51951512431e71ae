"""A step of a served model that carries prompts beside the tokens of others: which operators both pass together."""

from __future__ import annotations

from dataclasses import replace

from twokey.workloads.operators import Collective, Gemm, Operator, Phase, Vector

__all__ = ["mixed_phases"]


def mixed_phases(decode: Phase, prefill: Phase, passes: float, ranks: int = 1) -> tuple[Phase, Phase, Phase]:
    """Return the operators of a step that carries prompts: those it leaves, those it widens, those that prompts add.

    Parameters
    ----------
    decode : one decode step of all sequences of a replica
    prefill : a pass over prompts
    passes : how many such passes the step carries [1]
    ranks : replicas that exchange tokens with the experts; only one of them has prompts in such a step [1]

    Returns
    -------
    tuple of Phase
        what a decode step has as before, such as attention over the cache; its products, collectives and element-wise
        kernels that take in the prompts' tokens; and what only prompts have: attention over themselves, expansion of
        latents, chunks of a state

    Notes
    -----
    Weights are read once for both. Each expert that either touches is read: the larger number of the two, since a
    prompt of a few hundred tokens touches about all.

    Examples
    --------
    >>> from twokey.workloads.operators import Attention
    >>> step = Phase("decode", (Gemm("up", 8, 64, 64), Attention("attention", 8, 4, 100, 1.0, 64, 64, 128)))
    >>> prompt = Phase("prefill", (Gemm("up", 100, 64, 64), Attention("attention", 2, 400, 100, 0.5, 64, 64, 128)))
    >>> left, wider, added = mixed_phases(step, prompt, 2.0)
    >>> [op.problems for op in left.operators], [op.m for op in wider.operators], [op.count for op in added.operators]
    ([8], [208], [2.0])
    """
    others = {op.name: op for op in prefill.operators}
    left: list[Operator] = []
    wider: list[Operator] = []
    for op in decode.operators:
        together = _together(op, others.get(op.name), passes, ranks)
        if together is None:
            left.append(op)
        else:
            wider.append(together)
            del others[op.name]
    added = tuple(replace(op, count=op.count * passes) for op in prefill.operators if op.name in others)
    return (
        replace(decode, operators=tuple(left)),
        replace(decode, operators=tuple(wider)),
        replace(prefill, operators=added),
    )


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
