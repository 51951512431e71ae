"""What a million output tokens cost."""

from __future__ import annotations

import math

from twokey.quantities.problem import Problem

__all__ = ["device_hour_usd", "usd_per_mtok"]

_HOURS = 8766.0


def device_hour_usd(
    device_usd: float,
    *,
    power_W: float = 0.0,
    usd_per_kWh: float = 0.08,
    years: float = 4.0,
    utilisation: float = 0.7,
    overhead: float = 1.3,
) -> float:
    """Return the cost of an hour of a device in use: its price over its life, and its power [USD].

    Parameters
    ----------
    device_usd : price of a device with its share of the server [USD]
    power_W : power drawn in use [W]
    usd_per_kWh : price of electricity [USD/kWh]
    years : life [year]
    utilisation : share of its life in use [1]
    overhead : power of the site over power of the devices (PUE) [1]

    Raises
    ------
    Problem
        If a number is not finite, or not above zero where it must be.

    Notes
    -----
    Straight line, no interest: price / (years x 8,766 h x utilisation) + power x overhead x price of energy. The
    defaults are assumptions.

    Examples
    --------
    >>> round(device_hour_usd(30000, power_W=700), 3)
    1.295
    """
    for name, value in (("device_usd", device_usd), ("years", years), ("utilisation", utilisation)):
        if not (math.isfinite(value) and value > 0):
            raise Problem(name, str(value), "a number above zero", "write it like 30000")
    for name, value in (("power_W", power_W), ("usd_per_kWh", usd_per_kWh), ("overhead", overhead)):
        if not (math.isfinite(value) and value >= 0):
            raise Problem(name, str(value), "a number of at least zero", "write it like 700")
    return device_usd / (years * _HOURS * utilisation) + power_W * overhead / 1000.0 * usd_per_kWh


def usd_per_mtok(usd_per_device_hour: float, tokens_per_s_per_device: float) -> float:
    """Return the cost of a million output tokens [USD].

    Parameters
    ----------
    usd_per_device_hour : cost of an hour of a device [USD]
    tokens_per_s_per_device : output tokens a second of each device [token/s]

    Raises
    ------
    Problem
        If one is not above zero.

    Examples
    --------
    >>> round(usd_per_mtok(2.0, 1000.0), 4)
    0.5556
    """
    for name, value in (
        ("usd_per_device_hour", usd_per_device_hour),
        ("tokens_per_s_per_device", tokens_per_s_per_device),
    ):
        if not (math.isfinite(value) and value > 0):
            raise Problem(name, str(value), "a number above zero", "write it like 2.5")
    return usd_per_device_hour / 3600.0 / tokens_per_s_per_device * 1e6
