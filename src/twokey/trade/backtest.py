"""What advice would have come to once it is known when the trade closed, where the outcome is in the data."""

from __future__ import annotations

from dataclasses import dataclass

from twokey.quantities.problem import Problem
from twokey.trade.sku import Advice

__all__ = ["Backtest", "backtest"]

_CLOSED = ("days_to_us_letter", "days_to_chinese_stop")


@dataclass(frozen=True, slots=True)
class Backtest:
    """The advice at the median of every input, closed on the day it closed; beside it what happened [1e9 USD]."""

    days: float
    units_sold: float
    gross_margin_usd_bn: float
    stranded_usd_bn: float
    development_usd_bn: float
    happened: dict[str, tuple[float, str]]

    @property
    def result_usd_bn(self) -> float:
        """Margin less what is stranded and spent, undiscounted [1e9 USD]."""
        return self.gross_margin_usd_bn - self.stranded_usd_bn - self.development_usd_bn

    def to_json(self) -> dict[str, object]:
        """Return the outcome of the advice and what happened, each of these with its source."""
        return {
            "days": self.days, "units_sold": self.units_sold, "gross_margin_usd_bn": self.gross_margin_usd_bn,
            "stranded_usd_bn": self.stranded_usd_bn, "development_usd_bn": self.development_usd_bn,
            "result_usd_bn": self.result_usd_bn,
            "happened": {k: {"value": v, "source": s} for k, (v, s) in self.happened.items()},
        }  # fmt: skip


def backtest(advice: Advice) -> Backtest:
    """Return what the advice would have come to, had every input been its median and the closing as it was.

    The closing is used here only; `decide` never sees it.

    Raises
    ------
    Problem
        If the decision's file does not say when the trade closed.

    Examples
    --------
    >>> from twokey.trade.sku import decide
    >>> outcome = backtest(decide("h20-2025-01", draws=2000))
    >>> outcome.days, outcome.stranded_usd_bn < outcome.happened["charge_booked_usd_bn"][0]
    (84.0, True)
    """
    d = advice.decision
    days = next((d.afterwards[k][0] for k in _CLOSED if k in d.afterwards), None)
    if days is None:
        raise Problem(d.id, "no day of closing", "afterwards: " + " or ".join(_CLOSED), "add it to the decision's file")
    x = {name: d.value(name) for name in d.inputs}
    launch = x["development_days"]
    grown = (1 + x["rival_growth_percent"] / 100) ** ((launch + max(x["window_days"], launch)) / 730)
    odds = x["share_at_parity"] / (1 - x["share_at_parity"])
    odds *= (x["performance_per_usd_vs_rival"] / grown) ** x["share_sensitivity"]
    demand = x["market_units_per_month"] * 12 / 365 * odds / (1 + odds)
    sold = min(demand, advice.commit_units / max(x["lead_time_days"], 1.0)) * max(days - launch, 0.0)
    kept = 1 - (x["government_share_percent"] + x["duty_percent"]) / 100
    ordered = max(launch - x["lead_time_days"], 0.0) < days
    stranded = advice.commit_units * x["unit_cost_usd"] * (1 - x["reuse_share"]) if ordered else 0.0
    return Backtest(
        days, sold, sold * (x["price_usd"] * kept - x["unit_cost_usd"]) / 1e9, stranded / 1e9,
        x["development_cost_usd"] * (min(days / launch, 1.0) if launch else 1.0) / 1e9, d.afterwards,
    )  # fmt: skip
