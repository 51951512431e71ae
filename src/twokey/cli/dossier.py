"""`brief`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from twokey import api
from twokey.cli.shared import As, console, print_json, progress_line

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add this verb to the command line."""
    app.command("brief")(_brief)


def _brief(
    scenario: Annotated[
        str | None, typer.Argument(metavar="[SCENARIO]", help="A scenario file or shipped name.")
    ] = None,
    html: Annotated[str | None, typer.Option("--html", help="Write the dossier as one HTML page to this file.")] = None,
    pdf: Annotated[str | None, typer.Option("--pdf", help="Write it as a PDF, a summary on its first page.")] = None,
    as_json: As.Json = False,
) -> None:
    """The whole dossier for a scenario: verdicts, the best lawful chip, the domestic rival, the money, the claims."""
    with progress_line(not as_json) as step:
        result = api.brief(scenario, progress=step, html=html, pdf=pdf)
    if as_json:
        print_json(result.to_json())
        return
    console().print(api.brief_text(result))
    for written in (html, pdf):
        if written is not None:
            print(f"Written: {written}", file=sys.stderr)
