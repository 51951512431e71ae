"""Screening from files to the contract's object: lists read, queries asked, owners followed, decisions remembered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twokey.diversion.fetching import ask_yente
from twokey.diversion.lists import ListInfo, default_store, parse_list, read_lists, shipped_extract
from twokey.diversion.matching import THRESHOLD
from twokey.diversion.ownership import Graph, read_ownership, rule_in_force
from twokey.diversion.screening import CAUTION, Hit, Query, Screener, decide, decisions
from twokey.law.groups import parse_country
from twokey.quantities.problem import Problem
from twokey.sources.rows import read_rows

__all__ = ["decide_on", "ready", "screen_all"]


_EXTRACT = "a small extract of the Entity List was read, not the list; fetch it with `twokey screen --fetch csl`"
_DAY = "the day of a list given as a file is the day of the file"


def ready(lists: Sequence[str], store: str | Path | None) -> tuple[Screener, list[str]]:
    """Return the lists made ready, and notes on what they are: those given, else the store, else the extract.

    A list is given as NAME=FILE, or as `extract` for the small one that comes with the programme.

    Raises
    ------
    Problem
        If a list is not written NAME=FILE or cannot be used.
    """
    if lists:
        import hashlib

        infos, entries = [], []
        for one in lists:
            if one == "extract":
                info, some = shipped_extract()
                infos.append(info)
                entries += some
                continue
            name, mark, path = one.partition("=")
            if not mark or not name:
                raise Problem("--list", repr(one), "NAME=FILE or extract", "write it like csl=consolidated.json")
            try:
                raw = Path(path).read_bytes()
                day = dt.date.fromtimestamp(Path(path).stat().st_mtime).isoformat()
            except OSError as error:
                raise Problem(
                    path, error.strerror or "unreadable", "a file that can be read", "check the path"
                ) from None
            found = parse_list(raw, name, path)
            infos.append(ListInfo(name, day, hashlib.sha256(raw).hexdigest(), len(found)))
            entries += found
        notes = [_EXTRACT] if "extract" in lists else []
        return Screener(infos, entries), [*notes, *([_DAY] if set(lists) != {"extract"} else [])]
    path_of_store = Path(store) if store is not None else default_store()
    if store is not None or path_of_store.is_file():
        infos, entries = read_lists(path_of_store)
        return Screener(infos, entries), []
    info, entries = shipped_extract()
    return Screener([info], entries), [_EXTRACT]


def screen_all(
    names: list[str], *, file: str | None, lists: Sequence[str], store: str | Path | None, threshold: float | None,
    country: str | None, address: str | None, identifier: str | None, review: str | Path | None, owners: str | None,
    on: dt.date | None, yente: str | None,
) -> dict[str, Any]:  # fmt: skip
    """Return the contract's object for names or a file of parties; see `verbs.screen`.

    Raises
    ------
    Problem
        If nothing is asked, a file cannot be used, or yente does not answer.
    """
    seat = parse_country(country, "--country") if country else None
    queries = [Query(n, seat, address, identifier) for n in names]
    if file is not None:
        for place, row in read_rows(file, required=("name",), optional=("country", "address", "identifier")):
            where = parse_country(row["country"], place) if row.get("country") else None
            queries.append(Query(row["name"], where, row.get("address") or None, row.get("identifier") or None))
    if not queries and owners is None:
        raise Problem(
            "twokey screen", "no name", "names, or --file", 'write `twokey screen "Name Co., Ltd."`', kind="usage"
        )
    for query in queries:
        if not query.name.strip():
            raise Problem("a party", "an empty name", "a name", "write the name")
    least = THRESHOLD if threshold is None else threshold
    if not 0 < least <= 1:
        raise Problem("--threshold", str(threshold), "a number above 0 and at most 1", "write it like 0.6")
    if yente is not None:
        asked = {str(i): _for_yente(q) for i, q in enumerate(queries)}
        lists_of = [{"name": f"yente at {yente}", "date": dt.date.today().isoformat(), "sha256": ""}]
        return {"hits": ask_yente(yente, asked), "lists": lists_of, "queries": len(queries), "caution": CAUTION}
    screener, notes = ready(lists, store)
    remembered = decisions(Path(review)) if review is not None else {}
    hits: list[Hit] = []
    for found in screener.screen_many(queries, threshold=least, review=remembered):
        hits += found
    out: dict[str, Any] = {
        "hits": [h.to_json() for h in hits], "lists": [i.to_json() for i in screener.lists], "queries": len(queries),
        "threshold": least, "caution": CAUTION, "notes": notes,
    }  # fmt: skip
    if owners is not None:
        out["ownership"] = _owned(read_ownership(owners), screener, queries, least, on or dt.date.today())
    return out


def _owned(graph: Graph, screener: Screener, queries: list[Query], least: float, on: dt.date) -> dict[str, Any]:
    """Return which parties of a graph listed ones own, the listed found among its owners by screening them."""
    asked = [Query(n) for n in graph.names]
    listed: dict[str, Hit] = {}
    for query, found in zip(asked, screener.screen_many(asked, threshold=max(least, 0.8)), strict=True):
        if found:
            listed[query.name] = found[0]
    names = {q.name for q in queries}
    caught = [o for o in graph.owned_by(listed) if not names or o.name in names]
    return {
        "rule": rule_in_force(on) | {"on": on.isoformat()},
        "listed": [
            {"name": n, "record": h.entry.names[0], "list": h.entry.list, "score": round(h.score, 3)}
            for n, h in listed.items()
        ],
        "parties": [o.to_json() for o in caught],
        "notes": [
            "owners are taken to be listed from a score of 0.8 on; settle each before relying on what follows from it",
            "the rule on headquarters is another one: give the seat to `twokey check --seat`",
        ],
    }  # fmt: skip


def _for_yente(query: Query) -> dict[str, Any]:
    known = {"country": query.country, "address": query.address, "registrationNumber": query.identifier}
    properties = {"name": [query.name]} | {k: [v] for k, v in known.items() if v}
    return {"schema": "LegalEntity", "properties": properties}


def decide_on(
    query: str, record: str, decision: str, *, by: str, why: str, review: Path, lists: Sequence[str],
    store: str | Path | None,
) -> Hit:  # fmt: skip
    """Remember a decision on the hit of `query` with `record`, written LIST:ID, and return the hit.

    Raises
    ------
    Problem
        If there is no such hit or the decision cannot be used.
    """
    screener, _ = ready(lists, store)
    hits = screener.screen(Query(query))
    for hit in hits:
        if f"{hit.entry.list}:{hit.entry.id}" == record:
            decide(review, hit, decision, by=by, why=why)
            return hit
    shown = ", ".join(f"{h.entry.list}:{h.entry.id}" for h in hits) or "none"
    raise Problem(
        "--record", record, f"a hit of {query!r}: {shown}", "screen the name first and take LIST:ID from there"
    )
