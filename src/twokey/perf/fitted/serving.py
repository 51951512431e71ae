"""Time per output token of a served model: decode steps, the prompts that share them, and the framework's own time."""

from __future__ import annotations

from dataclasses import dataclass

from twokey.perf.fitted.chip import RealChip
from twokey.perf.fitted.coefficients import Coefficients
from twokey.perf.fitted.mixed import mixed_phases
from twokey.perf.fitted.phase import Term, phase_terms
from twokey.workloads.operators import Attention, Phase

__all__ = ["Extra", "Steps", "layers_of", "prompt_extra", "prompts_together", "step_times", "timed_rows"]


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


@dataclass(frozen=True, slots=True)
class Extra:
    """What prompts add to the decode step that carries them.

    Parameters
    ----------
    prompts : prompts that share the step [1]
    time_s : what they add together [s]
    """

    prompts: int
    time_s: float

    def per_token_s(self, sequences: float, output_len: int, ranks: int = 1) -> float:
        """Return what the prompts of others add to the time per output token [s].

        Notes
        -----
        While a sequence writes its OSL tokens each of the other sequences begins once, `prompts` at a time: that many
        steps carry prompts. Replicas whose tokens meet at the experts wait for each other's.
        """
        return ranks * max(sequences / self.prompts - 1.0, 0.0) * self.time_s / output_len


def layers_of(phase: Phase) -> float:
    """Return the layers of a phase, with attention over keys or with a state [1]."""
    return sum(op.count for op in phase.operators if isinstance(op, Attention) or op.name == "linear-state")


def timed_rows(
    terms: list[Term], fitted: Coefficients, framework: str | None, layers: float, sequences: float = 0.0
) -> list[tuple[str, float, str]]:
    """Return (operator, time [s], bound) of a step's terms, and of the framework.

    Parameters
    ----------
    layers : layers with attention or a state [1]
    sequences : sequences of a decode step; 0 for a pass over prompts [1]

    Notes
    -----
    A decode step is launched as one graph; the framework adds a time for each sequence (sampling, scheduling) and for
    each layer (small kernels and gaps). A pass over prompts has no graph: its kernels are launched one by one, so that
    it never takes less than the host needs to launch a layer.
    """
    s = fitted.merged("serve", f"serve-{framework}")
    out = []
    for term in terms:
        share = s.get("expert_launch_share", 1.0) if term.kind == "experts" else 1.0
        out.append((term.operator, term.work_s + share * term.launch_s + term.quantise_s, term.bound_by))
    if sequences:
        host = (s["sequence_us"] * sequences + s["layer_us"] * layers) * 1e-6
    else:
        host = max(0.0, _host_s(fitted, layers) - sum(time for _, time, _ in out))
    return [*out, ("framework", host, "launch")] if host else out


def _host_s(fitted: Coefficients, layers: float) -> float:
    """Return what the host takes to launch the kernels of this many layers one by one [s]."""
    return fitted.groups["serve"]["eager_layer_us"] * layers * 1e-6


def prompts_together(fitted: Coefficients, sequences: float, input_len: float) -> int:
    """Return how many prompts of this many tokens share a step of a replica: as make up `group_tokens` [1]."""
    return int(max(1, min(sequences, fitted.groups["serve"]["group_tokens"] // input_len)))


def prompt_extra(
    chip: RealChip,
    fitted: Coefficients,
    decode: Phase,
    decode_terms: list[Term],
    prefill: Phase,
    *,
    sequences: float,
    input_len: float,
    prompts: float = 1.0,
    ranks: int = 1,
    framework: str | None = None,
) -> Extra:
    """Return what prompts add to the decode step that carries them.

    Parameters
    ----------
    decode, prefill : operators of one decode step of all sequences, and of a pass over `prompts` prompts
    decode_terms : the times of that decode step, without prompts
    sequences : sequences of the replica in flight [1]
    input_len : tokens of a prompt that go through [token]
    ranks : replicas that exchange tokens with the experts [1]

    Notes
    -----
    The prompts of `prompts_together` share the step. It reads the weights once, and like a pass over prompts it is
    launched kernel by kernel.
    """
    group = prompts_together(fitted, sequences, input_len)
    left, wider, added = mixed_phases(decode, prefill, group / prompts, ranks)
    unchanged = {op.name for op in left.operators}
    terms = [term for term in decode_terms if term.operator in unchanged]
    terms += phase_terms(chip, fitted, wider, decode=True, framework=framework)
    terms += phase_terms(chip, fitted, added, decode=False, framework=framework)
    layers = layers_of(decode)
    step_s, mixed_s = (
        sum(time for _, time, _ in timed_rows(some, fitted, framework, layers, sequences))
        for some in (decode_terms, terms)
    )
    return Extra(group, max(mixed_s, _host_s(fitted, layers), step_s) - step_s)


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
    ranks: int = 1,
    framework: str | None = None,
    carrying: bool = True,
) -> Steps:
    """Return the times of a served model's steps on one replica.

    Parameters
    ----------
    decode, prefill : operators of one decode step of all sequences, and of a pass over `prompts` prompts
    sequences, prompts : sequences of the replica in flight, and prompts of one pass [1]
    input_len, output_len : tokens of a prompt and of an answer [token]
    ranks : replicas that exchange tokens with the experts [1]
    framework : whose kernels run; kernels fitted on all of them where not given
    carrying : whether steps carry the prompts of others, as in a service; else TPOT is that of decode steps alone

    Notes
    -----
    TPOT = T_decode + n (T_mixed - T_decode) / OSL, see `Extra` for n and `prompt_extra` for T_mixed.

    References
    ----------
    A. Agrawal et al., "Taming throughput-latency tradeoff in LLM inference with Sarathi-Serve," arXiv:2403.02310
    (decodes slowed by the prefills of their batch).
    """
    layers = layers_of(decode)
    decode_terms = phase_terms(chip, fitted, decode, decode=True, framework=framework)
    rows = timed_rows(decode_terms, fitted, framework, layers, sequences)
    first_terms = phase_terms(chip, fitted, prefill, decode=False, framework=framework)
    first = timed_rows(first_terms, fitted, framework, layers)
    step, whole = sum(time for _, time, _ in rows), sum(time for _, time, _ in first)
    extra = 0.0
    if carrying:
        added = prompt_extra(
            chip,
            fitted,
            decode,
            decode_terms,
            prefill,
            sequences=sequences,
            input_len=input_len,
            prompts=prompts,
            ranks=ranks,
            framework=framework,
        )
        extra = added.per_token_s(sequences, output_len, ranks)
    return Steps(step, whole, step + extra, tuple(rows), tuple(first), extra / (step + extra))
