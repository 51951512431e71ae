"""The index of aliases: written anew by `python -m twokey.chips.index` after a chip's file was added or changed."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from twokey.chips.catalogue import index_rows

__all__ = ["index_text"]

_PATH = Path(__file__).parent.parent / "data" / "chips" / "index.csv"


def index_text() -> str:
    """Return the index as text: a line `alias,id` for every name and alias, sorted."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("alias", "id"))
    writer.writerows(index_rows())
    return out.getvalue()


if __name__ == "__main__":
    _PATH.write_text(index_text(), encoding="utf-8")
    print(f"wrote {len(index_rows())} aliases to {_PATH.name}")
