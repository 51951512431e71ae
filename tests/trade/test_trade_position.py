"""A position under an event: the published figures of Nvidia and AMD, and what follows for other positions."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from twokey.quantities.problem import Problem
from twokey.trade.position import read_position


def test_nvidia_first_quarter_of_fiscal_2026() -> None:
    """Sources: Form 8-K of 2025-04-15; results of the quarter ended 2025-04-27, released 2025-05-28."""
    o = read_position("nvidia-h20-2025-04").under()
    steps = {s.name: s.usd_bn for s in o.waterfall}
    assert (steps["ceiling"], steps["reused"], steps["charge"]) == (Fraction("5.5"), Fraction(-1), Fraction("4.5"))
    assert o.charge_usd_bn == o.position.figures["booked_usd_bn"].value
    assert o.margin_percent is not None
    published = o.position.figures["margin_published_percent"].value
    assert published == 61
    assert abs(o.margin_percent - published) < Fraction(1, 10)  # 71.3 and 61.0 are rounded
    assert [f.value for _, f in o.position.lost] == [Fraction("2.5"), 8]
    assert o.lost_revenue_usd_bn == Fraction("10.5")
    assert o.lost_units == 875_000


def test_release_of_august_2025() -> None:
    """Source: Nvidia, results of the quarter ended 2025-07-27, released 2025-08-27."""
    o = read_position("nvidia-h20-2025-04").under()
    assert o.net_of_releases_usd_bn == Fraction("4.32")
    assert o.waterfall[-1].name == "after releases"
    assert o.waterfall[-1].usd_bn == o.net_of_releases_usd_bn


def test_amd_mi308() -> None:
    """Sources: AMD, Form 8-K of 2025-04-16; results of the second quarter of 2025."""
    o = read_position("amd-mi308-2025-04").under()
    assert o.charge_usd_bn == o.position.figures["booked_usd_bn"].value == Fraction("0.8")
    assert o.margin_points is None  # the quarter's revenue is not in the file: nothing is made up


def test_half_a_closure_charges_half_before_releases() -> None:
    p = read_position("nvidia-h20-2025-04")
    assert p.under(Fraction(1, 2)).charge_usd_bn == p.under().charge_usd_bn / 2
    assert p.under(0).charge_usd_bn == 0
    with pytest.raises(Problem):
        p.under(2)


FILE = """
sources: {me: my own ledger}
name: mine
event: {kind: customs-stop, on: 2026-01-14, name: stop}
committed_usd_bn: {value: 2, source: me, confidence: high, checked: read-once}
inventory_share: {value: SHARE, source: me, confidence: high, checked: read-once}
reserves_share: {value: 0.1, source: me, confidence: high, checked: read-once}
reuse_usd_bn: {value: REUSE, source: me, confidence: high, checked: read-once}
"""


def test_the_composition_moves_cost_and_not_the_charge(tmp_path: Path) -> None:
    charges = set()
    for share in ("0", "0.4", "0.9"):
        path = tmp_path / f"{share}.yaml"
        path.write_text(FILE.replace("SHARE", share).replace("REUSE", "0.5"))
        o = read_position(path).under()
        assert sum(s.usd_bn for s in o.waterfall if not s.total) == o.charge_usd_bn
        charges.add(o.charge_usd_bn)
    assert charges == {Fraction("1.5")}


@pytest.mark.parametrize(("share", "reuse"), [("0.95", "0"), ("0.5", "3")])
def test_a_position_that_cannot_be_is_refused(tmp_path: Path, share: str, reuse: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(FILE.replace("SHARE", share).replace("REUSE", reuse))
    with pytest.raises(Problem):
        read_position(path)
