"""The best lawful chip: the question, its run with the proof closing, the answer; and what of one aim another costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import RedirectResponse, Response

from twokey import api
from twokey.api import Problem
from twokey.web.page import Ask, Page, Table, command
from twokey.web.pages.running import STATUS, progress_words, unknown
from twokey.web.runs import Run, Runs

__all__ = ["PLACES", "POSTS", "act", "design", "progress", "question_of"]

_NAMES = (
    "workload",
    "objective",
    "second",
    "space",
    "to",
    "on",
    "seat",
    "seller",
    "datacentre",
    "accept",
    "law",
    "limit",
    "margin",
    "software",
    "gap",
    "points",
    "seconds",
)


def question_of(ask: Ask) -> tuple[str, dict[str, Any]]:
    """Return kind and question of the run that an address asks for.

    Raises
    ------
    Problem
        If a number or a word cannot be used.
    """
    words = {w.name: w for w in api.workloads()}
    workload = ask.word("workload", "llama-3-70b-decode")
    if workload not in words:
        raise unknown("workload", workload, list(words))
    law, accept, second = ask.word("law", "on"), ask.word("accept", "open"), ask.text("second")
    for name, word, known in (("law", law, ("on", "none")), ("accept", accept, ("open", "conditional"))):
        if word not in known:
            raise unknown(name, word, list(known))
    software = ask.text("software")
    if software is not None and software not in ("ideal", "fitted"):
        raise unknown("software", software, ["ideal", "fitted"])
    objective = ask.text("objective")
    for name, aim in (("objective", objective), ("second", second)):
        if aim is not None and aim not in api.objectives():
            raise unknown(name, aim, list(api.objectives()))
    space = ask.word("space", "small")
    if space not in (spaces := [s.name for s in api.spaces()]):
        raise unknown("space", space, spaces)
    question: dict[str, Any] = {
        "workload": workload,
        "space": space,
        "to": ask.word("to", "CN"),
        "on": ask.day("on").isoformat(),
        "seat": ask.text("seat"),
        "seller": ask.word("seller", "nvidia"),
        "datacentre": ask.word("datacentre", "yes") == "yes",
        "accept": accept,
        "no_law": law == "none",
        "limits": _limits(ask.text("limit")),
        "margin": ask.number("margin") or None,
        "software": software,
        "gap": ask.number("gap", 0.01),
        "seconds": ask.number("seconds"),
    }
    api.trade(to=question["to"], on=question["on"], seat=question["seat"])
    question = {k: v for k, v in question.items() if v is not None}
    if second is None:
        return "design", question | ({"objective": objective} if objective else {})
    first = objective or words[workload].objective
    return "front", question | {"first": first, "second": second, "points": ask.whole("points", 10)}


def _limits(text: str | None) -> list[str] | None:
    """Return the limits of a field, written with commas between them; each must be one."""
    found = [one.strip() for one in (text or "").split(",") if one.strip()]
    for one in found:
        api.read_limit(one)
    return found or None


def design(ask: Ask, runs: Runs) -> Page:
    """Return the form; with a workload in the address also the run of that question, which begins if it is new."""
    kind, question = question_of(ask)
    asked = ask.text("workload") is not None
    words: dict[str, Any] = {
        "workloads": [(w.name, f"{w.name}: {w.note}") for w in api.workloads()],
        "objectives": [(name, f"{name} [{unit}]") for name, unit in api.objectives().items()],
        "spaces": [(s.name, f"{s.name}: {s.designs:,} designs") for s in api.spaces()],
        "question": question,
        "kind": kind,
        "countries": api.countries(),
        "run": None,
        "given": ask.given,
        "recent": _recent(runs) if not asked else [],
    }
    if not asked:
        return Page("design.html", "Design", words, live=True)
    run = runs.find(runs.id_of(kind, question))
    if run is None or run.state == "stopped":
        run = runs.start(kind, question)
    return _page(run, words, _command(kind, question))


def _recent(runs: Runs) -> list[dict[str, Any]]:
    found = []
    for run in runs.all():
        if run.kind in ("design", "front"):
            found.append(
                {
                    "id": run.id,
                    "state": run.state,
                    "question": run.question,
                    "kind": run.kind,
                    "address": address_of(run.kind, run.question),
                }
            )
    return found[:12]


def address_of(kind: str, question: Mapping[str, Any]) -> str:
    """Return the address that asks a question."""
    given = dict(question)
    given["datacentre"] = "yes" if given.pop("datacentre", True) else "no"
    given["law"] = "none" if given.pop("no_law", False) else "on"
    given["limit"] = ", ".join(given.pop("limits", None) or ()) or None
    if kind == "front":
        given["objective"] = given.pop("first")
    return Ask("/design", {}, [(n, f"{given[n]}") for n in _NAMES if given.get(n) is not None]).address()


def _command(kind: str, q: Mapping[str, Any]) -> str:
    options = {
        "space": q["space"],
        "to": q["to"],
        "on": q["on"],
        "seat": q.get("seat"),
        "seller": q["seller"],
        "datacentre": "yes" if q["datacentre"] else "no",
        "accept": q["accept"],
        "law": "none" if q["no_law"] else "on",
        "limit": q.get("limits"),
        "margin": q.get("margin"),
        "software": q.get("software"),
        "gap": q["gap"],
        "seconds": q.get("seconds"),
    }
    if kind == "front":
        return command("front", q["workload"], q["first"], q["second"], points=q["points"], **options)
    return command("design", workload=q["workload"], objective=q.get("objective"), **options)


def _page(run: Run, words: dict[str, Any], line: str) -> Page:
    words |= {"run": run} | progress_words(run)
    status = STATUS.get(run.state, 200)
    answer = run.answer if run.answer is not None else {"run": run.id, "state": run.state, "steps": run.steps}
    tables: list[Table] = []
    if run.state == "done" and run.kind == "design":
        words |= {"answer": run.answer, "versus": _versus(run.answer), "sheet": _sheet(run.answer["best"]["item"])}
        tables = _design_tables(run.answer)
    elif run.state == "done":
        words |= {"answer": run.answer, "front": _front_picture(run.answer)}
        a, b = run.answer["objectives"]
        variables = list(run.answer["points"][0]["design"]) if run.answer["points"] else []
        rows = [[*p["values"], *p["bounds"], p["grid"], *p["design"].values()] for p in run.answer["points"]]
        tables = [Table("front", (a, b, f"{a} bound", f"{b} bound", "grid", *variables), rows)]
    title = f"Design: {run.question['workload']}"
    return Page("design.html", title, words, answer, tables, line, status, live=run.state != "done")


def _sheet(item: Mapping[str, Any]) -> str:
    import json

    return json.dumps({k: v for k, v in item.items() if k not in ("tpp", "performance_density")})


def _fits(row: Mapping[str, Any]) -> str:
    return "" if row.get("fits", True) else " (does not fit)"


def _versus(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the picture of the best design beside catalogue chips."""
    unit = answer["best"]["unit"]
    rows = [("best lawful design", answer["best"]["value"], "best", "")]
    free = answer.get("unrestricted")
    if free and free.get("value"):
        rows.append(("best without law", free["value"], "open-fill", ""))
    rows += [
        (v["item"] + (f", {v['verdict'] or 'no export'}" if "verdict" in v else ""), v["value"], "quiet", _fits(v))
        for v in answer["versus"]
        if v.get("value")
    ]
    more = answer.get("better") == "more"
    rows.sort(key=lambda r: r[1] if more else -r[1])
    scale, shown = (1e3, "ms") if unit == "s" and max(r[1] for r in rows) < 10 else (1.0, unit)
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "y": [n + note for n, _, _, note in rows],
                "x": [v * scale for _, v, _, _ in rows],
                "marker": {"color": [f"var:{c}" for _, _, c, _ in rows]},
                "text": [f"{v * scale:.4g} {shown}" for _, v, _, _ in rows],
                "textposition": "outside",
                "cliponaxis": False,
                "hovertemplate": "%{y}: %{text}<extra></extra>",
            }
        ],
        "layout": {
            "height": 70 + 34 * len(rows),
            "margin": {"l": 10, "r": 80, "t": 6, "b": 10},
            "showlegend": False,
            "xaxis": {"title": {"text": f"{shown}, {'more' if more else 'less'} is better"}, "rangemode": "tozero"},
        },
    }


