"""What interruptions cost a long run on many devices."""

from __future__ import annotations

import math

from twokey.perf.training.figures import Figures

__all__ = ["goodput"]


def goodput(devices: int, figures: Figures) -> float:
    r"""Return the share of the time in which a run on many devices advances [1].

    Parameters
    ----------
    devices : devices of the run, of which a failure of any stops it [1]
    figures : failure rate of a device, time to restart, time to write a checkpoint

    Notes
    -----
    With M the mean time between interruptions, d the time to write a checkpoint and R that to restart, checkpoints
    are best :math:`\sqrt{2 d M}` apart; each interruption loses half of that and R. Interruptions are taken to be
    independent and equally likely on each device. Evaluation, spikes of the loss and idle time are not counted.

    References
    ----------
    J. T. Daly, Future Generation Computer Systems 22(3), 2006. A. Grattafiori et al., arXiv:2407.21783, section 3.3.4
    (419 interruptions in 54 days on 16,384 devices, more than 90 percent effective time).

    Examples
    --------
    >>> from twokey.perf.training.figures import read
    >>> round(goodput(8, read()), 3), round(goodput(16384, read()), 2)
    (0.999, 0.92)
    """
    c = figures.coefficients
    between_hours = 24.0 / (c["failures_per_device_day"] * devices)
    written = c["checkpoint_hours"]
    apart = math.sqrt(2.0 * written * between_hours)
    lost = written / apart + (apart / 2.0 + c["restart_hours"]) / between_hours
    return 1.0 / (1.0 + lost)
