"""The dossier on paper: a summary on one page, then the parts of the page in their order; set by Typst."""

from twokey.brief.pdf.document import pdf_bytes

__all__ = ["pdf_bytes"]
