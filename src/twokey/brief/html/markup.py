"""HTML from functions: every text is escaped unless it is HTML already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["Html", "badge", "details", "join", "table", "tag"]


class Html(str):
    """Text that is HTML already and is not escaped again."""

    __slots__ = ()


Part = str | int | float | None | Iterable["Part"]
_VOID = frozenset({"meta", "br", "hr", "col"})


def tag(name: str, /, *parts: Part, **attributes: str | None) -> Html:
    """Return an element; a trailing underscore of an attribute's name is dropped, other underscores become hyphens.

    Examples
    --------
    >>> tag("p", "a < b ", tag("b", "c"), class_="x")
    '<p class="x">a &lt; b <b>c</b></p>'
    """
    given = "".join(
        f' {k.rstrip("_").replace("_", "-")}="{escape(v, quote=True)}"' for k, v in attributes.items() if v is not None
    )
    if name in _VOID:
        return Html(f"<{name}{given}>")
    return Html(f"<{name}{given}>{join(parts)}</{name}>")


def join(parts: Part) -> Html:
    """Return the parts one after another, texts escaped, nothing for None."""
    if parts is None:
        return Html("")
    if isinstance(parts, Html):
        return parts
    if isinstance(parts, str | int | float):
        return Html(escape(str(parts), quote=False))
    return Html("".join(join(p) for p in parts))


def table(
    heads: Sequence[Part],
    rows: Iterable[Sequence[Part]],
    *,
    caption: str | None = None,
    numbers: Iterable[int] = (),
    class_: str | None = None,
) -> Html:
    """Return a table; the first cell of a row is its heading, columns in `numbers` are set to the right."""
    right = set(numbers)

    def cell(i: int, part: Part, kind: str) -> Html:
        scope = {"th": "row"}.get(kind)
        return tag(kind, part, class_="n" if i in right else None, scope=scope)

    head = tag("tr", [tag("th", h, class_="n" if i in right else None, scope="col") for i, h in enumerate(heads)])
    body = [tag("tr", [cell(i, p, "th" if i == 0 else "td") for i, p in enumerate(row)]) for row in rows]
    inner = tag(
        "table", tag("caption", caption) if caption else None, tag("thead", head), tag("tbody", body), class_=class_
    )
    return tag("div", inner, class_="scroll", tabindex="0", role="region", aria_label=caption)


def badge(state: str) -> Html:
    """Return a state in its colour and in words."""
    return tag("span", state, class_=f"badge {state}")


def details(title: str, *parts: Part, opened: bool = False) -> Html:
    """Return a part that a reader opens and closes."""
    return tag("details", tag("summary", title), parts, open="" if opened else None)
