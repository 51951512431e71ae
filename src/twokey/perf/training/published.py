"""Training runs whose speed their makers published, as cited facts, and what the model says of each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from twokey.chips import catalogue
from twokey.perf.fitted.chip import named
from twokey.perf.training.answer import estimate_training
from twokey.sources.register import read_register
from twokey.sources.text import Value, read_file
from twokey.workloads.models import find

__all__ = ["QUANTITIES", "Published", "predicted", "published", "slowness"]

_FOLDER = Path(__file__).parent.parent.parent / "data" / "perf"

QUANTITIES = (
    "step_s",
    "device_hours_per_Ttoken",
    "activations_GiB",
    "tokens_per_s_per_device",
    "hfu_TFLOPS",
    "model_TFLOPS",
    "mfu_percent",
)
"""What is published of a run; the first three grow with time or size, the others with speed."""

_WHOLE = ("tp", "pp", "cp", "ep", "micro_batch", "batch", "interleave", "zero")
_WORDS = ("recompute", "precision", "stack")
_GPT_2021_VOCAB = 51200


@dataclass(frozen=True, slots=True)
class Published:
    """One published figure.

    Parameters
    ----------
    id, model, chip : name of the row, and ids of the catalogues
    quantity, value : of `QUANTITIES`, and its value in the unit of the name
    options : as for `answer.estimate_training`; what the source leaves open may be left out
    source : citation
    peer : a peer's value, or None
    held : whether the row is kept back: nothing is fitted to it
    full_attention : whether the source counts attention without its causal mask
    """

    id: str
    model: str
    chip: str
    quantity: str
    value: float
    options: dict[str, Any]
    source: str
    peer: float | None = None
    held: bool = False
    full_attention: bool = False


def _row(value: Value, register: dict[str, str]) -> Published:
    f = value.fields(
        ("id", "model", "chip", "devices", "quantity", "value", "source", "checked", "batch", "length"),
        (*_WHOLE, *_WORDS, "exchange", "scale_out_GBps", "zero_devices", "peer", "held", "count", "assumed"),
    )
    options: dict[str, Any] = {"devices": f["devices"].whole(least=1), "input_len": f["length"].whole(least=1)}
    options |= {name: f[name].whole() for name in _WHOLE if name in f}
    options |= {name: f[name].text() for name in _WORDS if name in f}
    if not {"tp", "pp", "cp", "ep"} & set(options):
        options["tp"] = 1
    if "exchange" in f:
        options["sequence_parallel"] = f["exchange"].text() == "sequence"
    if "scale_out_GBps" in f:
        options["scale_out_GBps"] = float(f["scale_out_GBps"].number(above=0))
    keys = [key.strip() for key in f["source"].text().split(",")]
    for key in keys:
        if key not in register:
            raise f["source"].refuse("keys of the register of sources", "add the source there first", given=repr(key))
    return Published(
        id=f["id"].text(),
        model=f["model"].text(),
        chip=f["chip"].text(),
        quantity=f["quantity"].one_of(QUANTITIES),
        value=float(f["value"].number(above=0)),
        options=options,
        source="; ".join(register[key] for key in keys),
        peer=float(f["peer"].number(above=0)) if "peer" in f else None,
        held="held" in f and f["held"].yes_no(),
        full_attention="count" in f and f["count"].one_of(("full",)) == "full",
    )


@cache
def published() -> tuple[Published, ...]:
    """Return every row of the data file.

    Raises
    ------
    Problem
        If the file cannot be used.

    Examples
    --------
    >>> [row.value for row in published() if row.id == "korthikanti-mt-nlg-530b-full"]
    [49.05]
    """
    register = read_register(_FOLDER / "training-sources.yaml")
    rows = read_file(_FOLDER / "training-published.yaml", "perf/training-published.yaml").fields(("rows",))["rows"]
    return tuple(_row(value, register) for value in rows.items())


def predicted(row: Published) -> float:
    """Return the model's value of a row, in the row's unit.

    Raises
    ------
    Problem
        If the chip's architecture is not in the catalogue, or the layout cannot be built.

    Notes
    -----
    Rates in TFLOPS count operations as their sources do: equation 3 of arXiv:2104.04473 with a forward pass computed
    again (hfu), or the same without it and with attention in full where the source says so, else under its mask.
    """
    got = estimate_training(catalogue.find(row.chip), model=row.model, **row.options)
    layout, model, step = got["layout"], find(row.model), float(got["step_s"])
    devices, tokens = row.options["devices"], layout["batch"] * layout["input_len"]
    if row.quantity == "step_s":
        return step
    if row.quantity == "device_hours_per_Ttoken":
        return float(1e12 / tokens * step * devices / 3600 / got["goodput"])
    if row.quantity == "activations_GiB":
        return float(got["memory"]["activations"]) / 2**30
    if row.quantity == "tokens_per_s_per_device":
        return float(tokens / step / devices)
    if row.quantity == "mfu_percent":
        return 100 * float(got["mfu"])
    if row.quantity == "model_TFLOPS" and not row.full_attention:
        return float(got["mfu"]) * named(row.chip).peak_op_per_s / 1e12
    h, depth, s = model.hidden, model.layers, layout["input_len"]
    passes, vocab = (4, _GPT_2021_VOCAB) if row.quantity == "hfu_TFLOPS" else (3, model.vocab)
    work = 24 * passes * tokens * depth * h * h * (1 + s / (6 * h) + vocab / (4 * passes * depth * h))
    return float(work / step / devices / 1e12)


def slowness(row: Published) -> float:
    """Return measured over predicted time: above 1 where the run was slower than the model says [1]."""
    ratio = row.value / predicted(row)
    return ratio if row.quantity in QUANTITIES[:3] else 1 / ratio
