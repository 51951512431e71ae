"""Three-valued truth: True, False, and None for "not known"."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Truth", "all_of", "any_of", "not_"]

Truth = bool | None


def all_of(parts: Iterable[Truth]) -> Truth:
    """Return False if any part is False, else None if any is None, else True.

    Examples
    --------
    >>> all_of([True, None]), all_of([False, None]), all_of([])
    (None, False, True)
    """
    result: Truth = True
    for part in parts:
        if part is False:
            return False
        if part is None:
            result = None
    return result


def any_of(parts: Iterable[Truth]) -> Truth:
    """Return True if any part is True, else None if any is None, else False.

    Examples
    --------
    >>> any_of([False, None]), any_of([True, None]), any_of([])
    (None, True, False)
    """
    result: Truth = False
    for part in parts:
        if part is True:
            return True
        if part is None:
            result = None
    return result


def not_(part: Truth) -> Truth:
    """Return the opposite; the opposite of unknown is unknown."""
    return None if part is None else not part