def _front_picture(answer: Mapping[str, Any]) -> dict[str, Any]:
    (a, b), points = answer["objectives"], answer["points"]
    (sa, ua), (sb, ub) = (_scaled(u, [p["values"][i] for p in points]) for i, u in enumerate(answer["units"]))
    steps = sorted((first * sa, second * sb) for second, first in answer["steps"] if None not in (first, second))
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "name": "no lawful design lies below",
                "x": [s[0] for s in steps],
                "y": [s[1] for s in steps],
                "line": {"color": "var:open-fill", "shape": "vh", "dash": "dot"},
                "hoverinfo": "skip",
            },
            {
                "type": "scatter",
                "mode": "markers+lines",
                "name": "lawful designs",
                "x": [p["values"][0] * sa for p in points],
                "y": [p["values"][1] * sb for p in points],
                "marker": {"color": "var:best", "size": 9},
                "line": {"color": "var:best", "width": 1},
                "hovertemplate": f"{a} %{{x:.4g}} {ua}<br>{b} %{{y:.4g}} {ub}<extra></extra>",
            },
        ],
        "layout": {
            "height": 440,
            "xaxis": {"title": {"text": f"{a} [{ua}]"}},
            "yaxis": {"title": {"text": f"{b} [{ub}]"}},
        },
    }


