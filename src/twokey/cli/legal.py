"""`check`, `timeline`, `law`, `changes`, `conformance`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from twokey import __version__, api
from twokey.api import Problem
from twokey.cli.shared import As, assumptions, day, print_json, progress_line, stream_json, yes_no

__all__ = ["add_to"]

_STATUS = {"open": 0, "conditional": 10, "undetermined": 12, "shut": 11}
_WEIGHT = ("open", "conditional", "undetermined", "shut")


def add_to(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("check")(_check)
    app.command("timeline")(_timeline)
    app.command("law")(_law)
    app.command("changes")(_changes)
    app.command("conformance")(_conformance)


def _check(
    items: Annotated[
        list[str] | None, typer.Argument(metavar="ITEM…", help="Catalogue ids, item sheets, or -.")
    ] = None,
    to: As.To = None,
    on: As.On = None,
    seat: As.Seat = None,
    from_: As.From = None,
    seller: As.Seller = None,
    datacentre: As.Datacentre = None,
    trade: As.TradeSheet = None,
    cases: Annotated[str | None, typer.Option("--cases", help="CSV with columns item,on,to,end_user_seat.")] = None,
    known_on: As.KnownOn = None,
    assume: As.Assume = None,
    with_: As.With = None,
    out: Annotated[
        str | None,
        typer.Option("--out", help="Write a table: .csv, .jsonl, or .xlsx with formulas for TPP and density."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Add the tree of every test: value, limit, margin, citation.")
    ] = False,
    status: Annotated[bool, typer.Option("--status", help="Exit 10 conditional, 11 shut, 12 undetermined.")] = False,
    as_json: As.Json = False,
) -> int:
    """May it ship? Both governments' keys for each item, with reasons and citations."""
    options: dict[str, Any] = {
        "datacentre": yes_no(datacentre, "--datacentre"),
        "known_on": day(known_on, "--known-on"),
        "assume": assumptions(assume),
        "overlays": [Path(p) for p in with_ or ()],
    }
    if cases is not None:
        if items:
            raise Problem("twokey check", "both ITEM and --cases", "one of them", "leave one out", kind="usage")
        if out is not None:
            return _written(out, api.check_table(out, cases=cases, **options), as_json, status)
        if explain:
            raise Problem("twokey check", "--explain with --cases", "one of them", "explain single items", kind="usage")
        answers = api.check_cases(cases, **options)
        if as_json:
            stream_json("answers", answers, twokey=__version__, **api.law_stamp())
            return 0
        worst = "open"
        for text in answers:
            answer = json.loads(text)
            print(_one_line(answer))
            worst = max(worst, answer.get("verdict", "undetermined"), key=_WEIGHT.index)
        return _STATUS[worst] if status else 0
    if not items:
        raise Problem("twokey check", "no item", "an ITEM or --cases", "write `twokey check nvidia-h20`", kind="usage")
    facts = api.trade(to=to, on=on, seat=seat, from_country=from_, seller=seller, sheet=trade)
    if out is not None:
        sheets = [api.item(i) for i in items]
        return _written(
            out, api.check_table(out, zip(sheets, api.check(sheets, facts, **options), strict=True)), as_json, status
        )
    found: list[dict[str, Any]] = [a.to_json() for a in api.check(items, facts, **options)]
    if explain:
        for ref, answer in zip(items, found, strict=True):
            answer["tree"] = api.consulted(api.item(ref), facts, **options)["rules"]
    if as_json:
        print_json({"answers": found, "twokey": __version__, **api.law_stamp()})
    else:
        for i, answer in enumerate(found):
            print(("\n" if i else "") + _page(answer))
            if explain:
                print("\n" + api.consulted_text({"rules": answer["tree"]}))
    return _STATUS[max((a["verdict"] for a in found), key=_WEIGHT.index)] if status else 0


def _written(out: str, counts: dict[str, int], as_json: bool, status: bool) -> int:
    """Say what was written, and return the exit status."""
    if as_json:
        print_json({"out": out, "rows": sum(counts.values()), "verdicts": counts})
    else:
        print(f"{out}: {sum(counts.values())} rows (" + ", ".join(f"{n} {v}" for v, n in sorted(counts.items())) + ")")
    verdicts = ["undetermined" if v == "error" else v for v in counts]
    return _STATUS[max(verdicts, key=_WEIGHT.index, default="open")] if status else 0


