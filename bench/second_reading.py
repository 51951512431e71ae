"""The law read a second time, as plain statements in code and apart from the rule files, for comparison.

The rule files are data that an engine reads; this is the same law written out by hand, from the documents that
`data/conformance/dates.csv`, `limits.csv` and `groups.csv` cite. The two share no code and no data, so that a slip in
one of them shows as a difference. A misreading of the documents that both share does not show.

It judges questions in which every fact is given. Points that nobody published are tried both ways: where the ways
differ, the answer is undetermined.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "src" / "twokey" / "data" / "conformance"
REVIEWS = ("none", "presumption-of-approval", "case-by-case", "presumption-of-denial")
SEVERITY = ("open", "conditional", "shut")
POINTS = {
    "floor": "us/letter-2022-08", "regions": "us/letter-2023-08", "review-2023": "us/letter-2023-08",
    "supp-8": "us/3a090.a", "uae-review": "us/3a090.a", "reach": "us/letter-2025-04", "level": "cn/ndrc-efficiency",
}  # fmt: skip
"""What nobody published, and the rule it belongs to."""

FIRMS = ("bytedance", "alibaba", "tencent")


def table(name: str) -> list[dict[str, str]]:
    """Return the rows of one of the hand-kept tables."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@functools.cache
def periods(rule: str) -> tuple[tuple[dt.date, dt.date, dt.date], ...]:
    """Return for each version of a rule its first day, the day after its last, and the first day it could be known."""
    return tuple(
        (day(r["effective"]), day(r["until"]), day(r["known_from"])) for r in table("dates.csv") if r["rule"] == rule
    )


def day(text: str) -> dt.date:
    """Return a day; an empty one lies beyond all others."""
    return dt.date.fromisoformat(text) if text else dt.date.max


def version(rule: str, on: dt.date, known_on: dt.date | None = None) -> int | None:
    """Return which version of a rule stands on a day; what nobody could know yet changes nothing."""
    every = periods(rule)
    known = [p for p in every if known_on is None or p[2] <= known_on]
    for i, (start, until, _) in enumerate(known):
        goes_on = i == len(known) - 1 and len(known) < len(every)
        if start <= on and (on < until or goes_on):
            return i
    return None


@functools.cache
def group(name: str, on: dt.date) -> frozenset[str]:
    """Return the members of a country group on a day; none where no list stands."""
    for r in table("groups.csv"):
        if r["group"] == name and day(r["effective"]) <= on < day(r["until"]):
            return frozenset(r["members"].split())
    return frozenset()


@dataclass(frozen=True)
class Question:
    """A chip and a trade with every fact given; `named` is the product it is, as a rule would name it.

    `assumed` settles points that nobody published.

    Figures are exact: TPP [TOPS.bit], applicable die area [mm2], bandwidths [GB/s].
    """

    tpp: Fraction
    area_mm2: Fraction
    dram_GBps: Fraction
    io_GBps: Fraction
    datacentre: bool
    named: str
    seller: str
    seller_seat: str
    since: dt.date
    to: str
    seat: str
    on: dt.date
    origin: str = "US"
    end_user: str = "somebody"
    use: str = "existing-centre"
    state_funded: bool = False
    percent: Fraction = Fraction(50)
    known_on: dt.date | None = None
    assumed: tuple[tuple[str, bool], ...] = ()

    @property
    def density(self) -> Fraction:
        """Performance density [TOPS.bit/mm2]."""
        return self.tpp / self.area_mm2

    def stands(self, rule: str) -> int | None:
        """Return which version of a rule stands."""
        return version(rule, self.on, self.known_on)


def meets_a(q: Question) -> bool:
    """3A090.a with Note 2 (88 FR 73458)."""
    if q.stands("us/3a090.a") is None:
        return False
    if not q.datacentre and q.tpp < 4800:
        return False
    return q.tpp >= 4800 or (q.tpp >= 1600 and q.density >= Fraction("5.92"))


