"""The compiled kernels equal the definition in NumPy, on designs of every shape, odd ones included."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent.parent))

from twokey.perf.kernels.exact import times_ns
from twokey.perf.oracle import phase_time_ns
from twokey.perf.software import design_factors
from twokey.perf.table import build
from twokey.workloads.operators import Attention, Collective, Gemm, Phase, Vector
from twokey.workloads.workload import Workload
from workload_samples import ALL, GPT3

SIDES = [8, 16, 20, 24, 32, 37, 48, 64, 96, 128]
CHOICES = [
    range(1, 257), SIDES, SIDES, [16, 32, 64, 100, 128, 256, 512], np.arange(0.8, 2.35, 0.05),
    [64, 96, 128, 192, 256, 384, 512, 768, 1024], np.arange(4, 132, 2), np.arange(256, 8321, 128),
    np.arange(200, 3351, 50), [80, 96, 128, 192], np.arange(25, 901, 25),
]  # fmt: skip


def designs(count: int, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return np.array([rng.choice(np.asarray(c, dtype=np.float64), count) for c in CHOICES])


@pytest.mark.parametrize("workload", ALL, ids=lambda w: w.name)
@pytest.mark.parametrize("rate8", [1, 2])
def test_float64_kernel_equals_the_definition(workload: Workload, rate8: int) -> None:
    x = designs(700, 1)
    for phase in (workload.prefill, workload.decode):
        fast = times_ns(x * design_factors(phase.software), build(phase, rate8).arrays())
        np.testing.assert_allclose(fast, phase_time_ns(phase, x, rate8), rtol=1e-9)


@pytest.mark.parametrize("workload", ALL, ids=lambda w: w.name)
def test_float32_kernel_equals_the_definition(workload: Workload) -> None:
    x = designs(700, 2).astype(np.float32)
    for phase in (workload.prefill, workload.decode):
        reached = (x * design_factors(phase.software)).astype(np.float32)
        fast = times_ns(reached, build(phase, dtype=np.float32).arrays())
        np.testing.assert_allclose(fast, phase_time_ns(phase, x.astype(np.float64)), rtol=1e-6)


def test_kernels_agree_on_random_operators() -> None:
    rng = np.random.default_rng(3)
    x = designs(200, 4)
    for _ in range(25):
        m, n, k = (int(v) for v in np.exp(rng.uniform(0, 9.5, 3)))
        rows, context = (int(v) for v in np.exp(rng.uniform(0, 9, 2)))
        width = float(rng.choice([1, 2]))
        phase = Phase(
            "random",
            (
                Gemm("g", m, n, k, int(rng.integers(1, 300)), width, width, 2.0, int(8 * width), 2.0),
                Attention("a", int(rng.integers(1, 200)), rows, context, 0.7, 96, 80, 130, width, int(8 * width)),
                Vector("v", m * n * 37, 7, 4),
                Collective("c", "all-to-all", 1e5, 5, 100.0),
            ),
            launch_ns=50.0,
        )
        expected = phase_time_ns(phase, x)
        np.testing.assert_allclose(times_ns(x, build(phase).arrays()), expected, rtol=1e-9)
        x32 = x.astype(np.float32)
        expected = phase_time_ns(phase, x32.astype(np.float64))
        np.testing.assert_allclose(times_ns(x32, build(phase, dtype=np.float32).arrays()), expected, rtol=1e-6)


def test_any_number_of_designs() -> None:
    arrays = build(GPT3.decode).arrays()
    x = designs(131, 5)
    whole = times_ns(x, arrays)
    for count in (0, 1, 63, 64, 65, 131):
        assert times_ns(x[:, :count], arrays).tolist() == whole[:count].tolist()


def test_more_of_a_monotone_variable_is_never_slower() -> None:
    x = designs(300, 6)
    for row in (3, 4, 5, 7, 8, 10):  # lanes, clock, core memory, cache bandwidth, memory bandwidth, links
        y = x.copy()
        y[row] *= 1.5
        for workload in ALL:
            for phase in (workload.prefill, workload.decode):
                arrays = build(phase).arrays()
                assert (times_ns(y, arrays) <= times_ns(x, arrays) * (1 + 1e-12)).all()


def test_nothing_fits_in_a_tiny_memory() -> None:
    x = designs(3, 7)
    x[5] = 1.0
    assert (times_ns(x, build(GPT3.decode).arrays()) >= 1e29).all()
