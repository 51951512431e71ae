"""What chips a developer could lay hands on: priors of stock, and which could be bought without a licence."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from twokey.chips import catalogue
from twokey.chips.catalogue import Chip
from twokey.diversion.files import DATA, cited
from twokey.law.question import Trade
from twokey.law.timeline import timeline
from twokey.sources.text import Value, read_file

__all__ = ["Holding", "Stock", "read_stock", "standing"]


@dataclass(frozen=True, slots=True)
class Holding:
    """A chip a developer may have had: prior weight [fraction], number at 5, 50 and 95 percent [1], first month."""

    chip: Chip
    weight: float
    low: float
    mid: float
    high: float
    delivered: str
    source: str

    @property
    def spread(self) -> float:
        """Deviation of the logarithm of the number [1]."""
        return math.log(self.high / self.low) / (2 * 1.645)


@dataclass(frozen=True, slots=True)
class Stock:
    """Priors: chips held, prior of a run on lawful and controlled chips together, chance of the claim if false."""

    as_of: str
    mixed_share: float
    claim_if_false: float
    holdings: tuple[Holding, ...]
    elsewhere: tuple[Holding, ...]
    seats: dict[str, str]

    def candidates(self, seat: str) -> tuple[Holding, ...]:
        """Return the chips a developer with headquarters in `seat` may have used."""
        return self.holdings if seat == "CN" else self.elsewhere


def read_stock(path: Path | None = None) -> Stock:
    """Return the priors of stock of a file, by default the project's own.

    Raises
    ------
    Problem
        If the file cannot be used: a chip not in the catalogue, numbers out of order, a share above 1.
    """
    return _own() if path is None else _read(path)


@cache
def _own() -> Stock:
    return _read(None)


def _read(path: Path | None) -> Stock:
    shown = "diversion/stock.yaml" if path is None else str(path)
    f = read_file(DATA / "stock.yaml" if path is None else path, shown).fields(
        ("format", "chips"), ("as_of", "mixed_share", "claim_if_false", "elsewhere", "seats")
    )
    f["format"].one_of(("stock/1",))
    return Stock(
        as_of=f["as_of"].text() if "as_of" in f else "",
        mixed_share=_share(f["mixed_share"]) if "mixed_share" in f else 0.15,
        claim_if_false=_share(f["claim_if_false"]) if "claim_if_false" in f else 0.2,
        holdings=tuple(_holding(name, v, own=path is None) for name, v in f["chips"].group().items()),
        elsewhere=tuple(_anywhere(name, v) for name, v in f["elsewhere"].group().items())
        if "elsewhere" in f
        else read_stock().elsewhere,
        seats={k: v.text() for k, v in f["seats"].group().items()} if "seats" in f else read_stock().seats,
    )


def _share(value: Value) -> float:
    number = float(value.number(least=0))
    if number > 1:
        raise value.refuse("a number from 0 to 1", "write one half as 0.5")
    return number


def _holding(name: str, value: Value, *, own: bool) -> Holding:
    need = ("weight", "low", "mid", "high", "source")
    f = value.fields((*need, "confidence", "checked"), ("delivered", "note")) if own else value.fields(
        need, ("confidence", "checked", "delivered", "note")
    )  # fmt: skip
    low, mid, high = (float(f[k].number(above=0)) for k in ("low", "mid", "high"))
    if not low <= mid <= high or low == high:
        raise f["mid"].refuse(
            "low <= mid <= high, low below high", "put the three in order", given=f"{low}, {mid}, {high}"
        )
    chip = catalogue.find(name)
    delivered = f["delivered"].text() if "delivered" in f else _since(chip)
    source = cited(f)[0] if own else f["source"].text()
    return Holding(chip, float(f["weight"].number(above=0)), low, mid, high, delivered, source)


def _anywhere(name: str, value: Value) -> Holding:
    """Return a chip to be had in any number: developers outside China."""
    month = value.text()
    if len(month) != 7 or month[4] != "-" or not (month[:4] + month[5:]).isdigit():
        raise value.refuse("a month written YYYY-MM", "write the first month in which the chip could be had")
    return Holding(catalogue.find(name), 0.1, 1.0, 1e6, 1e9, month, "")


def _since(chip: Chip) -> str:
    return chip.item.us_commercial_since or chip.attributes.get("announced") or "2020-01"


def standing(holding: Holding, seat: str, by: dt.date) -> tuple[str, str]:
    """Return whether a developer could buy the chip without a licence before a day, and the reason.

    Parameters
    ----------
    seat : country of the developer's headquarters
    by : last day of the run

    Returns
    -------
    (word, reason)
        "lawful" (there was a time in which no licence was needed), "controlled" (never, or denial was presumed),
        "domestic" (the chip's seller sits in the same country), "not asked" (headquarters outside the groups the
        rules speak of), "unknown".

    Examples
    --------
    >>> held = {h.chip.id: h for h in read_stock().holdings}
    >>> [standing(held[c], "CN", dt.date(2024, 12, 26))[0] for c in ("nvidia-h800", "nvidia-h100")]
    ['lawful', 'controlled']
    """
    if holding.chip.item.seller_seat == seat:
        return "domestic", "seller and developer sit in the same country; the rules on foundries are not asked"
    if seat != "CN":
        return "not asked", f"headquarters in {seat}: stock and control are asked of developers in China only"
    year, month = holding.delivered[:4], holding.delivered[5:7] or "01"
    first = dt.date(int(year), int(month), 1)
    words, unknown = [], False
    for span in timeline(holding.chip.item, Trade(to=seat, seat=seat, parent_seat=seat)):
        begin, end = max(span.first, first), min(span.until or by, by)
        if span.first == dt.date(2022, 8, 1):
            begin = first
        if begin >= end:
            continue
        outcome = span.answer.us.outcome
        if outcome in ("not-controlled", "exception-available"):
            return "lawful", f"no licence needed from {begin} to {end}"
        unknown |= outcome == "undetermined"
        words.append(f"{outcome}, {span.answer.us.review} from {begin}")
    return ("unknown" if unknown else "controlled"), words[0] if words else "not to be had before the run ended"
