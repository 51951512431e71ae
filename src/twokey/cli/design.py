"""`design`, `front`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Annotated, Any

import typer

from twokey import api
from twokey.api import Problem
from twokey.cli.shared import As, assumptions, check_gap, day, number, one_of, print_json, progress_line, yes_no

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command("design")(_design)
    app.command("front")(_front)


_OBJECTIVES = (  # written out: reading them from the engine would slow every verb down; a test compares the two
    "ttft, tpot, e2e, e2e-cost, train-time, tokens-per-s-per-device, tokens-per-s-per-dollar, cost-per-mtok,"
    " perf-per-watt, unit-cost or power."
)
_ROOM = "Limit on another objective, such as ttft<=500ms. Repeatable."
_Space = Annotated[str, typer.Option("--space", help="A design space of `twokey spaces`.")]
_Seconds = Annotated[float | None, typer.Option("--seconds", help="Stop then, with the gap reached.")]
_Seed = Annotated[int, typer.Option("--seed", help="Seed of the starting points.")]
_Accept = Annotated[str, typer.Option("--accept", help="open, or conditional: also what can be opened.")]
_Law = Annotated[str, typer.Option("--law", help="on, or none: search without any law.")]
_Limit = Annotated[list[str] | None, typer.Option("--limit", help=_ROOM)]
_Software = Annotated[
    str | None,
    typer.Option("--software", help="ideal, or fitted: what kernels of today reach. Default: the workload's."),
]
_Margin = Annotated[str, typer.Option("--margin", help="Share by which to stay away from every limit of the law.")]


def _design(
    workload: Annotated[str | None, typer.Option("--workload", help="A workload of `twokey workloads`.")] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option("--weight", help="WORKLOAD=W: one of several workloads that the chip is for. Repeatable."),
    ] = None,
    objective: Annotated[
        str | None, typer.Option("--objective", help="What to make as good as possible: " + _OBJECTIVES)
    ] = None,
    to: As.To = None,
    on: As.On = None,
    space: _Space = "small",
    limit: _Limit = None,
    margin: _Margin = "0",
    software: _Software = None,
    survive: Annotated[
        list[str] | None,
        typer.Option(
            "--survive", help="FILE[=P], a rule that may come next (with probability P): stay lawful. Repeatable."
        ),
    ] = None,
    gap: Annotated[float, typer.Option("--gap", help="Relative distance from the optimum to prove.")] = 0.01,
    seconds: _Seconds = None,
    seed: _Seed = 0,
    accept: _Accept = "open",
    law: _Law = "on",
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
    options = _common(gap, accept, law, datacentre, known_on, assume)
    with progress_line(sys.stderr.isatty() and not as_json) as step:
        result = api.design(
            _workloads(workload, weight),
            objective=objective,
            space=space,
            trade_facts=api.trade(to=to, on=on, seat=seat, from_country=from_, seller=seller, sheet=trade),
            seller=seller,
            limits=limit or (),
            margin=number(margin, "--margin"),
            software=software,
            futures=[_future(text) for text in survive or ()],
            seconds=seconds,
            seed=seed,
            progress=None if step is None else _closing(step),
            **options,
        )
    answer = result.to_json()
    if as_json:
        print_json(answer)
        return
    _print_design(answer)


def _front(
    workload: Annotated[str, typer.Argument(metavar="WORKLOAD", help="A workload of `twokey workloads`.")],
    first: Annotated[str, typer.Argument(metavar="OBJECTIVE", help="One of " + _OBJECTIVES)],
    second: Annotated[str, typer.Argument(metavar="OBJECTIVE", help="A second one.")],
    to: As.To = None,
    on: As.On = None,
    space: _Space = "small",
    points: Annotated[int, typer.Option("--points", help="Greatest number of points.")] = 30,
    limit: _Limit = None,
    margin: _Margin = "0",
    software: _Software = None,
    gap: Annotated[float, typer.Option("--gap", help="Relative distance from the front to prove.")] = 0.01,
    seconds: _Seconds = None,
    seed: _Seed = 0,
    accept: _Accept = "open",
    law: _Law = "on",
    seat: As.Seat = None,
    from_: As.From = None,
    seller: As.Seller = "nvidia",
    datacentre: As.Datacentre = "yes",
    trade: As.TradeSheet = None,
    known_on: As.KnownOn = None,
    assume: As.Assume = None,
    as_json: As.Json = False,
) -> None:
    """What of one objective must be given up for another: lawful designs, each proved near the true front."""
    options = _common(gap, accept, law, datacentre, known_on, assume)
    with progress_line(sys.stderr.isatty() and not as_json) as step:
        found = api.front(
            workload,
            first,
            second,
            points=points,
            space=space,
            trade_facts=api.trade(to=to, on=on, seat=seat, from_country=from_, seller=seller, sheet=trade),
            seller=seller,
            limits=limit or (),
            margin=number(margin, "--margin"),
            software=software,
            seconds=seconds,
            seed=seed,
            progress=None if step is None else lambda done, total: step("front", done, total),
            **options,
        )
    answer = found.to_json()
    if as_json:
        print_json(answer)
        return
    _print_front(answer)


def _common(
    gap: float, accept: str, law: str, datacentre: str | None, known_on: str | None, assume: list[str] | None
) -> dict[str, Any]:
    """Return what a design and a front are both asked with, checked."""
    check_gap(gap)
    one_of("--accept", accept, ("open", "conditional"))
    one_of("--law", law, ("on", "none"))
    market = yes_no(datacentre, "--datacentre")
    return {
        "gap": gap,
        "datacentre": True if market is None else market,
        "accept": accept,
        "no_law": law == "none",
        "known_on": day(known_on, "--known-on"),
        "assume": assumptions(assume),
    }


def _workloads(workload: str | None, weights: list[str] | None) -> str | dict[str, float]:
    """Return the one workload, or those with their weights; one given by --workload beside others weighs 1."""
    if not weights:
        if workload is None:
            raise Problem("--workload", "nothing", "a workload", "`twokey workloads` lists them", kind="usage")
        return workload
    found = {} if workload is None else {workload: 1.0}
    for text in weights:
        name, mark, value = text.partition("=")
        if not mark or not name:
            raise Problem("--weight", repr(text), "WORKLOAD=W", "write it like llama-3-70b-decode=2")
        found[name] = float(number(value, "--weight"))
    return found


def _future(text: str) -> tuple[str, Fraction | None]:
    """Return file and probability of FILE[=P]."""
    path, mark, p = text.rpartition("=")
    return (path, number(p, "--survive")) if mark else (text, None)


def _closing(step: Callable[[str, int, int], None]) -> Callable[[float, float, int, float], None]:
    def report(best: float, bound: float, boxes: int, _elapsed: float) -> None:
        gap = min(1.0, abs(best - bound) / best) if 0 < best < float("inf") else 1.0
        step(f"gap {gap:.2%} after {boxes:,} boxes", int(1000 * (1 - gap)), 1000)

    return report


def _print_design(answer: dict[str, Any]) -> None:
    best, unit = answer["best"], answer["best"]["unit"]
    proof = "proved" if answer["proved"] else "NOT proved to the gap asked"
    side = "above" if answer["better"] == "more" else "below"
    print(f"best value   {best['value']:.6g} {unit} ({answer['objective']}, {answer['workload']})")
    print(
        f"proof        no lawful design of the space is {side} {answer['bound']:.6g}; gap {answer['gap']:.2%}, {proof}"
        f" (float64, a relative {answer['slack']['bounds']:g} taken off; law in exact fractions)"
    )
    effort = f"{answer['boxes']:,} boxes, {answer['evaluations']:,} evaluations, {answer['cpu_s']:.1f} CPU-s"
    where = answer["space"].get("grid", answer["space"]["name"])
    print(f"space        {where}, {answer['space']['designs']:,} designs; {effort}")
    print("design       " + ", ".join(f"{k} {v:g}" for k, v in best["design"].items()))
    item = best["item"]
    shown = ("tpp", "performance_density", "applicable_die_area_mm2", "dram_bandwidth_GBps", "io_bandwidth_GBps")
    print("item sheet   " + ", ".join(f"{k} {item[k]:g}" for k in shown if item.get(k) is not None))
    print(f"chip         {best['unit_cost_usd']['mid']:,.0f} USD to make, {best['power_W']:.0f} W")
    if answer["limits"]:
        print("within       " + ", ".join(f"{k} {v:g}" for k, v in answer["limits"].items()))
    if answer["survival"]:
        names, p = ", ".join(answer["survival"]["lawful_under"]) or "none of them", answer["survival"]["probability"]
        print(f"survives     {names}" + ("" if p is None else f"; stays lawful with probability {p:.3g}"))
    for b in answer["binding"]:
        print(f"binding      {b['limit']}: {b['shadow_price']:.3g} {unit} per {b['per']} more" + _tighter(b))
    free = answer["unrestricted"]
    if free and free["taken"] > 1e-3 and not answer["binding"]:
        print("binding      no limit alone: with any one dropped, the others still stand")
    if free:
        took = f"the law takes {free['taken']:.1%}, the lawful one is {free['ratio']:.3g} times worse"
        print(f"without law  {free['value']:.6g} {unit}, proved to {free['gap']:.2%}; {took}")
    for v in answer["versus"]:
        print(f"versus       {v['item']}: {_beside(v, unit)}")
    if answer["nearest"]:
        print(f"nearest chip {_near(answer['nearest'], unit)}")


def _tighter(row: dict[str, Any]) -> str:
    price = row.get("shadow_price_inwards")
    return "" if price is None else f", {price:.3g} less"


def _beside(row: dict[str, Any], unit: str) -> str:
    if row["value"] is None:
        return str(row["note"])
    fits, ratio = "" if row["fits"] else " (the model does not fit its memory)", row["ratio"]
    said = f"{ratio:.3g} times worse" if ratio >= 1 else f"{1 / ratio:.3g} times better"
    verdict = f"; {row['verdict'] or 'no export'} in this trade" if "verdict" in row else ""
    return f"{row['value']:.6g} {unit}, {said} than the best design{fits}{verdict}"


def _near(row: dict[str, Any], unit: str) -> str:
    facts = ", ".join(f"{name} x {ratio:.2f}" for name, ratio in row["facts"].items())
    return f"{row['item']}, {facts}" + ("" if row["value"] is None else f"; {_beside(row, unit)}")


def _print_front(answer: dict[str, Any]) -> None:
    names = [f"{name} [{unit}]" for name, unit in zip(answer["objectives"], answer["units"], strict=True)]
    print(f"{names[0]:>28}  {names[1]:>28}  design")
    for p in answer["points"]:
        design = "/".join(f"{v:g}" for v in p["design"].values())
        print(f"{p['values'][0]:>28.6g}  {p['values'][1]:>28.6g}  {design}")
    said = f"each within {answer['gap']:.2%} of a true front point" if answer["proved"] else "NOT all proved to the gap"
    missed = "not bounded" if answer["missed"] is None else f"matched to {answer['missed']:.2%}"
    print(
        f"{len(answer['points'])} points of the space {answer['space']}, {said}; what they leave out is {missed};"
        f" {answer['searches']} searches, {answer['cpu_s']:.1f} CPU-s"
    )
