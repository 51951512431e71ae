"""The best design beside catalogue chips, under the same model."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from twokey.chips.catalogue import Chip, chips, find
from twokey.law.region import EVERYTHING
from twokey.perf.device import from_chip
from twokey.perf.estimate import estimate
from twokey.search.compare import versus
from twokey.search.optimise import optimise
from twokey.search.space import load
from workload_samples import DENSE


def test_chips_stand_beside_the_design() -> None:
    result = optimise(load("small"), DENSE, "tpot", EVERYTHING, explain=False)
    unknown = next(chip for chip in chips() if chip.architecture is None)
    rows = versus(result, DENSE, "tpot", [find("nvidia-h20"), find("huawei-ascend-910c"), unknown])
    h20 = estimate(DENSE, from_chip(find("nvidia-h20"))).tpot_s
    assert rows[0] == {"item": "nvidia-h20", "value": h20, "ratio": h20 / result.value, "fits": True}
    assert rows[1]["ratio"] > 0
    assert rows[2]["value"] is None
    assert "architecture without" in rows[2]["note"]


def test_cost_needs_a_die_area() -> None:
    result = optimise(load("small"), DENSE, "e2e-cost", EVERYTHING, explain=False)
    h20 = find("nvidia-h20")
    assert versus(result, DENSE, "e2e-cost", [h20])[0]["value"] > 0
    without = Chip(**{name: getattr(h20, name) for name in h20.__slots__} | {"item": find("nvidia-b200").item})
    row = versus(result, DENSE, "e2e-cost", [without])[0]
    assert ("no die area" in row.get("note", "")) == (without.item.applicable_die_area_mm2 is None)


@pytest.mark.parametrize("objective", ["ttft", "e2e-cost"])
def test_the_answer_is_plain_json(objective: str) -> None:
    result = optimise(load("small"), DENSE, objective, EVERYTHING)
    answer = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert {"best", "bound", "gap", "proved", "space", "boxes", "evaluations", "cpu_s", "binding"} <= set(answer)
    assert answer["best"]["unit"] == ("s" if objective == "ttft" else "s USD")
    assert answer["space"] == {"name": "small", "designs": 603979776}
    assert answer["best"]["item"]["tpp"] > 0
