"""Pages that are made when the documentation is built: from the data, the docstrings and the command line itself."""

from __future__ import annotations

import csv
import importlib
import inspect
import json
import os
import pkgutil
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import twokey
from twokey import api

DATA = Path(twokey.__file__).parent / "data"
ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (
    "quantities", "sources", "chips", "workloads", "law", "silicon", "perf", "search", "trade", "diversion", "policy",
    "brief",
)  # fmt: skip


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the pages that are made to the navigation."""
    assert config.nav is not None
    sections = {title: pages for entry in config.nav for title, pages in entry.items()}
    rules = [{r.id: f"law/{_slug(r.id)}.md"} for r in api.law()]
    sections["The law"].append({"Rules": [{"All rules": "law/index.md"}, *rules]})
    sections["Reference"].append({"Python": ["api/index.md", *({f: f"api/{f}.md"} for f in _folders())]})
    decisions = sorted(p.name for p in (ROOT / "decisions").glob("[0-9]*.md"))
    sections["Extend"].append({"Decisions": ["decisions/README.md", *(f"decisions/{name}" for name in decisions)]})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages themselves."""
    made: dict[str, str] = {
        "reference/nomenclature.md": nomenclature(),
        "reference/cli.md": command_line(),
        "reference/json.md": json_interface(),
        "reference/openapi.json": _openapi(),
        "law/index.md": rule_list(),
        **{f"law/{_slug(r.id)}.md": rule_page(r) for r in api.law()},
        "api/index.md": verbs_page(),
        **{f"api/{folder}.md": folder_page(folder) for folder in _folders()},
        **{f"decisions/{p.name}": p.read_text(encoding="utf-8") for p in (ROOT / "decisions").glob("*.md")},
    }
    for path, content in made.items():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the tables that are made in the place of their names."""
    return markdown.replace("<!-- made: errors -->", errors_table()).replace("<!-- made: blind -->", perf_sources())


def _slug(rule: str) -> str:
    return rule.replace("/", "-").replace(".", "-")


def _folders() -> list[str]:
    return [f for f in FOLDERS if (Path(twokey.__file__).parent / f / "__init__.py").is_file()]


def _cell(text: Any) -> str:
    return str("" if text is None else text).replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def _table(heads: list[str], rows: list[list[Any]]) -> str:
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    return "\n".join([*lines, *(f"| {' | '.join(map(_cell, row))} |" for row in rows)]) + "\n"


# -- from the data ----------------------------------------------------------------------------------------


def nomenclature() -> str:
    """Return the page of every field name with its unit and meaning."""
    with (DATA / "vocabulary.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda r: r["name"].lower())
    table = _table(["name", "unit", "meaning"], [[f"`{r['name']}`", r["unit"], r["meaning"]] for r in rows])
    return (
        f"# Names and units\n\nEvery field name of the data files, {len(rows)} in all, from `data/vocabulary.csv`. "
        "A name carries its unit; `1` stands for a count or a ratio.\n\n" + table
    )


def errors_table() -> str:
    """Return the blind errors of the fitted model as a table."""
    from twokey.sources.text import read_file

    kinds: list[tuple[str, Any]] = []
    for file, before in (("errors.yaml", ""), ("training-errors.yaml", "training, ")):
        classes = read_file(DATA / "perf" / file).group()["classes"].group()
        kinds += [(before + name, entry) for name, entry in classes.items()]
    rows = []
    for name, entry in kinds:
        row = entry.plain()
        spread = f"{(float(row['high']) / float(row['low'])) ** 0.5:.2f}"
        rows.append([name, row["low"], row["middle"], row["high"], f"{int(row['rows']):,}", f"× ÷ {spread}"])
    heads = ["class", "measured ÷ predicted, P5", "median", "P95", "rows", "about the middle"]
    return _table(heads, rows)


def perf_sources() -> str:
    """Return what the errors were measured on."""
    from twokey.sources.text import read_file

    found: dict[str, Any] = {}
    for file in ("sources.yaml", "training-sources.yaml"):
        found |= read_file(DATA / "perf" / file).plain()
    lines = [f"- `{key}`: {_said(value)}" for key, value in found.items()]
    return "\n".join(lines)


def _said(value: Any) -> str:
    return "; ".join(_said(v) for v in value.values()) if isinstance(value, dict) else str(value)


def rule_list() -> str:
    """Return the list of all rules."""
    rows = []
    for rule in api.law():
        found: dict[str, Any] = rule.to_json()
        last = found["versions"][-1]
        first = found["versions"][0]["effective"]
        link = f"[{rule.id}]({_slug(rule.id)}.md)"
        rows.append([link, found["title"], first, last["until"] or "open", last["status"], last["checked"]])
    heads = ["rule", "title", "since", "until", "status of the last version", "checked"]
    return (
        "# Rules\n\nEach rule is data with its history, sources and tests; `twokey law RULE` prints the same page.\n\n"
        + _table(heads, rows)
    )


def rule_page(rule: Any) -> str:
    """Return the page of one rule, as the program prints it."""
    found: dict[str, Any] = rule.to_json()
    text = api.law_page(rule.id)
    text = text[text.index("\nText, ") + 1 :] if "\nText, " in text else text  # title and summary stand above
    return (
        f"# {found['title']}\n\n`{rule.id}` · {found['summary']}\n\n```text\n{text.rstrip()}\n```\n\n"
        f"As data: `twokey law {rule.id} --json`. Informs decisions; it is not legal advice.\n"
    )


# -- from the program -------------------------------------------------------------------------------------


def command_line() -> str:
    """Return the help pages of every verb."""
    os.environ |= {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    import typer
    from typer.testing import CliRunner

    from twokey.cli.main import app

    names = list(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    parts = ["# Command line\n\nEvery verb answers with `--json` as well; the fields are those of the JSON interface. "
             "Exit status: 0 answered, 2 wrong usage, 3 bad input or data; with `--status` 10 conditional, 11 shut, 12 "
             "undetermined.\n"]  # fmt: skip
    for name in names:
        shown = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"})
        parts.append(f"## {name}\n\n```text\n{shown.output.strip()}\n```\n")
    return "\n".join(parts)


def json_interface() -> str:
    """Return the page of the JSON interface."""
    from twokey.web.answers import VERBS

    parts = [
        "# JSON interface\n\n`twokey serve` answers `/api/VERB` with the bytes that `twokey VERB --json` prints; "
        "`twokey get /api/…` answers the same without a server, and `twokey mcp` offers the verbs to assistants with "
        "the same parameters. Chips of your own are given as item sheets in a JSON body, tables as CSV; no file is "
        "read by its name. The whole description: [openapi.json](openapi.json).\n\nWhat cannot be used is refused with "
        'status 400, an unknown verb with 404, both with `{"error": {"kind", "where", "message", "fix"}}`.\n'
    ]
    for name, verb in VERBS.items():
        required = verb.schema.get("required", [])
        rows = [
            [f"`{p}`" + (" (needed)" if p in required else ""), _kind(one), one.get("description", ""),
             "" if one.get("default") in (None, []) else f"`{one['default']}`"]
            for p, one in verb.schema.get("properties", {}).items()
        ]  # fmt: skip
        table = _table(["parameter", "kind", "meaning", "default"], rows) if rows else ""
        parts.append(f"## /api/{name}\n\n{verb.says}\n\n{table}")
    return "\n".join(parts)


def _kind(one: dict[str, Any]) -> str:
    kinds = [p for p in one.get("anyOf", (one,)) if p.get("type") != "null"]
    words = [", ".join(map(str, p["enum"])) if "enum" in p else p.get("type", "") for p in kinds]
    inner = [p["items"].get("type", "") for p in kinds if p.get("type") == "array"]
    return " or ".join(words) + (f" of {inner[0]}" if inner else "")


def _openapi() -> str:
    from twokey.web.openapi import description

    return json.dumps(description(), indent=1, ensure_ascii=False)


# -- from the docstrings ----------------------------------------------------------------------------------


def verbs_page() -> str:
    """Return the page of `import twokey as tk`."""
    parts = ["# Python\n\n```python\nimport twokey as tk\n```\n\nAll verbs stand in `twokey.api`; here those that "
             "`tk` offers. Lists come back as `Rows`: they show themselves in a notebook and turn into tables with "
             "`.to_arrow()`, `.to_duckdb()` and `.sql(\"select … from rows\")`.\n"]  # fmt: skip
    for name in twokey.__all__:
        parts.append(_entry(name, getattr(twokey, name)))
    return "\n".join(parts)


def folder_page(folder: str) -> str:
    """Return the public functions and classes of one folder, by module."""
    package = importlib.import_module(f"twokey.{folder}")
    names = [f"twokey.{folder}", *sorted(m.name for m in pkgutil.walk_packages(package.__path__, f"twokey.{folder}."))]
    parts = [f"# twokey.{folder}\n\n{_text(inspect.getdoc(package) or '')}\n"]
    for name in names:
        module = importlib.import_module(name)
        public = [n for n in getattr(module, "__all__", ()) if _own(getattr(module, n, None), name)]
        if not public:
            continue
        parts.append(f"## {name}\n\n{_text(inspect.getdoc(module) or '')}\n")
        parts += [_entry(n, getattr(module, n), level=3) for n in public]
    return "\n".join(parts)


def _own(found: Any, module: str) -> bool:
    return callable(found) and getattr(found, "__module__", None) == module


def _entry(name: str, found: Any, level: int = 2) -> str:
    try:
        signature = str(inspect.signature(found)).replace("'", "")
    except (ValueError, TypeError):
        signature = ""
    head = f"{'#' * level} `{name}`\n\n```python\n{name}{_folded(signature)}\n```\n"
    return f"{head}\n{_text(inspect.getdoc(found) or '')}\n"


def _folded(signature: str) -> str:
    if len(signature) < 90:
        return signature
    inner, end = signature[1:].rsplit(")", 1) if ")" in signature else (signature[1:], "")
    depth, parts, part = 0, [], ""
    for c in inner:
        depth += (c in "([{") - (c in ")]}")
        if c == "," and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += c
    parts.append(part.strip())
    return "(\n" + "".join(f"    {p},\n" for p in parts if p) + ")" + end


_SECTION = re.compile(
    r"^(Parameters|Returns|Yields|Raises|Notes|References|Examples|See Also|Attributes)\n-{3,}$", re.M
)


def _text(doc: str) -> str:
    """Return a docstring as Markdown: its sections as bold words, examples and formulas as code, the rest as it is."""
    out: list[str] = []
    pieces = _SECTION.split(doc)
    out.append(_prose(pieces[0]))
    for title, body in zip(pieces[1::2], pieces[2::2], strict=True):
        out.append(f"\n**{title}**\n")
        body = body.strip("\n")
        out.append(_examples(body) if title == "Examples" else _listed(body) if title != "Notes" else _prose(body))
    return "\n".join(out)


def _prose(text: str) -> str:
    text = re.sub(r"``([^`]+)``", r"`\1`", text)
    text = re.sub(r"^\.\. math::\s*(.+)$", r"`\1`", text, flags=re.M)
    return re.sub(r"(?<![`\w])<(\w)", r"&lt;\1", text)


def _listed(body: str) -> str:
    lines = []
    for line in body.splitlines():
        if line.startswith(" "):
            lines.append("    " + _prose(line.strip()))
        elif line.strip():
            name, mark, rest = line.partition(" : ")
            lines.append(f"- `{name}`: {_prose(rest)}" if mark else f"- {_prose(line)}")
    return "\n".join(lines)


def _examples(body: str) -> str:
    return f"```pycon\n{body}\n```"
