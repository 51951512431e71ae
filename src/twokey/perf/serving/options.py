"""Options of serving as a person writes them, in a row of a table or as texts of the command line."""

from __future__ import annotations

from typing import Any

from twokey.perf.texts import flag, given, whole
from twokey.quantities.exact import parse_number
from twokey.quantities.problem import Problem

__all__ = ["NAMES", "from_texts"]

_WHOLE = ("pp", "mtp_tokens")
_NUMBERS = (
    "slo_ttft_s", "slo_tpot_s", "slo_percentile", "rate_per_s", "prefix_hit", "mtp_acceptance", "usd_per_device_hour",
    "device_usd", "power_W", "usd_per_kWh",
)  # fmt: skip
_FLAGS = ("disaggregate", "curve", "two_batch", "explain")
NAMES = (*_WHOLE, *_NUMBERS, *_FLAGS)
"""Options of serving beyond those of every phase."""


def from_texts(texts: dict[str, str], place: str = "") -> dict[str, Any]:
    """Return the options of serving that texts hold, each as the value it stands for; empty texts are left out.

    Raises
    ------
    Problem
        If a text is not what its option needs; the message names the option.

    Examples
    --------
    >>> from_texts({"pp": "2", "slo_tpot_s": "0.05", "curve": "yes", "rate_per_s": ""})
    {'pp': 2, 'slo_tpot_s': 0.05, 'curve': True}
    """
    out: dict[str, Any] = {}
    for name, text, where in given(texts, NAMES, place):
        if name in _FLAGS:
            out[name] = flag(text, where)
        elif name in _WHOLE:
            out[name] = whole(text, where)
        else:
            value = parse_number(text)
            if value is None or value < 0:
                raise Problem(where, repr(text), "a number of at least zero", "write it like 0.05")
            out[name] = float(value)
    return out
