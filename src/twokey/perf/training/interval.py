"""The interval about a training step: the model's own error on published runs, each source left out in turn."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from twokey.perf.fitted.interval import Spread
from twokey.sources.register import read_evidence, read_register
from twokey.sources.text import read_file

__all__ = ["spread_of"]

_FOLDER = Path(__file__).parent.parent.parent / "data" / "perf"


@cache
def _spreads() -> dict[str, Spread]:
    register = read_register(_FOLDER / "training-sources.yaml")
    out = {}
    for name, value in (
        read_file(_FOLDER / "training-errors.yaml", "perf/training-errors.yaml").fields(("classes",))["classes"].group()
    ).items():
        f = value.fields(("low", "middle", "high", "rows", "evidence"))
        read_evidence(f["evidence"], register)
        low, middle, high = (float(f[key].number(above=0)) for key in ("low", "middle", "high"))
        out[name] = Spread(low, middle, high, f["rows"].whole(least=1))
    return out


def spread_of(experts: bool) -> Spread:
    """Return measured over predicted step at the 5th, 50th and 95th percentile, for models with or without experts.

    Examples
    --------
    >>> spread_of(False).low < 1 < spread_of(False).high
    True
    """
    return _spreads()["experts" if experts else "dense"]
