"""The catalogue of large language models: their architectures as data, and the parameters these imply."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from twokey.quantities.problem import Problem
from twokey.quantities.shown import Shown
from twokey.sources.figure import Figure
from twokey.sources.register import read_figures, read_register
from twokey.sources.text import Value, read_file

__all__ = ["ATTENTION", "Model", "find", "models"]

ATTENTION = ("mha", "gqa", "mqa", "mla", "other")
"""Forms of attention: a key per head, keys shared by groups of heads, one key for all heads, a latent from which keys
and values are expanded (MLA), and forms that are listed but not modelled."""

_SHAPE = (
    "layers",
    "hidden",
    "heads",
    "kv_heads",
    "head_dim",
    "q_lora_rank",
    "kv_lora_rank",
    "qk_nope_dim",
    "qk_rope_dim",
    "v_head_dim",
    "ffn_dim",
    "ffn_matrices",
    "experts",
    "experts_active",
    "shared_experts",
    "expert_dim",
    "first_dense_layers",
    "moe_every",
    "vocab",
    "window",
    "window_layers",
    "index_heads",
    "index_dim",
    "index_topk",
    "linear_layers",
    "linear_key_heads",
    "linear_value_heads",
    "linear_key_dim",
    "linear_value_dim",
)
_PARTS = ("output_gate", "joint_key_norm", "shared_gate")
_STATED = ("params_total_B", "params_active_B", "context_tokens", "trained_tokens_T", "training_flop")
_FOLDER = Path(__file__).parent.parent / "data" / "models"


@dataclass(frozen=True, slots=True)
class Model(Shown):
    """One large language model; shapes are counts [1], 0 where the architecture has no such part.

    Parameters
    ----------
    attention : one of `ATTENTION`
    position, norm : "rotary", "learned", "alibi", "relative" or "none"; "layer" or "rms"
    tied : whether the output projection is the embedding table
    layers, hidden, heads, kv_heads, head_dim : depth, width, query heads, key/value heads, width of a head
    q_lora_rank, kv_lora_rank, qk_nope_dim, qk_rope_dim, v_head_dim : ranks and widths of MLA
    ffn_dim, ffn_matrices : width of a dense feed-forward block, and its matrices (2, or 3 when gated)
    experts, experts_active, shared_experts, expert_dim : routed experts of a layer, how many of them a token
        visits, experts every token visits, width of one expert
    first_dense_layers, moe_every : layers before the first with experts; every how many layers has experts
    vocab : entries of the vocabulary
    window, window_layers : keys a row attends to in layers with a sliding window, and how many layers have one
    index_heads, index_dim, index_topk : sparse attention: heads and width of the small index, and the keys it picks
    linear_layers, linear_key_heads, linear_value_heads, linear_key_dim, linear_value_dim : layers whose attention is a
        gated delta rule over a state of fixed size, its heads and widths
    output_gate : whether softmax attention has a gate as wide as its heads on its result
    joint_key_norm : whether queries and keys are normed over all heads together, not head by head
    shared_gate : whether the result of the shared experts is scaled by a gate of one column
    figures : every figure with its source, those the makers state besides the shapes too
    """

    id: str
    name: str
    aliases: tuple[str, ...]
    org: str
    released: str
    attention: str
    position: str
    norm: str
    tied: bool
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    q_lora_rank: int
    kv_lora_rank: int
    qk_nope_dim: int
    qk_rope_dim: int
    v_head_dim: int
    ffn_dim: int
    ffn_matrices: int
    experts: int
    experts_active: int
    shared_experts: int
    expert_dim: int
    first_dense_layers: int
    moe_every: int
    vocab: int
    window: int
    window_layers: int
    index_heads: int
    index_dim: int
    index_topk: int
    linear_layers: int
    linear_key_heads: int
    linear_value_heads: int
    linear_key_dim: int
    linear_value_dim: int
    output_gate: bool
    joint_key_norm: bool
    shared_gate: bool
    figures: dict[str, Figure]
    note: str = ""

    @property
    def moe_layers(self) -> int:
        """Layers with routed experts [1]."""
        return -(-(self.layers - self.first_dense_layers) // self.moe_every) if self.experts else 0

    @property
    def dense_layers(self) -> int:
        """Layers with one dense feed-forward block [1]."""
        return self.layers - self.moe_layers

    @property
    def softmax_layers(self) -> int:
        """Layers whose attention is a softmax over keys [1]."""
        return self.layers - self.linear_layers

    @property
    def linear_width(self) -> int:
        """Columns of the input projection of a gated delta layer: query, key, value, gate, decay and step [1]."""
        values = self.linear_value_heads * self.linear_value_dim
        return 2 * self.linear_key_heads * self.linear_key_dim + 2 * values + 2 * self.linear_value_heads

    @property
    def linear_params(self) -> int:
        """Weights of one gated delta layer: input and output projections [1]."""
        return self.hidden * (self.linear_width + self.linear_value_heads * self.linear_value_dim)

    @property
    def index_params(self) -> int:
        """Weights of the index of sparse attention in one layer [1]."""
        if not self.index_topk:
            return 0
        return self.q_lora_rank * self.index_heads * self.index_dim + self.hidden * (self.index_dim + self.index_heads)

    @property
    def attention_params(self) -> int:
        """Weights of one layer's softmax attention: query, key, value and output projections, or those of MLA [1]."""
        if self.attention == "mla":
            wide = self.heads * (self.qk_nope_dim + self.qk_rope_dim)
            query = self.q_lora_rank * (self.hidden + wide) if self.q_lora_rank else self.hidden * wide
            latent = self.hidden * (self.kv_lora_rank + self.qk_rope_dim)
            expand = self.kv_lora_rank * self.heads * (self.qk_nope_dim + self.v_head_dim)
            return query + latent + expand + self.heads * self.v_head_dim * self.hidden + self.index_params
        return self.hidden * self.head_dim * ((3 if self.output_gate else 2) * self.heads + 2 * self.kv_heads)

    @property
    def expert_params(self) -> int:
        """Weights of one routed or shared expert [1]."""
        return self.ffn_matrices * self.hidden * self.expert_dim

    @property
    def embedding_params(self) -> int:
        """Weights of the embedding and of the output projection, once when they are tied [1]."""
        return self.vocab * self.hidden * (1 if self.tied else 2)

    @property
    def params_total(self) -> int:
        """Weights of the whole model, computed from the shapes; norms, biases and position tables left out [1]."""
        return self._params(self.experts)

    @property
    def params_active(self) -> int:
        """Weights one token passes through, the embedding table included [1]."""
        return self._params(self.experts_active)

    def _params(self, routed: int) -> int:
        moe = (routed + self.shared_experts) * self.expert_params + self.hidden * self.experts
        dense = self.ffn_matrices * self.hidden * self.ffn_dim
        return (
            self.softmax_layers * self.attention_params
            + self.linear_layers * self.linear_params
            + self.moe_layers * moe
            + self.dense_layers * dense
            + self.embedding_params
        )

    def to_json(self) -> dict[str, object]:
        """Return the entry of the `models` verb: id, name, aliases, then every figure with its source."""
        out: dict[str, object] = {
            "id": self.id,
            "name": self.name,
            "aliases": list(self.aliases),
            "org": self.org,
            "released": self.released,
            "attention": self.attention,
            "position": self.position,
            "norm": self.norm,
            "tied": self.tied,
        }
        out.update({name: figure.to_json() for name, figure in self.figures.items()})
        if self.attention != "other":
            out["params_total_computed_B"] = self.params_total / 1e9
            out["params_active_computed_B"] = self.params_active / 1e9
        if self.note:
            out["note"] = self.note
        return out


