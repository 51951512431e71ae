"""What a measure puts at stake: charges announced and booked, margin, revenue forgone, shares.

Each quantity is of one kind: a charge is a cost before tax, revenue forgone is revenue; they are never added.
Revenue from China is counted on two bases, which are never compared with each other.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from twokey.quantities.problem import Problem
from twokey.sources.figure import Figure
from twokey.sources.register import read_figure
from twokey.sources.text import Value, read_file

__all__ = ["Charges", "Exposure", "Revenue", "exposure"]

_FILE = Path(__file__).parent.parent / "data" / "market" / "exposure.yaml"
_QUARTER = (
    "revenue_usd_bn", "margin_without_charge_percent", "margin_with_charge_percent", "h20_sold_usd_bn",
    "h20_not_shipped_usd_bn", "h20_lost_next_quarter_usd_bn", "h20_unit_price_low_usd", "h20_unit_price_high_usd",
)  # fmt: skip
_SHARE = ("close_before_usd", "close_after_usd", "shares_bn")


@dataclass(frozen=True, slots=True)
class Charges:
    """A seller's charge: the ceiling announced, the charge booked, what was released later [1e9 USD]."""

    seller: str
    name: str
    announced_on: dt.date
    announced: Figure
    booked_on: dt.date
    booked: Figure
    released_on: dt.date | None = None
    released: Figure | None = None
    difference_why: str = ""
    difference_source: str = ""

    @property
    def difference_usd_bn(self) -> Fraction:
        """Ceiling announced less charge booked [1e9 USD]."""
        return self.announced.value - self.booked.value

    def to_json(self) -> dict[str, object]:
        """Return the charge as JSON, computed values beside the figures."""
        out: dict[str, object] = {
            "seller": self.seller,
            "name": self.name,
            "announced": {"on": self.announced_on.isoformat(), **self.announced.to_json()},
            "booked": {"on": self.booked_on.isoformat(), **self.booked.to_json()},
            "difference_usd_bn": float(self.difference_usd_bn),
        }
        if self.difference_why:
            out |= {"difference_why": self.difference_why, "difference_source": self.difference_source}
        if self.released is not None and self.released_on is not None:
            out["released"] = {"on": self.released_on.isoformat(), **self.released.to_json()}
        return out


@dataclass(frozen=True, slots=True)
class Revenue:
    """Revenue from China by fiscal year on one basis of counting [1e9 USD]."""

    basis: str
    says: str
    years: dict[str, Figure]

    def growth(self, first: str, last: str) -> Fraction:
        """Return revenue of `last` over revenue of `first`, less one [1]; both on this basis.

        Raises
        ------
        Problem
            If a year is not known on this basis: a year of the other basis is no substitute.
        """
        for year in (first, last):
            if year not in self.years:
                raise Problem(
                    "fiscal year", f"{year} on the {self.basis} basis", "one of " + ", ".join(self.years),
                    "compare two years of one basis",
                )  # fmt: skip
        return self.years[last].value / self.years[first].value - 1


@dataclass(frozen=True, slots=True)
class Exposure:
    """The figures at stake and what follows from them; every property is computed from the figures."""

    charges: dict[str, Charges]
    quarter_seller: str
    quarter_ends: dt.date
    quarter: dict[str, Figure]
    china_revenue: dict[str, Revenue]
    total_revenue: dict[str, Figure]
    share_on: dt.date
    share: dict[str, Figure]
    training: dict[str, Figure]

    @property
    def margin_points_by_charge(self) -> Fraction:
        """The charge booked as a share of the quarter's revenue [percentage points]."""
        return 100 * self.charges[self.quarter_seller].booked.value / self.quarter["revenue_usd_bn"].value

    @property
    def margin_points_published(self) -> Fraction:
        """Margin without less margin with the charge, as published [percentage points]."""
        q = self.quarter
        return q["margin_without_charge_percent"].value - q["margin_with_charge_percent"].value

    @property
    def revenue_forgone_usd_bn(self) -> Fraction:
        """H20 not shipped in the quarter and lost in the next [1e9 USD]; revenue, not a charge."""
        return self.quarter["h20_not_shipped_usd_bn"].value + self.quarter["h20_lost_next_quarter_usd_bn"].value

    @property
    def plan_usd_bn(self) -> Fraction:
        """H20 sold and not shipped in the quarter: what the quarter was planned to bring [1e9 USD]."""
        return self.quarter["h20_sold_usd_bn"].value + self.quarter["h20_not_shipped_usd_bn"].value

    @property
    def plan_units(self) -> tuple[Fraction, Fraction]:
        """Units the quarter's plan stands for, at the high and at the low price [1]."""
        usd = self.plan_usd_bn * 10**9
        return usd / self.quarter["h20_unit_price_high_usd"].value, usd / self.quarter["h20_unit_price_low_usd"].value

    @property
    def share_change(self) -> Fraction:
        """Change of the share price over the day [1]."""
        return self.share["close_after_usd"].value / self.share["close_before_usd"].value - 1

    @property
    def market_value_change_usd_bn(self) -> Fraction:
        """Change of the market value over the day [1e9 USD]."""
        return (self.share["close_after_usd"].value - self.share["close_before_usd"].value) * self.share[
            "shares_bn"
        ].value

    def china_share(self, basis: str, year: str) -> Fraction:
        """Return revenue from China over all revenue of a fiscal year [1].

        Raises
        ------
        Problem
            If the year is not known on that basis.
        """
        revenue = self.china_revenue[basis]
        if year not in revenue.years or year not in self.total_revenue:
            raise Problem("fiscal year", year, "one of " + ", ".join(revenue.years), "ask for a year in the data")
        return revenue.years[year].value / self.total_revenue[year].value

    def to_json(self) -> dict[str, object]:
        """Return the contract's answer of `exposure`."""
        low, high = self.plan_units
        return {
            "charges": [c.to_json() for c in self.charges.values()],
            "quarter": {
                "seller": self.quarter_seller,
                "ends": self.quarter_ends.isoformat(),
                **{k: f.to_json() for k, f in self.quarter.items()},
            },
            "computed": {
                "margin_points_by_charge": _round(self.margin_points_by_charge),
                "margin_points_published": _round(self.margin_points_published),
                "revenue_forgone_usd_bn": _round(self.revenue_forgone_usd_bn),
                "plan_usd_bn": _round(self.plan_usd_bn),
                "plan_units": [round(low), round(high)],
                "share_change": _round(self.share_change),
                "market_value_change_usd_bn": _round(self.market_value_change_usd_bn),
            },
            "china_revenue": [
                {
                    "basis": r.basis,
                    "says": r.says,
                    "years": {
                        year: {
                            **f.to_json(),
                            **(
                                {"share": _round(self.china_share(r.basis, year))} if year in self.total_revenue else {}
                            ),
                        }
                        for year, f in r.years.items()
                    },
                }
                for r in self.china_revenue.values()
            ],
            "share": {"on": self.share_on.isoformat(), **{k: f.to_json() for k, f in self.share.items()}},
        }


