"""Data files read as text: no type is guessed, every value knows its place.

YAML is parsed with all scalars kept as strings (a default reader turns the country NO into
false and 1.10 into 1.1). Anchors, tags and duplicate keys are refused. A reader asks each value for
what it needs (`number`, `day`, `one_of` …) and a value that is not that raises `Problem` with file and line.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from twokey.quantities.exact import parse_number
from twokey.quantities.problem import Problem

__all__ = ["Value", "parse_day", "read_file", "read_text"]

_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_MAX_BYTES = 4_000_000


def parse_day(text: str, where: str) -> dt.date:
    """Return the date written as YYYY-MM-DD.

    Raises
    ------
    Problem
        If the text is not a day that exists.
    """
    try:
        if len(text) == 10:
            return dt.date.fromisoformat(text)
    except ValueError:
        pass
    raise Problem(where, text or "nothing", "a day that exists, written YYYY-MM-DD", "write it like 2025-04-17")


class Value:
    """One node of a data file with its place; ask it for the type you need."""

    __slots__ = ("_node", "file", "key")

    def __init__(self, node: Any, file: str, key: str) -> None:
        self._node, self.file, self.key = node, file, key

    # -- places and refusals ------------------------------------------------------------------
    @property
    def where(self) -> str:
        """The place of this value, for messages: file:line (key)."""
        mark = self._node.start_mark
        return f"{self.file}:{mark.line + 1} ({self.key})" if self.key else f"{self.file}:{mark.line + 1}"

    def refuse(self, needed: str, fix: str, *, given: str | None = None) -> Problem:
        """Return the Problem that says this value cannot be used."""
        return Problem(self.where, self._shown() if given is None else given, needed, fix)

    def _shown(self) -> str:
        if isinstance(self._node, yaml.ScalarNode):
            return f"{self._node.value!r}" if self._node.value else "nothing"
        return "a list" if isinstance(self._node, yaml.SequenceNode) else "a group of keys"

    # -- shapes -------------------------------------------------------------------------------
    @property
    def is_scalar(self) -> bool:
        """Whether this is a single text."""
        return isinstance(self._node, yaml.ScalarNode)

    @property
    def is_list(self) -> bool:
        """Whether this is a list."""
        return isinstance(self._node, yaml.SequenceNode)

    @property
    def is_group(self) -> bool:
        """Whether this is a group of keys."""
        return isinstance(self._node, yaml.MappingNode)

    def items(self) -> list[Value]:
        """Return the members of a list."""
        if not self.is_list:
            raise self.refuse("a list", "write one entry per line, each beginning with '- '")
        return [Value(n, self.file, f"{self.key}[{i}]") for i, n in enumerate(self._node.value)]

    def group(self) -> dict[str, Value]:
        """Return the keys and values of a group; a key that stands twice is refused."""
        if not self.is_group:
            raise self.refuse("a group of 'key: value' lines", "check the indentation and the colons")
        found: dict[str, Value] = {}
        for k, v in self._node.value:
            if not isinstance(k, yaml.ScalarNode):
                raise self.refuse("keys that are plain words", "write 'key: value'")
            name = str(k.value)
            if name in found:
                raise Problem(
                    f"{self.file}:{k.start_mark.line + 1}",
                    f"the key {name!r} a second time",
                    "each key once",
                    f"remove one of the two {name!r} lines",
                )
            found[name] = Value(v, self.file, f"{self.key}.{name}" if self.key else name)
        return found

    def fields(self, required: tuple[str, ...] = (), optional: tuple[str, ...] = ()) -> dict[str, Value]:
        """Return the group's keys, having refused unknown keys and asked for the required ones."""
        found = self.group()
        known = (*required, *optional)
        for name, value in found.items():
            if name not in known:
                near = _nearest(name, known)
                raise Problem(
                    value.where,
                    f"the key {name!r}",
                    "one of " + ", ".join(known),
                    f"did you mean {near!r}?" if near else "remove it, or spell it as listed",
                )
        for name in required:
            if name not in found:
                raise self.refuse(f"the key {name!r}", f"add a line '{name}: …'", given="a group without it")
        return found

    # -- scalars ------------------------------------------------------------------------------
    def text(self) -> str:
        """Return the text; empty text is refused."""
        if not self.is_scalar:
            raise self.refuse("one text", "write the value on the line of its key")
        value = str(self._node.value).strip()
        if not value:
            raise self.refuse("a text", "write a value, or remove the key")
        return value

    def number(
        self, *, above: Fraction | int | None = None, least: Fraction | int | None = None, most: int | None = None
    ) -> Fraction:
        """Return the exact value of a decimal number within the stated limits."""
        value = parse_number(self.text())
        limit = f" above {above}" if above is not None else f" of at least {least}" if least is not None else ""
        limit += f" and at most {most:,}" if most is not None else ""
        if value is None:
            raise self.refuse(f"a decimal number{limit}", "write digits only, with a point for decimals, no unit")
        if (
            (above is not None and value <= above)
            or (least is not None and value < least)
            or (most is not None and value > most)
        ):
            raise self.refuse(f"a number{limit}", "correct it, or leave the line out if the figure is unknown")
        return value

    def whole(self, *, least: int = 0, most: int | None = None) -> int:
        """Return a whole number within the stated limits."""
        value = self.number(least=least, most=most)
        if value.denominator != 1:
            raise self.refuse("a whole number", "remove the decimals")
        return int(value)

    def day(self) -> dt.date:
        """Return a date written YYYY-MM-DD."""
        return parse_day(self.text(), self.where)

    def yes_no(self) -> bool:
        """Return True for yes and False for no."""
        return self.one_of(("yes", "no")) == "yes"

    def one_of(self, allowed: tuple[str, ...]) -> str:
        """Return the text if it is one of `allowed`."""
        value = self.text()
        if value not in allowed:
            near = _nearest(value, allowed)
            raise self.refuse(
                "one of " + ", ".join(allowed), f"did you mean {near!r}?" if near else "write one of the words listed"
            )
        return value

    def texts(self) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(v.text() for v in self.items())

    def plain(self) -> Any:
        """Return the value as nested dicts, lists and strings, without places."""
        if self.is_scalar:
            return str(self._node.value)
        if self.is_list:
            return [v.plain() for v in self.items()]
        return {k: v.plain() for k, v in self.group().items()}

    def __iter__(self) -> Iterator[Value]:
        return iter(self.items())


