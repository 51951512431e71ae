"""Fits of matrix products: 16-bit shapes of A100 and H100 together, and the quantising kernels of 8-bit products."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import tables
from printed import layer_products, printed
from solver import fit
from twokey.perf.fitted.chip import RealChip, named
from twokey.perf.fitted.coefficients import Coefficients
from twokey.perf.fitted.gemm import gemm_core_s
from twokey.perf.fitted.operators import quantise_s

Groups = dict[str, dict[str, float]]
Found = dict[str, tuple[dict[str, float], str]]

SHARED = {
    "dram_efficiency": 0.84,
    "units_in_flight": 1.5,
    "flight_exponent": 0.3,
    "cache_share": 0.6,
    "reread": 0.7,
}
ENERGY = {"energy_fine_pJ": 0.6}
COARSE_pJ = 0.9
"""Energy of an operation in 7 nm [pJ]: A100 stays below its power limit, so that its rows do not say."""
OWN = {
    "narrow": {
        "array_efficiency": 0.85,
        "tile_cycles": 4000.0,
        "cache_rate": 0.9,
        "split_cycles": 2500.0,
        "overlap": 2.0,
    },
    "wide": {
        "array_efficiency": 0.85,
        "tile_cycles": 1500.0,
        "cache_rate": 1.3,
        "split_cycles": 4000.0,
        "overlap": 4.0,
    },
}
BOUNDS = {
    "reread": (0.05, 1.0),
    "narrow:cache_rate": (0.5, 3.0),
    "wide:cache_rate": (0.5, 3.0),
    "cache_share": (0.2, 1.0),
    "narrow:array_efficiency": (0.6, 1.0),
    "wide:array_efficiency": (0.6, 1.0),
    "units_in_flight": (0.3, 8.0),
    "flight_exponent": (0.05, 1.0),
    "dram_efficiency": (0.7, 0.95),
    "narrow:overlap": (1.2, 6.0),
    "wide:overlap": (1.3, 6.0),
}
IDLE_SHARE = 0.15
HELD = {"idle_share": IDLE_SHARE, "energy_coarse_pJ": COARSE_pJ}
RESTARTS = 5
"""Fits begun anew from values moved at random, the best of which is taken: the loss has several hollows."""
PRINTED_WEIGHT = 30.0
"""Weight of the 14 products LLMCompass printed, against 2,500 rows of a table."""
LAYER_WEIGHT = 80.0
"""Weight of the eight products of its GPT-3 layer."""
FOUR_BIT_SHARE = 0.25
"""Share of the lanes' cycles that narrowing to four bits takes: no exchange among threads, no arithmetic to round."""
SYSTEMS = {"narrow": "a100_sxm", "wide": "h100_sxm"}
FROM = {"narrow": ("vllm",), "wide": ("trtllm", "sglang", "vllm")}
"""On A100 the other frameworks' rows are 10-15% slower on large products than vLLM's, which agree with the times
that LLMCompass printed for the same chip."""


def shortest_kernel_us() -> float:
    """Return what the shortest kernels of H100's tables take: short convolutions of few tokens, in a graph [us].

    Products alone do not tell the launch from the cycles of the first tile.
    """
    found = []
    for framework in ("sglang", "vllm"):
        d = tables.rows("h100_sxm", framework, "gdn")
        times = d["latency_s"][np.array(["conv1d_update" in name for name in d["kernel_source"]])]
        found.append(float(np.median(np.sort(times)[:20])))
    return 1e6 * float(np.mean(found))


