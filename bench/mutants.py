"""Changes of one word at a time to the rule files: limits, comparators, joints, days, lists, words of outcome."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from twokey.law.terms import DATA

_SPARE = dt.timedelta(days=3)
DECIDING = ("control", "exception", "review", "entry", "duty", "flag", "derived")
REVIEWS = ("presumption-of-approval", "case-by-case", "presumption-of-denial")
OUTCOMES = ("permitted", "conditional", "barred")
NEWCOMERS = {
    "product": ("h800",), "end_user": ("somebody",), "seller": ("other",), "use": ("existing-centre",),
    "site": ("private",), "end_use": ("remote-access", "weapons"), "exporter": ("designer",), "contains": ("graphite",),
    "authorisation": ("data-centre-veu", "uae-government"),
}  # fmt: skip
"""Words to add to a list, such as occur in the questions: of several the first that the list does not hold."""

_TEST = re.compile(r'test: (?:"([^"]*)"|([^,}\n]+))')
_JOINT = re.compile(r"(?<![\w-])(all|any)(?=:(?: |$))")
_DATES = re.compile(r"^(?:- )?\s*(effective|until|known_from): (\d{4}-\d\d-\d\d)$")
_LIST = re.compile(r"^\s*(addressees|supersedes|applies_to): \[([^\]]*)\]$")
_WORDS = {
    "enforcement": ("in-force", "not-enforced", "pending"),
    "strength": ("law", "notice", "guidance", "reported"),
    "polarity": ("bars", "permits", "exit", "must-meet"),
}
_OTHERS = {"polarity": ("must-meet",)}
"""Where of several words some say the same to the engine, the ones to put in their place."""

_ONLY = {"enforcement": ("control",), "strength": ("entry",), "polarity": ("entry",)}
"""Layers in which a word decides anything; in others it is told and not read."""


@dataclass(frozen=True)
class Mutant:
    """A rule file with one thing changed."""

    path: Path
    line: int
    kind: str
    what: str
    text: str
    days: tuple[dt.date, dt.date] = (dt.date.min, dt.date.max)
    """The days of the version that is changed, with some to spare: on others the law stays as it was."""

    node: str = ""
    """The first name on the line."""

    @property
    def key(self) -> tuple[str, ...]:
        """What tells the mutant from others, whatever the line: file, first day of the version, node, kind, change."""
        start = "" if self.days[0] == dt.date.min else str(self.days[0] + _SPARE)
        return f"{self.path.parent.name}/{self.path.name}", start, self.node, self.kind, self.what

    @property
    def place(self) -> str:
        """File, line and change."""
        return f"{self.path.parent.name}/{self.path.name}:{self.line} {self.kind}: {self.what}"


def deciding_files() -> list[Path]:
    """Return the files of every rule that decides anything about a trade; those for the record alone are left out."""
    found = [p for side in ("us", "cn", "proposed") for p in sorted((DATA / side).glob("*.yaml"))]
    return [p for p in found if re.search(r"^layer: (\S+)$", p.read_text(), re.MULTILINE).group(1) in DECIDING]  # type: ignore[union-attr]


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Yield every mutant of a rule file."""
    lines = path.read_text(encoding="utf-8").splitlines()

    def mutant(i: int, kind: str, start: int, end: int, new: str) -> Mutant:
        old = lines[i][start:end]
        changed = [*lines[:i], lines[i][:start] + new + lines[i][end:], *lines[i + 1 :]]
        what = f"{old or 'nothing'} -> {new or 'nothing'}"
        what = what.replace('"', "") if kind == "list" else what
        named = re.search(r"id: ([^,}]+)", lines[i])
        node = named.group(1) if named else lines[i].split(":")[0].strip(" -")
        return Mutant(path, i + 1, kind, what, "\n".join(changed) + "\n", _days_of(lines, i), node)

    body = next(i for i, line in enumerate(lines) if line.startswith("versions:"))
    layer = next(line.split()[1] for line in lines if line.startswith("layer:"))
    words = {k: v for k, v in _WORDS.items() if k not in _ONLY or layer in _ONLY[k]}
    for i, line in enumerate(lines):
        if line.lstrip().startswith(("#", "note:", "title:", "status:", "cite:")):
            continue
        for m in _DATES.finditer(line):
            for new in _shifted(m.group(2)):
                yield mutant(i, "day", *m.span(2), new)
        head = re.match(r"^\s*(\w+): ([\w.-]+)$", line)
        if head and head.group(1) in words and head.group(2) in words[head.group(1)]:
            for word in _OTHERS.get(head.group(1), words[head.group(1)]):
                if word != head.group(2):
                    yield mutant(i, head.group(1), *head.span(2), word)
        if i < body:
            continue
        if head and head.group(1) == "code":
            yield mutant(i, "code", *head.span(2), "X1")
        if head and head.group(1) == "rank":
            yield mutant(i, "rank", *head.span(2), "5" if int(head.group(2)) > 10 else "35")
        for m in _TEST.finditer(line):
            start, end = m.span(1) if m.group(1) is not None else m.span(2)
            for kind, new in _sentences(line[start:end].rstrip()):
                bare = m.group(1) is None and "," in new  # a comma would end the value
                sentence = f'"{new}"' if bare else new
                yield mutant(i, kind, start, start + len(line[start:end].rstrip()), sentence)
        for m in _JOINT.finditer(line):
            yield mutant(i, "joint", *m.span(), "any" if m.group() == "all" else "all")
        if re.fullmatch(r"\s*(- )?not:", line):
            yield _unnegated_block(mutant(i, "not", len(line) - 4, len(line), "all:"), lines, i)
        for m in re.finditer(r"(?<=renames: \{).*(?=\})", line):
            pairs = m.group().split(", ")
            for pair in pairs:
                yield mutant(i, "renames", *m.span(), ", ".join(x for x in pairs if x != pair))
                yield mutant(
                    i, "renames", *m.span(), ", ".join(x if x != pair else pair.split(":")[0] + ": X1" for x in pairs)
                )
        for m in re.finditer(r"not: ", line):
            yield from _unnegated(line, m, lambda s, e, new, i=i: mutant(i, "not", s, e, new))
        for m in re.finditer(r"meets: us/3a090\.([ab])", line):
            yield mutant(i, "meets", *m.span(1), "b" if m.group(1) == "a" else "a")
        for m in re.finditer(r"gives: ([\w-]+)", line):
            for word in REVIEWS if m.group(1) in REVIEWS else OUTCOMES:
                if word != m.group(1):
                    yield mutant(i, "outcome", *m.span(1), word)
        for m in re.finditer(r"holds: (yes|no)", line):
            yield mutant(i, "holds", *m.span(1), "no" if m.group(1) == "yes" else "yes")
        if listed := _LIST.match(line):
            names = listed.group(2).split(", ")
            for name in names:
                yield mutant(i, "list", *listed.span(2), ", ".join(n for n in names if n != name))
            if listed.group(1) == "addressees":
                yield mutant(i, "list", *listed.span(2), ", ".join([*names, "other"]))
    yield from _joint_days(path, lines)


