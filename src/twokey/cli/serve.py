"""`serve` and `get`: the web application, on the loopback address or without a server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from twokey.api import Problem

__all__ = ["add_to"]

_State = Annotated[str | None, typer.Option("--state", help="Folder in which runs are remembered.")]


def add_to(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("serve")(_serve)
    app.command("get")(_get)


def _serve(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 for any that is free.")] = 8765,
    open_: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    state: _State = None,
) -> None:
    """The web application, on the loopback address; Ctrl-C ends it and what it has under way."""
    from twokey.web.serve import serve

    serve(port, state=state, open_browser=open_)


def _get(
    address: Annotated[
        str, typer.Argument(metavar="PATH", help="Such as /check?item=nvidia-h20&to=CN or /api/check?…")
    ],
    out: Annotated[str | None, typer.Option("--out", help="Write it to a file.")] = None,
    state: _State = None,
) -> int:
    """Any page or answer of the web application without a server; exits 3 when it is an error."""
    from twokey.web.client import get

    status, kind, body = get(address, state=state)
    if out is not None:
        try:
            Path(out).write_bytes(body)
        except OSError as error:
            raise Problem("--out", out, "a file that can be written", error.strerror or "name another") from None
        print(f"{out}: {status} {kind}, {len(body):,} bytes")
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(body)
        sys.stdout.buffer.flush()
    return 0 if status < 400 else 3
