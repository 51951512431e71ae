"""Sweeps on Ray: a real cluster of two local nodes gives the bytes of one process; what cannot be used is refused.

Each cluster lives in a process of its own: Ray warns of much, and here a warning is an error.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from twokey.quantities.problem import Problem
from twokey.search.sweep.cluster import Cluster, address_of
from twokey.search.sweep.plan import read_plan
from twokey.search.sweep.run import sweep

PLAN = """
format: twokey-sweep/1
kind: evaluate
spaces: [small]
workloads: [gpt3-175b-layer]
objectives: [ttft]
days: [2025-04-17]
designs: 700000
keep: lawful
"""

TWO_NODES = """
import sys
from ray.cluster_utils import Cluster
from twokey.quantities.problem import Problem
from twokey.search.sweep.plan import read_plan
from twokey.search.sweep.run import sweep

size = {"num_cpus": 1, "object_store_memory": 100_000_000}
cluster = Cluster(initialize_head=True, head_node_args=size)
try:
    cluster.add_node(**size)
    cluster.wait_for_nodes()
    plan = read_plan(sys.argv[1])
    found = sweep(plan, sys.argv[2], on="ray:" + cluster.address, chunk_s=0.2)
    print("answer", found.sha256, found.workers, found.chunks)
    import twokey.search.sweep.cluster as module
    module.model_stamp = lambda: "another"
    try:
        sweep(plan, sys.argv[2] + "-other", on="ray:" + cluster.address)
    except Problem as problem:
        print("refused", problem)
finally:
    cluster.shutdown()
"""


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed (twokey[ray])")
def test_two_ray_nodes_give_the_bytes_of_one_process(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN)
    (tmp_path / "two.py").write_text(TWO_NODES)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "two.py"), str(tmp_path / "plan.yaml"), str(tmp_path / "out")],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    lines = {line.split(" ")[0]: line for line in done.stdout.splitlines() if line}
    assert done.returncode == 0, done.stderr[-2000:]
    _, sha256, workers, chunks = lines["answer"].split(" ")
    assert (workers, sha256) == ("2", sweep(read_plan(tmp_path / "plan.yaml"), tmp_path / "here").sha256)
    assert int(chunks) >= 2
    assert "which has another model" in lines["refused"]


@pytest.mark.parametrize("on", ["ray", "ray:", "ray://", "ray:host", "spark://host", "ray:auto:1:2"])
def test_an_address_that_is_none_is_refused(on: str) -> None:
    with pytest.raises(Problem, match="ray:auto, ray:HOST:PORT or ray://HOST:PORT"):
        address_of(on)


def test_without_ray_it_is_said_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(Problem, match=r"pip install 'twokey\[ray\]'"):
        Cluster(read_plan(tmp_path / "plan.yaml"), "ray:auto")
