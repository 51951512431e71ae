"""Rows of the accuracy table: errors, bars, what was absent, and the errors by class that intervals are made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Table"]

ERRORS = Path(__file__).parent.parent / "src" / "twokey" / "data" / "perf" / "errors.yaml"


class Table:
    """Prints rows as they come and gathers what they leave."""

    def __init__(self) -> None:
        """Start with no rows."""
        self.absent: list[str] = []
        self.classes: dict[str, list[NDArray[np.float64]]] = {}
        self.missed: list[str] = []
        self.met: list[str] = []
        head = f"{'rows':<62} {'ours: median/mean/p90':>22} {'bias':>7} {'count':>6}  {'bar':<19} {'':<6}"
        print(f"{head} {'fitted on':<22} peer")

    def row(
        self,
        name: str,
        predicted: ArrayLike,
        measured: ArrayLike,
        *,
        bar_median: float | None = None,
        bar_mean: float | None = None,
        peer: str = "",
        of: str = "",
        blind: bool = True,
    ) -> None:
        """Print one row; a class `of` makes its blind errors part of the intervals.

        Parameters
        ----------
        predicted, measured : array_like, (rows,) [s]
        bar_median, bar_mean : least accuracy aimed at [%]
        peer : what a peer reaches on the same rows
        """
        e = np.asarray(predicted, float) / np.asarray(measured, float) - 1
        a = 100 * np.abs(e)
        median, mean, p90, bias = np.median(a), a.mean(), np.percentile(a, 90), 100 * np.median(e)
        bars = (("median", bar_median), ("mean", bar_mean))
        aims = [f"{word} {value:g}" for word, value in bars if value is not None]
        good = (bar_median is None or median <= bar_median) and (bar_mean is None or mean <= bar_mean)
        mark = "" if not aims else "met" if good else "MISSED"
        if aims:
            (self.met if good else self.missed).append(f"{name}: {median:.1f}/{mean:.1f}, bar {' '.join(aims)}")
        ours = f"{median:5.1f}/{mean:5.1f}/{p90:5.1f}"
        label = name + ("" if blind else " (fitted)")
        line = f"{label:<62} {ours:>22} {bias:+7.1f} {a.size:6d}  {' '.join(aims):<19} {mark:<6}"
        print(f"{line} {_fitted_on(name):<22} {peer}", flush=True)
        if of and blind:
            self.classes.setdefault(of, []).append(np.log1p(e))

    def lacking(self, name: str) -> None:
        """Note rows that cannot be scored here."""
        self.absent.append(name)

    def finish(self, *, write: bool) -> None:
        """Print what was absent or missed, and write the errors by class if asked."""
        print(f"bars met: {len(self.met)} of {len(self.met) + len(self.missed)}")
        for name in self.missed:
            print("bar missed: " + name)
        for name in self.absent or ["none"]:
            print("rows absent: " + name)
        if write and self.classes:
            lines = [
                "# Blind errors of the fitted model by class of operator; written by bench/accuracy.py --write.",
                "# low and high: measured over predicted at the 5th and 95th percentile, on chips that no coefficient",
                "# was fitted on (for all-reduce, serving and what has no such rows: see sources.yaml).",
                "classes:",
            ]
            for name, parts in sorted(self.classes.items()):
                ratio = np.exp(-np.concatenate(parts))
                low, middle, high = np.percentile(ratio, [5, 50, 95])
                lines.append(
                    f"  {name}: {{low: {low:.3f}, middle: {middle:.3f}, high: {high:.3f}, rows: {ratio.size}, "
                    "evidence: {source: blind-rows, confidence: derived, checked: unverified}}"
                )
            ERRORS.write_text("\n".join(lines) + "\n", encoding="utf-8")


_SOURCES = (
    ("training", "A100, H100 runs in part"),
    ("design engine", "times of the model"),
    ("fp8", "H100 fp8, A100 + H100"),
    ("nvfp4", "H100 fp8, A100 + H100"),
    ("GEMM", "A100 + H100 tables"),
    ("MoE", "H100 tables"),
    ("decode att", "H100 tables"),
    ("prefill att", "H100 tables"),
    ("  ", "as above"),
    ("NCCL", "A100, H100 tables"),
    ("GPT-3", "printed A100 operators"),
    ("eager", "printed A100 operators"),
    ("points", "A100, H100 tables"),
    ("TPOT", "H100 served rows"),
)
"""What a row's coefficients were fitted on, by a word of its name; the first that fits counts."""


def _fitted_on(name: str) -> str:
    return next((source for word, source in _SOURCES if word in name), "A100, H100")
