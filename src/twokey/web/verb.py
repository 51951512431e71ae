"""One verb as programs see it: a function, its parameters as JSON Schema, its answer as text."""

from __future__ import annotations

import difflib
import inspect
import json
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pydantic

from twokey.api import Problem

__all__ = ["Lines", "Verb", "nearest"]

Json = Any


@dataclass(frozen=True)
class Lines:
    """A long list of answers that is made while it is read, and what stands in the object after it."""

    name: str
    answers: Iterator[Any]
    after: Mapping[str, Any]

    def text(self) -> Iterator[str]:
        """Yield the pieces of one JSON object, as the command line prints it."""
        before = f'{{"{self.name}": ['
        for answer in self.answers:
            yield before + (answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False))
            before = ",\n "
        rest = "".join(f", {json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in self.after.items())
        yield ("]" if before == ",\n " else before + "]") + rest + "}\n"


@dataclass(frozen=True)
class Verb:
    """A verb by its name, and the function that answers it.

    Parameters
    ----------
    answer : takes the parameters by keyword; their types and descriptions are those of its signature
    """

    name: str
    answer: Callable[..., Json]

    @property
    def says(self) -> str:
        """What the verb answers, in one line."""
        return (inspect.getdoc(self.answer) or "").split("\n\n")[0].replace("\n", " ")

    @cached_property
    def model(self) -> type[pydantic.BaseModel]:
        """The parameters as a model that checks and converts what is given."""
        hints = typing.get_type_hints(self.answer, include_extras=True)
        fields: dict[str, Any] = {
            name: (hints[name], ... if p.default is p.empty else p.default)
            for name, p in inspect.signature(self.answer).parameters.items()
        }
        config = pydantic.ConfigDict(extra="forbid", populate_by_name=True)
        return pydantic.create_model(self.name, __config__=config, **fields)

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The parameters as JSON Schema (2020-12)."""
        found: dict[str, Any] = self.model.model_json_schema(by_alias=True)
        found.pop("title", None)
        for one in found.get("properties", {}).values():
            one.pop("title", None)
        return found

    def many(self, name: str) -> bool:
        """Return whether a parameter is a list, so that it may be given more than once."""
        one = self.schema["properties"].get(name, {})
        return any(part.get("type") == "array" for part in (one, *one.get("anyOf", ())))

    def __call__(self, given: Mapping[str, Any]) -> Json:
        """Return the answer for parameters by name.

        Raises
        ------
        Problem
            If a parameter is not known, is missing or cannot be used.
        """
        try:
            model = self.model.model_validate(dict(given))
        except pydantic.ValidationError as error:
            raise self._problem(error) from None
        return self.answer(**{name: getattr(model, name) for name in type(model).model_fields})

    def text(self, given: Mapping[str, Any]) -> Iterator[str]:
        """Yield the answer as JSON text, byte for byte what the command line prints with ``--json``.

        Raises
        ------
        Problem
            As for a call.
        """
        answer = self(given)
        if isinstance(answer, Lines):
            yield from answer.text()
        else:
            yield json.dumps(answer, ensure_ascii=False) + "\n"

    def _problem(self, error: pydantic.ValidationError) -> Problem:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "the parameters"
        where = f"{self.name}, {name}"
        known = list(self.schema.get("properties", {}))
        if first["type"] == "extra_forbidden":
            return Problem(where, f"the parameter {name!r}", "one of " + ", ".join(known), nearest(name, known))
        if first["type"] == "missing":
            return Problem(where, "nothing", f"a value for {name!r}", f"add {name}; /api/openapi.json describes it")
        fix = "/api/openapi.json describes each parameter"
        return Problem(where, repr(first["input"])[:80], first["msg"].removeprefix("Input should be ").lower(), fix)


def nearest(word: str, known: list[str]) -> str:
    """Return what to write in place of a word that is not known.

    Examples
    --------
    >>> nearest("chek", ["check", "chips"])
    "did you mean 'check'?"
    """
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {near[0]!r}?" if near else "write one of the names listed"
