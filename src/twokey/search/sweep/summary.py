"""What a sweep found: the best row of each group, asked of its Parquet files with DuckDB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from twokey.chips.design import VARIABLES
from twokey.quantities.problem import Problem
from twokey.search.objectives import MORE_IS_BETTER, OBJECTIVES
from twokey.search.sweep.folder import Folder
from twokey.search.sweep.work import lawful_column

__all__ = ["summary"]


def summary(out: Path | str) -> dict[str, Any]:
    """Return how far a sweep is, and the best design of each space, workload, objective and law so far.

    Parameters
    ----------
    out : the folder of a sweep, finished or not

    Returns
    -------
    summary : `units`, `done`, `finished`, `sha256` of the result; `groups`, each with space, workload, objective, law,
        `value` in `unit`, the `design` and, of a search, `bound`, `gap`, `proved`; of an evaluation, how many designs
        were seen (`designs`), can be used (`usable`) and are lawful too (`lawful`), of those written

    Raises
    ------
    Problem
        If the folder holds no sweep, or a sweep that ended while it was read.
    """
    folder = Folder(Path(out))
    manifest = folder.manifest()
    if manifest is None:
        raise Problem("--summary", str(out), "the folder of a sweep", "give the folder named with --out")
    finished = "sha256" in manifest and folder.result.exists()
    units = int(manifest["units"])
    done = units if finished else sum(last - first + 1 for first, last in folder.done())
    files = [folder.result] if finished else [
        folder.parts / f"{first:08d}-{last:08d}.parquet" for first, last in folder.done()
    ]  # fmt: skip
    plan = manifest["plan"]
    groups: list[dict[str, Any]] = []
    if files:
        ask = _searches if plan["kind"] == "search" else _designs
        try:
            with duckdb.connect(config={"threads": 2}) as db:
                groups = ask(db, [str(path) for path in files], plan)
        except duckdb.IOException:
            raise Problem("--summary", f"{out}, which changed meanwhile", "files that stay", "ask it again") from None
    found = {"out": str(out), "kind": plan["kind"], "units": units, "done": done, "finished": finished}
    if finished:
        found |= {"sha256": manifest["sha256"], "rows": pq.read_metadata(folder.result).num_rows}
    return found | {"groups": groups}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _rows(db: duckdb.DuckDBPyConnection, query: str, files: list[str]) -> list[dict[str, Any]]:
    found = db.execute(query, [files])
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


_DESIGN = "{" + ", ".join(f"{v}: {v}" for v in VARIABLES) + "} AS design"
_GROUP = ("space", "workload", "objective", "law")


def _searches(db: duckdb.DuckDBPyConnection, files: list[str], _: dict[str, Any]) -> list[dict[str, Any]]:
    columns = ", ".join((*_GROUP, "value", "unit", "bound", "gap", "proved", "grid", _DESIGN, "note"))
    return _rows(db, f"SELECT {columns} FROM read_parquet($1) ORDER BY {', '.join(_GROUP)}", files)


def _designs(db: duckdb.DuckDBPyConnection, files: list[str], plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Ask for each objective and law for the best usable lawful design of each space and workload."""
    groups = []
    for objective in plan["objectives"]:
        pick = "arg_max" if objective in MORE_IS_BETTER else "arg_min"
        for law in plan["laws"]:
            lawful = f"(usable AND {_quoted(lawful_column(law))})"
            value = _quoted(objective)
            query = f"""
                SELECT space, workload, {pick}({value}, {value}) FILTER (WHERE {lawful}) AS value,
                       count(*) AS designs, count(*) FILTER (WHERE usable) AS usable,
                       count(*) FILTER (WHERE {lawful}) AS lawful,
                       {pick}({_DESIGN.removesuffix(" AS design")}, {value}) FILTER (WHERE {lawful}) AS design
                FROM read_parquet($1) GROUP BY space, workload"""
            said = {"objective": objective, "law": law, "unit": OBJECTIVES[objective]}
            groups += [said | row for row in _rows(db, query, files)]
    return sorted(groups, key=lambda g: tuple(str(g[name]) for name in _GROUP))
