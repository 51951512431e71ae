"""Options of training as a person writes them, on the command line or in a row of a table."""

from __future__ import annotations

from typing import Any

from twokey.perf.texts import flag, given, whole
from twokey.quantities.exact import parse_number
from twokey.quantities.problem import Problem

__all__ = ["NAMES", "count_of", "from_texts"]

_WHOLE = ("pp", "cp", "micro_batch", "interleave", "zero", "node_devices")
_WORDS = ("recompute", "stack")
_NUMBERS = ("scale_out_GBps", "usd_per_device_hour")
NAMES = (*_WHOLE, *_WORDS, *_NUMBERS, "sequence_parallel", "tokens")
"""Options of training beyond those of every phase."""

_SUFFIX = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}


def count_of(text: str, where: str) -> float:
    """Return a number of tokens written with or without a suffix K, M, B or T.

    Raises
    ------
    Problem
        If it is not a number above zero.

    Examples
    --------
    >>> count_of("14.8T", "--tokens"), count_of("3e11", "--tokens")
    (14800000000000.0, 300000000000.0)
    """
    body, unit = text.strip(), 1.0
    if body and body[-1].upper() in _SUFFIX:
        body, unit = body[:-1], _SUFFIX[body[-1].upper()]
    return _number(body, where, text) * unit


def _number(body: str, where: str, text: str) -> float:
    value = parse_number(body)
    if value is None or value <= 0:
        raise Problem(where, repr(text), "a number above zero", "write it like 2 or 14.8T")
    return float(value)


def from_texts(texts: dict[str, str], place: str = "") -> dict[str, Any]:
    """Return the options of training that texts hold, each as the value it stands for; empty texts are left out.

    Raises
    ------
    Problem
        If a text is not what its option needs; the message names the option.

    Examples
    --------
    >>> from_texts({"pp": "8", "sequence_parallel": "yes", "tokens": "1T", "stack": ""})
    {'pp': 8, 'sequence_parallel': True, 'tokens': 1000000000000.0}
    """
    out: dict[str, Any] = {}
    for name, text, where in given(texts, NAMES, place):
        if name in _WHOLE:
            out[name] = whole(text, where)
        elif name in _WORDS:
            out[name] = text
        elif name in _NUMBERS:
            out[name] = _number(text, where, text)
        elif name == "tokens":
            out[name] = count_of(text, where)
        else:
            out[name] = flag(text, where)
    return out
