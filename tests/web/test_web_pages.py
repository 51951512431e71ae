"""The web application without a browser: every page answers, says what the command line says, and refuses kindly."""

from __future__ import annotations

import csv
import datetime as dt
import html
import io
import json
import re
import shlex
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from twokey import api
from twokey.web.app import application
from twokey.web.client import get
from twokey.web.pages import PLACES
from twokey.web.site import POLICY, Site

TWOKEY = str(Path(sys.executable).with_name("twokey"))

PAGES = [
    "/",
    "/plane",
    "/plane?view=dram&on=2026-02-01",
    "/plane?view=io&on=2022-10-21&to=AE",
    "/check",
    "/check?item=nvidia-h20&on=2025-04-17&to=CN",
    "/check/timeline?item=nvidia-h20",
    "/design",
    "/policy",
    "/performance",
    "/performance?item=nvidia-h20&phase=prefill&model=llama-3-8b&devices=1&batch=1",
    "/performance?item=nvidia-h20&phase=serve",
    "/money",
    "/money/duty?on=2025-04-17",
    "/money/cost",
    "/money/exposure",
    "/money/sku",
    "/buyer",
    "/buyer/screen",
    "/buyer/screen?name=Huawei",
    "/buyer/flags",
    "/buyer/forensics",
    "/buyer/obligations",
    "/law",
    "/law?on=2022-10-21",
    "/law/us/3a090.a",
    "/law/cn/ndrc-efficiency",
    "/law/proposed/scale",
    "/law/changes?first=2025-01-01&last=2025-12-31",
    "/chips",
    "/chips/nvidia-h20",
    "/models",
    "/models/deepseek-v3",
]
"""One address of each page, and more where a page has several faces."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    found = application(tmp_path_factory.mktemp("state"))
    yield found
    found.close()


def page(address: str, tmp_path: Path) -> tuple[int, str]:
    status, kind, body = get(address, state=tmp_path)
    assert kind.startswith("text/html"), address
    return status, body.decode()


def test_every_page_is_walked() -> None:
    """A page that is added must be added here."""
    walked = {re.split(r"[?]", a)[0] for a in PAGES}
    left = [
        path for path, _ in PLACES if not any(re.fullmatch(re.sub(r"\{\w+(:path)?\}", ".+", path), w) for w in walked)
    ]
    assert left == [
        "/plane/days",
        "/plane/own",
        "/design/progress",
        "/policy/progress",
        "/dossier",
        "/dossier/progress",
        "/dossier/whole",
        "/dossier/paper",
    ]


@pytest.mark.parametrize("address", PAGES)
def test_a_page_answers(address: str, tmp_path: Path) -> None:
    status, text = page(address, tmp_path)
    assert status == 200
    assert text.count("<h1>") == 1
    assert '<html lang="en">' in text
    assert not re.search(r'(src|href)="(https?:)?//', text), "nothing comes from elsewhere"
    assert not re.search(r"<script(?![^>]*(src=|application/json))", text), "no script stands in the page"
    assert not re.search(r"\son\w+=", text), "no handler stands in the page"
    for field in re.findall(r"<(?:input|select|textarea)[^>]*>", text):
        if 'type="hidden"' not in field:
            id = re.search(r' id="([^"]+)"', field)
            assert id is not None, field
            assert f'for="{id[1]}"' in text, field


@pytest.mark.parametrize(
    "address",
    [
        "/check?item=nvidia-h20&on=2025-04-17",
        "/money/duty?on=2025-04-17",
        "/money/cost",
        "/buyer/screen?name=Huawei",
        "/law/us/3a090.a",
        "/chips/nvidia-h20",
        "/buyer/forensics",
        "/law/changes?first=2025-01-01&last=2025-12-31",
    ],
)
def test_the_command_that_a_page_shows_says_the_same(address: str, tmp_path: Path) -> None:
    _, text = page(address, tmp_path)
    shown = re.search(r'<code id="command">(.*?)</code>', text)
    assert shown is not None
    words = shlex.split(html.unescape(shown[1]))
    assert words[0] == "twokey"
    done = subprocess.run([TWOKEY, *words[1:], "--json"], capture_output=True, text=True, timeout=60, check=True)
    said = json.loads(done.stdout)
    path, _, query = address.partition("?")
    answer = json.loads(get(f"{path}.json?{query}", state=tmp_path)[2])
    if words[1] == "check":
        said, answer = said["answers"][0], answer["answers"][0]
        said.pop("tree")
    if words[1] == "chips":
        said = said[0]
    assert said == answer


def test_a_verdict_reads_without_scripts(tmp_path: Path) -> None:
    _, text = page("/check?item=nvidia-h20&on=2025-04-17&to=CN", tmp_path)
    words = html.unescape(re.sub(r"<[^>]+>", " ", text))
    for said in (
        "shut",
        "licence-required, presumption-of-denial",
        "letter-2025-04",
        "DRAM bandwidth 4000 is at or above",
        "margin +2600 GB/s",
        "Nvidia 8-K filed 2025-04-15",
        "permitted",
    ):
        assert said in words
    assert text.count("<svg") >= 2, "the answer over time is drawn at the server"


def test_a_sheet_typed_field_by_field_is_judged_as_the_sheet_is(tmp_path: Path) -> None:
    fields = (
        "own=1&item_name=Mine&item_seller=nvidia&item_datacentre=yes&item_applicable_die_area_mm2=814"
        "&item_dram_bandwidth_GBps=4000&item_io_bandwidth_GBps=1028&mode1=fp16&bits1=16&tops1=148&to=CN&on=2025-04-17"
    )
    typed = json.loads(get(f"/check.json?{fields}", state=tmp_path)[2])["answers"][0]
    sheet = api.item_text(
        "{name: Mine, seller: nvidia, datacentre: yes, applicable_die_area_mm2: 814, dram_bandwidth_GBps: 4000, "
        "io_bandwidth_GBps: 1028, modes: [{mode: fp16, bits: 16, tops: 148}]}"
    )
    assert typed == api.check([sheet], to="CN", on="2025-04-17")[0].to_json()


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("/check?item=nvidia-h2o", 400, "nvidia-h20"),
        ("/chips/nvidia-h2o", 404, 'href="/chips/nvidia-h20"'),
        ("/law/us/3a90.a", 404, 'href="/law/us/3a090.a"'),
        ("/models/deepseek-v33", 404, 'href="/models/deepseek-v3"'),
        ("/plan", 404, 'href="/plane"'),
        ("/check?item=nvidia-h20&on=2025-02-30", 400, "a day that exists"),
        ("/check?item=nvidia-h20&to=Chinna", 400, "did you mean CN"),
        ("/check?own=1&item_name=x&item_dram_bandwidth_GBps=-5", 400, "dram_bandwidth_GBps"),
        ("/check?item=../../etc/passwd", 400, "a name of the catalogue"),
        ("/check?item=/etc/passwd", 400, "a name of the catalogue"),
        ("/performance?item=nvidia-h20&model=llama-70b", 400, "llama-"),
        ("/performance?item=nvidia-h20&batch=-1", 400, "a whole number above zero"),
        ("/design?workload=llama-3-70b-decodee", 400, 'workload=llama-3-70b-decode"'),
        ("/money/sku?decision=nothing", 400, "h20-successor-2025-05"),
        ("/buyer/flags?sheet=itemm:+x", 400, "itemm"),
        ("/money/duty?hts=12", 400, "12"),
    ],
)
def test_a_mistake_is_told_kindly(address: str, status: int, says: str, tmp_path: Path) -> None:
    got, text = page(address, tmp_path)
    assert got == status
    assert 'role="alert"' in text
    assert says in html.unescape(text)


def test_what_a_user_writes_is_text_and_nothing_else(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>\"'"
    for address in (
        f"/check?item={quote(evil)}",
        f"/check?own=1&item_name={quote(evil)}",
        f"/buyer/screen?name={quote(evil)}",
        f"/plane?sheet={quote('name: ' + json.dumps(evil))}",
        f"/chips?name={quote(evil)}",
        f"/{quote(evil)}",
    ):
        _, text = page(address, tmp_path)
        assert "<script>alert" not in text, address


def test_downloads(tmp_path: Path) -> None:
    address = "item=nvidia-h20&on=2025-04-17"
    status, kind, body = get(f"/check.csv?{address}", state=tmp_path)
    assert (status, kind) == (200, "text/csv; charset=utf-8")
    rows = list(csv.DictReader(io.StringIO(body.decode())))
    assert [r["verdict"] for r in rows] == [s.answer.verdict for s in api.timeline("nvidia-h20", to="CN")]
    sheet = get(f"/check.xlsx?{address}", state=tmp_path)[2]
    assert sheet == get(f"/check.xlsx?{address}", state=tmp_path)[2], "the same page gives the same bytes"
    with zipfile.ZipFile(io.BytesIO(sheet)) as book:
        assert b"licence-required" in book.read("xl/sharedStrings.xml")
    assert get("/money.csv", state=tmp_path)[0] == 400


def test_spreadsheets_take_no_cell_for_a_formula(tmp_path: Path) -> None:
    sheet = quote('name: "=1+1"\nseller: nvidia')
    assert b"\n=1" not in get(f"/plane.csv?sheet={sheet}", state=tmp_path)[2]


def test_the_plane_draws_what_check_answers(tmp_path: Path) -> None:
    found: dict[str, Any] = json.loads(get("/plane/days.json?to=CN&seat=CN", state=tmp_path)[2])
    assert found["days"][0] == "2022-08-01"
    assert found["days"] == sorted(found["days"])
    for on in ("2023-12-01", "2025-04-17", dt.date.today().isoformat()):
        at = max(i for i, day in enumerate(found["days"]) if day <= on)
        for chip in found["chips"][::7]:
            answer = api.check(chip["id"], to="CN", seat="CN", on=on)[0]
            mark = chip["marks"][chip["at"][at]]
            assert (mark["verdict"], mark["us"], mark["cn"]) == (answer.verdict, answer.us.outcome, answer.cn.outcome)
    h20 = next(c for c in found["chips"] if c["id"] == "nvidia-h20")
    verdicts = [h20["marks"][i]["verdict"] for i in h20["at"]]
    assert {"open", "shut", "conditional"} <= set(verdicts), "the H20 changes colour along the slider"
    assert len(found["patches"]) >= 3, "the regions move"


def asked(site: Site, address: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    import asyncio

    start: dict[str, Any] = {}
    body = bytearray()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        start.update(message) if message["type"] == "http.response.start" else body.extend(message["body"])

    path, _, query = address.partition("?")
    given = {"host": "127.0.0.1:8765"} | {k.replace("_", "-"): v for k, v in headers.items()}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(k.encode(), v.encode()) for k, v in given.items()],
        "scheme": "http",
        "root_path": "",
        "http_version": "1.1",
        "server": ("127.0.0.1", 8765),
        "client": None,
    }
    asyncio.run(site(scope, receive, send))
    return start["status"], {k.decode(): v.decode() for k, v in start["headers"]}, bytes(body)


def test_a_page_once_written_is_sent_again(site: Site) -> None:
    status, headers, body = asked(site, "/law")
    assert status == 200
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    began = time.perf_counter()
    assert asked(site, "/law")[2] == body
    assert time.perf_counter() - began < 0.05
    status, _, body = asked(site, "/law", if_none_match=headers["etag"])
    assert (status, body) == (304, b"")
    assert asked(site, "/law", method="HEAD")[2] == b""


def test_no_other_site_may_ask(site: Site) -> None:
    assert asked(site, "/", host="evil.example")[0] == 403
    assert asked(site, "/design", "POST", origin="http://evil.example")[0] == 403
    assert asked(site, "/", sec_fetch_site="cross-site", sec_fetch_mode="no-cors")[0] == 403
    assert asked(site, "/", sec_fetch_site="cross-site", sec_fetch_mode="navigate")[0] == 200
    assert asked(site, "/", host="localhost:8765")[0] == 200


def test_assets_are_here_and_only_they(site: Site) -> None:
    for name in (
        "site.css",
        "site.js",
        "plane.js",
        "plotly.min.js",
        "htmx-2.0.4.min.js",
        "htmx-LICENSE.txt",
        "icon.svg",
    ):
        status, headers, body = asked(site, f"/assets/{name}")
        assert status == 200, name
        assert "immutable" in headers["cache-control"]
        assert len(body) > 100
    for name in ("../app.py", "%2e%2e/app.py", "nothing.js", "..%2fapp.py"):
        assert asked(site, f"/assets/{name}")[0] == 404, name


def test_a_verdict_is_quick(tmp_path: Path) -> None:
    """The bar is 50 ms at the server; a quarter second here, because other work shares the machine."""
    site = application(tmp_path)
    asked(site, "/check?item=nvidia-h100&on=2025-04-17")
    times = []
    for i in range(1, 10):
        began = time.perf_counter()
        status, _, _ = asked(site, f"/check?item=nvidia-h20&on=2025-04-{i:02}")
        times.append(time.perf_counter() - began)
        assert status == 200
    assert sorted(times)[4] < 0.25
    site.close()


def test_get_on_the_command_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [TWOKEY, "get", "/api/check?item=nvidia-h20&to=CN&on=2025-04-17"], capture_output=True, timeout=60
    )
    same = subprocess.run(
        [TWOKEY, "check", "nvidia-h20", "--to", "CN", "--on", "2025-04-17", "--json"], capture_output=True, timeout=60
    )
    assert done.stdout == same.stdout
    out = tmp_path / "page.html"
    done = subprocess.run([TWOKEY, "get", "/nothing", "--out", str(out)], capture_output=True, timeout=60)
    assert done.returncode == 3
    assert b"404" in done.stdout
    done = subprocess.run([TWOKEY, "get", "check"], capture_output=True, timeout=60)
    assert done.returncode == 3
    assert b"begin with /" in done.stderr


def test_a_fault_of_the_program_is_told_and_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(api, "duty_months", broken)
    status, text = page("/money/duty", tmp_path)
    assert status == 500
    assert "ZeroDivisionError" in text
    assert "on purpose" not in text
