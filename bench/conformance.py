"""Makes the conformance suite: `python bench/conformance.py` writes it, with `--check` says whether it is in step.

Expected answers come from public documents (the cases in the data of the law) or from the second reading of the law,
never from Twokey. The questions are made from the hand-kept tables beside the suite: each limit at its value and just
below it, each day on which the law changes and the day before, the destinations that differ.
"""

from __future__ import annotations

import bisect
import csv
import datetime as dt
import itertools
import json
import random
import sys
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from law_question import FOLDER, POINTS, Question, day, periods, table
from questions import turning_days
from questions_special import every_question as questions
from questions_special import special_questions
from second_reading import answer
from twokey.chips.catalogue import find
from twokey.chips.item import item_json
from twokey.law.conform import Case, exact, parse_cases

ROOT = Path(__file__).resolve().parents[1]
FILE = FOLDER / "cases.json"
PUBLIC = [ROOT / "src" / "twokey" / "data" / "law" / "cases" / name for name in ("public.csv", "classes.csv")]
# -- the file ---------------------------------------------------------------------------------------


def public_cases() -> Iterator[dict[str, Any]]:
    """Yield the public cases, and those of the kinds that they suggest; a blank review is not scored."""
    for path in PUBLIC:
        for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines()):
            expected: dict[str, Any] = {"outcome": row["outcome"], "paragraph": row["classification"]}
            if row["review"]:
                expected["review"] = row["review"]
            expected["exceptions"] = [row["exception"]] if row["exception"] else []
            trade = {"to": row["to"], "on": row["on"], "seat": row["end_user_seat"]}
            yield {
                "about": f"{row['item']} to {row['to']}, {row['on']}",
                "basis": "authoritative" if row["authoritative"] == "yes" else "computed",
                "sources": [row["source"]],
                "sheet": plain_sheet(row["item"]),
                "trade": trade,
                "expected": expected,
            }


def computed_cases(asked: Iterable[tuple[str, Question]]) -> Iterator[dict[str, Any]]:
    """Yield computed questions with the answers of the second reading."""
    for about, q in asked:
        expected = answer(q)
        case = {
            "about": about,
            "basis": "computed",
            "sources": cited(q, expected["classification"]),
            "sheet": sheet_of(q),
            "trade": trade_of(q),
            "expected": expected,
        }
        if q.held:
            case["chips"] = {q.held: plain_sheet(q.held)}
        if q.bill:
            case["with"] = f"proposed/{q.bill}"
        if q.known_on is not None:
            case["known_on"] = q.known_on.isoformat()
        if q.assumed:
            case["assume"] = {_point(name): int(value) for name, value in q.assumed}
        yield case


def trade_of(q: Question) -> dict[str, Any]:
    """Return the trade sheet of a question."""
    trade: dict[str, Any] = {
        "to": q.to, "on": q.on.isoformat(), "seat": q.seat, "end_user": q.end_user, "use": q.use,
        "site": "state-funded" if q.state_funded else "private", "site_percent_complete": exact(q.percent),
    }  # fmt: skip
    if q.origin != "US":
        trade["from"] = q.origin
    if q.exporter != "designer":
        trade |= {"exporter": q.exporter, "packaged_in": q.packaged_in}
    if q.authorisation:
        trade["authorisation"] = q.authorisation
    if q.owners:
        trade["owners"] = [{"name": name, "percent": exact(share)} for name, share in q.owners]
    return trade


