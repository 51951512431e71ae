"""Options of `estimate` as texts, of the command line or of a row of a table: what serving and training share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from twokey.quantities.problem import Problem

__all__ = ["flag", "given", "whole"]

_TRUE, _FALSE = ("yes", "true", "1", "on"), ("no", "false", "0", "off")


def given(texts: Mapping[str, str], names: Sequence[str], place: str) -> Iterator[tuple[str, str, str]]:
    """Yield name, text and where it stands of the options that are not empty, in the order of `names`."""
    for name in names:
        text = texts.get(name, "").strip()
        if text:
            yield name, text, f"{place} ({name})" if place else "--" + name.replace("_", "-")


def flag(text: str, where: str) -> bool:
    """Return whether a text says yes; refuse what says neither yes nor no.

    Raises
    ------
    Problem
        If it says neither.

    Examples
    --------
    >>> flag("Yes", "--curve"), flag("off", "--curve")
    (True, False)
    """
    if text.lower() not in (*_TRUE, *_FALSE):
        raise Problem(where, repr(text), "yes or no", "write yes or no")
    return text.lower() in _TRUE


def whole(text: str, where: str) -> int:
    """Return a whole number written with digits only.

    Raises
    ------
    Problem
        If it is written otherwise.
    """
    if not text.isdigit():
        raise Problem(where, repr(text), "a whole number", "write digits only")
    return int(text)
