"""Words that the shell may complete to: chips, models, workloads, spaces, rules, countries, by the name of a parameter.

Nothing of this is read unless the shell asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from twokey import api

__all__ = ["complete", "words_for"]


def _rules() -> list[str]:
    return [r.id for r in api.law()]


_SOURCES: dict[str, Callable[[], Iterable[str]]] = {
    "item": lambda: [c.id for c in api.chips()],
    "model": lambda: [m.id for m in api.models()],
    "workload": lambda: [w.name for w in api.workloads()],
    "space": lambda: [s.name for s in api.spaces()],
    "objective": api.objectives,
    "rule": _rules,
    "to": api.countries,
}
_SAME = {
    "items": "item", "device": "item", "ref": "item", "first": "objective", "second": "objective", "seat": "to",
    "from_": "to", "origin": "to",
}  # fmt: skip


def words_for(parameter: str, verb: str = "") -> list[str]:
    """Return the words that a parameter of a verb may take; none where anything may stand.

    Examples
    --------
    >>> "nvidia-h20" in words_for("items")
    True
    """
    if verb == "changes":
        return []
    source = _SOURCES.get(_SAME.get(parameter, parameter))
    return sorted(source()) if source else []


def complete(app: Any) -> None:
    """Teach the commands of an application the words of their parameters."""
    for verb, command in app.commands.items():
        for parameter in command.params:
            parameter._custom_shell_complete = _completer(parameter.name, verb)


def _completer(name: str, verb: str) -> Callable[[Any, Any, str], list[str]]:
    def found(_context: Any, _parameter: Any, begun: str) -> list[str]:
        return [word for word in words_for(name, verb) if word.startswith(begun)]

    return found
