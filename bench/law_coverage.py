"""Writes docs/law-coverage.md from the rule files: `python bench/law_coverage.py`, with `--check` says whether it is
in step. A test runs the check."""

from __future__ import annotations

import sys
from pathlib import Path

from law_question import table
from twokey.law.book import FIRST_DAY, HORIZON, proposed, rules
from twokey.law.entities import entities
from twokey.law.rule import Rule
from twokey.law.tree import Tree, leaves

PAGE = Path(__file__).resolve().parents[1] / "docs" / "law-coverage.md"

WHO = {
    ("US", "regulation"): "anyone, in the Federal Register and the eCFR",
    ("US", "letter"): "its addressees and the authority; others only their filings",
    ("US", "guidance"): "anyone, on the site of the authority or of the company",
    ("US", "bill"): "anyone, on congress.gov",
    ("CN", "law"): "a reader of Chinese, in the announcement or the standard",
    ("CN", "notice"): "a reader of Chinese, in the notice",
    ("CN", "guidance"): "the firms advised and the ministry; others only the press",
    ("CN", "reported"): "the authority reported on; others only the press",
}
"""Who could check a rule, by government and kind."""

HEAD = """# What the law data covers

Made by `python bench/law_coverage.py` from the rule files; a test holds the two together. The data begins on {first}
and is meant to be complete to {last}. {count} rules stand in {versions} versions, {proposals} proposals beside
them, and {parties} listed parties. Of the versions {unverified} are unverified, {once} read once and {twice} read twice
against their source; every answer says so of the rules it rests on. One rule in full: `twokey law RULE`.

"Second reading" says whether `bench/second_reading.py` states the rule a second time and `bench/mutation.py` changes
it word by word; a rule kept for the record decides nothing, so there is nothing to read twice.
"""

TAIL = """
## Not in the rule files

- The duty on imports of chips under section 232 is with the other tariffs, `src/twokey/data/market/tariffs.yaml`.
- Whether an item is subject to the EAR at all: US origin, foreign direct product, de minimis. Answers suppose it is.
- Supercomputer end use (744.23(a)(1)), military end users (744.21), the Unverified List, deemed exports, and technology
  and software (3D001, 3E001, 4D090, 4E001, 4E091).
- Licence exceptions other than NAC, ACA, HBM and the validated end user: RPL, GOV, TSU in 2022; AIA, ACM, LPP of the
  diffusion framework, which is not enforced.
- In-country transfers: ACA reaches some that NAC does not.
- The firms of supplements 6, 7 and 8 to part 740 by name, and all but about twenty parties of the Entity List;
  `twokey screen` reads whole lists.
- Quotas of the January 2026 policy (half of the US volume): the certification is among the conditions, not counted.
"""


def page() -> str:
    """Return the text of the page."""
    every, bills = rules(), proposed()
    states = [v.checked for r in (*every, *bills) for v in r.versions]
    lines = [
        HEAD.format(
            first=FIRST_DAY, last=HORIZON, count=len(every), versions=sum(len(r.versions) for r in every),
            proposals=len(bills), parties=sum(e.effective is not None for e in entities()),
            unverified=states.count("unverified"), once=states.count("read-once"), twice=states.count("read-twice"),
        )
    ]  # fmt: skip
    for title, chosen in (
        ("United States", [r for r in every if r.jurisdiction == "US"]),
        ("China", [r for r in every if r.jurisdiction == "CN"]),
        ("Proposals", bills),
    ):
        lines += [f"\n## {title}\n"]
        for r in chosen:
            lines += _section(r)
    return "\n".join(lines).rstrip() + "\n" + TAIL


def _section(r: Rule) -> list[str]:
    covered = {row["rule"] for row in table("dates.csv")}
    second = "nothing to read twice" if r.layer == "record" else "yes" if r.id in covered else "no"
    strength = f", strength {r.strength}" if r.strength else ""
    lines = [
        f"### {r.id}",
        "",
        f"{r.title} ({r.kind}, {r.layer}{strength}). Second reading: {second}.",
        "",
        "| from | until | known from | status | enforcement | confidence | checked | source |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for v in r.versions:
        known = str(v.known_from) if v.known_from else "-"
        once = any(leaf == "read-once" for leaf in _states(v.trees)) and v.checked == "unverified"
        checked = "unverified; item test read once" if once else v.checked
        cells = (v.effective, v.until or "open", known, v.status, v.enforcement, v.confidence, checked, v.cite)
        lines.append("| " + " | ".join(str(c).replace("|", "/") for c in cells) + " |")
    return [*lines, "", f"To check it: {WHO[r.jurisdiction, r.kind]}. Against: {r.verify}.", ""]


def _states(trees: tuple[Tree, ...]) -> set[str]:

    return {leaf.checked for tree in trees for leaf in leaves(tree)}


def main() -> int:
    """Write the page, or with `--check` say whether it is in step."""
    text = page()
    if "--check" in sys.argv:
        same = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
        print("in step" if same else f"{PAGE.name} is out of step: run python bench/law_coverage.py")
        return 0 if same else 1
    PAGE.write_text(text, encoding="utf-8")
    print(f"{PAGE.name}: {text.count(chr(10))} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
