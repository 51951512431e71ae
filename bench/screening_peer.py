"""Scores of nomenklatura's logic-v2 for pairs of names, in an interpreter that has it: pairs as JSON in, scores out."""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any


def main() -> None:
    """Read [[a, b], …] on standard input; write the scores."""
    model = importlib.import_module("followthemoney").model
    get_algorithm = importlib.import_module("nomenklatura.matching").get_algorithm

    algorithm = get_algorithm("logic-v2")
    config = algorithm.default_config()

    def entity(key: str, name: str) -> Any:
        return model.get_proxy({"id": key, "schema": "Company", "properties": {"name": [name]}})

    # names are cached by id there, so each needs one of its own
    scores = [
        algorithm.compare(entity(f"a{i}", a), entity(f"b{i}", b), config).score
        for i, (a, b) in enumerate(json.load(sys.stdin))
    ]
    json.dump(scores, sys.stdout)


if __name__ == "__main__":
    main()
