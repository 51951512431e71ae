"""The duty stack: which measures a good meets at a border on a day, each with its rate, and their sum.

Rates are percent of value and exact. A rate that was not established is a span (at least, at most);
the total is a number only when every span is a point, else it is undetermined and a floor is given.
Where the good comes from is an input: a chip counts, for both customs, as coming from where its wafer was
made or where it was last substantially transformed, and not from where it was designed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from fractions import Fraction

from twokey.chips.item import ItemSheet
from twokey.law.groups import parse_country
from twokey.quantities.exact import as_text
from twokey.quantities.problem import Problem
from twokey.quantities.shown import Shown
from twokey.quantities.unknown import Truth, all_of, any_of
from twokey.sources.text import parse_day
from twokey.trade.heading import GENERAL, parse_heading, within
from twokey.trade.tariffs import Band, Measure, Row, Tariffs, tariffs

__all__ = ["LISTS_301", "Charge", "Duty", "duty"]

LISTS_301 = ("1", "3", "4A", "none")
"""What a good outside the chip headings may be told about Section 301: the list it stands on, or none."""

_LETTER = {"high": "H", "medium": "M", "low": "L", "rumour": "L", "derived": "M"}


@dataclass(frozen=True, slots=True)
class Charge:
    """One measure as it meets one good: its rate, or the span the rate lies in when it was not established.

    `at_most_percent` is None when no upper end is known. `reason` says why the rate is zero or open.
    """

    id: str
    measure: str
    family: str
    at_least_percent: Fraction
    at_most_percent: Fraction | None
    basis: str
    cite: str
    confidence: str
    checked: str
    reason: str = ""
    needs: str = ""

    @property
    def rate_percent(self) -> Fraction | None:
        """The rate when it is settled [percent], else None."""
        return self.at_least_percent if self.at_least_percent == self.at_most_percent else None

    def to_json(self) -> dict[str, object]:
        """Return the charge as one entry of the contract's `measures`."""
        out: dict[str, object] = {
            "measure": self.measure,
            "id": self.id,
            "rate_percent": _plain(self.rate_percent),
            "basis": self.basis,
            "cite": self.cite,
            "confidence": _LETTER[self.confidence],
            "checked": self.checked,
        }
        if self.rate_percent is None:
            out |= {"at_least_percent": _plain(self.at_least_percent), "at_most_percent": _plain(self.at_most_percent)}
        if self.reason:
            out["reason"] = self.reason
        return out


@dataclass(frozen=True, slots=True)
class Duty(Shown):
    """All charges on one good at one border on one day."""

    item: str | None
    to: str
    origin: str
    hts: str
    on: dt.date
    charges: tuple[Charge, ...]
    left_out: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def floor_percent(self) -> Fraction:
        """The least the duty can be [percent]."""
        return sum((c.at_least_percent for c in self.charges), Fraction(0))

    @property
    def ceiling_percent(self) -> Fraction | None:
        """The most the duty can be [percent]; None when a rate has no known upper end."""
        highs = [c.at_most_percent for c in self.charges]
        return None if None in highs else sum((h for h in highs if h is not None), Fraction(0))

    @property
    def total_percent(self) -> Fraction | None:
        """The duty [percent], or None when it is undetermined."""
        return self.floor_percent if self.floor_percent == self.ceiling_percent else None

    @property
    def unknown(self) -> tuple[str, ...]:
        """What would settle the total: the facts that are missing, each once."""
        return tuple(dict.fromkeys(c.needs for c in self.charges if c.rate_percent is None))

    def subtotal_percent(self, family: str) -> Fraction | None:
        """Return the sum of the measures of one family, such as ``ieepa`` [percent]; None when undetermined."""
        rates = [c.rate_percent for c in self.charges if c.family == family]
        return None if None in rates else sum((r for r in rates if r is not None), Fraction(0))

    def amount_usd(self, value_usd: Fraction | int) -> Fraction | None:
        """Return the duty on goods of a value [USD], all bases taken as that value; None when undetermined."""
        total = self.total_percent
        return None if total is None else Fraction(value_usd) * total / 100

    def to_json(self) -> dict[str, object]:
        """Return the contract's answer of `duty`."""
        return {
            "item": self.item,
            "to": self.to,
            "origin": self.origin,
            "hts": self.hts,
            "on": self.on.isoformat(),
            "measures": [c.to_json() for c in self.charges],
            "total_percent": _plain(self.total_percent),
            "floor_percent": _plain(self.floor_percent),
            "ceiling_percent": _plain(self.ceiling_percent),
            "unknown": list(self.unknown),
            "left_out": list(self.left_out),
            "notes": list(self.notes),
        }


