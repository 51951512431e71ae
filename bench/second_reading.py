"""The law read a second time, as plain statements in code and apart from the rule files, for comparison.

The rule files are data that an engine reads; this is the same law written out by hand, from the documents that
`data/conformance/dates.csv`, `limits.csv` and `groups.csv` cite. The two share no code and no data, so that a slip in
one of them shows as a difference. A misreading of the documents that both share does not show.

It judges questions in which every fact is given. Points that nobody published are tried both ways: where the ways
differ, the answer is undetermined.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from law_question import POINTS, Question, group

REVIEWS = ("none", "presumption-of-approval", "case-by-case", "presumption-of-denial")
SEVERITY = ("open", "conditional", "shut")
FIRMS = ("bytedance", "alibaba", "tencent")
_A1 = "AR AU AT BE BG CA HR CZ DK EE FI FR DE GR HU IS IN IE IT JP KR LV LT LU MX NL NZ NO PL PT RO SK SI ZA ES SE CH"
A1 = frozenset(f"{_A1} TR GB US".split())
"""Country group A:1, which Note 1 to 3A090.a names (15 CFR 740 supp. 1, issue of 2026-07-23)."""

BEST_CHINESE = ((dt.date(2019, 8, 31), 4096), (dt.date(2022, 8, 31), 16384), (dt.date(2025, 9, 30), 32000))
"""The best chips of Chinese sellers by the day on which each had surely been announced, with their TPP: Ascend 910,
BR100, Ascend 950 [TOPS.bit]."""


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
    to, seat = _china(q.to), _china(q.seat)
    embargoed = group("D:5", q.on) | {"MO"}
    listed = embargoed | group("D:1", q.on) | group("D:4", q.on)
    allied = group("A:5", q.on) | group("A:6", q.on)
    party = to in embargoed or seat in embargoed  # 744.23(a)(3)(i) and 742.6(b)(10)
    abroad = to != "US"
    scope = abroad and ((to in listed and to not in allied) or seat in embargoed)
    found: list[tuple[str, str, list[str]]] = []  # code, review, exceptions that serve
    classes: list[str] = []

    letter = _letter_2023_10(q, scope)
    a, b = meets_a(q), meets_b(q)
    if (proposed := _bill(q)) is not None and abroad and party:
        found.append((*proposed, []))
    classes += [proposed[0]] if proposed else []
    if a:
        classes.append("3A090.a")
    if (v := q.stands("us/3a090")) is not None and q.tpp >= 4800 and q.io_GBps >= 600 and not letter:
        classes.append("3A090")
        if to in ({"CN"} if v == 0 else {"CN", "MO"}):
            ally = seat == "US" or seat in allied  # 742.6(b)(10) of 2022
            found.append(("3A090", "case-by-case" if ally else "presumption-of-denial", []))
    if _foundry(q, a, embargoed, points) and scope:
        found.append(("3A090.a", "presumption-of-denial" if party else "presumption-of-approval", []))
    classes += ["3A090.a"] if _foundry(q, a, embargoed, _least(q)) else []
    if _memory(q):
        classes.append("3A090.c")
        if to in embargoed:
            found.append(("3A090.c", "presumption-of-denial", _hbm_exception(q, to)))
    if _letter_2022(q, to, points):
        found.append(("letter-2022-08", "presumption-of-denial", []))
        if _letter_2022(q, to, _least(q)):
            classes.append("letter-2022-08")
    if _letter_2023_08(q, to, points):
        review = "case-by-case" if points["review-2023"] else "presumption-of-denial"
        found.append(("letter-2023-08", review, []))
        if _letter_2023_08(q, to, _least(q)):
            classes.append("letter-2023-08")
    if letter:
        found.append(("letter-2023-10", "presumption-of-denial" if party else "presumption-of-approval", []))
        classes += ["3A090.a", "letter-2023-10"] if to in ("CN", "MO") else ["letter-2023-10"]
    if (v := q.stands("us/letter-2025-04")) is not None and abroad and party:
        if _letter_2025(q, points):
            found.append(("letter-2025-04", ("presumption-of-denial", "case-by-case")[v], []))
        if _letter_2025(q, _least(q)):
            classes.append("letter-2025-04")
    if b:
        classes.append("3A090.b")
    if a or b:
        named = q.authorisation in ("uae-government", "uae-supplement-8") or q.end_user == "uae-government"
        emirates = q.stands("us/3a090.a") == 2 and to == "AE" and not named
        if scope or emirates:
            review = _review(q, to, party, a, points)
            found.append(("3A090.a" if a else "3A090.b", review, _exceptions(q, to, party, a)))
    if abroad and q.stands("us/entity-list") is not None and q.listed(q.end_user):
        found.append(("entity-list", "presumption-of-denial", []))
    half = abroad and sum(share for name, share in q.owners if q.listed(name)) >= 50  # 744.8, alone or together
    affiliates = q.stands("us/affiliates-2025")
    if half and affiliates in (0, 2):
        found.append(("affiliates", "presumption-of-denial", []))

    left = [(code, review) for code, review, codes in found if not codes]
    if left:
        outcome, review = "licence-required", max((r for _, r in left), key=REVIEWS.index)
    else:
        outcome, review = ("exception-available" if found else "not-controlled"), "none"
    renounced = q.stands("us/diffusion-2025") == 1 and a and to not in group("AIA", q.on)
    return {
        "outcome": outcome,
        "review": review,
        "classification": _as_board(q, list(dict.fromkeys(classes))),
        "exceptions": sorted({c for _, _, codes in found for c in codes}) if outcome == "exception-available" else [],
        "text_stands": renounced or (half and affiliates == 1),
        "flags": _flags(q, a, b, party, seat in embargoed),
    }


def _china(country: str) -> str:
    """Hong Kong is China to the United States (85 FR 83765)."""
    return "CN" if country == "HK" else country


def _as_board(q: Question, classes: list[str]) -> list[str]:
    """4A090: what holds a chip of 3A090 takes its own entry; the second paragraph came with 89 FR 23876."""
    v = q.stands("us/4a090")
    if not q.held or v is None:
        return classes
    names = ({"3A090": "4A090"}, {"3A090.a": "4A090.a"}, {"3A090.a": "4A090.a", "3A090.b": "4A090.b"})[v]
    return [names.get(code, code) for code in classes]


def _foundry(q: Question, a: bool, embargoed: frozenset[str] | set[str], points: Mapping[str, bool]) -> bool:
    """Note 1 to 3A090.a: whether a fabricator or a packager must presume the chip to be one of 3A090.a."""
    v = q.stands("us/foundry-2025")
    if v is None or v == 0 or q.exporter == "designer" or q.stack is not None:  # compliance from 2025-01-31
        return False
    authorised = q.seller_seat in A1 | group("A:5", q.on) | {"TW"} and (v < 3 or points["applied"])
    attested = authorised and not a
    assert q.transistors_bn is not None
    few = q.transistors_bn < 30 or (v >= 3 and not q.hbm and q.transistors_bn < (40 if v == 5 else 35))
    by_maker = q.exporter == "fabricator" and _china(q.packaged_in) not in embargoed and few
    by_packager = q.exporter == "osat" and points["supp-7"] and few
    return not (attested or by_maker or by_packager)


def _memory(q: Question) -> Fraction | None:
    """3A090.c: the density of a stack that is caught [GB/s/mm2]; compliance from 2024-12-31 (89 FR 96790)."""
    if q.stack is None or q.stands("us/hbm-2024") != 1:
        return None
    density = q.stack[0] / q.stack[1]
    return density if density > 2 else None


def _hbm_exception(q: Question, to: str) -> list[str]:
    """740.25, below 3.3 GB/s per mm2."""
    if q.stands("us/hbm-exception") is None or to in group("part-746", q.on):
        return []
    assert q.stack is not None
    return ["HBM"] if q.stack[0] / q.stack[1] < Fraction("3.3") else []


def _bill(q: Question) -> tuple[str, str] | None:
    """The controls that bills would add (H.R.6875, S.3374): code and review of one that catches the chip."""
    if q.bill not in ("ai-overwatch", "safe-chips") or q.stands(f"proposed/{q.bill}") is None:
        return None
    assert q.interconnect_GBps is not None
    dense = q.tpp >= 4800 or (q.tpp >= 2400 and q.density >= Fraction("1.6"))
    dense = dense or (q.tpp >= 1600 and q.density >= Fraction("3.2"))
    both = q.dram_GBps + q.interconnect_GBps
    if q.bill == "ai-overwatch":
        wide = q.dram_GBps >= 1400 or q.interconnect_GBps >= 1100 or both >= 1700
        return ("bill-hr6875", "case-by-case") if q.datacentre and (dense or wide) else None
    wide = q.dram_GBps >= 4100 or q.interconnect_GBps >= 1100 or both >= 5000
    return ("bill-s3374", "presumption-of-denial") if dense or wide else None


def _flags(q: Question, a: bool, b: bool, party: bool, headquartered: bool) -> list[str]:
    """Risks beside the outcome: guidance of 2025-05-13, and duties that bills would add."""
    found = []
    designed_in_china = q.named in ("ascend-910b", "ascend-910c", "ascend-910d") or (
        q.seller_seat in ("CN", "HK") and (a or b)
    )
    if q.stands("us/gp10-2025") is not None and designed_in_china:
        found.append("gp10-risk")
    if not (a or b):
        return found
    if q.stands("us/iaas-2025") is not None and headquartered and q.use in ("weapons", "military-intelligence"):
        found.append("iaas-end-use")
    if q.bill and q.stands(f"proposed/{q.bill}") is None:
        return found
    if q.bill == "chip-security" and q.to != "US":
        found.append("location-verification")
    if q.bill == "gain" and q.to != "US" and party:
        found.append("us-buyers-first")
    if q.bill == "remote-access" and q.use == "remote-access" and (q.to, q.seat) != ("US", "US"):
        found.append("remote-access")
    return found


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
    """742.6(b)(10) as it stood, and for China and Macau the policy of 91 FR 1684, or before it that of a bill."""
    if q.bill == "scale" and q.stands("proposed/scale") is not None and to in ("CN", "MO"):
        best = max((tpp for since, tpp in BEST_CHINESE if since <= q.on), default=0)
        under = q.origin == "US" and q.tpp < Fraction(11, 10) * best
        return "case-by-case" if under else "presumption-of-denial"
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
    """740.8: NAC, and from April 2024 ACA beside it; neither for data-centre parts of 3A090.a. 748.15: approved data
    centres outside Macau and D:5."""
    codes = []
    if not (q.datacentre and a) and to not in group("part-746", q.on):
        nac = q.stands("us/nac")
        codes += ["NAC"] if nac == 0 or (nac == 1 and party) else []
        if q.stands("us/aca") is not None and not party and to in group("D:1", q.on) | group("D:4", q.on):
            codes.append("ACA")
    if q.stands("us/veu-2024") is not None and q.authorisation == "data-centre-veu" and not party:
        codes.append("VEU")
    return codes


_LICENSED = {
    "cn/gallium-germanium-2023": {"gallium", "germanium"}, "cn/antimony-2024": {"antimony", "superhard"},
    "cn/rare-earths-2025": {"rare-earths"},
}  # fmt: skip
_BARRED = {"gallium", "germanium", "antimony", "superhard"}


def _leaving(q: Question) -> tuple[list[str], int]:
    """What Chinese export law says of goods that leave China, or one third country for another; and how many of its
    rules would bear on the material's leaving China before it went into the goods."""
    licensed = [rule for rule, named in _LICENSED.items() if q.stands(rule) is not None and named & set(q.contains)]
    v = q.stands("cn/announcement-46-2024")
    barred = v is not None and bool(_BARRED & set(q.contains))
    if q.origin != "CN":
        share = q.rare_earth_percent >= Fraction("0.1")
        abroad = q.stands("cn/announcement-61-2025")  # not begun, then suspended, then in force by its text
        words = ["conditional"] if abroad == 2 and q.to != "CN" and share else []
        return words, len(licensed) + barred + (abroad is not None and share and q.to == "CN")
    words = ["conditional"] * len(licensed) if q.to != "CN" else []
    if (
        barred and q.to == "US" and (v != 1 or q.use == "military-intelligence")
    ):  # the first paragraph was not suspended
        words.append("barred")
    return words, 0


