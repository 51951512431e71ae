"""What a software stack makes of a chip's rates: factors on the rows of designs and of boxes.

A share below one of a bandwidth acts like a lower bandwidth, so that the model, its kernels and their bounds stay as
they are and see a chip with the rates that are reached. The law and the area see the chip itself.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twokey.chips.design import VARIABLES
from twokey.workloads.operators import Software

__all__ = ["box_factors", "design_factors"]


def _rates(software: Software) -> dict[str, float]:
    return {
        "clock_GHz": software.array,
        "l2_bandwidth_GBps": software.cache,
        "dram_bandwidth_GBps": software.dram,
        "link_bandwidth_GBps": software.link,
    }


def design_factors(software: Software) -> NDArray[np.float64]:
    """Return what each variable of a design is multiplied with, (11, 1), in the order of `VARIABLES` [1].

    Examples
    --------
    >>> design_factors(Software("x", dram=0.8))[8].tolist()
    [0.8]
    """
    rates = _rates(software)
    return np.array([[rates.get(name, 1.0)] for name in VARIABLES])


def box_factors(software: Software) -> NDArray[np.float64]:
    """Return what each row of a box is multiplied with, (16, 1), in the order of `BOX_ROWS` [1].

    The greatest rate of multiply-accumulates counts per time and goes with the clock; that of vector lanes does not.
    """
    from twokey.perf.kernels.relaxed import BOX_ROWS  # loads the compiler

    s = software
    rates = {"clock_hi": s.array, "mac_rate": s.array, "l2_bandwidth_hi": s.cache}
    rates |= {"dram_bandwidth_hi": s.dram, "link_hi": s.link}
    return np.array([[rates.get(name, 1.0)] for name in BOX_ROWS])