def _timeline(
    item: Annotated[str, typer.Argument(metavar="ITEM", help="Catalogue id, item sheet, or -.")],
    to: As.To = None,
    seat: As.Seat = None,
    from_: As.From = None,
    seller: As.Seller = None,
    datacentre: As.Datacentre = None,
    trade: As.TradeSheet = None,
    as_json: As.Json = False,
) -> None:
    """The same over time: the spans of days in which the answer is constant."""
    facts = api.trade(to=to, seat=seat, from_country=from_, seller=seller, sheet=trade)
    spans: list[dict[str, Any]] = [
        s.to_json() for s in api.timeline(item, facts, datacentre=yes_no(datacentre, "--datacentre"))
    ]
    if as_json:
        print_json({"item": item, "to": to, "spans": spans})
        return
    for s in spans:
        until = s["until"] or "open"
        us, cn = s["us"], s["cn"]
        caught = ", ".join(us["classification"]) or "-"
        review = "" if us["review"] in ("none", None) else f", {us['review']}"
        keys = f"us: {us['outcome']}{review} ({caught})  cn: {cn['outcome']}"
        beside = ", ".join(f"{a['rule']} {a['outcome']}" for a in cn["also"])
        keys += f"  beside it: {beside}" if beside else ""
        print(f"{s['from']} .. {until:<10}  {s['verdict']:<12}  {keys}")


def _law(
    rule: Annotated[str | None, typer.Argument(metavar="RULE", help="A rule's id, such as us/3a090.a.")] = None,
    as_json: As.Json = False,
) -> None:
    """The rules as data: all of them, or one as a page."""
    found = api.law(rule)
    if as_json:
        print_json({"rules": [r.to_json() for r in found]} if rule is None else found[0].to_json())
    elif rule is not None:
        print(api.law_page(rule))
    else:
        for r in found:
            d = r.to_json()
            print(f"{d['id']:<28} {d['title']}")


def _changes(
    first: Annotated[str, typer.Argument(metavar="DATE", help="YYYY-MM-DD")],
    last: Annotated[str, typer.Argument(metavar="DATE", help="YYYY-MM-DD")],
    as_json: As.Json = False,
) -> None:
    """What moved in the law between two days."""
    found = api.changes(first, last)
    if as_json:
        print_json({"changes": found})
        return
    for c in found:
        print(f"{c['on']}  {c['rule']:<28} {c['what']}")


def _conformance(
    tool: Annotated[
        str | None,
        typer.Option(
            "--tool", help="Command line of another tool to score: a JSON line in, a JSON line out, per case."
        ),
    ] = None,
    as_json: As.Json = False,
) -> int:
    """Hold Twokey, or another tool, against the conformance suite; exits 1 when a case is answered otherwise."""
    with progress_line(sys.stderr.isatty() and not as_json) as step:
        told = None if step is None else lambda done, total: step("cases", done, total)
        score = api.conformance(tool, progress=told)
    found = score.to_json()
    if as_json:
        print_json(found)
        return 0 if score.perfect else 1
    print(f"{found['tool']}: {found['right']} of {found['cases']} cases as expected")
    for basis, n in found["by_basis"].items():
        print(f"  {basis:<16} {n['right']:>6} of {n['cases']}")
    for key, n in found["by_key"].items():
        print(f"    {key:<16} {n['right']:>6} of {n['cases']}")
    for w in found["wrong"][:20]:
        said = "; ".join(f"{k} {w['said'][k]!r}, expected {w['expected'][k]!r}" for k in w["expected"])
        print(f"  {w['id']} ({w['about']}) {said} [{w['cite']}]")
    if len(found["wrong"]) > 20:
        print(f"  and {len(found['wrong']) - 20} more; --json names them all")
    return 0 if score.perfect else 1


# -- words for people -------------------------------------------------------------------------------


