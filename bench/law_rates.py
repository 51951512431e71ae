"""How fast the law answers: exact verdicts, the array reading, and the cold start of `twokey check`."""

from __future__ import annotations

import datetime as dt
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from twokey import api
from twokey.law.assess import assess
from twokey.law.bulk import answer_rows
from twokey.law.region import FACTS
from twokey.law.screen import lawful_region, mask

COUNTRIES = (
    *("CN", "HK", "MO", "SG", "MY", "AE", "SA", "VN", "DE", "JP"),
    *("TW", "IN", "IL", "RU", "KZ", "BR", "GB", "KR", "TH", "ID"),
)


def exact_rate(seconds: float = 3.0) -> tuple[float, float]:
    """Return verdicts per second on one core and the median time of one [1/s, ms], reasons and both keys included."""
    sheets = [c.item for c in api.chips()]
    days = [dt.date(2022, 10, 21), dt.date(2023, 11, 17), dt.date(2025, 4, 17), dt.date(2026, 2, 1)]
    trades = [api.trade(to="CN", on=d, seat="CN") for d in days]
    for sheet in sheets:
        for trade in trades:
            assess(sheet, trade)
    spent: list[float] = []
    start = time.process_time()
    while time.process_time() - start < seconds:
        for trade in trades:
            for sheet in sheets:
                begin = time.perf_counter()
                assess(sheet, trade).to_json()
                spent.append(time.perf_counter() - begin)
    return len(spent) / (time.process_time() - start), statistics.median(spent) * 1e3


def array_rate(designs: int = 1_000_000, rounds: int = 5) -> float:
    """Return designs per second of the array reading on one core, under the law of 2025-04-17 [1/s]."""
    region = lawful_region(api.trade(to="CN", on="2025-04-17"), seller="nvidia", datacentre=True)
    rng = np.random.default_rng(0)
    facts = np.empty((len(FACTS), designs))
    facts[0] = rng.uniform(200, 6000, designs)
    facts[1] = rng.uniform(0.5, 8, designs)
    facts[2] = rng.uniform(200, 4000, designs)
    facts[3] = rng.uniform(100, 1200, designs)
    facts[4] = facts[2] + facts[3]
    mask(region, facts)
    start = time.process_time()
    for _ in range(rounds):
        mask(region, facts)
    return designs * rounds / (time.process_time() - start)


def bulk_rate(count: int = 100_000, seed: int = 3) -> float:
    """Return trades per second of a table answered on two processes, JSON text included [1/s, wall].

    The trades are random: every catalogue chip, four years of days, twenty destinations and seats, few alike.
    """
    rng = random.Random(seed)
    names = [c.id for c in api.chips()]
    rows = [
        (
            str(i),
            {
                "item": rng.choice(names),
                "on": str(dt.date(2022, 8, 1) + dt.timedelta(days=rng.randrange(1500))),
                "to": rng.choice(COUNTRIES),
                "end_user_seat": rng.choice(COUNTRIES),
            },
        )
        for i in range(count)
    ]
    begin = time.perf_counter()
    answered = sum(1 for _ in answer_rows(iter(rows), processes=2))
    assert answered == count
    return count / (time.perf_counter() - begin)


def cold_start(runs: int = 15) -> tuple[float, float]:
    """Return the median and largest wall time of a fresh `twokey check` process [s]."""
    command = [str(Path(sys.executable).with_name("twokey")), "check", "nvidia-h20", "--to", "CN", "--on", "2025-04-17"]
    spent = []
    for _ in range(runs + 1):
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        spent.append(time.perf_counter() - begin)
    return statistics.median(spent[1:]), max(spent[1:])


def main() -> None:
    """Print the rates."""
    print("load average {:.1f} {:.1f} {:.1f}; the rates want an idle machine".format(*os.getloadavg()))
    rate, median = exact_rate()
    print(f"exact verdicts, both keys with reasons, one core   {rate:>12,.0f} /s   median {median:.3f} ms")
    print(f"a table of random trades, two processes              {bulk_rate():>10,.0f} /s")
    print(f"array reading of the law, one core                 {array_rate():>12,.0f} designs/s")
    middle, worst = cold_start()
    print(f"cold start of `twokey check`                       {middle:>12.3f} s    largest {worst:.3f} s")


if __name__ == "__main__":
    main()
