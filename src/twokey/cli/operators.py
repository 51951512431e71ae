"""`operators`."""

from __future__ import annotations

from typing import Annotated

import typer

from twokey import api
from twokey.cli.shared import As, print_json

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add this verb to the command line."""
    app.command("operators")(_operators)


def _operators(
    device: Annotated[str, typer.Option("--device", help="A chip of `twokey chips` with an architecture.")],
    cases: Annotated[str, typer.Option("--cases", help="CSV: operator,dtype,shape (such as matmul,bf16,8x16x32).")],
    timing: Annotated[str, typer.Option("--timing", help="kernel, or eager: with the host gap.")] = "kernel",
    framework: Annotated[str | None, typer.Option("--framework", help="trtllm, sglang or vllm.")] = None,
    routing: Annotated[
        str | None, typer.Option("--routing", help="How tokens choose experts: balanced, uniform, power-law-1.2 …")
    ] = None,
    as_json: As.Json = False,
) -> None:
    """How long single operators take on a chip."""
    answer = api.operators(device, cases, timing=timing, framework=framework, routing=routing)
    if as_json:
        print_json(answer)
        return
    print(f"{answer['device']}, {answer['timing']} timing, calibration {answer['calibration']}")
    for latency_s in answer["latency_s"]:
        print(f"{latency_s * 1e6:14.3f} us")
