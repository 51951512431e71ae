"""Fit of the design engine's software stack: five numbers, against the fitted operator model on A100 and H100.

The engine that searches designs cannot run the operator model of real chips: it needs a bound for every box. It gets
five factors instead. Then it is held against that operator model on chips that no coefficient has seen, and against
measured times of served models. Prints; data/perf/software.yaml is written by hand from what it prints.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from solver import fit
from twokey.chips.catalogue import find
from twokey.perf.device import Device, from_chip
from twokey.perf.fitted.chip import from_catalogue
from twokey.perf.fitted.coefficients import read
from twokey.perf.fitted.serving import step_times
from twokey.perf.oracle import phase_time_ns
from twokey.workloads.build import workload_for
from twokey.workloads.operators import Phase, Software
from twokey.workloads.software import software_named

LAYOUTS = {  # model -> tp, ep, dp, precisions
    "llama-3-8b": (1, 1, 1, ("bf16", "fp8")),
    "llama-3-70b": (8, 1, 1, ("bf16", "fp8")),
    "qwen3-32b": (2, 1, 1, ("bf16", "fp8")),
    "mixtral-8x7b": (2, 1, 1, ("bf16", "fp8")),
    "qwen3-30b-a3b": (2, 2, 1, ("bf16", "fp8")),
    "qwen3-235b-a22b": (8, 8, 1, ("bf16", "fp8")),
    "deepseek-v3": (1, 32, 32, ("fp8",)),
}
FITTED = ("nvidia-a100", "nvidia-h100")
BLIND = ("nvidia-h200", "nvidia-h20", "nvidia-b200", "nvidia-l40s")
START = {"array": 0.9, "cache": 2.0, "dram": 0.8, "link": 0.7, "launch": 4000.0}
BOUNDS = {
    "array": (0.3, 1.0),
    "cache": (1.0, 4.0),
    "dram": (0.4, 1.0),
    "link": (0.2, 1.0),
    "launch": (500.0, 20000.0),
}


@dataclass(frozen=True)
class Point:
    """A phase on a chip and its time by the fitted operator model [s]."""

    kind: str
    phase: Phase
    device: Device
    time_s: float

    def predict(self, s: Software) -> float:
        """Return the time under a software stack [s]."""
        phase = replace(self.phase, software=s, launch_ns=s.launch_ns or 0.0)
        x = np.array(self.device.column())[:, None]
        return float(phase_time_ns(phase, x, self.device.rate8)[0]) * 1e-9


def points(name: str) -> list[Point]:
    """Return decode steps and prompts of several models and layouts on a chip."""
    chip, out = find(name), []
    device, real = from_chip(chip), from_catalogue(chip)
    for model, (tp, ep, dp, precisions) in LAYOUTS.items():
        for precision in precisions if device.rate8 == 2 else [p for p in precisions if p == "bf16"]:
            for batch in (1, 4, 16, 64, 256):
                for isl in (512, 4096):
                    w = workload_for(
                        model,
                        phase="serve",
                        devices=tp * dp,
                        tp=tp,
                        ep=ep,
                        dp=dp,
                        precision=precision,
                        batch=batch * dp,
                        input_len=isl,
                        output_len=512,
                    )
                    s = step_times(
                        real,
                        read(),
                        w.decode,
                        w.prefill,
                        sequences=batch,
                        prompts=1,
                        input_len=isl,
                        output_len=512,
                        carrying=False,
                    )
                    out.append(Point("decode", w.decode, device, s.decode_s))
                    if batch == 1:  # of five batches
                        kernels = sum(t for name, t, _ in s.prefill if name != "framework")  # not the host's launches
                        out += 5 * [Point("prefill", w.prefill, device, kernels)]
    return out


def stack(v: dict[str, float]) -> Software:
    """Return the software stack of five values."""
    return Software("trial", v["array"], v["cache"], v["dram"], v["link"], v["launch"])


def score(name: str, s: Software) -> None:
    """Print the difference to the operator model on one chip, by phase [%]."""
    some = points(name)
    for kind in ("decode", "prefill"):
        e = 100 * np.array([p.predict(s) / p.time_s - 1 for p in some if p.kind == kind])
        state = "fitted" if name in FITTED else "blind"
        line = f"median {np.median(abs(e)):5.1f}  mean {abs(e).mean():5.1f}  sided {np.median(e):+6.1f}"
        print(f"  {name:<14} {kind:<8} {state:<7} {len(e):4} points  {line}")


def main() -> None:
    """Fit, print the values, and score the stack that the project ships."""
    some = [p for name in FITTED for p in points(name)]
    time = np.array([p.time_s for p in some])

    def residual(v: dict[str, float]) -> NDArray[np.float64]:
        s = stack(v)
        found: NDArray[np.float64] = np.log(np.array([p.predict(s) for p in some]) / time)
        return found

    v, loss = fit(residual, START, BOUNDS, 20)
    print(f"  five factors: loss {loss:.3f} on {len(some)} points of {', '.join(FITTED)}")
    for name, value in v.items():
        print(f"    {name:<8} {value:.4g}")
    print("\n  the stack as shipped, against the operator model (absolute %)")
    for name in (*FITTED, *BLIND):
        score(name, software_named("fitted"))


if __name__ == "__main__":
    main()
