"""The server for assistants (Model Context Protocol, over standard input and output): every verb as a tool.

A tool takes the parameters of the JSON interface and answers with the text that the command line prints with
``--json``; what cannot be used comes back as the contract's error object, marked as an error.
"""

from __future__ import annotations

import json
from typing import Any

import anyio
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from twokey import __version__
from twokey.api import Problem
from twokey.web.answers import VERBS
from twokey.web.verb import nearest

__all__ = ["called", "serve", "tools"]

_INSTRUCTIONS = (
    "Twokey says which AI chips may ship under the export law of the United States and the import law of China on a "
    "given day, how good the best such chip is, and what is at stake. Give days as YYYY-MM-DD and countries as two "
    "letters. `undetermined` means that a missing fact could decide it: `missing` names the facts; ask for them rather "
    "than guess. Every reason has its citation and state of checking: repeat both. It informs decisions and is not "
    "legal advice."
)


def tools() -> list[types.Tool]:
    """Return every verb as a tool with the schema of its parameters.

    Examples
    --------
    >>> [t.name for t in tools()][:3]
    ['check', 'timeline', 'law']
    """
    reads = types.ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
    return [
        types.Tool(name=name, description=verb.says, input_schema=verb.schema, annotations=reads)
        for name, verb in VERBS.items()
    ]


def called(name: str, given: dict[str, Any]) -> types.CallToolResult:
    """Return the answer of a tool, or the error object of the contract.

    Examples
    --------
    >>> called("chek", {}).is_error
    True
    """
    if name not in VERBS:
        return _result(Problem("the tool", repr(name), "one of " + ", ".join(VERBS), nearest(name, list(VERBS))))
    try:
        return _result("".join(VERBS[name].text(given)))
    except Problem as problem:
        return _result(problem)


def _result(said: str | Problem) -> types.CallToolResult:
    text = json.dumps(said.to_json(), ensure_ascii=False) if isinstance(said, Problem) else said
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=isinstance(said, Problem))


async def _listed(_: Any, __: Any) -> types.ListToolsResult:
    return types.ListToolsResult(tools=tools())


async def _called(_: Any, asked: types.CallToolRequestParams) -> types.CallToolResult:
    return await anyio.to_thread.run_sync(called, asked.name, dict(asked.arguments or {}))


async def _run() -> None:
    server: Server[Any] = Server(
        "twokey", version=__version__, instructions=_INSTRUCTIONS, on_list_tools=_listed, on_call_tool=_called
    )
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


def serve() -> None:
    """Answer an assistant over standard input and output until it closes them."""
    anyio.run(_run)
