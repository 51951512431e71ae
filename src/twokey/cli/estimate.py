"""`estimate`."""

from __future__ import annotations

from typing import Annotated

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
    phase: Annotated[str | None, typer.Option("--phase", help="prefill, decode or serve.")] = None,
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
    given = {
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
    options = {k: v for k, v in given.items() if v is not None}
    assert item is not None
    assert model is not None
    assert phase is not None
    answer = api.estimate(item, model=model, phase=phase, **options)
    if as_json:
        print_json(answer)
        return
    for name in ("ttft_s", "tpot_s"):
        if answer.get(name) is not None:
            print(f"{name:<26} {answer[name] * 1e3:.4g} ms")
    print(f"{'tokens/s per device':<26} {answer['tokens_per_s_per_device']:.5g}")
    if "interval" in answer:
        low, high = answer["interval"]["low"], answer["interval"]["high"]
        print(f"{'nine in ten measured within':<26} {low * 1e3:.4g} to {high * 1e3:.4g} ms (blind chips)")
    fits = "fits" if answer["fits"] else "DOES NOT FIT"
    print(f"{'memory per device':<26} {answer['memory_bytes_per_device'] / 1e9:.4g} GB ({fits})")
    for b in answer["bottlenecks"]:
        print(f"  {b['operator']:<24} {b['share']:6.1%}  bound by {b['bound_by']}")
