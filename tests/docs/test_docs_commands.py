"""Every command, program and file that README and documentation show is run, and prints what is shown."""

from __future__ import annotations

import doctest
import subprocess
import sys
from pathlib import Path

import pytest
from doc_pages import ROOT, Command, agrees, blocks, commands, pages, run, write_files

PAGES = {str(p.relative_to(ROOT)): p.read_text(encoding="utf-8") for p in pages()}
RUN = [name for name, text in PAGES.items() if any(commands(text))]


CASES = [(name, command) for name in RUN for command in commands(PAGES[name])]


@pytest.mark.parametrize(("name", "command"), CASES, ids=[f"{name}: {command.words}" for name, command in CASES])
def test_a_command_prints_what_its_page_shows(name: str, command: Command, tmp_path: Path) -> None:
    write_files(PAGES[name], tmp_path)
    done = run(command, tmp_path)
    assert done.returncode == command.status, done.stderr
    assert len(done.stdout) > 40
    if command.shown:
        told = f"it prints otherwise; see `python tests/docs/doc_pages.py {name}`\n{done.stdout}"
        assert agrees(command.shown, done.stdout), told


@pytest.mark.parametrize("name", [n for n, t in PAGES.items() if any(b.kind == "pycon" for b in blocks(t))])
def test_the_programs_of_a_page_print_what_it_shows(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(PAGES[name], tmp_path)
    monkeypatch.chdir(tmp_path)
    body = "\n".join(b.body for b in blocks(PAGES[name]) if b.kind == "pycon")
    found = doctest.DocTestParser().get_doctest(body, {}, name, name, 0)
    assert found.examples
    flags = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
    out: list[str] = []
    result = doctest.DocTestRunner(optionflags=flags).run(found, out=out.append)
    assert result.failed == 0, "".join(out)


@pytest.mark.parametrize("name", [n for n, t in PAGES.items() if any(b.kind == "python" for b in blocks(t))])
def test_the_python_of_a_page_runs(name: str, tmp_path: Path) -> None:
    write_files(PAGES[name], tmp_path)
    for block in blocks(PAGES[name]):
        if block.kind == "python":
            done = subprocess.run([sys.executable, "-c", block.body], cwd=tmp_path, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True)  # fmt: skip
            assert done.returncode == 0, done.stderr


def test_the_readme_and_the_guides_show_commands() -> None:
    assert len(list(commands(PAGES["README.md"]))) >= 10
    assert {f"docs/howto/{who}.md" for who in ("architect", "compliance", "policy", "journalist", "programs")} <= set(
        RUN
    )
    assert len(CASES) >= 40


def test_lines_shown_are_compared_as_told() -> None:
    assert agrees(("a", "…"), "a\nb\nc\n")
    assert agrees(("took … s",), "took 1.5 s\n")
    assert not agrees(("a",), "a\nb\n")
    assert not agrees(("a", "c"), "a\nb\n")