@lru_cache(maxsize=1)
def exposure() -> Exposure:
    """Return the figures at stake in the April 2025 letters, read once per process.

    Raises
    ------
    Problem
        With kind ``bad-data``, if the data file lacks a figure or a figure lacks its source.

    Examples
    --------
    >>> e = exposure()
    >>> float(e.charges["nvidia"].difference_usd_bn), float(e.revenue_forgone_usd_bn)
    (1.0, 10.5)
    >>> round(100 * float(e.share_change), 2)
    -6.87
    """
    try:
        return _exposure(read_file(_FILE, "data/market/exposure.yaml"))
    except Problem as problem:
        raise Problem(problem.where, problem.given, problem.needed, problem.fix, kind="bad-data") from None


def _exposure(root: Value) -> Exposure:
    f = root.fields(("sources", "charges", "quarter", "china_revenue", "total_revenue", "share", "training"))
    register = {k: v.text() for k, v in f["sources"].group().items()}

    def figures(v: Value) -> dict[str, Figure]:
        return {k: read_figure(one, register) for k, one in v.group().items()}

    charges = {k: _charges(k, v, register) for k, v in f["charges"].group().items()}
    q = f["quarter"].fields(("seller", "ends", *_QUARTER))
    share = f["share"].fields(("on", *_SHARE))
    revenue = {}
    for basis, v in f["china_revenue"].group().items():
        g = v.fields(("says", "years"))
        revenue[basis] = Revenue(basis, g["says"].text(), figures(g["years"]))
    return Exposure(
        charges=charges,
        quarter_seller=q["seller"].one_of(tuple(charges)),
        quarter_ends=q["ends"].day(),
        quarter={k: read_figure(q[k], register) for k in _QUARTER},
        china_revenue=revenue,
        total_revenue=figures(f["total_revenue"]),
        share_on=share["on"].day(),
        share={k: read_figure(share[k], register) for k in _SHARE},
        training=figures(f["training"]),
    )


def _charges(seller: str, v: Value, register: dict[str, str]) -> Charges:
    f = v.fields(("name", "announced", "booked"), ("difference", "released"))
    announced = f["announced"].fields(("on", "ceiling_usd_bn"))
    booked = f["booked"].fields(("on", "charge_usd_bn"))
    difference = f["difference"].fields(("why", "source")) if "difference" in f else None
    released = f["released"].fields(("on", "charge_usd_bn")) if "released" in f else None
    return Charges(
        seller=seller,
        name=f["name"].text(),
        announced_on=announced["on"].day(),
        announced=read_figure(announced["ceiling_usd_bn"], register),
        booked_on=booked["on"].day(),
        booked=read_figure(booked["charge_usd_bn"], register),
        released_on=released["on"].day() if released else None,
        released=read_figure(released["charge_usd_bn"], register) if released else None,
        difference_why=difference["why"].text() if difference else "",
        difference_source=register[difference["source"].one_of(tuple(register))] if difference else "",
    )


def _round(value: Fraction) -> float:
    return float(f"{float(value):.6g}")
