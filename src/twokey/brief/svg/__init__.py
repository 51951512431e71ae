"""Pictures as SVG without a browser: the same figures that the page draws with Plotly, for paper and for download."""

from twokey.brief.svg.draw import svg

__all__ = ["svg"]
