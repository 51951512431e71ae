"""The figures at stake: what follows from the published numbers, and that kinds and bases are not mixed."""

from __future__ import annotations

from fractions import Fraction

import pytest

from twokey.quantities.problem import Problem
from twokey.trade.exposure import exposure


def test_the_charge_announced_and_booked() -> None:
    nvidia, amd = exposure().charges["nvidia"], exposure().charges["amd"]
    assert (nvidia.announced.value, nvidia.booked.value) == (Fraction("5.5"), Fraction("4.5"))
    assert nvidia.difference_usd_bn == 1
    assert nvidia.difference_why
    assert nvidia.released is not None
    assert amd.difference_usd_bn == 0


def test_margin_effect_computed_and_published_differ_by_rounding_only() -> None:
    e = exposure()
    assert e.margin_points_published == Fraction("10.3")
    assert round(float(e.margin_points_by_charge), 1) == 10.2
    assert abs(e.margin_points_by_charge - e.margin_points_published) < Fraction(3, 20)


def test_revenue_forgone_is_kept_apart_from_the_charge() -> None:
    e = exposure()
    assert e.revenue_forgone_usd_bn == Fraction("10.5")
    assert e.plan_usd_bn == Fraction("7.1")
    assert [round(float(u), -4) for u in e.plan_units] == [590_000, 710_000]
    assert "total" not in e.to_json()["computed"]  # type: ignore[operator]


def test_share_price() -> None:
    e = exposure()
    assert round(100 * float(e.share_change), 2) == -6.87
    assert round(float(e.market_value_change_usd_bn)) == -188


def test_the_two_bases_of_china_revenue_do_not_mix() -> None:
    e = exposure()
    billing, headquarters = e.china_revenue["billing"], e.china_revenue["headquarters"]
    assert round(100 * float(e.china_share("billing", "FY2025")), 1) == 13.1
    assert round(100 * float(e.china_share("headquarters", "FY2025")), 1) == 19.2
    assert round(100 * float(headquarters.growth("FY2025", "FY2026")), 1) == -21.4
    with pytest.raises(Problem) as caught:
        billing.growth("FY2025", "FY2026")
    assert "one basis" in caught.value.fix


def test_training_costs_are_hours_times_rent() -> None:
    t = exposure().training
    assert t["v3_gpu_hours_m"].value * t["rent_usd_per_hour"].value == t["v3_stated_usd_m"].value
    assert t["r1_gpu_hours_m"].value * t["rent_usd_per_hour"].value == t["r1_stated_usd_m"].value
