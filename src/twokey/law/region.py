"""The lawful designs as a union of half-open cells over numeric facts: what search reads of the law."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["EVERYTHING", "FACTS", "Cell", "Region"]

FACTS = (
    "tpp",
    "performance_density",
    "dram_bandwidth_GBps",
    "io_bandwidth_GBps",
    "dram_plus_io_GBps",
)
"""The facts of a design that rules put limits on, in the order of every `lo` and `hi`."""


@dataclass(frozen=True, slots=True)
class Cell:
    """All designs with lo <= fact < hi for every fact; a `hi` of None means no upper limit.

    `limits` names for each fact the rule and node that sets its `hi` ("us/3a090.b tpp"), or None.
    """

    lo: tuple[Fraction, ...]
    hi: tuple[Fraction | None, ...]
    limits: tuple[str | None, ...]

    def holds(self, facts: tuple[Fraction, ...]) -> bool:
        """Return whether a design with these exact facts (in the order of FACTS) lies in the cell."""
        return all(
            lo <= fact and (hi is None or fact < hi) for lo, fact, hi in zip(self.lo, facts, self.hi, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Region:
    """A union of cells: a design is lawful when it lies in any of them. No cells: nothing is lawful."""

    cells: tuple[Cell, ...]

    def labels(self) -> list[str]:
        """Return the names of all limits of its cells, each once, in order."""
        return sorted({label for cell in self.cells for label in cell.limits if label is not None})

    def without_each(self, read: Callable[[tuple[str, ...]], Region]) -> dict[str, Region]:
        """Return for each limit the region without the rule that sets it, as `read` gives it for the rules left out.

        A limit that falls leaves what stands behind it, so the law is read anew.
        """
        return {label: read((label.split(" ")[0],)) for label in self.labels()}

    def holds(self, facts: tuple[Fraction, ...]) -> bool:
        """Return whether a design with these exact facts (in the order of FACTS) is lawful."""
        return any(cell.holds(facts) for cell in self.cells)


EVERYTHING = Region((Cell((Fraction(0),) * len(FACTS), (None,) * len(FACTS), (None,) * len(FACTS)),))
"""No law at all."""
