"""The interval about a training step: the model's own error on published runs, each source left out in turn."""

from __future__ import annotations

from functools import cache

from twokey.perf.fitted.interval import Spread, read_spreads

__all__ = ["spread_of"]


@cache
def _spreads() -> dict[str, Spread]:
    return read_spreads("training-errors.yaml", "training-sources.yaml")


def spread_of(experts: bool) -> Spread:
    """Return measured over predicted step at the 5th, 50th and 95th percentile, for models with or without experts.

    Examples
    --------
    >>> spread_of(False).low < 1 < spread_of(False).high
    True
    """
    return _spreads()["experts" if experts else "dense"]
