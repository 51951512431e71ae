"""Our error beside the peers' on the same rows: make accuracy, or bench/accuracy.py [--write].

Measured rows come from the tables of aiconfigurator-core 0.12.0 if that is installed, and from the folder MEASURED
(default ../shared/measured). What is absent is said. Errors are absolute percentages: median / mean / 90th percentile,
then the signed median. Rows of A100 and H100 were fitted; all others are blind.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import accuracy_design
import accuracy_operators
import accuracy_published
import accuracy_serving
import accuracy_table
import accuracy_training


def main() -> None:
    """Print every row of the table that the data at hand allows, then what was absent."""
    table = accuracy_table.Table()
    accuracy_operators.run(table)
    accuracy_serving.run(table)
    accuracy_published.run(table)
    accuracy_design.run(table)
    accuracy_training.run(table)
    table.finish(write="--write" in sys.argv)


if __name__ == "__main__":
    main()
