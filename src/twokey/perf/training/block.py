"""Time of an average layer with its communication, and of what it must hold, for one micro-batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twokey.perf.training.layer import Kernels
from twokey.perf.training.network import Network
from twokey.perf.training.run import Run
from twokey.perf.training.strategy import Columns

__all__ = ["Block", "block_times", "inside"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Block:
    """An average layer for one micro-batch on one device, each (rows,) [s].

    Parameters
    ----------
    forward_s, backward_s, again_s : compute forward, backward and computed again
    weight_s : the part of backward that makes gradients of weights
    tensor_f, tensor_b, tensor_a : exposed tensor-parallel communication, with what it takes from compute beside it
    expert_f, expert_b : exposed exchange of tokens with experts
    """

    forward_s: Floats
    backward_s: Floats
    again_s: Floats
    weight_s: Floats
    tensor_f: Floats
    tensor_b: Floats
    tensor_a: Floats
    expert_f: Floats
    expert_b: Floats

    @property
    def f(self) -> Floats:
        """All of the forward pass [s]."""
        return self.forward_s + self.tensor_f + self.expert_f

    @property
    def b(self) -> Floats:
        """All of the backward pass, with what is computed again [s]."""
        return self.backward_s + self.again_s + self.tensor_b + self.tensor_a + self.expert_b

    def pick(self, at: Any) -> Block:
        """Return the rows an index picks."""
        return Block(*(getattr(self, name)[at] for name in self.__dataclass_fields__))


def inside(c: Columns, node: int) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return how many members of the tp, cp, dp, pp and ep groups share a node [1].

    In the order tp, cp, dp, pp each group takes what room the node has left, unless the strategy says otherwise: all
    of it where it fits, else a common divisor. Experts are divided among neighbours.
    """

    def near(size: Ints, room: Ints | int) -> Ints:
        return np.where(size <= room, size, np.gcd(size, room))

    tp = np.where(c.tp_inside > 0, c.tp_inside, near(c.tp, node))
    cp = near(c.cp, np.maximum(1, node // tp))
    dp = np.where(c.dp_inside > 0, c.dp_inside, near(c.dp, np.maximum(1, node // (tp * cp))))
    pp = np.where(c.pp_inside > 0, c.pp_inside, near(c.pp, np.maximum(1, node // (tp * cp * dp))))
    ep = near(c.ep, node)
    return tuple(np.asarray(v, dtype=np.float64) for v in (tp, cp, dp, pp, ep))  # type: ignore[return-value]


def block_times(k: Kernels, run: Run, net: Network, c: Columns) -> Block:
    """Return the layer's times with communication.

    Notes
    -----
    Tensor parallelism: two all-reduces forward and two backward of T h elements, or the same bytes as gathers and
    scatters along the sequence; full recomputation repeats those forward; inputs kept divided are gathered again
    backward, beside the product for the input's gradient. A ring sends tp - 1 parts while as many parts of the
    product are computed and shows what exceeds them; a pipe shows one part more; while hidden it takes a share of the
    cores. Experts: dispatch at the operands' width and combine in 16 bits, forward and backward; where they run beside
    compute, cores are set aside for them.

    References
    ----------
    V. Korthikanti et al., arXiv:2205.05198, section 4.2. DeepSeek-AI, arXiv:2412.19437, section 3.2.
    """
    m = run.model
    tp_in, _, _, _, ep_in = inside(c, run.node_devices)
    tp, split = c.tp.astype(np.float64), (c.exchange == 2)
    tokens = c.micro_batch * float(run.length) / c.cp
    hid_f = np.where(split, k.hidden_split_f, k.hidden_f)
    hid_b = np.where(split, k.hidden_split_b, k.hidden_b)
    forward = k.matrix_f + k.core_f + k.inner_f + hid_f
    backward = k.matrix_d + k.matrix_w + k.core_b + k.inner_b + hid_b
    cheap = (k.cheap_f + hid_f / 2) if run.fused_attention else k.core_f
    if np.any(c.overlap_ep):  # cores set aside for the exchange for the whole step
        slower = np.where((c.overlap_ep == 1) & (c.ep > 1), 1.0 / (1.0 - net.core_share), 1.0)
        forward, backward, cheap = forward * slower, backward * slower, cheap * slower
    again = np.where(c.recompute == 2, forward, np.where(c.recompute == 1, cheap, 0.0))
    # tensor parallelism: `pairs` blocks of a layer end in an exchange
    moe = m.moe_layers / m.layers
    pairs = 1.0 + (1.0 - moe) + np.where(c.ep > 1, 1.0 if m.shared_experts else 0.0, 1.0) * moe
    gather = np.where(tp > 1, net.gather_s(tokens * m.hidden * 2.0, tp, tp_in), 0.0)
    summed = np.where(tp > 1, net.reduce_s(tokens * m.hidden * 2.0, tp, tp_in), 0.0)
    later = 1.0 - 1.0 / tp  # of tp parts all but the first are computed beside an exchange
    chunked = np.where(
        c.overlap_tp == 1, 1.0, np.where(c.overlap_tp == 2, np.maximum(0.0, 1.0 - net.pipe_parts / tp), 0.0)
    )
    sequence, behind = split & (tp > 1), c.overlap_tp == 3

    both = np.where(sequence, 2.0 * gather, summed)  # a scatter and a gather, or an all-reduce

    def beside(each: Floats, room: Floats, share: Floats | float = 1.0) -> Floats:
        hidden = np.minimum(each * share, room)
        return each - hidden + net.core_share * hidden

    tensor_f = pairs * beside(both, later * k.matrix_f / 2, chunked)
    tensor_b = beside(both, later * (k.matrix_d + k.matrix_w) / 2, chunked)
    # backward, an all-reduce of inputs' gradients or their scatter may run beside the product for the weights
    delayed = np.where(sequence, gather + beside(gather, k.matrix_w / 2), beside(summed, k.matrix_w / 2))
    again_gathered = np.where(sequence & (c.regather == 1) & (c.recompute != 2), beside(gather, k.matrix_d / 2), 0.0)
    tensor_b = pairs * (np.where(behind, delayed, tensor_b) + again_gathered)
    tensor_a = np.where(c.recompute == 2, tensor_f, 0.0)
    # experts
    expert = _experts_s(run, net, c, tokens, ep_in) * moe
    beside_f = np.where(c.overlap_ep == 1, forward, 0.0)
    beside_b = np.where(c.overlap_ep == 1, backward, 0.0)
    expert_f = np.maximum(0.0, expert - beside_f)
    expert_b = np.maximum(0.0, expert - beside_b) + np.where(c.recompute == 2, expert_f, 0.0)
    # context parallelism: keys and values of the whole sequence pass by, beside attention
    if np.any(c.cp > 1):
        kv = _context_s(run, net, c, tokens)
        tensor_f = tensor_f + np.maximum(0.0, kv - k.core_f)
        tensor_b = tensor_b + np.maximum(0.0, 2.0 * kv - k.core_b)
    return Block(forward, backward, again, k.matrix_w, tensor_f, tensor_b, tensor_a, expert_f, expert_b)


def _experts_s(run: Run, net: Network, c: Columns, tokens: Floats, ep_in: Floats) -> Floats:
    """Return the time of one layer's dispatch and combine, the same backward [s]."""
    m = run.model
    if not m.moe_layers or not np.any(c.ep > 1):
        return np.zeros(len(c))
    own = tokens / c.tp * m.hidden
    sent = [
        net.exchange_s(own * w, c.ep, ep_in, m.experts_active, run.routing_nodes)
        for w in (1.0 if run.narrow else 2.0, 2.0)
    ]
    return np.where(c.ep > 1, sent[0] + sent[1], 0.0)


def _context_s(run: Run, net: Network, c: Columns, tokens: Floats) -> Floats:
    """Return the time in which one layer's keys and values of the whole sequence reach a device [s]."""
    m = run.model
    width = (
        (m.kv_lora_rank + m.qk_rope_dim)
        if m.attention == "mla"
        else 2.0 * np.maximum(1.0, m.kv_heads / c.tp) * m.head_dim
    )
    cp_in = inside(c, run.node_devices)[1]
    return np.where(c.cp > 1, net.gather_s(tokens * c.cp * width * 2.0, c.cp, cp_in), 0.0)
