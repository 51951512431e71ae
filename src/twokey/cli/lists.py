"""`chips`, `models`, `spaces`, `workloads`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Annotated, Any

import typer

from twokey import api
from twokey.cli.shared import As, console, print_json

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("chips")(_chips)
    app.command("models")(_models)
    app.command("spaces")(_spaces)
    app.command("workloads")(_workloads)


_Name = Annotated[str | None, typer.Argument(metavar="[NAME]", help="Show only entries whose id or name contains it.")]


def _chips(name: _Name = None, as_json: As.Json = False) -> None:
    """The catalogue of chips, each figure with its source and state of checking."""
    columns = {
        "TPP": lambda c: c["tpp"],
        "area mm2": lambda c: _figure(c, "applicable_die_area_mm2"),
        "DRAM GB/s": lambda c: _figure(c, "dram_bandwidth_GBps"),
        "I/O GB/s": lambda c: _figure(c, "io_bandwidth_GBps"),
    }
    _list([c.to_json() for c in api.chips()], name, columns, as_json)


def _models(name: _Name = None, as_json: As.Json = False) -> None:
    """The catalogue of LLM architectures."""
    columns = {
        "layers": lambda m: _figure(m, "layers"),
        "hidden": lambda m: _figure(m, "hidden"),
        "attention": lambda m: m.get("attention"),
        "params 1e9": lambda m: _figure(m, "params_total_B"),
    }
    _list([m.to_json() for m in api.models()], name, columns, as_json)


def _spaces(as_json: As.Json = False) -> None:
    """The design spaces that `design` searches."""
    _list([s.to_json() for s in api.spaces()], None, {"designs": lambda s: f"{s['designs']:,}"}, as_json)


def _workloads(as_json: As.Json = False) -> None:
    """The workloads that `design` knows by name."""
    rows = [
        {
            "id": w.name,
            "name": w.note,
            "model": w.model,
            "objective": w.objective,
            "devices": w.devices,
            "batch": w.batch,
            "input": w.input_len,
            "output": w.output_len,
            "memory_bytes_per_device": w.memory_bytes,
        }
        for w in api.workloads()
    ]
    shown = ("objective", "devices", "batch", "input", "output")
    columns: dict[str, Callable[[dict[str, Any]], Any]] = {c: operator.itemgetter(c) for c in shown}
    _list(rows, None, columns, as_json)


def _figure(entry: dict[str, Any], name: str) -> Any:
    found = entry.get(name)
    return found["value"] if isinstance(found, dict) else found


def _list(
    rows: list[dict[str, Any]], name: str | None, columns: dict[str, Callable[[dict[str, Any]], Any]], as_json: bool
) -> None:
    if name is not None:
        rows = [
            r for r in rows if any(name.lower() in str(t).lower() for t in (r["id"], r["name"], *r.get("aliases", ())))
        ]
    if as_json:
        print_json(rows)
        return
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("id", no_wrap=True)
    table.add_column("name")
    for title in columns:
        table.add_column(title, justify="right")
    for r in rows:
        cells = [get(r) for get in columns.values()]
        table.add_row(r["id"], str(r["name"]), *("" if c is None else _short(c) for c in cells))
    console().print(table)


def _short(value: Any) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)
