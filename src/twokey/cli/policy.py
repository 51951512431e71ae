"""`policy`."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from twokey import api
from twokey.api import Problem
from twokey.cli.shared import As, assumptions, check_gap, day, print_json, progress_line, stream_json, yes_no

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("policy")(_policy)


def _policy(
    rules: Annotated[
        list[str] | None, typer.Argument(help="Ids of proposed rules, such as proposed/scale, or files of rules.")
    ] = None,
    workload: Annotated[str | None, typer.Option("--workload", help="A workload of `twokey workloads`.")] = None,
    objective: Annotated[str | None, typer.Option("--objective", help="What the best answer is best at.")] = None,
    space: Annotated[str, typer.Option("--space", help="A design space of `twokey spaces`.")] = "small",
    to: As.To = None,
    on: As.On = None,
    seat: As.Seat = None,
    from_: As.From = None,
    seller: As.Seller = "nvidia",
    datacentre: As.Datacentre = "yes",
    trade: As.TradeSheet = None,
    accept: Annotated[str, typer.Option("--accept", help="open, or conditional: also what can be opened.")] = "open",
    known_on: As.KnownOn = None,
    assume: As.Assume = None,
    gap: Annotated[float, typer.Option("--gap", help="Relative distance from the optimum to prove.")] = 0.01,
    seconds: Annotated[float | None, typer.Option("--seconds", help="Stop each search then.")] = None,
    backtest: Annotated[
        bool, typer.Option("--backtest", help="Rules of the past: predicted answer beside the chip that came.")
    ] = False,
    as_json: As.Json = False,
) -> None:
    """What a changed or proposed rule would do: the best answer to it, who is caught, who slips through."""
    check_gap(gap)
    if backtest:
        if rules or workload:
            raise Problem("--backtest", "rules or a workload", "--backtest alone", "leave the rest out", kind="usage")
        outcomes = api.policy_backtest(gap=gap, seconds=seconds)
        if as_json:
            stream_json("cases", (o.to_json() for o in outcomes))
        else:
            for outcome in outcomes:
                _print_backtest(outcome.to_json())
        return
    if not rules or workload is None:
        given = "no rule" if not rules else "no --workload"
        raise Problem("twokey policy", given, "RULES… --workload W", "or --backtest", kind="usage")
    if accept not in ("open", "conditional"):
        raise Problem("--accept", repr(accept), "open or conditional", "write --accept open")
    market = yes_no(datacentre, "--datacentre")
    with progress_line(sys.stderr.isatty() and not as_json) as step:
        effect = api.policy(
            rules,
            workload,
            objective=objective,
            space=space,
            trade_facts=api.trade(to=to, on=on, seat=seat, from_country=from_, sheet=trade),
            seller=seller,
            datacentre=True if market is None else market,
            accept=accept,
            known_on=day(known_on, "--known-on"),
            assume=assumptions(assume),
            gap=gap,
            seconds=seconds,
            progress=step,
        )
    answer = effect.to_json()
    if as_json:
        print_json(answer)
    else:
        _print_policy(answer)


_VERDICTS = ("open", "conditional", "shut", "undetermined")


def _print_policy(a: dict[str, Any]) -> None:
    replaced = f" (replaces {', '.join(a['replaced'])})" if a["replaced"] else ""
    market = "data centres" if a["datacentre"] else "other uses"
    print(f"rules        {', '.join(a['rules'])}{replaced}, to {a['to']} on {a['on']}")
    print(f"asked for    {a['objective']} of {a['workload']} in {a['space']}, sold for {market}")
    for name, said in (("base", "law"), ("changed", "with rules"), ("unrestricted", "no law")):
        print(f"{said:12s} {_value(a[name])}{_ratio(a[name].get('loophole'))}")
    other = "other uses" if a["datacentre"] else "data centres"
    print(f"other market {_value(a['other_market'])}{_ratio(a['other_market']['loophole'])}, sold for {other}")
    if a["best_response"] is not None:
        best = a["best_response"]["best"]
        print("best answer  " + ", ".join(f"{k} {v:g}" for k, v in best["design"].items()))
        shown = ("tpp", "performance_density", "applicable_die_area_mm2", "dram_bandwidth_GBps", "io_bandwidth_GBps")
        print("item sheet   " + ", ".join(f"{k} {best['item'][k]:g}" for k in shown if best["item"].get(k) is not None))
        for b in a["best_response"]["binding"]:
            price = b.get("shadow_price")
            said = "" if price is None else f": {price:.3g} {best['unit']} per {b['per']}"
            print(f"binding      {b['limit']}{said}")
    if a["base"]["value"] == a["changed"]["value"] and not any(a[k] for k in ("caught", "freed", "unclear")):
        print("effect       none in this trade: neither the best design nor any verdict of the catalogue changes")
    counts = "; ".join(f"{v} {a['base']['verdicts'][v]} -> {a['changed']['verdicts'][v]}" for v in _VERDICTS)
    print(f"catalogue    {counts}; {len(a['domestic'])} sold at home")
    for name in ("caught", "freed", "collateral", "unclear"):
        rows = a[name]
        print(f"{name:12s} {len(rows) or 'none'}")
        for m in rows:
            grounds = f" by {', '.join(m['grounds'])}" if m["grounds"] else ""
            print(f"  {m['item']}: {m['before']} -> {m['after']}{grounds}")
    print(f"still open   {', '.join(a['still_open']) or 'none'}")
    if a["regrounded"]:
        print(f"regrounded   {len(a['regrounded'])}, the same verdict on other grounds (see --json)")


def _value(found: dict[str, Any]) -> str:
    if found["value"] is None:
        return f"no lawful design: {found['reason']}"
    proof = "" if found["proved"] else f", NOT proved (gap {found['gap']:.2%})"
    return f"{found['value']:.6g} {found['unit']}{proof}"


def _ratio(ratio: float | None) -> str:
    return "" if ratio is None else f", {ratio:.3g} x the unrestricted value"


def _print_backtest(o: dict[str, Any]) -> None:
    market = "data centres" if o["datacentre"] else "other uses"
    print(f"{o['name']}: rule of {o['on']}, from {o['earlier']} ({o['space']}), {market}")
    print(f"  the best {o['objective']} of {o['workload']}: {o['value']:.5g} {o['unit']}, gap {o['gap']:.2%}")
    print(f"  {'fact':26s} {'limit':>9s} {'earlier':>9s} {'predicted':>9s} {'actual':>9s} {'ratio':>6s}")
    for row in o["facts"]:
        cells = " ".join(f"{_cell(row[k]):>9s}" for k in ("limit", "earlier", "predicted", "actual"))
        print(f"  {row['fact']:26s} {cells} {'' if row['ratio'] is None else format(row['ratio'], '.3f'):>6s}")
    print(f"  binding: {', '.join(o['binding']) or 'nothing'}")
    print(f"  near the same limits as {o['actual']}: {', '.join(o['same_limits']) or 'none'}")
    for clause in o["clauses"]:
        value = "nothing" if clause["value"] is None else f"{clause['value']:.5g} {o['unit']}"
        print(f"  best where {' and '.join(clause['limits'])}: {value}{' <- actual' if clause['holds_actual'] else ''}")
    if o["note"]:
        print(f"  {o['note']}")


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
