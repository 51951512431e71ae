"""Files written whole or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from twokey.quantities.problem import Problem

if TYPE_CHECKING:
    from twokey.brief.dossier import Brief

__all__ = ["find_browser", "write_html", "write_pdf", "write_text"]

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")


def write_text(path: Path, text: str) -> None:
    """Write a text file through a temporary file beside it, so that an interrupt leaves the old file or the new.

    Raises
    ------
    Problem
        If the folder cannot be made or written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise Problem(
            str(path), error.strerror or "unwritable", "a file in a folder that can be written to", "check the folder"
        ) from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_html(brief: Brief, path: Path) -> None:
    """Write the dossier as one HTML page that opens without a network.

    Raises
    ------
    Problem
        If the file cannot be written.
    """
    from twokey.brief.html import render

    write_text(path, render(brief))


def find_browser() -> str | None:
    """Return the path of a browser that can print a page without a screen, or None."""
    return next((path for path in map(shutil.which, _BROWSERS) if path), None)


def write_pdf(brief: Brief, path: Path, *, seconds: float = 120.0) -> None:
    """Write the dossier as a PDF, printed by a Chromium-like browser of this machine without a network.

    Parameters
    ----------
    seconds : how long the browser may take [s]

    Raises
    ------
    Problem
        If there is no such browser, or it fails; the HTML page can be printed from any browser instead.
    """
    browser = find_browser()
    instead = "write the page with --html and print it from your browser"
    if browser is None:
        raise Problem("--pdf", "no Chromium, Chrome or Edge on this machine", "one of them", instead, kind="usage")
    with tempfile.TemporaryDirectory() as folder:
        page, printed = Path(folder) / "page.html", Path(folder) / "page.pdf"
        write_html(brief, page)
        command = [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--host-resolver-rules=MAP * 0.0.0.0", "--virtual-time-budget=10000", "--no-pdf-header-footer",
            f"--user-data-dir={folder}/profile", f"--print-to-pdf={printed}", page.as_uri(),
        ]  # fmt: skip
        try:
            subprocess.run(command, capture_output=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            raise Problem("--pdf", f"a browser that took over {seconds:g} s", "a printed page", instead) from None
        if not printed.exists():
            raise Problem("--pdf", f"{browser} printed nothing", "a printed page", instead)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        shutil.copyfile(printed, part)
        os.replace(part, path)
