"""Designs per second: the compiled kernel in float64 and float32, on one and two processes, beside the same in C."""

from __future__ import annotations

import ctypes
import multiprocessing
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common import best_time_s, load_workload, random_designs
from twokey.perf.kernels.exact import times_ns
from twokey.perf.oracle import phase_time_ns
from twokey.perf.table import Table, build
from twokey.search.space import load

COUNT = 32_768
FLAGS = ("-O3", "-march=native", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC")


def _pointer(a: NDArray[Any]) -> ctypes.c_void_p:
    return ctypes.c_void_p(a.ctypes.data)


def c_library(folder: Path) -> ctypes.CDLL | None:
    """Return the C kernel compiled for this machine, or None where there is no C compiler."""
    compiler = shutil.which("gcc") or shutil.which("clang") or shutil.which("cc")
    if compiler is None:
        return None
    source = Path(__file__).parent / "kernel.c"
    objects = []
    single = ("-DREAL=float", "-DNAME=phase_times_f32", "-DCEIL=ceilf", "-DFLOOR=floorf")
    for name, extra in (("f64", ()), ("f32", single)):
        out = folder / f"kernel-{name}.so"
        subprocess.run([compiler, *FLAGS, *extra, str(source), "-o", str(out), "-lm"], check=True)
        objects.append(ctypes.CDLL(str(out)))
    library, library.f32 = objects[0], objects[1].phase_times_f32  # type: ignore[attr-defined]
    return library


def c_times(library: ctypes.CDLL, x: NDArray[Any], table: Table) -> NDArray[Any]:
    """Return the time of a phase on each design by the C kernel, (n,) [ns]."""
    out = np.empty(x.shape[1], dtype=x.dtype)
    function: Any = library.f32 if x.dtype == np.float32 else library.phase_times_f64
    function(
        ctypes.c_long(x.shape[1]), _pointer(x), ctypes.c_long(len(table.ops)), _pointer(table.op_start),
        _pointer(table.tile_start), _pointer(table.ops), _pointer(table.tiles), _pointer(table.pairs),
        ctypes.c_long(len(table.vectors)), _pointer(table.vectors), _pointer(table.links), _pointer(out),
    )  # fmt: skip
    return out


def _rate(kind: str, workload_name: str) -> float:
    """Return designs per second of CPU on one core, both phases."""
    workload = load_workload(workload_name)
    x = random_designs(load("fine"), COUNT, 1).astype(kind)
    tables = [build(phase, dtype=kind).arrays() for phase in (workload.prefill, workload.decode)]
    return COUNT / best_time_s(lambda: [times_ns(x, arrays) for arrays in tables])


def _wall_worker(job: tuple[str, str, float]) -> float:
    kind, workload_name, seconds = job
    workload = load_workload(workload_name)
    x = random_designs(load("fine"), COUNT, 1).astype(kind)
    tables = [build(phase, dtype=kind).arrays() for phase in (workload.prefill, workload.decode)]
    for arrays in tables:
        times_ns(x, arrays)
    done, begin = 0, time.monotonic()
    while time.monotonic() - begin < seconds:
        for arrays in tables:
            times_ns(x, arrays)
        done += COUNT
    return done / (time.monotonic() - begin)


def main() -> None:
    """Print the table."""
    workload = load_workload("gpt3-175b-layer")
    space = load("fine")
    print("designs per second, both phases, workload gpt3-175b-layer")
    for kind in ("float64", "float32"):
        x = random_designs(space, COUNT, 1).astype(kind)
        tables = [build(phase, dtype=kind) for phase in (workload.prefill, workload.decode)]
        pairs = sum(len(t.pairs) for t in tables)
        one = _rate(kind, "gpt3-175b-layer")
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            two = sum(pool.map(_wall_worker, [(kind, "gpt3-175b-layer", 1.5)] * 2))
        print(
            f"  numba {kind}: one core {one / 1e6:.2f} M/s (CPU time), two processes {two / 1e6:.2f} M/s (wall)", end=""
        )
        print(f", {pairs} distinct mappings a design")
        with tempfile.TemporaryDirectory() as folder:
            library = c_library(Path(folder))
            if library is None:
                print("  C: no compiler on this machine")
                continue
            for table in tables:
                np.testing.assert_allclose(
                    c_times(library, x, table), times_ns(x, table.arrays()), rtol=1e-9 if kind == "float64" else 1e-6
                )
            seconds = best_time_s(lambda: [c_times(library, x, table) for table in tables])  # noqa: B023
            rate = COUNT / seconds
            print(f"  C     {kind}: one core {rate / 1e6:.2f} M/s; numba reaches {one / rate:.0%} of it")
    small = random_designs(space, 4_096, 1)
    seconds = best_time_s(lambda: [phase_time_ns(p, small) for p in (workload.prefill, workload.decode)])
    print(f"  numpy float64 (the definition): {4_096 / seconds / 1e6:.3f} M/s")
    for name in ("deepseek-v3-decode", "llama-3-70b-prefill"):
        print(f"  numba float64, {name}: one core {_rate('float64', name) / 1e6:.2f} M/s")


if __name__ == "__main__":
    main()
