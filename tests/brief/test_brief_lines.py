"""Pictures of characters: each sign of a lane is the state of its month, each shade of the plane a paragraph."""

from __future__ import annotations

from datetime import date

from twokey.brief import Brief
from twokey.brief.lines import SIGNS, lane, months, plane
from twokey.brief.sentences import key_state


def test_a_lane_has_the_state_of_each_month(brief: Brief) -> None:
    middles = months(brief.scenario.first, brief.scenario.last)
    for item in brief.scenario.chips:
        for key in ("us", "cn"):
            signs = lane(brief, item, key).plain
            assert len(signs) == len(middles) == 51
    h20 = dict(zip(middles, lane(brief, "nvidia-h20", "us").plain, strict=True))
    assert h20[date(2025, 3, 15)] == SIGNS["open"]
    assert h20[date(2025, 4, 15)] == h20[date(2025, 6, 15)] == SIGNS["shut"]  # letter of 2025-04-09
    for day in brief.scenario.days:
        key = brief.answer("nvidia-h20", day.on)["keys"]["us"]
        month = date(day.on.year, day.on.month, 15)
        if day.on.month != 4:
            assert h20[month] == SIGNS[key_state(key["outcome"], key["review"])]


def test_the_plane_is_shaded_by_paragraph_and_names_every_chip(brief: Brief) -> None:
    text = plane(brief, date(2025, 4, 17)).plain
    rows = text.splitlines()[:18]
    top, bottom = rows[0].split("│")[1], rows[-1].split("│")[1]
    assert top.startswith(" ")
    assert top.endswith("▒")  # high TPP and density: 3A090.a
    assert "░" not in bottom  # below a density of 1.6 nothing is 3A090.b
    assert any("░" in row for row in rows)
    for p in brief.plane:
        if p["named"] and p["performance_density"]:
            assert p["name"].removeprefix("NVIDIA ") in text
