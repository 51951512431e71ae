"""`dies`."""

from __future__ import annotations

from typing import Annotated

import typer

from twokey import api
from twokey.cli.shared import As, print_json

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("dies")(_dies)


def _dies(
    design: Annotated[str | None, typer.Argument(help="A design file: how large its die would be.")] = None,
    node: Annotated[str, typer.Option("--node", help="Class of process of the design: 7nm or 5nm.")] = "5nm",
    memory: Annotated[str, typer.Option("--memory", help="Kind of memory of the design, such as hbm3.")] = "hbm3",
    as_json: As.Json = False,
) -> None:
    """The area of dies from what is on them, beside what was published; or of a design, built like these."""
    if design is not None:
        found = api.design_die(design, node=node, memory=memory)
        if as_json:
            print_json(found)
            return
        print(f"{found['area_mm2']:.0f} mm2 at {node} with {memory}, built like dies that were made")
        print(f"{found['space_area_mm2']:.0f} mm2 by the constants of the design spaces, which `design` counts")
        return
    rows = api.dies()
    if as_json:
        print_json({"dies": rows})
        return
    print(f"{'die':20s} {'process':8s} {'':9s} {'published':>9s} {'ours':>7s} {'error':>7s}")
    for r in rows:
        print(
            f"{r['name']:20s} {r['node']:8s} {r['role']:9s} {r['published_mm2']:>9g} {r['area_mm2']:>7.0f}"
            f" {r['error']:>+7.1%}"
        )
