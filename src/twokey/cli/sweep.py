"""`sweep`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from twokey import api
from twokey.api import Problem
from twokey.cli.shared import As, console, print_json

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("sweep")(_sweep)


def _sweep(
    plan: Annotated[str | None, typer.Argument(help="A plan file, or a shipped plan: laws, million.")] = None,
    out: Annotated[
        str | None, typer.Option("--out", help="Folder for the result. A sweep that was stopped there goes on.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, max=1024, help="Processes on this machine.")] = 1,
    on: Annotated[
        str | None, typer.Option("--on", help="A Ray cluster: ray:auto, ray:HOST:PORT or ray://HOST:PORT.")
    ] = None,
    summary: Annotated[
        str | None, typer.Option("--summary", help="Say what the sweep in this folder has found, finished or not.")
    ] = None,
    as_json: As.Json = False,
) -> None:
    """A long run over spaces, days, workloads and rules: resumable, spread over processes or machines."""
    if summary is not None:
        if plan is not None or out is not None or on is not None:
            raise Problem("--summary", "a sweep to do as well", "--summary alone", "leave the rest out", kind="usage")
        found = api.sweep_summary(summary)
        if as_json:
            print_json(found)
        else:
            _print_summary(found)
        return
    if plan is None or out is None:
        given = "no plan" if plan is None else "no --out"
        raise Problem("twokey sweep", given, "PLAN --out FOLDER", "or --summary FOLDER", kind="usage")
    try:
        with _told(not as_json) as progress:
            outcome = api.sweep(plan, out, jobs=jobs, on=on, progress=progress)
    except KeyboardInterrupt:
        print("twokey: interrupted; what is done stays done, the same command goes on", file=sys.stderr)
        raise typer.Exit(130) from None
    if as_json:
        print_json(outcome.to_json())
        return
    reused = f", {outcome.reused:,} of them done before" if outcome.reused else ""
    print(f"{outcome.units:,} units{reused}; {outcome.rows:,} rows in {outcome.result}")
    print(f"sha256 {outcome.sha256}; {outcome.elapsed_s:.1f} s on {outcome.workers} workers")
    print(f"Ask it with: twokey sweep --summary {out}")


@contextmanager
def _told(show: bool) -> Iterator[Callable[[int, int, float | None], None] | None]:
    """Say on standard error how far a sweep is: a bar on a terminal, elsewhere a line every ten seconds."""
    if not show:
        yield None
        return
    if sys.stderr.isatty():
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (
            TextColumn("{task.completed:,.0f} of {task.total:,.0f}"),
            BarColumn(),
            TextColumn("{task.description}"),
        )
        with Progress(*columns, console=console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=1)
            yield lambda done, total, left: bar.update(task, completed=done, total=total, description=_left(left))
        return
    said = [time.monotonic()]

    def line(done: int, total: int, left: float | None) -> None:
        if time.monotonic() - said[0] >= 10:
            said[0] = time.monotonic()
            print(f"{done:,} of {total:,}, {_left(left)}", file=sys.stderr, flush=True)

    yield line


def _left(seconds: float | None) -> str:
    if seconds is None:
        return "time left not known yet"
    if seconds < 90:
        return f"{seconds:.0f} s left"
    return f"{seconds / 60:.0f} min left" if seconds < 5400 else f"{seconds / 3600:.1f} h left"


def _print_summary(found: dict[str, Any]) -> None:
    state = "finished" if found["finished"] else f"{found['done']:,} of {found['units']:,} units done"
    print(f"{found['out']}: {state}")
    for g in found["groups"]:
        print(f"{g['space']}, {g['workload']}, {g['objective']}, law {g['law']}")
        if g["value"] is None:
            print(f"  {g.get('note') or 'no lawful design among those written'}")
            continue
        if found["kind"] == "search":
            proof = "proved" if g["proved"] else "NOT proved"
            print(f"  best {g['value']:.6g} {g['unit']}, none below {g['bound']:.6g}; gap {g['gap']:.2%}, {proof}")
        else:
            print(
                f"  best {g['value']:.6g} {g['unit']} of {g['lawful']:,} lawful, {g['usable']:,} usable"
                f" and {g['designs']:,} designs written"
            )
        print("  " + ", ".join(f"{k} {v:g}" for k, v in g["design"].items()))
