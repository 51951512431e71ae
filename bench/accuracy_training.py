"""Accuracy of training runs: iteration times, model throughput, device-hours, beside what papers print."""

from __future__ import annotations

import numpy as np

from accuracy_table import Table
from printed import MEASURED
from training import rows

__all__ = ["run"]

BARS: dict[str, tuple[float | None, float | None]] = {  # median, mean [%]
    "Korthikanti iteration times": (None, 3.0),
    "published training, A100, H100": (10.0, None),
    "published training, other chips": (15.0, None),
    "DeepSeek-V3 pre-training on H800": (10.0, None),
}


def run(table: Table) -> None:
    """Score each group of training rows; a peer's error stands beside where the paper of the rows has one."""
    found = rows(MEASURED)
    for group in dict.fromkeys(row[0] for row in found):
        some = [row for row in found if row[0] == group]
        of_peer = [100 * abs(peer / value - 1) for _, _, _, value, peer in some if peer is not None]
        peer = f"Calculon mean {np.mean(of_peer):.1f} on {len(of_peer)}" if of_peer else ""
        median, mean = BARS.get(group, (None, None))
        name = "training: " + group
        table.row(name, [r[2] for r in some], [r[3] for r in some], bar_median=median, bar_mean=mean, peer=peer)
