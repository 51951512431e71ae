"""A page written out: as HTML, as JSON, as a table."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from starlette.responses import Response

from twokey import __version__, api
from twokey.api import Problem
from twokey.web.page import Ask, Page, Table
from twokey.web.words import FILTERS, SIGNS

__all__ = ["ENDINGS", "NAV", "asset_stamp", "fragment", "write"]

HERE = Path(__file__).parent
ENDINGS = (".json", ".csv", ".xlsx")
"""What stands behind an address to get the page for programs and spreadsheets."""

NAV = (
    ("/plane", "Plane"),
    ("/check", "Check"),
    ("/design", "Design"),
    ("/performance", "Performance"),
    ("/money", "Money"),
    ("/buyer", "Buyer"),
    ("/policy", "Policy"),
    ("/law", "Law"),
    ("/chips", "Catalogue"),
    ("/dossier", "Dossier"),
)
"""The way through the site."""


@cache
def asset_stamp() -> str:
    """Return a short checksum over the site's own assets, so that a browser fetches them anew when they change."""
    total = hashlib.sha256(__version__.encode())
    for path in sorted((HERE / "assets").iterdir()):
        total.update(path.read_bytes())
    return total.hexdigest()[:10]


@cache
def _templates() -> jinja2.Environment:
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    env.filters |= FILTERS | {
        "values": lambda row: list(row.values()),
        "leaf": lambda one: [" / ".join(one["path"]), one["probability"], one["mean_usd"] / 1e9],
    }
    env.globals |= {
        "NAV": NAV, "SIGNS": SIGNS, "version": __version__, "stamp": asset_stamp(), "data": _data,
        "law_sha256": api.law_stamp()["law_sha256"][:12],
    }  # fmt: skip
    return env


def _data(value: Any) -> Markup:
    """Return JSON that may stand inside a script element that is not run."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace("\u2028", " ").replace("\u2029", " "))


def fragment(template: str, **words: Any) -> str:
    """Return a piece of a page."""
    return _templates().get_template(template).render(**words)


def write(page: Page, ask: Ask, ending: str = "") -> Response:
    """Return the response for a page; `ending` is one of `ENDINGS`, or empty for HTML.

    Raises
    ------
    Problem
        If the page has nothing of that kind.
    """
    if ending == ".json":
        if page.answer is None:
            raise Problem(ask.path + ending, "a page that is not JSON", "one that is", "leave the ending out")
        body = json.dumps(page.answer, ensure_ascii=False) + "\n"
        return _sent(body.encode(), "application/json", page)
    if ending in (".csv", ".xlsx"):
        if not page.tables:
            raise Problem(ask.path + ending, "a page without a table", "one that has one", "leave the ending out")
        if ending == ".csv":
            return _sent(_csv(page.tables[0]), "text/csv; charset=utf-8", page, _name(ask, ending))
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return _sent(_xlsx(page.tables), kind, page, _name(ask, ending))
    if page.file is not None:
        return _sent(page.file, page.kind, page)
    html = fragment(page.template, page=page, ask=ask, **page.words)
    return _sent(html.encode(), "text/html; charset=utf-8", page)


def _sent(body: bytes, kind: str, page: Page, file: str | None = None) -> Response:
    headers = {"cache-control": "no-store" if page.live or page.status != 200 else "no-cache"}
    if page.policy is not None:
        headers["content-security-policy"] = page.policy
    if page.fresh:
        headers["hx-refresh"] = "true"
    if file is not None:
        headers["content-disposition"] = f'attachment; filename="{file}"'
    return Response(body, page.status, headers, kind)


def _name(ask: Ask, ending: str) -> str:
    return "twokey-" + (ask.path.strip("/").replace("/", "-") or "home") + ending


def _csv(table: Table) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.heads)
    writer.writerows([_harmless(cell) for cell in row] for row in table.rows)
    return out.getvalue().encode()


def _harmless(cell: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@") and len(cell) > 1 else cell


def _xlsx(tables: Any) -> bytes:
    import datetime as dt

    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": dt.datetime(2000, 1, 1)})  # the same page gives the same bytes
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        for table in tables:
            sheet = book.add_worksheet(table.name[:31])
            sheet.freeze_panes(1, 1)
            sheet.write_row(0, 0, table.heads, head)
            for i, row in enumerate(table.rows, 1):
                sheet.write_row(i, 0, [c if isinstance(c, int | float | str) or c is None else str(c) for c in row])
            sheet.autofit(300)
    return out.getvalue()
