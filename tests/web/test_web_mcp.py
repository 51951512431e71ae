"""The server for assistants, asked by a client in another process: its tools, its answers, its refusals."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import jsonschema
import pytest
from mcp import Client, StdioServerParameters

from twokey.web.answers import VERBS

TWOKEY = str(Path(sys.executable).with_name("twokey"))
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("check", {"item": ["nvidia-h20"], "to": "CN", "on": "2025-04-17"}),
    ("duty", {"to": "US", "origin": "CN", "hts": "8473.30", "on": "2025-04-17"}),
    ("check", {"item": "nvidia-h2O", "to": "CN"}),
    ("chek", {}),
    ("check", {"itm": "nvidia-h20"}),
]


async def _asked() -> tuple[Any, str | None, list[Any]]:
    async with Client(StdioServerParameters(command=TWOKEY, args=["mcp"])) as client:
        listed = await client.list_tools()
        return listed.tools, client.instructions, [await client.call_tool(name, given) for name, given in CALLS]


@pytest.fixture(scope="module")
def asked() -> tuple[Any, str | None, list[Any]]:
    return anyio.run(_asked)


def test_every_verb_is_a_tool_with_a_schema(asked: tuple[Any, str | None, list[Any]]) -> None:
    tools, instructions, _ = asked
    assert [t.name for t in tools] == list(VERBS)
    for tool in tools:
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        assert len(tool.description) > 15
        assert tool.annotations.read_only_hint
    assert "not legal advice" in (instructions or "")


def test_answers_are_the_command_lines(asked: tuple[Any, str | None, list[Any]]) -> None:
    check, duty = asked[2][:2]
    words = ["check", "nvidia-h20", "--to", "CN", "--on", "2025-04-17", "--json"]
    assert check.content[0].text == subprocess.run([TWOKEY, *words], capture_output=True, text=True).stdout
    assert not check.is_error
    assert json.loads(duty.content[0].text)["total_percent"] == 45


def test_what_cannot_be_used_is_said_in_the_words_of_the_contract(asked: tuple[Any, str | None, list[Any]]) -> None:
    chip, tool, parameter = asked[2][2:]
    for result in (chip, tool, parameter):
        assert result.is_error
        assert set(json.loads(result.content[0].text)["error"]) == {"kind", "where", "message", "fix"}
    assert "nvidia-h20" in chip.content[0].text
    assert "did you mean 'check'" in tool.content[0].text
    assert "did you mean 'item'" in parameter.content[0].text


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from twokey.api import Problem
    from twokey.cli.main import app

    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: None)
    result = CliRunner().invoke(app, ["mcp"])
    assert isinstance(result.exception, Problem)
    assert "twokey[mcp]" in result.exception.fix
