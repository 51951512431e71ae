"""`duty`, `cost`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from twokey import api
from twokey.cli.shared import As, print_json

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("duty")(_duty)
    app.command("cost")(_cost)


def _duty(
    item: Annotated[str | None, typer.Argument(metavar="[ITEM]", help="Catalogue id or item sheet.")] = None,
    to: Annotated[str, typer.Option("--to", help="Country of entry, such as US or CN.")] = "US",
    origin: Annotated[str, typer.Option("--origin", help="Country of origin.")] = "CN",
    hts: Annotated[str, typer.Option("--hts", help="Tariff heading, such as 8473.30.")] = "8473.30",
    on: Annotated[str | None, typer.Option("--on", help="Day of entry, YYYY-MM-DD. Default: today.")] = None,
    as_json: As.Json = False,
) -> None:
    """The duty stack for a good, an origin and a day."""
    import datetime as dt

    answer: dict[str, Any] = api.duty(
        item, to=to, origin=origin, hts=hts, on=on or dt.date.today().isoformat()
    ).to_json()
    if as_json:
        print_json(answer)
        return
    for m in answer["measures"]:
        rate = "unknown" if m["rate_percent"] is None else f"{m['rate_percent']:g}%"
        print(f"{m['measure']:<34} {rate:>8}  of {m['basis']}  [{m['cite']}] {m['confidence']}")
    total = answer["total_percent"]
    print(f"{'total':<34} " + (f"{total:g}%".rjust(8) if total is not None else "undetermined"))
    for u in answer["unknown"]:
        print(f"unknown: {u}")


def _cost(
    design: Annotated[str, typer.Argument(metavar="DESIGN", help="A design's file.")], as_json: As.Json = False
) -> None:
    """Unit cost of a design: die, memory, packaging and test, low, mid and high."""
    answer = {case: cost.to_json() for case, cost in api.cost(design).items()}
    if as_json:
        print_json(answer)
        return
    print(f"{'USD':<16}" + "".join(f"{case:>10}" for case in answer))
    for part in next(iter(answer.values())):
        print(f"{part:<16}" + "".join(f"{costs[part]:>10,.0f}" for costs in answer.values()))
