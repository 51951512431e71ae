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

START = {"sequence_us": 5.0, "layer_us": 20.0, "eager_layer_us": 600.0}
OWN = "expert_launch_share"
BOUNDS = {"sequence_us": (0.5, 50.0), "layer_us": (0.1, 60.0), "eager_layer_us": (50.0, 2000.0), OWN: (0.1, 1.0)}
TOGETHER = (1.0, 512.0, 1024.0, 2048.0, 4096.0, 8192.0)
"""Tokens of prompts that share a step: the power of two with the least loss is taken (1: one prompt a step)."""


def fit_serve(known: Groups) -> Found:
    """Fit four coefficients for all frameworks together, and one of TensorRT-LLM.

    Its table of experts holds layers without a gate whose fixed time is far above that of its served models.
    """
    rows = [r for r in read_rows() if r.system == "h100_sxm"]
    if not rows:
        raise SystemExit("silicon-tpot.csv is absent: set MEASURED to the folder that holds it")
    measured = np.array([r.tpot_s for r in rows])
    tried = []
    for tokens in TOGETHER:

        def residual(v: dict[str, float], tokens: float = tokens) -> NDArray[np.float64]:
            fitted = replace(read(), groups=known | _groups(v, tokens))
            return np.log([r.predict(fitted) for r in rows] / measured)

        v, loss = fit(residual, START | {OWN: 0.4}, BOUNDS, 15)
        print(f"  serve: loss {loss:.3f} on {len(rows)} rows with {tokens:g} tokens of prompts together")
        tried.append((loss, tokens, v))
    _, tokens, v = min(tried, key=lambda found: found[0])
    return {name: (group, "fit-serve-h100") for name, group in _groups(v, tokens).items()}


def _groups(v: dict[str, float], tokens: float) -> Groups:
    return {"serve": {k: x for k, x in v.items() if k != OWN} | {"group_tokens": tokens}, "serve-trtllm": {OWN: v[OWN]}}
