"""Screening lists: the Consolidated Screening List, OpenSanctions, a user's own; kept in one SQLite file."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from twokey.diversion.files import DATA
from twokey.quantities.problem import Problem
from twokey.sources.text import read_file

__all__ = ["Entry", "ListInfo", "default_store", "meaning", "parse_list", "read_lists", "shipped_extract", "store_list"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a list: its names, the first of them the main one, and what else identifies the party."""

    list: str
    id: str
    names: tuple[str, ...]
    kind: str = ""
    countries: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    since: str = ""
    cite: str = ""
    requirement: str = ""
    note: str = ""

    @property
    def stamp(self) -> str:
        """What tells one state of the record from another, so that a decision on an old state is seen to be old."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class ListInfo:
    """A list as it was read: name, day of the data, checksum of the file, number of records."""

    name: str
    date: str
    sha256: str
    entries: int

    def to_json(self) -> dict[str, object]:
        """Return name, date, checksum and number as plain JSON values."""
        return asdict(self)


def meaning(code: str) -> dict[str, str] | None:
    """Return what a match on a list means and where that stands, None for a list the data does not know.

    Examples
    --------
    >>> meaning("UVL")["cite"]
    '15 CFR 744.15'
    """
    group = read_file(DATA / "lists.yaml", "diversion/lists.yaml").group()["lists"].group()
    if code not in group:
        return None
    f = group[code].fields(("name", "means", "cite", "checked"))
    return {name: value.text() for name, value in f.items()}


def parse_list(raw: bytes, name: str, where: str) -> list[Entry]:
    """Return the records of a list file: CSL JSON, OpenSanctions entities (one JSON object a line), or CSV.

    The CSV of a user has the columns name and, if known, id, aliases, country, address, identifiers; several values in
    one cell are parted by semicolons.

    Parameters
    ----------
    name : code of the list, for records that do not say it themselves
    where : the file, for messages

    Raises
    ------
    Problem
        If the file is none of the three, or a record has no name.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem(
            where, f"a byte that is not UTF-8 at {error.start}", "a UTF-8 text file", "save as UTF-8"
        ) from None
    head = text.lstrip()[:1]
    try:
        if head == "{" and '"results"' in text[:100_000]:
            return [_of_csl(r, name, f"{where}: record {i}") for i, r in enumerate(json.loads(text)["results"])]
        if head == "[":
            return [_of_csl(r, name, f"{where}: record {i}") for i, r in enumerate(json.loads(text))]
        if head == "{":
            lines = (line for line in text.splitlines() if line.strip())
            found = [_of_opensanctions(json.loads(line), name) for line in lines]
            return [e for e in found if e is not None]
    except json.JSONDecodeError as error:
        raise Problem(
            f"{where}:{error.lineno}", f"text that is not JSON ({error.msg})", "a whole file", "fetch it again"
        ) from None
    except (KeyError, TypeError, AttributeError) as error:
        raise Problem(
            where, f"a record of another shape ({error})", "CSL or OpenSanctions records", "check the file"
        ) from None
    return list(_of_csv(text, name, where))


def _texts(value: Any) -> list[str]:
    if value is None or value == "":
        return []
    return [str(v).strip() for v in value if v] if isinstance(value, list) else [str(value).strip()]


def _of_csl(r: dict[str, Any], fallback: str, where: str) -> Entry:
    source = str(r.get("source") or "")
    code = source.split("(")[1].split(")")[0] if "(" in source and ")" in source else fallback
    addresses, countries = [], []
    for a in r.get("addresses") or ():
        parts = [a.get(k) for k in ("address", "city", "state", "state_or_province", "postal_code", "country")]
        line = ", ".join(str(p) for p in parts if p)
        if any(parts[:-1]):
            addresses.append(line)
        if a.get("country"):
            countries.append(str(a["country"]))
    names = [str(r.get("name") or "").strip(), *_texts(r.get("alt_names"))]
    if not names[0]:
        raise Problem(where, "a record without a name", "a name", "check the file")
    note = str(r.get("remarks") or "")
    return Entry(
        code, str(r.get("id") or r.get("entity_number") or names[0]), tuple(dict.fromkeys(n for n in names if n)),
        str(r.get("type") or ""), tuple(dict.fromkeys(countries)), tuple(dict.fromkeys(addresses)),
        tuple(str(i["number"]) for i in r.get("ids") or () if i.get("number")), str(r.get("start_date") or ""),
        str(r.get("federal_register_notice") or ""), str(r.get("license_requirement") or ""), note,
    )  # fmt: skip


_SCHEMATA = ("Person", "Company", "Organization", "LegalEntity", "PublicBody", "Vessel", "Airplane", "Asset")


