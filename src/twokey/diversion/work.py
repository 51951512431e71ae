"""Arithmetic and memory a training run needs, from the architecture of the model."""

from __future__ import annotations

from dataclasses import dataclass

from twokey.workloads.models import Model

__all__ = ["STATE_BYTES", "Work", "activation_bytes", "least_devices", "training_work"]

STATE_BYTES = 16
"""Bytes a weight takes in training: 2 the weight, 2 its gradient, 12 the optimiser's state in 32 bits [byte]."""


@dataclass(frozen=True, slots=True)
class Work:
    """Arithmetic of a training run over its tokens, without recomputation [FLOP]."""

    products_flop: float
    attention_flop: float

    @property
    def flop(self) -> float:
        """Products of weights and of attention together [FLOP]."""
        return self.products_flop + self.attention_flop


def training_work(model: Model, tokens: float, *, context: int = 4096) -> Work:
    r"""Return the arithmetic of training `model` on `tokens` tokens.

    Parameters
    ----------
    tokens : > 0 [token]
    context : length of the training sequences [token]

    Notes
    -----
    .. math:: C = 6 N D + 3 D \\sum_l 2 h_l (d_{qk} + d_v) c_l

    N: weights a token passes through, the table of embeddings left out (a look-up does no product); D: tokens; c:
    half the sequence, because attention looks back only, and no more than the window of a layer with one. A backward
    pass does twice the work of a forward pass [1]_. Attention of a form the catalogue does not model counts as softmax
    over all keys where its heads are known.

    References
    ----------
    .. [1] J. Kaplan et al., "Scaling laws for neural language models," arXiv:2001.08361, section 2.1.

    Examples
    --------
    >>> from twokey.workloads.models import find
    >>> work = training_work(find("deepseek-v3"), 14.8e12)
    >>> f"{work.flop:.2e} FLOP, attention {work.attention_flop / work.flop:.0%}"
    '3.71e+24 FLOP, attention 12%'
    """
    weights = model.params_active - (0 if model.tied else model.vocab * model.hidden)
    if model.attention == "other" and "params_active_B" in model.figures:
        weights = int(model.figures["params_active_B"].value * 10**9)
    latent = model.qk_nope_dim + model.qk_rope_dim + model.v_head_dim
    width = latent if model.attention == "mla" else 2 * model.head_dim
    looked_back = context / 2
    full = model.softmax_layers - model.window_layers
    keys = full * looked_back + model.window_layers * min(looked_back, model.window)
    return Work(6.0 * weights * tokens, 3.0 * tokens * 2.0 * model.heads * width * keys)


def activation_bytes(model: Model, *, context: int = 4096) -> float:
    """Return the least bytes of activations for one sequence in training, over all devices that share it [byte].

    With full recomputation only the input of each layer is kept, in 16 bits, and one layer is worked on at a time; it
    takes 34 bytes a token and unit of width [1]_.

    References
    ----------
    .. [1] V. Korthikanti et al., arXiv:2205.05198, equations 1 and 6.

    Examples
    --------
    >>> from twokey.workloads.models import find
    >>> round(activation_bytes(find("gpt3-175b"), context=2048) / 1e9, 1)
    5.7
    """
    return float(context) * model.hidden * (2.0 * model.layers + 34.0)


def least_devices(model: Model, dram_capacity_GB: float, *, context: int = 4096) -> int:
    """Return the fewest devices whose memory holds the state of training and one sequence [1].

    `STATE_BYTES` a weight, divided evenly over all devices, and the least activations; a tenth of the memory is left
    to libraries and buffers. A lower bound: layouts that copy weights need more.

    Parameters
    ----------
    dram_capacity_GB : memory of one device, > 0 [GB]

    Examples
    --------
    >>> from twokey.workloads.models import find
    >>> least_devices(find("deepseek-v3"), 80)
    150
    """
    needed = STATE_BYTES * float(_weights(model)) + activation_bytes(model, context=context)
    return int(-(-needed // (0.9e9 * dram_capacity_GB)))


def _weights(model: Model) -> int:
    if model.attention == "other" and "params_total_B" in model.figures:
        return int(model.figures["params_total_B"].value * 10**9)
    return model.params_total
