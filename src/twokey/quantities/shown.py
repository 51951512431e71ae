"""How an answer shows itself: a page of nested tables in a notebook, a tree on a terminal; both from its JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

__all__ = ["Shown", "html_of", "lines_of"]

_MOST_ROWS = 60


class Shown:
    """What has a `to_json` and shows itself in notebooks (`_repr_html_`) and with rich (`rich.print`)."""

    __slots__ = ()

    def to_json(self) -> Any:
        """Return plain JSON values."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        return html_of(self.to_json())

    def __rich__(self) -> str:
        return "\n".join(lines_of(self.to_json())).replace("[", r"\[")


def html_of(value: Any) -> str:
    """Return JSON values as HTML: objects as two columns, lists of objects as tables, every text escaped.

    Examples
    --------
    >>> html_of({"a": [1, "<b>"]})
    '<table><tr><th style="text-align:left">a</th><td style="text-align:left">1, &lt;b&gt;</td></tr></table>'
    """
    if isinstance(value, Mapping):
        rows = "".join(_row(("th", k), ("td", v)) for k, v in value.items() if v not in (None, [], {}, ""))
        return f"<table>{rows}</table>"
    if _is_table(value):
        names = list(dict.fromkeys(k for one in value for k in one))
        head = _row(*(("th", n) for n in names))
        body = "".join(_row(*(("td", one.get(n)) for n in names)) for one in value[:_MOST_ROWS])
        more = f"<p>and {len(value) - _MOST_ROWS} more</p>" if len(value) > _MOST_ROWS else ""
        return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>{more}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(html_of(v) for v in value)
    return escape(_said(value))


def _row(*cells: tuple[str, Any]) -> str:
    inner = "".join(f'<{tag} style="text-align:{_side(tag, v)}">{html_of(v)}</{tag}>' for tag, v in cells)
    return f"<tr>{inner}</tr>"


def _side(tag: str, value: Any) -> str:
    return "right" if tag == "td" and isinstance(value, int | float) and not isinstance(value, bool) else "left"


def _is_table(value: Any) -> bool:
    return isinstance(value, Sequence) and bool(value) and all(isinstance(v, Mapping) for v in value)


def _said(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def lines_of(value: Any, indent: int = 0) -> list[str]:
    """Return JSON values as indented lines, what is not known or empty left out.

    Examples
    --------
    >>> lines_of({"a": 1, "b": [{"c": 2.5}], "d": None})
    ['a: 1', 'b:', '  - c: 2.5']
    """
    pad = "  " * indent
    if isinstance(value, Mapping):
        out = []
        for name, inner in value.items():
            if inner in (None, [], {}, ""):
                continue
            if isinstance(inner, Mapping) or _is_table(inner):
                out += [f"{pad}{name}:", *lines_of(inner, indent + 1)]
            else:
                out.append(f"{pad}{name}: {'; '.join(lines_of(inner))}")
        return out
    if _is_table(value):
        out = []
        for one in value[:_MOST_ROWS]:
            first, *rest = lines_of(one, indent + 1) or [pad]
            out += [f"{pad}- {first.strip()}", *rest]
        return out
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [line for v in value for line in lines_of(v)]
    return [pad + _said(value)]
