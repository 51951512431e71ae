"""Whether the checks of the law notice when a rule file is wrong: `python bench/mutation.py [--sample N]`.

Every limit (by one unit of its last place and by 1%), comparator, `all`/`any`/`not`, day, list, named paragraph and
word of outcome in the files of rules that decide is changed, one at a time; the changed book is held against

1. the loader, which refuses what cannot be law,
2. the answers of the conformance suite, all of which come from elsewhere than the rule files,
3. the hand-kept tables of limits, days and country lists.

A mutant that none of them notices survives, unless `equivalent.csv` names it and says why it leaves every answer as it
is (eighty thousand questions found no difference). One that only a table notices changes no answer to any question
of the suite: most are limits that another limb of the same paragraph covers.
"""

from __future__ import annotations

import argparse
import collections
import csv
import datetime as dt
import functools
import itertools
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from mutants import Mutant, deciding_files, mutants_of, mutants_of_groups
from second_reading import day, table
from twokey.law import book, groups, settle
from twokey.law import day as days
from twokey.law.conform import Case, cases, flat
from twokey.law.groups import countries, read_groups
from twokey.law.rule import Rule, read_rule
from twokey.law.terms import terms
from twokey.law.tree import leaves
from twokey.quantities.problem import Problem


@contextmanager
def loaded(mutant: Mutant) -> Iterator[None]:
    """Run a block under the law of the changed file; a file that the loader refuses raises Problem."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / mutant.path.name
        path.write_text(mutant.text, encoding="utf-8")
        if mutant.path.name == "groups.yaml":
            lists = read_groups(path, "law/groups.yaml")
            with _swapped(groups, "_groups", lists):
                yield
        else:
            new = read_rule(path, mutant.place, terms())
            rules = tuple(new if r.id == new.id else r for r in _untouched())
            book._check_references(rules)
            with _swapped(book, "_rules", rules):
                yield


@functools.cache
def _untouched() -> tuple[Rule, ...]:
    return tuple(book.rules())


@contextmanager
def _swapped(module: object, name: str, value: object) -> Iterator[None]:
    before = getattr(module, name)
    setattr(module, name, lambda: value)
    _forget()
    try:
        yield
    finally:
        setattr(module, name, before)
        _forget()


def _forget() -> None:
    days._law_on.cache_clear()
    days._breakpoints.cache_clear()
    settle._MEMORY.clear()


# -- the tables -------------------------------------------------------------------------------------


def limits_in_tables() -> Counter[tuple[str, ...]]:
    """Return the limits that the hand-kept table names, each with its rule and version."""
    return Counter(
        (r["rule"], start, r["term"], r["comparator"], _exact(r["limit"]))
        for r in table("limits.csv")
        for start in r["versions"].split()
    )


def limits_in_rules() -> Counter[tuple[str, ...]]:
    """Return the limits that the rule files hold."""
    return Counter(
        (rule.id, str(v.effective), leaf.term, leaf.op, _exact(str(leaf.operand)))
        for rule in _deciding()
        for v in rule.versions
        for tree in v.trees
        for leaf in leaves(tree)
        if leaf.kind in ("number", "day")
    )


def _exact(limit: str) -> str:
    return limit if limit.count("-") == 2 else str(Fraction(limit))


def days_in_tables() -> set[tuple[str, ...]]:
    """Return first day, last day and first day known of every version, as the hand-kept table has them."""
    return {(r["rule"], r["effective"], r["until"], r["known_from"]) for r in table("dates.csv")}


def days_in_rules() -> set[tuple[str, ...]]:
    """Return the same from the rule files."""
    return {
        (rule.id, str(v.effective), str(v.until or ""), str(v.known_from or ""))
        for rule in _deciding()
        for v in rule.versions
    }


def lists_differ() -> list[str]:
    """Return the groups and days whose members differ from those of the hand-kept table."""
    bad = []
    for r in table("groups.csv"):
        for on in (day(r["effective"]), min(day(r["until"]), dt.date(2030, 1, 1)) - dt.timedelta(days=1)):
            try:
                have = groups.members(r["group"], on)
            except Problem:
                have = frozenset()
            if have != frozenset(r["members"].split()):
                bad.append(f"{r['group']} on {on}")
        try:
            groups.members(r["group"], day(r["effective"]) - dt.timedelta(days=1))
            before = [x for x in table("groups.csv") if x["group"] == r["group"] and x["until"] == r["effective"]]
            bad += [] if before else [f"{r['group']} before {r['effective']}"]
        except Problem:
            pass
    return bad


def _deciding() -> list[Rule]:
    covered = {r["rule"] for r in table("dates.csv")}
    return [r for r in book.rules() if r.id in covered]


def uncovered() -> list[str]:
    """Return the rules that decide something and that the second reading does not hold yet: they are not mutated."""
    covered = {r["rule"] for r in table("dates.csv")}
    return [r.id for r in book.rules() if r.layer != "record" and r.id not in covered]


def tables_notice() -> bool:
    """Return whether the rule files differ from the hand-kept tables."""
    return limits_in_rules() != limits_in_tables() or days_in_rules() != days_in_tables() or bool(lists_differ())


# -- the answers ------------------------------------------------------------------------------------


class Jury:
    """The cases, those first that noticed something about the same file before."""

    def __init__(self, suite: list[Case], seed: int = 0) -> None:
        self.cases = list(suite)
        random.Random(seed).shuffle(self.cases)
        self.noticed: dict[str, list[Case]] = {}

    def notices(self, file: str, days: tuple[dt.date, dt.date] = (dt.date.min, dt.date.max)) -> bool:
        """Return whether some case is now answered wrongly; those of days on which nothing can differ are left out."""
        first = self.noticed.setdefault(file, [])
        for case in itertools.chain(list(first), self.cases):
            on = case.trade.on
            if on is None or not (days[0] <= on <= days[1] or "known_on" in case.asked):
                continue
            try:
                wrong = case.wrong(flat(case.answer()))
            except (AssertionError, Problem):  # no policy for a case, no list for a day: noticed as an error
                wrong = ["error"]
            if wrong:
                if case in first:
                    first.remove(case)
                first.insert(0, case)
                return True
        return False


def equivalent() -> dict[tuple[str, ...], str]:
    """Return the mutants that change no answer, with the reason."""
    with (Path(__file__).parent / "equivalent.csv").open(encoding="utf-8", newline="") as stream:
        return {tuple(r.values())[:5]: r["why"] for r in csv.DictReader(stream)}


def every_mutant() -> list[Mutant]:
    """Return all mutants."""
    return every_rule_mutant() + list(mutants_of_groups(sorted(countries())))


def every_rule_mutant() -> list[Mutant]:
    """Return the mutants of the rule files, without those of the country lists."""
    covered = {r.id.split("/")[0] + f"/{r.id.split('/')[1]}.yaml" for r in _deciding()}
    files = [path for path in deciding_files() if f"{path.parent.name}/{path.name}" in covered]
    return [m for path in files for m in mutants_of(path)]


def run(mutants: list[Mutant], jury: Jury | None = None) -> tuple[dict[str, int], list[Mutant], list[Mutant]]:
    """Return how many mutants each check noticed first, those that only a table noticed, and the survivors."""
    jury = jury or Jury(cases())
    if tables_notice() or jury.notices("unchanged"):
        raise SystemExit("the unchanged law fails its own checks: mend that first")
    how = collections.Counter[str]()
    known = equivalent()
    by_table, survivors = [], []
    for m in mutants:
        try:
            with loaded(m):
                if m.kind == "group":  # lists are compared whole: each country is named in them
                    verdict = "tables" if lists_differ() else "nothing"
                elif jury.notices(m.path.name, m.days):
                    verdict = "answers"
                else:
                    verdict = "tables" if tables_notice() else "nothing"
                    by_table += [m] if verdict == "tables" else []
        except Problem:
            verdict = "loader"
        if (m.key in known) != (verdict == "nothing"):
            survivors.append(m)  # also one that equivalent.csv wrongly names
            verdict = "survives"
        how["equivalent" if verdict == "nothing" else verdict] += 1
    return dict(how), by_table, survivors


def main() -> int:
    """Print mutants, noticed and survivors; the exit status says whether any survived."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sample", type=int, help="so many mutants, drawn at random, instead of all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--file", help="only mutants of files whose name holds this")
    chosen = parser.parse_args()
    begin = time.perf_counter()
    mutants = [m for m in every_mutant() if not chosen.file or chosen.file in m.path.name]
    if chosen.sample:
        mutants = random.Random(chosen.seed).sample(mutants, min(chosen.sample, len(mutants)))
    how, by_table, survivors = run(mutants)
    for m in by_table:
        print(f"changes no answer, noticed by a table alone: {m.place}")
    for m in survivors:
        print(f"survives: {m.place}")
    if left := uncovered():
        print("not covered by the second reading, and not mutated: " + ", ".join(left))
    kinds = collections.Counter(m.kind for m in mutants)
    print("mutants by kind: " + ", ".join(f"{k} {n}" for k, n in sorted(kinds.items())))
    print(
        f"{len(mutants)} mutants: {how.get('loader', 0)} refused by the loader, {how.get('answers', 0)} noticed by"
        f" answers, {how.get('tables', 0)} by the tables of limits, days and countries, {how.get('equivalent', 0)}"
        f" change no answer (equivalent.csv says why), {len(survivors)} survive"
        f" ({time.perf_counter() - begin:.0f} s)"
    )
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
