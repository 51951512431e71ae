"""The parts of an estimate that a service adds: targets, rates, pools, curves, cost."""

from __future__ import annotations

from typing import Any

from twokey.perf.serving.capacity import Targets, at_rate, curve, largest_rate, split_pools
from twokey.perf.serving.money import device_hour_usd, usd_per_mtok
from twokey.perf.serving.replica import Replica
from twokey.quantities.problem import Problem

__all__ = ["OPTIONS", "service_answer"]

OPTIONS = (
    "slo_ttft_s",
    "slo_tpot_s",
    "slo_percentile",
    "rate_per_s",
    "disaggregate",
    "curve",
    "usd_per_device_hour",
    "device_usd",
    "power_W",
    "usd_per_kWh",
)
"""Options of a service beyond those of a replica."""


def service_answer(replica: Replica, tokens_per_s_per_device: float, options: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a service that its options ask for.

    Parameters
    ----------
    replica : one attention rank of the deployment
    tokens_per_s_per_device : of the steady point of the estimate [token/s]
    options : of `OPTIONS`

    Returns
    -------
    dict
        `slo` (the largest rate that holds the targets, as `capacity.largest_rate`), `at_rate` (as
        `capacity.at_rate`), `disaggregated` (as `capacity.split_pools`), `curve` (as `capacity.curve`),
        `two_batch_gain`, `cost` (usd_per_device_hour; usd_per_mtok at the steady point, and at the largest rate of
        one pool and of two where they were asked for)

    Raises
    ------
    Problem
        If an option cannot be used, or the model does not fit.
    """
    if unknown := set(options) - set(OPTIONS):
        raise Problem("estimate", ", ".join(sorted(unknown)), "options of a service", "leave them out")
    given = {k: v for k, v in options.items() if v is not None and v is not False}
    targets = Targets(given.get("slo_ttft_s"), given.get("slo_tpot_s"), given.get("slo_percentile", 99.0))
    out: dict[str, Any] = {}
    if targets.ttft_s is not None or targets.tpot_s is not None:
        out["slo"] = largest_rate(replica, targets)
    if "rate_per_s" in given:
        out["at_rate"] = at_rate(replica, given["rate_per_s"], targets)
    if given.get("disaggregate"):
        out["disaggregated"] = split_pools(replica, targets)
    if given.get("curve"):
        out["curve"] = curve(replica)
    if (cost := _cost(given)) is not None:
        rates = {"usd_per_mtok": tokens_per_s_per_device}
        for name in ("slo", "disaggregated"):
            if out.get(name, {}).get("tokens_per_s_per_device"):
                rates[f"usd_per_mtok_{name}"] = out[name]["tokens_per_s_per_device"]
        out["cost"] = {"usd_per_device_hour": cost} | {k: usd_per_mtok(cost, v) for k, v in rates.items()}
    return out


def _cost(given: dict[str, Any]) -> float | None:
    if "usd_per_device_hour" in given:
        return float(given["usd_per_device_hour"])
    if "device_usd" in given:
        more = {k: given[k] for k in ("power_W", "usd_per_kWh") if k in given}
        return device_hour_usd(given["device_usd"], **more)
    return None
