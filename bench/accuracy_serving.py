"""Accuracy of served models: time per output token, beside aiconfigurator on the same rows."""

from __future__ import annotations

import numpy as np

from accuracy_table import Table
from printed import MEASURED
from served import Row, read_rows
from twokey.perf.fitted.coefficients import read

__all__ = ["run"]


def run(table: Table) -> None:
    """Score every comparable row by chip, then those of chips not fitted by kind of model."""
    rows = read_rows()
    if not rows:
        table.lacking(f"silicon-tpot.csv in {MEASURED.name}: set MEASURED to the folder that holds it")
        return
    predicted = np.array([r.predict(read()) for r in rows])

    def score(name: str, keep: list[bool], **more: object) -> None:
        at = np.flatnonzero(keep)
        some = [rows[i] for i in at]
        table.row(name, predicted[at], [r.tpot_s for r in some], peer=_peer(some), **more)  # type: ignore[arg-type]

    for system in ("h100_sxm", "h200_sxm", "b200_sxm", "b300_sxm"):
        score(f"TPOT of served models, {system}", [r.system == system for r in rows], blind=system != "h100_sxm")
    blind = [r.system != "h100_sxm" for r in rows]
    score("TPOT, chips not fitted", blind, bar_median=8.0, bar_mean=11.0, of="tpot")
    moe = [b and (r.experts or r.attention == "mla") for b, r in zip(blind, rows, strict=True)]
    score("TPOT, chips not fitted, experts or MLA", moe, bar_median=11.0)
    dense = [b and not m for b, m in zip(blind, moe, strict=True)]
    score("TPOT, chips not fitted, dense", dense)


def _peer(rows: list[Row]) -> str:
    e = np.array([100 * abs(r.peer_s / r.tpot_s - 1) for r in rows if r.peer_s == r.peer_s])
    return f"aiconfigurator {np.median(e):.1f}/{e.mean():.1f} (tables of the same chip)"
