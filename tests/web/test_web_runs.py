"""Runs: a long question goes on while nobody looks, its address gives its answer, and it can be ended."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from twokey import api
from twokey.web.client import get
from twokey.web.page import Ask
from twokey.web.pages.design import address_of, question_of
from twokey.web.runs import Run, Runs

ADDRESS = "/design?workload=llama-3-8b-decode&space=small&on=2025-04-17&gap=0.01"


def ended(runs: Runs, id: str, wait_s: float = 60.0) -> Run:
    end = time.monotonic() + wait_s
    while time.monotonic() < end:
        run = runs.find(id)
        assert run is not None
        if not run.live:
            return run
        time.sleep(0.05)
    raise AssertionError("the run did not end")


def test_the_address_of_a_design_gives_what_the_verb_answers(tmp_path: Path) -> None:
    path, _, query = ADDRESS.partition("?")
    status, _, body = get(f"{path}.json?{query}", state=tmp_path)
    assert status == 200
    answer = json.loads(body)
    same = api.design("llama-3-8b-decode", space="small", to="CN", on="2025-04-17", gap=0.01).to_json()
    for name in ("design", "item", "value", "area_mm2"):
        assert answer["best"][name] == json.loads(json.dumps(same["best"][name])), name
    assert answer["proved"]
    status, _, page = get(ADDRESS, state=tmp_path)
    assert status == 200
    assert "Proved:" in page.decode()
    assert "What each limit costs" in page.decode()


def test_limits_margin_and_software_of_an_address_reach_the_search(tmp_path: Path) -> None:
    more = {"limits": ["unit-cost<=3000USD", "tpot<=40ms"], "margin": 0.02, "software": "ideal"}
    query = "&limit=unit-cost%3C%3D3000USD,%20tpot%3C%3D40ms&margin=0.02&software=ideal"
    path, _, plain = ADDRESS.partition("?")
    status, _, body = get(f"{path}.json?{plain}{query}", state=tmp_path)
    assert status == 200
    same = api.design("llama-3-8b-decode", space="small", to="CN", on="2025-04-17", gap=0.01, **more).to_json()  # type: ignore[arg-type]
    assert json.loads(body)["best"]["value"] == same["best"]["value"]
    _, _, page = get(ADDRESS + query, state=tmp_path)
    assert "--limit &#39;tpot&lt;=40ms&#39; --margin 0.02 --software ideal" in page.decode()


def test_a_run_goes_on_without_its_page_and_is_found_again(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    query = [tuple(p.split("=")) for p in ADDRESS.partition("?")[2].split("&")]
    kind, question = question_of(Ask("/design", {}, query))  # type: ignore[arg-type]
    run = runs.start(kind, question)
    assert run.live
    assert runs.start(kind, question).id == run.id, "the same question is asked once"
    done = ended(runs, run.id)
    assert done.state == "done"
    assert done.steps, "it told how it went"
    assert all(len(s) >= 4 and s[1] >= s[2] * 0.999 for s in done.steps), "value stays above bound"
    later = Runs(tmp_path).find(run.id)  # another server, the same folder
    assert later is not None
    assert later.state == "done"
    assert later.answer == done.answer
    runs.close()


def test_a_run_can_be_cancelled_and_begun_again(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    question = {
        "workload": "deepseek-v3-decode",
        "space": "fine",
        "to": "CN",
        "on": "2025-04-17",
        "gap": 1e-6,
        "seller": "nvidia",
        "datacentre": True,
        "accept": "open",
        "no_law": False,
    }
    run = runs.start("design", question)
    waiting = [runs.start("design", question | {"gap": 1e-7 * i}) for i in (1, 2)]
    assert {r.state for r in waiting} <= {"waiting", "running"}
    assert any(r.state == "waiting" for r in waiting), "two work at a time"
    time.sleep(0.5)
    process = runs.running[run.id]
    for one in (run, *waiting):
        runs.cancel(one.id)
    assert process.wait(10) != 0
    for one in (run, *waiting):
        assert ended(runs, one.id).state == "cancelled"
    assert runs.start("design", question).live
    runs.close()
    found = Runs(tmp_path).find(run.id)
    assert found is not None
    assert found.state == "stopped"


def test_a_refusal_is_told(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    run = ended(runs, runs.start("dossier", {"scenario": "no-such-scenario"}).id)
    assert run.state == "refused"
    assert "no-such-scenario" in run.answer["error"]["message"] + run.answer["error"]["where"]
    runs.close()


def test_a_proposed_rule_is_answered(tmp_path: Path) -> None:
    address = "/policy?rule=proposed/scale&workload=llama-3-8b-decode&on=2026-02-01&gap=0.05"
    status, _, body = get(address.replace("?", ".json?"), state=tmp_path)
    assert status == 200
    same = api.policy(["proposed/scale"], "llama-3-8b-decode", to="CN", seat="CN", on="2026-02-01", gap=0.05).to_json()
    answer = json.loads(body)
    for name in ("caught", "freed", "collateral", "still_open"):
        assert answer[name] == json.loads(json.dumps(same[name])), name
    assert "performance left" in get(address, state=tmp_path)[2].decode()


def test_a_dossier_is_a_page_and_a_paper(tmp_path: Path) -> None:
    status, kind, body = get("/dossier/whole", state=tmp_path)
    assert (status, kind) == (200, "text/html; charset=utf-8")
    assert b"<h1>" in body
    status, kind, body = get("/dossier/paper", state=tmp_path)
    assert (status, kind, body[:5]) == (200, "application/pdf", b"%PDF-")


def test_a_front_is_drawn(tmp_path: Path) -> None:
    address = "/design?workload=llama-3-8b-decode&second=power&points=3&gap=0.1&on=2025-04-17"
    status, _, page = get(address, state=tmp_path)
    assert status == 200
    assert "What of one objective must be given up" in page.decode()
    assert '<option value="power" selected>power [W]</option>' in page.decode()


@pytest.mark.parametrize(
    "query", ["workload=llama-3-8b-decode&gap=0.05&law=none&to=AE", "workload=deepseek-v3-decode&second=power"]
)
def test_an_address_comes_back_from_its_question(query: str) -> None:
    ask = Ask("/design", {}, [tuple(p.split("=")) for p in query.split("&")])  # type: ignore[misc]
    kind, question = question_of(ask)
    back = address_of(kind, question)
    again = Ask("/design", {}, [tuple(p.split("=")) for p in back.partition("?")[2].split("&")])  # type: ignore[misc]
    assert question_of(again) == (kind, question)
