"""`mcp`: the verbs for assistants."""

from __future__ import annotations

import importlib.util

import typer

from twokey.api import Problem

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add this verb to the command line."""
    app.command("mcp")(_mcp)


def _mcp() -> None:
    """Serve the verbs to an assistant over standard input and output (Model Context Protocol)."""
    if importlib.util.find_spec("mcp") is None:
        needed = "the package mcp, which only this verb needs"
        raise Problem("twokey mcp", "a Python without it", needed, "run: pip install 'twokey[mcp]'", kind="usage")
    from twokey.web.mcp import serve

    serve()
