"""The first page: the question, and where to go with it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from twokey import api
from twokey.web.fields import trade_asked
from twokey.web.page import Ask, Page

__all__ = ["PLACES", "home"]

_SHOWN = ("nvidia-h20", "nvidia-h200", "amd-mi308x", "nvidia-rtx-4090", "huawei-ascend-910c")


def home(_ask: Ask, _: Any) -> Page:
    """Return the first page: a question to type, five well-known chips today, what the law changed last."""
    facts = trade_asked(Ask("/", {}, []), seated=True)
    rows = []
    for name in _SHOWN:
        answer: dict[str, Any] = api.check(name, facts)[0].to_json()
        rows.append({"id": name, "name": api.item(name).name, "answer": answer})
    today = dt.date.today()
    moved = api.changes((today - dt.timedelta(days=550)).isoformat(), today.isoformat())
    return Page("home.html", "Twokey", {"rows": rows, "moved": moved[::-1][:6], "today": today}, {"chips": rows})


PLACES = [("/", home)]
