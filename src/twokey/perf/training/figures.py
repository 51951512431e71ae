"""The figures of the training model that are not operators: read from one data file that names what each rests on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from twokey.perf.training.strategy import OVERLAP
from twokey.sources.figure import Figure
from twokey.sources.register import read_evidence, read_figure, read_figures, read_register
from twokey.sources.text import Value, read_file

__all__ = ["Figures", "NodeNetwork", "Stack", "read"]

_FOLDER = Path(__file__).parent.parent.parent / "data" / "perf"
_COEFFICIENTS = (
    "sustained_share_narrow",
    "sustained_share_wide",
    "spread_overlap",
    "attention_backward_ratio",
    "communication_core_share",
    "routing_imbalance",
    "scale_out_efficiency",
    "scale_out_start_us",
    "scale_out_step_us",
    "failures_per_device_day",
    "restart_hours",
    "checkpoint_hours",
    "capacity_share",
)


@dataclass(frozen=True, slots=True)
class NodeNetwork:
    """Devices of one scale-up domain [1], bandwidth of a device out of it, one direction [GB/s], and the citation."""

    node_devices: int
    scale_out_GBps: float
    source: str


@dataclass(frozen=True, slots=True)
class Stack:
    """What the training software of a time can do.

    Parameters
    ----------
    fused_attention : whether scores stay on the chip; else scores, softmax and dropout are kernels of their own
    overlap_tp : how tensor-parallel exchanges run beside products, of `strategy.OVERLAP`
    overlap_dp, overlap_pp, overlap_ep : whether each communication runs beside compute
    grouped : whose grouped products run: "experts" (the fitted products of serving's expert layers) or "dense" (kernels
        that treat an expert's rows like any others)
    balanced : whether tokens are forced to spread evenly over experts, as in benchmarks
    casts_apart : whether narrowing operands to 8 bits is a pass of its own, not part of the kernel before
    fused_loss : whether the loss is one kernel over the 16-bit output
    gather_rails : cards of a node that bring in weights that are spread over all devices (ZeRO-3) [1]; 0 for all
    software_share : share of the modelled speed of kernels that it reaches: 1 but for young software, cited [1]
    schedule : "1f1b" (interleaved where asked) or "dualpipe"
    """

    fused_attention: bool
    overlap_tp: str
    overlap_dp: bool
    overlap_pp: bool
    overlap_ep: bool
    gather_rails: int
    grouped: str
    balanced: bool
    casts_apart: bool
    fused_loss: bool
    schedule: str
    software_share: float
    source: str


@dataclass(frozen=True, slots=True)
class Figures:
    """All of the file.

    Parameters
    ----------
    id : name of the calibration and the start of the file's SHA-256
    coefficients : value by name
    figures : the same with source, confidence and state of checking
    networks : scale-up domain and scale-out bandwidth by chip id; other_network where a chip has none of its own
    routing_nodes : most nodes a token is sent to, by model id [1]
    further_tokens : tokens beyond the next that a model is trained to predict, by model id [1]
    stacks : software by name
    """

    id: str
    coefficients: dict[str, float]
    figures: dict[str, Figure]
    networks: dict[str, NodeNetwork]
    other_network: NodeNetwork
    routing_nodes: dict[str, int]
    further_tokens: dict[str, int]
    stacks: dict[str, Stack]

    def network(self, chip_id: str) -> NodeNetwork:
        """Return the network of a chip, or the assumed one where the file has none for it."""
        return self.networks.get(chip_id, self.other_network)


def _network(value: Value, register: dict[str, str]) -> NodeNetwork:
    f = value.fields(("node_devices", "scale_out_GBps", "evidence"))
    source, _, _ = read_evidence(f["evidence"], register)
    return NodeNetwork(f["node_devices"].whole(least=1), float(f["scale_out_GBps"].number(above=0)), source)


def _stack(value: Value, register: dict[str, str]) -> Stack:
    f = value.fields(
        (
            "fused_attention",
            "overlap_tp",
            "overlap_dp",
            "overlap_pp",
            "overlap_ep",
            "gather_rails",
            "grouped",
            "balanced",
            "casts_apart",
            "fused_loss",
            "schedule",
            "software_share",
            "evidence",
        )
    )
    source, _, _ = read_evidence(f["evidence"], register)
    return Stack(
        f["fused_attention"].yes_no(),
        f["overlap_tp"].one_of(OVERLAP),
        f["overlap_dp"].yes_no(),
        f["overlap_pp"].yes_no(),
        f["overlap_ep"].yes_no(),
        gather_rails=f["gather_rails"].whole(),
        grouped=f["grouped"].one_of(("experts", "dense")),
        balanced=f["balanced"].yes_no(),
        casts_apart=f["casts_apart"].yes_no(),
        fused_loss=f["fused_loss"].yes_no(),
        schedule=f["schedule"].one_of(("1f1b", "dualpipe")),
        software_share=float(f["software_share"].number(above=0)),
        source=source,
    )


@cache
def read() -> Figures:
    """Return the figures of the data file.

    Raises
    ------
    Problem
        If the file cannot be used.

    Examples
    --------
    >>> read().network("nvidia-h800").node_devices, 0 < read().coefficients["communication_core_share"] < 1
    (8, True)
    """
    path = _FOLDER / "training.yaml"
    register = read_register(_FOLDER / "training-sources.yaml")
    f = read_file(path, "perf/training.yaml").fields(
        ("name", "coefficients", "networks", "other_network", "routing_nodes", "further_tokens", "stacks")
    )
    figures = read_figures(f["coefficients"], register, _COEFFICIENTS)
    return Figures(
        id=f"{f['name'].text()}-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}",
        coefficients={name: float(figure.value) for name, figure in figures.items()},
        figures=figures,
        networks={name: _network(value, register) for name, value in f["networks"].group().items()},
        other_network=_network(f["other_network"], register),
        routing_nodes={k: int(read_figure(v, register).value) for k, v in f["routing_nodes"].group().items()},
        further_tokens={k: int(read_figure(v, register).value) for k, v in f["further_tokens"].group().items()},
        stacks={name: _stack(value, register) for name, value in f["stacks"].group().items()},
    )
