"""What the verbs share: options, JSON on standard output, words for people, a progress line."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Annotated, Any

import typer

from twokey.api import Problem

__all__ = [
    "As",
    "assumptions",
    "check_gap",
    "console",
    "day",
    "number",
    "one_of",
    "print_json",
    "progress_line",
    "stream_json",
    "yes_no",
]


class As:
    """Option types that several verbs use."""

    Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
    To = Annotated[str | None, typer.Option("--to", help="Country of destination, ISO 3166 alpha-2, such as CN.")]
    On = Annotated[str | None, typer.Option("--on", help="Day of the trade, YYYY-MM-DD. Default: today.")]
    Seat = Annotated[
        str | None, typer.Option("--seat", help="Country where the end user's ultimate parent has its headquarters.")
    ]
    From = Annotated[str | None, typer.Option("--from", help="Country of export. Default: US.")]
    Seller = Annotated[str | None, typer.Option("--seller", help="Who sells, such as nvidia. Letters bind addressees.")]
    Datacentre = Annotated[
        str | None, typer.Option("--datacentre", help="yes or no: designed or marketed for data centres.")
    ]
    TradeSheet = Annotated[str | None, typer.Option("--trade", help="A YAML sheet with the facts of the trade.")]
    KnownOn = Annotated[
        str | None, typer.Option("--known-on", help="Use only law that could be known on this day, YYYY-MM-DD.")
    ]
    Assume = Annotated[
        list[str] | None,
        typer.Option("--assume", help="RULE=VALUE: a number that a rule needs and nobody published. Repeatable."),
    ]
    With = Annotated[
        list[str] | None, typer.Option("--with", help="A proposed rule's file, evaluated on top. Repeatable.")
    ]


def yes_no(text: str | None, option: str) -> bool | None:
    """Return True for yes, False for no, None when the option was not given; refuse any other word."""
    if text is None:
        return None
    if text in ("yes", "no"):
        return text == "yes"
    raise Problem(option, repr(text), "yes or no", f"write {option} yes")


def number(text: str, where: str) -> Fraction:
    """Return the exact value of a number given on the command line; refuse what is not one."""
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise Problem(where, repr(text), "a number", "write digits, with a point for decimals") from None


def day(text: str | None, option: str) -> dt.date | None:
    """Return the day given as YYYY-MM-DD, None when the option was not given; refuse what is no day."""
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError:
        raise Problem(option, repr(text), "a day that exists, YYYY-MM-DD", "write it like 2025-04-17") from None


def check_gap(gap: float) -> None:
    """Do nothing for a gap that is a share between 0 and 1; refuse any other."""
    if not 0 < gap < 1:
        raise Problem("--gap", str(gap), "a number between 0 and 1", "write it like 0.01")


def one_of(option: str, value: str, allowed: tuple[str, ...]) -> None:
    """Do nothing for a word that is among those allowed; refuse any other."""
    if value not in allowed:
        raise Problem(option, repr(value), "one of " + ", ".join(allowed), f"write {option} {allowed[0]}")


def assumptions(given: list[str] | None) -> dict[str, Fraction]:
    """Return the numbers given as RULE=VALUE; refuse what is not written so."""
    found: dict[str, Fraction] = {}
    for one in given or ():
        rule, mark, value = one.partition("=")
        if not mark or not rule:
            raise Problem("--assume", repr(one), "RULE=VALUE", "write it like cn/ndrc-efficiency=0.5")
        found[rule] = number(value, "--assume")
    return found


def print_json(answer: Any) -> None:
    """Print one JSON object on standard output."""
    print(json.dumps(answer, ensure_ascii=False))


def stream_json(name: str, answers: Iterable[Any], **more: Any) -> None:
    """Print one object with a list under `name` while the answers come, so that a long batch needs no memory.

    An answer may be JSON text already. `more` stands in the object after the list.
    """
    out = sys.stdout
    before = f'{{"{name}": ['  # written with the first answer, so that a file that cannot be read leaves nothing
    for answer in answers:
        out.write(before + (answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)))
        before = ",\n "
    rest = "".join(f", {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in more.items())
    out.write(("]" if before == ",\n " else before + "]") + rest + "}\n")


def console(stderr: bool = False) -> Any:
    """Return a rich console; colours are off when the output is not a terminal."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


@contextmanager
def progress_line(show: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """Show stages with a bar and the time left on standard error while work goes on."""
    if not show:
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def step(stage: str, done: int, total: int) -> None:
            bar.update(task, description=stage, completed=done, total=total)

        yield step
