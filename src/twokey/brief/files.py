"""The dossier as a file: a page, or paper."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from twokey.sources.files import whole_file, write_text

if TYPE_CHECKING:
    from twokey.brief.dossier import Brief

__all__ = ["write_html", "write_pdf"]


def write_html(brief: Brief, path: Path) -> None:
    """Write the dossier as one HTML page that opens without a network; equal dossiers give equal bytes.

    Raises
    ------
    Problem
        If the file cannot be written.
    """
    from twokey.brief.html import render

    write_text(path, render(brief))


def write_pdf(brief: Brief, path: Path) -> None:
    """Write the dossier as a PDF, set without a network; equal dossiers give equal bytes.

    Raises
    ------
    Problem
        If the file cannot be written.
    """
    from twokey.brief.pdf import pdf_bytes

    body = pdf_bytes(brief)
    with whole_file(path) as part:
        part.write_bytes(body)
