"""The JSON interface: `/api/VERB` answers what `twokey VERB --json` prints, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import anyio
import anyio.to_thread
from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from twokey.api import Problem
from twokey.web.answers import VERBS
from twokey.web.openapi import description
from twokey.web.verb import nearest

__all__ = ["MOST_BYTES", "routes", "status_of"]

MOST_BYTES = 8 * 1024 * 1024
"""The largest body that is read [byte]."""

_JSON = "application/json"
_LONG = frozenset({"design", "front", "policy"})


@cache
def _searches() -> anyio.CapacityLimiter:
    """Return what holds searches to two at a time, so that they leave the threads of the pages alone."""
    return anyio.CapacityLimiter(2)


def status_of(problem: Problem) -> int:
    """Return the HTTP status of a problem: 400 for a caller's, 500 for one in the project's own data.

    Examples
    --------
    >>> status_of(Problem("to", "'XX'", "a country", "write CN"))
    400
    """
    return 500 if problem.kind == "bad-data" else 400


async def _answer(request: Request) -> Response:
    name = request.path_params["verb"]
    if name not in VERBS:
        listed = ", ".join(VERBS)
        problem = Problem(f"/api/{name}", f"the verb {name!r}", f"one of {listed}", nearest(name, list(VERBS)))
        return JSONResponse(problem.to_json(), 404)
    verb = VERBS[name]
    try:
        given = _query(request) | await _body(request)
        pieces = verb.text(given)
        limiter = _searches() if name in _LONG else None
        first = await anyio.to_thread.run_sync(next, pieces, limiter=limiter)
    except Problem as problem:
        return JSONResponse(problem.to_json(), status_of(problem))
    return StreamingResponse(_after(first, pieces), media_type=_JSON)


def _query(request: Request) -> dict[str, Any]:
    verb = VERBS[request.path_params["verb"]]
    query = request.query_params
    return {name: query.getlist(name) if verb.many(name) else query[name] for name in query}


async def _body(request: Request) -> dict[str, Any]:
    if request.method != "POST":
        return {}
    raw = bytearray()
    async for part in request.stream():
        raw += part
        if len(raw) > MOST_BYTES:
            raise Problem("the body", "too much", f"at most {MOST_BYTES:,} bytes", "ask in several calls")
    kind = request.headers.get("content-type", "").split(";")[0].strip()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem("the body", f"a byte that is not UTF-8 at {error.start}", "UTF-8 text", "save as UTF-8") from None
    if kind == "text/csv":
        return {"cases": text}
    if kind != _JSON:
        raise Problem("the body", kind or "no content type", f"{_JSON} or text/csv", "say which in Content-Type")
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Problem("the body", str(error), "one JSON object", "mend the JSON") from None
    if not isinstance(found, dict):
        raise Problem("the body", f"a {type(found).__name__}", "one JSON object", 'write {"item": …}')
    return found


async def _after(first: str, rest: Iterator[str]) -> Any:
    yield first
    async for piece in iterate_in_threadpool(rest):
        yield piece


async def _openapi(_: Request) -> Response:
    return JSONResponse(description())


async def _verbs(_: Request) -> Response:
    return JSONResponse({name: {"says": verb.says, "address": f"/api/{name}"} for name, verb in VERBS.items()})


routes = [
    Route("/api", _verbs),
    Route("/api/openapi.json", _openapi),
    Route("/api/{verb:path}", _answer, methods=["GET", "POST"]),
]
"""What the web application adds to its own routes."""
