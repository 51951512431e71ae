"""Closed forms of continuous batching against a simulation of its steps, event by event."""

from __future__ import annotations

import random
from collections import deque
from itertools import pairwise
from statistics import mean

import pytest

from twokey.perf.serving.queueing import steady, token_quantile_s, ttft_quantile_s

POINTS = [(1, 0.010), (64, 0.016), (256, 0.034), (1024, 0.106)]


def plain(sequences: int) -> float:
    for (a, ta), (b, tb) in pairwise(POINTS):
        if sequences <= b:
            return ta if sequences <= a else ta + (tb - ta) * (sequences - a) / (b - a)
    return POINTS[-1][1]


def simulate(
    rate: float, steps: int, extra: float, together: int, requests: int, seed: int = 1
) -> tuple[list[float], list[float]]:
    """Return TTFT and TPOT of requests, the first tenth left out: steps carry waiting prompts, others advance."""
    rng = random.Random(seed)
    arrivals, now = deque[float](), 0.0
    for _ in range(requests):
        now += rng.expovariate(rate)
        arrivals.append(now)
    clock, waiting, running = 0.0, deque[float](), deque[tuple[int, float]]()
    ttft, tpot, done = [], [], 0  # running: (step at which it ends, when its first token came)
    while arrivals or waiting or running:
        while arrivals and arrivals[0] <= clock:
            waiting.append(arrivals.popleft())
        taken = [waiting.popleft() for _ in range(min(together, len(waiting)))]
        clock += plain(len(running)) + extra * len(taken) if running or taken else plain(0)
        done += 1
        for came in taken:
            ttft.append(clock - came)
            running.append((done + steps, clock))
        while running and running[0][0] <= done:
            tpot.append((clock - running.popleft()[1]) / steps)
    skip = requests // 10
    return ttft[skip:], tpot[skip:]


def at(values: list[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]


@pytest.mark.parametrize(
    ("rate", "steps", "extra", "together"),
    [
        (2.0, 200, 0.060, 1),
        (6.0, 200, 0.060, 1),
        (10.0, 200, 0.060, 1),
        (4.0, 500, 0.120, 1),
        (20.0, 100, 0.020, 8),
        (12.0, 400, 0.020, 8),
        (60.0, 50, 0.008, 16),
    ],
)
def test_closed_forms_agree_with_the_simulation(rate: float, steps: int, extra: float, together: int) -> None:
    load = steady(rate, steps, POINTS, extra, together)
    assert load is not None
    ttft, tpot = simulate(rate, steps, extra, together, requests=8000)
    assert token_quantile_s(load, steps) == pytest.approx(mean(tpot), rel=0.05)
    assert token_quantile_s(load, steps, 0.99) == pytest.approx(at(tpot, 0.99), rel=0.10)
    assert ttft_quantile_s(load) == pytest.approx(mean(ttft), rel=0.15)
    assert ttft_quantile_s(load, 0.99) == pytest.approx(at(ttft, 0.99), rel=0.25)


def test_a_rate_that_cannot_be_held_has_no_steady_state() -> None:
    assert steady(17.0, 200, POINTS, 0.060) is None  # prompts alone take all the time
    assert steady(100.0, 500, POINTS, 0.002, 8) is None  # more in flight than there is room
    ttft, _ = simulate(17.0, 200, 0.060, 1, requests=2000)
    assert mean(ttft[-200:]) > 3 * mean(ttft[:200])  # the queue grows without end


def test_times_rise_with_the_rate() -> None:
    loads = [steady(rate, 200, POINTS, 0.06) for rate in (1.0, 4.0, 8.0, 11.0)]
    for call in (ttft_quantile_s, lambda x: token_quantile_s(x, 200, 0.99)):
        values = [call(load) for load in loads if load is not None]
        assert len(values) == 4
        assert values == sorted(values)
