"""The largest rate of requests a deployment holds within targets for the first token and for each token."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from twokey.perf.serving.queueing import Load, steady, token_quantile_s, ttft_quantile_s
from twokey.perf.serving.replica import Replica
from twokey.quantities.problem import Problem

__all__ = ["CHUNK", "Targets", "at_rate", "curve", "largest_rate", "split_pools", "step_points"]

CHUNK = 8192
"""Tokens of prompts that one step carries at most [token]: the usual setting of serving frameworks."""

_POOL = 16
"""Most replicas of the smallest pair of pools that is looked for [1]."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Targets of a service (SLO): at most these times at a percentile of all requests.

    Parameters
    ----------
    ttft_s, tpot_s : time to the first token, mean time per output token of a request; None: no target [s]
    percentile : share of requests that must meet them, such as 99 or 50 [percent]
    """

    ttft_s: float | None = None
    tpot_s: float | None = None
    percentile: float = 99.0

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        for option, value in (("--slo-ttft", self.ttft_s), ("--slo-tpot", self.tpot_s)):
            if value is not None and not (math.isfinite(value) and value > 0):
                raise Problem(option, str(value), "a time above zero in seconds", "write it like 0.05")
        if not 0 < self.percentile < 100:
            raise Problem("--slo-percentile", str(self.percentile), "above 0 and below 100", "write 50, 95 or 99")

    @property
    def share(self) -> float:
        """The percentile as a share [1]."""
        return self.percentile / 100.0


def step_points(replica: Replica, most: int) -> list[tuple[int, float]]:
    """Return (sequences, time of a step [s]) at powers of two up to the most that fit, and there."""
    sizes = [1]
    while sizes[-1] * 2 < most:
        sizes.append(sizes[-1] * 2)
    if most > sizes[-1]:
        sizes.append(most)
    points, longest = [], 0.0
    for size in sizes:
        longest = max(longest, replica.step_s(size))  # a larger batch is never taken to be faster
        points.append((size, longest))
    return points


class _Station:
    """A replica with its step times computed once."""

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self.most = replica.most_sequences()
        if not self.most:
            needed = replica.memory_bytes(1)
            raise Problem(
                "--devices",
                f"{replica.capacity_bytes / 1e9:.4g} GB a device",
                f"{needed / 1e9:.4g} GB for weights and one sequence",
                "use more devices, a narrower precision or --pp",
            )
        self.points = step_points(replica, self.most)
        middle = self.points[len(self.points) // 2][0]
        self.extra = replica.extra_s(middle)
        self.steps = replica.output_len / replica.yields
        new = max(1.0, replica.input_len * (1.0 - replica.prefix_hit))
        self.together = max(1, int(CHUNK // new))

    def load(self, rate_per_s: float) -> Load | None:
        found = steady(rate_per_s, self.steps, self.points, self.extra, self.together)
        if found is None:
            return None
        crowd = found.sequences + NormalDist().inv_cdf(0.99) * math.sqrt(found.sequences)
        return found if crowd <= self.most or found.sequences < 1 else None


def _times(load: Load, tokens: float, share: float) -> dict[str, float]:
    return {
        "ttft_mean_s": ttft_quantile_s(load),
        "ttft_quantile_s": ttft_quantile_s(load, share),
        "tpot_mean_s": token_quantile_s(load, tokens),
        "tpot_quantile_s": token_quantile_s(load, tokens, share),
    }


def _broken(times: dict[str, float], targets: Targets) -> str | None:
    if targets.ttft_s is not None and times["ttft_quantile_s"] > targets.ttft_s:
        return "ttft"
    if targets.tpot_s is not None and times["tpot_quantile_s"] > targets.tpot_s:
        return "tpot"
    return None


def at_rate(replica: Replica, rate_per_s: float, targets: Targets) -> dict[str, Any]:
    """Return how a deployment of all its replicas behaves at a rate of requests.

    Parameters
    ----------
    replica : one attention rank
    rate_per_s : requests a second to all dp ranks together [1/s]

    Returns
    -------
    dict
        rate_per_s [1/s], sequences in flight over all replicas, ttft and tpot, mean and at the percentile [s],
        tokens_per_s_per_device [token/s], holds (all targets), limit (what is broken first: ttft, tpot, load, none)

    Raises
    ------
    Problem
        If the rate is not above zero, or the model does not fit.
    """
    if not (math.isfinite(rate_per_s) and rate_per_s > 0):
        raise Problem("--rate", str(rate_per_s), "requests a second above zero", "write it like 2.5")
    return _describe(_Station(replica), rate_per_s / replica.layout.dp, targets)


def _describe(station: _Station, rate_per_s: float, targets: Targets) -> dict[str, Any]:
    replica, dp = station.replica, station.replica.layout.dp
    load = station.load(rate_per_s)
    if load is None:
        return {"rate_per_s": rate_per_s * dp, "holds": False, "limit": "load"}
    times = _times(load, replica.output_len, targets.share)
    broken = _broken(times, targets)
    return {
        "rate_per_s": rate_per_s * dp,
        "sequences": load.sequences * dp,
        **times,
        "percentile": targets.percentile,
        "tokens_per_s_per_device": rate_per_s * replica.output_len / replica.devices,
        "holds": broken is None,
        "limit": broken or "none",
    }


def largest_rate(replica: Replica, targets: Targets) -> dict[str, Any]:
    """Return the largest rate of requests at which a deployment holds its targets, and how it behaves there.

    Returns
    -------
    dict
        as `at_rate`, and `limit`: what the next request a second breaks (ttft, tpot, or load: memory and throughput).
        A rate of 0 and `holds` false where even a lone request breaks a target

    Raises
    ------
    Problem
        If the model does not fit.

    Notes
    -----
    Bisection: all times rise with the rate.
    """
    station = _Station(replica)

    def good(rate: float) -> str | None:
        load = station.load(rate)
        if load is None:
            return "load"
        return _broken(_times(load, replica.output_len, targets.share), targets)

    low = 1e-6
    if (why := good(low)) is not None:
        return {"rate_per_s": 0.0, "holds": False, "limit": why, "percentile": targets.percentile}
    high = 1.0
    while good(high) is None:
        low, high = high, high * 2.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        if good(middle) is None:
            low = middle
        else:
            high = middle
    return _describe(station, low, targets) | {"limit": good(high) or "none"}


def curve(replica: Replica) -> list[dict[str, float]]:
    """Return time per output token and throughput against the sequences in flight, up to what fits.

    Returns
    -------
    list of dict
        sequences over all replicas [1], tpot_s with the prompts of others in between [s], tokens_per_s_per_device and
        tokens_per_s_per_user [token/s]

    Notes
    -----
    A replica that always holds n sequences starts one whenever one ends, so that each answer meets n - 1 prompts:
    TPOT = (steps x plain(n) + (n - 1) x extra) / tokens, the steady state of `queueing.steady` without its queue.
    """
    station = _Station(replica)
    tokens = float(replica.output_len)
    out = []
    for sequences, plain in station.points:
        tpot = (station.steps * plain + (sequences - 1) * station.extra) / tokens
        out.append(
            {
                "sequences": float(sequences * replica.layout.dp),
                "tpot_s": tpot,
                "tokens_per_s_per_device": sequences / tpot / replica.devices,
                "tokens_per_s_per_user": 1.0 / tpot,
            }
        )
    return out


def split_pools(replica: Replica, targets: Targets) -> dict[str, Any]:
    """Return the best pair of pools, one for prompts and one for decoding, and what it yields.

    Returns
    -------
    dict
        prefill_replicas, decode_replicas (the pair of at most 16 that yields most a device), rate_per_s of the pair
        [1/s], tokens_per_s_per_device [token/s], sequences of a decode replica, ttft_quantile_s, tpot_quantile_s,
        transfer_s (keys and values to the other pool) [s], limit (the pool that bounds), holds

    Raises
    ------
    Problem
        If the model does not fit.

    Notes
    -----
    A prefill replica serves one prompt at a time, waiting as in M/D/1 (`ttft_quantile_s` without vacations); the
    first token comes after the transfer, of which the last layer's part cannot be hidden, and one decode step. A
    decode replica is a `steady` state without prompts. Prompts are dealt to the replicas of a pool, not pooled: the
    rate of a pool is that of one replica times their number.
    """
    station = _Station(replica)
    prompt, transfer = replica.prompt_s(), replica.cache_transfer_s()
    share, tokens = targets.share, float(replica.output_len)

    def first(rate: float, step: float) -> float:
        rho = rate * prompt
        if rho >= 1:
            return math.inf
        wait = rho * prompt / (2 * (1 - rho))
        tail = wait / rho * math.log(rho / (1 - share)) if rho > 1 - share else 0.0
        return max(tail, 0.0) + prompt + transfer / max(1, replica.model.layers) + step

    def decode(rate: float) -> Load | None:
        found = steady(rate, station.steps, station.points, 0.0, station.together)
        if found is None or found.sequences + 2.33 * math.sqrt(found.sequences) > max(station.most, 4):
            return None
        late = targets.tpot_s is not None and token_quantile_s(found, tokens, share) > targets.tpot_s
        return None if late else found

    most_decode = _largest(lambda rate: decode(rate) is not None)
    load = decode(most_decode) if most_decode else None
    if load is None:
        return {"rate_per_s": 0.0, "holds": False, "limit": "tpot"}
    limit_s = math.inf if targets.ttft_s is None else targets.ttft_s
    most_prefill = _largest(lambda rate: rate * prompt < 0.98 and first(rate, load.step_s) <= limit_s)
    if not most_prefill:
        return {"rate_per_s": 0.0, "holds": False, "limit": "ttft"}
    pairs = [(a, b) for a in range(1, _POOL) for b in range(1, _POOL + 1 - a)]
    a, b = max(pairs, key=lambda p: (min(p[0] * most_prefill, p[1] * most_decode) / (p[0] + p[1]), -p[0] - p[1]))
    rate = min(a * most_prefill, b * most_decode)
    at = decode(rate / b) or load
    return {
        "prefill_replicas": a,
        "decode_replicas": b,
        "devices": (a + b) * replica.devices,
        "rate_per_s": rate,
        "tokens_per_s_per_device": rate * tokens / ((a + b) * replica.devices),
        "sequences": at.sequences,
        "ttft_quantile_s": first(rate / a, at.step_s),
        "tpot_quantile_s": token_quantile_s(at, tokens, share),
        "transfer_s": transfer,
        "limit": "prefill" if a * most_prefill <= b * most_decode else "decode",
        "holds": True,
    }


def _largest(good: Any) -> float:
    """Return the largest rate that is good, where all below it are; 0 if none is [1/s]."""
    low, high = 1e-6, 1.0
    if not good(low):
        return 0.0
    while good(high) and high < 1e9:
        low, high = high, high * 2.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if good(middle) else (low, middle)
    return low
