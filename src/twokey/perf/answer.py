"""The answer to `estimate`: a chip or design, a model, a layout, and how fast it runs."""

from __future__ import annotations

from typing import Any

from twokey.chips.catalogue import Chip
from twokey.chips.design import Design
from twokey.perf.device import from_design
from twokey.perf.estimate import estimate
from twokey.perf.fitted.answer import estimate_chip
from twokey.perf.fitted.interval import spreads
from twokey.perf.serving.options import NAMES as SERVING
from twokey.quantities.problem import Problem
from twokey.workloads.build import workload_for
from twokey.workloads.software import under

__all__ = ["estimate_for"]

_ANSWERED = {"prefill": ("ttft_s",), "decode": ("tpot_s",), "serve": ("ttft_s", "tpot_s")}


def estimate_for(chip: Chip | Design, *, model: str, phase: str, **options: Any) -> dict[str, Any]:
    """Return how fast a chip or design runs a model, and where the time goes.

    Parameters
    ----------
    chip : a catalogue chip with an architecture, or a design
    model, phase : an LLM of the catalogue; "prefill", "decode", "serve" or "train"
    options : devices, tp, ep, dp, precision, kv_precision, batch, input_len, output_len, as in
        `workloads.build.workload_for`; for a catalogue chip also framework; for training those of
        `training.answer.estimate_training`

    Returns
    -------
    dict
        ttft_s or tpot_s or both [s], tokens_per_s_per_device [token/s], mfu [1], memory_bytes_per_device [byte],
        fits, bottlenecks (operator, share of the time, the resource that bounds it), interval [s]; for a catalogue
        chip the calibration's id too, for a design its software. A design's interval is that of TPOT for TTFT as well

    Raises
    ------
    Problem
        If the chip's architecture is not known, a name is unknown, or the layout cannot be built.

    Notes
    -----
    A catalogue chip is answered by the fitted model (`perf.fitted.answer`), with an interval. A design is answered by
    the model of `perf.oracle` that the search uses, under the fitted software stack (`workloads.software`): five
    factors, so that its times are near those of the fitted model without its detail.

    Examples
    --------
    >>> from twokey.chips.catalogue import find
    >>> got = estimate_for(find("nvidia-h20"), model="llama-3-8b", phase="decode", batch=16)
    >>> got["fits"], got["bottlenecks"][0]["bound_by"]
    (True, 'dram')
    """
    if phase == "train":
        from twokey.perf.training.answer import estimate_training

        return estimate_training(chip, model=model, **options)
    if isinstance(chip, Chip):
        return estimate_chip(chip, model=model, phase=phase, **options)
    options.pop("framework", None)  # a design has no software of its own
    if options.get("pp") == 1:
        del options["pp"]
    if more := sorted(set(options) & set(SERVING)):
        raise Problem(
            "estimate",
            ", ".join(more) + " for a design",
            "a catalogue chip",
            "leave them out, or choose a catalogue chip",
        )
    load = under(workload_for(model, phase=phase, **options), "fitted")
    found = estimate(load, from_design(chip), phase)
    answer: dict[str, Any] = {name: getattr(found, name) for name in _ANSWERED[phase]}
    answer |= {
        "tokens_per_s_per_device": found.tokens_per_s_per_device,
        "mfu": found.mfu,
        "memory_bytes_per_device": found.memory_bytes_per_device,
        "fits": found.fits,
        "bottlenecks": list(found.bottlenecks),
        "software": load.decode.software.name,
    }
    error = spreads()["tpot-design"]
    time = found.ttft_s if phase == "prefill" else found.tpot_s
    answer["interval"] = {"low": time * error.low, "high": time * error.high}
    return answer
