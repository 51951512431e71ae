"""The area of dies from what is on them, beside what was published.

python bench/area.py             the table, and whether the fitted constants are those of the data
python bench/area.py --write     fits again and writes the constants to the data
"""

from __future__ import annotations

import itertools
import re
import sys
from pathlib import Path

import twokey
from twokey.quantities.problem import Problem
from twokey.silicon.dies import FITTED, constants, die_mm2, fit, published_dies

DATA = Path(twokey.__file__).parent / "data" / "silicon" / "die-area.yaml"
BAR = 0.10


def write(found: dict[str, float], on: str) -> None:
    """Write fitted constants into the data file."""
    text = DATA.read_text(encoding="utf-8")
    for name, value in found.items():
        line = f'  {name}: {{value: {value:.6g}, source: "bench/area.py: fitted on {on}, which come out exactly", '
        line += "confidence: derived, checked: unverified}"
        text = re.sub(rf"^  {name}: \{{value.*$", line, text, count=1, flags=re.MULTILINE)
    DATA.write_text(text, encoding="utf-8")


def main() -> int:
    """Print the table; return how many blind dies are further off than the bar."""
    dies = published_dies()
    fitted = [d for d in dies if d.role == "fitted"]
    found = fit()
    if "--write" in sys.argv:
        write(found, ", ".join(d.name for d in fitted))
        print("written to", DATA.name)
        constants.cache_clear()
    print("fitted constants, with those of the data:")
    for name in FITTED:
        print(f"  {name:14s} {found[name]:.5g}  {float(constants().fitted[name].value):.5g}")
    print("| die | process | role | published mm2 | ours mm2 | error % |")
    print("|---|---|---|---|---|---|")
    bad = blind = 0
    for d in dies:
        assert d.published is not None
        area, ours = float(d.published.value), die_mm2(d)
        error = ours / area - 1
        print(f"| {d.name} | {d.node} | {d.role} | {area:g} | {ours:.0f} | {100 * error:+.1f} |")
        if d.role == "blind":
            blind += 1
            bad += abs(error) > BAR
    print(f"{blind - bad} of {blind} dies that were not fitted are within {BAR:.0%}")
    _left_out()
    return bad


def _left_out() -> None:
    """Print the error of each die when it is left out, over all choices of four others."""
    dies = [d for d in published_dies() if d.role != "estimate"]
    print("left out of the fit, over all choices of four others with positive constants: median error and 90 % range")
    errors: dict[str, list[float]] = {d.name: [] for d in dies}
    for four in itertools.combinations(dies, 4):
        try:
            found = fit(four)
        except Problem:
            continue
        if min(found.values()) <= 0:
            continue
        for d in dies:
            if d not in four and d.published is not None:
                errors[d.name].append(die_mm2(d, found) / float(d.published.value) - 1)
    for name, own in errors.items():
        own.sort()
        if own:
            low, mid, high = (own[int(q * (len(own) - 1))] for q in (0.05, 0.5, 0.95))
            print(f"  {name:20s} {100 * mid:+6.1f} %   {100 * low:+.0f} to {100 * high:+.0f} %   {len(own)} fits")


if __name__ == "__main__":
    main()
