"""Names against lists: scripts, spellings, aliases, identifiers, addresses, memory, files that are not lists."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from twokey.diversion.fetching import ask_yente, fetch
from twokey.diversion.lists import Entry, ListInfo, parse_list, read_lists, shipped_extract, store_list
from twokey.diversion.matching import THRESHOLD, Index, alike
from twokey.diversion.names import name_of, skeleton
from twokey.diversion.screening import CAUTION, Query, Screener, decide, decisions
from twokey.diversion.verbs import screen
from twokey.quantities.problem import Problem


@pytest.fixture(scope="module")
def extract() -> Screener:
    info, entries = shipped_extract()
    return Screener([info], entries)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Huawei Technologies Co., Ltd.", "Huawei Technologies"),
        ("HUA WEI TECH", "Huawei Technologies"),
        ("Technologies Huawei Limited", "Huawei Technologies"),
        ("华为技术有限公司", "Huawei Technologies"),
        ("華為", None),  # traditional characters have another reading table; the short form is matched by its sound
        ("Huawie Technologies", "Huawei Technologies"),
        ("S.M.I.C.", "SMIC"),
        ("Semiconductor Manufacturing Intl Corp", "SMIC"),
        ("中芯国际集成电路制造(北京)有限公司", "SMIC"),
        ("Yangtze Memory Tech Co", "YMTC"),
        ("长江存储科技有限责任公司", "YMTC"),
        ("Cambricon", "Cambricon"),
        ("中科寒武纪科技", "Cambricon"),
        ("Long Xin Zhongke / Loongson Technology Corporation Limited", "Loongson"),
        ("Beijing 4 Paradigm Technology", "4Paradigm"),
        ("Mooore Threads", "Moore Threads group"),
        ("Shanghai Biren Technology", "Biren group"),
        ("Inspur Group Co. Ltd", "Inspur Group"),
    ],
)
def test_listed_parties_are_found_however_they_are_written(extract: Screener, asked: str, found: str | None) -> None:
    hits = extract.screen(Query(asked))
    if found is None:
        assert all(h.score < 1 or h.entry.names[0] == "Huawei Technologies" for h in hits)
        return
    assert hits, asked
    assert hits[0].entry.names[0] == found
    assert hits[0].why


@pytest.mark.parametrize(
    "asked",
    ["Apple Inc", "Siemens AG", "Technology Co Ltd", "Toyota Motor", "SoftBank", "Maersk Line", "株式会社日立製作所"],
)
def test_others_are_not(extract: Screener, asked: str) -> None:
    assert extract.screen(Query(asked)) == []


def test_the_contract_of_the_answer() -> None:
    found = screen(["Huawei"], lists=["extract"])
    [hit] = found["hits"]
    assert {"query", "name", "list", "id", "score", "why"} <= hit.keys()
    assert hit["list"] == "EL"
    assert 0 < hit["score"] <= 1
    [info] = found["lists"]
    assert {"name", "date", "sha256"} <= info.keys()
    assert len(info["sha256"]) == 64
    assert found["caution"] == CAUTION
    assert "No hit is not clearance" in screen(["Apple Inc"], lists=["extract"])["caution"]


def test_alike_is_symmetric_enough_and_bounded() -> None:
    texts = ["Huawei Tech", "华为", "Factory 55", "Factory 56", "ООО Ромашка", "Romashka LLC", "x", "Co Ltd", "A & B"]
    for a in texts:
        assert alike(name_of(a), name_of(a))[0] == 1.0
        for b in texts:
            one, two = alike(name_of(a), name_of(b))[0], alike(name_of(b), name_of(a))[0]
            assert 0 <= one <= 1
            assert one == pytest.approx(two, abs=0.15)
    assert alike(name_of("Factory No. 55"), name_of("Factory No. 56"))[0] < THRESHOLD + 0.15
    assert alike(name_of("ООО «Ромашка»"), name_of("Romashka LLC"))[0] == 1.0


def test_names_in_one_form() -> None:
    assert name_of("GESELLSCHAFT FÜR ELEKTRONIK mbH").tokens[0] == "gesellschaft"
    assert name_of("重庆长安汽车股份有限公司").tokens == ("chongqing", "changan", "automobile")
    assert name_of("北京四达科技有限公司").tokens == name_of("Beijing Sida Technology Co., Ltd.").tokens
    assert name_of("Co., Ltd.").tokens == ("co", "ltd")
    assert name_of("").tokens == ()
    assert skeleton("zhong") == skeleton("jong")


def test_the_blocking_loses_little_against_comparing_with_all() -> None:
    """What the index finds is held against the full comparison, over real names of the bench with one letter gone."""
    import csv
    import random

    path = Path(__file__).resolve().parents[2] / "bench" / "screening_names.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))[:1500]
    index = Index([r["name"] for r in rows], [int(r["entity"]) for r in rows])
    r = random.Random(3)
    lost = full = 0
    for row in r.sample(rows, 60):
        name = row["name"]
        at = r.randrange(len(name))
        asked = name_of(name[:at] + name[at + 1 :])
        best = max(range(len(rows)), key=lambda i: alike(asked, index.names[i], index.weight)[0])
        if alike(asked, index.names[best], index.weight)[0] < 0.8:
            continue
        full += 1
        hits = index.search(asked.text)
        lost += not hits or hits[0][0] < alike(asked, index.names[best], index.weight)[0] - 1e-9
    assert full > 40
    assert lost <= 0.05 * full


# -- lists ------------------------------------------------------------------------------------------

CSL = {
    "results": [
        {
            "id": "r1", "source": "Unverified List (UVL) - Bureau of Industry and Security",
            "name": "Test Optics Co., Ltd.", "alt_names": ["TOC", "测试光学有限公司"], "addresses": [
                {"address": "12 Harbour Road", "city": "Hong Kong", "state": None, "country": "HK"}],
            "ids": [{"type": "Registration", "number": "AB-123 456", "country": "HK"}], "start_date": "2024-01-02",
            "federal_register_notice": "89 FR 1", "license_requirement": None, "remarks": None,
        }
    ]
}  # fmt: skip

FTM = """\
{"id": "NK-1", "caption": "Test Optics", "schema": "Company", "properties": {"name": ["Test Optics"], \
"alias": ["TOC Ltd"], "country": ["hk"], "topics": ["export.control"], "registrationNumber": ["123"]}, \
"datasets": ["us_trade_csl"]}
{"id": "NK-2", "caption": "x", "schema": "Sanction", "properties": {"entity": ["NK-1"]}}
"""

OWN = "name,aliases,country,address,identifiers\nOur Rival Ltd,Rival; The Rival,DE,1 Main Street Berlin,DE 99\n"


def test_three_shapes_of_lists_are_read() -> None:
    [csl] = parse_list(json.dumps(CSL).encode(), "csl", "x.json")
    assert csl.list == "UVL"
    assert csl.names == ("Test Optics Co., Ltd.", "TOC", "测试光学有限公司")
    assert csl.identifiers == ("AB-123 456",)
    [ftm] = parse_list(FTM.encode(), "os", "x.json")
    assert (ftm.id, ftm.countries, ftm.requirement) == ("NK-1", ("HK",), "export.control")
    [own] = parse_list(OWN.encode(), "own", "x.csv")
    assert own.names == ("Our Rival Ltd", "Rival", "The Rival")


def test_identifiers_addresses_and_countries_count() -> None:
    entries = parse_list(json.dumps(CSL).encode(), "csl", "x.json")
    s = Screener([], entries)
    [by_number] = s.screen(Query("Quite Another Name", identifier="ab123456"))
    assert by_number.score == 1
    assert "identifier" in by_number.why[-1]
    [by_place] = s.screen(Query("Quite Another Name", address="Harbour Road 12, Hong Kong"))
    assert "address alike" in by_place.why[-1]
    [here] = s.screen(Query("Test Optics", "HK"))
    [there] = s.screen(Query("Test Optics", "US"))
    assert there.score < here.score


def test_many_names_in_several_processes_give_what_one_gives() -> None:
    _, entries = shipped_extract()
    s = Screener([], entries)
    queries = [Query(f"Huawei Unit {i}" if i % 7 == 0 else f"Acme Trading {i}") for i in range(2500)]
    one = [[(h.entry.id, h.score) for h in hits] for hits in s.screen_many(queries, workers=1)]
    two = [[(h.entry.id, h.score) for h in hits] for hits in s.screen_many(queries, workers=2)]
    assert one == two
    assert sum(bool(h) for h in one) >= 300


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"\xff\xfe", "UTF-8"),
        (b'{"results": [{"id": 1}]}', "without a name"),
        (b'{"results": [', "JSON"),
        (b"nome;x\n1;2\n", "a column 'name'"),
        (b"name\n\n,\n", "without a name"),
        (b"", "an empty file"),
    ],
)
def test_a_file_that_is_no_list_is_refused(raw: bytes, message: str) -> None:
    with pytest.raises(Problem) as caught:
        parse_list(raw, "x", "x.json")
    assert message in str(caught.value)


def test_the_store_keeps_lists_whole_with_day_and_checksum(tmp_path: Path) -> None:
    path = tmp_path / "lists.sqlite"
    info = store_list(path, "csl", json.dumps(CSL).encode(), date="2026-06-01", where="x")
    store_list(path, "own", OWN.encode(), date="2026-06-02", where="y")
    store_list(path, "csl", json.dumps(CSL).encode(), date="2026-07-01", where="x")
    infos, entries = read_lists(path)
    assert [(i.name, i.date, i.entries) for i in infos] == [("csl", "2026-07-01", 1), ("own", "2026-06-02", 1)]
    assert infos[0].sha256 == info.sha256
    assert {e.list for e in entries} == {"UVL", "own"}
    before = path.read_bytes()
    with pytest.raises(Problem):
        store_list(path, "csl", b"broken", date="2026-08-01", where="z")
    assert path.read_bytes() == before
    with pytest.raises(Problem, match="make one with"):
        read_lists(tmp_path / "none.sqlite")


def test_decisions_are_remembered_until_the_record_changes(tmp_path: Path) -> None:
    path = tmp_path / "review.jsonl"
    s = Screener([], parse_list(json.dumps(CSL).encode(), "csl", "x"))
    [hit] = s.screen(Query("Test Optics"))
    decide(path, hit, "different", by="desk", why="another register number")
    [again] = s.screen(Query("TEST OPTICS"), review=decisions(path))
    assert again.decision is not None
    assert (again.decision["decision"], again.decision["state"]) == ("different", "current")
    changed = json.dumps(CSL).replace("89 FR 1", "90 FR 2").encode()
    [later] = Screener([], parse_list(changed, "csl", "x")).screen(Query("Test Optics"), review=decisions(path))
    assert later.decision is not None
    assert "changed" in later.decision["state"]
    with pytest.raises(Problem, match="one of same"):
        decide(path, hit, "perhaps", by="x", why="y")
    with pytest.raises(Problem, match="why the decision"):
        decide(path, hit, "same", by="x", why=" ")
    path.write_text("not json\n")
    with pytest.raises(Problem, match="a line of a review file"):
        decisions(path)


# -- fetched lists and yente, against a server of our own ---------------------------------------------

ANSWER: dict[str, Any] = {
    "responses": {"0": {"status": 200, "results": [
        {"id": "NK-1", "caption": "Test Optics", "datasets": ["us_trade_csl"], "score": 0.93, "match": True,
         "explanations": {"name_match": {"score": 0.93, "detail": "optics"}, "country": {"score": 0.0}}}]}},
}  # fmt: skip


class _Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps(CSL).encode() if self.path == "/csl.json" else b""
        self.send_response(200 if body else 404)
        self.send_header("Last-Modified", "Mon, 01 Jun 2026 10:00:00 GMT")
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(ANSWER if self.path == "/match/default" else {}).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def server() -> Iterator[str]:
    http = HTTPServer(("127.0.0.1", 0), _Server)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    thread.join()
    http.server_close()


def test_a_list_is_fetched_with_its_day_and_checksum(server: str, tmp_path: Path) -> None:
    store = tmp_path / "deep" / "lists.sqlite"
    info = fetch(f"{server}/csl.json", store, name="csl")
    assert (info.date, info.entries) == ("2026-06-01", 1)
    found = screen(["Test Optics"], store=store)
    assert [h["list"] for h in found["hits"]] == ["UVL"]
    assert found["lists"][0]["sha256"] == info.sha256
    with pytest.raises(Problem, match="checksum"):
        fetch(f"{server}/csl.json", store, sha256="0" * 64)
    with pytest.raises(Problem, match="404"):
        fetch(f"{server}/none.json", store)


def test_without_a_network_the_message_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="give it with --list NAME=FILE"):
        fetch("http://127.0.0.1:9/csl.json", tmp_path / "x.sqlite", timeout_s=2)
    with pytest.raises(Problem, match="or one of csl"):
        fetch("cls", tmp_path / "x.sqlite")
    assert not (tmp_path / "x.sqlite").exists()


def test_yente_is_asked_in_its_own_words(server: str) -> None:
    found = screen(["Test Optics"], yente=server)
    [hit] = found["hits"]
    assert (hit["name"], hit["score"], hit["why"]) == ("Test Optics", 0.93, ["name_match 0.93 (optics)"])
    assert found["caution"] == CAUTION
    with pytest.raises(Problem, match="yente's /match"):
        ask_yente(server, {}, dataset="other")
    with pytest.raises(Problem, match="a running yente"):
        ask_yente("http://127.0.0.1:9", {}, timeout_s=2)


def test_a_file_of_parties_and_what_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "parties.csv"
    path.write_text("name,country\nHuawei Technologies,CN\nAcme Bakery,DE\n", encoding="utf-8")
    found = screen(file=str(path), lists=["extract"])
    assert found["queries"] == 2
    assert [h["query"] for h in found["hits"]] == ["Huawei Technologies"]
    for options, message in (
        ({}, "no name"),
        ({"names": [" "]}, "an empty name"),
        ({"names": ["x"], "threshold": 2.0}, "at most 1"),
        ({"names": ["x"], "lists": ["nothing"]}, "NAME=FILE"),
        ({"names": ["x"], "store": tmp_path / "none"}, "make one with"),
    ):
        with pytest.raises(Problem) as caught:
            screen(**options)
        assert message in str(caught.value)


def test_no_person_is_in_the_shipped_extract() -> None:
    info, entries = shipped_extract()
    assert isinstance(info, ListInfo)
    assert all(isinstance(e, Entry) and e.kind != "person" for e in entries)
    assert all(e.cite for e in entries)
