"""The book of rules: every provision as dated data, read once per process."""

from __future__ import annotations

import datetime as dt
import difflib
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

from twokey.law.describe import describe
from twokey.law.rule import Rule, Version, read_rule
from twokey.law.terms import DATA, terms
from twokey.quantities.problem import Problem

__all__ = [
    "FIRST_DAY",
    "HORIZON",
    "Stamped",
    "book",
    "changes",
    "describe",
    "overlay",
    "proposed",
    "rule",
    "rules",
    "stamped",
]

FIRST_DAY = dt.date(2022, 8, 26)
"""First day of the first rule on chips in the data."""

HORIZON = dt.date(2026, 10, 31)
"""Last day for which the data is meant to be complete; later law is not in it."""


def rules() -> list[Rule]:
    """Return every rule in force, past or announced, US before China; proposed rules are not among them.

    Raises
    ------
    Problem
        Of kind "bad-data", with file and line, if a file of the data cannot be read.
    """
    return list(_rules())


@functools.cache
def _rules() -> tuple[Rule, ...]:
    try:
        found = [
            read_rule(path, f"law/{side}/{path.name}", terms())
            for side in ("us", "cn")
            for path in sorted((DATA / side).glob("*.yaml"))
        ]
        _check_references(found)
    except Problem as problem:
        problem.kind = "bad-data"
        raise
    return tuple(found)


def book(overlays: Sequence[Path] = ()) -> tuple[Rule, ...]:
    """Return the rules with `overlays` laid on top: a file whose id exists replaces that rule, a new id is added.

    Raises
    ------
    Problem
        With the file and line of an overlay that cannot be read or refers to a rule that does not exist.
    """
    return _laid(stamped(overlays)) if overlays else _rules()


Stamped = tuple[tuple[Path, int, int], ...]
"""Files with the time of their last change [ns] and their size [byte], so that an edited file is read again."""


PROPOSED = DATA / "proposed"


def proposed() -> list[Rule]:
    """Return the proposed rules of the data; none of them is law.

    Raises
    ------
    Problem
        Of kind "bad-data", if a file cannot be read.
    """
    return [read_rule(path, f"law/proposed/{path.name}", terms()) for path in sorted(PROPOSED.glob("*.yaml"))]


def overlay(ref: Path | str) -> Path:
    """Return the file of a proposed rule: a path, or the id of one of the data, such as "proposed/ai-overwatch".

    Raises
    ------
    Problem
        If it begins with "proposed/" and there is none of that name; near ids are suggested.

    Examples
    --------
    >>> overlay("proposed/scale").name
    'scale.yaml'
    """
    path = Path(ref)
    if path.exists() or path.parent.name != "proposed" or len(path.parts) != 2:
        return path
    found = PROPOSED / f"{path.stem if path.suffix == '.yaml' else path.name}.yaml"
    if not found.exists():
        names = sorted(p.stem for p in PROPOSED.glob("*.yaml"))
        near = difflib.get_close_matches(path.name, names, n=1)
        raise Problem(
            "--with", repr(str(ref)), "the id of a proposed rule: " + ", ".join(f"proposed/{n}" for n in names),
            f"did you mean proposed/{near[0]}?" if near else "use one of them, or a file",
        )  # fmt: skip
    return found


def stamped(overlays: Sequence[Path]) -> Stamped:
    """Return overlays with what tells one state of a file from the next; an absent file has zeros."""
    found = []
    for path in map(overlay, overlays):
        try:
            stat = path.stat()
            found.append((path, stat.st_mtime_ns, stat.st_size))
        except OSError:
            found.append((path, 0, 0))
    return tuple(found)


@functools.lru_cache(maxsize=64)
def _laid(overlays: Stamped) -> tuple[Rule, ...]:
    found = {r.id: r for r in _rules()}
    for path, _, _ in overlays:
        new = read_rule(path, str(path), terms())
        found[new.id] = new
    _check_references(list(found.values()))
    return tuple(found.values())


def _check_references(found: Sequence[Rule]) -> None:
    known = {r.id for r in found}
    seen: set[str] = set()
    for r in found:
        if r.id in seen:
            raise Problem(r.place, f"the rule {r.id!r} a second time", "each rule once", "rename one of the two")
        seen.add(r.id)
        for other in r.references():
            if other not in known:
                near = difflib.get_close_matches(other, known, n=1)
                raise Problem(
                    r.place, f"a reference to {other!r}", "the id of a rule in the data",
                    f"did you mean {near[0]!r}?" if near else "mend the reference",
                )  # fmt: skip
    _check_circles({r.id: r for r in found})


def _check_circles(found: Mapping[str, Rule]) -> None:
    """Refuse tests of items that refer back to themselves: what they ask would have no end."""
    asks = {r.id: sorted(set(r.meets())) for r in found.values()}
    done: set[str] = set()

    def follow(id: str, path: tuple[str, ...]) -> None:
        if id in path:
            circle = " -> ".join((*path[path.index(id) :], id))
            raise Problem(found[id].place, f"a circle of references ({circle})", "tests that end in facts",
                          "take one of the references out")  # fmt: skip
        if id not in done:
            for other in asks[id]:
                follow(other, (*path, id))
            done.add(id)

    for id in asks:
        follow(id, ())


def rule(id: str) -> Rule:
    """Return one rule by its id.

    Raises
    ------
    Problem
        If there is none; near ids are suggested.

    Examples
    --------
    >>> rule("us/3a090.a").title
    'Integrated circuits of high processing performance'
    """
    if id.startswith("proposed/"):
        return read_rule(overlay(id), f"law/{id}.yaml", terms())
    found = {r.id: r for r in _rules()}
    if id in found:
        return found[id]
    near = difflib.get_close_matches(id, found, n=3, cutoff=0.4) or [r for r in found if id.split("/")[-1] in r][:3]
    raise Problem(
        "law",
        repr(id),
        "the id of a rule (see `twokey law`)",
        f"did you mean {', '.join(near)}?" if near else "list all",
    )


def changes(first: dt.date, last: dt.date) -> list[dict[str, object]]:
    """Return what moved in the law after `first` up to and including `last`, in the order of the days.

    Each change holds `on` (the day), `rule`, `title`, `what` (begins, changes, ends), `version`, `known_from` and
    `note`.

    Raises
    ------
    Problem
        If `last` lies before `first`.

    Examples
    --------
    >>> [c["rule"] for c in changes(dt.date(2025, 4, 1), dt.date(2025, 4, 30)) if str(c["rule"]).startswith("us/")]
    ['us/letter-2025-04']
    """
    if last < first:
        raise Problem("changes", f"{first} to {last}", "a first day before the last", "swap the two", kind="usage")
    found = []
    for r in _rules():
        for i, v in enumerate(r.versions):
            joined = i > 0 and r.versions[i - 1].until == v.effective
            following = r.versions[i + 1].effective if i + 1 < len(r.versions) else None
            if first < v.effective <= last:
                found.append(_change(v.effective, r, "changes" if joined else "begins", v))
            if v.until is not None and first < v.until <= last and following != v.until:
                found.append(_change(v.until, r, "ends", v))
    return sorted(found, key=lambda c: (str(c["on"]), str(c["rule"])))


def _change(day: dt.date, r: Rule, what: str, v: Version) -> dict[str, object]:
    known = v.known_from.isoformat() if v.known_from else None
    return {
        "on": day.isoformat(), "rule": r.id, "title": r.title, "what": what, "version": v.version,
        "known_from": known, "status": v.status, "note": v.note,
    }  # fmt: skip
