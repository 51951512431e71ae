"""Accuracy of the engine that searches designs, on served models of catalogue chips: blind, with five factors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from accuracy_table import Table
from served import Row, read_rows
from tables import CHIPS
from twokey.chips.catalogue import find
from twokey.perf.device import from_chip
from twokey.perf.estimate import phase_time
from twokey.perf.fitted.coefficients import read
from twokey.perf.fitted.mixed import mixed_phases
from twokey.perf.fitted.serving import Extra, prompts_together
from twokey.workloads.software import under

__all__ = ["predict", "run"]


def predict(row: Row) -> float:
    """Return the time per output token with the prompts of others in between, see `perf.fitted.serving` [s]."""
    load, device = under(row.load, "fitted"), from_chip(find(CHIPS[row.system]))
    step = phase_time(load.decode, device).time_s
    group = prompts_together(read(), row.sequences, load.input_len)
    parts = mixed_phases(load.decode, load.prefill, group, row.ranks)
    carrying = replace(load.decode, operators=tuple(op for part in parts for op in part.operators))
    extra = Extra(group, phase_time(carrying, device).time_s - step)
    return step + extra.per_token_s(row.sequences, load.output_len, row.ranks)


def run(table: Table) -> None:
    """Score every comparable row, by chip and over the chips that no factor was fitted on."""
    rows = read_rows()
    if not rows:
        return
    predicted = np.array([predict(r) for r in rows])
    for system in (*dict.fromkeys(r.system for r in rows), None):
        keep = np.array([r.system == system if system else r.system != "h100_sxm" for r in rows])
        at = np.flatnonzero(keep)
        name = f"TPOT by the design engine, {system or 'chips not fitted'}"
        of = "" if system else "tpot-design"
        table.row(name, predicted[at], [rows[i].tpot_s for i in at], blind=system != "h100_sxm", of=of)


if __name__ == "__main__":
    made = Table()
    run(made)
    for kind, errors in made.classes.items():
        low, middle, high = np.exp(-np.percentile(np.concatenate(errors), (95, 50, 5)))
        print(f"  {kind}: {{low: {low:.3f}, middle: {middle:.3f}, high: {high:.3f}}}")
