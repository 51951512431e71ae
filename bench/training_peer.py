"""Our training model with Calculon's coefficients, beside Calculon itself, on strategies drawn from its own space.

CALCULON=folder of a copy of calculon-ai/calculon; without it nothing is compared, and that is said. None of its code
is part of this project: it is imported from that folder, run, and its step times are compared by rank.

References: M. Isaev et al., "Calculon," SC 2023, doi:10.1145/3581784.3607102.
"""

from __future__ import annotations

import json
import os
import sys
import time
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from twokey.perf.training.run import Run
from twokey.perf.training.search import KernelTable, evaluate, placed
from twokey.perf.training.spaces import every_choice
from twokey.perf.training.step import steps
from twokey.perf.training.strategy import Strategy, columns_of
from twokey.workloads.models import find

DEVICES, BATCH, LENGTH, SAMPLE, SEED = 512, 512, 2048, 2000, 0


def _steps(table: list[list[float]], unit: float, size: Any) -> Any:
    """Return the efficiency of each size from a falling table of (least size, efficiency)."""
    size = np.asarray(size, float)
    out = np.full(size.shape, table[-1][1])
    for least, efficiency in reversed(table):
        out = np.where(size >= least * unit, efficiency, out)
    return out


@dataclass(frozen=True)
class TabledCosts:
    """Kernel times by a table of efficiencies of size: operations and traffic one after the other, or the longer."""

    system: dict[str, Any]

    def _s(self, engine: str, operations: Any, bytes_: Any) -> Any:
        e, m = self.system[engine]["float16"], self.system["mem1"]
        work = np.asarray(operations, float) / (e["tflops"] * 1e12 * _steps(e["gflops_efficiency"], 1e9, operations))
        flow = np.asarray(bytes_, float) / (m["GBps"] * 1e9 * _steps(m["MB_efficiency"], 1e6, bytes_))
        return work + flow if self.system["processing_mode"] == "no_overlap" else np.maximum(work, flow)

    def gemm_s(
        self, m: Any, n: Any, k: Any, batch: Any = 1.0, *, narrow: bool = False, result_bytes: float = 2.0
    ) -> Any:
        assert not narrow
        assert result_bytes >= 2.0  # the peer counts 16 bits whatever the width
        return self._s("matrix", 2.0 * m * n * k * batch, 2.0 * batch * (m * n + m * k + n * k))

    def grouped_s(self, rows: Any, held: Any, n: Any, k: Any, *, narrow: bool = False) -> Any:
        return self.gemm_s(rows, n, k, held, narrow=narrow)

    def pass_s(self, elements: Any, bytes_each: float, flops_each: float = 1.0) -> Any:
        elements = np.asarray(elements, float)
        return self._s("vector", elements * flops_each, elements * bytes_each)

    def attention_s(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError("the peer's attention is not fused")

    def host_time_s(self, bytes_: Any) -> Any:
        m = self.system["mem2"]
        return np.asarray(bytes_, float) / (m["GBps"] * 1e9 * _steps(m["MB_efficiency"], 1e6, bytes_))


@dataclass(frozen=True)
class TabledNetwork:
    """Two tiers of network with a latency, a bandwidth and a factor for each collective."""

    tiers: list[dict[str, Any]]

    @property
    def core_share(self) -> float:
        return float(self.tiers[0]["processor_usage"])

    @property
    def pipe_parts(self) -> float:
        return 2.0  # the peer adds the first part to the product's time and to the exposed time

    @property
    def far_core_share(self) -> float:
        return float(self.tiers[1]["processor_usage"])

    def _s(self, op: str, bytes_: Any, members: Any, near: Any) -> Any:
        s, n = np.asarray(bytes_, float), np.asarray(members, float)

        def one(t: dict[str, Any]) -> Any:
            scalar, offset = t["ops"][op]
            moved = s * scalar * (1.0 + (offset or 0.0) / n)
            return t["latency"] + moved / (t["bandwidth"] * 1e9 * t["efficiency"])

        return np.where(near, one(self.tiers[0]), one(self.tiers[1]))

    def gather_s(self, bytes_: Any, members: Any, inside: Any, rails: int = 0) -> Any:
        assert rails == 0
        return self._s("all_gather", bytes_, members, np.asarray(inside) == np.asarray(members))

    def reduce_s(self, bytes_: Any, members: Any, inside: Any) -> Any:
        return self._s("all_reduce", bytes_, members, np.asarray(inside) == np.asarray(members))

    def send_s(self, bytes_: Any, near: Any) -> Any:
        return self._s("p2p", bytes_, 2.0, near)

    def exchange_s(self, *_: Any) -> Any:
        raise NotImplementedError("the peer has no experts")


def _peer(folder: Path) -> Any:
    """Import the peer from its folder, standing in for what only its command line needs."""
    for name in ("pandas", "psutil"):
        if name not in sys.modules:
            sys.modules[name] = types.SimpleNamespace(cpu_count=lambda **_: 1)  # type: ignore[assignment]
    sys.path.insert(0, str(folder))
    import calculon
    from calculon.llm import Llm

    return calculon, Llm


def _peer_step_s(peer: Any, app: Any, system: Any, s: Strategy) -> float:
    """Return the peer's step for one strategy, or infinity where it refuses it."""
    import logging

    _, llm = peer

    described = {
        "num_procs": DEVICES, "tensor_par": s.tp, "pipeline_par": s.pp, "data_par": s.dp,
        "tensor_par_net": int(s.tp > 1 and s.tp_inside != s.tp),
        "pipeline_par_net": int(s.pp > 1 and s.pp_inside != s.pp),
        "data_par_net": int(s.dp > 1 and s.dp_inside != s.dp), "batch_size": BATCH // s.dp * s.dp,
        "microbatch_size": s.micro_batch, "datatype": "float16", "fused_activation": True,
        "attention_type": "multihead",
        "activation_recompute": {"none": "none", "selective": "attn_only", "full": "full"}[s.recompute],
        "pipeline_interleaving": s.interleave, "optimizer_sharding": s.zero > 0,
        "tensor_par_comm_type": {"all-reduce": "ar", "scattered": "p2p_rs_ag", "sequence": "rs_ag"}[s.exchange],
        "tensor_par_overlap": s.overlap_tp, "seq_par_ag_redo": s.regather, "data_par_overlap": s.overlap_dp,
        "weight_offload": s.offload_weights, "activations_offload": s.offload_activations,
        "optimizer_offload": s.offload_optimizer, "training": True,
    }  # fmt: skip
    model = llm(app, logging.Logger("peer"))
    try:
        model.compile(system, llm.Execution.from_json(described))
        model.run(system)
    except llm.Error:
        return float("inf")
    return float(model.get_total_time())


def _ranks(values: Any) -> Any:
    order = np.argsort(values, kind="stable")
    out = np.empty(len(values))
    out[order] = np.arange(len(values))
    return out


def main() -> None:
    """Print the rank correlation of step times on a sample, and whether both call the same strategy the best."""
    if not os.environ.get("CALCULON"):
        print("absent: CALCULON=folder of calculon-ai/calculon; the rank correlation with it was not computed")
        return
    folder = Path(os.environ["CALCULON"])
    described = json.loads((folder / "systems" / "a100_80g.json").read_text(encoding="utf-8"))
    peer = _peer(folder)
    calculon, llm = peer
    app = llm.Application(json.loads((folder / "models" / "gpt3-175B.json").read_text(encoding="utf-8")))
    system = calculon.System(described)
    costs, net = TabledCosts(described), TabledNetwork(described["networks"])
    run = Run(find("gpt3-175b"), LENGTH, BATCH, "fp16", fused_attention=False, node_devices=8, fused_activation=True)
    rng = np.random.default_rng(SEED)
    drawn: list[Strategy] = []
    theirs: list[float] = []
    sets = list(every_choice(run, DEVICES))
    sizes = np.array([len(c) for c in sets], float)
    peer_s = 0.0
    while len(drawn) < SAMPLE:
        c = sets[rng.choice(len(sets), p=sizes / sizes.sum())]
        s = c.row(int(rng.integers(len(c))))
        start = time.process_time()
        step = _peer_step_s(peer, app, system, s)
        peer_s += time.process_time() - start
        if np.isfinite(step):
            drawn.append(s)
            theirs.append(step)
    columns = columns_of(drawn)
    ours = steps(costs, run, net, columns).total_s
    table = KernelTable(costs, run)
    shared = evaluate(table, net, columns)[0]
    rank = float(np.corrcoef(_ranks(ours), _ranks(np.array(theirs)))[0, 1])
    ratio = ours / np.array(theirs)
    print(
        f"strategies the peer accepts: {len(drawn)}; peer {peer_s:.1f} CPU-s; "
        f"placed by us too: {int(placed(run, columns).sum())}"
    )
    print(f"rank correlation with Calculon's step times: {rank:.4f} (bar 0.99)")
    print(
        f"ours over theirs: median {np.median(ratio):.3f}, "
        f"5th to 95th percentile {np.percentile(ratio, 5):.3f} to {np.percentile(ratio, 95):.3f}"
    )
    print(f"shared kernels against one by one: greatest difference {np.max(np.abs(shared / ours - 1)):.1e}")
    for i in np.argsort(theirs)[:10] if os.environ.get("DUMP") else ():
        print(f"top {ratio[i]:.2f} {ours[i]:.2f} {theirs[i]:.2f}", drawn[i])
    b, p = int(np.argmin(ours)), int(np.argmin(theirs))
    print(f"best of the sample: ours #{b}, theirs #{p}; ours costs {theirs[b] / theirs[p] - 1:.2%} more by their times")


if __name__ == "__main__":
    main()