def sheet_of(q: Question) -> dict[str, Any]:
    """Return the item sheet of a question."""
    if q.held:
        return {
            "name": "a board",
            "seller": q.seller,
            "seller_seat": q.seller_seat,
            "holds": [{"item": q.held, "count": 8}],
        }
    if q.stack is not None:
        bandwidth, area = map(exact, q.stack)
        stack = {"bandwidth_GBps": bandwidth, "package_area_mm2": area}
        return {"name": "a stack", "seller": q.seller, "seller_seat": q.seller_seat, "memory_stack": stack}
    sheet: dict[str, Any] = {
        "name": q.named or "a part", "seller": q.seller, "seller_seat": q.seller_seat,
        "datacentre": "yes" if q.datacentre else "no",
        "modes": [{"mode": "fp16", "bits": 16, "tops": exact(q.tpp / 16)}],
        "applicable_die_area_mm2": exact(q.area_mm2), "dram_bandwidth_GBps": exact(q.dram_GBps),
        "io_bandwidth_GBps": exact(q.io_GBps), "us_commercial_since": q.since.isoformat(),
    }  # fmt: skip
    if q.interconnect_GBps is not None:
        sheet["interconnect_bandwidth_GBps"] = exact(q.interconnect_GBps)
    if q.transistors_bn is not None:
        sheet |= {"transistors_bn": exact(q.transistors_bn), "hbm": "yes" if q.hbm else "no"}
    if q.contains:
        sheet["contains"] = list(q.contains)
    if q.rare_earth_percent:
        sheet["chinese_rare_earth_percent"] = exact(q.rare_earth_percent)
    return sheet


def plain_sheet(name: str) -> dict[str, Any]:
    """Return the item sheet of a chip of the catalogue without what follows from it."""
    return {k: v for k, v in item_json(find(name).item).items() if k not in ("tpp", "performance_density")}


def _point(name: str) -> str:
    return f"{POINTS[name]} {name.split('-20')[0]}"


_RULE_OF = {
    "3A090": "us/3a090", "3A090.a": "us/3a090.a", "3A090.b": "us/3a090.b", "3A090.c": "us/hbm-2024",
    "4A090": "us/4a090", "4A090.a": "us/4a090", "4A090.b": "us/4a090", "bill-hr6875": "proposed/ai-overwatch",
    "bill-s3374": "proposed/safe-chips",
}  # fmt: skip


def cited(q: Question, codes: list[str]) -> list[str]:
    """Return the documents an answer rests on: those of the paragraphs that catch, else of all controls of the day;
    and those on the circumstances of the trade."""
    rules = [_RULE_OF.get(code, f"us/{code}") for code in codes] or ["us/3a090", "us/3a090.a", "us/letter-2025-04"]
    rules += ["us/foundry-2025"] if q.exporter != "designer" else []
    rules += ["us/affiliates-2025"] if q.owners else []
    rules += ["us/veu-2024"] if q.authorisation == "data-centre-veu" else []
    rules += ["us/iaas-2025"] if q.use in ("weapons", "military-intelligence") else []
    rules += [f"proposed/{q.bill}"] if q.bill else []
    if q.contains:
        rules += [f"cn/{r}" for r in ("gallium-germanium-2023", "antimony-2024", "rare-earths-2025")]
        rules.append("cn/announcement-46-2024")
    rules += ["cn/announcement-61-2025"] if q.rare_earth_percent else []
    found = [
        next(r["cite"] for r in table("dates.csv") if r["rule"] == rule and day(r["effective"]) == start)
        for rule in rules
        if (v := q.stands(rule)) is not None
        for start in [periods(rule)[v][0]]
    ]
    found += [r["cite"] for r in table("parties.csv") if r["name"] == q.end_user]
    return list(dict.fromkeys(found)) or ["no rule stood on this day"]


def suite(asked: Iterable[tuple[str, Question]]) -> str:
    """Return the text of a suite of the public cases and some questions, one case a line."""
    tables: dict[str, dict[str, str]] = {"sources": {}, "items": {}, "answers": {}}

    def short(table: str, value: Any) -> str:
        known = tables[table]
        return known.setdefault(json.dumps(value, ensure_ascii=False), f"{table[0]}{len(known) + 1}")

    lines = []
    for i, case in enumerate(itertools.chain(public_cases(), computed_cases(asked))):
        case["sources"] = [short("sources", cite) for cite in case["sources"]]
        case["item"] = short("items", case.pop("sheet"))
        case["expected"] = short("answers", case["expected"])
        if "chips" in case:
            case["chips"] = {name: short("items", sheet) for name, sheet in case["chips"].items()}
        lines.append(json.dumps({"id": f"c{i + 1}", **case}, ensure_ascii=False))
    head = "".join(
        f' "{name}": {{\n' + ",\n".join(f'  "{key}": {value}' for value, key in known.items()) + "\n },\n"
        for name, known in tables.items()
    )
    cases = ",\n".join("  " + line for line in lines)
    return f'{{"format": "twokey-conformance/1",\n{head} "cases": [\n{cases}\n ]}}\n'


