"""What is trained: a model on sequences of a length, in a precision, with a software stack."""

from __future__ import annotations

from dataclasses import dataclass

from twokey.workloads.models import Model

__all__ = ["PRECISIONS", "Run"]

PRECISIONS = ("bf16", "fp16", "fp8")


@dataclass(frozen=True, slots=True)
class Run:
    """A training run, apart from how it is divided.

    Parameters
    ----------
    model : what is trained
    length : tokens of a sequence [token]
    batch : sequences of a step over all devices [1]
    precision : of `PRECISIONS`; fp8 means products of dense and expert blocks, the rest stays in bf16
    fused_attention : whether scores stay on the chip
    schedule : "1f1b" or "dualpipe"
    gather_rails : cards of a node that bring in spread weights; 0 for all [1]
    routing_nodes : most nodes a token is sent to [1]
    node_devices : devices of a scale-up domain [1]
    further_tokens : tokens beyond the next that are predicted in training, each by a layer and a head of its own [1]
    fused_activation : whether the activation runs inside the product before it, which then keeps no copy of it
    casts_apart : whether narrowing operands to 8 bits is a pass of its own
    fused_loss : whether the loss is one kernel over the 16-bit output
    spread_overlap : share of a layer's compute beside which weights that are spread (ZeRO-3) travel [1]
    """

    model: Model
    length: int
    batch: int
    precision: str = "bf16"
    fused_attention: bool = True
    schedule: str = "1f1b"
    gather_rails: int = 0
    routing_nodes: float = 1e9
    node_devices: int = 8
    further_tokens: int = 0
    spread_overlap: float = 0.4
    fused_activation: bool = False
    casts_apart: bool = False
    fused_loss: bool = False

    @property
    def narrow(self) -> bool:
        """Whether products are computed in 8 bits."""
        return self.precision == "fp8"

    @property
    def gradient_bytes(self) -> float:
        """Width of a gradient while it is added up and sent: 2 with fp16, else 4 [byte]."""
        return 2.0 if self.precision == "fp16" else 4.0

    @property
    def dropout(self) -> bool:
        """Whether activations are dropped at random, as models with layer norms were trained."""
        return self.model.norm == "layer"

    @property
    def layers(self) -> int:
        """Layers with those that predict further tokens [1]."""
        return self.model.layers + self.further_tokens

    @property
    def heads(self) -> int:
        """Output projections with losses [1]."""
        return 1 + self.further_tokens

    # -- operations a token costs -------------------------------------------------------------
    @property
    def attention_op(self) -> float:
        """Operations of attention's scores and values forward, a token over all layers [op].

        Under a causal mask half of the scores where attention is fused, all of them where it is not.
        """
        m = self.model
        wide = m.heads * (m.qk_nope_dim + m.qk_rope_dim + m.v_head_dim if m.attention == "mla" else 2 * m.head_dim)
        reach = self.length / 2 if self.fused_attention else float(self.length)
        near = min(reach, float(m.window)) if m.window else reach
        full = m.softmax_layers - m.window_layers
        return 2.0 * wide * (full * reach + m.window_layers * near)

    @property
    def weight_op(self) -> float:
        """Operations of products with weights forward, a token over all layers and the output projection [op]."""
        m = self.model
        table = m.vocab * m.hidden
        return 2.0 * (m.params_active - m.embedding_params + table)

    @property
    def step_op(self) -> float:
        """Operations a step needs, forward and twice that backward; nothing computed twice [op]."""
        return 3.0 * (self.weight_op + self.attention_op) * self.batch * self.length