def duty(
    item: ItemSheet | None,
    *,
    to: str,
    origin: str,
    hts: str,
    on: dt.date | str,
    list_301: str | None = None,
    mfn_percent: Fraction | int | None = None,
    end_use: str | None = None,
) -> Duty:
    """Return the duty on a good that enters a country on a day.

    Parameters
    ----------
    item : the chip in or on the good; None when unknown (then duties keyed to a chip's figures stay open)
    to : importing country, ``US`` or ``CN``
    origin : country of origin for customs, ISO 3166 alpha-2: of a bare chip where its wafer was made
    hts : tariff heading of 4 to 10 digits, or ``general`` for a good of no particular heading
    on : day of entry
    list_301 : for goods outside the chip headings, the Section 301 list: one of `LISTS_301`
    mfn_percent : column 1 rate of a heading that the data do not hold [percent]
    end_use : an end use that Section 232 spares and that the importer claims, such as ``us-data-centre``

    Returns
    -------
    Duty
        Charges in the order MFN, Section 301, IEEPA, Section 122, Section 232; or the Chinese retaliation.

    Raises
    ------
    Problem
        For a destination that is neither US nor CN, an origin that is no country or is the
        destination itself, a heading that cannot be one, a day before the data begin.

    References
    ----------
    Each charge carries its own: proclamations, orders and announcements named in ``data/market/tariffs.yaml``.

    Examples
    --------
    A GPU board of Chinese origin on 17 April 2025 bore 45 percent, not 145:

    >>> d = duty(None, to="US", origin="CN", hts="8473.30", on="2025-04-17")
    >>> [(c.measure, int(c.rate_percent)) for c in d.charges]  # doctest: +NORMALIZE_WHITESPACE
    [('US MFN', 0), ('US Section 301 List 3', 25), ('US IEEPA fentanyl', 20), ('US IEEPA reciprocal', 0)]
    >>> int(d.total_percent)
    45
    >>> duty(None, to="CN", origin="US", hts="8542", on="2025-04-17").to_json()["total_percent"]
    125
    """
    data = tariffs()
    day = parse_day(on, "--on") if isinstance(on, str) else on
    code = parse_heading(hts, data.headings)
    to, origin = parse_country(to, "--to"), parse_country(origin, "--origin")
    _check(data, to, origin, day, list_301, end_use)
    found: dict[str, Charge] = {}
    for measure in data.measures:
        if measure.to == to and within(code, measure.not_for) is not True:
            charge = _charge(data, measure, item, origin, code, day, list_301, mfn_percent, end_use)
            if charge is not None:
                found[measure.id] = charge
    charges = tuple(_settle_stacking(data, found, charge) for charge in found.values())
    notes = [f"the data end on {data.horizon}: later measures are not in them"] if day > data.horizon else []
    if code != GENERAL and not any(within(code, [h]) for h in data.headings):
        notes.append(f"heading {code} is not divided in the data: measures on all goods are counted")
    return Duty(item.id or item.name if item else None, to, origin, code, day, charges, data.left_out[to], tuple(notes))


def _check(data: Tariffs, to: str, origin: str, day: dt.date, list_301: str | None, end_use: str | None) -> None:
    if to not in data.covered_from:
        raise Problem("--to", f"{to!r}", "US or CN", "ask for a border of the United States or of China")
    if origin == to:
        raise Problem(
            "--origin", f"{origin} into {to}", "an origin other than the destination", "give the country of make"
        )
    if day < data.covered_from[to]:
        begin = data.covered_from[to]
        raise Problem("--on", str(day), f"a day from {begin} on", f"the duties of {to} are in the data since {begin}")
    if list_301 is not None and list_301 not in LISTS_301:
        raise Problem("--list-301", f"{list_301!r}", "one of " + ", ".join(LISTS_301), "leave it out if unknown")
    if end_use is not None and end_use not in data.end_uses:
        raise Problem(
            "--end-use", f"{end_use!r}", "one of " + ", ".join(data.end_uses), "leave it out if none is claimed"
        )


