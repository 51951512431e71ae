"""Lists fetched by the user's own command, and a running yente asked in place of the embedded lists."""

from __future__ import annotations

import datetime as dt
import email.utils
import hashlib
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from twokey.diversion.files import DATA
from twokey.diversion.lists import ListInfo, store_list
from twokey.quantities.problem import Problem
from twokey.sources.text import read_file

__all__ = ["ask_yente", "fetch"]


def fetch(
    what: str, store: Path, *, name: str | None = None, sha256: str | None = None, timeout_s: float = 60.0
) -> ListInfo:
    """Fetch a list into the store, with its day and checksum.

    Parameters
    ----------
    what : name of a list the data knows ("csl"), or an address beginning with http:// or https://
    name : name of the list in the store; by default `what`
    sha256 : checksum the file must have

    Raises
    ------
    Problem
        If there is no network or no such file, the checksum differs, or the file cannot be used. The store is then as
        it was before.
    """
    known = read_file(DATA / "lists.yaml", "diversion/lists.yaml").group()["sources"].group()
    if not what.startswith(("http://", "https://")) and what not in known:
        raise Problem("--fetch", repr(what), "an address, or one of " + ", ".join(known), "write --fetch csl")
    url = known[what].group()["url"].text() if what in known else what
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as answer:
            raw: bytes = answer.read()
            stamp = answer.headers.get("Last-Modified")
    except urllib.error.HTTPError as error:
        raise Problem("--fetch", f"the answer {error.code} from {url}", "the list", "check the address") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        fix = "fetch the file on a machine with a network and give it with --list NAME=FILE"
        raise Problem("--fetch", f"no answer from {url} ({reason})", "a network", fix) from None
    have = hashlib.sha256(raw).hexdigest()
    if sha256 is not None and sha256.lower() != have:
        raise Problem("--sha256", have, f"the checksum {sha256}", "do not use the file before you know why they differ")
    day = email.utils.parsedate_to_datetime(stamp).date() if stamp else dt.date.today()
    return store_list(store, name or what, raw, date=day.isoformat(), where=url)


def ask_yente(
    address: str, queries: dict[str, dict[str, Any]], *, dataset: str = "default", timeout_s: float = 30.0
) -> list[dict[str, object]]:
    """Ask a running yente for matches and return hits of the contract's shape.

    Parameters
    ----------
    address : where yente answers, such as http://localhost:8000
    queries : by key, objects with schema and properties as yente takes them

    Raises
    ------
    Problem
        If it does not answer, or answers with something else.
    """
    url = f"{address.rstrip('/')}/match/{dataset}"
    body = json.dumps({"queries": queries}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            responses = json.loads(answer.read())["responses"]
        return [
            {
                "query": queries[key]["properties"]["name"][0], "name": r["caption"],
                "list": ", ".join(r.get("datasets", ())), "id": r["id"], "score": round(float(r["score"]), 3),
                "why": _reasons(r), "match": r.get("match"),
            }
            for key, response in responses.items()
            for r in response["results"]
        ]  # fmt: skip
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise Problem(
            "--yente", f"no usable answer from {url} ({reason})", "a running yente", "check the address"
        ) from None
    except (KeyError, TypeError) as error:
        raise Problem(
            "--yente", f"an answer without {error}", "the answer of yente's /match", "check its version"
        ) from None


def _reasons(result: dict[str, Any]) -> list[str]:
    """Return why yente found a match: explanations, or the features of older versions."""
    found = result.get("explanations") or result.get("features") or {}
    out = []
    for name, value in found.items():
        score = value.get("score") if isinstance(value, dict) else value
        detail = f" ({value['detail']})" if isinstance(value, dict) and value.get("detail") else ""
        if score:
            out.append(f"{name} {float(score):.2f}{detail}")
    return out
