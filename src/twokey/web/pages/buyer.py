"""Who is the buyer: names against lists, red flags of a trade, claimed training runs, commitments to supply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import RedirectResponse, Response

from twokey import api
from twokey.api import Problem
from twokey.web.answers import VERBS
from twokey.web.given import given_as_file
from twokey.web.page import Ask, Page, Table, command

__all__ = ["PLACES", "POSTS", "buyer", "flags", "forensics", "obligations", "screen", "sent"]

SAMPLE = """item: nvidia-h20
quantity: 2000
on: 2025-04-17
route: [US, SG, CN]
parties:
- {name: Example Trading, role: buyer, country: SG}
- {name: Huawei, role: end-user, country: CN}
country: SG
seat: undisclosed
founded: 2024-11-02
address_kind: virtual-office
website: no
delivery: forwarder
"""


def buyer(ask: Ask, _: Any) -> Page:
    """Return the four questions about a buyer."""
    return Page("buyer.html", "Buyer", {"tab": ask.path})


def screen(ask: Ask, _: Any) -> Page:
    """Return the hits of names on the lists at hand."""
    names = [n.strip() for text in ask.many("name") for n in text.splitlines() if n.strip()]
    options: dict[str, Any] = {n: t for n in ("country", "address", "identifier") if (t := ask.text(n))}
    threshold = ask.number("threshold")
    options |= {"threshold": threshold} if threshold is not None else {}
    answer = VERBS["screen"]({"names": names, **options}) if names else None
    rows = [
        [h["query"], h["name"], h["list"], h["id"], h["score"], "; ".join(h["why"])]
        for h in (answer or {}).get("hits", ())
    ]
    words = {"answer": answer, "names": names, "given": ask.given, "tab": ask.path}
    table = Table("hits", ("query", "name", "list", "id", "score", "why"), rows)
    return Page(
        "screen.html",
        "Screen names",
        words,
        answer,
        [table] if answer else [],
        command("screen", *names, **{"id" if k == "identifier" else k: v for k, v in options.items()}),
    )


def flags(ask: Ask, _: Any) -> Page:
    """Return the red flags of a trade that an address holds as a sheet."""
    text = ask.text("sheet")
    words: dict[str, Any] = {"answer": None, "problem": None, "sheet": text or SAMPLE, "tab": ask.path}
    if text is None:
        return Page("flags.html", "Red flags", words)
    try:
        with given_as_file(text + "\n", "trade.yaml") as path:
            assert path is not None
            answer = api.flags(path).to_json()
    except Problem as problem:
        return Page("flags.html", "Red flags", words | {"problem": problem}, problem.to_json(), status=400)
    found: Any = answer["flags"]
    rows = [[f["id"], f["state"], f["asks"], "; ".join(f["facts"]), f["settles"]] for f in found]
    table = Table("flags", ("flag", "state", "asks", "facts", "would settle it"), rows)
    return Page("flags.html", "Red flags", words | {"answer": answer}, answer, [table], command("flags", "trade.yaml"))


_CLAIM = ("tokens", "devices", "device_hours", "days", "precision", "cost", "price", "on", "stage", "context", "seat")
_EXAMPLE = {
    "model": "deepseek-v3",
    "item": "nvidia-h800",
    "tokens": "14.8T",
    "devices": "2048",
    "device_hours": "2.788M",
}


def forensics(ask: Ask, _: Any) -> Page:
    """Return whether a claimed training run fits the chips claimed, and what else could have done it."""
    given = {n: t for n in ("model", "item", *_CLAIM) if (t := ask.text(n))} or dict(_EXAMPLE)
    words: dict[str, Any] = {
        "given": given,
        "tab": ask.path,
        "answer": None,
        "problem": None,
        "chips": [(c.id, c.name) for c in api.chips()],
        "models": [(m.id, m.name) for m in api.models()],
    }
    try:
        answer = VERBS["forensics"](given)
    except Problem as problem:
        return Page("forensics.html", "Forensics", words | {"problem": problem}, problem.to_json(), status=400)
    ways = answer["alternatives"]
    rows = [
        [w["item"], w["devices"], w["devices_low"], w["devices_high"], w["probability"], w["standing"]] for w in ways
    ]
    heads = ("chip", "devices", "devices low", "devices high", "probability", "standing")
    line = command("forensics", **{k.replace("_", "-"): v for k, v in given.items()})
    words |= {"answer": answer, "ways": _ways(ways), "mfu": _mfu(answer)}
    return Page("forensics.html", "Forensics", words, answer, [Table("alternatives", heads, rows)], line)


def _ways(ways: list[Mapping[str, Any]]) -> dict[str, Any]:
    shown = [w for w in ways if w["probability"] > 0][::-1]
    colours = {"controlled": "shut-fill", "lawful": "open-fill", "domestic": "conditional-fill"}
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "y": [w["item"] for w in shown],
                "x": [100 * w["probability"] for w in shown],
                "marker": {"color": [f"var:{colours.get(w['standing'], 'quiet')}" for w in shown]},
                "width": 0.6,
                "text": [w["standing"] for w in shown],
                "textposition": "outside",
                "cliponaxis": False,
                "hovertemplate": "%{y}: %{x:.2f} %, %{text}<extra></extra>",
            }
        ],
        "layout": {
            "height": 80 + 32 * len(shown),
            "showlegend": False,
            "margin": {"l": 10, "r": 80, "t": 6, "b": 10},
            "xaxis": {"title": {"text": "probability, percent"}},
        },
    }


def _mfu(answer: Mapping[str, Any]) -> dict[str, Any] | None:
    implied, expected = answer.get("implied_mfu"), answer.get("expected_mfu")
    if implied is None or not expected:
        return None
    low, mid, high = (100 * expected[k] for k in ("low", "mid", "high"))
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "y": ["MFU"],
                "x": [high - low],
                "base": [low],
                "width": 0.4,
                "name": "such runs reach",
                "marker": {"color": "var:open-fill"},
                "hovertemplate": f"{low:.0f} to {high:.0f} %<extra></extra>",
            },
            {
                "type": "scatter",
                "mode": "markers",
                "x": [mid],
                "y": ["MFU"],
                "name": "middle",
                "marker": {"color": "var:ink", "symbol": "line-ns-open", "size": 18},
            },
            {
                "type": "scatter",
                "mode": "markers",
                "x": [100 * implied],
                "y": ["MFU"],
                "name": "the claim implies",
                "marker": {"color": "var:best", "symbol": "diamond", "size": 14},
            },
        ],
        "layout": {
            "height": 170,
            "xaxis": {"title": {"text": "percent of the dense 16-bit peak"}, "rangemode": "tozero"},
            "legend": {"orientation": "h", "x": 0, "y": 1.05, "yanchor": "bottom"},
            "margin": {"l": 10, "r": 10, "t": 30, "b": 10},
        },
    }


def obligations(ask: Ask, _: Any) -> Page:
    """Return the ledgers of commitments to supply."""
    answer = VERBS["obligations"]({})
    rows = [
        [x["title"], c["id"], c["kind"], c["says"], c["confidence"], c["checked"]]
        for x in answer["ledgers"]
        for c in x["commitments"]
    ]
    table = Table("commitments", ("ledger", "id", "kind", "says", "confidence", "checked"), rows)
    return Page(
        "obligations.html", "Commitments", {"answer": answer, "tab": ask.path}, answer, [table], command("obligations")
    )


def sent(ask: Ask, _: Any) -> Response:
    """Take a trade that was sent as a file, and go to the address that holds it.

    Raises
    ------
    Problem
        If nothing was sent.
    """
    text = ask.text("file")
    if text is None:
        raise Problem("the file", "nothing", "a trade (YAML or JSON)", "choose a file first")
    return RedirectResponse(Ask("/buyer/flags", {}, [("sheet", text)]).address(), 303)


PLACES = [
    ("/buyer", buyer),
    ("/buyer/screen", screen),
    ("/buyer/flags", flags),
    ("/buyer/forensics", forensics),
    ("/buyer/obligations", obligations),
]
POSTS = [("/buyer/flags", sent)]
