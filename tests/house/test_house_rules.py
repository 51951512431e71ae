"""The rules of the house that no linter knows: sizes, sources, words, documentation."""

from __future__ import annotations

import ast
import csv
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src" / "twokey"
DATA = SRC / "data"
CODE = sorted(p for folder in ("src", "tests", "bench") for p in (ROOT / folder).rglob("*.py"))
MODULES = sorted(SRC.rglob("*.py"))


def tracked() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [p for name in listing.stdout.split("\n") if name and (p := ROOT / name).is_file()]


def vocabulary() -> dict[str, dict[str, str]]:
    with (DATA / "vocabulary.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    names = [r["name"] for r in rows]
    assert len(names) == len(set(names)), "a word stands twice in vocabulary.csv"
    return {r["name"]: r for r in rows}


UNITS = {
    *("1", "op", "TOPS", "TOPS.bit", "TOPS.bit/mm2", "bit", "byte", "GB", "GB/s", "MiB", "KiB", "byte/s", "op/s"),
    *("mm", "mm2", "um2", "GHz", "s", "ns", "us", "ms", "h", "day", "W", "nm", "/cm2", "percent", "token", "1e9"),
    *("USD", "USD/wafer", "USD/stack", "USD/GB", "1e9 USD", "TFLOP/s", "yes-no", "date", "country", "text", "pJ/bit"),
    *(
        "mm2/stack",
        "mm2/link",
        "GB/s/stack",
        "GB/stack",
        "byte/ns",
        "fraction",
        "token/s",
        "1e12",
        "USD/unit",
        "TFLOPS/W",
        "1/mm2",
        "1/s",
        "pJ",
        "USD/kWh",
        "year",
    ),
    *("mm2/KiB", "mm2/MiB", "mm2/(GB/s)", "mm2/MAC", "mm2/lane", "mm2/core", "op/s", "FLOP", "GPU-h", "USD/mm2"),
}
SUFFIX_UNIT = {
    "_GBps": "GB/s",
    "_mm2": "mm2",
    "_GHz": "GHz",
    "_GB": "GB",
    "_MiB": "MiB",
    "_KiB": "KiB",
    "_bytes": "byte",
    "_ns": "ns",
    "_percent": "percent",
    "_usd": "USD",
    "_W": "W",
    "_nm": "nm",
    "_mm": "mm",
    "_per_mm2": "1/mm2",
    "_usd_per_GB": "USD/GB",
    "_mm2_per_GBps": "mm2/(GB/s)",
    "_s": "s",
    "rate_per_s": "1/s",
}


def test_no_file_is_longer_than_500_lines() -> None:
    long = {str(p.relative_to(ROOT)): n for p in CODE if (n := len(p.read_text().splitlines())) > 500}
    assert not long


def test_no_file_names_a_machine_path() -> None:
    # spelt in pieces so that this file does not name one itself
    marks = re.compile("|".join(("[/]wor" + "k/", "/tmp" + "/bash", "/ro" + "ot/", "[.]libr" + "ary/")))
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {m.group()}" for m in marks.finditer(text)]
    assert not found


def test_every_folder_is_named_in_the_readme_in_the_order_of_the_contract() -> None:
    import tomllib

    layers = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]["layers"]
    readme = (ROOT / "README.md").read_text()
    places = [readme.index(f"`{name}/`") for name in reversed(layers) if name != "api"]
    assert places == sorted(places)


# -- words ------------------------------------------------------------------------------------------


def test_every_word_has_a_unit_the_project_knows_and_a_meaning() -> None:
    bad = [n for n, r in vocabulary().items() if r["unit"] not in UNITS or len(r["meaning"]) < 8]
    assert not bad


def test_a_word_whose_name_ends_in_a_unit_has_that_unit() -> None:
    bad = []
    for name, row in vocabulary().items():
        ends = [u for s, u in sorted(SUFFIX_UNIT.items(), key=lambda kv: -len(kv[0])) if name.endswith(s)]
        if ends and row["unit"] != ends[0]:
            bad.append((name, row["unit"], ends[0]))
    assert not bad