def meets_b(q: Question) -> bool:
    """3A090.b with Note 2 (88 FR 73458); what .a catches is not .b."""
    if q.stands("us/3a090.b") is None or meets_a(q):
        return False
    if not q.datacentre and q.tpp < 4800:
        return False
    first = 2400 <= q.tpp < 4800 and Fraction("1.6") <= q.density < Fraction("5.92")
    return first or (q.tpp >= 1600 and Fraction("3.2") <= q.density < Fraction("5.92"))


def american(q: Question, points: Mapping[str, bool]) -> dict[str, Any]:
    """Return the American answer, the points that nobody published being as given."""
    to, seat = (("CN" if c == "HK" else c) for c in (q.to, q.seat))
    embargoed = group("D:5", q.on) | {"MO"}
    listed = embargoed | group("D:1", q.on) | group("D:4", q.on)
    allied = group("A:5", q.on) | group("A:6", q.on)
    party = to in embargoed or seat in embargoed  # 744.23(a)(3)(i) and 742.6(b)(10)
    scope = to != "US" and ((to in listed and to not in allied) or seat in embargoed)
    found: list[tuple[str, str, bool]] = []  # code, review, whether an exception can serve
    classes: list[str] = []

    letter = _letter_2023_10(q, scope)
    a, b = meets_a(q), meets_b(q)
    if a:
        classes.append("3A090.a")
    if (v := q.stands("us/3a090")) is not None and q.tpp >= 4800 and q.io_GBps >= 600 and not letter:
        classes.append("3A090")
        if to in ({"CN"} if v == 0 else {"CN", "MO"}):
            ally = seat == "US" or seat in allied  # 742.6(b)(10) of 2022
            found.append(("3A090", "case-by-case" if ally else "presumption-of-denial", False))
    if _letter_2022(q, to, points):
        found.append(("letter-2022-08", "presumption-of-denial", False))
        if _letter_2022(q, to, _least(q)):
            classes.append("letter-2022-08")
    if _letter_2023_08(q, to, points):
        review = "case-by-case" if points["review-2023"] else "presumption-of-denial"
        found.append(("letter-2023-08", review, False))
        if _letter_2023_08(q, to, _least(q)):
            classes.append("letter-2023-08")
    if letter:
        found.append(("letter-2023-10", "presumption-of-denial" if party else "presumption-of-approval", False))
        classes += ["3A090.a", "letter-2023-10"] if to in ("CN", "MO") else ["letter-2023-10"]
    if (v := q.stands("us/letter-2025-04")) is not None and to != "US" and party:
        if _letter_2025(q, points):
            found.append(("letter-2025-04", ("presumption-of-denial", "case-by-case")[v], False))
        if _letter_2025(q, _least(q)):
            classes.append("letter-2025-04")
    if b:
        classes.append("3A090.b")
    if a or b:
        emirates = (
            q.stands("us/3a090.a") == 2 and to == "AE" and q.end_user != "uae-government" and not points["supp-8"]
        )
        if scope or emirates:
            review = _review(q, to, party, a, points)
            found.append(("3A090.a" if a else "3A090.b", review, True))

    codes = _exceptions(q, to, party, a)
    left = [(code, review) for code, review, open_ in found if not (open_ and codes)]
    if left:
        outcome, review = "licence-required", max((r for _, r in left), key=REVIEWS.index)
    else:
        outcome, review = ("exception-available" if found else "not-controlled"), "none"
    renounced = q.stands("us/diffusion-2025") == 1 and a and to not in group("AIA", q.on)
    return {
        "outcome": outcome,
        "review": review,
        "classification": classes,
        "exceptions": codes if outcome == "exception-available" else [],
        "text_stands": renounced,
    }


def _least(q: Question) -> dict[str, bool]:
    """What the classification takes for granted: nothing but what is assumed."""
    return dict.fromkeys(POINTS, False) | dict(q.assumed)


