"""Around the application: pages kept by their address, headers that keep a browser on this machine, and who may ask."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["IMMUTABLE", "POLICY", "Site"]

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Nothing is loaded from elsewhere and no script in a page is run; Plotly sets styles on what it draws."""

_HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
IMMUTABLE = "public, max-age=31536000, immutable"
"""For files whose address changes with their content."""

_KEPT = (b"no-cache", IMMUTABLE.encode())
_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1", "twokey"))
_MOST_PAGES, _MOST_BYTES = 4000, 128 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Kept:
    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    etag: bytes


class Site:
    """The application as a browser meets it.

    A page is a function of its address, the data and the day, so what was once written is kept and sent again; a
    browser that has it already is told so. Only those are kept whose `cache-control` allows it.

    Parameters
    ----------
    inner : the application
    close : ends what it has under way
    hosts : names by which the machine may be called; others are refused, so that no page from elsewhere can reach this
        one by a name of its own
    """

    def __init__(
        self, inner: ASGIApp, close: Callable[[], None] = lambda: None, hosts: frozenset[str] = _LOOPBACK
    ) -> None:
        self.inner, self.close, self.hosts = inner, close, hosts
        self.kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self.bytes = 0
        self.coming: dict[tuple[str, str], asyncio.Future[_Kept]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        headers = dict(scope["headers"])
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await PlainTextResponse(refusal, 403)(scope, receive, send)
            return
        if scope["method"] not in ("GET", "HEAD"):
            await self._pass(scope, receive, send)
            return
        await self._answer(await self._page(scope, receive), headers, scope["method"], send)

    def _refusal(self, scope: Scope, headers: dict[bytes, bytes]) -> str | None:
        host = urlsplit("//" + headers.get(b"host", b"").decode("latin-1")).hostname or ""
        if host not in self.hosts:
            return f"This server answers to {', '.join(sorted(self.hosts))}, not to {host!r}.\n"
        foreign = headers.get(b"sec-fetch-site") == b"cross-site" and headers.get(b"sec-fetch-mode") != b"navigate"
        if foreign:
            return "A page of another site may link here, not read from here.\n"
        origin = headers.get(b"origin", b"").decode("latin-1")
        if scope["method"] not in ("GET", "HEAD") and origin and urlsplit(origin).netloc != headers[b"host"].decode():
            return "A form of another site may not be sent here.\n"
        return None

    async def _page(self, scope: Scope, receive: Receive) -> _Kept:
        address = scope.get("raw_path", scope["path"].encode()) + b"?" + scope["query_string"]
        key = (address.decode("latin-1"), dt.date.today().isoformat())  # an address without a day means today
        if key in self.kept:
            self.kept.move_to_end(key)
            return self.kept[key]
        if key in self.coming:  # somebody asked the same a moment ago
            return await asyncio.shield(self.coming[key])
        waiting = self.coming[key] = asyncio.get_running_loop().create_future()
        try:
            page = await self._written(scope, receive)
            waiting.set_result(page)
        except BaseException as error:
            waiting.set_exception(error)
            waiting.exception()
            raise
        finally:
            del self.coming[key]
        if page.status == 200 and dict(page.headers).get(b"cache-control") in _KEPT:
            self._keep(key, page)
        return page

    async def _written(self, scope: Scope, receive: Receive) -> _Kept:
        start: Message = {}
        body = bytearray()

        async def catch(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                body.extend(message.get("body", b""))

        try:
            await self.inner({**scope, "method": "GET"}, receive, catch)
        except Exception:  # its page was written before it was raised again
            if not start:
                raise
            logging.getLogger("twokey.web").exception("a fault of the program at %s", scope["path"])
        etag = b'"' + hashlib.sha256(body).hexdigest()[:24].encode() + b'"'
        named = {name for name, _ in start["headers"]}
        headers = (*start["headers"], *(h for h in _HEADERS if h[0] not in named), (b"etag", etag))
        return _Kept(start["status"], headers, bytes(body), etag)

    def _keep(self, key: tuple[str, str], page: _Kept) -> None:
        self.kept[key] = page
        self.bytes += len(page.body)
        while len(self.kept) > _MOST_PAGES or self.bytes > _MOST_BYTES:
            _, old = self.kept.popitem(last=False)
            self.bytes -= len(old.body)

    async def _answer(self, page: _Kept, headers: dict[bytes, bytes], method: str, send: Send) -> None:
        if page.status == 200 and page.etag in headers.get(b"if-none-match", b"").split(b", "):
            kept = [h for h in page.headers if h[0] not in (b"content-length", b"content-type")]
            await send({"type": "http.response.start", "status": 304, "headers": kept})
            await send({"type": "http.response.body", "body": b""})
            return
        length = (b"content-length", str(len(page.body)).encode())
        sent = [*(h for h in page.headers if h[0] not in (b"content-length", b"transfer-encoding")), length]
        await send({"type": "http.response.start", "status": page.status, "headers": sent})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else page.body})

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *_HEADERS]}
            await send(message)

        await self.inner(scope, receive, headed)