def fit_gemm(_known: Groups) -> Found:
    """Fit 16-bit products: 2,500 shapes of each chip, and the products LLMCompass printed, with their host gap."""
    held = HELD | {"launch_us": shortest_kernel_us()}
    data = {kind: tables.sample(tables.gemm(system, frameworks=FROM[kind]), 2500) for kind, system in SYSTEMS.items()}
    products, printed_s = printed("matmul")
    layer, layer_s = layer_products()
    start = {"gap_us": 22.0} | SHARED | ENERGY | {f"{kind}:{k}": v for kind, own in OWN.items() for k, v in own.items()}

    def residual(v: dict[str, float]) -> NDArray[np.float64]:
        out = []
        for kind, d in data.items():
            c = {k.removeprefix(kind + ":"): x for k, x in v.items()} | held
            predicted = c["launch_us"] * 1e-6 + gemm_core_s(
                named(tables.CHIPS[SYSTEMS[kind]]), c, d["m"], d["n"], d["k"]
            )
            out.append(np.log(predicted / d["latency_s"]))
            if kind == "narrow":
                gap = (c["launch_us"] + v["gap_us"]) * 1e-6
                for weight, shapes, times in (
                    (PRINTED_WEIGHT, products, printed_s),
                    (LAYER_WEIGHT, layer, layer_s),
                ):
                    core = gemm_core_s(named("nvidia-a100"), c, *shapes.T)
                    out.append(weight * np.log((gap + core) / times))
        return np.concatenate(out)

    v, loss = fit(residual, start, BOUNDS, 80)
    rng = np.random.default_rng(0)
    for _ in range(RESTARTS):
        moved = {name: value * float(np.exp(0.15 * rng.standard_normal())) for name, value in v.items()}
        again, other = fit(residual, moved, BOUNDS, 80)
        v, loss = (again, other) if other < loss else (v, loss)
    print(f"gemm: loss {loss:.3f}")
    found: Found = {
        "power": (HELD | {k: v[k] for k in ENERGY}, "fit-gemm"),
        "launch": ({"launch_us": held["launch_us"]}, "fit-launch-h100"),
        "gemm": ({k: v[k] for k in SHARED}, "fit-gemm"),
    }
    for kind, own in OWN.items():
        found[f"gemm-{kind}"] = ({k: v[f"{kind}:{k}"] for k in own}, f"fit-gemm-{kind}")
    return found


def of_products(known: Groups, kind: str) -> dict[str, float]:
    """Return the coefficients of products of a class of cores, narrow or wide."""
    return Coefficients("", known, {}).gemm(kind == "wide")


def fit_quantise(known: Groups) -> Found:
    """Fit what quantising the left operand costs: a fixed time and passes over it, by framework, on H100."""
    chip = named("nvidia-h100")
    c = of_products(known, "wide")
    found: Found = {}
    pooled = []
    for framework in ("trtllm", "sglang", "vllm"):
        d = tables.sample(tables.where(tables.rows("h100_sxm", framework, "gemm"), gemm_dtype="fp8"), 2000)
        core = eight_bit_core(chip, c, d, splits=framework == "trtllm")
        pooled.append((d, core))
        found[f"quantise-{framework}"] = (_quantise(chip, c, [(d, core)]), "fit-fp8-h100")
    found["quantise"] = (_quantise(chip, c, pooled), "fit-fp8-h100")
    found["quantise-four"] = ({"lane_share": FOUR_BIT_SHARE}, "assumption-quantise-four")
    return found


def eight_bit_core(chip: RealChip, c: dict[str, float], d: tables.Columns, *, splits: bool) -> NDArray[np.float64]:
    """Return the time of 8-bit products without launch and quantising [s]."""
    return gemm_core_s(chip, c, d["m"], d["n"], d["k"], a_bytes=1, b_bytes=1, rate=chip.rate(8), splits=splits)


def _quantise(
    chip: RealChip, c: dict[str, float], data: list[tuple[tables.Columns, NDArray[np.float64]]]
) -> dict[str, float]:
    def residual(v: dict[str, float]) -> NDArray[np.float64]:
        out = []
        for d, core in data:
            narrow = quantise_s(chip, c, v, d["m"] * d["k"])
            predicted = c["launch_us"] * 1e-6 + core + narrow
            out.append(np.log(predicted / d["latency_s"]))
        return np.concatenate(out)

    return fit(residual, {"fixed_us": 3.0, "lane_cycles": 30.0})[0]
