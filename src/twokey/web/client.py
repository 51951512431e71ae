"""The application asked without a server: what `twokey get` does."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

from starlette.types import Message, Scope

from twokey.api import Problem
from twokey.web.site import Site

__all__ = ["get"]


def get(address: str, *, state: str | Path | None = None, wait_s: float = 3600.0) -> tuple[int, str, bytes]:
    """Return status, content type and body of an address of the site.

    Parameters
    ----------
    address : path and parameters, such as "/check?item=nvidia-h20&to=CN"
    state : folder in which runs are remembered
    wait_s : how long to wait for a run that the address starts [s]

    Raises
    ------
    Problem
        If the address does not begin with a slash.

    Examples
    --------
    >>> get("/chips/nvidia-h20.json")[:2]
    (200, 'application/json')
    """
    from twokey.web.app import application

    if not address.startswith("/"):
        raise Problem(
            "twokey get", repr(address), "an address of the site", "begin with /, like /check?item=nvidia-h20"
        )
    site = application(state)
    return asyncio.run(_until_done(site, address, wait_s))


async def _until_done(site: Site, address: str, wait_s: float) -> tuple[int, str, bytes]:
    end = time.monotonic() + wait_s
    try:
        while True:
            status, kind, body = await _once(site, address)
            if status != 202 or time.monotonic() > end:
                return status, kind, body
            await asyncio.sleep(0.1)
    finally:
        site.close()


async def _once(site: Site, address: str) -> tuple[int, str, bytes]:
    parts = urlsplit(address)
    start: Message = {}
    body = bytearray()

    asking = [True]

    async def receive() -> Message:
        if not asking:
            await asyncio.Event().wait()  # nobody goes away
        asking.clear()
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            body.extend(message.get("body", b""))

    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(b"host", b"twokey")],
        "client": None,
        "server": ("twokey", 80),
    }
    await site(scope, receive, send)
    headers = dict(start["headers"])
    return start["status"], headers.get(b"content-type", b"").decode(), bytes(body)
