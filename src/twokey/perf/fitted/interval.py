"""The interval about an estimate, from the model's own blind error on that class of operator."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from twokey.sources.register import read_evidence, read_register
from twokey.sources.text import read_file

__all__ = ["CLASS_OF_KIND", "Spread", "read_spreads", "spreads"]

_FOLDER = Path(__file__).parent.parent.parent / "data" / "perf"

CLASS_OF_KIND = {
    "dense": "matmul-16",
    "experts": "moe-8",
    "attention": "prefill-attention",
    "vector": "matmul-16",
    "link": "allreduce",
}
"""Class of error of each kind of operator of a prompt's pass; a vector kernel is taken to be as sure as a product."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Measured over predicted at the 5th, 50th and 95th percentile of blind rows, and the number of rows [1]."""

    low: float
    middle: float
    high: float
    rows: int


def read_spreads(name: str, sources: str) -> dict[str, Spread]:
    """Return the spreads of a file of errors of data/perf by class; `sources` names the register of its evidence.

    Raises
    ------
    Problem
        If a data file cannot be used.
    """
    register = read_register(_FOLDER / sources)
    out = {}
    for kind, value in read_file(_FOLDER / name, f"perf/{name}").fields(("classes",))["classes"].group().items():
        f = value.fields(("low", "middle", "high", "rows", "evidence"))
        read_evidence(f["evidence"], register)
        low, middle, high = (float(f[key].number(above=0)) for key in ("low", "middle", "high"))
        out[kind] = Spread(low, middle, high, f["rows"].whole(least=1))
    return out


@cache
def spreads() -> dict[str, Spread]:
    """Return the blind errors by class of operator.

    Raises
    ------
    Problem
        If the data file cannot be used.

    Examples
    --------
    >>> s = spreads()["tpot"]
    >>> s.low < 1 < s.high
    True
    """
    return read_spreads("errors.yaml", "sources.yaml")