def alike(asked: Iterable[tuple[str, Question]]) -> list[tuple[str, Question]]:
    """Return of questions alike in the facts that matter and in the answer the first."""
    turns = turning_days()
    kept: dict[object, tuple[str, Question]] = {}
    for about, q in asked:
        said = json.dumps(answer(q), sort_keys=True)
        era = bisect.bisect_right(turns, q.on)
        chip = (q.tpp, q.area_mm2, q.dram_GBps, q.io_GBps, q.datacentre, q.named)
        for key in (
            ("place", q.to, q.seat, era, said),
            ("chip", chip, q.seller, era if q.known_on is None else -1),
            ("to", q.to == q.seat and q.to, era, chip if q.to not in ("CN", "HK") else None),
            ("buyer", (q.end_user, q.use, q.state_funded, q.percent), q.seller_seat, era, said),
            ("sale", q.origin, q.since, q.to, chip),
            ("known", q.known_on, q.on, q.to, said),
            ("assumed", q.assumed, q.on, q.seller, q.to, q.seat, said),
            ("special", _special(q), era, q.to if q.to == q.seat else (q.to, q.seat), said),
        ):
            kept.setdefault(key, (about, q))
    return list({q: (about, q) for about, q in kept.values()}.values())


def _special(q: Question) -> tuple[object, ...]:
    """What few questions have."""
    maker = (
        q.exporter,
        q.exporter != "designer" and (q.seller_seat, q.packaged_in, q.transistors_bn, q.hbm, q.assumed),
    )
    goods = (q.stack, q.held, q.contains, q.rare_earth_percent, q.origin if q.contains or q.rare_earth_percent else "")
    return (
        *maker,
        *goods,
        q.use,
        q.authorisation,
        q.owners,
        q.bill,
        q.bill and (q.tpp, q.density, q.interconnect_GBps),
    )


def chosen() -> list[tuple[str, Question]]:
    """Return the questions of the suite: those it has, those that notice a mutant of the rule files that none of them
    does, and a thousand drawn at random.

    Which questions are asked is chosen with an eye on the rule files, since all would be too many to hand out; what is
    expected of them is not. With `--all`, mutants that those leave alone are put to questions of every sort, and then
    to every question, which takes an hour.
    """
    from mutation import Jury, every_rule_mutant, run

    every = list({q: (about, q) for about, q in questions()}.values())
    few = alike(every)
    print(f"{len(every)} questions, {len(few)} of them unlike", flush=True)
    public = sum(1 for _ in public_cases())
    picked = {q: about for about, q in random.Random(0).sample(every, 1000)}
    asked_at_all = {q for _, q in every}
    present = [one for one in _present() if one[1] in asked_at_all]
    mutants = every_rule_mutant()
    buyers = [one for one in few if one[1].end_user != "somebody" and one[1].known_on is None]
    first = list({q: (about, q) for about, q in (*present, *alike(special_questions()), *buyers)}.values())
    for asked in (first, few, every) if "--all" in sys.argv else (first,):
        jury = Jury(parse_cases(suite(asked)), narrow=asked is first)
        _, by_table, survivors = run(mutants, jury)
        print(f"{len(mutants)} mutants, {len(survivors)} not noticed, {len(by_table)} by a table alone", flush=True)
        noticed = {int(case.id[1:]) - 1 - public for found in jury.noticed.values() for case in found}
        picked |= {asked[i][1]: asked[i][0] for i in noticed if i >= 0}
        mutants = survivors  # what a table notices need not be put to all
    for m in mutants:
        print(f"changes no answer to any question: {m.place}")
    places = {q: i for i, (_, q) in enumerate(every)}
    return sorted(((about, q) for q, about in picked.items()), key=lambda one: places[one[1]])


