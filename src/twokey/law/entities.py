"""Listed parties that the data knows, and what a name on a day makes of them. `twokey screen` reads whole lists."""

from __future__ import annotations

import datetime as dt
import functools
import re
from dataclasses import dataclass

from twokey.law.terms import DATA
from twokey.quantities.problem import Problem
from twokey.sources.text import Value, read_file

__all__ = ["Entity", "entities", "entity_days", "listed_as", "near"]


@dataclass(frozen=True, slots=True)
class Entity:
    """A party on the Entity List from `effective` on, known from `published`; None for one that is not on it."""

    name: str
    aliases: tuple[str, ...]
    seat: str
    effective: dt.date | None
    published: dt.date | None
    cite: str
    checked: str
    confidence: str
    note: str

    def stands(self, day: dt.date, known_on: dt.date | None = None) -> bool:
        """Return whether the party is on the list on a day, and that could be known on another."""
        if self.effective is None or self.published is None or day < self.effective:
            return False
        return known_on is None or self.published <= known_on


_FORMS = {"co", "ltd", "limited", "inc", "corp", "corporation", "company", "llc", "plc", "group", "holdings", "the"}
"""Words of a name that say what form of company it is and not which one."""


@functools.lru_cache(maxsize=65_536)
def _words(name: str) -> tuple[str, ...]:
    return tuple(w for w in re.sub(r"[^a-z0-9]+", " ", name.lower()).split() if w not in _FORMS)


@functools.cache
def entities() -> tuple[Entity, ...]:
    """Return every party of the data.

    Raises
    ------
    Problem
        Of kind "bad-data", with file and line, if the file cannot be used.
    """
    try:
        root = read_file(DATA / "entities.yaml", "law/entities.yaml").fields(("format", "verify", "entities"))
        root["format"].one_of(("law-entities/1",))
        return tuple(_entity(v) for v in root["entities"])
    except Problem as problem:
        problem.kind = "bad-data"
        raise


def _entity(v: Value) -> Entity:
    f = v.fields(
        ("name", "aliases", "seat", "listed", "cite", "checked", "confidence"), ("effective", "published", "note")
    )
    listed = f["listed"].yes_no()
    if listed:
        f = v.fields(("effective", "published", *(k for k in f if k not in ("effective", "published"))))
    return Entity(
        f["name"].text(),
        f["aliases"].texts(),
        f["seat"].text(),
        f["effective"].day() if listed else None,
        f["published"].day() if listed else None,
        f["cite"].text(),
        f["checked"].one_of(("unverified", "read-once", "read-twice")),
        f["confidence"].one_of(("high", "medium", "low")),
        f["note"].text() if "note" in f else "",
    )


@functools.cache
def _by_name() -> dict[tuple[str, ...], Entity]:
    return {_words(name): e for e in entities() for name in (e.name, *e.aliases)}


def listed_as(name: str, day: dt.date, known_on: dt.date | None = None) -> Entity | None:
    """Return the listed party that a name is, on a day; None where the data holds none of that very name.

    Examples
    --------
    >>> found = listed_as("Huawei Technologies Co., Ltd.", dt.date(2025, 4, 17))
    >>> found.name if found else None
    'Huawei Technologies'
    >>> listed_as("DeepSeek", dt.date(2025, 4, 17)), listed_as("Biren", dt.date(2023, 10, 16))
    (None, None)
    """
    found = _by_name().get(_words(name))
    return found if found is not None and found.stands(day, known_on) else None


def near(name: str, day: dt.date, known_on: dt.date | None = None) -> Entity | None:
    """Return a listed party whose name stands within another name, as that of a group does in a subsidiary's.

    Examples
    --------
    >>> found = near("Inspur Electronic Information Industry", dt.date(2024, 1, 1))
    >>> found.name if found else None
    'Inspur Group'
    """
    words = _words(name)
    own = _by_name().get(words)  # a party of the data by its own name is not near itself by a shorter one
    if own is not None and own.stands(day, known_on):
        return None
    for known, entity in _by_name().items():
        within = any(words[i : i + len(known)] == known for i in range(len(words) - len(known) + 1))
        if within and entity is not own and entity.stands(day, known_on):
            return entity
    return None


def entity_days() -> set[dt.date]:
    """Return every day on which a party of the data came onto the list."""
    return {e.effective for e in entities() if e.effective is not None}
