"""Compile every kernel once, so that later processes load it from the cache."""

from __future__ import annotations

import time

from twokey.workloads.operators import Attention, Collective, Gemm, Phase, Vector

__all__ = ["warm"]


def warm() -> float:
    """Compile and cache every kernel, or load it if it is cached; return the seconds it took [s]."""
    import numpy as np

    from twokey.perf.kernels import boxes, exact, relaxed
    from twokey.perf.table import build

    begin = time.monotonic()
    phase = Phase(
        "warm",
        (
            Gemm("gemm", 64, 64, 64, batch=2),
            Attention("attention", 1, 64, 64, 1.0, 64, 64, 128),
            Vector("vector", 64, 1, 1),
            Collective("all-reduce", "all-reduce", 64.0, 2),
        ),
    )
    design = np.array([8, 16, 16, 32, 1.0, 64, 16, 1024, 400, 80, 100.0])[:, None]
    for kind in (np.float64, np.float32):
        exact.times_ns(design.astype(kind), build(phase, dtype=kind).arrays())
    relaxed.bounds_ns(np.ones((len(relaxed.BOX_ROWS), 1)), build(phase).arrays())
    boxes.screen(
        np.zeros((1, 12), dtype=np.int16),
        np.ascontiguousarray(design)[None],
        np.zeros((1, 1, 5)),
        np.full((1, 1, 5), np.inf),
        np.ones((1, 2, 10)),
        128.0,
        1.0,
        1e-12,
        np.empty((11, 1)),
        np.empty((2, 1)),
        np.empty(1, dtype=np.bool_),
    )
    boxes.shrink_boxes(
        np.zeros((1, 12), dtype=np.int16),
        np.zeros((1, 12), dtype=np.int16),
        np.zeros(1, dtype=np.int32),
        np.ascontiguousarray(design)[None],
        np.zeros((1, 1, 5)),
        np.full((1, 1, 5), np.inf),
        np.ones((1, 2, 10)),
        128.0,
    )
    return time.monotonic() - begin


if __name__ == "__main__":
    seconds = warm()
    if seconds > 1:
        print(f"Compiled the kernels in {seconds:.1f} s; later runs load them.")
