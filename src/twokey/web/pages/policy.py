"""What a changed or proposed rule would do: the best answer to it, who is caught, who slips through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import RedirectResponse, Response

from twokey import api
from twokey.web.page import Ask, Page, Table, command
from twokey.web.pages.running import STATUS, progress_words, unknown
from twokey.web.runs import Run, Runs

__all__ = ["PLACES", "POSTS", "act", "policy", "progress", "question_of"]


def question_of(ask: Ask) -> dict[str, Any]:
    """Return the question of the run that an address asks for.

    Raises
    ------
    Problem
        If a rule, a workload or another word is not known.
    """
    proposed = [r.id for r in api.proposed_rules()]
    rules = ask.many("rule") or proposed[:1]
    for rule in rules:
        if rule not in proposed:
            raise unknown("rule", rule, proposed)
    words: dict[str, Any] = {"rules": rules}
    for name, default, known in (
        ("workload", "llama-3-70b-decode", [w.name for w in api.workloads()]),
        ("objective", None, list(api.objectives())),
        ("space", "small", [s.name for s in api.spaces()]),
        ("accept", "open", ["open", "conditional"]),
    ):
        word = ask.text(name, default)
        if word is not None and word not in known:
            raise unknown(name, word, known)
        words[name] = word
    to, on, seat = ask.word("to", "CN"), ask.day("on").isoformat(), ask.text("seat")
    api.trade(to=to, on=on, seat=seat)
    words |= {"to": to, "on": on, "seat": seat or to, "seller": ask.word("seller", "nvidia")}
    words |= {"datacentre": ask.word("datacentre", "yes") == "yes", "gap": ask.number("gap", 0.01)}
    return {k: v for k, v in words.items() if v is not None}


def policy(ask: Ask, runs: Runs) -> Page:
    """Return the form; with a rule in the address also the run of that question, which begins if it is new."""
    question = question_of(ask)
    words: dict[str, Any] = {
        "proposed": [r.to_json() for r in api.proposed_rules()],
        "question": question,
        "run": None,
        "given": ask.query,
        "workloads": [(w.name, f"{w.name}: {w.note}") for w in api.workloads()],
        "objectives": [(name, f"{name} [{unit}]") for name, unit in api.objectives().items()],
        "spaces": [(s.name, f"{s.name}: {s.designs:,} designs") for s in api.spaces()],
        "countries": api.countries(),
    }
    if ask.text("rule") is None:
        return Page("policy.html", "What a rule would do", words)
    run = runs.find(runs.id_of("policy", question))
    if run is None or run.state == "stopped":
        run = runs.start("policy", question)
    words |= {"run": run} | progress_words(run)
    tables: list[Table] = []
    if run.state == "done":
        words |= {"answer": run.answer, "bars": _bars(run.answer)}
        tables = [_moved(run.answer)]
    answer = run.answer if run.answer is not None else {"run": run.id, "state": run.state, "steps": run.steps}
    title = f"What {', '.join(question['rules'])} would do"
    return Page("policy.html", title, words, answer, tables, _command(question), STATUS.get(run.state, 200), _live(run))


def _live(run: Run) -> bool:
    return run.state != "done"


def _command(q: Mapping[str, Any]) -> str:
    names = ("workload", "objective", "space", "to", "on", "seat", "seller", "accept", "gap")
    options = {name: q.get(name) for name in names}
    return command("policy", *q["rules"], **options, datacentre="yes" if q["datacentre"] else "no")


def _moved(answer: Mapping[str, Any]) -> Table:
    rows = [
        [kind, m["item"], m["name"], m["before"], m["after"], ", ".join(m["grounds"])]
        for kind in ("caught", "freed", "collateral", "unclear")
        for m in answer[kind]
    ]
    return Table("moved", ("what", "chip", "name", "before", "after", "grounds"), rows)


def _bars(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the best values without law, under the law, and under the law with the rules."""
    names = (
        ("unrestricted", "no law", "open-fill"),
        ("base", "the law of the day", "quiet"),
        ("changed", "with the rules", "best"),
        ("other_market", "sold for another market", "conditional-fill"),
    )
    rows = [(said, answer[name], colour) for name, said, colour in names if answer[name]["value"] is not None][::-1]
    unit = answer["base"]["unit"] if answer["base"]["value"] is not None else answer["unrestricted"]["unit"]
    scale, shown = (1e3, "ms") if unit == "s" and max(r[1]["value"] for r in rows) < 10 else (1.0, unit)
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "y": [r[0] for r in rows],
                "x": [r[1]["value"] * scale for r in rows],
                "marker": {"color": [f"var:{r[2]}" for r in rows]},
                "text": [f"{r[1]['value'] * scale:.4g} {shown}" for r in rows],
                "textposition": "outside",
                "cliponaxis": False,
                "hovertemplate": "%{y}: %{text}<extra></extra>",
            }
        ],
        "layout": {
            "height": 220,
            "showlegend": False,
            "margin": {"l": 10, "r": 90, "t": 6, "b": 10},
            "xaxis": {"title": {"text": f"{answer['objective']}, {shown}"}, "rangemode": "tozero"},
        },
    }


def progress(ask: Ask, runs: Runs) -> Page:
    """Return how a run stands, for a page that asks again and again."""
    run = runs.start("policy", question_of(ask))
    words = {"run": run} | progress_words(run)
    return Page("progress.html", "A run", words, {"state": run.state}, live=True, fresh=not run.live)


def act(ask: Ask, runs: Runs) -> Response:
    """Start the run of a question again, or cancel it; then go to its page."""
    question = question_of(ask)
    if ask.text("do") == "cancel":
        runs.cancel(runs.id_of("policy", question))
    else:
        runs.start("policy", question)
    return RedirectResponse(Ask("/policy", {}, ask.query).address(do=None), 303)


PLACES = [("/policy", policy), ("/policy/progress", progress)]
POSTS = [("/policy", act)]
