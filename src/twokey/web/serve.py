"""The server: the application on the loopback address."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import threading
import time
import webbrowser
from pathlib import Path

import uvicorn

from twokey import api
from twokey.api import Problem
from twokey.web.app import application
from twokey.web.pages.plane import FIRST

__all__ = ["serve"]


def serve(port: int, *, state: str | Path | None = None, open_browser: bool = False) -> None:
    """Serve the application on 127.0.0.1 until it is interrupted; the address is printed.

    Parameters
    ----------
    port : 0 for any that is free
    state : folder in which runs are remembered
    open_browser : whether to show it in the user's browser

    Raises
    ------
    Problem
        If the port is taken.
    """
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError as error:
        raise Problem("--port", str(port), "a free port", f"name another, or 0 for any ({error.strerror})") from None
    listening.listen(128)  # whoever reads the address below may come before the server is up, and waits
    address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    print(f"Twokey is at {address} (Ctrl-C ends it)", flush=True)
    threading.Thread(target=_warm, daemon=True).start()
    if open_browser:
        webbrowser.open(address)
    server = uvicorn.Server(uvicorn.Config(application(state), log_level="warning", access_log=False, ws="none"))
    server.run(sockets=[listening])


def _warm() -> None:
    """Read the catalogue and the law before the first question comes, and draw the plane for its slider."""
    api.chips()
    api.check("nvidia-h20", to="CN")
    time.sleep(1.0)  # whoever opened the first page comes first
    with contextlib.suppress(Problem):  # reads the compiled engine, which takes a moment the first time
        api.estimate("nvidia-h20", model="llama-3-8b", phase="decode")
    api.plane_days("density", api.trade(to="CN", seat="CN"), FIRST, dt.date.today())