def _charge(
    data: Tariffs,
    measure: Measure,
    item: ItemSheet | None,
    origin: str,
    code: str,
    day: dt.date,
    list_301: str | None,
    mfn_percent: Fraction | int | None,
    end_use: str | None,
) -> Charge | None:
    row = _row_of(measure, code, day, list_301)
    if row is None:
        return None
    charge = Charge(
        measure.id, measure.measure, measure.family, row.at_least_percent, row.at_most_percent, measure.basis,
        row.cite, row.confidence, row.checked, row.note, row.needs,
    )  # fmt: skip
    if row.list not in (None, "none", "?"):
        charge = replace(charge, measure=f"{measure.measure} List {row.list}")
    if measure.input == "mfn_percent" and row.rate_percent is None and mfn_percent is not None:
        rate = Fraction(mfn_percent)
        return replace(charge, at_least_percent=rate, at_most_percent=rate, reason="rate as given", needs="")
    reached = "any" in measure.origins or origin in measure.origins
    unsure = not reached and ("any" in measure.unknown_origins or origin in measure.unknown_origins)
    if not reached and not unsure:
        only = ", ".join(measure.origins)
        return _zero(charge, f"of origin {origin}; the measure strikes goods of origin {only} only")
    if measure.exemption is not None:
        exempt = within(code, data.lists[measure.exemption.list])
        if exempt is True:
            e = measure.exemption
            return replace(_zero(charge, e.reason), cite=e.cite, confidence=e.confidence, checked=e.checked)
        if exempt is None:
            return _open(charge, f"the subheading of {code}: the electronics exemption holds for part of it")
    if unsure:
        return replace(_open(charge, f"the rate for goods of origin {origin}"), at_most_percent=None)
    if measure.uncertain_for is not None and within(code, data.lists[measure.uncertain_for.list]) is not False:
        return _open(charge, measure.uncertain_for.needs)
    return _by_chip(data, charge, measure, item, end_use) if measure.bands else charge


def _row_of(measure: Measure, code: str, day: dt.date, list_301: str | None) -> Row | None:
    wanted = (list_301 or "?") if measure.input == "list_301" else None
    for row in measure.rows:
        if day in row.period and row.list == wanted and within(code, row.headings) is True:
            return row
    return None


def _by_chip(data: Tariffs, charge: Charge, measure: Measure, item: ItemSheet | None, end_use: str | None) -> Charge:
    if end_use is not None:
        return _zero(charge, f"end use claimed: {data.end_uses[end_use]}")
    tpp = item.tpp if item else None
    dram = item.dram_bandwidth_GBps if item else None
    held = any_of(_inside(band, tpp, dram) for band in measure.bands)
    if held is None:
        names = [n for n, v in (("the chip's TPP", tpp), ("the chip's DRAM bandwidth", dram)) if v is None]
        return _open(charge, " and ".join(names))
    shown = f"TPP {as_text(tpp)}" if tpp is not None else "TPP unknown"
    shown += f", DRAM {as_text(dram)} GB/s" if dram is not None else ", DRAM unknown"
    return replace(charge, reason=f"inside a band: {shown}") if held else _zero(charge, f"outside both bands: {shown}")


def _inside(band: Band, tpp: Fraction | None, dram: Fraction | None) -> Truth:
    def strictly(value: Fraction | None, ends: tuple[Fraction, Fraction]) -> Truth:
        return None if value is None else ends[0] < value < ends[1]

    return all_of((strictly(tpp, band.tpp), strictly(dram, band.dram_bandwidth_GBps)))


def _settle_stacking(data: Tariffs, found: dict[str, Charge], charge: Charge) -> Charge:
    measure = next(m for m in data.measures if m.id == charge.id)
    over = found.get(measure.yields_to or "")
    if over is not None and over.at_most_percent != 0:
        reason = f"not charged on top of {over.measure}"
        return _zero(charge, reason) if over.at_least_percent > 0 else _open(charge, charge.needs or over.needs)
    beside = found.get(measure.stacking_unknown_with or "")
    if beside is not None and beside.at_most_percent != 0 and charge.at_most_percent != 0:
        return _open(charge, f"whether {charge.measure} is charged beside {beside.measure}")
    return charge


def _zero(charge: Charge, reason: str) -> Charge:
    return replace(charge, at_least_percent=Fraction(0), at_most_percent=Fraction(0), reason=reason, needs="")


def _open(charge: Charge, needs: str) -> Charge:
    return replace(charge, at_least_percent=Fraction(0), reason=f"not settled: {needs}", needs=needs)


def _plain(value: Fraction | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value.denominator == 1 else float(value)
