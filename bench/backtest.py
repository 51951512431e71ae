"""Rules of the past: predicted answer beside the chip that was brought out.

python bench/backtest.py
"""

from __future__ import annotations

import time

from common import machine
from twokey.search.backtest import backtest, cases


def main() -> int:
    """Print a row for each rule and fact; return the number of predictions that were not proved to one percent."""
    bad = 0
    print("| chip | rule of | fact | limit | earlier | predicted | actual | predicted / actual |")
    print("|---|---|---|---|---|---|---|---|")
    for case in cases():
        begin = time.monotonic()
        found = backtest(case)
        bad += not found.result.proved
        for row in found.rows:
            shown = [row[k] for k in ("limit", "earlier", "predicted", "actual")]
            cells = " | ".join("" if v is None else f"{v:g}" for v in shown)
            ratio = "" if row["ratio"] is None else f"{row['ratio']:.3f}"
            print(f"| {case.name} | {case.on} | {row['fact']} | {cells} | {ratio} |")
        proof = f"gap {found.result.gap:.2%}, {'proved' if found.result.proved else 'not proved'}"
        print(f"{case.name}: binding {', '.join(found.binding) or 'nothing'}; {proof}")
        near = ", ".join(found.same_limits) or "none"
        print(f"  near the limit like the actual chip: {near}; {time.monotonic() - begin:.1f} s wall", flush=True)
        for clause in found.clauses:
            value = "nothing" if clause["value"] is None else f"{clause['value']:.5g} {found.result.unit}"
            mark = ", the actual chip's" if clause["holds_actual"] else ""
            print(f"  clause {' and '.join(clause['limits'])}: {value}{mark}")
    print(machine())
    return bad


if __name__ == "__main__":
    main()
