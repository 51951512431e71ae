"""The conformance suite: questions on the law with answers that any tool can be held against, Twokey first.

Each case is complete in itself: the item sheet, the facts of the trade, what is expected, on what it rests. A case is
`authoritative` where a government or a company has stated the answer, and `computed` where it follows from the text of
a rule and published figures. Only the keys under `expected` are scored.
"""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from twokey.chips.item import ItemSheet, item_from_value
from twokey.law.answer import Answer
from twokey.law.assess import assess
from twokey.law.question import Trade, trade_from_value
from twokey.quantities.problem import Problem
from twokey.sources.text import parse_day, read_text

__all__ = ["FILE", "KEYS", "Case", "Score", "cases", "flat", "parse_cases", "score", "score_tool"]

FILE = Path(__file__).resolve().parent.parent / "data" / "conformance" / "cases.json"
"""The suite."""

KEYS = (
    "outcome", "review", "classification", "paragraph", "exceptions", "enforcement", "missing", "cn_outcome",
    "cn_strength", "cn_beside", "verdict", "in_practice", "conflict", "flags",
)  # fmt: skip
"""What a case may expect; `paragraph` is the first of the classification, or "none"."""

_FORMAT = "twokey-conformance/1"


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `asked` is what a tool is given, as JSON values; `item` and `trade` are the same, read."""

    id: str
    about: str
    basis: str
    cite: str
    asked: Mapping[str, Any]
    expected: Mapping[str, Any]
    item: ItemSheet
    trade: Trade

    def answer(self) -> Answer:
        """Return Twokey's own answer."""
        known_on = self.asked.get("known_on")
        assume = {name: Fraction(value) for name, value in self.asked.get("assume", {}).items()}
        known = parse_day(known_on, self.id) if known_on else None
        overlays = [Path(self.asked["with"])] if "with" in self.asked else []
        return assess(self.item, self.trade, known_on=known, assume=assume, overlays=overlays)

    def wrong(self, given: Mapping[str, Any]) -> list[str]:
        """Return the keys on which an answer differs from what is expected."""
        return [key for key, value in self.expected.items() if _said(given, key) != value]


def flat(answer: Answer) -> dict[str, Any]:
    """Return an answer in the words of the suite.

    Examples
    --------
    >>> first = cases()[0]
    >>> first.wrong(flat(first.answer()))
    []
    """
    us, cn = answer.us, answer.cn
    return {
        "outcome": us.outcome, "review": us.review, "classification": list(us.classification),
        "exceptions": list(us.exceptions), "enforcement": us.enforcement, "missing": list(us.missing),
        "cn_outcome": cn.outcome, "cn_strength": cn.strength,
        "cn_beside": sorted(f"{a['strength']} {a['outcome']}" for a in cn.also),
        "verdict": answer.verdict, "in_practice": answer.in_practice, "conflict": bool(answer.conflicts),
        "flags": sorted(str(f["code"]) for f in answer.flags),
    }  # fmt: skip


def _said(given: Mapping[str, Any], key: str) -> Any:
    """Return what an answer says under a key; the order of exceptions, flags and entries beside the key is free."""
    if key == "paragraph":
        listed = given.get("classification")
        return (listed[0] if listed else "none") if isinstance(listed, list) else None
    value = given.get(key)
    if key in ("exceptions", "cn_beside", "flags") and isinstance(value, list):
        return sorted(map(str, value))
    return value


def cases() -> list[Case]:
    """Return every case of the suite.

    Raises
    ------
    Problem
        Of kind "bad-data", if the suite cannot be read.
    """
    return parse_cases(FILE.read_text(encoding="utf-8"))


def parse_cases(text: str) -> list[Case]:
    """Return the cases written in a suite's text.

    Raises
    ------
    Problem
        Of kind "bad-data", if the text is not a suite, or an item or a trade in it cannot be used.
    """
    try:
        suite = json.loads(text)
        if suite["format"] != _FORMAT:
            raise ValueError(f"the format {suite['format']!r}")
        items = {name: item_from_value(read_text(json.dumps(sheet), name)) for name, sheet in suite["items"].items()}
        return [_case(c, suite, items) for c in suite["cases"]]
    except Problem as problem:
        problem.kind = "bad-data"
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise Problem("the conformance suite", str(error), f"a suite of {_FORMAT}", "restore the file",
                      kind="bad-data") from None  # fmt: skip


def _case(c: Mapping[str, Any], suite: Mapping[str, Any], items: Mapping[str, ItemSheet]) -> Case:
    expected = suite["answers"][c["expected"]]
    unknown = set(expected) - set(KEYS)
    if unknown:
        raise ValueError(f"{c['id']} expects {', '.join(sorted(unknown))}")
    asked = {"id": c["id"], "item": suite["items"][c["item"]], "trade": c["trade"]}
    asked |= {key: c[key] for key in ("known_on", "assume", "with") if key in c}
    if "chips" in c:
        asked["chips"] = {name: suite["items"][key] for name, key in c["chips"].items()}
    cite = "; ".join(suite["sources"][key] for key in c["sources"])
    return Case(c["id"], c["about"], c["basis"], cite, asked, expected, items[c["item"]], _trade(c["trade"]))


