"""The verbs about buyers in one place, for the public interface: each imports what it needs when it is called."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twokey.diversion.flags import Flags
    from twokey.diversion.forensics import Finding
    from twokey.diversion.lists import ListInfo
    from twokey.diversion.screening import Hit

__all__ = ["fetch_list", "flags", "forensics", "obligations", "screen", "screen_decide"]


def forensics(model: str, item: str, **claim: Any) -> Finding:
    """Say whether a claimed training run fits the chips claimed; the claim is that of `diversion.forensics`.

    Raises
    ------
    Problem
        If a name is unknown or a number cannot be used.

    Examples
    --------
    >>> forensics("llama-2-70b", "nvidia-a100", tokens="2T", device_hours=1720320).plausible
    True
    """
    from twokey.diversion.forensics import forensics as judge

    return judge(model, item, **claim)


def flags(path: str | Path, *, lists: Sequence[str] = (), store: str | Path | None = None) -> Flags:
    """Return the red flags of a trade in a file, its parties screened against the lists at hand.

    Parameters
    ----------
    lists, store : as for `screen`

    Raises
    ------
    Problem
        If the file or a list cannot be used.
    """
    from twokey.diversion.deal import Deal, read_deal
    from twokey.diversion.flags import flags as raised
    from twokey.diversion.rooms import ready
    from twokey.diversion.screening import Query

    screener, _ = ready(lists, store)

    def listed(deal: Deal) -> tuple[bool | None, list[str]]:
        facts = []
        for party in deal.parties:
            for hit in screener.screen(Query(party.name, party.country, party.address)):
                facts.append(
                    f"{party.name} ({party.role}) may be {hit.entry.names[0]} on {hit.entry.list}: {hit.score:.2f}"
                )
        return (True if facts else None), facts

    return raised(read_deal(path), listed)


def screen(
    names: Sequence[str] = (),
    *,
    file: str | None = None,
    lists: Sequence[str] = (),
    store: str | Path | None = None,
    threshold: float | None = None,
    country: str | None = None,
    address: str | None = None,
    identifier: str | None = None,
    review: str | Path | None = None,
    owners: str | None = None,
    on: dt.date | None = None,
    yente: str | None = None,
) -> dict[str, Any]:
    """Screen parties against lists; the contract's object, with what the lists mean and what was not looked at.

    Parameters
    ----------
    names : names of parties
    file : CSV with a column name and, if known, country, address, identifier; or "-"
    lists : files of lists, each NAME=FILE, or "extract"; without them the store, without a store the shipped extract
    store : SQLite file of fetched lists
    threshold : least score [fraction]
    country, address, identifier : what is known of the one party named
    review : file of remembered decisions
    owners : CSV of holdings (owner, owned, percent): parties owned by listed ones are found too
    on : day on which the 50 percent rule is asked about; by default today
    yente : address of a running yente, asked in place of the lists

    Raises
    ------
    Problem
        If a file cannot be used, or yente does not answer.

    Examples
    --------
    >>> [(h["name"], h["list"]) for h in screen(["华为技术有限公司"], lists=["extract"])["hits"]]
    [('Huawei Technologies', 'EL')]
    """
    from twokey.diversion.rooms import screen_all

    return screen_all(
        list(names), file=file, lists=lists, store=store, threshold=threshold, country=country, address=address,
        identifier=identifier, review=review, owners=owners, on=on, yente=yente,
    )  # fmt: skip


def screen_decide(
    query: str, record: str, decision: str, *, by: str, why: str, review: str | Path, lists: Sequence[str] = (),
    store: str | Path | None = None,
) -> Hit:  # fmt: skip
    """Remember a decision on the hit of `query` with `record` (LIST:ID) in a review file, and return the hit.

    Raises
    ------
    Problem
        If there is no such hit or the decision cannot be used.
    """
    from twokey.diversion.rooms import decide_on

    return decide_on(query, record, decision, by=by, why=why, review=Path(review), lists=lists, store=store)


def fetch_list(
    what: str, *, store: str | Path | None = None, name: str | None = None, sha256: str | None = None
) -> ListInfo:
    """Fetch a list into the store, with its day and checksum.

    Raises
    ------
    Problem
        If there is no network, or the file is not what it should be.
    """
    from twokey.diversion.fetching import fetch
    from twokey.diversion.lists import default_store

    return fetch(what, Path(store) if store is not None else default_store(), name=name, sha256=sha256)


def obligations(plan: str | Path | None = None) -> dict[str, Any]:
    """Return the ledgers of commitments, or what they say of a sales plan in a file.

    Raises
    ------
    Problem
        If the plan cannot be used.

    Examples
    --------
    >>> [len(ledger["commitments"]) for ledger in obligations()["ledgers"]]
    [7]
    """
    from dataclasses import asdict

    from twokey.diversion.obligations import check_plan, ledgers, read_plan

    if plan is None:
        return {"ledgers": [{**asdict(x), "effective": x.effective.isoformat()} for x in ledgers()]}
    read = read_plan(plan)
    bound = [x for x in ledgers() if read.seller in x.obliged]
    return {
        "seller": read.seller,
        "on": read.on.isoformat(),
        "ledgers": [{"id": x.id, "title": x.title, "cite": x.cite, "state": x.state(read.on)} for x in bound],
        "findings": [f.to_json() for f in check_plan(read)],
        "notes": ["commitments are told from public texts and marked where unverified; this is not legal advice"],
    }
