"""The description of the JSON interface (OpenAPI 3.1), made from the table of verbs."""

from __future__ import annotations

from typing import Any

from twokey import __version__
from twokey.web.answers import VERBS
from twokey.web.shapes import SHAPES
from twokey.web.verb import Verb

__all__ = ["description"]


def description() -> dict[str, Any]:
    """Return the description as JSON values; parameters are those of the functions that answer.

    Examples
    --------
    >>> found = description()
    >>> found["openapi"], "/api/check" in found["paths"]
    ('3.1.0', True)
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Twokey",
            "version": __version__,
            "summary": "Which AI chip may ship under two governments' rules on a given day",
            "description": "The answers of the command line's `--json`, byte for byte. Informs decisions; it is not "
            "legal advice. Files are never read: give sheets and tables as data.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": {f"/api/{name}": _path(verb) for name, verb in VERBS.items()},
        "components": {
            "schemas": {"Error": _ERROR, **{_title(name): SHAPES[name] for name in VERBS}},
            "responses": {
                "Error": {
                    "description": "The input cannot be used: what stood where, what was needed, how to mend it.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
                }
            },
        },
    }


_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["kind", "where", "message", "fix"],
            "properties": {
                "kind": {"enum": ["bad-input", "bad-data", "usage"]},
                "where": {"type": "string"},
                "message": {"type": "string"},
                "fix": {"type": "string"},
            },
        }
    },
}


def _title(name: str) -> str:
    return name[0].upper() + name[1:]


def _path(verb: Verb) -> dict[str, Any]:
    schema = verb.schema
    required = schema.get("required", [])
    in_query = {name: one for name, one in schema.get("properties", {}).items() if _fits_a_query(one)}
    parameters = [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": one.get("description", ""),
            "schema": {k: v for k, v in one.items() if k != "description"},
        }
        for name, one in in_query.items()
    ]
    responses = {
        "200": {
            "description": verb.says,
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{_title(verb.name)}"}}},
        },
        "400": {"$ref": "#/components/responses/Error"},
    }
    body: dict[str, Any] = {"application/json": {"schema": schema}}
    if "cases" in schema.get("properties", {}):
        body["text/csv"] = {"schema": {"type": "string", "description": "The table of cases."}}
    asked = {"summary": verb.says, "responses": responses}
    post = {"operationId": f"{verb.name}-post", **asked, "requestBody": {"content": body}}
    if set(required) - set(in_query):
        return {"post": post}
    return {"get": {"operationId": verb.name, **asked, "parameters": parameters}, "post": post}


def _fits_a_query(one: dict[str, Any]) -> bool:
    parts = one.get("anyOf", (one,))
    return all(p.get("type") != "object" and p.get("items", {}).get("type") != "object" for p in parts)
