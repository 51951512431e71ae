"""Every benchmark, one after the other; the exit status says whether all targets were met."""

from __future__ import annotations

import sys

import bounds
import bruteforce
import fronts
import growth
import kernels
import law_rates
import linear
import mutation
import prices
import searches
import sku
from common import machine
from twokey.perf.warm import warm


def main() -> int:
    """Run all; return the number of failures."""
    print(machine())
    print(f"kernels compiled or loaded in {warm():.1f} s")
    kernels.main()
    print("one more operator, layer kind, chip")
    linear.main()
    print("law")
    law_rates.main()
    print("the law changed one word at a time")
    bad = mutation.main([])
    print("bounds against members of their boxes")
    bad += bounds.main()
    print("search against complete enumeration")
    bad += bruteforce.main()
    print("searches")
    bad += searches.main()
    bad += searches.main(("package", "cut-down"))
    bad += searches.main(("standard", "fine"), objectives=searches.MORE)
    print("fronts")
    bad += fronts.main()
    print("shadow prices against solving again")
    bad += prices.main()
    print("growth")
    growth.main()
    print("one more chip, 100,000 draws")
    return bad + sku.main()


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
