"""The catalogue of workloads, read from data files: who uses which model how, named <model>-<phase>."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from twokey.quantities.problem import Problem
from twokey.sources.text import Value, read_file
from twokey.workloads import models
from twokey.workloads.build import ALL_REDUCE_LATENCY_NS, ALL_TO_ALL_LATENCY_NS, LAUNCH_NS, build, layout_for
from twokey.workloads.software import SOFTWARE, under
from twokey.workloads.training import Training
from twokey.workloads.workload import Workload

__all__ = ["read_workload", "workload", "workloads"]

_FOLDER = Path(__file__).parent.parent / "data" / "workloads"
_REQUIRED = ("note", "model", "objective", "devices", "tp", "dp", "batch", "input_len", "output_len", "assumptions")
_OPTIONAL = (
    "ep",
    "precision",
    "expert_precision",
    "kv_precision",
    "kernels",
    "prefill_batch",
    "decode_context",
    "single_layer",
    "launch_ns",
    "train",
    "all_reduce_latency_ns",
    "all_to_all_latency_ns",
    "software",
)


def read_workload(path: Path | str, *, shown: str | None = None) -> Workload:
    """Return the workload a YAML file describes; its name is the file's.

    Raises
    ------
    Problem
        If a key is unknown or missing, or the layout cannot be built.
    """
    path = Path(path)
    f = read_file(path, shown).fields(_REQUIRED, _OPTIONAL)

    def whole(name: str, default: int | None = None) -> int | None:
        return f[name].whole(least=1) if name in f else default

    def time_ns(name: str, default: float) -> float:
        return float(f[name].number(least=0)) if name in f else default

    def word(name: str, default: str) -> str:
        return f[name].text() if name in f else default

    f["assumptions"].texts()
    model = models.find(f["model"].text())
    try:
        layout = layout_for(
            model,
            devices=f["devices"].whole(least=1),
            tp=f["tp"].whole(least=1),
            dp=f["dp"].whole(least=1),
            ep=whole("ep", 1),
            precision=word("precision", "bf16"),
            expert_precision=word("expert_precision", word("precision", "bf16")),
            kv_precision=word("kv_precision", "bf16"),
            kernels=f["kernels"].one_of(("fused", "separate")) if "kernels" in f else "fused",
            all_reduce_latency_ns=time_ns("all_reduce_latency_ns", ALL_REDUCE_LATENCY_NS),
            all_to_all_latency_ns=time_ns("all_to_all_latency_ns", ALL_TO_ALL_LATENCY_NS),
        )
    except Problem as problem:
        raise _in_file(problem, f) from None
    load = build(
        model,
        layout,
        name=path.stem,
        objective=f["objective"].one_of(("ttft", "tpot", "train-time")),
        batch=f["batch"].whole(least=1),
        input_len=f["input_len"].whole(least=1),
        output_len=f["output_len"].whole(least=1),
        prefill_batch=whole("prefill_batch"),
        decode_context=whole("decode_context"),
        launch_ns=time_ns("launch_ns", LAUNCH_NS),
        single_layer="single_layer" in f and f["single_layer"].yes_no(),
        note=f["note"].text(),
        train=_training(f["train"]) if "train" in f else None,
    )
    return under(load, f["software"].one_of(SOFTWARE) if "software" in f else "fitted")


def _training(value: Value) -> Training:
    f = value.fields(("batch", "micro_batch", "tokens_T"))
    tokens = float(f["tokens_T"].number(above=0)) * 1e12
    return Training(f["batch"].whole(least=1), f["micro_batch"].whole(least=1), tokens)


def _in_file(problem: Problem, fields: dict[str, Value]) -> Problem:
    key = problem.where.removeprefix("--").replace("-", "_")
    place = fields[key].where if key in fields else fields["model"].where
    return Problem(place, problem.given, problem.needed, problem.fix)


@cache
def workloads() -> tuple[Workload, ...]:
    """Return every workload of the catalogue, in the order of names.

    Raises
    ------
    Problem
        If a data file cannot be used.
    """
    return tuple(workload(path.stem) for path in sorted(_FOLDER.glob("*.yaml")))


@cache
def workload(name: str) -> Workload:
    """Return the workload with this name.

    Raises
    ------
    Problem
        If there is none; the message holds up to three names that are near.

    Examples
    --------
    >>> w = workload("gpt3-175b-layer")
    >>> w.devices, w.batch, round(w.memory_bytes / 1e9, 2)
    (4, 8, 115.96)
    """
    known = sorted(path.stem for path in _FOLDER.glob("*.yaml"))
    if name not in known:
        import difflib

        near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
        fix = "did you mean " + " or ".join(near) + "?" if near else "`twokey workloads` lists them"
        raise Problem("workload", repr(name), "the name of a workload in the catalogue", fix)
    return read_workload(_FOLDER / f"{name}.yaml", shown=f"workloads/{name}.yaml")