def _trade(written: Mapping[str, Any]) -> Trade:
    """Return the facts of a trade; the plain ones are read here, since a suite has thousands."""
    plain = {"to", "on", "seat"}
    if not written.keys() <= plain:
        return trade_from_value(read_text(json.dumps(written), "a case"))
    return Trade(to=written["to"], on=parse_day(written["on"], "a case"), seat=written.get("seat"))


@dataclass(frozen=True, slots=True)
class Score:
    """How a tool did: cases by basis, those answered as expected, right answers by key, and what went wrong."""

    tool: str
    total: Mapping[str, int]
    right: Mapping[str, int]
    by_key: Mapping[str, tuple[int, int]]
    wrong: tuple[Mapping[str, Any], ...]

    @property
    def perfect(self) -> bool:
        """Whether every case was answered as expected."""
        return not self.wrong

    def to_json(self) -> dict[str, Any]:
        """Return the score as plain JSON values; every failed case with what was expected and what was said."""
        return {
            "tool": self.tool,
            "cases": sum(self.total.values()),
            "right": sum(self.right.values()),
            "by_basis": {b: {"cases": n, "right": self.right[b]} for b, n in self.total.items()},
            "by_key": {k: {"cases": n, "right": right} for k, (right, n) in self.by_key.items()},
            "wrong": [dict(w) for w in self.wrong],
        }


def score(tool: str, answers: Iterable[tuple[Case, Mapping[str, Any]]]) -> Score:
    """Return the score of answers in the words of the suite."""
    total: dict[str, int] = {}
    right: dict[str, int] = {}
    by_key: dict[str, tuple[int, int]] = {}
    wrong: list[Mapping[str, Any]] = []
    for case, given in answers:
        differs = case.wrong(given)
        total[case.basis] = total.get(case.basis, 0) + 1
        right[case.basis] = right.get(case.basis, 0) + (not differs)
        for key in case.expected:
            good, n = by_key.get(key, (0, 0))
            by_key[key] = (good + (key not in differs), n + 1)
        if differs:
            wrong.append(
                {
                    "id": case.id, "about": case.about, "basis": case.basis, "cite": case.cite,
                    "expected": {k: case.expected[k] for k in differs}, "said": {k: _said(given, k) for k in differs},
                }
            )  # fmt: skip
    return Score(tool, total, right, by_key, tuple(wrong))


def score_tool(
    command: str | None = None,
    suite: Iterable[Case] | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Score:
    """Return the score of another tool, or of Twokey itself.

    Parameters
    ----------
    command : a command line; it is started once, reads one case as a JSON line on standard input (`id`, `item`,
        `trade`, sometimes `chips`, `known_on`, `assume` or `with`) and writes one JSON line with its answer for each.
        Without one, Twokey answers
    suite : the cases; by default all
    progress : called with cases answered and cases in all, now and then

    Raises
    ------
    Problem
        If the command cannot be started, or does not write one JSON object for each case.
    """
    asked = list(cases() if suite is None else suite)
    if command is None:
        return score("twokey", ((case, flat(case.answer())) for case in _told(asked, progress)))
    return score(command, zip(asked, _ask(command, asked), strict=True))


def _told(asked: list[Case], progress: Callable[[int, int], None] | None) -> Iterator[Case]:
    for i, case in enumerate(asked):
        if progress is not None and i % 50 == 0:
            progress(i, len(asked))
        yield case


def _ask(command: str, asked: list[Case]) -> Iterator[Mapping[str, Any]]:
    lines = "".join(json.dumps(case.asked, ensure_ascii=False) + "\n" for case in asked)
    try:
        done = subprocess.run(shlex.split(command), input=lines, stdout=subprocess.PIPE, text=True, encoding="utf-8",
                              check=False)  # fmt: skip
    except (OSError, ValueError, IndexError) as error:
        raise Problem("--tool", f"{command!r} ({error})", "a command that can be started", "try it by hand") from None
    said = done.stdout.splitlines()
    for i, case in enumerate(asked):
        try:
            answer = json.loads(said[i])
        except (IndexError, ValueError):
            given = (
                repr(said[i][:80]) if i < len(said) else f"nothing after {len(said)} lines (status {done.returncode})"
            )
            raise Problem(
                f"--tool, case {case.id}", given, "one JSON object on a line for each case, in their order",
                "write a line and flush; write messages to standard error",
            ) from None  # fmt: skip
        if not isinstance(answer, dict):
            raise Problem(f"--tool, case {case.id}", repr(answer)[:80], "a JSON object", "see docs/conformance.md")
        yield answer


def exact(value: Fraction) -> int | float:
    """Return an exact figure as a JSON number that reads back as the same."""
    found = int(value) if value.denominator == 1 else float(value)
    if Fraction(str(found)) != value:
        raise ValueError(f"{value} has no short decimal")
    return found