def _read(path: Path) -> Model:
    f = read_file(path, path.name).fields(
        ("name", "aliases", "org", "released", "attention", "position", "norm", "tied", "figures"),
        ("note", *_PARTS),
    )
    figures = read_figures(f["figures"], read_register(_FOLDER / "sources.yaml"), _SHAPE + _STATED)

    def has(part: str) -> bool:
        return part in f and f[part].yes_no()

    def shape(name: str) -> int:
        if name not in figures:
            return 1 if name == "moe_every" else 0
        value: Value = f["figures"].group()[name].group()["value"]
        return value.whole(least=0)

    return Model(
        id=path.stem,
        name=f["name"].text(),
        aliases=f["aliases"].texts(),
        org=f["org"].text(),
        released=f["released"].text(),
        attention=f["attention"].one_of(ATTENTION),
        position=f["position"].one_of(("rotary", "learned", "alibi", "relative", "none")),
        norm=f["norm"].one_of(("layer", "rms")),
        tied=f["tied"].yes_no(),
        output_gate=has("output_gate"),
        joint_key_norm=has("joint_key_norm"),
        shared_gate=has("shared_gate"),
        figures=figures,
        note=f["note"].text() if "note" in f else "",
        **{name: shape(name) for name in _SHAPE},
    )


def _paths() -> list[Path]:
    return sorted(p for p in _FOLDER.glob("*.yaml") if p.name != "sources.yaml")


@cache
def models() -> tuple[Model, ...]:
    """Return every model of the catalogue, in the order of ids.

    Raises
    ------
    Problem
        If a data file cannot be used.
    """
    return tuple(_read(path) for path in _paths())


@cache
def find(name_or_id: str) -> Model:
    """Return the model with this id, name or alias; upper and lower case are the same.

    Raises
    ------
    Problem
        If there is none; the message holds up to three names that are near.

    Examples
    --------
    >>> find("Llama 3.1 70B").id, round(find("llama-3-70b").params_total / 1e9, 1)
    ('llama-3-70b', 70.6)
    """
    wanted = name_or_id.strip().lower()
    path = _FOLDER / f"{wanted}.yaml"
    if wanted.replace("-", "").replace(".", "").isalnum() and wanted != "sources" and path.is_file():
        return _read(path)
    known: dict[str, Model] = {}
    for model in models():
        known.update(dict.fromkeys((model.id, model.name.lower(), *(a.lower() for a in model.aliases)), model))
    if wanted in known:
        return known[wanted]
    import difflib

    near = difflib.get_close_matches(wanted, known, n=3, cutoff=0.5)
    raise Problem(
        "model",
        repr(name_or_id),
        "the id, name or alias of a model in the catalogue",
        "did you mean " + " or ".join(near) + "?" if near else "`twokey models` lists them",
    )
