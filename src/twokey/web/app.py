"""The web application: its addresses, its errors, its files."""

from __future__ import annotations

import difflib
import importlib.util
import re
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import anyio.to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from twokey.api import Problem
from twokey.web import json_api
from twokey.web.page import Ask, Page
from twokey.web.pages import PLACES, POSTS
from twokey.web.render import ENDINGS, HERE, write
from twokey.web.runs import Runs
from twokey.web.site import IMMUTABLE, Site

__all__ = ["application"]

_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
}
_AT_ONCE = 4
"""Pages written at the same time; more would only take turns [1]."""


def application(state: str | Path | None = None) -> Site:
    """Return the web application.

    Parameters
    ----------
    state : folder in which runs are remembered; without one, the user's state folder
    """
    runs = Runs(state)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> Any:
        anyio.to_thread.current_default_thread_limiter().total_tokens = _AT_ONCE
        yield
        runs.close()

    routes: list[BaseRoute] = [
        *(Route(path, _get(make, runs)) for path, make in PLACES),
        *(Route(path, _post(act, runs), methods=["POST"]) for path, act in POSTS),
        Route("/assets/{name}", _asset),
        *json_api.routes,
    ]
    handlers: dict[Any, Any] = {HTTPException: _absent, 500: _broken}
    return Site(_Endings(Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)), runs.close)


class _Endings:
    """Takes `.json`, `.csv` and `.xlsx` off an address and remembers it."""

    def __init__(self, inner: ASGIApp) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        ending = next((e for e in ENDINGS if path.endswith(e)), None)
        if scope["type"] == "http" and ending and not path.startswith(("/api", "/assets/")):
            scope = {**scope, "path": path.removesuffix(ending), "ending": ending}
        await self.inner(scope, receive, send)


def _get(make: Callable[..., Page], runs: Runs) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        ask = _ask(request)
        return await run_in_threadpool(_written, lambda: make(ask, runs), ask, request.scope.get("ending", ""))

    return endpoint


def _post(act: Callable[..., Response], runs: Runs) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        ask = _ask(request)
        async with request.form(max_files=2, max_part_size=1024 * 1024) as form:
            given: list[tuple[str, str]] = []
            for name, value in form.multi_items():
                given.append((name, value if isinstance(value, str) else _text(await value.read(1024 * 1024))))
        try:
            return await run_in_threadpool(act, Ask(ask.path, ask.parts, given), runs)
        except Problem as problem:
            return _problem(problem, ask)

    return endpoint


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem(
            "the file", f"a byte that is not UTF-8 at {error.start}", "a text file", "save as UTF-8"
        ) from None


def _ask(request: Request) -> Ask:
    return Ask(request.scope["path"], request.path_params, request.query_params.multi_items())


def _written(make: Callable[[], Page], ask: Ask, ending: str) -> Response:
    try:
        return write(make(), ask, ending)
    except Problem as problem:
        return _problem(problem, ask, ending)


def _problem(problem: Problem, ask: Ask, ending: str = "") -> Response:
    status = 500 if problem.kind == "bad-data" else 404 if ask.parts else 400
    words = {"problem": problem, "near": _near(problem, ask)}
    page = Page("problem.html", "That cannot be answered", words, answer=problem.to_json(), status=status)
    return write(page, ask, ".json" if ending == ".json" else "")


def _near(problem: Problem, ask: Ask) -> list[tuple[str, str]]:
    """Return names that were likely meant, each with the address that asks for it."""
    if "did you mean" not in problem.fix:
        return []
    wrong = problem.given.strip("'\"")
    names = [w.strip("'\".,?") for w in re.split(r"\s+or\s+|,\s*|\s+", problem.fix.split("did you mean", 1)[1])]
    found = []
    for name in names:
        if not name or name in ("or", wrong):
            continue
        for key, value in ask.query:
            if value.strip() == wrong:
                found.append((name, ask.address(**{key: name})))
        if not found or found[-1][0] != name:
            for value in ask.parts.values():
                if value == wrong or wrong.endswith(value):
                    found.append((name, ask.path.removesuffix(quote(value)).removesuffix(value) + quote(name)))
    return found


def _absent(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    ask = _ask(request)
    known = [path for path, _ in PLACES if "{" not in path]
    near = difflib.get_close_matches(ask.path, known, n=3, cutoff=0.5)
    what = "an address that is not here" if error.status_code == 404 else error.detail
    problem = Problem(ask.path, what, "one of this site's addresses", "follow a link below or above")
    words = {"problem": problem, "near": [(n, n) for n in near]}
    return write(Page("problem.html", "Nothing is here", words, problem.to_json(), status=error.status_code), ask)


def _broken(request: Request, error: Exception) -> Response:
    problem = Problem(
        request.url.path, type(error).__name__, "an answer", "this is a fault of the program; please report it"
    )
    words: dict[str, Any] = {"problem": problem, "near": []}
    return write(Page("problem.html", "Something broke here", words, problem.to_json(), status=500), _ask(request))


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    path = _plotly() if name == "plotly.min.js" else HERE / "assets" / name
    if path.suffix not in _KINDS or not path.is_file() or "/" in name:
        raise HTTPException(404)
    body = await run_in_threadpool(path.read_bytes)
    return Response(body, headers={"cache-control": IMMUTABLE}, media_type=_KINDS[path.suffix])


def _plotly() -> Path:
    """Return the script of the installed Plotly, found without importing it."""
    spec = importlib.util.find_spec("plotly")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"
