"""The parts of the page as a tree of plain values, for a typesetter: paper says what the page says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from typing import Any

__all__ = ["Node", "cites", "nodes"]

Node = str | dict[str, Any]
"""A text, or an element: {"tag", "class", "parts"} with those attributes that matter on paper."""

_VOID = frozenset({"br", "hr", "col", "meta"})
_KEPT = ("class", "data-number", "aria-label")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root: dict[str, Any] = {"tag": "root", "parts": []}
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        node: dict[str, Any] = {"tag": tag, "parts": []}
        node |= {k.removeprefix("data-"): given[k] for k in _KEPT if given.get(k)}
        self._open[-1]["parts"].append(node)
        if tag not in _VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if self._open[-1]["tag"] != tag:
            raise ValueError(f"</{tag}> where <{self._open[-1]['tag']}> is open")
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1]["parts"].append(data)


def nodes(html: str) -> list[Node]:
    """Return HTML made by `brief.html.markup` as a tree of plain values.

    Raises
    ------
    ValueError
        If an element is not closed where it must be.

    Examples
    --------
    >>> nodes('<p class="x">a &lt; b <b>c</b></p>')
    [{'tag': 'p', 'parts': ['a < b ', {'tag': 'b', 'parts': ['c']}], 'class': 'x'}]
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    found: list[Node] = reader.root["parts"]
    return found


def cites(tree: Sequence[Node]) -> Iterator[str]:
    """Yield the text of every source named in a tree, in order."""
    for node in tree:
        if isinstance(node, dict):
            if node["tag"] == "cite":
                yield text_of(node)
            else:
                yield from cites(node["parts"])


def text_of(node: Node) -> str:
    """Return the text of a node without its elements."""
    return node if isinstance(node, str) else "".join(text_of(p) for p in node["parts"])
