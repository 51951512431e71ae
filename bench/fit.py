"""Fit the coefficients of the operator model and write them: bench/fit.py [GROUP ...] [--write].

Rows fitted on: tables of A100 and H100, and operators on A100 printed by LLMCompass (folder MEASURED, default
../shared/measured). No row of another chip is read here. Without group names everything is fitted.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import yaml

import fit_attention
import fit_gemm
import fit_rest
import fit_serve

TARGET = Path(__file__).parent.parent / "src" / "twokey" / "data" / "perf" / "coefficients.yaml"
STAGES: dict[str, Callable[[dict[str, dict[str, float]]], dict[str, tuple[dict[str, float], str]]]] = {
    "gemm": fit_gemm.fit_gemm,
    "quantise": fit_gemm.fit_quantise,
    "decode": fit_attention.fit_decode,
    "prefill": fit_attention.fit_prefill,
    "mla": fit_attention.fit_mla,
    "state": fit_attention.fit_state,
    "moe": fit_rest.fit_moe,
    "all-reduce": fit_rest.fit_all_reduce,
    "vector": fit_rest.fit_vector,
    "serve": fit_serve.fit_serve,
}


NOTES = (
    "How the forms were chosen. No value was fitted on a chip other than A100 and H100. These forms were found",
    "because rows of other chips were seen to be off, so that those chips count as seen in form though not in value",
    "(B200 where nothing else is said): rounds of decode attention in bytes of the shared cache rather than in",
    "cycles, and the filling and draining of its cores in such rounds rather than in a time (A100 and H100 are fitted",
    "alike either way); decode attention of paired cores like the fastest kernel of H100 (a fit on B200 was looked at",
    "and thrown away), and of narrow cores from vLLM's rows of A100 alone (L40S); experts by the kernel a table",
    "names, Triton's on single cores; what the fused kernel of paired cores sorts, adds up and fills up to whole",
    "blocks; scaling of 8-bit results by the lanes; paired cores losing half as many cycles, and pairing only on two",
    "tiles of 128 rows; quantising bound by the lanes, and to four bits by fewer of them; and of served models a",
    "kernel that narrows operands to four bits, two parts of models (decision 13), and no filling of cores in serving",
    "(served rows of H100 speak for it under one form of the step and against it, by 4% of the loss, under the",
    "present one).",
    "Chosen by the loss on A100 and H100 alone: cycles lost by the arrays rather than a share (8-bit rows of H100), a",
    "rate of the shared cache for each class of cores, tiles within half of the registers, whole waves on narrow",
    "cores, no more rows of an operand fetched than there are, the launch from the shortest kernels of H100; what",
    "lies in the shared cache beside the rounds of decode attention, a time for each part joined, query heads taken",
    "singly (H100's rows of TensorRT-LLM, and its source); copying of keys and transfers beside the tiles of prefill",
    "attention; sorting of rows by expert; chunks of a gated delta rule; and steps that carry prompts. Scores of",
    "H200, B200 and L40S were on the screen meanwhile: they are blind in value only.",
    "Integer products have no scales by block, and arrays of Huawei lose a share of their peak as a cited table of",
    "operators says rather than cycles, since a published prefill rate of Ascend 910C was seen to be far off. The",
    "cycles of the arrays were looked for because an earlier trial was known to miss H20 by 10%. No operator row of",
    "H20, MI210 or Ascend has been seen. The eight products of the printed GPT-3 layer weigh 80 rows each.",
)


HELD = {
    "power": {"idle_share": "assumption", "energy_coarse_pJ": "assumption"},
    "decode": dict.fromkeys(("cache_share", "least_rows"), "assumption") | {"most_rows": "trtllm-xqa"},
    "prefill": {"exponentials_per_clock": "flash-attention-3", "dram_efficiency": "assumption"},
}
"""Coefficients that are not fitted, by the first word of their group, and where they come from."""


def main() -> None:
    """Fit the groups asked for, print them, and write the data file if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", nargs="*", help="of " + ", ".join(STAGES))
    parser.add_argument("--write", action="store_true", help="write the data file")
    asked = parser.parse_args()
    document: dict[str, Any] = {"name": "a100-h100", "groups": {}}
    if TARGET.exists():
        document = yaml.safe_load(TARGET.read_text(encoding="utf-8"))
    groups = document["groups"]
    for stage in asked.stage or STAGES:
        began = time.perf_counter()
        known = {name: {k: float(v["value"]) for k, v in g.items()} for name, g in groups.items()}
        for name, (values, source) in STAGES[stage](known).items():
            print(f"{name:<22} " + ", ".join(f"{k} {v:.4g}" for k, v in values.items()))
            groups[name] = {
                key: {
                    "value": float(f"{value:.4g}"),
                    "source": _source(name, key, source),
                    "confidence": "derived",
                    "checked": "unverified",
                }
                for key, value in values.items()
            }
        print(f"{stage}: {time.perf_counter() - began:.0f} s")
        if asked.write:
            write(document)


def _source(group: str, key: str, fitted: str) -> str:
    if group == "decode-mla" and key == "least_rows":
        return fitted
    return HELD.get(group.split("-")[0], {}).get(key, fitted)


def write(document: dict[str, Any]) -> None:
    """Write the coefficients, a line each, after a head that says what they are."""
    lines = [
        "# Coefficients of the fitted operator model; written by bench/fit.py, not by hand.",
        "# Sources are keys of sources.yaml: what each group was fitted on. Units are in the names; others are ratios.",
        *(f"# {line}" for line in NOTES),
        f"name: {document['name']}",
        "groups:",
    ]
    for name, group in document["groups"].items():
        lines.append(f"  {name}:")
        for key, f in group.items():
            rest = ", ".join(f"{k}: {v}" for k, v in f.items() if k != "value")
            value = format(Decimal(f"{float(f['value']):.4g}"), "f")
            lines.append(f"    {key}: {{value: {value}, {rest}}}")
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
