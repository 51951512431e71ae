"""The JSON interface: the command line's answers byte for byte, the contract's errors, a description that holds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
from starlette.applications import Starlette
from starlette.testclient import TestClient

from twokey.cli.main import app
from twokey.web.answers import VERBS
from twokey.web.json_api import MOST_BYTES, routes
from twokey.web.openapi import description
from twokey.web.shapes import SHAPES

TWOKEY = str(Path(sys.executable).with_name("twokey"))
CLIENT = TestClient(Starlette(routes=routes))
SHEET = {
    "name": "My chip", "seller": "nvidia", "seller_seat": "US", "datacentre": "yes",
    "modes": [{"mode": "fp16", "bits": 16, "tops": 148}], "applicable_die_area_mm2": 814,
    "dram_bandwidth_GBps": 4000, "io_bandwidth_GBps": 1028,
}  # fmt: skip
DESIGN = {
    "name": "My design", "cores": 64, "array_rows": 32, "array_cols": 32, "vector_lanes": 64, "clock_GHz": 1.4,
    "sram_KiB": 256, "l2_MiB": 64, "l2_bandwidth_GBps": 4096, "dram_bandwidth_GBps": 1200, "dram_capacity_GB": 128,
    "link_bandwidth_GBps": 300,
}  # fmt: skip
TRADE = {"on": "2025-04-17", "item": "nvidia-h100", "route": ["US", "MY"], "quantity": 100}

SAME = [  # what is asked of the command line, and of the interface
    (
        "check nvidia-h20 nvidia-h100 --to CN --on 2025-04-17",
        "check?item=nvidia-h20&item=nvidia-h100&to=CN&on=2025-04-17",
    ),
    (
        "check nvidia-h20 --to MY --on 2025-06-01 --seat CN --explain",
        "check?item=nvidia-h20&to=MY&on=2025-06-01&seat=CN&explain=true",
    ),
    (
        "check nvidia-a30 --to CN --on 2024-06-01 --datacentre no --known-on 2024-01-01",
        "check?item=nvidia-a30&to=CN&on=2024-06-01&datacentre=no&known_on=2024-01-01",
    ),
    (
        "check nvidia-h20 --to CN --on 2026-02-01 --seat CN --with proposed/gain",
        "check?item=nvidia-h20&to=CN&on=2026-02-01&seat=CN&with=proposed/gain",
    ),
    ("timeline nvidia-h20 --to CN", "timeline?item=nvidia-h20&to=CN"),
    ("law", "law"),
    ("law us/3a090.a", "law?rule=us/3a090.a"),
    ("changes 2025-01-01 2025-12-31", "changes?first=2025-01-01&last=2025-12-31"),
    ("chips", "chips"),
    ("chips h20", "chips?name=h20"),
    ("models deepseek", "models?name=deepseek"),
    ("spaces", "spaces"),
    ("dies", "dies"),
    ("workloads", "workloads"),
    (
        "estimate nvidia-h20 --model llama-3-70b --phase serve --devices 8 --tp 8 --batch 32 --input 2048 --output 256",
        "estimate?item=nvidia-h20&model=llama-3-70b&phase=serve&devices=8&tp=8&batch=32&input=2048&output=256",
    ),
    (
        "estimate nvidia-h100 --model llama-3-8b --phase serve --batch 16 --input 512 --output 64 --slo-tpot 0.05"
        " --slo-ttft 1 --explain",
        "estimate?item=nvidia-h100&model=llama-3-8b&phase=serve&batch=16&input=512&output=64&slo_tpot=0.05&slo_ttft=1"
        "&explain=true",
    ),
    (
        "estimate nvidia-h800 --model llama-3-8b --phase train --devices 8 --batch 64 --input 4096 --tokens 1T",
        "estimate?item=nvidia-h800&model=llama-3-8b&phase=train&devices=8&batch=64&input=4096&tokens=1T",
    ),
    (
        "duty nvidia-h20 --to US --origin TW --hts 8473.30 --on 2026-02-01",
        "duty?item=nvidia-h20&to=US&origin=TW&hts=8473.30&on=2026-02-01",
    ),
    ("cost nvidia-h100", "cost?item=nvidia-h100"),
    ("exposure nvidia-h20-2025-04 --share 0.5", "exposure?position=nvidia-h20-2025-04&share=0.5"),
    ("sku --draws 2000 --seed 3", "sku?draws=2000&seed=3"),
    ("screen Huawei 华为技术有限公司", "screen?names=Huawei&names=华为技术有限公司"),
    ("obligations", "obligations"),
    (
        "forensics --model deepseek-v3 --item nvidia-h800 --tokens 14.8T --devices 2048 --device-hours 2.788M",
        "forensics?model=deepseek-v3&item=nvidia-h800&tokens=14.8T&devices=2048&device_hours=2.788M",
    ),
]


def told(command: str, cwd: Path | None = None) -> bytes:
    done = subprocess.run([TWOKEY, *command.split(), "--json"], capture_output=True, cwd=cwd, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("command", "address"), SAME, ids=[a for _, a in SAME])
def test_answers_are_the_command_lines_byte_for_byte(command: str, address: str) -> None:
    found = CLIENT.get(f"/api/{address}")
    assert found.status_code == 200, found.text
    assert found.headers["content-type"] == "application/json"
    assert found.content == told(command)
    jsonschema.validate(found.json(), SHAPES[address.split("?")[0]])


def test_sheets_tables_and_trades_are_given_as_data(tmp_path: Path) -> None:
    (tmp_path / "sheet.json").write_text(json.dumps(SHEET))
    asked = {"sheets": [SHEET], "to": "CN", "on": "2026-02-01"}
    [ours] = CLIENT.post("/api/check", json=asked).json()["answers"]
    [theirs] = json.loads(told("check ./sheet.json --to CN --on 2026-02-01", tmp_path))["answers"]
    ours.pop("item"), theirs.pop("item")
    assert ours == theirs

    table = "item,on,to,end_user_seat\nnvidia-h20,2025-04-08,CN,CN\nnvidia-h21,2025-04-08,CN,CN\n"
    (tmp_path / "cases.csv").write_text(table)
    found = CLIENT.post("/api/check", content=table, headers={"content-type": "text/csv"})
    assert found.content == told("check --cases cases.csv", tmp_path)
    jsonschema.validate(found.json(), SHAPES["check"])

    shapes = "operator,dtype,shape\nmatmul,bf16,8x4096x4096\n"
    (tmp_path / "shapes.csv").write_text(shapes)
    found = CLIENT.post("/api/operators", json={"device": "nvidia-h20", "cases": shapes})
    assert found.content == told("operators --device nvidia-h20 --cases shapes.csv", tmp_path)
    jsonschema.validate(found.json(), SHAPES["operators"])

    rows = "item,model,phase,devices,tp,batch\nnvidia-h20,llama-3-70b,decode,8,8,32\nnvidia-h20,llama,decode,8,8,32\n"
    (tmp_path / "cases.csv").write_text(rows)
    found = CLIENT.post("/api/estimate", json={"cases": rows})
    assert found.content == told("estimate --cases cases.csv", tmp_path)
    jsonschema.validate(found.json(), SHAPES["estimate"])

    (tmp_path / "design.json").write_text(json.dumps(DESIGN))
    options = {"model": "llama-3-70b", "phase": "decode", "devices": 8, "tp": 8, "batch": 32}
    found = CLIENT.post("/api/estimate", json={"design": DESIGN, **options})
    words = "--model llama-3-70b --phase decode --devices 8 --tp 8 --batch 32"
    assert found.content == told(f"estimate ./design.json {words}", tmp_path)
    for verb in ("cost", "dies"):
        found = CLIENT.post(f"/api/{verb}", json={"design": DESIGN})
        assert found.content == told(f"{verb} design.json", tmp_path)
        jsonschema.validate(found.json(), SHAPES[verb])

    (tmp_path / "trade.json").write_text(json.dumps(TRADE))
    found = CLIENT.post("/api/flags", json={"trade": TRADE})
    assert found.content == told("flags trade.json", tmp_path)
    jsonschema.validate(found.json(), SHAPES["flags"])


def test_a_design_is_the_command_lines_but_for_the_time_it_took() -> None:
    found = CLIENT.get("/api/design?workload=llama-3-70b-prefill&to=CN&on=2025-04-17&gap=0.2")
    assert found.status_code == 200, found.text
    ours = found.json()
    theirs = json.loads(told("design --workload llama-3-70b-prefill --to CN --on 2025-04-17 --gap 0.2"))
    assert _without_time(ours) == _without_time(theirs)
    jsonschema.validate(found.json(), SHAPES["design"])

    asked = "policy?rules=proposed/scale&workload=llama-3-70b-prefill&to=CN&on=2026-02-01&seat=CN&gap=0.2"
    found = CLIENT.get(f"/api/{asked}")
    assert found.status_code == 200, found.text
    words = "policy proposed/scale --workload llama-3-70b-prefill --to CN --on 2026-02-01 --seat CN --gap 0.2"
    assert _without_time(found.json()) == _without_time(json.loads(told(words)))
    jsonschema.validate(found.json(), SHAPES["policy"])

    asked = "front?workload=llama-3-70b-prefill&first=ttft&second=unit-cost&to=CN&on=2025-04-17&gap=0.2&points=2"
    found = CLIENT.get(f"/api/{asked}")
    assert found.status_code == 200, found.text
    theirs = json.loads(told("front llama-3-70b-prefill ttft unit-cost --to CN --on 2025-04-17 --gap 0.2 --points 2"))
    assert _without_time(found.json()) == _without_time(theirs)
    jsonschema.validate(found.json(), SHAPES["front"])


def _without_time(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {k: _without_time(v) for k, v in answer.items() if k not in ("cpu_s", "wall_s", "seconds")}
    return [_without_time(v) for v in answer] if isinstance(answer, list) else answer


@pytest.mark.parametrize(
    ("address", "status", "needle"),
    [
        ("chek", 404, "did you mean 'check'?"),
        ("check/nvidia-h20", 404, "one of check"),
        ("check?itm=nvidia-h20", 400, "did you mean 'item'?"),
        ("check?item=nvidia-h2O&to=CN", 400, "nvidia-h20"),
        ("check?item=nvidia-h20&to=EU", 400, "alpha-2"),
        ("check?item=nvidia-h20&to=CN&on=2025-02-30", 400, "2025-02-30"),
        ("check?item=nvidia-h20&to=CN&explain=perhaps", 400, "bool"),
        ("check?item=nvidia-h20&to=CN&assume=x", 400, "RULE=VALUE"),
        ("check?item=../../etc/passwd&to=CN", 400, "not as a file"),
        ("check?item=-&to=CN", 400, "not as a file"),
        ("cost?item=./design.yaml", 400, "not as a file"),
        ("exposure?position=/etc/passwd", 400, "not as a file"),
        ("check?item=nvidia-h20&to=CN&with=../rule.yaml", 400, "proposed/gain"),
        ("policy?rules=/etc/passwd&workload=llama-3-70b-prefill&to=CN", 400, "proposed/gain"),
        ("cost", 400, "no item"),
        ("check?to=CN", 400, "no item"),
        ("changes?first=2025-01-01", 400, "'last'"),
        ("design?workload=deepseek-v3-decode&gap=2&to=CN", 400, "less than 1"),
        ("estimate?item=nvidia-h20&phase=decode", 400, "no model"),
        ("law?rule=us/3a090.z", 400, "us/3a090"),
        ("estimate?item=nvidia-h20&model=llama-3-70b&phase=decode&devices=many", 400, "integer"),
    ],
)
def test_bad_input_is_refused_in_the_words_of_the_contract(address: str, status: int, needle: str) -> None:
    found = CLIENT.get(f"/api/{address}")
    assert found.status_code == status, found.text
    body = found.json()["error"]
    assert set(body) == {"kind", "where", "message", "fix"}
    assert needle in " ".join(body.values())


def test_bad_bodies_are_refused() -> None:
    json_type = {"content-type": "application/json"}
    asked: list[tuple[Any, dict[str, str], str]] = [
        (b"{", json_type, "one JSON object"),
        (b"[1]", json_type, "one JSON object"),
        (b"\xff\xfe", json_type, "UTF-8"),
        (b"x" * (MOST_BYTES + 1), json_type, "at most"),
        (b"item=nvidia-h20", {"content-type": "application/x-www-form-urlencoded"}, "Content-Type"),
        (b"item,on\nx,y\n", {"content-type": "text/csv"}, "cases.csv"),
        (json.dumps({"sheets": [SHEET | {"applicable_die_area_mm2": -5}], "to": "CN"}), json_type, "sheets[0]"),
    ]
    for body, headers, needle in asked:
        found = CLIENT.post("/api/check", content=body, headers=headers)
        assert found.status_code == 400, needle
        assert needle in json.dumps(found.json()["error"])
        assert "/tmp" not in found.text


def test_every_verb_of_the_command_line_is_here_or_has_a_reason() -> None:
    """A verb that writes files, runs long or serves is no question with an answer."""
    elsewhere = {"brief", "conformance", "serve", "get", "mcp", "sweep", "plane"}
    command = typer.main.get_command(app)
    names = set(command.commands)  # type: ignore[attr-defined]
    assert names - elsewhere - set(VERBS) == set()
    assert set(VERBS) <= names
    assert set(SHAPES) == set(VERBS)


FILES = {  # options that read or write files, or steer the shell, by verb; "" for all
    "": {"json", "out", "status"},
    "duty": {"table", "since", "until"},
    "policy": {"backtest"},
    "screen": {
        "by",
        "decide",
        "fetch",
        "file",
        "list",
        "owners",
        "record",
        "review",
        "sha256",
        "store",
        "why",
        "yente",
    },
    "flags": {"list", "store"},
    "forensics": {"stock"},
}
RENAMED = {"items": "item", "ref": "item", "with": "with", "id": "identifier", "share": "share"}


def test_every_option_of_a_verb_is_a_parameter_here() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name, verb in VERBS.items():
        ours = set(verb.schema.get("properties", {}))
        for p in commands[name].params:
            option = p.opts[0].removeprefix("--").replace("-", "_") if p.opts[0].startswith("-") else p.name
            if option not in FILES[""] | FILES.get(name, set()):
                assert RENAMED.get(option, option) in ours or (name, option) == ("sku", "with"), (name, option)


def test_the_description_holds_together() -> None:
    found = CLIENT.get("/api/openapi.json").json()
    assert found == json.loads(json.dumps(description()))
    assert found["openapi"] == "3.1.0"
    assert {"title", "version"} <= found["info"].keys()
    assert set(found["paths"]) == {f"/api/{name}" for name in VERBS}
    names: list[str] = []
    for path in found["paths"].values():
        for method, asked in path.items():
            assert method in ("get", "post")
            names.append(asked["operationId"])
            assert {"200", "400"} <= asked["responses"].keys()
            for parameter in asked.get("parameters", ()):
                assert parameter["in"] == "query"
                assert parameter["description"]
                jsonschema.Draft202012Validator.check_schema(parameter["schema"])
            for content in asked.get("requestBody", {}).get("content", {}).values():
                jsonschema.Draft202012Validator.check_schema(content["schema"])
    assert len(names) == len(set(names))
    for schema in found["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for reference in _references(found):
        place = found
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [r for v in value.values() for r in _references(v)]
    return [r for v in value for r in _references(v)] if isinstance(value, list) else []


def test_examples_of_the_description_are_answered() -> None:
    """Every parameter that must be given has an example, and the examples together are a question."""
    for name, verb in VERBS.items():
        required = verb.schema.get("required", [])
        known = verb.schema["properties"]
        asked = [*required, *(["to"] if "to" in known else [])]
        given = {p: known[p].get("examples", [None])[0] for p in asked}
        if not required or None in given.values() or name in ("front", "operators"):
            continue
        found = CLIENT.post(f"/api/{name}", json=given)
        assert found.status_code == 200, (name, found.text)
