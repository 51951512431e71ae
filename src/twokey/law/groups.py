"""Countries and the dated groups of countries that rules refer to."""

from __future__ import annotations

import datetime as dt
import difflib
import functools
from pathlib import Path

from twokey.law.terms import DATA
from twokey.quantities.problem import Problem
from twokey.sources.dated import Period
from twokey.sources.text import read_file

__all__ = ["countries", "group_days", "members", "parse_country", "read_groups"]

_OTHER_NAMES = {"UK": "GB", "USA": "US", "UAE": "AE", "PRC": "CN", "EL": "GR"}


@functools.cache
def countries() -> dict[str, tuple[str, ...]]:
    """Return every country code (ISO 3166-1 alpha-2) with its names, the usual one first."""
    lines = (DATA / "countries.csv").read_text(encoding="utf-8").splitlines()
    rows = (line.split(",") for line in lines[1:] if line)
    return {row[0]: tuple(name for name in row[1:] if name) for row in rows}


@functools.cache
def _by_name() -> dict[str, str]:
    found = {name.casefold(): code for code, names in countries().items() for name in names}
    found.update((name.casefold(), code) for name, code in _OTHER_NAMES.items())
    return found


def parse_country(text: str, where: str) -> str:
    """Return the country code of a code or a name.

    Raises
    ------
    Problem
        If it is neither; near codes and names are suggested.

    Examples
    --------
    >>> parse_country("cn", "--to"), parse_country("China", "--to"), parse_country("UK", "--to")
    ('CN', 'CN', 'GB')
    >>> parse_country("Chinna", "--to")
    Traceback (most recent call last):
    twokey.quantities.problem.Problem: --to: got 'Chinna'; needed a country code of two letters (ISO 3166-1 \
alpha-2) or a country's name. To mend it: did you mean CN (China)?.
    """
    word = text.strip()
    if word.upper() in countries():
        return word.upper()
    known = _by_name()
    code = known.get(word.casefold())
    if code is not None:
        return code
    near = difflib.get_close_matches(word.casefold(), known, n=3, cutoff=0.75)
    shown = [f"{known[name]} ({countries()[known[name]][0]})" for name in near]
    if len(word) == 2:
        shown += [f"{c} ({countries()[c][0]})" for c in countries() if c[0] == word[:1].upper()][: 3 - len(shown)]
    raise Problem(
        where,
        repr(text),
        "a country code of two letters (ISO 3166-1 alpha-2) or a country's name",
        f"did you mean {' or '.join(dict.fromkeys(shown))}?" if shown else "write it like CN or US",
    )


def read_groups(path: Path, shown: str) -> dict[str, tuple[tuple[Period, frozenset[str], str], ...]]:
    """Read a file of dated groups: for each name its versions as (period, members, state of checking).

    Raises
    ------
    Problem
        With file and line: an unknown code, a gap or an overlap between versions.
    """
    root = read_file(path, shown).fields(("format", "groups"), ("note", "sources"))
    root["format"].one_of(("law-groups/1",))
    found = {}
    for name, v in root["groups"].group().items():
        f = v.fields(("title", "versions"), ("note",))
        versions: list[tuple[Period, frozenset[str], str]] = []
        for entry in f["versions"]:
            e = entry.fields(("effective", "until", "members", "cite", "checked"), ("note",))
            start = e["effective"].day()
            end = None if e["until"].text() == "open" else e["until"].day()
            if versions and versions[-1][0].end != start:
                raise e["effective"].refuse(f"the day on which the one before ends: {versions[-1][0].end}", "mend it")
            if end is not None and end <= start:
                raise e["until"].refuse("a day after `effective`", "mend one of the two")
            codes = frozenset(e["members"].text().split())
            strange = sorted(codes - countries().keys())
            if strange:
                raise e["members"].refuse("country codes separated by blanks", "mend " + ", ".join(strange))
            checked = e["checked"].one_of(("unverified", "read-once", "read-twice"))
            versions.append((Period(start, end), codes, checked))
        found[name] = tuple(versions)
    return found


@functools.cache
def _groups() -> dict[str, tuple[tuple[Period, frozenset[str], str], ...]]:
    try:
        return read_groups(DATA / "groups.yaml", "law/groups.yaml")
    except Problem as problem:
        problem.kind = "bad-data"
        raise


def members(token: str, day: dt.date) -> frozenset[str]:
    """Return the countries a rule's word stands for on a day: a country code, or the name of a group.

    Raises
    ------
    Problem
        If the word is neither, or the group has no list for that day.
    """
    if token in countries():
        return frozenset((token,))
    versions = _groups().get(token)
    if versions is None:
        raise Problem(
            "law/groups.yaml", repr(token), "a country code or a group: " + ", ".join(_groups()), "add the group",
            kind="bad-data",
        )  # fmt: skip
    for period, codes, _ in versions:
        if day in period:
            return codes
    raise Problem("law/groups.yaml", f"{token} on {day}", "a list for that day", "add a version", kind="bad-data")


def group_days() -> set[dt.date]:
    """Return every day on which a list begins or ends."""
    return {
        day for versions in _groups().values() for period, _, _ in versions for day in (period.start, period.end)
        if day is not None
    }  # fmt: skip
