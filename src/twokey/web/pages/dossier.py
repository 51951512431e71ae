"""The dossier of a scenario: a run that ends in one page of its own."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from starlette.responses import RedirectResponse, Response

from twokey.web.given import plain_name
from twokey.web.page import Ask, Page, Table, command
from twokey.web.pages.running import STATUS, progress_words
from twokey.web.runs import Run, Runs

__all__ = ["PLACES", "POSTS", "act", "dossier", "paper", "progress", "whole"]


def _run(ask: Ask, runs: Runs, start: bool = False) -> Run | None:
    scenario = ask.text("scenario")
    question = {"scenario": plain_name(scenario, "scenario")} if scenario is not None else {}
    run = runs.find(runs.id_of("dossier", question))
    if start and (run is None or run.state in ("stopped", "cancelled", "refused")):
        return runs.start("dossier", question)
    return run


def dossier(ask: Ask, runs: Runs) -> Page:
    """Return where the dossier stands; it is begun by the first who asks."""
    run = _run(ask, runs)
    if run is None or run.state == "stopped":
        run = _run(ask, runs, start=True)
    assert run is not None
    words = {"run": run, "given": ask.given} | progress_words(run)
    status = STATUS.get(run.state, 200)
    answer = run.answer if run.answer is not None else {"run": run.id, "state": run.state}
    tables = _tables(run.answer) if run.state == "done" else []
    return Page(
        "dossier.html",
        "Dossier",
        words,
        answer,
        tables,
        command("brief", ask.text("scenario"), html="dossier.html"),
        status,
        live=run.state != "done",
    )


def _tables(answer: dict[str, Any]) -> list[Table]:
    verdicts = [
        [
            a["name"],
            a["on"],
            a["verdict"],
            a["keys"]["us"]["outcome"],
            a["keys"]["us"]["review"],
            a["keys"]["cn"]["outcome"],
        ]
        for a in answer["verdicts"]
    ]
    best = [
        [d["workload"], d["objective"], d["on"], d["best"]["value"], d["best"]["unit"], d["gap"], d["proved"]]
        for d in answer["designs"]
        if d.get("best")
    ]
    claims = [[c["id"], c["says"], c["status"]] for c in answer["claims"]]
    return [
        Table("verdicts", ("chip", "on", "verdict", "US", "US review", "China"), verdicts),
        Table("designs", ("workload", "objective", "on", "best value", "unit", "gap", "proved"), best),
        Table("claims", ("claim", "says", "status"), claims),
    ]


def progress(ask: Ask, runs: Runs) -> Page:
    """Return how the run stands, for a page that asks again and again."""
    run = _run(ask, runs, start=True)
    assert run is not None
    return Page(
        "progress.html",
        "A run",
        {"run": run} | progress_words(run),
        {"state": run.state},
        live=True,
        fresh=not run.live,
    )


def whole(ask: Ask, runs: Runs) -> Page:
    """Return the dossier's own page, with its scripts and pictures inside."""
    run = _run(ask, runs)
    file = None if run is None else run.folder / "dossier.html"
    if run is None or run.state != "done" or file is None or not file.is_file():
        return dossier(ask, runs)
    text = file.read_text(encoding="utf-8")
    # its own scripts, and no others, may run in it
    scripts = re.findall(r"<script(?![^>]*application/json)[^>]*>(.*?)</script>", text, re.S)
    sums = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts)
    policy = (
        f"default-src 'none'; script-src {sums}; style-src 'unsafe-inline'; img-src data: blob:; frame-ancestors 'none'"
    )
    return Page("whole.html", "Dossier", {"text": text}, run.answer, policy=policy)


def paper(ask: Ask, runs: Runs) -> Page:
    """Return the dossier as a PDF."""
    run = _run(ask, runs)
    if run is None or run.state != "done" or not (run.folder / "dossier.pdf").is_file():
        return dossier(ask, runs)
    return Page("dossier.html", "Dossier", file=(run.folder / "dossier.pdf").read_bytes(), kind="application/pdf")


def act(ask: Ask, runs: Runs) -> Response:
    """Start the run again, or cancel it; then go to its page."""
    run = _run(ask, runs)
    if ask.text("do") == "cancel" and run is not None:
        runs.cancel(run.id)
    else:
        _run(ask, runs, start=True)
    return RedirectResponse(Ask("/dossier", {}, [(k, v) for k, v in ask.query if k == "scenario"]).address(), 303)


PLACES = [("/dossier", dossier), ("/dossier/progress", progress), ("/dossier/whole", whole), ("/dossier/paper", paper)]
POSTS = [("/dossier", act)]
