"""Closed forms of the decision: what the simulation must agree with where the inputs are points.

A seller keeps a pipeline of Q units bought ahead; with a lead time L he can then sell Q / L a day, or the demand if
that is less. A closing at rate h ends sales and strands the pipeline. All times in days, rates per day.
"""

from __future__ import annotations

import math

from twokey.quantities.problem import Problem

__all__ = ["critical_fractile", "expected_profit_usd", "lomax_mean_day", "selling_day", "worth_committing"]


def selling_day(rate_per_day: float, discount_per_day: float, first_day: float, last_day: float) -> float:
    """Return the expected discounted days of sale between launch and end under a known rate of closing [day].

    Notes
    -----
    The integral of exp(-(h + r) t) from launch to end: a sale at t happens if nobody closed before t.

    Examples
    --------
    >>> round(selling_day(0.002, 0.0, 0.0, 1e9), 3)
    500.0
    >>> selling_day(0.0, 0.0, 100.0, 300.0)
    200.0
    """
    k = rate_per_day + discount_per_day
    if k == 0:
        return max(last_day - first_day, 0.0)
    return max(math.exp(-k * first_day) - math.exp(-k * last_day), 0.0) / k


def critical_fractile(rate_per_day: float, lead_time_day: float, margin_usd: float, loss_usd: float) -> float:
    """Return the share of demand outcomes that the pipeline should cover [1]; zero when nothing is worth committing.

    Notes
    -----
    The newsvendor's fractile with the closing as the only salvage: each further unit of pipeline earns margin / L a day
    while the demand exceeds Q / L, and loses its cost, less what is reused, at rate h. Setting both equal,
    F = 1 - h L loss / margin. Holds for a known rate and an order placed at launch; discounting cancels.

    References
    ----------
    K. J. Arrow, T. Harris and J. Marschak, "Optimal inventory policy," Econometrica 19(3), 1951, doi:10.2307/1906813.

    Raises
    ------
    Problem
        If a value is negative.

    Examples
    --------
    >>> critical_fractile(0.001, 180, 8000, 4000)
    0.91
    """
    if min(rate_per_day, lead_time_day, loss_usd) < 0:
        raise Problem("closed form", "a negative value", "rates, times and losses of at least zero", "correct the sign")
    return max(0.0, 1 - rate_per_day * lead_time_day * loss_usd / margin_usd) if margin_usd > 0 else 0.0


def worth_committing(rate_per_day: float, lead_time_day: float, margin_usd: float, loss_usd: float) -> bool:
    """Return whether any pipeline is worth its risk: margin / L above h times loss."""
    return critical_fractile(rate_per_day, lead_time_day, margin_usd, loss_usd) > 0


def expected_profit_usd(
    rate_per_day: float, discount_per_day: float, first_day: float, last_day: float,
    units_per_day: float, lead_time_day: float, margin_usd: float, loss_usd: float,
) -> float:  # fmt: skip
    """Return expected profit of a pipeline that meets a known demand, development cost left out [USD].

    Notes
    -----
    Margin times units a day times `selling_day`, less loss times L times units a day times the discounted chance
    h * `selling_day` that a closing falls into the sale. The order is placed at launch.

    Examples
    --------
    >>> round(expected_profit_usd(0.002, 0.0, 0.0, 1e9, 1.0, 100.0, 10.0, 5.0))
    4500
    """
    days = selling_day(rate_per_day, discount_per_day, first_day, last_day)
    return units_per_day * days * (margin_usd - rate_per_day * lead_time_day * loss_usd)


def lomax_mean_day(shape: float, scale_day: float) -> float:
    """Return the mean lifetime when the rate has a gamma law [day]; infinite for a shape of at most one.

    Examples
    --------
    >>> lomax_mean_day(3.0, 1000.0)
    500.0
    """
    return scale_day / (shape - 1) if shape > 1 else math.inf
