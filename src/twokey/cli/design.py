"""`design`."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from twokey import api
from twokey.api import Problem
from twokey.cli.shared import As, assumptions, print_json, yes_no

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("design")(_design)


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