def _present() -> list[tuple[str, Question]]:
    """Return the computed questions that the suite has."""
    if not FILE.exists():
        return []
    have = parse_cases(FILE.read_text(encoding="utf-8"))
    return [(c.about, question_of(c)) for c in have[sum(1 for _ in public_cases()) :]]


def out_of_step() -> list[str]:
    """Return the cases of the file whose expected answer is not that of the second reading or the public table."""
    public = [(c["trade"], c["expected"]) for c in public_cases()]
    have = parse_cases(FILE.read_text(encoding="utf-8"))
    bad = [
        c.id
        for c, (trade, expected) in zip(have, public, strict=False)
        if (c.asked["trade"], c.expected) != (trade, expected)
    ]
    return bad + [c.id for c in have[len(public) :] if answer(question_of(c)) != c.expected]


def question_of(case: Case) -> Question:
    """Return the question that a computed case asks."""
    sheet, trade = case.asked["item"], case.asked["trade"]
    held = sheet["holds"][0]["item"] if "holds" in sheet else ""
    stack = sheet.get("memory_stack")
    chip = case.asked["chips"][held] if held else sheet
    named = {"nvidia-h100-sxm": "h100", "nvidia-l40": "l40", "nvidia-t4": "t4"}.get(held, chip["name"])
    points = {_point(name): name for name in POINTS}
    known = case.asked.get("known_on")
    links, count = chip.get("interconnect_bandwidth_GBps"), chip.get("transistors_bn")
    more: dict[str, Any] = {}
    if stack is None:
        modes = max(Fraction(str(m["tops"])) * m["bits"] for m in chip["modes"])
        more = {
            "tpp": modes, "area_mm2": _number(chip["applicable_die_area_mm2"]),
            "dram_GBps": _number(chip["dram_bandwidth_GBps"]), "io_GBps": _number(chip["io_bandwidth_GBps"]),
            "datacentre": chip["datacentre"] in ("yes", True), "named": "" if named == "a part" else named,
            "since": dt.date.fromisoformat((chip["us_commercial_since"] + "-01")[:10]),
        }  # fmt: skip
    else:
        zero = Fraction(0)
        more = {"tpp": zero, "area_mm2": Fraction(1), "dram_GBps": zero, "io_GBps": zero, "datacentre": False,
                "named": "", "since": dt.date(2023, 1, 10)}  # fmt: skip
        more["stack"] = (_number(stack["bandwidth_GBps"]), _number(stack["package_area_mm2"]))
    return Question(
        **more, held=held, seller=sheet["seller"], seller_seat=sheet["seller_seat"],
        interconnect_GBps=None if links is None or held else _number(links),
        transistors_bn=None if count is None or held else _number(count),
        hbm=held != "" or chip.get("hbm", "yes") == "yes",
        contains=tuple(sheet.get("contains", ())),
        rare_earth_percent=_number(sheet.get("chinese_rare_earth_percent", 0)),
        to=trade["to"], seat=trade["seat"], on=day(trade["on"]), origin=trade.get("from", "US"),
        end_user=trade["end_user"], use=trade["use"], state_funded=trade["site"] == "state-funded",
        percent=_number(trade["site_percent_complete"]), exporter=trade.get("exporter", "designer"),
        packaged_in=trade.get("packaged_in", "TW"), authorisation=trade.get("authorisation", ""),
        owners=tuple((o["name"], _number(o["percent"])) for o in trade.get("owners", ())),
        bill=case.asked.get("with", "/").split("/")[1], known_on=dt.date.fromisoformat(known) if known else None,
        assumed=tuple((points[k], bool(v)) for k, v in case.asked.get("assume", {}).items() if k in points),
    )  # fmt: skip


def _number(value: Any) -> Fraction:
    return Fraction(str(value))


def main() -> int:
    """Write the suite, or with `--check` say whether it is in step."""
    if "--check" in sys.argv:
        bad = out_of_step()
        print(
            "in step"
            if not bad
            else f"{FILE.name} is out of step ({', '.join(bad[:9])}): run python bench/conformance.py"
        )
        return 1 if bad else 0
    text = suite(chosen())
    FILE.write_text(text, encoding="utf-8")
    print(f"{len(parse_cases(text))} cases written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
