"""The catalogues of chips and models, every figure with its source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twokey import api
from twokey.web.fields import trade_asked, trade_options
from twokey.web.given import chip_name
from twokey.web.page import Ask, Page, Table, command

__all__ = ["PLACES", "chip", "chips", "model", "models"]

_COLUMNS = (
    "tpp",
    "performance_density",
    "dram_bandwidth_GBps",
    "io_bandwidth_GBps",
    "applicable_die_area_mm2",
    "dram_capacity_GB",
    "tdp_W",
)


def _value(entry: Mapping[str, Any], name: str) -> Any:
    found = entry.get(name)
    return found["value"] if isinstance(found, dict) else found


def chips(ask: Ask, _: Any) -> Page:
    """Return the catalogue of chips with their figures and the verdict for a trade on a day."""
    wanted = (ask.text("name") or "").lower()
    facts = trade_asked(ask, seated=True)
    rows = []
    for found in api.chips():
        one: dict[str, Any] = found.to_json()
        if wanted and not any(wanted in str(t).lower() for t in (one["id"], one["name"], *one["aliases"])):
            continue
        verdict = api.check([found.item], facts)[0].verdict
        rows.append(
            {k: one[k] for k in ("id", "name", "vendor")} | {c: _value(one, c) for c in _COLUMNS} | {"verdict": verdict}
        )
    heads = (
        "id",
        "name",
        "TPP",
        "TPP per mm2",
        "DRAM GB/s",
        "I/O GB/s",
        "die area mm2",
        "DRAM GB",
        "power W",
        "verdict",
    )
    table = Table("chips", heads, [[r["id"], r["name"], *(r[c] for c in _COLUMNS), r["verdict"]] for r in rows])
    words = {"rows": rows, "trade": trade_options(ask), "on": facts.on, "columns": _COLUMNS, "name": ask.text("name")}
    return Page("chips.html", "Chips", words, {"chips": rows}, [table], command("chips", ask.text("name")))


def chip(ask: Ask, _: Any) -> Page:
    """Return one chip: its figures, each with source and state of checking.

    Raises
    ------
    Problem
        If the catalogue has no such chip; near names are suggested.
    """
    id = api.item(chip_name(ask.parts["chip"])).id
    one: dict[str, Any] = next(c for c in api.chips() if c.id == id).to_json()
    figures = _figures(one)
    return Page(
        "chip.html",
        str(one["name"]),
        {"one": one, "figures": figures},
        one,
        [Table("figures", ("figure", "value", "source", "confidence", "checked", "note"), figures)],
        command("chips", id),
    )


def _figures(one: Mapping[str, Any]) -> list[list[Any]]:
    found = []
    for name, value in one.items():
        parts = value if name == "architecture" else {name: value}
        for key, figure in (parts or {}).items():
            if isinstance(figure, dict) and "value" in figure:
                shown = figure["value"]
                if isinstance(shown, list):
                    shown = "; ".join(f"{m['mode']} ({m['bits']} bit) {m['tops']:g}" for m in shown)
                label = f"architecture: {key}" if name == "architecture" else key
                found.append([label, shown, *(figure.get(k, "") for k in ("source", "confidence", "checked", "note"))])
    return found


def models(_ask: Ask, _: Any) -> Page:
    """Return the catalogue of LLM architectures."""
    entries: list[dict[str, Any]] = [m.to_json() for m in api.models()]
    columns = ("params_total_B", "params_active_B", "layers", "hidden", "experts")
    rows = [
        {"id": m["id"], "name": m["name"], "attention": m.get("attention")} | {c: _value(m, c) for c in columns}
        for m in entries
    ]
    heads = ("id", "name", "attention", "parameters 1e9", "active 1e9", "layers", "hidden size", "experts")
    table = Table("models", heads, [[r["id"], r["name"], r["attention"], *(r[c] for c in columns)] for r in rows])
    return Page("models.html", "Models", {"rows": rows, "columns": columns}, entries, [table], command("models"))


def model(ask: Ask, _: Any) -> Page:
    """Return one model: its figures, each with source and state of checking.

    Raises
    ------
    Problem
        If the catalogue has no such model; near names are suggested.
    """
    import difflib

    known: dict[str, dict[str, Any]] = {m.id: m.to_json() for m in api.models()}
    id = ask.parts["model"]
    if id not in known:
        near = difflib.get_close_matches(id, known, n=3)
        fix = "did you mean " + " or ".join(near) + "?" if near else "`twokey models` lists them"
        raise api.Problem("model", repr(id), "the id of a model in the catalogue", fix)
    one = known[id]
    figures = _figures(one)
    table = Table("figures", ("figure", "value", "source", "confidence", "checked", "note"), figures)
    return Page("chip.html", str(one["name"]), {"one": one, "figures": figures}, one, [table], command("models", id))


PLACES = [("/chips", chips), ("/chips/{chip}", chip), ("/models", models), ("/models/{model}", model)]