def chinese(q: Question, points: Mapping[str, bool]) -> tuple[str, str, list[tuple[str, str]]]:
    """Return outcome and strength by law and notice, and beside them (strength, outcome) of guidance and reports, or
    "out-of-scope"."""
    outcome, strength = "permitted", "law"
    beside: list[tuple[str, str]] = []
    if q.to != "CN":
        left, _ = _leaving(q)
        return ("barred" if "barred" in left else left[0] if left else outcome), strength, beside
    foreign = q.seller_seat != "CN"
    firm = any(name in q.end_user for name in FIRMS)
    h20, d6000 = q.named == "h20", q.named in ("rtx-pro-6000d", "rtx-pro-6000-d")
    if q.stands("cn/cac-summons-2025") is not None and h20:
        outcome, strength = "conditional", "notice"
    if q.stands("cn/ndrc-efficiency") is not None:
        word = "conditional" if h20 or not points["level"] else "permitted"
        new = q.use in ("new-centre", "expanded-centre") or points.get("new-built", False)
        beside.append(("guidance", word if new else "out-of-scope"))
    if q.stands("cn/h20-justify-2025") is not None and h20:
        beside.append(("guidance", "conditional"))
    if q.stands("cn/cac-stop-2025") is not None and d6000 and firm:
        beside.append(("guidance", "barred"))
    if q.stands("cn/customs-sweep-2025") is not None and (h20 or d6000 or (foreign and (meets_a(q) or meets_b(q)))):
        beside.append(("reported", "conditional"))
    if q.stands("cn/state-funded-2025") is not None and foreign and q.state_funded:
        beside.append(("guidance", "barred" if q.percent < 30 else "conditional"))
    if q.named == "h200":
        approvals = q.stands("cn/h200-approvals-2026")
        approved = approvals is not None and (firm or (approvals == 1 and "deepseek" in q.end_user))
        loosened = q.stands("cn/h200-customs-2026")
        freed = (firm and loosened in (1, 2)) or ("deepseek" in q.end_user and loosened == 2)
        beside += [("reported", "conditional")] if approved else []
        beside += [("guidance", "barred")] if loosened is not None and not freed else []
    return outcome, strength, beside


def answer(q: Question) -> dict[str, Any]:
    """Return the whole answer to a question in the words of the conformance suite."""
    assumed = dict(q.assumed)
    live = [name for name, rule in POINTS.items() if q.stands(rule) is not None and name not in assumed]
    if q.exporter == "designer":
        live = [name for name in live if POINTS[name] != "us/foundry-2025"]
    if q.use not in ("new-centre", "expanded-centre", "existing-centre"):
        live.append("new-built")  # a sheet says one thing of the use: of others it says nothing of the centre
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
        in_practice.add(_worst(ours, word, *(w for _, w in beside if w != "out-of-scope")))
    columns = zip(*(b for _, _, b in cn), strict=True)
    spoken = [(c[0][0], {word for _, word in c} - {"out-of-scope"}) for c in columns]
    denied = outcome == "licence-required" and review == "presumption-of-denial"
    bound = q.to == "CN" and q.seller == "nvidia"
    flags = us[0]["flags"] + ["chinese-input"] * _leaving(q)[1]
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
        "cn_beside": sorted(f"{how} {'/'.join(w) if len(w) == 1 else 'undetermined'}" for how, w in spoken if w),
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
