"""Lifetimes: what was known on a day, the posterior against its closed form, competing risks."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest

from twokey.trade.hazard import hazard, lifetimes, spells_known

MAY = dt.date(2025, 5, 28)


def test_the_days_of_every_spell_closed_by_july_2026() -> None:
    days = {s.part: s.known_on(dt.date(2026, 7, 23)) for s in lifetimes()}
    assert days["A800"] == (350, "us")
    assert days["H800"] == (216, "us")
    assert days["Gaudi2 HL-225B"] == (129, "us")
    assert days["H20"] == (514, "us")
    assert days["H20 (licensed)"] == (4, "cn")
    assert days["MI308X"] == (456, "us")
    assert days["RTX 4090 D"] == (937, None)
    assert days["RTX Pro 6000D"] == (62, "cn")
    assert days["H200 (case-by-case)"] == (0, "cn")  # closed a day before it opened
    assert days["MI309"] is None
    assert days["B30A"] is None


def test_nothing_later_is_known_earlier() -> None:
    january = {s.part: s.known_on(dt.date(2025, 1, 14)) for s in spells_known(dt.date(2025, 1, 14))}
    assert january["H20"] == (429, None)  # the letter of April is not known yet
    assert "RTX Pro 6000D" not in january
    assert hazard(dt.date(2025, 4, 8)).us.closings == 3
    assert hazard(dt.date(2025, 4, 9)).us.closings == 4


def test_one_measure_is_one_event_and_the_mean_rate_is_kept() -> None:
    one, each = hazard(MAY), hazard(MAY, cluster=False)
    assert one.us.measures == ("US-2023-AC", "US-2023-EARLY", "US-2025-LTR")
    assert (one.us.shape, each.us.shape) == (3.5, 6.5)
    assert one.us.at_risk_day == each.us.at_risk_day
    assert (one.us.shape - 0.5) / one.us.scale_day == pytest.approx((each.us.shape - 0.5) / each.us.scale_day)
    width = [h.us.quantile_per_year(0.95) / h.us.quantile_per_year(0.05) for h in (one, each)]
    assert width[0] > width[1]


def test_survival_is_the_mean_of_exponentials_over_the_posterior() -> None:
    h = hazard(MAY)
    rng = np.random.default_rng(7)
    rates = rng.standard_gamma(h.us.shape, 400_000) / h.us.scale_day
    other = rng.standard_gamma(h.cn.shape, 400_000) / h.cn.scale_day
    for days in (91, 365, 730):
        assert np.exp(-(rates + other) * days).mean() == pytest.approx(h.survival(days), abs=0.002)


def test_quantiles_of_the_rate() -> None:
    h = hazard(MAY).us
    draws = np.random.default_rng(3).standard_gamma(h.shape, 400_000) * 365 / h.scale_day
    for p in (0.05, 0.5, 0.95):
        assert h.quantile_per_year(p) == pytest.approx(float(np.quantile(draws, p)), rel=0.01)


def test_survival_after_days_without_a_closing_is_conditional_survival() -> None:
    h = hazard(MAY)
    assert h.after(91).survival(300) == pytest.approx(h.survival(391) / h.survival(91))
    assert h.after(91).us.mean_per_year < h.us.mean_per_year


def test_a_later_start_means_fewer_days_at_risk() -> None:
    early, late = hazard(MAY, start_shift_day=-60), hazard(MAY, start_shift_day=60)
    assert early.us.mean_per_year < hazard(MAY).us.mean_per_year < late.us.mean_per_year
    assert math.isclose(hazard(MAY).survival(0), 1)