def _of_opensanctions(r: dict[str, Any], fallback: str) -> Entry | None:
    if r.get("schema") not in _SCHEMATA:
        return None
    p: dict[str, list[str]] = r["properties"]
    names = [str(r.get("caption") or ""), *p.get("name", ()), *p.get("alias", ()), *p.get("previousName", ())]
    numbers = ("registrationNumber", "taxNumber", "innCode", "ogrnCode", "leiCode", "uscCode", "swiftBic", "imoNumber")
    countries = [c.upper() for key in ("country", "jurisdiction", "mainCountry") for c in p.get(key, ())]
    return Entry(
        fallback, str(r["id"]), tuple(dict.fromkeys(n for n in names if n)), str(r["schema"]).lower(),
        tuple(dict.fromkeys(countries)), tuple(dict.fromkeys(p.get("address", ()))),
        tuple(v for key in numbers for v in p.get(key, ())), str(r.get("first_seen") or ""),
        "; ".join(p.get("programId", ())), "; ".join(p.get("topics", ())), "; ".join(p.get("notes", ())[:1]),
    )  # fmt: skip


def _of_csv(text: str, code: str, where: str) -> Iterator[Entry]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if "name" not in (reader.fieldnames or ()):
        given = ", ".join(reader.fieldnames or ()) or "an empty file"
        raise Problem(f"{where}:1", given[:120], "a column 'name', or a CSL or OpenSanctions file", "add the column")
    for i, row in enumerate(reader, 1):

        def cell(key: str, row: dict[str, Any] = row) -> tuple[str, ...]:
            return tuple(part.strip() for part in str(row.get(key) or "").split(";") if part.strip())

        names = (str(row["name"] or "").strip(), *cell("aliases"))
        if not names[0]:
            raise Problem(f"{where}:{reader.line_num}", "a row without a name", "a name", "write it, or remove the row")
        yield Entry(
            code, str(row.get("id") or i), names, "", tuple(c.upper() for c in cell("country")), cell("address"),
            cell("identifiers"),
        )  # fmt: skip


# -- the store --------------------------------------------------------------------------------------


def default_store() -> Path:
    """Return the file in which fetched lists are kept: in the user's folder of data."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "twokey" / "lists.sqlite"


_TABLES = """
create table if not exists list (name text primary key, date text, sha256 text, entries integer);
create table if not exists entry (list text, position integer, record text);
create index if not exists of_list on entry (list);
"""


def store_list(path: Path, name: str, raw: bytes, *, date: str, where: str) -> ListInfo:
    """Put a list into the store in place of an earlier one of that name; all of it or nothing.

    Parameters
    ----------
    raw : the file as it came
    date : day of the data, YYYY-MM-DD
    where : where it came from, for messages

    Raises
    ------
    Problem
        If the file cannot be used or the store cannot be written.
    """
    entries = parse_list(raw, name, where)
    if not entries:
        raise Problem(where, "a file without records", "a list", "fetch it again")
    info = ListInfo(name, date, hashlib.sha256(raw).hexdigest(), len(entries))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path)) as db, db:
            db.executescript(_TABLES)
            db.execute("delete from entry where list = ?", (name,))
            db.execute("insert or replace into list values (?, ?, ?, ?)", (name, date, info.sha256, len(entries)))
            rows = ((name, i, json.dumps(asdict(e), ensure_ascii=False)) for i, e in enumerate(entries))
            db.executemany("insert into entry values (?, ?, ?)", rows)
    except (OSError, sqlite3.Error) as error:
        raise Problem(
            str(path), str(error), "a file that can be written", "check the folder, or give --store"
        ) from None
    return info


def read_lists(path: Path) -> tuple[list[ListInfo], list[Entry]]:
    """Return the lists of a store and their records.

    Raises
    ------
    Problem
        If the store cannot be read.
    """
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            infos = [ListInfo(*row) for row in db.execute("select name, date, sha256, entries from list order by name")]
            rows: Iterable[tuple[str]] = db.execute("select record from entry order by list, position").fetchall()
    except sqlite3.Error as error:
        raise Problem(str(path), str(error), "a store of lists", "make one with `twokey screen --fetch csl`") from None
    entries = []
    for (text,) in rows:
        record = json.loads(text)
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in record.items()}
        entries.append(Entry(**fields))
    return infos, entries


def shipped_extract() -> tuple[ListInfo, list[Entry]]:
    """Return the small extract of the Entity List that comes with the programme; it is not the list.

    Examples
    --------
    >>> info, entries = shipped_extract()
    >>> info.entries == len(entries) > 10
    True
    """
    raw = (DATA / "extract.json").read_bytes()
    entries = parse_list(raw, "EL", "diversion/extract.json")
    date = str(json.loads(raw)["date"])
    return ListInfo("extract of the Entity List", date, hashlib.sha256(raw).hexdigest(), len(entries)), entries
