"""Fit of what a framework adds to the operators: comparable rows of served models on H100 only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from served import read_rows
from solver import fit
from twokey.perf.fitted.coefficients import read

Groups = dict[str, dict[str, float]]
Found = dict[str, tuple[dict[str, float], str]]

START = {"dense_launch_share": 0.4, "mixing": 1.0, "step_us": 500.0, "sequence_us": 5.0, "layer_us": 10.0}
BOUNDS = {"dense_launch_share": (0.2, 1.0), "mixing": (0.7, 1.3), "layer_us": (0.1, 40.0), "step_us": (50.0, 5000.0)}
BOUNDS |= {"expert_launch_share": (0.1, 1.0)}

OWN = "expert_launch_share"


def fit_serve(known: Groups) -> Found:
    """Fit five coefficients for all frameworks together, and one of TensorRT-LLM.

    Its table of experts holds layers without a gate whose fixed time is far above that of its served models.
    """
    rows = [r for r in read_rows() if r.system == "h100_sxm"]
    if not rows:
        raise SystemExit("silicon-tpot.csv is absent: set MEASURED to the folder that holds it")
    measured = np.array([r.tpot_s for r in rows])

    def residual(v: dict[str, float]) -> NDArray[np.float64]:
        fitted = replace(read(), groups=known | _groups(v))
        return np.log([r.predict(fitted) for r in rows] / measured)

    v, loss = fit(residual, START | {OWN: 0.5}, BOUNDS, 40)
    print(f"  serve: loss {loss:.2f} on {len(rows)} rows")
    return {name: (group, "fit-serve-h100") for name, group in _groups(v).items()}


def _groups(v: dict[str, float]) -> Groups:
    return {"serve": {k: x for k, x in v.items() if k != OWN}, "serve-trtllm": {OWN: v[OWN]}}
