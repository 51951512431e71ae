"""Measured operator tables of the package aiconfigurator-core, read as data; nothing of the package is run.

The package is a development dependency: none of its rows enters this repository. Latencies come in milliseconds and
leave in seconds; message sizes come in elements and leave in bytes.
"""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CHIPS", "FITTED", "available", "gemm", "rows"]

CHIPS = {
    "a100_sxm": "nvidia-a100",
    "h100_sxm": "nvidia-h100",
    "h200_sxm": "nvidia-h200",
    "b200_sxm": "nvidia-b200",
    "b300_sxm": "nvidia-b300",
    "l40s": "nvidia-l40s",
}
"""Systems of the tables and the chips of the catalogue they are made of."""

FITTED = ("a100_sxm", "h100_sxm")
"""Systems whose rows may be fitted on; rows of all others are only for blind tests."""

_UNPHYSICAL = {("a100_sxm", "trtllm", "generation_attention")}
"""Tables of which many rows are faster than memory allows."""

Columns = dict[str, NDArray[Any]]


@cache
def _folder() -> Path | None:
    found = importlib.util.find_spec("aiconfigurator_core")
    if found is None or not found.submodule_search_locations or importlib.util.find_spec("pyarrow") is None:
        return None
    return Path(next(iter(found.submodule_search_locations))) / "systems"


def available() -> bool:
    """Return whether the tables can be read: the package and pyarrow are installed."""
    return _folder() is not None


def _version(path: Path) -> list[tuple[int, int]]:
    words = re.findall(r"\d+|rc|post", path.parent.name)
    return [(1, int(w)) if w.isdigit() else ((0, 0) if w == "rc" else (2, 0)) for w in words] + [(1, 0)]


@cache
def rows(system: str, framework: str, operator: str) -> Columns:
    """Return the columns of one operator's table, of its newest version; empty where there is none.

    Parameters
    ----------
    system : as in `CHIPS`; framework : trtllm, sglang, vllm or nccl; operator : as the files are called

    Raises
    ------
    SystemExit
        If the package is not installed.
    """
    folder = _folder()
    if folder is None:
        raise SystemExit("the tables need: pip install aiconfigurator-core==0.12.0 pyarrow")
    if (system, framework, operator) in _UNPHYSICAL:
        return {}
    paths = sorted((folder / "data" / system).glob(f"*/{framework}/*/{operator}_perf.parquet"), key=_version)
    if not paths:
        return {}
    import pyarrow.parquet as pq

    table = pq.read_table(paths[-1])
    out: Columns = {}
    for name in table.column_names:
        values = table[name].to_pylist()
        numeric = all(v is None or isinstance(v, int | float) for v in values)
        out[name] = np.array([np.nan if v is None else v for v in values] if numeric else [str(v) for v in values])
    out["latency_s"] = out["latency"].astype(float) * 1e-3 if "latency" in out else np.empty(0)
    return out


def where(columns: Columns, **wanted: Any) -> Columns:
    """Return the rows in which every column named holds the value wanted; none where a column is missing."""
    if not columns or any(name not in columns for name in wanted):
        return {}
    keep = np.ones(len(next(iter(columns.values()))), dtype=bool)
    for name, value in wanted.items():
        keep &= columns[name] == value
    return {name: values[keep] for name, values in columns.items()} if keep.any() else {}


def take(columns: Columns, keep: NDArray[Any]) -> Columns:
    """Return the rows at a mask or at indices."""
    return {name: values[keep] for name, values in columns.items()}


def sample(columns: Columns, most: int, seed: int = 0) -> Columns:
    """Return at most this many rows, drawn by a fixed seed."""
    size = len(next(iter(columns.values()))) if columns else 0
    if size <= most:
        return columns
    return take(columns, np.sort(np.random.default_rng(seed).permutation(size)[:most]))


def gemm(system: str, dtype: str = "bfloat16", frameworks: tuple[str, ...] = ("trtllm", "sglang", "vllm")) -> Columns:
    """Return shapes m, n, k with the median latency over the frameworks that have them."""
    parts = [where(rows(system, f, "gemm"), gemm_dtype=dtype) for f in frameworks]
    parts = [p for p in parts if p]
    if not parts:
        return {}
    joined = {name: np.concatenate([p[name] for p in parts]).astype(float) for name in ("m", "n", "k", "latency_s")}
    keys, at = np.unique(np.stack([joined[x] for x in "mnk"], axis=1), axis=0, return_inverse=True)
    order = np.argsort(at.ravel(), kind="stable")
    starts = np.searchsorted(at.ravel()[order], np.arange(len(keys)))
    groups = np.split(np.log(joined["latency_s"][order]), starts[1:])
    return dict(zip("mnk", keys.T, strict=True)) | {"latency_s": np.exp([np.median(g) for g in groups])}


def decode(system: str, framework: str, **wanted: Any) -> Columns:
    """Return rows of decode attention: batch, context, heads, kv_heads, head_dim, window, latency_s."""
    return _attention(where(rows(system, framework, "generation_attention"), **wanted))


def prefill(system: str, framework: str, **wanted: Any) -> Columns:
    """Return rows of causal prefill attention, columns as `decode`."""
    return _attention(where(rows(system, framework, "context_attention"), **wanted))


def _attention(found: Columns) -> Columns:
    if not found:
        return {}
    kv = found["num_key_value_heads"]
    return {
        "batch": found["batch_size"].astype(float),
        "context": (found["isl"] + found["step"]).astype(float),
        "heads": found["num_heads"].astype(float),
        "kv_heads": np.where(kv == 0, found["num_heads"], kv).astype(float),
        "head_dim": found["head_dim"].astype(float),
        "window": np.nan_to_num(found.get("window_size", np.zeros(len(kv))).astype(float)),
        "latency_s": found["latency_s"],
    }


def mla(system: str, framework: str, phase: str, cache: str = "bfloat16") -> Columns:
    """Return rows of MLA attention (phase "generation" or "context"): batch, context, heads, latency_s."""
    found = where(rows(system, framework, f"{phase}_mla"), kv_cache_dtype=cache)
    if not found:
        return {}
    return {
        "batch": found["batch_size"].astype(float),
        "context": (found["isl"] + found["step"]).astype(float),
        "heads": found["num_heads"].astype(float),
        "latency_s": found["latency_s"],
    }


def all_reduce(system: str, framework: str = "nccl") -> Columns:
    """Return rows of all-reduce in 16 bits: devices, bytes, latency_s; graph rows of frameworks only."""
    if framework == "nccl":
        found = where(rows(system, "nccl", "nccl"), op_name="all_reduce", nccl_dtype="half")
    else:
        found = rows(system, framework, "custom_allreduce")
        if found:
            found = take(found, np.array(["eager" not in v for v in found["kernel_source"]]))
    if not found:
        return {}
    bytes_ = found["message_size"].astype(float) * 2
    return {"devices": found["num_gpus"].astype(float), "bytes": bytes_, "latency_s": found["latency_s"]}


def one_pass(system: str, kind: str) -> Columns:
    """Return NCCL rows of all_gather, reduce_scatter or alltoall in 16 bits: devices, bytes, latency_s."""
    found = where(rows(system, "nccl", "nccl"), op_name=kind, nccl_dtype="half")
    if not found:
        return {}
    bytes_ = found["message_size"].astype(float) * 2
    return {"devices": found["num_gpus"].astype(float), "bytes": bytes_, "latency_s": found["latency_s"]}
