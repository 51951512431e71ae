"""The public verb `operators`: imported by the programming interface, heavy parts when it is called."""

from __future__ import annotations

from typing import Any

__all__ = ["operators"]


def operators(
    device: str, cases: str, *, timing: str = "kernel", framework: str | None = None, routing: str | None = None
) -> dict[str, Any]:
    """Say how long single operators take on a chip of the catalogue.

    Parameters
    ----------
    device : id, name or alias of a chip with an architecture
    cases : path of a CSV file with the columns operator, dtype and shape; "-" reads standard input
    timing : "kernel", with its launch, or "eager", with the host gap of an eager framework
    framework : whose kernels run (trtllm, sglang, vllm); kernels fitted on all of them where not given
    routing : how tokens choose experts; a mild power law where not given

    Returns
    -------
    dict
        latency_s in the order of the rows [s], device, calibration, timing

    Raises
    ------
    Problem
        If the chip is not known, or a row cannot be answered; the message names the line.
    """
    from twokey.chips.catalogue import find
    from twokey.perf.fitted.cases import operators_answer
    from twokey.perf.fitted.operators import DEFAULT_ROUTING

    return operators_answer(find(device), cases, timing=timing, framework=framework, routing=routing or DEFAULT_ROUTING)