def _scaled(unit: str, values: list[float]) -> tuple[float, str]:
    """Return a factor and the unit that suits values after it."""
    return (1e3, "ms") if unit == "s" and max(values, default=1.0) < 10 else (1.0, unit)


def _design_tables(answer: Mapping[str, Any]) -> list[Table]:
    best = answer["best"]
    binding = [[b["limit"], b["shadow_price"], f"{best['unit']} per {b['per']}"] for b in answer["binding"]]
    versus = [[v["item"], v.get("value"), v.get("ratio"), v.get("fits"), v.get("verdict")] for v in answer["versus"]]
    return [
        Table("design", ("variable", "value"), list(best["design"].items())),
        Table("binding", ("limit", "shadow price", "unit"), binding),
        Table("versus", ("chip", f"value {best['unit']}", "ratio", "fits", "verdict"), versus),
        Table("area", ("part", "mm2"), list(best["area_breakdown_mm2"].items())),
    ]


def progress(ask: Ask, runs: Runs) -> Page:
    """Return how a run stands, for a page that asks again and again.

    Raises
    ------
    Problem
        If nobody asked that question.
    """
    kind, question = question_of(ask)
    run = runs.find(runs.id_of(kind, question))
    if run is None:
        raise Problem("the run", "a question that nobody asked", "one under way", "open its page under /design")
    words = {"run": run, "address": address_of(kind, question)} | progress_words(run)
    answer = {"state": run.state, "steps": run.steps}
    return Page("progress.html", "A run", words, answer, live=True, fresh=not run.live)


def act(ask: Ask, runs: Runs) -> Response:
    """Start the run of a question again, or cancel it; then go to its page."""
    kind, question = question_of(ask)
    if ask.text("do") == "cancel":
        runs.cancel(runs.id_of(kind, question))
    else:
        runs.start(kind, question)
    return RedirectResponse(address_of(kind, question), 303)


PLACES = [("/design", design), ("/design/progress", progress)]
POSTS = [("/design", act)]
