"""What `estimate` answers: how fast a chip prefills, decodes, serves or trains a model, and where the time goes."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from twokey import api
from twokey.api import Problem
from twokey.web.given import Cases, Design, chip_or_design, table
from twokey.web.verb import Lines

__all__ = ["estimate"]


def estimate(
    item: Annotated[str | None, Field(description="A chip of the catalogue.", examples=["nvidia-h20"])] = None,
    model: Annotated[str | None, Field(description="An LLM of the catalogue.", examples=["llama-3-70b"])] = None,
    phase: Annotated[str | None, Field(description="prefill, decode, serve or train.", examples=["decode"])] = None,
    devices: Annotated[int | None, Field(description="Number of devices.", ge=1)] = None,
    tp: Annotated[int | None, Field(description="Tensor parallel size.", ge=1)] = None,
    dp: Annotated[int | None, Field(description="Data parallel size of attention.", ge=1)] = None,
    ep: Annotated[int | None, Field(description="Expert parallel size.", ge=1)] = None,
    precision: Annotated[str | None, Field(description="bf16 or fp8.")] = None,
    kv_precision: Annotated[str | None, Field(description="bf16 or fp8.")] = None,
    batch: Annotated[int | None, Field(description="Sequences in flight over all devices.", ge=1)] = None,
    input_len: Annotated[int | None, Field(alias="input", description="Prompt length (ISL), tokens.", ge=1)] = None,
    output_len: Annotated[int | None, Field(alias="output", description="Output length (OSL), tokens.", ge=1)] = None,
    framework: Annotated[str | None, Field(description="trtllm, sglang or vllm: whose kernels run.")] = None,
    pp: Annotated[str | None, Field(description="Pipeline stages.")] = None,
    cp: Annotated[str | None, Field(description="train: devices that divide a sequence.")] = None,
    micro_batch: Annotated[str | None, Field(description="train: sequences at a time.")] = None,
    interleave: Annotated[str | None, Field(description="train: chunks of a stage.")] = None,
    recompute: Annotated[str | None, Field(description="train: none, selective or full.")] = None,
    sequence_parallel: Annotated[bool | None, Field(description="train: divide the sequence too.")] = None,
    zero: Annotated[str | None, Field(description="train: 0 to 3, what replicas share.")] = None,
    tokens: Annotated[str | None, Field(description="train: tokens of the run.", examples=["14.8T"])] = None,
    usd_per_device_hour: Annotated[str | None, Field(description="train, serve: price of a device-hour.")] = None,
    node_devices: Annotated[str | None, Field(description="train: devices of a scale-up domain.")] = None,
    scale_out_GBps: Annotated[str | None, Field(description="train: a device's network, one way.")] = None,
    stack: Annotated[str | None, Field(description="train: software, such as megatron-2022.")] = None,
    slo_ttft: Annotated[float | None, Field(description="serve: target for the first token [s].")] = None,
    slo_tpot: Annotated[float | None, Field(description="serve: target per output token [s].")] = None,
    slo_percentile: Annotated[float | None, Field(description="serve: requests within the targets, percent.")] = None,
    rate: Annotated[float | None, Field(description="serve: requests a second to all devices.")] = None,
    disaggregate: Annotated[bool, Field(description="serve: the best pair of pools.")] = False,
    curve: Annotated[bool, Field(description="serve: time per token against sequences in flight.")] = False,
    prefix_hit: Annotated[float | None, Field(description="Share of a prompt that is cached.")] = None,
    mtp: Annotated[float | None, Field(description="Chance that a drafted token is accepted.")] = None,
    mtp_tokens: Annotated[int | None, Field(description="Tokens drafted each step.")] = None,
    two_batch_overlap: Annotated[bool, Field(description="Half-batches take turns.")] = False,
    device_usd: Annotated[float | None, Field(description="serve: price of a device.")] = None,
    power_W: Annotated[float | None, Field(description="serve: power of a device in use.")] = None,
    usd_per_kWh: Annotated[float | None, Field(description="serve: price of electricity.")] = None,
    explain: Annotated[bool, Field(description="A roofline record, and what more of each resource buys.")] = False,
    design: Design = None,
    cases: Cases = None,
) -> Any:
    """How fast a chip or a design runs a model, and where the time goes.

    Raises
    ------
    Problem
        If what is given cannot be used.
    """
    if cases is not None:
        return Lines("answers", table(cases, api.estimate_cases), {})
    if model is None or phase is None:
        missing = "model" if model is None else "phase"
        raise Problem("estimate", f"no {missing}", f"a {missing}, or cases", f"add {missing}", kind="usage")
    given = {
        "devices": devices, "tp": tp, "dp": dp, "ep": ep, "precision": precision, "kv_precision": kv_precision,
        "batch": batch, "input_len": input_len, "output_len": output_len, "framework": framework,
        "slo_ttft_s": slo_ttft, "slo_tpot_s": slo_tpot, "slo_percentile": slo_percentile, "rate_per_s": rate,
        "disaggregate": disaggregate or None, "curve": curve or None, "prefix_hit": prefix_hit, "mtp_acceptance": mtp,
        "mtp_tokens": mtp_tokens, "two_batch": two_batch_overlap or None, "device_usd": device_usd, "power_W": power_W,
        "usd_per_kWh": usd_per_kWh, "explain": explain or None,
    }  # fmt: skip
    options = {k: v for k, v in given.items() if v is not None}
    texts = {
        "pp": pp, "cp": cp, "micro_batch": micro_batch, "interleave": interleave, "recompute": recompute,
        "sequence_parallel": None if sequence_parallel is None else str(sequence_parallel), "zero": zero,
        "tokens": tokens, "usd_per_device_hour": usd_per_device_hour, "node_devices": node_devices,
        "scale_out_GBps": scale_out_GBps, "stack": stack,
    }  # fmt: skip
    options |= api.options_given(phase, texts)
    with chip_or_design(item, design, "estimate") as chip:
        return api.estimate(chip, model=model, phase=phase, **options)