def _letter_2022(q: Question, to: str, points: Mapping[str, bool]) -> bool:
    """Nvidia 8-K of 2022-08-31: A100, H100 and what reaches about the A100 in both rate and I/O."""
    if q.stands("us/letter-2022-08") is None or q.seller not in ("nvidia", "amd") or to not in ("CN", "RU"):
        return False
    about = (q.tpp >= 4992 and q.io_GBps >= 664) or points["floor"]
    return q.named in ("a100", "h100", "mi250") or (q.tpp >= 4800 and q.io_GBps >= 600 and about)


def _letter_2023_08(q: Question, to: str, points: Mapping[str, bool]) -> bool:
    """Nvidia 10-Q of 2023-08-28: A100 and H100 to regions that were not published."""
    if q.stands("us/letter-2023-08") is None or q.seller != "nvidia" or q.named not in ("a100", "h100"):
        return False
    return to in group("D:4", q.on) and to not in ("CN", "MO") and points["regions"]


def _letter_2023_10(q: Question, scope: bool) -> bool:
    """Nvidia 8-K of 2023-10-24: the limit of 4800 at once, for data-centre parts."""
    if q.stands("us/letter-2023-10") is None or q.seller != "nvidia":
        return False
    return q.tpp >= 4800 and q.datacentre and scope


def _letter_2025(q: Question, points: Mapping[str, bool]) -> bool:
    """The letters of April 2025: H20, MI308, and three limits on bandwidth of which one is enough."""
    if q.seller not in ("nvidia", "amd", "intel"):
        return False
    if q.named in ("h20", "mi308", "mi308x"):
        return True
    over = q.dram_GBps >= 1400 or q.io_GBps >= 1100 or q.dram_GBps + q.io_GBps >= 1700
    return over and (q.datacentre or points["reach"])


def _review(q: Question, to: str, party: bool, a: bool, points: Mapping[str, bool]) -> str:
    """742.6(b)(10) as it stood, and for China and Macau the policy of 91 FR 1684."""
    if (
        q.stands("us/case-by-case-2026") is not None
        and to in ("CN", "MO")
        and q.origin == "US"
        and q.tpp < 21000
        and q.dram_GBps < 6500
        and q.since <= dt.date(2026, 1, 15)
    ):
        return "case-by-case"
    text = q.stands("us/3a090.a")
    if text == 2 and to == "AE" and points["uae-review"]:
        return "case-by-case"
    if a:
        if not q.datacentre:
            return "case-by-case"
        return "presumption-of-denial" if party else "presumption-of-approval"
    if party:
        return "presumption-of-denial" if text == 0 else "case-by-case"
    return "presumption-of-approval"


def _exceptions(q: Question, to: str, party: bool, a: bool) -> list[str]:
    """740.8: NAC, and from April 2024 ACA beside it; neither for data-centre parts of 3A090.a."""
    if (q.datacentre and a) or to in group("part-746", q.on):
        return []
    nac = q.stands("us/nac")
    codes = ["NAC"] if nac == 0 or (nac == 1 and party) else []
    if q.stands("us/aca") is not None and not party and to in group("D:1", q.on) | group("D:4", q.on):
        codes.append("ACA")
    return sorted(codes)


