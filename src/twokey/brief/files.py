"""The dossier as a file: a page, or a printed page."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from twokey.quantities.problem import Problem
from twokey.sources.files import whole_file, write_text

if TYPE_CHECKING:
    from twokey.brief.dossier import Brief

__all__ = ["find_browser", "write_html", "write_pdf"]

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")


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
        with whole_file(path) as part:
            shutil.copyfile(printed, part)
