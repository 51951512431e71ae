"""What the training model must obey whatever its coefficients: equations of its sources, and the order of things."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from twokey.chips.catalogue import find as chip
from twokey.perf.fitted.chip import named
from twokey.perf.fitted.coefficients import read as operators
from twokey.perf.training.answer import best_strategy, estimate_training
from twokey.perf.training.figures import read
from twokey.perf.training.layout import Asked, machine
from twokey.perf.training.memory import activation_bytes_per_layer, device_memory
from twokey.perf.training.network import FittedNetwork
from twokey.perf.training.reliability import goodput
from twokey.perf.training.run import Run
from twokey.perf.training.strategy import Strategy, columns_of
from twokey.quantities.problem import Problem
from twokey.workloads.models import find

GPT = find("gpt3-175b")
T, B, S, H, A = 8, 1, 2048, 12288, 96


def _old(**options: object) -> Run:
    return Run(GPT, S, 64, "fp16", fused_attention=False, **options)  # type: ignore[arg-type]


def _activations(**choices: object) -> float:
    return float(activation_bytes_per_layer(_old(), columns_of([Strategy(tp=T, pp=8, **choices)]))[0])  # type: ignore[arg-type]


def test_activations_are_those_of_korthikanti_equations_1_to_4() -> None:
    sbh = float(S * B * H)
    scores = 5 * A * S / H
    assert _activations(exchange="all-reduce") == pytest.approx(sbh * (10 + 24 / T + scores / T))
    assert _activations(exchange="sequence") == pytest.approx(sbh * (34 + scores) / T)
    assert _activations(exchange="sequence", recompute="selective") == pytest.approx(sbh * 34 / T)
    assert _activations(exchange="all-reduce", recompute="selective") == pytest.approx(sbh * (10 + 24 / T))
    assert _activations(exchange="all-reduce", recompute="full") == pytest.approx(sbh * 2)


@pytest.mark.parametrize(
    ("choices", "GiB"),
    [({"exchange": "all-reduce"}, 66.84), ({"exchange": "sequence", "recompute": "selective"}, 12.35)],
)
def test_activations_of_a_whole_device_are_those_of_korthikanti_figure_1(choices: dict[str, str], GiB: float) -> None:
    c = columns_of([Strategy(tp=8, pp=8, interleave=3, zero=0, **choices)])  # type: ignore[arg-type]
    assert float(device_memory(_old(), c).activations[0]) / 2**30 == pytest.approx(GiB, rel=0.005)


def test_zero_divides_optimiser_then_gradients_then_weights() -> None:
    run = Run(find("llama-3-8b"), 8192, 512)
    held = device_memory(run, columns_of([Strategy(dp=64, zero=z) for z in range(4)]))
    params = run.model.params_total
    assert held.optimiser[0] == pytest.approx(12 * params, rel=1e-6)
    assert held.optimiser[1] == pytest.approx(held.optimiser[0] / 64)
    assert held.gradients[1] == pytest.approx(4 * params, rel=1e-6)
    assert held.gradients[2] == pytest.approx(held.gradients[1] / 64)
    assert held.weights[3] < held.weights[2] / 10
    assert np.all(np.diff(held.total) < 0)


def test_operations_of_a_step_are_those_of_the_closed_form() -> None:
    work = 72 * 64 * S * 96 * H**2 * (1 + S / (6 * H) + GPT.vocab / (12 * 96 * H))
    assert _old().step_op == pytest.approx(work, rel=1e-3)


def _step(**options: Any) -> float:
    plain: dict[str, Any] = {
        "model": "gpt3-175b",
        "devices": 64,
        "tp": 8,
        "pp": 8,
        "batch": 64,
        "input_len": 2048,
        "precision": "fp16",
    }
    return float(
        estimate_training(chip("nvidia-a100"), **{**plain, "precision": "fp16", "stack": "megatron-2022", **options})[
            "step_s"
        ]
    )


def test_what_costs_time_costs_time() -> None:
    assert _step(recompute="none") < _step(recompute="selective") < _step(recompute="full")
    assert _step(interleave=3, recompute="full") < _step(interleave=1, recompute="full")
    assert _step(batch=128, recompute="full") < 2 * _step(recompute="full")  # the bubble is shared by more
    assert _step(recompute="full", stack="megatron-2021") > _step(recompute="full")


def test_links_that_were_cut_slow_tensor_parallelism_and_nothing_else() -> None:
    def on(name: str, tp: int) -> float:
        got = estimate_training(chip(name), model="llama-3-70b", devices=64, tp=tp, pp=8, batch=256, input_len=4096)
        return float(got["step_s"])

    assert on("nvidia-h800", 8) > 1.02 * on("nvidia-h100", 8)
    assert on("nvidia-h800", 1) == pytest.approx(on("nvidia-h100", 1), rel=0.02)


def _network() -> FittedNetwork:
    return machine(named("nvidia-h100"), Asked(1), read().stacks["current"], operators(), read())[1]


def test_collectives_obey_their_bounds() -> None:
    net, size = _network(), 1e9
    near, far = float(net.gather_s(size, 8, 8)), float(net.gather_s(size, 8, 1))
    assert near > size * 7 / 8 / net.link_Bps
    assert far > size * 7 / 8 / net.card_Bps
    assert far > near
    assert float(net.reduce_s(size, 8, 8)) == pytest.approx(2 * near)
    both = float(net.gather_s(size, 64, 8))  # in nodes of eight each card brings an eighth
    assert near < both < float(net.gather_s(size, 64, 1))
    assert float(net.gather_s(size, 64, 8, 1)) > both  # one card a node
    assert float(net.gather_s(size, 1, 1)) == pytest.approx(size * 0.0, abs=1e-12)


def test_a_limit_on_nodes_spares_the_network() -> None:
    net = _network()
    limited, free = (float(net.exchange_s(1e8, 64, 8, 8, nodes)) for nodes in (4, 8))
    assert limited < free


def test_goodput_falls_with_scale_and_matches_a_published_run() -> None:
    shares = [goodput(n, read()) for n in (8, 2048, 16384)]
    assert shares == sorted(shares, reverse=True)
    assert 0.9 < shares[-1] < 0.95  # Llama 3: more than 90 percent on 16,384


def test_a_run_is_priced_by_its_tokens() -> None:
    options: dict[str, Any] = {"model": "llama-3-8b", "devices": 64, "tp": 1, "batch": 512, "input_len": 8192}
    one = estimate_training(chip("nvidia-h100"), tokens=1e12, usd_per_device_hour=2.0, **options)
    assert one["cost_usd"] == pytest.approx(2 * one["device_hours"])
    assert estimate_training(chip("nvidia-h100"), tokens=1, **options)["device_hours"] == one["device_hours"]
    low, high = one["device_hours_interval"]["low"], one["device_hours_interval"]["high"]
    assert low < one["device_hours"] < high


def test_the_answer_has_the_contracts_fields_and_shares_that_add_up() -> None:
    got = estimate_training(chip("nvidia-h800"), model="deepseek-v3", devices=2048, pp=16, ep=64, batch=15360,
                            input_len=4096, precision="fp8", tokens=1)  # fmt: skip
    for name in ("step_s", "mfu", "hfu", "device_hours", "memory_bytes_per_device", "fits", "bottlenecks", "interval"):
        assert name in got
    assert got["stack"] == "dualpipe"
    assert got["fits"]
    assert sum(b["share"] for b in got["bottlenecks"]) == pytest.approx(1.0, abs=1e-6)
    assert 0 < got["mfu"] <= got["hfu"] < 1


def test_designs_can_train_too() -> None:
    from fractions import Fraction

    from twokey.chips.design import VARIABLES, Design

    a = chip("nvidia-h100").architecture
    assert a is not None
    values: dict[str, Any] = {name: Fraction(a[name].value) for name in VARIABLES}
    design = Design(**values)
    got = estimate_training(design, model="llama-3-8b", devices=8, tp=1, batch=64)
    assert 0.2 < got["mfu"] < 0.8


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"tp": 7}, "--devices"),
        ({"tp": 8, "pp": 2, "dp": 2}, "--devices"),
        ({"devices": 10, "tp": 5}, "--tp"),
        ({"tp": 1, "batch": 65}, "--batch"),
        ({"tp": 1, "ep": 4}, "--ep"),
        ({"pp": 64, "batch": 64}, "--pp"),
        ({"zero": 4}, "--zero"),
        ({"recompute": "some"}, "--recompute"),
        ({"precision": "fp4"}, "--precision"),
        ({"stack": "nothing"}, "--stack"),
        ({"micro_batch": 0}, "--micro-batch"),
        ({"output_len": 5}, "--output"),
        ({"tokens": -1.0}, "--tokens"),
    ],
)
def test_what_cannot_be_is_refused_by_the_option_at_fault(options: dict[str, Any], where: str) -> None:
    plain: dict[str, Any] = {"model": "llama-3-8b", "devices": 64, "batch": 64}
    with pytest.raises(Problem) as refused:
        estimate_training(chip("nvidia-h100"), **{**plain, **options})
    assert refused.value.where == where


def test_a_run_that_fits_nowhere_is_refused() -> None:
    with pytest.raises(Problem):
        estimate_training(chip("nvidia-a100"), model="megatron-1t", devices=8, batch=8)


def test_best_strategy_takes_what_is_fixed() -> None:
    found = best_strategy(chip("nvidia-a100"), "gpt3-175b", 64, batch=64, input_len=2048, recompute="full")
    assert found.best is not None
    assert found.best.recompute == "full"
    assert found.best.devices == 64
