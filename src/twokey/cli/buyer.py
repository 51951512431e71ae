"""`forensics`: who is the buyer, and does the claim fit the chips."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from twokey import api
from twokey.cli.shared import As, print_json

__all__ = ["add_to"]

_MARK = {True: "holds", False: "DOES NOT HOLD", None: "cannot be said"}


def add_to(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("forensics")(_forensics)


def _forensics(
    model: Annotated[str, typer.Option("--model", help="The model said to have been trained.")],
    item: Annotated[str, typer.Option("--item", help="The chip said to have been used.")],
    tokens: Annotated[str | None, typer.Option("--tokens", help="Tokens trained on, such as 14.8T.")] = None,
    devices: Annotated[int | None, typer.Option("--devices", help="Chips used at a time.")] = None,
    device_hours: Annotated[
        str | None, typer.Option("--device-hours", help="Chip-hours in all, such as 2.788M.")
    ] = None,
    days: Annotated[float | None, typer.Option("--days", help="Calendar time in days.")] = None,
    precision: Annotated[str | None, typer.Option("--precision", help="bf16 or fp8; leave out if not said.")] = None,
    cost: Annotated[str | None, typer.Option("--cost", help="Cost claimed in USD, such as 5.576M.")] = None,
    price: Annotated[float | None, typer.Option("--price", help="USD for a chip-hour that the cost rests on.")] = None,
    on: Annotated[str | None, typer.Option("--on", help="Month the run ended, YYYY-MM. Default: the release.")] = None,
    stage: Annotated[str, typer.Option("--stage", help="pretraining or reinforcement.")] = "pretraining",
    context: Annotated[int | None, typer.Option("--context", help="Length of training sequences in tokens.")] = None,
    seat: Annotated[str | None, typer.Option("--seat", help="Country of the developer's headquarters.")] = None,
    stock: Annotated[str | None, typer.Option("--stock", help="Your own priors of chips held (YAML).")] = None,
    as_json: As.Json = False,
) -> None:
    """Does a claimed training run fit the chips claimed? What else could have done it, and what would settle it."""
    found: dict[str, Any] = api.forensics(
        model,
        item,
        tokens=tokens,
        devices=devices,
        device_hours=device_hours,
        days=days,
        precision=precision,
        cost_usd=cost,
        usd_per_device_hour=price,
        on=on,
        stage=stage,
        context=context,
        seat=seat,
        stock=stock,
    ).to_json()
    if as_json:
        print_json(found)
        return
    word = {True: "PLAUSIBLE", False: "NOT PLAUSIBLE", None: "UNDETERMINED"}[found["plausible"]]
    print(f"{model} on {item}: {word}")
    for check in found["checks"]:
        print(f"  {check['check']:<14} {_MARK[check['holds']]}: {check['says']}")
    if "tokens_for_hours" in found:
        room = {k: f"{v / 1e9:,.0f}" for k, v in found["tokens_for_hours"].items()}
        print(f"  the hours would train {room['low']} to {room['high']} billion tokens")
    if found["alternatives"]:
        print("  what could have done the work in that time:")
    for way in found["alternatives"]:
        size = f"{way['devices']:,} devices ({way['devices_low']:,} to {way['devices_high']:,})"
        print(f"    {way['item']:<22} {size:<38} {way['probability']:6.1%}  {way['standing']}")
    for way in found["mixtures"][:3]:
        parts = " + ".join(f"{share:.0%} {item}" for item, share in way["items"].items())
        print(f"    {parts}: {way['probability']:.1%}")
    if found["probability_controlled"] is not None:
        print(f"  a controlled chip took part: {found['probability_controlled']:.1%}, given the priors")
    for line in found["decisive"]:
        print(f"  would settle most: {line}")
    for note in found["notes"]:
        print(f"  note: {note}")
