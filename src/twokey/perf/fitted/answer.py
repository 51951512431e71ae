"""The answer to `estimate` for a chip of the catalogue: the fitted model, with an interval from its blind error."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twokey.chips.catalogue import Chip
from twokey.perf.fitted.chip import RealChip, from_catalogue
from twokey.perf.fitted.coefficients import FRAMEWORKS, read
from twokey.perf.fitted.explain import by_resource, roofline, sensitivity
from twokey.perf.fitted.interval import CLASS_OF_KIND, Spread, spreads
from twokey.perf.fitted.phase import phase_terms
from twokey.perf.fitted.serving import Steps, step_times
from twokey.perf.serving.answer import service_answer
from twokey.perf.serving.replica import Replica
from twokey.quantities.problem import Problem
from twokey.workloads.build import build, layout_for
from twokey.workloads.models import Model, find
from twokey.workloads.operators import Attention, Gemm, Phase

__all__ = ["estimate_chip"]

PHASES = ("prefill", "decode", "serve")


def estimate_chip(
    chip: Chip,
    *,
    model: str | Model,
    phase: str,
    devices: int = 1,
    tp: int | None = None,
    ep: int | None = None,
    dp: int | None = None,
    pp: int = 1,
    precision: str = "bf16",
    expert_precision: str | None = None,
    kv_precision: str = "bf16",
    batch: int = 1,
    input_len: int = 1024,
    output_len: int = 128,
    framework: str | None = None,
    prefix_hit: float = 0.0,
    mtp_acceptance: float = 0.0,
    mtp_tokens: int | None = None,
    two_batch: bool = False,
    explain: bool = False,
    **service: Any,
) -> dict[str, Any]:
    """Return how fast a catalogue chip runs a model, where the time goes, and how sure that is.

    Parameters
    ----------
    chip : a catalogue chip with an architecture
    model, phase : an LLM of the catalogue; "prefill" (all prompts of the batch), "decode" (one step, no prompts in
        between) or "serve" (a steady stream: TTFT without queueing, TPOT with the prompts of others in between)
    devices, tp, ep, dp, precision, expert_precision, kv_precision, batch, input_len, output_len : as in
        `workloads.build.workload_for`
    framework : whose kernels run: trtllm, sglang or vllm; kernels fitted on all of them where not given
    pp, prefix_hit, mtp_acceptance, mtp_tokens, two_batch : stages of a pipeline, share of prompts cached, chance that
        a drafted token is accepted, tokens drafted (1 where an acceptance is given), half-batches in turns; see
        `serving.replica.Replica`
    explain : whether to add `roofline` and `sensitivity` (`fitted.explain`)
    service : of `serving.answer.OPTIONS`, for phase "serve": slo_ttft_s, slo_tpot_s [s], slo_percentile [percent],
        rate_per_s [1/s], disaggregate, curve, usd_per_device_hour or device_usd with power_W and usd_per_kWh

    Returns
    -------
    dict
        ttft_s, tpot_s (those that the phase has) [s], tokens_per_s_per_device [token/s], mfu [1],
        memory_bytes_per_device [byte], fits, bottlenecks (operator, share of the time, the resource that bounds it),
        resources (share of the time by resource), interval (low, high: nine in ten blind measurements lay within
        this about the prediction) [s], calibrated, calibration (id of the coefficients), kernel_shares (what the
        designer's kernels reach beside those fitted), and what `serving.answer.service_answer` adds

    Raises
    ------
    Problem
        If the chip's architecture is not known, a name is unknown, or the layout cannot be built.

    Notes
    -----
    Coefficients were fitted on A100 and H100 measurements only. The interval of TPOT is that of served models, of
    TTFT that of the operators by their shares of the time.

    Examples
    --------
    >>> from twokey.chips.catalogue import find
    >>> got = estimate_chip(find("nvidia-h200"), model="llama-3-8b", phase="serve", batch=16, framework="vllm")
    >>> got["interval"]["low"] < got["tpot_s"] < got["interval"]["high"], got["calibrated"]
    (True, True)
    """
    if phase not in PHASES:
        raise Problem("--phase", repr(phase), "one of " + ", ".join(PHASES), "choose serve for a whole request")
    if framework is not None and framework not in FRAMEWORKS:
        raise Problem("--framework", repr(framework), "one of " + ", ".join(FRAMEWORKS), "leave it out, or write one")
    if service and phase != "serve":
        raise Problem("--phase", repr(phase), "serve, for " + ", ".join(sorted(service)), "write --phase serve")
    if devices % max(1, pp) or pp < 1:
        raise Problem("--pp", str(pp), f"a divisor of the {devices} devices", "choose stages of like size")
    real = from_catalogue(chip)
    if precision == "int8":
        real = real.with_integers()
    found = find(model) if isinstance(model, str) else model
    layout = layout_for(
        found,
        devices=devices // pp,
        tp=tp,
        ep=ep,
        dp=dp,
        precision=precision,
        expert_precision=expert_precision,
        kv_precision=kv_precision,
    )
    prompts = batch if phase == "prefill" else min(batch, layout.dp)
    load = build(
        found,
        layout,
        name=f"{found.id}-{phase}",
        objective="tpot",
        batch=batch,
        input_len=input_len,
        output_len=output_len,
        prefill_batch=prompts,
    )
    fitted = read()
    sequences = -(-batch // layout.dp)

    def steps_on(device: RealChip) -> Steps:
        return step_times(
            device,
            fitted,
            load.decode,
            load.prefill,
            sequences=sequences,
            prompts=-(-prompts // layout.dp),
            input_len=input_len,
            output_len=output_len,
            ranks=layout.dp if layout.exchanges else 1,
            framework=framework,
            carrying=phase == "serve",
        )

    capacity = float(chip.architecture["dram_capacity_GB"].value) * 1e9 if chip.architecture else 0.0
    drafts = mtp_tokens if mtp_tokens is not None else int(mtp_acceptance > 0)
    special = pp > 1 or prefix_hit > 0 or drafts > 0 or two_batch
    replica: Replica | None = None
    if special or service:
        replica = Replica(
            real, fitted, found, layout, input_len, output_len, framework, pp, prefix_hit, mtp_acceptance, drafts,
            two_batch, capacity,
        )  # fmt: skip
    steps = steps_on(real)
    times = {"prefill_s": steps.prefill_s, "decode_s": steps.decode_s, "tpot_s": steps.tpot_s}
    if special and replica is not None:
        times = _special(replica, sequences, steps)
    if phase == "prefill":
        time, ran, rows = times["prefill_s"], load.prefill, list(steps.prefill)
        tokens = batch * input_len
        error = _of_operators(real, load.prefill, framework)
    else:
        time, ran = (times["decode_s"] if phase == "decode" else times["tpot_s"]), load.decode
        tokens, rows = batch, _with_prompts(steps, phase)
        error = spreads()["tpot"]
    total = sum(t for _, t, _ in rows)
    answer: dict[str, Any] = {}
    if phase != "decode":
        answer["ttft_s"] = times["prefill_s"] + (times["decode_s"] if phase == "serve" else 0.0)
    if phase != "prefill":
        answer["tpot_s"] = time
    memory = load.memory_bytes if replica is None else replica.memory_bytes(sequences)
    answer |= {
        "tokens_per_s_per_device": tokens / time / devices,
        "mfu": _ideal_s(real, ran) / pp / time,
        "memory_bytes_per_device": memory,
        "fits": capacity >= memory,
        "bottlenecks": [
            {
                "phase": "prefill" if phase == "prefill" else "decode",
                "operator": name,
                "share": t / total,
                "bound_by": bound,
            }
            for name, t, bound in sorted(rows, key=lambda row: -row[1])
        ],
        "resources": by_resource(rows),
        "interval": {"low": time * error.low, "high": time * error.high},
        "calibrated": True,
        "calibration": fitted.id,
        "kernel_shares": {"array_share": real.array_share, "dram_share": real.dram_share},
    }
    if explain:
        of = {"prefill": "prefill_s", "decode": "decode_s", "serve": "tpot_s"}[phase]
        answer["roofline"] = roofline(real, ran, rows)
        answer["sensitivity"] = sensitivity(real, lambda device: float(getattr(steps_on(device), of)))
    if replica is not None and two_batch:
        answer["two_batch_gain"] = replica.gain_of_two_batches(sequences)
    if replica is not None and service:
        answer |= service_answer(replica, answer["tokens_per_s_per_device"], service)
    return answer


def _special(replica: Replica, sequences: int, steps: Steps) -> dict[str, float]:
    """Return the times of a replica with a pipeline, a prefix cache, drafts or two half-batches [s]."""
    step, prompt = replica.step_s(sequences) / replica.yields, replica.prompt_s()
    plain = replace(replica, pp=1, prefix_hit=0.0, drafts=0, two_batch=False)
    extra = (steps.tpot_s - steps.decode_s) * replica.extra_s(sequences) / plain.extra_s(sequences)
    return {"prefill_s": prompt, "decode_s": step, "tpot_s": step + extra}


def _with_prompts(steps: Steps, phase: str) -> list[tuple[str, float, str]]:
    rows = list(steps.decode)
    if phase == "serve" and steps.mixed_share:
        rows.append(("prompts-of-others", steps.mixed_share * steps.tpot_s, "compute"))
    return rows


def _of_operators(chip: RealChip, phase: Phase, framework: str | None) -> Spread:
    """Return the spread of a sum of operators, all taken to err the same way."""
    terms = phase_terms(chip, read(), phase, decode=False, framework=framework)
    parts = [(term.work_s + term.launch_s, spreads()[CLASS_OF_KIND[term.kind]]) for term in terms]
    total = sum(time for time, _ in parts)
    low, middle, high = (sum(t * getattr(s, n) for t, s in parts) / total for n in ("low", "middle", "high"))
    return Spread(low, middle, high, min(s.rows for _, s in parts))


def _ideal_s(chip: RealChip, phase: Phase) -> float:
    """Return the time of a phase's products at the peak rate of the precision used [s]."""
    total = 0.0
    for op in phase.operators:
        if isinstance(op, Gemm):
            rate = chip.rate(4 if op.math_bits == 8 and op.b_bytes < 1 else op.math_bits)
            total += op.count * 2.0 * op.m * op.n * op.k * op.batch / rate
        elif isinstance(op, Attention):
            total += op.count * 2.0 * op.problems * op.rows * op.context * op.causal_share * (op.d_qk + op.d_v)
    return total / chip.peak_op_per_s
