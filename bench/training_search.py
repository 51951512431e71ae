"""The search over all layouts of GPT-3 on 512 devices: how many, how long, and whether it equals the plain function."""

from __future__ import annotations

import time

import numpy as np

from twokey.chips.catalogue import find as chip
from twokey.perf.fitted.chip import named
from twokey.perf.fitted.coefficients import read as operators
from twokey.perf.training.answer import best_strategy
from twokey.perf.training.figures import read
from twokey.perf.training.layout import Asked, machine
from twokey.perf.training.run import Run
from twokey.perf.training.search import KernelTable, evaluate
from twokey.perf.training.spaces import every_choice
from twokey.perf.training.step import steps
from twokey.perf.training.strategy import columns_of
from twokey.workloads.models import find

DEVICES, BATCH, LENGTH, SAMPLE = 512, 512, 2048, 2000


def main() -> None:
    """Print the best layout, the processor time, and the greatest difference from the plain function on a sample."""
    start = time.process_time()
    found = best_strategy(
        chip("nvidia-a100"), "gpt3-175b", DEVICES, every=True, batch=BATCH, input_len=LENGTH, precision="fp16"
    )
    spent = time.process_time() - start
    print(f"{found.strategies:,} strategies, {found.fitting:,} fit: {spent:.1f} CPU-s (bar 20)")
    print(f"best {found.step_s:.4g} s with {found.memory_bytes / 2**30:.1f} GiB: {found.best}")
    stack = read().stacks["megatron-2022"]
    costs, net = machine(named("nvidia-a100"), Asked(DEVICES), stack, operators(), read())
    run = Run(find("gpt3-175b"), LENGTH, BATCH, "fp16", fused_attention=False)
    rng = np.random.default_rng(0)
    sets = list(every_choice(run, DEVICES))
    sizes = np.array([len(c) for c in sets], float)
    drawn = []
    for i in rng.choice(len(sets), size=SAMPLE, p=sizes / sizes.sum()):
        drawn.append(sets[i].row(int(rng.integers(len(sets[i])))))
    columns = columns_of(drawn)
    shared = evaluate(KernelTable(costs, run), net, columns)[0]
    plain = np.array([float(steps(costs, run, net, columns_of([s])).total_s[0]) for s in drawn])
    same = int(np.argmin(shared)) == int(np.argmin(plain))
    apart = np.max(np.abs(shared / plain - 1))
    print(f"{SAMPLE} strategies one by one: greatest difference {apart:.1e}, same best: {same}")


if __name__ == "__main__":
    main()