def _days_of(lines: list[str], at: int) -> tuple[dt.date, dt.date]:
    """Return the days of the version that a line belongs to, three days wider at both ends."""
    starts = [i for i, line in enumerate(lines) if line.startswith("- version:")]
    before = [i for i in starts if i <= at]
    if not before:
        return dt.date.min, dt.date.max
    block = lines[before[-1] : min((i for i in starts if i > at), default=len(lines))]
    days = {m.group(1): m.group(2) for line in block if (m := _DATES.match(line))}
    end = dt.date.fromisoformat(days["until"]) + _SPARE if "until" in days else dt.date.max
    return dt.date.fromisoformat(days["effective"]) - _SPARE, end


def _joint_days(path: Path, lines: list[str]) -> Iterator[Mutant]:
    """Days on which one version follows another, moved in both: the loader finds nothing amiss in them."""
    ends = {m.group(2): i for i, line in enumerate(lines) if (m := _DATES.match(line)) and m.group(1) == "until"}
    for i, line in enumerate(lines):
        m = _DATES.match(line)
        if m is None or m.group(1) != "effective" or m.group(2) not in ends:
            continue
        for new in _shifted(m.group(2)):
            both = (i, ends[m.group(2)])
            changed = [x.replace(m.group(2), new) if k in both else x for k, x in enumerate(lines)]
            what = f"{m.group(2)} -> {new}, the end before with it"
            near = (dt.date.fromisoformat(m.group(2)) - _SPARE, dt.date.fromisoformat(m.group(2)) + _SPARE)
            yield Mutant(path, i + 1, "day", what, "\n".join(changed) + "\n", near)


def _shifted(day: str) -> tuple[str, str]:
    on = dt.date.fromisoformat(day)
    return str(on - dt.timedelta(days=1)), str(on + dt.timedelta(days=1))