def fields_of_dataclasses() -> Iterator[tuple[Path, str]]:
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and any("dataclass" in ast.unparse(d) for d in node.decorator_list):
                for line in node.body:
                    if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                        yield path, line.target.id


def test_every_field_with_a_unit_in_its_name_is_in_the_vocabulary() -> None:
    words = vocabulary()
    ends = tuple(SUFFIX_UNIT)
    missing = {f"{p.relative_to(SRC)}: {n}" for p, n in fields_of_dataclasses() if n.endswith(ends) and n not in words}
    assert not missing


def yaml_files(*folders: str) -> list[Path]:
    return sorted(p for f in folders for p in (DATA / f).rglob("*.yaml"))


def figures(node: Any, key: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every group that holds a `value`, with the key it stands under."""
    if isinstance(node, dict):
        if "value" in node:
            yield key, node
        for k, v in node.items():
            yield from figures(v, key if k in ("low", "mid", "high") else k)
    elif isinstance(node, list):
        for v in node:
            yield from figures(v, key)


def load(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


def test_every_figure_of_a_chip_or_a_model_is_named_from_the_vocabulary() -> None:
    words = vocabulary()
    named = {key for path in yaml_files("chips", "models", "silicon") for key, _ in figures(load(path))}
    assert len(named) > 20
    assert named - set(words) == set()


# -- sources ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["chips", "models", "silicon", "market", "spaces", "workloads"])
def test_every_figure_has_a_source_and_a_state_of_checking(folder: str) -> None:
    bad = []
    for path in yaml_files(folder):
        for key, figure in figures(load(path)):
            if not figure.get("source") or figure.get("checked") not in ("unverified", "read-once", "read-twice"):
                bad.append(f"{path.name}: {key}")
            if figure.get("confidence") not in ("high", "medium", "low", "rumour", "derived"):
                bad.append(f"{path.name}: {key} (confidence)")
    assert not bad


# -- documentation ----------------------------------------------------------------------------------


def public_functions() -> Iterator[tuple[str, ast.FunctionDef | ast.ClassDef]]:
    for path in MODULES:
        tree = ast.parse(path.read_text())
        exported = {
            element.value
            for node in tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
            for element in getattr(node.value, "elts", [])
            if isinstance(element, ast.Constant)
        }
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in exported:
                yield f"{path.relative_to(SRC)}: {node.name}", node


def test_every_public_function_has_a_docstring_that_says_what_it_raises() -> None:
    bad = []
    for name, node in public_functions():
        doc = ast.get_docstring(node) or ""
        raises = isinstance(node, ast.FunctionDef) and any(
            isinstance(n, ast.Raise) and n.exc is not None for n in ast.walk(node)
        )
        if len(doc) < 15 or (raises and "Raises" not in doc and "refuse" not in doc):
            bad.append(name)
    assert not bad


def test_units_in_docstrings_are_units_the_project_knows() -> None:
    bad = []
    for name, node in public_functions():
        doc = (ast.get_docstring(node) or "").split("\nExamples\n")[0]
        for inside in re.findall(r"\[([^\[\]]{1,24})\](?!_)", doc):
            parts = [p.strip() for p in inside.split(",")]
            if not all(p in UNITS for p in parts) and not re.fullmatch(r"\d+|[a-z_]+:.*", inside):
                bad.append((name, inside))
    assert not bad


def test_every_decision_is_numbered_and_listed() -> None:
    pages = sorted((ROOT / "decisions").glob("[0-9]*.md"))
    assert pages
    index = (ROOT / "decisions" / "README.md").read_text()
    assert [p.name for p in pages if p.name not in index] == []
    assert [int(p.name[:4]) for p in pages] == list(range(1, len(pages) + 1))
