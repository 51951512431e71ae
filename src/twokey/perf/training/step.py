"""Time of a training step: layers chained into stages, stages into a pipeline, replicas that agree on gradients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twokey.perf.training.block import Block, block_times, inside
from twokey.perf.training.layer import Costs, Kernels, layer_kernels
from twokey.perf.training.memory import device_params
from twokey.perf.training.network import Network
from twokey.perf.training.run import Run
from twokey.perf.training.strategy import Columns

__all__ = ["Step", "kernel_key", "step_of_blocks", "steps"]

Floats = NDArray[np.float64]
_UPDATE_BYTES = {2.0: 66.0, 4.0: 50.0}
"""What an update moves for each weight [byte], by the width of a gradient: gradients set to zero 4, their norm 4 and
scaling 8; master weight and two moments read and written with the gradient read, 28; the 16-bit weight copied, 6.
Gradients of 16 bits are widened and unscaled first, 16."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where the time of a step goes, each (rows,) [s].

    Parameters
    ----------
    forward_s, backward_s, again_s : compute of the device's layers over all micro-batches, computed again apart
    head_s : output projection and loss of the last stage, which the others wait for
    tensor_s, expert_s, pipeline_s, data_s : exposed communication, with what it takes from compute beside it
    bubble_s : waiting for the pipeline to fill and drain
    optimiser_s : the update of the weights
    host_s : waiting for what is kept in the host's memory
    """

    forward_s: Floats
    backward_s: Floats
    again_s: Floats
    head_s: Floats
    tensor_s: Floats
    expert_s: Floats
    pipeline_s: Floats
    data_s: Floats
    bubble_s: Floats
    optimiser_s: Floats
    host_s: Floats

    @property
    def total_s(self) -> Floats:
        """The whole step [s]."""
        return np.asarray(sum(getattr(self, name) for name in self.__dataclass_fields__))


def kernel_key(c: Columns) -> Floats:
    """Return the columns that kernel times depend on: tp, cp, ep, micro-batch, (rows, 4)."""
    return np.stack([c.tp, c.cp, c.ep, c.micro_batch], axis=1).astype(np.float64)


def steps(costs: Costs, run: Run, net: Network, c: Columns) -> Step:
    """Return the step of each strategy, computed row by row from kernels up.

    Parameters
    ----------
    costs, net : kernel times and communication of a chip
    run : what is trained
    c : strategies, (rows,)

    Notes
    -----
    Search computes the same with kernels and blocks shared among strategies (`search.evaluate`).
    """
    key = kernel_key(c)
    kernels = layer_kernels(costs, run, *key.T)
    return step_of_blocks(costs, run, net, c, block_times(kernels, run, net, c), kernels)


def step_of_blocks(costs: Costs, run: Run, net: Network, c: Columns, block: Block, kernels: Kernels) -> Step:
    """Return the step from the times of an average layer.

    Notes
    -----
    Micro-batches m = batch / (dp micro-batch). The slowest stage, the last with the output projection, sets the pace
    (it has one layer less where the stages do not divide the layers [3]_);
    filling and draining costs (p - 1) / v slots more, and where v > 1 and p does not divide m, (v - 1) times what is
    lacking. A dualpipe waits (p/2 - 1) (F + B + B - 3 W), W the part of B that makes gradients of weights [2]_.

    Gradients are reduced and weights gathered over dp x cp devices (experts over those that hold the same). Beside
    the backward pass of the last micro-batch of each chunk runs what is ready; one layer's part remains, and hidden
    communication takes a share of the cores. With ZeRO-3 weights are gathered for each micro-batch forward and
    backward, beside a share of the compute.

    References
    ----------
    .. [1] D. Narayanan et al., arXiv:2104.04473, section 2.2 (interleaved schedule, bubble).
    .. [2] DeepSeek-AI, arXiv:2412.19437, table 2.
    .. [3] A. Grattafiori et al., arXiv:2407.21783, section 3.3.2.
    """
    m = run.model
    tp, pp, v = (x.astype(np.float64) for x in (c.tp, c.pp, c.interleave))
    layers = np.ceil(run.layers / pp)
    micro = run.batch / (c.dp * c.micro_batch).astype(np.float64)
    tp_in, cp_in, dp_in, pp_in, ep_in = inside(c, run.node_devices)
    # one micro-batch of a stage
    sent_s = _between_stages_s(run, net, c, tp_in, pp_in)
    host_f, host_b = _host_s(costs, run, c, block)
    slot = layers * (block.f + block.b + host_f + host_b) + 2.0 * v * sent_s
    head = run.heads * (kernels.head_f + kernels.head_b)
    # the pipeline
    if run.schedule == "dualpipe":
        bubble = np.where(pp > 1, (pp / 2 - 1) * (slot + layers * (block.b - 3.0 * block.weight_s)), 0.0)
        head = head / pp  # both directions start at an end of the pipeline, and chunks are cut to even it out
    else:
        # where layers do not come out even the last stage has one less, and time for the output projection
        spare = np.where((pp > 1) & (layers * pp > run.layers), block.f + block.b, 0.0)
        head = np.maximum(0.0, head - spare)
        short = np.where((v > 1) & (micro % pp != 0), (v - 1) * (pp - micro % pp), 0.0)
        bubble = (pp - 1 + short) * slot / v
    # replicas
    rest, experts, table = device_params(run, c)
    replicas, same = (c.dp * c.cp).astype(np.float64), cp_in * dp_in
    ends = np.where(pp == 1, m.embedding_params / (m.vocab * m.hidden), 1.0) * table
    data = _replicas_s(run, net, c, layers * rest + ends, replicas, same)
    if m.moe_layers:
        whole = np.where(c.ep > 1, np.maximum(1.0, replicas * tp / np.maximum(c.ep, 1)), replicas)
        near = np.where(
            c.ep > 1, np.gcd(whole.astype(np.int64), np.maximum(1, (run.node_devices // ep_in).astype(np.int64))), same
        )
        data = data + _replicas_s(run, net, c, layers * experts, whole, near.astype(np.float64))
    data = np.where(replicas > 1, data, 0.0)
    window = layers * block.b * ((layers - 1) / layers + np.where(v > 1, (v - 1) / v * np.minimum(pp, micro), 0.0))
    hidden = np.where(c.overlap_dp == 1, np.minimum(data * (1.0 - 1.0 / layers), window), 0.0)
    data_s = data - hidden + net.far_core_share * hidden
    if np.any(c.zero > 2):
        data_s = data_s + np.where(
            (c.zero > 2) & (replicas > 1),
            _spread_s(run, net, block, rest + experts, replicas, same) * layers * micro,
            0.0,
        )
    # the update
    spread = np.where(c.zero > 0, replicas, 1.0)
    held = (layers * rest + ends) / spread
    if m.moe_layers:
        held = held + layers * experts / np.where(c.zero > 0, whole, 1.0)
    update = costs.pass_s(held, _UPDATE_BYTES[run.gradient_bytes], 11.0)
    each = layers * micro
    return Step(
        forward_s=each * block.forward_s,
        backward_s=each * block.backward_s,
        again_s=each * block.again_s,
        head_s=micro * head,
        tensor_s=each * (block.tensor_f + block.tensor_b + block.tensor_a),
        expert_s=each * (block.expert_f + block.expert_b),
        pipeline_s=micro * 2.0 * v * sent_s,
        data_s=data_s,
        bubble_s=bubble,
        optimiser_s=update,
        host_s=each * (host_f + host_b),
    )


def _between_stages_s(run: Run, net: Network, c: Columns, tp_in: Floats, pp_in: Floats) -> Floats:
    """Return the exposed time in which one micro-batch's activations reach the next stage [s].

    Sent in parts where they are divided; gathered again inside the node where they are needed whole ("scattered").
    """
    bytes_ = c.micro_batch * float(run.length) / c.cp * run.model.hidden * 2.0
    parts = np.where(c.exchange > 0, c.tp, 1).astype(np.float64)
    time = net.send_s(bytes_ / parts, pp_in == c.pp)
    time = time + np.where((c.exchange == 1) & (c.tp > 1), net.gather_s(bytes_, c.tp, tp_in), 0.0)
    return np.where(c.pp > 1, np.where(c.overlap_pp == 1, net.far_core_share, 1.0) * time, 0.0)


def _replicas_s(run: Run, net: Network, c: Columns, params: Floats, members: Floats, near: Floats) -> Floats:
    """Return the time in which gradients are added up and weights spread again: a scatter and a gather [s]."""
    scatter = net.gather_s(params * run.gradient_bytes, members, near)
    gather = net.gather_s(params * 2.0, members, near)
    time = np.where(c.zero > 0, scatter + gather, net.reduce_s(params * run.gradient_bytes, members, near))
    return np.where((members > 1) & (c.zero < 3), time, 0.0)


def _spread_s(run: Run, net: Network, block: Block, params: Floats, members: Floats, near: Floats) -> Floats:
    """Return the exposed time of one layer and micro-batch under ZeRO-3: two gathers and a scatter of gradients [s]."""
    gather = net.gather_s(params * 2.0, members, near, run.gather_rails)
    scatter = net.gather_s(params * run.gradient_bytes, members, near, run.gather_rails)

    def exposed(time: Floats, compute: Floats) -> Floats:
        hidden = np.minimum(time, run.spread_overlap * compute)
        return time - hidden + net.far_core_share * hidden

    return exposed(gather, block.f) + exposed(gather + scatter, block.b)


def _host_s(costs: Costs, run: Run, c: Columns, block: Block) -> tuple[Floats, Floats]:
    """Return what a layer waits for the host's memory forward and backward, beyond its own time [s]."""
    if not (np.any(c.offload_weights) or np.any(c.offload_activations) or np.any(c.offload_optimizer)):
        zero = np.zeros(len(c))
        return zero, zero
    from twokey.perf.training.memory import activation_bytes_per_layer

    rest, experts, _ = device_params(run, c)
    weights = np.where(c.offload_weights == 1, (rest + experts) * 2.0, 0.0)
    kept = np.where(c.offload_activations == 1, activation_bytes_per_layer(run, c), 0.0)
    spread = np.where(c.zero > 0, (c.dp * c.cp).astype(np.float64), 1.0)
    state = np.where(c.offload_optimizer == 1, (rest + experts) * 12.0 / spread, 0.0)
    forward = np.maximum(0.0, costs.host_time_s(np.maximum(weights, kept)) - block.f)
    backward = np.maximum(0.0, costs.host_time_s(weights + kept + state) - block.b)
    return forward, backward
