"""Whether the checks of the law notice when a rule file is wrong: `python bench/mutation.py [--sample N]`.

Every limit (by one unit of its last place and by 1%), comparator, `all`/`any`/`not`, day, list, named paragraph and
word of outcome in the files of rules that decide is changed, one at a time; the changed book is held against

1. the loader, which refuses what cannot be law,
2. the answers of the conformance suite, all of which come from elsewhere than the rule files,
3. the hand-kept tables of limits, days, country lists and parties, and versions of one text against each other: what is
   not yet binding or stayed reads as the version beside it.

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

from law_question import day, table
from mutants import Mutant, deciding_files, mutants_of, mutants_of_groups, mutants_of_parties
from twokey.law import book, entities, groups, settle
from twokey.law import day as days
from twokey.law.conform import Case, cases, flat
from twokey.law.groups import countries, read_groups
from twokey.law.rule import Rule, Version, read_rule
from twokey.law.terms import terms
from twokey.law.tree import Leaf, Tree, leaves
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
        elif mutant.path.name == "entities.yaml":
            with _swapped(entities, "DATA", Path(folder), called=False):
                entities.entities()
                yield
        elif mutant.path.parent == PROPOSED:
            read_rule(path, mutant.place, terms())
            with _swapped(book, "PROPOSED", Path(folder), called=False):
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
def _swapped(module: object, name: str, value: object, called: bool = True) -> Iterator[None]:
    before = getattr(module, name)
    setattr(module, name, (lambda: value) if called else value)
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
    entities.entities.cache_clear()
    entities._by_name.cache_clear()


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
    return limit if limit.count("-") == 2 or "*" in limit else str(Fraction(limit))


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
    return [r for r in (*book.rules(), *book.proposed()) if r.id in covered]


def uncovered() -> list[str]:
    """Return the rules that decide something and that the second reading does not hold yet: they are not mutated."""
    covered = {r["rule"] for r in table("dates.csv")}
    return [r.id for r in (*book.rules(), *book.proposed()) if r.layer != "record" and r.id not in covered]


def tables_notice() -> bool:
    """Return whether the rule files differ from the hand-kept tables."""
    return (
        limits_in_rules() != limits_in_tables()
        or days_in_rules() != days_in_tables()
        or bool(lists_differ())
        or bool(texts_differ())
        or parties_in_data() != parties_in_tables()
    )


def parties_in_tables() -> set[tuple[str, str, str]]:
    """Return name, day of listing and day of publication of every listed party, as the hand-kept table has them."""
    return {(r["name"], r["effective"], r["published"]) for r in table("parties.csv")}


def parties_in_data() -> set[tuple[str, str, str]]:
    """Return the same from the data of the law."""
    return {(e.name, str(e.effective), str(e.published)) for e in entities.entities() if e.effective is not None}


def texts_differ() -> list[str]:
    """Return the controls of which a version that does not bind yet, or is stayed, differs from the one beside it."""
    return [
        f"{rule.id} {a.version} and {b.version}"
        for rule in _deciding()
        if rule.layer == "control"
        for a, b in itertools.pairwise(rule.versions)
        if {a.enforcement, b.enforcement} & {"pending", "not-enforced"} and _text_of(a) != _text_of(b)
    ]


def _text_of(v: Version) -> tuple[object, ...]:
    choices = [(_shape(c.when), c.gives) for c in v.choices]
    return v.code, v.rank, v.addressees, _shape(v.item), _shape(v.trade), choices


def _shape(tree: Tree | None) -> object:
    if tree is None or isinstance(tree, Leaf):
        return tree and (tree.kind, tree.term, tree.op, str(tree.listed))
    return tree.op, [_shape(part) for part in tree.parts]


# -- the answers ------------------------------------------------------------------------------------


_ASKED = {
    "exporter": ("foundry-2025.yaml",), "memory_stack": ("hbm-2024.yaml", "hbm-exception.yaml"),
    "holds": ("4a090.yaml",), "owners": ("affiliates-2025.yaml",), "authorisation": ("veu-2024.yaml",),
    "contains": (
        "gallium-germanium-2023.yaml", "antimony-2024.yaml", "rare-earths-2025.yaml", "announcement-46-2024.yaml",
    ),
    "chinese_rare_earth_percent": ("announcement-61-2025.yaml",),
    "weapons": ("iaas-2025.yaml",), "military-intelligence": ("iaas-2025.yaml",),
}  # fmt: skip
"""What few cases have, and the files that ask for it: such cases are tried first."""


def _files_asked(case: Case) -> list[str]:
    have = (*case.asked["item"], *case.asked["trade"], case.asked["trade"].get("use", ""))
    found = [file for word in have for file in _ASKED.get(word, ())]
    return [*found, "entities.yaml", "entity-list.yaml"] if case.trade.end_user in _parties() else found


@functools.cache
def _parties() -> frozenset[str]:
    return frozenset(r["name"] for r in table("parties.csv"))


class Jury:
    """The cases, those first that noticed something about the same file before.

    Parameters
    ----------
    narrow : leave out cases that are not likely to notice anything about a file: quicker, and it may miss something
    """

    def __init__(self, suite: list[Case], seed: int = 0, narrow: bool = False) -> None:
        self.cases = list(suite)
        self.narrow = narrow
        random.Random(seed).shuffle(self.cases)
        self.noticed: dict[str, list[Case]] = {}
        self.about: dict[str, list[Case]] = {}
        for case in self.cases:
            for file in _files_asked(case):
                self.about.setdefault(file, []).append(case)
        self.plain = [c for c in self.cases if not _files_asked(c) and "with" not in c.asked]

    def notices(
        self,
        file: str,
        days: tuple[dt.date, dt.date] = (dt.date.min, dt.date.max),
        bill: str = "",
        most: int | None = None,
    ) -> bool:
        """Return whether some case is now answered wrongly; those of days on which nothing can differ are left out, and
        those that do not ask for the proposal that is changed.

        Parameters
        ----------
        most : try so many cases and no more, the likeliest first
        """
        tried = 0
        first = self.noticed.setdefault(file, [])
        rest = self.cases
        if self.narrow and not bill:
            rest = self.plain
        for case in itertools.chain(list(first), self.about.get(file, ()), rest):
            on = case.trade.on
            if on is None or not (days[0] <= on <= days[1] or "known_on" in case.asked):
                continue
            if bill and case.asked.get("with") != bill:
                continue
            tried += 1
            if most is not None and tried > most:
                return False
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


PROPOSED = book.PROPOSED
LIKELIEST = 400
"""How many cases are tried on a mutant before the tables are."""


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
    return [m for path in files for m in mutants_of(path)] + list(mutants_of_parties())


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
                elif jury.notices(m.path.name, m.days, _bill(m), LIKELIEST):
                    verdict = "answers"
                elif tables_notice():  # quicker than all the cases: asked before the unlikely ones
                    verdict = "tables"
                    by_table.append(m)
                else:
                    verdict = "answers" if jury.notices(m.path.name, m.days, _bill(m)) else "nothing"
        except Problem:
            verdict = "loader"
        if (m.key in known) != (verdict == "nothing"):
            survivors.append(m)  # also one that equivalent.csv wrongly names
            verdict = "survives"
        how["equivalent" if verdict == "nothing" else verdict] += 1
    return dict(how), by_table, survivors


def _bill(m: Mutant) -> str:
    return f"proposed/{m.path.stem}" if m.path.parent == PROPOSED else ""


def main(words: list[str] | None = None) -> int:
    """Print mutants, noticed and survivors; the exit status says whether any survived."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sample", type=int, help="so many mutants, drawn at random, instead of all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--file", help="only mutants of files whose name holds this")
    chosen = parser.parse_args(words)
    begin = time.perf_counter()
    mutants = [m for m in every_mutant() if not chosen.file or chosen.file in m.path.name]
    if chosen.sample:
        mutants = random.Random(chosen.seed).sample(mutants, min(chosen.sample, len(mutants)))
    how, by_table, survivors = run(mutants)
    for m in by_table:
        print(f"noticed by a table, and by none of the {LIKELIEST} likeliest cases: {m.place}")
    for m in survivors:
        print(f"survives: {m.place}")
    if left := uncovered():
        print("not covered by the second reading, and not mutated: " + ", ".join(left))
    kinds = collections.Counter(m.kind for m in mutants)
    print("mutants by kind: " + ", ".join(f"{k} {n}" for k, n in sorted(kinds.items())))
    print(
        f"{len(mutants)} mutants: {how.get('loader', 0)} refused by the loader, {how.get('answers', 0)} noticed by"
        f" answers, {how.get('tables', 0)} by the tables and texts, {how.get('equivalent', 0)}"
        f" change no answer (equivalent.csv says why), {len(survivors)} survive"
        f" ({time.perf_counter() - begin:.0f} s)"
    )
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
