"""Models: every file loads, sizes follow from shapes, names lead to the right model."""

from __future__ import annotations

import json

import pytest

from twokey.quantities.problem import Problem
from twokey.workloads.models import Model, find, models

MODELLED = [m for m in models() if m.attention != "other"]

# Weights as the makers state them, total and for one token [1e9]. Source: paper or model card.
STATED = [
    ("gpt3-175b", 175, 175),
    ("llama-3-8b", 8.03, 8.03),
    ("llama-3-70b", 70.6, 70.6),
    ("llama-3-405b", 405.9, 405.9),
    ("mixtral-8x7b", 46.7, 12.9),
    ("deepseek-v3", 671, 37.6),
    ("deepseek-v2", 236, 21.4),
    ("qwen3-235b-a22b", 235, 22),
    ("kimi-k2", 1026, 32.9),
    ("llama-4-maverick", 400, 17),
    ("gpt-oss-120b", 116.8, 5.7),
    ("falcon-40b", 41.3, 41.3),
]


def test_there_are_at_least_thirty_models() -> None:
    assert len(models()) >= 30
    assert len(MODELLED) >= 30


@pytest.mark.parametrize(("id", "total", "active"), STATED)
def test_sizes_follow_from_the_shapes(id: str, total: float, active: float) -> None:
    model = find(id)
    assert model.params_total / 1e9 == pytest.approx(total, rel=0.005)
    assert model.params_active / 1e9 == pytest.approx(active, rel=0.02)


# Computed and stated sizes differ by more than 2% where the shapes leave weights out or the makers round:
LOOSE = {"gopher-280b": 0.08, "chinchilla-70b": 0.08}


@pytest.mark.parametrize("model", MODELLED, ids=lambda m: m.id)
def test_the_stated_size_is_the_computed_one(model: Model) -> None:
    stated = float(model.figures["params_total_B"].value)
    assert model.params_total / 1e9 == pytest.approx(stated, rel=LOOSE.get(model.id, 0.02), abs=0.05)


@pytest.mark.parametrize("model", models(), ids=lambda m: m.id)
def test_every_model_has_sourced_figures_and_a_consistent_shape(model: Model) -> None:
    assert all(len(f.source) > 3 for f in model.figures.values())
    assert model.layers > 0
    assert model.hidden > 0
    assert model.vocab > 0
    assert (model.experts == 0) == (model.experts_active == 0)
    assert model.moe_layers + model.dense_layers == model.layers
    assert model.window_layers <= model.layers
    if model.attention in ("mha", "gqa", "mqa"):
        assert model.heads % model.kv_heads == 0
        assert (model.kv_heads == model.heads) == (model.attention == "mha")
        assert (model.kv_heads == 1) == (model.attention == "mqa")
    json.dumps(model.to_json())


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("Llama 3.1 70B", "llama-3-70b"),
        ("llama 3 8b / 3.1 8b", "llama-3-8b"),
        ("GPT-3 175B", "gpt3-175b"),
        ("DeepSeek-V3", "deepseek-v3"),
        ("Megatron GPT 76B (2021)", "megatron-gpt-76b-2021"),
        ("MiniMax-M2 / M2.5", "minimax-m2"),
        ("Qwen2.5-72B", "qwen2.5-72b"),
    ],
)
def test_names_and_aliases_lead_to_the_model(name: str, id: str) -> None:
    assert find(name).id == id


def test_no_name_belongs_to_two_models() -> None:
    owner: dict[str, str] = {}
    for model in models():
        for name in {model.id, model.name.lower(), *(a.lower() for a in model.aliases)}:
            assert owner.setdefault(name, model.id) == model.id


def test_a_wrong_name_is_answered_with_near_ones() -> None:
    with pytest.raises(Problem, match="llama-3-70b"):
        find("llama-3-70")
    with pytest.raises(Problem):
        find("sources")
    with pytest.raises(Problem):
        find("../chips/nvidia-h20")
