"""Area exact and by component; yield, dies per wafer and cost against worked figures."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from twokey.chips.design import Design
from twokey.quantities.problem import Problem
from twokey.search.limits import area_of
from twokey.search.model import cost_usd
from twokey.search.space import load
from twokey.silicon.area import area_limit_mm2, area_mm2, breakdown
from twokey.silicon.cost import die_cost_usd, dies_per_wafer, unit_cost, unit_cost_usd, yield_share
from twokey.silicon.figures import CASES, area_figures, cost_figures

DESIGN = Design(
    89, 24, 37, 48, Fraction("1.35"), Fraction(96), Fraction(28), Fraction(7040), Fraction(2750), Fraction(192),
    Fraction(275),
)  # fmt: skip


def test_area_is_the_sum_of_the_study() -> None:
    core = Fraction(24 * 37) * Fraction("0.0003") + 48 * Fraction("0.001") + 96 * 1024 * Fraction("1.2e-6")
    rest = 28 * 1024**2 * Fraction("0.9e-6") + 7040 * Fraction("0.008") + 2750 * Fraction("0.03")
    expected = 89 * (core + Fraction("0.35")) + rest + 275 * Fraction("0.06") + 40
    assert area_mm2(DESIGN) == expected
    assert sum(breakdown(DESIGN).values()) == expected
    assert area_limit_mm2() == 860


def test_area_in_floats_equals_the_exact_one() -> None:
    x = np.array([float(getattr(DESIGN, name)) for name in DESIGN.__slots__])[:, None]
    floats = area_of(x, load("small").area_array()[0])
    assert floats[0] == pytest.approx(float(area_mm2(DESIGN)), rel=1e-14)


@pytest.mark.parametrize(
    ("area", "dies"), [(826.0, 62.4), (814.0, 63.5), (608.5, 89.1), (456.25, 123.7), (665.61, 80.4), (115.0, 552.5)]
)
def test_dies_per_wafer_of_known_dies(area: float, dies: float) -> None:
    """Worked table of public dies, no edge loss."""
    assert dies_per_wafer(area) == pytest.approx(dies, abs=0.06)


def test_yield_lies_between_poisson_and_seeds() -> None:
    area, defects = 826.0, 0.0009
    assert np.exp(-area * defects) < yield_share(area, defects, 10) < yield_share(area, defects, 2)
    assert yield_share(area, defects, 2) < 1 / (1 + area * defects)
    assert yield_share(area, defects, 10) == pytest.approx(0.488, abs=6e-4)
    assert yield_share(area, defects, 2) == pytest.approx(0.531, abs=6e-4)


def test_die_cost_of_the_study() -> None:
    area = 500.0
    dies = np.pi * 150**2 / area - np.pi * 300 / np.sqrt(2 * area)
    assert die_cost_usd(area) == pytest.approx(9346 / (dies * (1 + area * 0.0012 / 3) ** -3))


def test_unit_cost_adds_up_and_its_cases_are_in_order() -> None:
    costs = unit_cost_usd(600.0, 96.0)
    assert list(costs) == list(CASES)
    totals = [cost.total_usd for cost in costs.values()]
    assert totals == sorted(totals)
    parts = costs["mid"].to_json()
    assert parts.pop("total_usd") == pytest.approx(sum(parts.values()))
    many = cost_usd(np.array([600.0, 300.0]), np.array([96.0, 80.0]))
    assert many[0] == pytest.approx(costs["mid"].total_usd, rel=1e-12)
    assert many[1] == pytest.approx(unit_cost(300.0, 80.0).total_usd, rel=1e-12)


def test_cost_rises_with_area() -> None:
    costs = [die_cost_usd(float(a)) for a in range(50, 870, 10)]
    assert costs == sorted(costs)


def test_refusals() -> None:
    with pytest.raises(Problem, match="cost case: got dear; needed one of low, mid, high"):
        unit_cost(100.0, 1.0, "dear")
    with pytest.raises(Problem, match="area_mm2: got 0"):
        die_cost_usd(0.0)


def test_every_figure_has_a_source() -> None:
    figures = [*area_figures().values(), *(f for cases in cost_figures().values() for f in cases.values())]
    assert len(figures) == 31
    assert all(len(f.source) > 10 and f.checked == "unverified" for f in figures)
