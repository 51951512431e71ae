"""The command line: `twokey VERB …`. No logic lives here; every verb asks `twokey.api`."""

from __future__ import annotations

import json
import os
import sys
from typing import NoReturn

import typer

from twokey import __version__
from twokey.api import Problem
from twokey.cli import buyer, design, dies, dossier, estimate, legal, lists, mcp, money, operators, policy, serve, sweep

__all__ = ["app", "run"]

app = typer.Typer(
    name="twokey",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="What may ship under both governments' rules on a given day, how good the best such chip is, and what is at "
    "stake. Informs decisions; it is not legal advice.",
)
for module in (dossier, legal, lists, estimate, operators, design, policy, sweep, dies, money, buyer, mcp, serve):
    module.add_to(app)


def _version(value: bool) -> None:
    if value:
        print(f"twokey {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    pass


def run() -> NoReturn:
    """Run the command line and leave with the exit status of the contract: 0, 2 wrong usage, 3 bad input."""
    as_json = "--json" in sys.argv
    try:
        command = typer.main.get_command(app)
        if "_TWOKEY_COMPLETE" in os.environ:
            from twokey.cli.completion import complete

            complete(command)
        status = command(standalone_mode=False)
        sys.stdout.flush()
        sys.exit(status if isinstance(status, int) else 0)
    except Problem as problem:
        _say(json.dumps(problem.to_json(), ensure_ascii=False) if as_json else f"twokey: {problem}")
        sys.exit(2 if problem.kind == "usage" else 3)
    except typer.TyperException as error:
        message = error.format_message() if hasattr(error, "format_message") else str(error)
        if as_json and message:
            body = {"kind": "usage", "where": "twokey", "message": message, "fix": "see `twokey --help`"}
            _say(json.dumps({"error": body}, ensure_ascii=False))
        elif hasattr(error, "show"):
            error.show()
        else:
            _say(f"twokey: {message}")
        sys.exit(2)
    except (typer.Abort, KeyboardInterrupt):
        _say("twokey: interrupted; nothing half-written was left")
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
