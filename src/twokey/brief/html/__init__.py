"""The dossier as one HTML page that opens without a network."""

from twokey.brief.html.page import render

__all__ = ["render"]
