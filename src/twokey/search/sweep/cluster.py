"""Workers on a Ray cluster: every node must have this version of Twokey; none needs the user's files."""

from __future__ import annotations

import logging
import os
import warnings
from typing import Any

from twokey.quantities.problem import Problem
from twokey.search.sweep.plan import Plan, model_stamp
from twokey.search.sweep.work import alone, work

__all__ = ["Cluster", "address_of"]

Done = tuple[int, int, bytes, float]


def address_of(on: str) -> str:
    """Return the address that Ray is given for one on the command line.

    Raises
    ------
    Problem
        If it is not written like one.

    Examples
    --------
    >>> address_of("ray:auto"), address_of("ray:10.0.0.1:6379"), address_of("ray://10.0.0.1:10001")
    ('auto', '10.0.0.1:6379', 'ray://10.0.0.1:10001')
    """
    if on.startswith("ray://") and len(on) > 6:
        return on
    if on.startswith("ray:") and (on == "ray:auto" or on.count(":") == 2):
        return on.removeprefix("ray:")
    raise Problem("--on", on, "ray:auto, ray:HOST:PORT or ray://HOST:PORT", "write --on ray:auto", kind="usage")


class Cluster:
    """All processors of a Ray cluster, those of nodes that join later too."""

    def __init__(self, plan: Plan, on: str) -> None:
        address = address_of(on)
        try:
            import ray
        except ImportError:
            raise Problem(
                "--on", on, "Ray, which is not installed", "install it with: pip install 'twokey[ray]'"
            ) from None
        self.ray: Any = ray
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
        except (ImportError, ConnectionError, RuntimeError, ValueError, OSError) as error:
            said = (str(error).strip().splitlines() or [type(error).__name__])[0]
            if isinstance(error, ImportError) or "ray[client]" in said:
                raise Problem(
                    "--on", on, "Ray's client, which is not installed", "pip install 'ray[client]', or run it on a node"
                ) from None
            raise Problem(
                "--on", f"{on} ({said})", "a cluster that answers", "start one with: ray start --head"
            ) from None
        try:
            self._check_nodes()
            self.task = ray.remote(num_cpus=1, max_retries=3)(_work)
            self.plan = ray.put(plan)
        except BaseException:
            ray.shutdown()
            raise
        self.busy: dict[Any, tuple[int, int]] = {}

    def _check_nodes(self) -> None:
        """Ask every node which model it has.

        Raises
        ------
        Problem
            If a node has no Twokey, or another one.
        """
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        ask = self.ray.remote(num_cpus=0)(_stamp)
        nodes = [n for n in self.ray.nodes() if n["Alive"]]
        asked = [
            ask.options(scheduling_strategy=NodeAffinitySchedulingStrategy(n["NodeID"], soft=False)).remote()
            for n in nodes
        ]
        for node, reply in zip(nodes, asked, strict=True):
            name = node["NodeManagerAddress"]
            try:
                same = self.ray.get(reply, timeout=120) == model_stamp()
            except self.ray.exceptions.RayError as error:
                said = str(error).strip().splitlines()[-1]
                raise Problem(
                    "--on", f"node {name}: {said}", "this version of Twokey on every node", "install it there"
                ) from None
            if not same:
                raise Problem(
                    "--on", f"node {name}, which has another model", "this version of Twokey on every node",
                    "install the same version there",
                )  # fmt: skip

    def count(self) -> int:
        """Return the number of processors of the cluster."""
        return max(1, int(self.ray.cluster_resources().get("CPU", 1)))

    def submit(self, first: int, last: int) -> None:
        """Hand units to the cluster; Ray does them again elsewhere if a node is lost."""
        self.busy[self.task.remote(self.plan, first, last)] = (first, last)

    def wait(self) -> list[Done]:
        """Return the chunks that are done, at least one.

        Raises
        ------
        Problem
            If a chunk failed on the cluster, again and again.
        """
        done, _ = self.ray.wait(list(self.busy), num_returns=1)
        try:
            return [(*self.busy.pop(one), *self.ray.get(one)) for one in done]
        except self.ray.exceptions.RayError as error:
            said = str(error).strip().splitlines()[-1]
            raise Problem("--on", f"a chunk that failed on the cluster: {said}", "one that is done",
                          "mend the node and run it again: what is done stays done") from None  # fmt: skip

    def close(self) -> None:
        """Leave the cluster."""
        self.ray.shutdown()


def _stamp() -> str:
    return model_stamp()


def _work(plan: Plan, first: int, last: int) -> tuple[bytes, float]:
    alone()
    return work(plan, first, last)
