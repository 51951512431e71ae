"""The search over strategies is exhaustive, exact, and the same as the plain function."""

from __future__ import annotations

import numpy as np
import pytest

from twokey.chips.catalogue import find as chip
from twokey.perf.fitted.chip import named
from twokey.perf.fitted.coefficients import read as operators
from twokey.perf.training.answer import best_strategy
from twokey.perf.training.figures import read
from twokey.perf.training.layout import Asked, machine
from twokey.perf.training.memory import device_memory
from twokey.perf.training.run import Run
from twokey.perf.training.search import KernelTable, best_of, evaluate, placed
from twokey.perf.training.spaces import every_choice, usual
from twokey.perf.training.step import steps
from twokey.perf.training.strategy import Strategy, columns_of, take
from twokey.workloads.models import find


@pytest.fixture(scope="module")
def parts() -> tuple[KernelTable, object, Run]:
    costs, net = machine(named("nvidia-a100"), Asked(512), read().stacks["megatron-2022"], operators(), read())
    run = Run(find("gpt3-175b"), 2048, 512, "fp16", fused_attention=False)
    return KernelTable(costs, run), net, run


def test_the_space_has_as_many_strategies_as_the_peers_search_enumerates(parts) -> None:  # type: ignore[no-untyped-def]
    assert sum(len(c) for c in every_choice(parts[2], 512)) == 6_582_816


def test_shared_kernels_give_what_the_plain_function_gives(parts) -> None:  # type: ignore[no-untyped-def]
    table, net, run = parts
    rng = np.random.default_rng(0)
    drawn: list[Strategy] = []
    for c in every_choice(run, 512):
        at = rng.integers(len(c), size=60)
        drawn += [c.row(int(i)) for i in at]
    columns = columns_of(drawn[:2000])
    assert len(columns) == 2000
    shared, held, host = evaluate(table, net, columns)
    one_by_one = np.array([float(steps(table.costs, run, net, columns_of([s])).total_s[0]) for s in drawn[:200]])
    assert np.array_equal(shared[:200], one_by_one) or np.allclose(shared[:200], one_by_one, rtol=1e-12)
    together = steps(table.costs, run, net, columns).total_s
    np.testing.assert_allclose(shared, together, rtol=1e-12)
    assert int(np.argmin(shared)) == int(np.argmin(together))
    memory = device_memory(run, columns)
    np.testing.assert_allclose(held, memory.total)
    np.testing.assert_allclose(host, memory.host)


def test_the_best_is_the_least_of_all_that_fit(parts) -> None:  # type: ignore[no-untyped-def]
    table, net, run = parts
    sets = [c for c in every_choice(run, 512) if (int(c.tp[0]), int(c.pp[0])) == (8, 32)]
    sets = [take(c, np.arange(0, len(c), 7)) for c in sets]
    found = best_of(table, net, sets, capacity_bytes=80e9, host_bytes=64e9)
    least = np.inf
    fitting = 0
    for c in sets:
        right = take(c, placed(run, c))
        memory = device_memory(run, right)
        fits = (memory.total <= 80e9) & (memory.host <= 64e9)
        fitting += int(fits.sum())
        if fits.any():
            least = min(least, float(steps(table.costs, run, net, take(right, fits)).total_s.min()))
    assert found.best is not None
    assert found.step_s == pytest.approx(least, rel=1e-12)
    assert found.fitting == fitting
    assert found.strategies == sum(len(c) for c in sets)


def test_usual_strategies_use_all_devices_and_obey_what_is_fixed() -> None:
    run = Run(find("deepseek-v2"), 4096, 1024)
    fixed: dict[str, tuple[int, ...]] = {
        "overlap_tp": (3,),
        "overlap_dp": (1,),
        "overlap_pp": (1,),
        "overlap_ep": (0,),
        "ep": (8,),
        "pp": (4,),
    }
    seen = 0
    for c in usual(run, 256, fixed):
        seen += len(c)
        assert np.all(c.tp * c.pp * c.dp * c.cp == 256)
        assert np.all(c.ep == 8)
        assert np.all(c.pp == 4)
        assert np.all(run.batch % (c.dp * c.micro_batch) == 0)
    assert seen > 100


def test_a_choice_more_never_makes_the_best_worse() -> None:
    narrow = best_strategy(chip("nvidia-h100"), "llama-3-70b", 64, batch=128, input_len=4096, tp=8)
    wide = best_strategy(chip("nvidia-h100"), "llama-3-70b", 64, batch=128, input_len=4096)
    assert wide.step_s <= narrow.step_s
