"""Answers that show themselves: one object, or a list that turns into Arrow and DuckDB tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from twokey.api import Shown

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

__all__ = ["Record", "Rows"]

T = TypeVar("T")
_SHOWN, _WIDE = 20, 118
_FIRST = (
    "item", "id", "name", "to", "on", "from", "until", "verdict", "keys_us_outcome", "keys_cn_outcome", "us_outcome",
    "cn_outcome", "tpp", "dram_bandwidth_GBps",
)  # fmt: skip


class Record(dict[str, Any], Shown):
    """An answer that is one object; it shows itself.

    Examples
    --------
    >>> Record(value=1.5).to_json()
    {'value': 1.5}
    """

    def to_json(self) -> dict[str, Any]:
        """Return the answer as a plain dictionary."""
        return dict(self)


class Rows(list[T], Shown, Generic[T]):
    """Answers in a list that shows itself and turns into tables.

    Examples
    --------
    >>> rows = Rows([{"chip": "a", "tpp": 1}, {"chip": "b", "tpp": 2.5}])
    >>> rows.to_arrow().column_names, rows.sql("select max(tpp) as most from rows").to_json()
    (['chip', 'tpp'], [{'most': 2.5}])
    """

    def __repr__(self) -> str:
        """Show the first rows as columns of plain text, as many as fit a line."""
        flat = self.to_dicts()
        shown: list[list[str]] = []
        names = sorted(flat[0], key=lambda n: _FIRST.index(n) if n in _FIRST else len(_FIRST)) if flat else []
        for name in names:
            cells = [name, *(_cell(row[name]) for row in flat[:_SHOWN])]
            wide = max(len(c) for c in cells)
            room = _WIDE - sum(len(column[0]) + 2 for column in shown)
            if wide <= room and not name.endswith(("_source", "_checked", "aliases")):
                shown.append([c.ljust(wide) for c in cells])
        lines = ["  ".join(cells).rstrip() for cells in zip(*shown, strict=True)]
        more = [f"… {len(flat) - _SHOWN} more rows"] if len(flat) > _SHOWN else []
        return "\n".join([*lines, *more]) if lines else "no rows"

    def to_json(self) -> list[Any]:
        """Return the answers as plain JSON values."""
        return [row.to_json() if hasattr(row, "to_json") else row for row in self]

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return one flat dictionary a row.

        A figure `f` with its source gives the columns `f`, `f_source` and `f_checked`; an object within the row gives
        a column for each of its fields, and a list of objects its JSON text.
        """
        flat = [_flat(row) for row in self.to_json()]
        names = dict.fromkeys(name for row in flat for name in row)
        return [{name: row.get(name) for name in names} for row in flat]

    def to_arrow(self) -> pa.Table:
        """Return the rows as an Arrow table, a column for each field."""
        import pyarrow as pa

        flat = self.to_dicts()
        columns = {name: _column([row[name] for row in flat]) for name in (flat[0] if flat else ())}
        return pa.table(columns)

    def to_duckdb(self, connection: duckdb.DuckDBPyConnection | None = None) -> duckdb.DuckDBPyRelation:
        """Return the rows as a DuckDB relation, of `connection` or of a new one in memory."""
        import duckdb

        return (connection or duckdb.connect()).from_arrow(self.to_arrow())

    def sql(self, query: str) -> Rows[dict[str, Any]]:
        """Return the answer of a query in SQL in which the rows are the table `rows`."""
        import duckdb

        with duckdb.connect() as connection:
            connection.register("rows", self.to_arrow())
            found: pa.Table = connection.sql(query).to_arrow_table()
            return Rows(found.to_pylist())


def _flat(row: Any, before: str = "") -> dict[str, Any]:
    out: dict[str, Any] = {}
    if not isinstance(row, Mapping):
        return {"value": row}
    for name, value in row.items():
        if isinstance(value, Mapping) and {"value", "source"} <= value.keys():
            inner = value["value"]
            out[before + name] = json.dumps(inner, ensure_ascii=False) if _nested(inner) else inner
            out[f"{before}{name}_source"] = value["source"]
            out[f"{before}{name}_checked"] = value.get("checked")
        elif isinstance(value, Mapping):
            out |= _flat(value, f"{before}{name}_")
        else:
            out[before + name] = json.dumps(value, ensure_ascii=False) if _nested(value) else value
    return out


def _cell(value: Any) -> str:
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    text = "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _nested(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(v, list | Mapping) for v in value))


def _column(values: list[Any]) -> list[Any]:
    """Return a column of one kind: numbers as float64 where any is one, unlike kinds as text."""
    kinds = {type(v) for v in values if v is not None}
    if kinds == {int, float} or (kinds == {int} and any(v is not None and abs(v) >= 2**63 for v in values)):
        return [None if v is None else float(v) for v in values]
    if len(kinds) > 1:
        return [None if v is None else v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in values]
    return values