def _sentences(text: str) -> Iterator[tuple[str, str]]:
    """Yield the changes of one test."""
    word, op, rest = text.split(None, 2)
    if op in (">=", ">", "<=", "<"):
        yield "comparator", f"{word} {({'>=': '>', '>': '>=', '<=': '<', '<': '<='})[op]} {rest}"
        limit, _, unit = rest.partition(" ")
        limit, star, rolling = limit.partition("*")
        if re.fullmatch(r"\d{4}-\d\d-\d\d", limit):
            yield from (("day", f"{word} {op} {new}") for new in _shifted(limit))
            return
        step, value = Fraction(1, 10 ** len(limit.partition(".")[2])), Fraction(limit)
        for new in (value - step, value + step, value * 99 / 100, value * 101 / 100):
            yield "limit", f"{word} {op} {float(new):.10g}{star}{rolling} {unit}"
    elif rest in ("yes", "no"):
        yield "flag", f"{word} is {'no' if rest == 'yes' else 'yes'}"
    else:
        names = rest.split(", ")
        for name in names:
            left = [n for n in names if n != name]
            if left:
                yield "list", f"{word} in {', '.join(left)}"
        added = next(new for new in NEWCOMERS.get(word, ("BR",)) if new not in names)
        yield "list", f"{word} in {', '.join([*names, added])}"
        if len(names) == 1:
            yield "list", f"{word} is {added}"


def _unnegated(line: str, m: re.Match[str], make: object) -> Iterator[Mutant]:
    """Yield the line with a `not` taken away: `not: X` becomes `all: [X]`."""
    start = m.end()
    if not line.startswith("{", start):
        return
    depth, end = 0, start
    for end in range(start, len(line)):
        depth += (line[end] in "{[") - (line[end] in "}]")
        if depth == 0:
            break
    yield make(m.start(), end + 1, f"all: [{line[start : end + 1]}]")  # type: ignore[operator]


def _unnegated_block(first: Mutant, lines: list[str], at: int) -> Mutant:
    """Return the mutant with a `not` over a block taken away: the block becomes the one part of an `all`."""
    indent = len(lines[at]) - len(lines[at].lstrip())
    block = list(itertools.takewhile(lambda x: len(x) - len(x.lstrip()) > indent, lines[at + 1 :]))
    deep = len(block[0]) - len(block[0].lstrip())
    moved = [" " * deep + "- " + block[0].lstrip(), *("  " + line for line in block[1:])]
    text = [*lines[:at], lines[at][:-4] + "all:", *moved, *lines[at + 1 + len(block) :]]
    return replace(first, text="\n".join(text) + "\n")


def mutants_of_parties() -> Iterator[Mutant]:
    """Yield the list of parties with one of its days moved, or one party not on it."""
    path = DATA / "entities.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    for i, line in enumerate(lines):
        name = re.search(r"name: ([^,]+),", line)
        changes = [
            (d.span(2), new) for d in re.finditer(r"(effective|published): ([\d-]+)", line) for new in _shifted(d[2])
        ]
        changes += [(m.span(), "listed: no") for m in re.finditer(r"listed: yes", line)]
        for (start, end), new in changes:
            text = "\n".join([*lines[:i], line[:start] + new + line[end:], *lines[i + 1 :]]) + "\n"
            kind = "party" if new == "listed: no" else "day"
            node = name.group(1) if name else ""
            yield Mutant(path, i + 1, kind, f"{line[start:end]} -> {new}", text, node=node)


def mutants_of_groups(codes: list[str]) -> Iterator[Mutant]:
    """Yield the country lists with one member less or one more, or one day moved.

    Parameters
    ----------
    codes : countries to add, one at a time, where they are not members
    """
    path = DATA / "groups.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    for i, line in enumerate(lines):
        m = re.search(r"members: ([A-Z ]+)\}", line)
        if m is None:
            continue
        have = m.group(1).split()
        changes = [("group", f"less {c}", [x for x in have if x != c]) for c in have]
        changes += [("group", f"more {c}", [*have, c]) for c in codes if c not in have]
        for kind, what, now in changes:
            new = line[: m.start(1)] + " ".join(now) + line[m.end(1) :]
            yield Mutant(path, i + 1, kind, what, "\n".join([*lines[:i], new, *lines[i + 1 :]]) + "\n")
        for d in re.finditer(r"(effective|until): (\d{4}-\d\d-\d\d)", line):
            for day in _shifted(d.group(2)):
                new = line[: d.start(2)] + day + line[d.end(2) :]
                what = f"{d.group(2)} -> {day}"
                yield Mutant(path, i + 1, "day", what, "\n".join([*lines[:i], new, *lines[i + 1 :]]) + "\n")
