"""The shipped scenario, run once for all tests of the dossier."""

from __future__ import annotations

import pytest

from twokey.brief import Brief, run


@pytest.fixture(scope="session")
def steps() -> list[tuple[str, int, int]]:
    """What the run said of its progress."""
    return []


@pytest.fixture(scope="session")
def brief(steps: list[tuple[str, int, int]]) -> Brief:
    """The dossier of the week of 17 April 2025, as `make brief` makes it."""
    return run(progress=lambda stage, done, total: steps.append((stage, done, total)))
