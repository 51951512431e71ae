"""Time per output token of a served model: decode steps, the prompts that share them, and the framework's own time."""

from __future__ import annotations

from dataclasses import dataclass

from twokey.perf.fitted.chip import RealChip
from twokey.perf.fitted.coefficients import Coefficients
from twokey.perf.fitted.phase import Term, phase_terms
from twokey.workloads.operators import Attention, Phase

__all__ = ["Steps", "prompts_between_s", "step_times", "timed_rows"]

_SHARES = {"dense": "dense_launch_share", "vector": "dense_launch_share", "experts": "expert_launch_share"}
"""Share of a kernel's launch floor that remains inside a graph, by kind of operator; attention keeps all of it."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Times of the steps of a served model.

    Parameters
    ----------
    decode_s, prefill_s : one decode step of all sequences, and one pass over the prompts, alone [s]
    tpot_s : mean time per output token with the prompts of others in between [s]
    decode, prefill : the operators of both, and what is not an operator, as (name, time, bound) [s]
    mixed_share : share of the time per output token that the prompts of others take [1]
    """

    decode_s: float
    prefill_s: float
    tpot_s: float
    decode: tuple[tuple[str, float, str], ...]
    prefill: tuple[tuple[str, float, str], ...]
    mixed_share: float


def timed_rows(
    terms: list[Term], fitted: Coefficients, framework: str | None, layers: float = 0.0, sequences: float = 0.0
) -> list[tuple[str, float, str]]:
    """Return (operator, time [s], bound) of a phase's terms, and of the framework where it decodes.

    Parameters
    ----------
    layers, sequences : layers with attention, and sequences of a decode step; 0 for a pass over prompts [1]
    """
    s = fitted.merged("serve", f"serve-{framework}")
    out = []
    for term in terms:
        share = s.get(_SHARES.get(term.kind, ""), 1.0)
        out.append((term.operator, term.work_s + share * term.launch_s + term.quantise_s, term.bound_by))
    if sequences:
        host = (s["step_us"] + s["sequence_us"] * sequences + s["layer_us"] * layers) * 1e-6
        out.append(("framework", host, "launch"))
    return out


def prompts_between_s(
    prompt_s: float, shared_s: float, mixing: float, sequences: float, input_len: int, output_len: int
) -> float:
    """Return what the prompts of others add to the time per output token [s].

    Parameters
    ----------
    prompt_s, shared_s : pass over one prompt alone, and the part of a decode step whose weights both read [s]
    mixing : share of the prompts that fall between the steps of others [1]
    sequences, input_len, output_len : as in `step_times`

    Notes
    -----
    While a sequence writes its OSL tokens, each of the other sequences begins once, so that n = (sequences - 1) x
    `mixing` steps carry a prompt. Such a step costs the prompt's pass less the reading of the weights that both share.
    """
    saved = min(0.9 * prompt_s, shared_s) * max(0.0, 1.0 - sequences / input_len)
    return mixing * max(sequences - 1.0, 0.0) * (prompt_s - saved) / output_len


def step_times(
    chip: RealChip,
    fitted: Coefficients,
    decode: Phase,
    prefill: Phase,
    *,
    sequences: float,
    prompts: float,
    input_len: int,
    output_len: int,
    framework: str | None = None,
) -> Steps:
    """Return the times of a served model's steps on one replica.

    Parameters
    ----------
    decode, prefill : operators of one decode step of all sequences, and of a pass over `prompts` prompts
    sequences, prompts : sequences of the replica in flight, and prompts of one pass [1]
    input_len, output_len : tokens of a prompt and of an answer [token]
    framework : whose kernels run; kernels fitted on all of them where not given

    Notes
    -----
    TPOT = [n T_mixed + (OSL - n) T_decode] / OSL, see `prompts_between_s`. A decode step adds to its operators a fixed
    time, a time for each sequence (sampling, scheduling) and for each layer (gaps between kernels of a graph).

    References
    ----------
    A. Agrawal et al., "Taming throughput-latency tradeoff in LLM inference with Sarathi-Serve," arXiv:2403.02310
    (decodes slowed by the prefills of their batch).
    """
    s = fitted.merged("serve", f"serve-{framework}")
    layers = sum(op.count for op in decode.operators if isinstance(op, Attention) or op.name == "linear-state")
    decode_terms = phase_terms(chip, fitted, decode, decode=True, framework=framework)
    rows = timed_rows(decode_terms, fitted, framework, layers, sequences)
    first = timed_rows(phase_terms(chip, fitted, prefill, decode=False, framework=framework), fitted, framework)
    step, whole = sum(time for _, time, _ in rows), sum(time for _, time, _ in first)
    shared = sum(term.work_s for term in decode_terms if term.kind in ("dense", "experts"))
    extra = prompts_between_s(whole / prompts, shared, s["mixing"], sequences, input_len, output_len)
    return Steps(step, whole + s["step_us"] * 1e-6, step + extra, tuple(rows), tuple(first), extra / (step + extra))