def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    import difflib

    found = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return found[0] if found else None


def read_text(text: str, name: str) -> Value:
    """Return the root of a YAML (or JSON) text; `name` stands for the file in messages.

    Raises
    ------
    Problem
        If the text is not YAML, is empty, or uses anchors, aliases or tags.

    Examples
    --------
    >>> read_text("country: NO", "x.yaml").group()["country"].text()
    'NO'
    """
    if any(mark in text for mark in "&*!"):
        _refuse_anchors(text, name)
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
    except yaml.YAMLError as error:
        raise _not_yaml(error, name) from None
    finally:
        loader.dispose()
    if node is None:
        raise Problem(name, "an empty file", "keys and values", "write the sheet's lines, see `twokey check --help`")
    return Value(node, name, "")


def _refuse_anchors(text: str, name: str) -> None:
    loader = _Loader(text)
    try:
        while (event := loader.get_event()) is not None:
            mark = getattr(event, "anchor", None) or getattr(event, "tag", None)
            if mark:
                raise Problem(
                    f"{name}:{event.start_mark.line + 1}",
                    f"an anchor or tag ({mark})",
                    "plain keys and values",
                    "write the value out",
                )
            if isinstance(event, yaml.StreamEndEvent):
                return
    except yaml.YAMLError as error:
        raise _not_yaml(error, name) from None
    finally:
        loader.dispose()


def _not_yaml(error: yaml.YAMLError, name: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    place = f"{name}:{mark.line + 1}" if mark is not None else name
    what = str(getattr(error, "problem", None) or error).splitlines()[0]
    return Problem(place, f"text that is not YAML ({what})", "YAML: 'key: value' lines", "mend the line named")


def read_file(path: Path | str, shown: str | None = None) -> Value:
    """Return the root of a YAML or JSON file.

    Raises
    ------
    Problem
        If the file is absent, a folder, too large, not UTF-8 text, or not YAML.
    """
    path, name = Path(path), shown or str(path)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise Problem(name, "no such file", "a file that can be read", "check the path") from None
    except (IsADirectoryError, PermissionError, OSError) as error:
        raise Problem(
            name, error.strerror or "unreadable", "a file that can be read", "check path and rights"
        ) from None
    if len(raw) > _MAX_BYTES:
        raise Problem(name, f"{len(raw)} bytes", f"at most {_MAX_BYTES} bytes", "give the sheet itself, not an archive")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem(
            name, f"a byte that is not UTF-8 text at {error.start}", "a UTF-8 text file", "save as UTF-8"
        ) from None
    if "\x00" in text:
        raise Problem(name, "a zero byte", "a text file", "give a YAML or JSON file, not a binary one")
    return read_text(text, name)
