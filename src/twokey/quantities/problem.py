"""What is said when an input cannot be used: the place, what stood there, what was needed, and how to mend it."""

from __future__ import annotations

__all__ = ["Problem"]


class Problem(Exception):
    """An input or a data file that cannot be used.

    Parameters
    ----------
    where : str
        The place: a file with line, an option, a field.
    given : str
        What stood there, as the user wrote it.
    needed : str
        What would have been accepted.
    fix : str
        One thing the user can do to mend it.
    kind : str
        ``bad-input`` (a user's), ``bad-data`` (the project's own files) or ``usage``.

    Examples
    --------
    >>> print(Problem("chip.yaml:3", "applicable_die_area_mm2: -5", "a number above zero", "leave it out if unknown"))
    chip.yaml:3: got applicable_die_area_mm2: -5; needed a number above zero. To mend it: leave it out if unknown.
    """

    def __init__(self, where: str, given: str, needed: str, fix: str, *, kind: str = "bad-input") -> None:
        self.where, self.given, self.needed, self.fix, self.kind = where, given, needed, fix, kind
        super().__init__(where, given, needed, fix)

    @property
    def message(self) -> str:
        """What was found and what was needed, in one sentence without the place."""
        return f"got {self.given}; needed {self.needed}"

    def __str__(self) -> str:
        return f"{self.where}: {self.message}. To mend it: {self.fix}."

    def to_json(self) -> dict[str, dict[str, str]]:
        """Return the error object of the contract: kind, where, message, fix."""
        return {"error": {"kind": self.kind, "where": self.where, "message": self.message, "fix": self.fix}}
