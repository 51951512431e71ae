"""The folder of a sweep: a manifest, parts while it runs, one result at the end. Whatever is there is whole."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from twokey.quantities.problem import Problem
from twokey.search.sweep.plan import VERSION, Plan
from twokey.search.sweep.work import schema
from twokey.sources.files import whole_file

__all__ = ["ROWS", "Folder"]

ROWS = 262_144
"""Rows of one row group of the result."""


@dataclass
class Folder:
    """A sweep on disk.

    Parameters
    ----------
    path : the folder; `manifest.json`, `parts/FIRST-LAST.parquet` while the sweep runs, `result.parquet` at the end

    Notes
    -----
    Every file is written under another name, flushed to the disk and renamed, so that a sweep that is killed leaves
    whole files only; what a killed one left half-written is removed by the next.
    """

    path: Path

    @property
    def result(self) -> Path:
        """The file that the sweep ends with."""
        return self.path / "result.parquet"

    @property
    def parts(self) -> Path:
        """Where the rows of finished units wait."""
        return self.path / "parts"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other sweeps out of the folder; the lock goes with the process, however it ends.

        Raises
        ------
        Problem
            If another process is at work in the folder, or the folder cannot be made.
        """
        try:
            self.parts.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise Problem(
                "--out", str(self.path), "a folder that can be written to", error.strerror or "check it"
            ) from None
        try:
            with contextlib.suppress(ImportError):  # no such lock on Windows
                import fcntl

                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    raise Problem(
                        "--out", str(self.path), "a folder that no other sweep is at work in", "wait, or name another"
                    ) from None
            yield
        finally:
            os.close(handle)

    def begin(self, plan: Plan) -> None:
        """Write the manifest, or hold it against the plan; remove what a killed sweep left half-written.

        Raises
        ------
        Problem
            If the folder belongs to another plan, or to another state of the law or the model.
        """
        known = self.manifest()
        if known is not None and known["fingerprint"] != plan.fingerprint:
            same = known["plan"] == json.loads(json.dumps(plan.to_json()))
            given = "a sweep under other law or another model" if same else "a sweep of another plan"
            raise Problem("--out", f"{self.path}, which holds {given}", "an empty folder", "name another folder")
        for left in [*self.path.glob(".*.part"), *self.parts.glob(".*.part")]:
            left.unlink(missing_ok=True)
        if known is None:
            strangers = [p.name for p in self.path.iterdir() if p.name not in (".lock", "parts")]
            if strangers or any(self.parts.iterdir()):
                given = f"{self.path}, which holds {strangers[0] if strangers else 'parts'} and no manifest"
                raise Problem("--out", given, "an empty folder", "name another folder")
            self._write_manifest(plan, {})

    def manifest(self) -> dict[str, Any] | None:
        """Return the manifest; None where there is none.

        Raises
        ------
        Problem
            If it cannot be read as one.
        """
        path = self.path / "manifest.json"
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            assert isinstance(found, dict)
            assert {"fingerprint", "plan", "units"} <= set(found)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, AssertionError):
            raise Problem(
                str(path), "no manifest of a sweep", "the one it was begun with", "name another folder"
            ) from None
        return found

    def _write_manifest(self, plan: Plan, more: dict[str, Any]) -> None:
        body = {"format": "twokey-sweep/1", "twokey": VERSION, "fingerprint": plan.fingerprint,
                "units": plan.units, "plan": plan.to_json()} | more  # fmt: skip
        _put(self.path / "manifest.json", (json.dumps(body, indent=1) + "\n").encode())

    def add(self, first: int, last: int, body: bytes) -> None:
        """Write the rows of units first to last."""
        _put(self.parts / f"{first:08d}-{last:08d}.parquet", body)

    def done(self) -> list[tuple[int, int]]:
        """Return the runs of units that are finished, in order, each unit once."""
        found, end = [], -1
        for path in sorted(self.parts.glob("*-*.parquet")):
            first, _, last = path.stem.partition("-")
            if int(first) > end:
                found.append((int(first), int(last)))
                end = int(last)
        return found

    def finish(self, plan: Plan) -> str:
        """Write the result from the parts, remove them, and return the checksum of the result's bytes.

        The rows stand in the order of units, in row groups of `ROWS`, so that the bytes do not depend on how the work
        was divided.
        """
        columns = schema(plan).with_metadata({"twokey-sweep": plan.fingerprint})
        with whole_file(self.result) as part:
            with pq.ParquetWriter(part, columns, compression="zstd", compression_level=3) as writer:
                waiting: list[pa.Table] = []
                for first, last in self.done():
                    waiting.append(pq.read_table(self.parts / f"{first:08d}-{last:08d}.parquet"))
                    while sum(t.num_rows for t in waiting) >= ROWS:
                        whole = pa.concat_tables(waiting)
                        writer.write_table(_whole(whole.slice(0, ROWS), columns), row_group_size=ROWS)
                        waiting = [whole.slice(ROWS)]
                rest = pa.concat_tables(waiting) if waiting else columns.empty_table()
                if rest.num_rows:
                    writer.write_table(_whole(rest, columns), row_group_size=ROWS)
            _flush(part)
        total = hashlib.sha256()
        with self.result.open("rb") as stream:
            while block := stream.read(1 << 20):
                total.update(block)
        self._write_manifest(plan, {"sha256": total.hexdigest(), "rows": pq.read_metadata(self.result).num_rows})
        self.tidy()
        return total.hexdigest()

    def tidy(self) -> None:
        """Remove the parts of a sweep that has its result."""
        for path in self.parts.glob("*.parquet"):
            path.unlink()


def _whole(table: pa.Table, columns: pa.Schema) -> pa.Table:
    """Return a table in one piece that begins at its own memory: the bytes written must not tell where it was cut."""
    flat = table.combine_chunks()
    return flat.take(pa.array(np.arange(flat.num_rows))).combine_chunks().cast(columns)


def _put(path: Path, body: bytes) -> None:
    with whole_file(path) as part:
        part.write_bytes(body)
        _flush(part)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
