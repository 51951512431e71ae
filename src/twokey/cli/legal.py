"""`check`, `timeline`, `law`, `changes`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from twokey import api
from twokey.api import Problem
from twokey.cli.shared import As, assumptions, print_json, stream_json, yes_no

__all__ = ["add_to"]

_STATUS = {"open": 0, "conditional": 10, "undetermined": 12, "shut": 11}
_WEIGHT = ("open", "conditional", "undetermined", "shut")


def add_to(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("check")(_check)
    app.command("timeline")(_timeline)
    app.command("law")(_law)
    app.command("changes")(_changes)


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
    status: Annotated[bool, typer.Option("--status", help="Exit 10 conditional, 11 shut, 12 undetermined.")] = False,
    as_json: As.Json = False,
) -> int:
    """May it ship? Both governments' keys for each item, with reasons and citations."""
    options: dict[str, Any] = {
        "datacentre": yes_no(datacentre, "--datacentre"),
        "known_on": _day(known_on),
        "assume": assumptions(assume),
        "overlays": [Path(p) for p in with_ or ()],
    }
    if cases is not None:
        if items:
            raise Problem("twokey check", "both ITEM and --cases", "one of them", "leave one out", kind="usage")
        answers = api.check_cases(cases, **options)
        if as_json:
            stream_json("answers", answers)
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
    found: list[dict[str, Any]] = [a.to_json() for a in api.check(items, facts, **options)]
    if as_json:
        print_json({"answers": found})
    else:
        for i, answer in enumerate(found):
            print(("\n" if i else "") + _page(answer))
    return _STATUS[max((a["verdict"] for a in found), key=_WEIGHT.index)] if status else 0


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


def _day(text: str | None) -> Any:
    import datetime as dt

    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Problem("--known-on", repr(text), "a day that exists, YYYY-MM-DD", "write it like 2025-04-17") from None


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
        words += [f"exception {e}" for e in side.get("exceptions", ())]
        lines.append(f"  {name}  " + ", ".join(words))
        lines += [f"      {_reason(b)}" for b in side.get("because", ())]
        lines += [f"      must be done: {c}" for c in side.get("conditions", ())]
        if side.get("missing"):
            lines.append("      missing: " + ", ".join(side["missing"]))
        for also in side.get("also", ()):
            lines.append(f"      beside it, {also['strength']}: {also['outcome']}")
            lines += [f"          {_reason(b)}" for b in also.get("because", ())]
            if also.get("missing"):
                lines.append("          missing: " + ", ".join(also["missing"]))
    for conflict in answer.get("conflicts", ()):
        lines.append("  conflict: " + (conflict if isinstance(conflict, str) else conflict["says"]))
    lines += [f"  note: {note}" for note in answer.get("notes", ())]
    return "\n".join(lines)


def _reason(because: Any) -> str:
    if isinstance(because, str):
        return because
    return f"{because['rule']} {because.get('node') or ''}: {because['says']} [{because['cite']}]".replace(" :", ":")
