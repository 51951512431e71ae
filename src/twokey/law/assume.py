"""Assumptions: what the user supplies for a point that a rule leaves unpublished."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from fractions import Fraction

from twokey.chips.item import ItemSheet
from twokey.law.day import DayLaw
from twokey.law.facts import is_product
from twokey.law.rule import Report
from twokey.quantities.problem import Problem

__all__ = ["published"]

EFFICIENCY = "cn/ndrc-efficiency level"
"""The one unpublished point that is a number: an efficiency level, in TFLOPS/W at FP16, dense."""


def published(item: ItemSheet, law: DayLaw, assume: Mapping[str, Fraction]) -> dict[str, bool]:
    """Return what the assumptions make of the unpublished points of the day's law.

    A number for `cn/ndrc-efficiency` is the least dense FP16 rate per watt, in TFLOPS/W; for any other rule 1 says
    that the point is met and 0 that it is not. A point is named by its rule, or by rule and point
    ("us/letter-2025-04 reach").

    Raises
    ------
    Problem
        If no rule of the data leaves such a point open, or the number is not one it can take.
    """
    reports = {
        f"{p.rule.id} {report.point}": report
        for provisions in law.provisions.values()
        for p in provisions
        for report in p.version.reports
        if is_product(item, report.product)
    }
    found = {point: report.holds for point, report in reports.items()}
    for name, value in assume.items():
        for point in _points(name, law):
            if point == EFFICIENCY:
                found.pop(point, None)
                meets = _meets_level(item, value, reports.get(point))
                if meets is not None:
                    found[point] = meets
            elif value in (0, 1):
                found[point] = value == 1
            else:
                raise Problem(
                    "--assume", f"{name}={value}", "1 (the point is met) or 0 (it is not)", "write one of the two"
                )
    return found


def _points(name: str, law: DayLaw) -> list[str]:
    """Return the unpublished points an assumption names; it may name one that is not asked on the day."""
    from twokey.law.book import book

    points = {f"{rule.id} {point}" for rule in book() for v in rule.versions for point in v.unpublished}
    points |= {str(a.operand) for a in law.atoms if a.kind == "unpublished"}
    found = sorted(p for p in points if name in (p, p.split(" ")[0]))
    if not found:
        near = difflib.get_close_matches(name, points, n=1)
        raise Problem(
            "--assume", repr(name), "a point that a rule leaves unpublished: " + ", ".join(sorted(points)),
            f"did you mean {near[0]!r}?" if near else "use one of them",
        )  # fmt: skip
    return found


def _meets_level(item: ItemSheet, level: Fraction, report: Report | None) -> bool | None:
    """Return whether the part's dense FP16 rate per watt reaches a level; None where its power leaves that open."""
    rates = [m.tops for m in item.modes or () if m.bits == 16]
    if not rates or report is None or report.power_W is None:
        return None
    least, greatest = report.power_W
    low, high = max(rates) / greatest, max(rates) / least
    return True if low >= level else False if high < level else None
