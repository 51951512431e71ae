"""One step of training from a workload's layout: work, memory, what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from twokey.chips.catalogue import find
from twokey.perf.device import from_chip
from twokey.perf.estimate import phase_time
from twokey.search.objectives import trained
from twokey.workloads.catalogue import workload
from twokey.workloads.models import find as model
from twokey.workloads.operators import Attention, Collective, Gemm, Vector
from twokey.workloads.training import backward

RUN = workload("llama-3-70b-train")


def flops(ops: tuple[object, ...]) -> float:
    found = 0.0
    for op in ops:
        if isinstance(op, Gemm):
            found += 2.0 * op.m * op.n * op.k * op.batch * op.count
        elif isinstance(op, Attention):
            found += 2.0 * op.problems * op.rows * op.context * op.causal_share * (op.d_qk + op.d_v) * op.count
    return found


def test_the_work_is_eight_operations_a_parameter_and_token() -> None:
    """Six without recomputation (Narayanan et al. 2021), eight with it; attention and the embedding aside."""
    step = trained(RUN)
    products = tuple(op for op in step.operators if isinstance(op, Gemm))
    tokens = 1024 * 8192
    llama = model("llama-3-70b")
    weights = llama.params_total - llama.embedding_params / 2  # the embedding is looked up, not multiplied
    assert flops(products) * RUN.devices == pytest.approx(8 * weights * tokens, rel=0.01)


def test_backward_has_twice_the_work_of_a_product() -> None:
    op = Gemm("up", 8, 24, 16, batch=3, count=5)
    assert flops(backward(op)) == 2 * flops((op,))
    assert backward(Vector("v", 8, 1, 1))[0].count == 1
    assert backward(Attention("a", 1, 8, 8, 0.5, 16, 16, 32))[0].count == 2.5


def test_gradients_of_a_device_are_summed_over_the_replicas() -> None:
    (op,) = [op for op in trained(RUN).operators if op.name == "gradient-all-reduce"]
    assert isinstance(op, Collective)
    assert op.devices == 128
    assert op.payload_bytes == pytest.approx(2 * model("llama-3-70b").params_total / 8, rel=0.02)


def test_the_run_fits_and_takes_as_long_as_it_did() -> None:
    """Llama 3.1 70B is said to have taken 7.0 million hours of H100 (its model card; not looked up)."""
    assert 40e9 < RUN.memory_bytes < 80e9
    seconds = RUN.steps * phase_time(trained(RUN), from_chip(find("nvidia-h100"))).time_s
    hours = seconds * RUN.devices / 3600
    assert 0.5 * 7.0e6 < hours < 1.2 * 7.0e6


def test_a_workload_without_training_is_as_before() -> None:
    serving = workload("llama-3-70b-decode")
    assert serving.train is None
    assert replace(serving, steps=0.0) == serving
