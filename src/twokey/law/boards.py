"""Boards, servers and assemblies: judged by each chip they hold, never by their own sum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from twokey.chips.item import ItemSheet
from twokey.law.answer import Answer
from twokey.law.day import DayLaw
from twokey.quantities.problem import Problem

__all__ = ["of_board"]

_VERDICTS = ("open", "conditional", "undetermined", "shut")
_OUTCOMES = ("not-controlled", "exception-available", "undetermined", "licence-required")


def of_board(board: ItemSheet, law: DayLaw, judge: Callable[[ItemSheet], Answer]) -> Answer:
    """Return the answer for what holds chips: that of the chip with the strictest one, under the board's paragraph.

    The paragraph is that of 4A090 where the law of the day has one; what is described elsewhere in the list takes the
    .z paragraph of that entry with the same requirement. Loose memory stacks on a board count for nothing.

    Parameters
    ----------
    judge : the answer for a chip in the trade

    Raises
    ------
    Problem
        If a chip it holds cannot be found, holds chips itself, or it holds none that counts.
    """
    from twokey.law.bulk import sheet_named

    answers: list[tuple[int, Answer]] = []
    for held in board.holds:
        chip = sheet_named(held.item)
        if chip.holds:
            raise Problem(f"{board.name}: holds", held.item, "a chip", "name the chips on it instead")
        if chip.memory_stack is None:
            chip = chip if chip.seller is not None else replace(chip, seller=board.seller)
            answers.append((held.count, judge(chip)))
    if not answers:
        raise Problem(f"{board.name}: holds", "memory stacks alone", "at least one processor", "judge the stacks")
    _, worst = max(answers, key=lambda a: (_VERDICTS.index(a[1].verdict), _OUTCOMES.index(a[1].us.outcome)))
    names = {code: new for p in law.layer("derived", "US") for code, new in p.version.renames.items()}
    codes = tuple(dict.fromkeys(names.get(c, c) for c in worst.us.classification))
    listed = ", ".join(f"{n} x {a.item}" for n, a in answers)
    notes = [f"holds {listed}; each chip is judged by itself, never the sum, and {worst.item} decides"]
    notes += [
        f"{new} stands for a computer, assembly or component; one described elsewhere in the list takes the .z"
        f" paragraph of that entry, of the {new[-1]} type, with the same requirement"
        for new in codes
        if new in names.values() and new[-2:] in (".a", ".b")
    ]
    return replace(
        worst,
        item=board.id or board.name,
        us=replace(worst.us, classification=codes),
        notes=(*notes, *worst.notes),
        flags=tuple({str(f): f for _, a in answers for f in a.flags}.values()),
        conflicts=tuple({str(c): c for _, a in answers for c in a.conflicts}.values()),
    )
