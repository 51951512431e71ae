"""`estimate`, `design`."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from twokey import api
from twokey.api import Problem
from twokey.cli.shared import As, assumptions, print_json, stream_json, yes_no

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("estimate")(_estimate)
    app.command("design")(_design)


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


def _design(
    workload: Annotated[str, typer.Option("--workload", help="A workload of `twokey workloads`.")],
    objective: Annotated[str | None, typer.Option("--objective", help="ttft, tpot, e2e or e2e-cost.")] = None,
    to: As.To = None,
    on: As.On = None,
    space: Annotated[str, typer.Option("--space", help="A design space of `twokey spaces`.")] = "small",
    gap: Annotated[float, typer.Option("--gap", help="Relative distance from the optimum to prove.")] = 0.01,
    seconds: Annotated[float | None, typer.Option("--seconds", help="Stop then, with the gap reached.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the starting points.")] = 0,
    accept: Annotated[str, typer.Option("--accept", help="open, or conditional: also what can be opened.")] = "open",
    law: Annotated[str, typer.Option("--law", help="on, or none: search without any law.")] = "on",
    seat: As.Seat = None,
    from_: As.From = None,
    seller: As.Seller = "nvidia",
    datacentre: As.Datacentre = "yes",
    trade: As.TradeSheet = None,
    known_on: As.KnownOn = None,
    assume: As.Assume = None,
    as_json: As.Json = False,
) -> None:
    """The best lawful design for a workload, its proof, and what each limit costs."""
    from twokey.cli.legal import _day
    from twokey.cli.shared import progress_line

    _one_of("--accept", accept, ("open", "conditional"))
    _one_of("--law", law, ("on", "none"))
    if not 0 < gap < 1:
        raise Problem("--gap", str(gap), "a number between 0 and 1", "write it like 0.01")
    market = yes_no(datacentre, "--datacentre")
    with progress_line(sys.stderr.isatty() and not as_json) as step:
        result = api.design(
            workload,
            objective=objective,
            space=space,
            trade_facts=api.trade(to=to, on=on, seat=seat, from_country=from_, seller=seller, sheet=trade),
            seller=seller,
            datacentre=True if market is None else market,
            accept=accept,
            no_law=law == "none",
            known_on=_day(known_on),
            assume=assumptions(assume),
            gap=gap,
            seconds=seconds,
            seed=seed,
            progress=None if step is None else _closing(step),
        )
    answer = result.to_json()
    if as_json:
        print_json(answer)
        return
    _print_design(answer)


def _closing(step: Any) -> Any:
    def report(best: float, bound: float, boxes: int, _elapsed: float) -> None:
        gap = (best - bound) / best if best > 0 else 1.0
        step(f"gap {gap:.2%} after {boxes:,} boxes", int(1000 * (1 - gap)), 1000)

    return report


def _print_design(answer: dict[str, Any]) -> None:
    best = answer["best"]
    proof = "proved" if answer["proved"] else "NOT proved to the gap asked"
    print(f"best value   {best['value']:.6g} {best['unit']}")
    print(
        f"proof        no lawful design of the space is below {answer['bound']:.6g}; gap {answer['gap']:.2%}, {proof}"
    )
    effort = f"{answer['boxes']:,} boxes, {answer['evaluations']:,} evaluations, {answer['cpu_s']:.1f} CPU-s"
    print(f"space        {answer['space']['name']}, {answer['space']['designs']:,} designs; {effort}")
    print("design       " + ", ".join(f"{k} {v:g}" for k, v in best["design"].items()))
    item = best["item"]
    shown = ("tpp", "performance_density", "applicable_die_area_mm2", "dram_bandwidth_GBps", "io_bandwidth_GBps")
    print("item sheet   " + ", ".join(f"{k} {item[k]:g}" for k in shown if item.get(k) is not None))
    for b in answer["binding"]:
        print(f"binding      {b['limit']}: {b['shadow_price']:.3g} {best['unit']} per {b['per']}")
    for v in answer["versus"]:
        said = f"{v['value']:.6g} {best['unit']}, {v['ratio']:.3g} x the best design's"
        note = "" if v.get("fits", True) else " (the model does not fit its memory)"
        print(f"versus       {v['item']}: {v.get('error') or said + note}")


def _one_of(option: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise Problem(option, repr(value), "one of " + ", ".join(allowed), f"write {option} {allowed[0]}")
