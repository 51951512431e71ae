"""`estimate`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from twokey import api
from twokey.api import Problem
from twokey.cli.shared import As, print_json, stream_json

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("estimate")(_estimate)


def _estimate(
    item: Annotated[str | None, typer.Argument(metavar="ITEM|DESIGN", help="Catalogue id or a design's file.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="An LLM of `twokey models`.")] = None,
    phase: Annotated[str | None, typer.Option("--phase", help="prefill, decode, serve or train.")] = None,
    devices: Annotated[int | None, typer.Option("--devices", help="Number of devices.")] = None,
    tp: Annotated[int | None, typer.Option("--tp", help="Tensor parallel size.")] = None,
    dp: Annotated[int | None, typer.Option("--dp", help="Data parallel size of attention.")] = None,
    ep: Annotated[int | None, typer.Option("--ep", help="Expert parallel size.")] = None,
    precision: Annotated[str | None, typer.Option("--precision", help="bf16 or fp8.")] = None,
    kv_precision: Annotated[str | None, typer.Option("--kv-precision", help="bf16 or fp8.")] = None,
    batch: Annotated[int | None, typer.Option("--batch", help="Sequences in flight over all devices.")] = None,
    input_len: Annotated[int | None, typer.Option("--input", help="Prompt length (ISL), tokens.")] = None,
    output_len: Annotated[int | None, typer.Option("--output", help="Output length (OSL), tokens.")] = None,
    framework: Annotated[
        str | None, typer.Option("--framework", help="trtllm, sglang or vllm: whose kernels a catalogue chip runs.")
    ] = None,
    pp: Annotated[str | None, typer.Option("--pp", help="Pipeline stages.")] = None,
    cp: Annotated[str | None, typer.Option("--cp", help="train: devices that divide a sequence.")] = None,
    micro_batch: Annotated[str | None, typer.Option("--micro-batch", help="train: sequences at a time.")] = None,
    interleave: Annotated[str | None, typer.Option("--interleave", help="train: chunks of a stage.")] = None,
    recompute: Annotated[str | None, typer.Option("--recompute", help="train: none, selective or full.")] = None,
    sequence_parallel: Annotated[
        bool | None, typer.Option("--sequence-parallel/--no-sequence-parallel", help="train: divide the sequence too.")
    ] = None,
    zero: Annotated[str | None, typer.Option("--zero", help="train: 0 to 3, what replicas share.")] = None,
    tokens: Annotated[str | None, typer.Option("--tokens", help="train: tokens of the run, such as 14.8T.")] = None,
    price: Annotated[
        str | None, typer.Option("--usd-per-device-hour", help="train, serve: price of a device-hour.")
    ] = None,
    node: Annotated[str | None, typer.Option("--node-devices", help="train: devices of a scale-up domain.")] = None,
    network: Annotated[str | None, typer.Option("--scale-out-GBps", help="train: a device's network, one way.")] = None,
    stack: Annotated[str | None, typer.Option("--stack", help="train: software, such as megatron-2022.")] = None,
    slo_ttft: Annotated[float | None, typer.Option("--slo-ttft", help="serve: target for the first token, s.")] = None,
    slo_tpot: Annotated[float | None, typer.Option("--slo-tpot", help="serve: target per output token, s.")] = None,
    percentile: Annotated[
        float | None, typer.Option("--slo-percentile", help="serve: share of requests within the targets, %.")
    ] = None,
    rate: Annotated[float | None, typer.Option("--rate", help="serve: requests a second to all devices.")] = None,
    disaggregate: Annotated[
        bool, typer.Option("--disaggregate", help="serve: the best pair of pools, for prompts and for decoding.")
    ] = False,
    curve: Annotated[bool, typer.Option("--curve", help="serve: time per token against sequences in flight.")] = False,
    prefix_hit: Annotated[float | None, typer.Option("--prefix-hit", help="Share of a prompt that is cached.")] = None,
    mtp: Annotated[float | None, typer.Option("--mtp", help="Chance that a drafted token is accepted.")] = None,
    mtp_tokens: Annotated[int | None, typer.Option("--mtp-tokens", help="Tokens drafted each step.")] = None,
    two_batch: Annotated[
        bool, typer.Option("--two-batch-overlap", help="Half-batches take turns to compute and communicate.")
    ] = False,
    device_usd: Annotated[float | None, typer.Option("--device-usd", help="serve: price of a device.")] = None,
    power: Annotated[float | None, typer.Option("--power-W", help="serve: power of a device in use.")] = None,
    energy: Annotated[float | None, typer.Option("--usd-per-kWh", help="serve: price of electricity.")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="A roofline record, and what more of each resource would buy.")
    ] = False,
    cases: Annotated[str | None, typer.Option("--cases", help="CSV: item,model,phase,devices and any option.")] = None,
    as_json: As.Json = False,
) -> None:
    """How fast a chip or design runs a model, and where the time goes."""
    if cases is not None:
        answers = api.estimate_cases(cases)
        if as_json:
            stream_json("answers", answers)
        else:
            for answer in answers:
                print(answer)
        return
    for name, value in (("ITEM", item), ("--model", model), ("--phase", phase)):
        if value is None:
            raise Problem("twokey estimate", f"no {name}", f"a {name}", "see `twokey estimate --help`", kind="usage")
    given: dict[str, Any] = {
        "devices": devices,
        "tp": tp,
        "dp": dp,
        "ep": ep,
        "precision": precision,
        "kv_precision": kv_precision,
        "batch": batch,
        "input_len": input_len,
        "output_len": output_len,
        "framework": framework,
    }
    given |= {
        "slo_ttft_s": slo_ttft, "slo_tpot_s": slo_tpot, "slo_percentile": percentile, "rate_per_s": rate,
        "disaggregate": disaggregate or None, "curve": curve or None, "prefix_hit": prefix_hit, "mtp_acceptance": mtp,
        "mtp_tokens": mtp_tokens, "two_batch": two_batch or None, "device_usd": device_usd, "power_W": power,
        "usd_per_kWh": energy, "explain": explain or None,
    }  # fmt: skip
    options = {k: v for k, v in given.items() if v is not None}
    assert item is not None
    assert model is not None
    assert phase is not None
    texts = {
        "pp": pp, "cp": cp, "micro_batch": micro_batch, "interleave": interleave, "recompute": recompute,
        "sequence_parallel": None if sequence_parallel is None else str(sequence_parallel), "zero": zero,
        "tokens": tokens, "usd_per_device_hour": price, "node_devices": node, "scale_out_GBps": network, "stack": stack,
    }  # fmt: skip
    options |= api.options_given(phase, texts)
    answer = api.estimate(item, model=model, phase=phase, **options)
    if as_json:
        print_json(answer)
        return
    if phase == "train":
        _print_training(answer)
    for name in ("ttft_s", "tpot_s"):
        if answer.get(name) is not None:
            print(f"{name:<26} {answer[name] * 1e3:.4g} ms")
    print(f"{'tokens/s per device':<26} {answer['tokens_per_s_per_device']:.5g}")
    if "interval" in answer:
        low, high = answer["interval"]["low"], answer["interval"]["high"]
        scale, unit, whose = (1.0, "s", "runs") if phase == "train" else (1e3, "ms", "chips")
        print(f"{'nine in ten measured within':<26} {low * scale:.4g} to {high * scale:.4g} {unit} (blind {whose})")
    _print_rest(answer)


def _print_training(answer: dict[str, Any]) -> None:
    layout = answer["layout"]
    print(f"{'step':<26} {answer['step_s']:.4g} s, software {answer['stack']}")
    print(f"{'layout':<26} " + ", ".join(f"{k} {v}" for k, v in layout.items()))
    print(f"{'MFU, HFU':<26} {answer['mfu']:.1%}, {answer['hfu']:.1%} of the dense 16-bit peak")
    if "device_hours" in answer:
        low, high = answer["device_hours_interval"]["low"], answer["device_hours_interval"]["high"]
        hours = f"{answer['device_hours']:,.0f} ({low:,.0f} to {high:,.0f}), {answer['days']:.1f} days"
        print(f"{'device-hours':<26} {hours}, {answer['goodput']:.1%} of the time advancing")
    if "cost_usd" in answer:
        print(f"{'cost':<26} {answer['cost_usd']:,.0f} USD")


def _print_rest(answer: dict[str, Any]) -> None:
    fits = "fits" if answer["fits"] else "DOES NOT FIT"
    print(f"{'memory per device':<26} {answer['memory_bytes_per_device'] / 1e9:.4g} GB ({fits})")
    for b in answer["bottlenecks"]:
        print(f"  {b['operator']:<24} {b['share']:6.1%}  bound by {b['bound_by']}")
    for name, value in answer.get("sensitivity", {}).items():
        what = "cannot be bought" if name == "launch" else "of the time for one percent more"
        print(f"  {name:<24} {value:+6.2f}% {what}" if name != "launch" else f"  {name:<24} {value:6.1%} {what}")
    _print_service(answer)


def _print_service(answer: dict[str, Any]) -> None:
    for name, title in (
        ("slo", "targets held up to"),
        ("at_rate", "at the rate asked"),
        ("disaggregated", "two pools"),
    ):
        found = answer.get(name)
        if found is None:
            continue
        if "ttft_quantile_s" not in found:
            print(f"{title:<26} none: {found['limit']} is broken by any rate")
            continue
        print(
            f"{title:<26} {found['rate_per_s']:.4g} requests/s, TTFT {found['ttft_quantile_s'] * 1e3:.4g} ms and TPOT "
            f"{found['tpot_quantile_s'] * 1e3:.4g} ms at the percentile, limit {found['limit']}, "
            f"{found['tokens_per_s_per_device']:.4g} tokens/s per device"
        )
        if "prefill_replicas" in found:
            print(f"{'':<26} {found['prefill_replicas']} replicas for prompts, {found['decode_replicas']} for decoding")
    for row in answer.get("curve", []):
        print(
            f"  {row['sequences']:8.0f} in flight {row['tpot_s'] * 1e3:9.4g} ms per token "
            f"{row['tokens_per_s_per_device']:9.4g} tokens/s per device"
        )
    for name, value in answer.get("cost", {}).items():
        print(f"{name:<26} {value:.4g}")
