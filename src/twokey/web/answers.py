"""What each verb answers over the JSON interface and to assistants: the object the command line prints with ``--json``.

Nothing here reads a file that the caller names: chips are named by their catalogue id or given as sheets, and tables
are given as text.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from twokey import __version__, api
from twokey.api import Problem
from twokey.web.engine_answers import design, front, operators, policy
from twokey.web.estimate_answer import estimate
from twokey.web.given import (
    Assume,
    Cases,
    Datacentre,
    Design,
    From,
    Item,
    Items,
    KnownOn,
    Name,
    Names,
    On,
    Seat,
    Seller,
    Sheets,
    To,
    Trade,
    With,
    assumed,
    chip_name,
    chip_of,
    chip_or_design,
    day_of,
    facts_of,
    given_as_file,
    plain_name,
    proposals,
    sheet_of,
    table,
    with_name,
)
from twokey.web.verb import Lines, Verb

__all__ = ["VERBS"]


# -- the law ----------------------------------------------------------------------------------------


def check(
    item: Items = [],  # noqa: B006
    sheets: Sheets = [],  # noqa: B006
    to: To = None,
    on: On = None,
    seat: Seat = None,
    from_: From = None,
    seller: Seller = None,
    datacentre: Datacentre = None,
    trade: Trade = None,
    known_on: KnownOn = None,
    assume: Assume = [],  # noqa: B006
    with_: With = [],  # noqa: B006
    cases: Cases = None,
    explain: Annotated[bool, Field(description="Add the tree of every test: value, limit, margin, citation.")] = False,
) -> Any:
    """May it ship? Both governments' keys for each item, with reasons and citations.

    Raises
    ------
    Problem
        If what is given cannot be used.
    """
    options: dict[str, Any] = {
        "datacentre": None if datacentre is None else datacentre == "yes",
        "known_on": day_of(known_on, "known_on"),
        "assume": assumed(assume),
        "overlays": [Path(rule) for rule in proposals(with_, "check, with")],
    }
    if cases is not None:
        if item or sheets:
            raise Problem("check", "both chips and cases", "one of them", "leave one out", kind="usage")
        return Lines("answers", table(cases, api.check_cases, **options), {"twokey": __version__, **api.law_stamp()})
    chips = [chip_of(i) for i in item] + [sheet_of(s, f"sheets[{i}]") for i, s in enumerate(sheets)]
    if not chips:
        raise Problem("check", "no item", "item, sheets or cases", "add item=nvidia-h20", kind="usage")
    facts = facts_of(trade, to=to, on=on, seat=seat, from_country=from_, seller=seller)
    found: list[dict[str, Any]] = [a.to_json() for a in api.check(chips, facts, **options)]
    if explain:
        for chip, answer in zip(chips, found, strict=True):
            answer["tree"] = api.consulted(chip, facts, **options)["rules"]
    return {"answers": found, "twokey": __version__, **api.law_stamp()}


def timeline(
    item: Item,
    to: To = None,
    seat: Seat = None,
    from_: From = None,
    seller: Seller = None,
    datacentre: Datacentre = None,
    trade: Trade = None,
) -> Any:
    """The same over time: the spans of days in which the answer is constant."""
    facts = facts_of(trade, to=to, seat=seat, from_country=from_, seller=seller)
    spans = api.timeline(chip_of(item), facts, datacentre=None if datacentre is None else datacentre == "yes")
    return {"item": item, "to": to, "spans": [s.to_json() for s in spans]}


def law(rule: Annotated[str | None, Field(description="A rule's id.", examples=["us/3a090.a"])] = None) -> Any:
    """The rules as data: all of them, or one."""
    found = api.law(rule)
    return {"rules": [r.to_json() for r in found]} if rule is None else found[0].to_json()


def changes(
    first: Annotated[str, Field(description="The day after which to look, YYYY-MM-DD.", examples=["2025-01-01"])],
    last: Annotated[str, Field(description="The last day, YYYY-MM-DD.", examples=["2025-12-31"])],
) -> Any:
    """What moved in the law between two days."""
    return {"changes": api.changes(first, last)}


# -- the catalogues ---------------------------------------------------------------------------------


def chips(name: Name = None) -> Any:
    """The catalogue of chips, each figure with its source and state of checking."""
    return with_name([c.to_json() for c in api.chips()], name)


def models(name: Name = None) -> Any:
    """The catalogue of LLM architectures."""
    return with_name([m.to_json() for m in api.models()], name)


def spaces() -> Any:
    """The design spaces that `design` searches."""
    return [s.to_json() for s in api.spaces()]


def workloads() -> Any:
    """The workloads that `design` knows by name."""
    return [
        {
            "id": w.name, "name": w.note, "model": w.model, "objective": w.objective, "devices": w.devices,
            "batch": w.batch, "input": w.input_len, "output": w.output_len, "memory_bytes_per_device": w.memory_bytes,
        }
        for w in api.workloads()
    ]  # fmt: skip


# -- money ------------------------------------------------------------------------------------------


def duty(
    item: Annotated[str | None, Field(description="A chip of the catalogue, where the good is one.")] = None,
    to: Annotated[str, Field(description="Country of entry.")] = "US",
    origin: Annotated[str, Field(description="Country of origin.")] = "CN",
    hts: Annotated[str, Field(description="Tariff heading.")] = "8473.30",
    on: On = None,
) -> Any:
    """The duty stack for a good, an origin and a day."""
    chip = None if item is None else chip_name(item)
    return api.duty(chip, to=to, origin=origin, hts=hts, on=on or dt.date.today().isoformat()).to_json()


def cost(
    item: Annotated[str | None, Field(description="A chip of the catalogue.", examples=["nvidia-h100"])] = None,
    design: Design = None,
) -> Any:
    """Unit cost of a chip or a design: die, memory, packaging and test, low, mid and high."""
    with chip_or_design(item, design, "cost") as chip:
        found = api.cost(chip)
    return {case: c.to_json() for case, c in found.items()} if isinstance(found, dict) else found.to_json()


def dies(
    design: Design = None,
    node: Annotated[str, Field(description="Class of process of the design: 7nm or 5nm.")] = "5nm",
    memory: Annotated[str, Field(description="Kind of memory of the design, such as hbm3.")] = "hbm3",
) -> Any:
    """The area of dies from what is on them, beside what was published; or of a design, built like these."""
    if design is None:
        return {"dies": api.dies()}
    with given_as_file(design, "design.json") as path:
        assert path is not None
        return api.design_die(path, node=node, memory=memory) | {"design": "design.json"}


def exposure(
    position: Annotated[str, Field(description="A position, by name.")] = "nvidia-h20-2025-04",
    share: Annotated[str, Field(description="Share of the trade that is closed, 0 to 1.")] = "1",
) -> Any:
    """What is at stake: the charge as a waterfall, its margin effect, revenue lost, later releases."""
    outcome = api.exposure(plain_name(position, "exposure, position"), share)
    published: dict[str, Any] = api.published_figures().to_json()
    return {**outcome.to_json(), "published": published}


def sku(
    decision: Annotated[str, Field(description="A decision, by name.")] = "h20-successor-2025-05",
    changes: Annotated[dict[str, Any] | None, Field(description="Inputs or a scenario tree that override.")] = None,
    draws: Annotated[int, Field(description="Number of draws.", ge=1, le=1_000_000)] = 100_000,
    seed: Annotated[int, Field(description="Seed of the random numbers.", ge=0)] = 1,
    margin: Annotated[float, Field(description="Share built below the limit, such as 0.1.")] = 0.0,
) -> Any:
    """Whether to build one more chip, how many to commit to, and what decides it."""
    with given_as_file(changes, "changes.json") as path:
        advice = api.sku(plain_name(decision, "sku, decision"), path, draws=draws, seed=seed, margin=margin)
    after = api.held_against(advice)
    return advice.to_json() | ({"backtest": after.to_json()} if after is not None else {})


# -- the buyer --------------------------------------------------------------------------------------


def screen(
    names: Annotated[Names, Field(description="Names of parties.", examples=[["Huawei"]])],
    threshold: Annotated[float | None, Field(description="Least score, above 0 to 1.")] = None,
    country: Annotated[str | None, Field(description="Country of the party.")] = None,
    address: Annotated[str | None, Field(description="Address of the party.")] = None,
    identifier: Annotated[str | None, Field(description="Registration or other number of the party.")] = None,
    on: On = None,
) -> Any:
    """Parties against lists: names, aliases, addresses, identifiers. No hit is not clearance."""
    return api.screen(
        names, threshold=threshold, country=country, address=address, identifier=identifier, on=day_of(on, "on")
    )


def flags(
    trade: Annotated[dict[str, Any], Field(description="The trade and its parties, as for `twokey flags`.")],
) -> Any:
    """Red flags in a trade after the guidance of May 2025: what raised each, and what would settle it."""
    with given_as_file(trade, "trade.json") as path:
        assert path is not None
        return api.flags(path).to_json()


def obligations(plan: Annotated[dict[str, Any] | None, Field(description="A sales plan.")] = None) -> Any:
    """Commitments to supply: the ledger, or what it says of a sales plan, conflicts with other law shown."""
    with given_as_file(plan, "plan.json") as path:
        return api.obligations(path)


def forensics(
    model: Annotated[str, Field(description="The model said to have been trained.", examples=["deepseek-v3"])],
    item: Annotated[str, Field(description="The chip said to have been used.", examples=["nvidia-h800"])],
    tokens: Annotated[str | None, Field(description="Tokens trained on.", examples=["14.8T"])] = None,
    devices: Annotated[int | None, Field(description="Chips used at a time.")] = None,
    device_hours: Annotated[str | None, Field(description="Chip-hours in all.", examples=["2.788M"])] = None,
    days: Annotated[float | None, Field(description="Calendar time in days.")] = None,
    precision: Annotated[str | None, Field(description="bf16 or fp8; leave out if not said.")] = None,
    cost: Annotated[str | None, Field(description="Cost claimed in USD.", examples=["5.576M"])] = None,
    price: Annotated[float | None, Field(description="USD for a chip-hour that the cost rests on.")] = None,
    on: Annotated[str | None, Field(description="Month the run ended, YYYY-MM. Default: the release.")] = None,
    stage: Annotated[str, Field(description="pretraining or reinforcement.")] = "pretraining",
    context: Annotated[int | None, Field(description="Length of training sequences in tokens.")] = None,
    seat: Annotated[str | None, Field(description="Country of the developer's headquarters.")] = None,
) -> Any:
    """Does a claimed training run fit the chips claimed? What else could have done it, and what would settle it."""
    return api.forensics(
        model, item, tokens=tokens, devices=devices, device_hours=device_hours, days=days, precision=precision,
        cost_usd=cost, usd_per_device_hour=price, on=on, stage=stage, context=context, seat=seat, stock=None,
    ).to_json()  # fmt: skip


VERBS = {
    answer.__name__: Verb(answer.__name__, answer)
    for answer in (
        check, timeline, law, changes, chips, models, spaces, workloads, estimate, operators, design, front, policy,
        dies, duty, cost, exposure, sku, screen, flags, obligations, forensics,
    )
}  # fmt: skip
"""Every verb that answers over the JSON interface, by its name on the command line."""
