"""`screen`, `flags`, `forensics`, `obligations`: who is the buyer."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from twokey import api
from twokey.api import Problem
from twokey.cli.shared import As, day, print_json

__all__ = ["add_to"]

_MARK = {True: "holds", False: "DOES NOT HOLD", None: "cannot be said"}


def add_to(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("screen")(_screen)
    app.command("flags")(_flags)
    app.command("forensics")(_forensics)
    app.command("obligations")(_obligations)


_Lists = Annotated[list[str] | None, typer.Option("--list", help="NAME=FILE of a list, or extract. Repeatable.")]
_Store = Annotated[str | None, typer.Option("--store", help="SQLite file of fetched lists.")]


def _screen(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME…", help="Names of parties.")] = None,
    file: Annotated[str | None, typer.Option("--file", help="CSV with name,country,address,identifier, or -.")] = None,
    lists: _Lists = None,
    store: _Store = None,
    threshold: Annotated[float | None, typer.Option("--threshold", help="Least score, above 0 to 1.")] = None,
    country: Annotated[str | None, typer.Option("--country", help="Country of the party.")] = None,
    address: Annotated[str | None, typer.Option("--address", help="Address of the party.")] = None,
    identifier: Annotated[str | None, typer.Option("--id", help="Registration or other number of the party.")] = None,
    owners: Annotated[
        str | None, typer.Option("--owners", help="CSV owner,owned,percent: the 50 percent rule.")
    ] = None,
    on: As.On = None,
    review: Annotated[str | None, typer.Option("--review", help="File in which decisions are remembered.")] = None,
    decide: Annotated[str | None, typer.Option("--decide", help="same, different or unsure, on --record.")] = None,
    record: Annotated[str | None, typer.Option("--record", help="LIST:ID of the hit decided on.")] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who decides.")] = None,
    why: Annotated[str | None, typer.Option("--why", help="Why it is decided so.")] = None,
    fetch: Annotated[
        str | None, typer.Option("--fetch", help="Fetch a list into the store: csl, or an address.")
    ] = None,
    sha256: Annotated[str | None, typer.Option("--sha256", help="Checksum the fetched file must have.")] = None,
    yente: Annotated[str | None, typer.Option("--yente", help="Address of a running yente to ask instead.")] = None,
    as_json: As.Json = False,
) -> None:
    """Parties against lists: names, aliases, addresses, identifiers, owners. No hit is not clearance."""
    if fetch is not None:
        info = api.fetch_list(fetch, store=store, sha256=sha256).to_json()
        print_json(info) if as_json else print(
            f"{info['name']}: {info['entries']:,} records of {info['date']}, sha256 {info['sha256']}"
        )
        return
    if decide is not None:
        if not names or len(names) != 1 or not record or not review or not by or not why:
            needed = "one NAME, --record, --review, --by and --why"
            raise Problem("twokey screen --decide", "less than that", needed, "give all of them", kind="usage")
        hit = api.screen_decide(
            names[0], record, decide, by=by, why=why, review=review, lists=lists or (), store=store
        ).to_json()
        print_json(hit) if as_json else print(f"remembered: {names[0]} and {hit['name']} ({record}): {decide}")
        return
    found = api.screen(
        names or [],
        file=file,
        lists=lists or (),
        store=store,
        threshold=threshold,
        country=country,
        address=address,
        identifier=identifier,
        review=review,
        owners=owners,
        on=day(on, "--on"),
        yente=yente,
    )
    if as_json:
        print_json(found)
        return
    for hit in found["hits"]:
        print(f"{hit['query']}: {hit['name']} ({hit['list']}:{hit['id']}), score {hit['score']:.2f}")
        print(f"  because {'; '.join(hit['why'])}")
        if "means" in hit:
            print(f"  {hit['means']} [{hit['means_cite']}]" + (f"; listed in {hit['cite']}" if hit["cite"] else ""))
        if "decision" in hit:
            d = hit["decision"]
            print(f"  decided {d['on']} by {d['by']}: {d['decision']}, {d['why']} ({d['state']})")
    if not found["hits"]:
        print("no hit")
    for party in found.get("ownership", {}).get("parties", ()):
        state = "owned by listed parties" if party["caught"] else "may be owned by listed parties"
        print(f"{party['name']}: {state}, {party['percent']:g}% (+ {party['unknown_percent']:g}% not stated)")
    for listed in found["lists"]:
        checksum = f", sha256 {listed['sha256'][:16]}…" if listed["sha256"] else ""
        print(f"list: {listed['name']}, {listed['date']}{checksum}")
    for note in found.get("notes", ()):
        print(f"note: {note}")
    print(found["caution"])


def _flags(
    trade: Annotated[str, typer.Argument(metavar="FILE", help="The trade: a YAML sheet.")],
    lists: _Lists = None,
    store: _Store = None,
    as_json: As.Json = False,
) -> None:
    """Red flags in a trade after the guidance of May 2025: what raised each, and what would settle it."""
    found = api.flags(trade, lists=lists or (), store=store).to_json()
    if as_json:
        print_json(found)
        return
    for flag in found["flags"]:
        print(f"{flag['id']}  {flag['state'].upper():<8} {flag['asks']}")
        for fact in flag["facts"]:
            print(f"         fact: {fact}")
        if flag["settles"]:
            print(f"         would settle it: {flag['settles']}")
    for stop in found["route"]:
        rules = ", ".join(stop["rules"]) or "-"
        print(f"route {stop['country']}: {stop['outcome']}, review {stop['review']}, rules {rules}")
    for note in found["notes"]:
        print(f"note: {note}")


def _obligations(
    plan: Annotated[str | None, typer.Argument(metavar="[FILE]", help="A sales plan: a YAML sheet.")] = None,
    as_json: As.Json = False,
) -> None:
    """Commitments to supply: the ledger, or what it says of a sales plan, conflicts with other law shown."""
    found = api.obligations(plan)
    if as_json:
        print_json(found)
        return
    for ledger in found["ledgers"]:
        print(f"{ledger['title']} [{ledger['cite']}]" + (f": {ledger['state']}" if "state" in ledger else ""))
        for c in ledger.get("commitments", ()):
            print(f"  {c['id']} {c['kind']}: {c['says']} ({c['confidence']} confidence, {c['checked']})")
    for f in found.get("findings", ()):
        print(f"{f['state'].upper():<9} {f['offer']}: {f['says']} [{f['cite']}]")
        for rule in f.get("against", ()):
            print(f"          against it {rule['rule']}: {rule['says']} [{rule['cite']}]")
    for note in found.get("notes", ()):
        print(f"note: {note}")


def _forensics(
    model: Annotated[str, typer.Option("--model", help="The model said to have been trained.")],
    item: Annotated[str, typer.Option("--item", help="The chip said to have been used.")],
    tokens: Annotated[str | None, typer.Option("--tokens", help="Tokens trained on, such as 14.8T.")] = None,
    devices: Annotated[int | None, typer.Option("--devices", help="Chips used at a time.")] = None,
    device_hours: Annotated[
        str | None, typer.Option("--device-hours", help="Chip-hours in all, such as 2.788M.")
    ] = None,
    days: Annotated[float | None, typer.Option("--days", help="Calendar time in days.")] = None,
    precision: Annotated[str | None, typer.Option("--precision", help="bf16 or fp8; leave out if not said.")] = None,
    cost: Annotated[str | None, typer.Option("--cost", help="Cost claimed in USD, such as 5.576M.")] = None,
    price: Annotated[float | None, typer.Option("--price", help="USD for a chip-hour that the cost rests on.")] = None,
    on: Annotated[str | None, typer.Option("--on", help="Month the run ended, YYYY-MM. Default: the release.")] = None,
    stage: Annotated[str, typer.Option("--stage", help="pretraining or reinforcement.")] = "pretraining",
    context: Annotated[int | None, typer.Option("--context", help="Length of training sequences in tokens.")] = None,
    seat: Annotated[str | None, typer.Option("--seat", help="Country of the developer's headquarters.")] = None,
    stock: Annotated[str | None, typer.Option("--stock", help="Your own priors of chips held (YAML).")] = None,
    as_json: As.Json = False,
) -> None:
    """Does a claimed training run fit the chips claimed? What else could have done it, and what would settle it."""
    found: dict[str, Any] = api.forensics(
        model,
        item,
        tokens=tokens,
        devices=devices,
        device_hours=device_hours,
        days=days,
        precision=precision,
        cost_usd=cost,
        usd_per_device_hour=price,
        on=on,
        stage=stage,
        context=context,
        seat=seat,
        stock=stock,
    ).to_json()
    if as_json:
        print_json(found)
        return
    word = {True: "PLAUSIBLE", False: "NOT PLAUSIBLE", None: "UNDETERMINED"}[found["plausible"]]
    print(f"{model} on {item}: {word}")
    for check in found["checks"]:
        print(f"  {check['check']:<14} {_MARK[check['holds']]}: {check['says']}")
    if "tokens_for_hours" in found:
        room = {k: f"{v / 1e9:,.0f}" for k, v in found["tokens_for_hours"].items()}
        print(f"  the hours would train {room['low']} to {room['high']} billion tokens")
    if found["alternatives"]:
        print("  what could have done the work in that time:")
    for way in found["alternatives"]:
        size = f"{way['devices']:,} devices ({way['devices_low']:,} to {way['devices_high']:,})"
        print(f"    {way['item']:<22} {size:<38} {way['probability']:6.1%}  {way['standing']}")
    for way in found["mixtures"][:3]:
        parts = " + ".join(f"{share:.0%} {item}" for item, share in way["items"].items())
        print(f"    {parts}: {way['probability']:.1%}")
    if found["probability_controlled"] is not None:
        print(f"  a controlled chip took part: {found['probability_controlled']:.1%}, given the priors")
    for line in found["decisive"]:
        print(f"  would settle most: {line}")
    for note in found["notes"]:
        print(f"  note: {note}")