def chinese(q: Question, points: Mapping[str, bool]) -> tuple[str, str, list[tuple[str, str]]]:
    """Return outcome and strength by law and notice, and beside them (strength, outcome) of guidance and reports."""
    outcome, strength = "permitted", "law"
    beside: list[tuple[str, str]] = []
    if q.to != "CN":
        return outcome, strength, beside
    foreign = q.seller_seat != "CN"
    firm = any(name in q.end_user for name in FIRMS)
    h20, d6000 = q.named == "h20", q.named in ("rtx-pro-6000d", "rtx-pro-6000-d")
    if q.stands("cn/cac-summons-2025") is not None and h20:
        outcome, strength = "conditional", "notice"
    if q.stands("cn/ndrc-efficiency") is not None and q.use in ("new-centre", "expanded-centre"):
        beside.append(("guidance", "conditional" if h20 or not points["level"] else "permitted"))
    if q.stands("cn/h20-justify-2025") is not None and h20:
        beside.append(("guidance", "conditional"))
    if q.stands("cn/cac-stop-2025") is not None and d6000 and firm:
        beside.append(("guidance", "barred"))
    if q.stands("cn/customs-sweep-2025") is not None and (h20 or d6000 or (foreign and (meets_a(q) or meets_b(q)))):
        beside.append(("reported", "conditional"))
    if q.stands("cn/state-funded-2025") is not None and foreign and q.state_funded:
        beside.append(("guidance", "barred" if q.percent < 30 else "conditional"))
    if (v := q.stands("cn/h200-customs-2026")) is not None and q.named == "h200":
        beside.append(("guidance", "conditional" if v == 1 and firm else "barred"))
    return outcome, strength, beside


def answer(q: Question) -> dict[str, Any]:
    """Return the whole answer to a question in the words of the conformance suite."""
    assumed = dict(q.assumed)
    live = [name for name, rule in POINTS.items() if q.stands(rule) is not None and name not in assumed]
    no = dict.fromkeys(POINTS, False) | assumed
    tried = itertools.product((False, True), repeat=len(live))
    ways = [no | dict(zip(live, values, strict=True)) for values in tried]
    us = [american(q, p) for p in ways]
    cn = [chinese(q, p) for p in ways]
    outcomes, reviews = {u["outcome"] for u in us}, {u["review"] for u in us}
    outcome = outcomes.pop() if len(outcomes) == 1 else "undetermined"
    review = reviews.pop() if len(reviews) == 1 and outcome != "undetermined" else "undetermined"
    by_law, in_practice = set(), set()
    for u, (word, _, beside) in zip(us, cn, strict=True):
        ours = _state(u["outcome"], u["review"])
        by_law.add(_worst(ours, word))
        in_practice.add(_worst(ours, word, *(w for _, w in beside)))
    columns = zip(*(b for _, _, b in cn), strict=True)
    spoken = [f"{c[0][0]} {c[0][1] if len(set(c)) == 1 else 'undetermined'}" for c in columns]
    denied = outcome == "licence-required" and review == "presumption-of-denial"
    bound = q.to == "CN" and q.seller == "nvidia"
    flags = []
    designed_in_china = q.named in ("ascend-910b", "ascend-910c", "ascend-910d") or (
        q.seller_seat in ("CN", "HK") and (meets_a(q) or meets_b(q))
    )
    if q.stands("us/gp10-2025") is not None and designed_in_china:
        flags.append("gp10-risk")
    if q.stands("cn/samr-case-2024") is not None and bound:
        flags.append("antitrust-exposure")
    stands = outcome == "not-controlled" and us[0]["text_stands"]
    return {
        "outcome": outcome,
        "review": review,
        "classification": us[0]["classification"],  # what nobody published and nobody assumed counts as not caught
        "exceptions": us[0]["exceptions"] if outcome != "undetermined" else [],
        "enforcement": "text-not-enforced" if stands else "in-force",
        "cn_outcome": cn[0][0],
        "cn_strength": cn[0][1],
        "cn_beside": sorted(spoken),
        "verdict": by_law.pop() if len(by_law) == 1 else "undetermined",
        "in_practice": in_practice.pop() if len(in_practice) == 1 else "undetermined",
        "conflict": denied and bound and q.stands("cn/mellanox-2020") is not None,
        "flags": sorted(flags),
    }


def _state(outcome: str, review: str) -> str:
    if outcome == "not-controlled":
        return "open"
    return "shut" if review == "presumption-of-denial" else "conditional"


def _worst(ours: str, *words: str) -> str:
    theirs = [{"permitted": "open", "conditional": "conditional", "barred": "shut"}[w] for w in words]
    return max((ours, *theirs), key=SEVERITY.index)
