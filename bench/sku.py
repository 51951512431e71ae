"""How long `sku` takes, and how far its answers differ between seeds; exits 1 when a run is over ten seconds."""

from __future__ import annotations

import sys
import time

from twokey.trade.inputs import shipped
from twokey.trade.sku import decide

DRAWS = 100_000
LIMIT_S = 10.0
SEEDS = (1, 2, 3)


def main() -> int:
    """Print time, advice and spread between seeds for every shipped decision; return 0 when all are in time."""
    slow = False
    for name in shipped():
        print(name)
        for seed in SEEDS:
            start = time.perf_counter()
            a = decide(name, draws=DRAWS, seed=seed)
            took = time.perf_counter() - start
            slow |= took > LIMIT_S
            print(
                f"  seed {seed}: {took:5.2f} s  commit {a.commit_units:>9,d} units ({a.commit_usd / 1e9:.2f}e9 USD)  "
                f"mean {a.value.mean_usd / 1e9:6.3f} P5 {a.value.p5_usd / 1e9:6.3f}  P95 {a.value.p95_usd / 1e9:6.3f}  "
                f"waiting {a.value_of_waiting_usd / 1e9:+.3f}"
            )
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
