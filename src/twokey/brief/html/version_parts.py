"""The part of the page that says which program and which data gave the answers: versions and checksums."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from twokey.brief.html.markup import Part, tag
from twokey.brief.html.markup import table as table_of
from twokey.law.verbs import law_stamp

if TYPE_CHECKING:
    from twokey.brief.dossier import Brief

__all__ = ["checksum_of", "twokey_version", "versions"]

_DATA = Path(__file__).resolve().parents[2] / "data"
_NAMES = {
    "chips": "catalogue of chips",
    "models": "catalogue of LLM architectures",
    "workloads": "workloads",
    "spaces": "design spaces",
    "silicon": "silicon: area, yield, cost",
    "perf": "coefficients of the performance models",
    "market": "duties, positions, decisions",
}


def twokey_version() -> str:
    """Return the version of the program."""
    return version("twokey")


def checksum_of(folder: Path) -> str:
    """Return the SHA-256 over the names and bytes of all data files of a folder.

    Examples
    --------
    >>> len(checksum_of(_DATA / "spaces"))
    64
    """
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".yaml", ".csv", ".json")):
        body = path.read_bytes()
        total.update(f"{path.relative_to(folder).as_posix()} {len(body)}\n".encode())
        total.update(body)
    return total.hexdigest()


def versions(brief: Brief) -> Part:
    """Return the program's version and the checksums of the scenario and of every kind of data it read."""
    rows: list[list[Part]] = [["Twokey", twokey_version()]]
    if brief.scenario.sha256:
        rows.append([f"scenario {brief.scenario.name}", tag("code", brief.scenario.sha256)])
    rows.append(["law", tag("code", law_stamp()["law_sha256"])])
    rows += [[says, tag("code", checksum_of(_DATA / name))] for name, says in _NAMES.items()]
    return [
        tag(
            "p",
            "The same scenario under the same version and checksums gives this dossier again, byte for byte, as a page "
            "and as a PDF. Checksums are SHA-256 over names and bytes of the files.",
        ),
        table_of(["what", "version or SHA-256"], rows),
    ]
