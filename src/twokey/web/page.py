"""A page before it is written: what it says, what programs get of it, and the question it was asked."""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from twokey.api import Problem
from twokey.web.given import day_of

__all__ = ["Ask", "Page", "Table", "command"]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a page: its name, the heads of its columns with their units, its rows."""

    name: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Any]]


@dataclass(slots=True)
class Page:
    """What a page says.

    Parameters
    ----------
    template : file of `templates/`
    words : what the template is filled with
    answer : what the address gives with `.json` behind it; None where there is nothing
    tables : what it gives with `.csv` (the first) and `.xlsx` (all)
    command : the command line that gives the same
    live : whether the same address may say something else a moment later
    fresh : whether the page that asked for this piece should be read anew
    policy : a content security policy of its own
    file, kind : a file that is sent in place of a page, and its content type
    """

    template: str
    title: str
    words: dict[str, Any] = field(default_factory=dict)
    answer: Any = None
    tables: Sequence[Table] = ()
    command: str | None = None
    status: int = 200
    live: bool = False
    fresh: bool = False
    policy: str | None = None
    file: bytes | None = None
    kind: str = ""


class Ask:
    """The question that an address puts: the parts of its path, and its parameters.

    Examples
    --------
    >>> ask = Ask("/check", {}, [("item", "nvidia-h20"), ("on", "")])
    >>> ask.text("item"), ask.text("on"), ask.address(item="nvidia-h100")
    ('nvidia-h20', None, '/check?item=nvidia-h100')
    """

    def __init__(self, path: str, parts: Mapping[str, str], query: Sequence[tuple[str, str]]) -> None:
        self.path, self.parts, self.query = path, dict(parts), [(k, v) for k, v in query if v.strip()]

    def text(self, name: str, default: str | None = None) -> str | None:
        """Return a parameter without blanks around it; the default where it is absent or empty."""
        return next((v.strip() for k, v in self.query if k == name), default)

    def word(self, name: str, default: str) -> str:
        """Return a parameter that has a default."""
        return self.text(name) or default

    def many(self, name: str) -> list[str]:
        """Return all values of a parameter that may stand more than once."""
        return [v.strip() for k, v in self.query if k == name]

    def day(self, name: str, default: dt.date | None = None) -> dt.date:
        """Return a day; without one, the default or today.

        Raises
        ------
        Problem
            If it is no day that exists.
        """
        return day_of(self.text(name), name) or default or dt.date.today()

    def whole(self, name: str, default: int | None = None) -> int | None:
        """Return a whole number above zero.

        Raises
        ------
        Problem
            If it is none.
        """
        text = self.text(name)
        if text is None:
            return default
        if not text.isdigit() or int(text) == 0:
            raise Problem(name, repr(text), "a whole number above zero", "write digits only")
        return int(text)

    def number(self, name: str, default: float | None = None) -> float | None:
        """Return a number that is not negative.

        Raises
        ------
        Problem
            If it is none.
        """
        text = self.text(name)
        try:
            value = default if text is None else float(text)
        except ValueError:
            value = -1.0
        if value is not None and not 0 <= value < float("inf"):
            raise Problem(name, repr(text), "a number that is not negative", "write digits, with a point for decimals")
        return value

    @property
    def given(self) -> dict[str, str]:
        """The parameters by name, the first of each."""
        return {k: v.strip() for k, v in reversed(self.query)}

    def address(self, ending: str = "", /, **changes: str | None) -> str:
        """Return this page's address with an ending behind its path and some parameters replaced or taken out."""
        kept = [(k, v) for k, v in self.query if k not in changes] + [(k, v) for k, v in changes.items() if v]
        return self.path + ending + (f"?{urlencode(kept)}" if kept else "")


def command(verb: str, *words: str | None, **options: Any) -> str:
    """Return a command line; options that are None or empty are left out, True ones stand alone, lists repeat.

    Examples
    --------
    >>> command("check", "nvidia-h20", to="CN", on=None, json=True)
    'twokey check nvidia-h20 --to CN --json'
    """
    parts = ["twokey", verb, *(w for w in words if w)]
    for name, value in options.items():
        flag = "--" + name.rstrip("_").replace("_", "-")
        for one in value if isinstance(value, list | tuple) else [value]:
            if one is True:
                parts.append(flag)
            elif one not in (None, "", False):
                parts += [flag, str(one)]
    return shlex.join(parts)
