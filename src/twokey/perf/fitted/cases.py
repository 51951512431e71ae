"""The answer to `operators`: a table of single operators on one chip."""

from __future__ import annotations

import re
from typing import Any

from twokey.chips.catalogue import Chip
from twokey.perf.fitted.chip import from_catalogue
from twokey.perf.fitted.coefficients import read
from twokey.perf.fitted.operators import DEFAULT_ROUTING, check_case, operator_latencies
from twokey.quantities.problem import Problem
from twokey.sources.rows import read_rows

__all__ = ["operators_answer", "parse_shape"]


def parse_shape(text: str) -> list[float]:
    """Return the numbers of a shape written like 8x16x32, with x or the sign of multiplication between them.

    Raises
    ------
    ValueError
        If a part is not a number.

    Examples
    --------
    >>> parse_shape("8x16×4")
    [8.0, 16.0, 4.0]
    """
    return [float(part) for part in re.split(r"[x×X*]", text.strip())]


def operators_answer(
    chip: Chip, path: str, *, timing: str = "kernel", framework: str | None = None, routing: str = DEFAULT_ROUTING
) -> dict[str, Any]:
    """Return the latencies of the operators of a CSV file on a chip, in the file's order.

    Parameters
    ----------
    chip : a catalogue chip with an architecture
    path : a CSV file with the columns operator, dtype and shape; "-" reads standard input
    timing, framework, routing : as in `operators.operator_latencies`

    Returns
    -------
    dict
        latency_s [s], device (the chip's id), calibration (the id of the coefficients), timing

    Raises
    ------
    Problem
        If the file cannot be read or a row cannot be answered; the message names the line.
    """
    cases = []
    for place, row in read_rows(path, required=("operator", "dtype", "shape")):
        try:
            shape = parse_shape(row["shape"])
        except ValueError:
            raise Problem(place, repr(row["shape"]), "numbers joined by x", "write the shape like 8x16x32") from None
        check_case(place, row["operator"], row["dtype"], shape)
        cases.append((row["operator"], row["dtype"], shape))
    time = operator_latencies(from_catalogue(chip), cases, timing=timing, framework=framework, routing=routing)
    return {"latency_s": time.tolist(), "device": chip.id, "calibration": read().id, "timing": timing}