def _one_line(answer: dict[str, Any]) -> str:
    if "error" in answer:
        return f"{answer['item']}: not answered: {json.dumps(answer['error'], ensure_ascii=False)}"
    us, cn = answer["keys"]["us"], answer["keys"]["cn"]
    keys = f"us {us['outcome']}, cn {cn['outcome']}"
    return f"{answer['item']} to {answer['to']} on {answer['on']}: {answer['verdict']} ({keys})"


def _page(answer: dict[str, Any]) -> str:
    facts = "  ".join(f"{name} {value}" for name, value in answer["facts"].items() if value is not None)
    lines = [f"{answer['item']} to {answer['to']} on {answer['on']}: {answer['verdict'].upper()}", f"  {facts}"]
    practice = answer.get("in_practice")
    if practice and practice != answer["verdict"]:
        lines.append(f"  in practice, with guidance and reports counted: {practice}")
    for key, name in (("us", "US"), ("cn", "CN")):
        side = answer["keys"][key]
        words = [side["outcome"]]
        if side.get("review") not in (None, "none", side["outcome"]):
            inferred = " (inferred, unpublished)" if side.get("review_basis") == "inferred" else ""
            words.append(side["review"] + inferred)
        if side.get("strength"):
            words.append(f"strength {side['strength']}")
        if side.get("classification"):
            words.append("caught by " + " and ".join(side["classification"]))
        words += [f"exception {e}" for e in side.get("exceptions", ())]
        lines.append(f"  {name}  " + ", ".join(words))
        lines += [f"      {_reason(b)}" for b in side.get("because", ())]
        lines += [f"      must be done: {c}" for c in side.get("conditions", ())]
        if side.get("missing"):
            lines.append("      missing: " + ", ".join(side["missing"]))
        for also in side.get("also", ()):
            scope = ", if it reaches the trade" if also.get("applies") == "unknown" else ""
            lines.append(f"      beside it, {also['strength']}: {also['outcome']}{scope}")
            lines += [f"          {_reason(b)}" for b in also.get("because", ())]
            if also.get("missing"):
                lines.append("          missing: " + ", ".join(also["missing"]))
    for conflict in answer.get("conflicts", ()):
        lines.append("  conflict: " + (conflict if isinstance(conflict, str) else conflict["says"]))
    lines += _flags(answer.get("flags", ()))
    lines += _chances(answer)
    lines += [f"  note: {note}" for note in answer.get("notes", ())]
    lines += _checked(answer)
    return "\n".join(lines)


def _flags(flags: Iterable[Any]) -> list[str]:
    """Return the risks that are no outcome, each with what brings it up."""
    lines = []
    for flag in flags:
        lines.append(f"  flag {flag['code']}: {flag['says']} [{flag['cite']}]")
        lines += [f"      {_reason(b)}" for b in flag.get("because", ()) if b != flag["says"]]
    return lines


def _chances(answer: dict[str, Any]) -> list[str]:
    """Return the probability of each outcome and verdict, where figures are uncertain."""
    found = answer.get("probabilities")
    if found is None:
        return []
    sampled = f", standard error {found['standard_error']}, seed {found['seed']}" if "seed" in found else ""
    lines = [f"  uncertain: {name} {low} to {high}, most likely {mid}" for name, (low, mid, high) in
             sorted(answer["uncertain"].items())]  # fmt: skip
    for name in ("outcome", "verdict"):
        words = sorted(found[name].items(), key=lambda one: (-one[1], one[0]))
        lines.append(f"  probability of the {name}: " + ", ".join(f"{word} {p:.4g}" for word, p in words))
    return [*lines, f"      {found['method']}; {found['distribution']}{sampled}"]


def _checked(answer: dict[str, Any]) -> list[str]:
    """Return on which rules the answer rests that nobody has read twice, by state of checking."""
    states: dict[str, dict[str, None]] = {}
    for side in answer["keys"].values():
        for said in (*side.get("because", ()), *side.get("also", ())):
            if isinstance(said, dict) and said.get("checked", "read-twice") != "read-twice":
                states.setdefault(said["checked"], {})[said["rule"]] = None
    return [f"  not yet verified against the source ({state}): " + ", ".join(rules) for state, rules in states.items()]


def _reason(because: Any) -> str:
    if isinstance(because, str):
        return because
    return f"{because['rule']} {because.get('node') or ''}: {because['says']} [{because['cite']}]".replace(" :", ":")
