"""Dies, memory and salvage: which area is counted, which must fit the field, what it costs; power against ratings."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from twokey.chips.catalogue import find
from twokey.chips.design import Design
from twokey.law.region import EVERYTHING
from twokey.perf.device import from_chip
from twokey.search.limits import limits_of
from twokey.search.space import load
from twokey.silicon.area import area_mm2
from twokey.silicon.cost import unit_cost
from twokey.silicon.package import Memory, OneDie, Package, packaging_figure, salvage_share
from twokey.silicon.power import power, power_breakdown, power_of

DESIGN = Design(
    64, 32, 32, 64, Fraction("2.2"), Fraction(512), Fraction(80), Fraction(8192), Fraction(3200), Fraction(192),
    Fraction(900),
)  # fmt: skip


def cost(package: Package, design: Design = DESIGN, case: str = "mid") -> float:
    area, compute = float(package.area_mm2(design)), float(package.compute_mm2(design))
    return float(package.cost_usd(area, compute, float(design.dram_capacity_GB), design.cores, case))


def test_one_die_is_the_model_of_the_study() -> None:
    one = Package()
    assert one.area_mm2(DESIGN) == one.compute_mm2(DESIGN) == one.largest_die_mm2(DESIGN) == area_mm2(DESIGN)
    assert one.least_area_mm2 == 0
    for case in ("low", "mid", "high"):
        assert cost(one, case=case) == pytest.approx(unit_cost(area_mm2(DESIGN), 192, case).total_usd)


def test_every_die_counts_and_links_between_dies_take_area() -> None:
    memory = Memory("hbm3", 6)
    link = packaging_figure("die_to_die_mm2_per_GBps").value * 8192
    two = Package(2, 0, memory)
    assert two.area_mm2(DESIGN) == area_mm2(DESIGN) + link  # half of the reads cross, at both ends
    assert two.largest_die_mm2(DESIGN) == two.area_mm2(DESIGN) / 2
    split = Package(2, 1, memory)
    assert split.area_mm2(DESIGN) == area_mm2(DESIGN) + 3 * link
    rest = 3200 * Fraction("0.03") + 900 * Fraction("0.06") + 40
    assert split.area_mm2(DESIGN) - split.compute_mm2(DESIGN) == rest
    parts = split.breakdown(DESIGN)
    assert sum(parts.values()) == split.area_mm2(DESIGN)
    assert parts["links between dies"] == 3 * link


def test_memory_needs_edge() -> None:
    """A100 and H100 have six sites; a die of the size of AD102 has edge for twelve GDDR6 devices, not for seven HBM."""
    assert Package(1, 0, Memory("hbm2e", 6)).least_area_mm2 < 814
    assert Package(1, 0, Memory("hbm2e", 7)).least_area_mm2 > 860
    assert Package(1, 0, Memory("gddr6", 12)).least_area_mm2 < Fraction("608.5")
    assert Package(2, 0, Memory("hbm3e", 8)).least_area_mm2 < 1600
    small = Package(1, 0, Memory("hbm3", 6))
    limits = limits_of(EVERYTHING, 1e9, load("package"))
    assert small.area_mm2(DESIGN) < small.least_area_mm2
    assert not limits.holds(DESIGN, small)
    assert limits.holds(DESIGN, Package(1, 0, Memory("hbm3", 4)))


def test_cost_rises_in_every_argument() -> None:
    for package in (Package(), Package(4, 2, Memory("hbm3e", 8)), load("cut-down/gh100").package):
        base = (900.0, 600.0, 96.0, 100.0)
        for k in range(4):
            more = [v * 1.2 if i == k else v for i, v in enumerate(base)]
            if k == 1 and package.io_dies:
                more[0] += more[1] - base[1]  # the compute dies grow, the I/O dies stay
            assert package.cost_usd(more[0], more[1], more[2], more[3]) >= package.cost_usd(*base)
        assert package.cost_usd(*base, "low") < package.cost_usd(*base) < package.cost_usd(*base, "high")


def test_salvage_of_the_worked_tables() -> None:
    """GH100, half of its area in 144 cores: all good, or at least 132."""
    for defects, perfect, some in ((0.0005, 0.67, 0.82), (0.001, 0.44, 0.67), (0.0015, 0.29, 0.54)):
        assert salvage_share(814.0, defects, 144, 144) == pytest.approx(perfect, abs=0.006)
        assert salvage_share(814.0, defects, 144, 132) == pytest.approx(some, abs=0.006)
    shares = salvage_share(814.0, 0.001, 144, np.arange(1, 145))
    assert (np.diff(shares) <= 0).all()
    assert shares[0] == pytest.approx(np.exp(-0.407))


def test_a_chip_with_dead_cores_is_cheaper() -> None:
    die = OneDie("X", ((2, Fraction(800), "5nm"), (1, Fraction(300), "7nm")), 160)
    package = Package(die=die)
    assert package.area_mm2(DESIGN) == 1900
    assert package.largest_die_mm2(DESIGN) == 0
    all_good, most_good = (float(package.cost_usd(0, 0, 96.0, cores)) for cores in (160.0, 148.0))
    assert most_good < all_good
    assert package.to_json() == {"die": "X", "dies": 3, "die_area_mm2": 1900.0}


def test_the_dies_of_cut_down_are_those_of_the_catalogue() -> None:
    for grid, chip in (("ga100", "nvidia-a100"), ("gh100", "nvidia-h100"), ("ad102", "nvidia-rtx-4090")):
        area = load(f"cut-down/{grid}").package.area_mm2(DESIGN)
        assert area == find(chip).figures["die_area_mm2"].value
    assert load("cut-down/mi300x").package.area_mm2(DESIGN) == 8 * 115 + 4 * 370


def test_power_adds_up_and_lies_below_what_makers_rate() -> None:
    assert power(DESIGN) == pytest.approx(sum(power_breakdown(DESIGN).values()))
    x = np.array([[float(getattr(DESIGN, name))] for name in DESIGN.__slots__])
    assert power_of(x)[0] == pytest.approx(power(DESIGN), rel=1e-12)
    for chip, rated in (("nvidia-a100", 400), ("nvidia-h100", 700), ("nvidia-h20", 400)):
        column = np.array(from_chip(find(chip)).column())[:, None]
        assert 0.6 < float(power_of(column)[0]) / rated < 0.9


def test_power_rises_in_every_variable_but_memory_size() -> None:
    x = np.array([[float(getattr(DESIGN, name))] for name in DESIGN.__slots__])
    for k, name in enumerate(DESIGN.__slots__):
        more = x.copy()
        more[k] *= 1.1
        still = name in ("sram_KiB", "l2_MiB", "dram_capacity_GB")
        assert (power_of(more)[0] == power_of(x)[0]) == still
