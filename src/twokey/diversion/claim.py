"""A claim about a training run: what was trained, on how much, with which chips, for how long, at what cost."""

from __future__ import annotations

import re
from dataclasses import dataclass

from twokey.chips.catalogue import Chip
from twokey.diversion.utilisation import expect, peak_rate, runs
from twokey.diversion.work import least_devices, training_work
from twokey.quantities.problem import Problem
from twokey.quantities.unknown import Truth
from twokey.workloads.models import Model

__all__ = ["Check", "Claim", "amount", "checks", "implied_mfu"]

_SCALE = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}


def amount(text: str | float, where: str) -> float:
    """Return a number written with or without a suffix K, M, B or T.

    Raises
    ------
    Problem
        If it is not a number above zero.

    Examples
    --------
    >>> amount("14.8T", "--tokens"), amount("2.788M", "--device-hours"), amount("3e11", "--tokens")
    (14800000000000.0, 2788000.0, 300000000000.0)
    """
    match = re.fullmatch(r"\s*([0-9][0-9_,]*\.?[0-9]*(?:[eE][+]?[0-9]{1,2})?)\s*([KMBTkmbt]?)\s*", str(text))
    value = float(match[1].replace(",", "").replace("_", "")) * _SCALE[match[2].upper()] if match else 0.0
    if not 0 < value < 1e30:
        raise Problem(where, repr(text), "a number above zero", "write it like 14.8T, 2.788M or 147336")
    return value


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim; None stands for what it does not say.

    Parameters
    ----------
    tokens : tokens trained on [token]
    devices : chips used at a time [1]
    device_hours, days : chip-hours in all [GPU-h], calendar time [day]
    precision : "bf16" or "fp8"
    cost_usd, usd_per_device_hour : cost, and the hourly price it was reckoned with [USD]
    on : month in which the run ended, YYYY-MM; by default the one in which the model came out
    stage : "pretraining", or "reinforcement", whose generating of answers no published utilisation covers
    context : length of the training sequences [token]
    """

    model: Model
    chip: Chip
    tokens: float | None = None
    devices: int | None = None
    device_hours: float | None = None
    days: float | None = None
    precision: str | None = None
    cost_usd: float | None = None
    usd_per_device_hour: float | None = None
    on: str | None = None
    stage: str = "pretraining"
    context: int = 4096

    @property
    def hours(self) -> float | None:
        """Device-hours, stated or from devices and days [GPU-h]."""
        if self.device_hours is not None or self.devices is None or self.days is None:
            return self.device_hours
        return self.devices * self.days * 24.0

    @property
    def length_days(self) -> float | None:
        """Calendar time, stated or the least that devices and device-hours allow [day]."""
        if self.days is not None or self.devices is None or self.device_hours is None:
            return self.days
        return self.device_hours / self.devices / 24.0

    @property
    def precisions(self) -> tuple[str, ...]:
        """The precision stated, or those the chip can work in."""
        if self.precision is not None:
            return (self.precision,)
        wide, narrow = peak_rate(self.chip), peak_rate(self.chip, 8)
        fp8 = "fp8_dense_TFLOPS" in self.chip.figures and wide and narrow and narrow > wide
        return ("bf16", "fp8") if fp8 else ("bf16",)


@dataclass(frozen=True, slots=True)
class Check:
    """One test of a claim: whether it holds (None: cannot be said), in words."""

    name: str
    holds: Truth
    says: str

    def to_json(self) -> dict[str, object]:
        """Return the check as plain JSON values."""
        return {"check": self.name, "holds": self.holds, "says": self.says}


def implied_mfu(claim: Claim) -> float | None:
    """Return the share of the dense 16-bit peak the claim implies, None where it does not say enough [fraction]."""
    peak = peak_rate(claim.chip)
    if claim.tokens is None or claim.hours is None or peak is None:
        return None
    return training_work(claim.model, claim.tokens, context=claim.context).flop / (claim.hours * 3600 * peak * 1e12)


def checks(claim: Claim) -> list[Check]:
    """Return the tests of a claim: utilisation, memory, time, chronology, cost, number format."""
    return [_utilisation(claim), _memory(claim), _time(claim), _chronology(claim), _cost(claim), _format(claim)]


def _utilisation(claim: Claim) -> Check:
    mfu, name = implied_mfu(claim), "utilisation"
    if mfu is None:
        lacks = [w for w, v in (("tokens", claim.tokens), ("device-hours", claim.hours)) if v is None]
        lacks += ["the chip's 16-bit rate"] if peak_rate(claim.chip) is None else []
        return Check(name, None, "cannot be reckoned without " + " and ".join(lacks))
    found = []
    for precision in claim.precisions:
        e = expect(claim.model, claim.chip, precision)
        record = max(r.mfu for r in runs() if r.precision == precision)
        if mfu > e.ceiling:
            found.append(
                Check(name, False, f"{mfu:.0%} of the 16-bit peak is more than the chip can do in {precision}")
            )
        elif mfu <= e.quantile(2.33):
            low, high = e.quantile(-1.645), e.quantile(1.645)
            if mfu < e.quantile(-3.09):
                words = f"{mfu:.1%} of the peak: the hours would have done {e.mid / mfu:.0f} times the work"
                found.append(Check(name, False, words))
            else:
                where = "within" if low <= mfu <= high else "at the edge of" if mfu > high else "below"
                band = f"the {low:.0%} to {high:.0%} such runs reach in {precision}"
                words = f"{mfu:.1%} of the 16-bit peak, {where} {band}"
                found.append(Check(name, True, words))
        else:
            words = f"{mfu:.0%} of the 16-bit peak; the best published run in {precision} reached {record:.0%}"
            found.append(Check(name, None if mfu <= 1.2 * record else False, words))
    return max(found, key=lambda c: {True: 2, None: 1, False: 0}[c.holds])


def _memory(claim: Claim) -> Check:
    figure = claim.chip.figures.get("dram_capacity_GB")
    if claim.devices is None or figure is None:
        return Check("memory", None, "cannot be said without the number of devices and their memory")
    least = least_devices(claim.model, float(figure.value), context=claim.context)
    words = f"weights, gradients and optimiser need at least {least} devices of {float(figure.value):g} GB"
    return Check("memory", claim.devices >= least, words)


def _time(claim: Claim) -> Check:
    if claim.devices is None or claim.device_hours is None or claim.days is None:
        return Check("time", True, "devices, hours and days do not contradict each other: not all three are stated")
    room = claim.devices * claim.days * 24.0
    words = (
        f"{claim.devices} devices have {room:,.0f} hours in {claim.days:g} days; {claim.device_hours:,.0f} are claimed"
    )
    return Check("time", claim.device_hours <= 1.02 * room, words)


def _chronology(claim: Claim) -> Check:
    since = claim.chip.item.us_commercial_since or claim.chip.attributes.get("announced")
    end = claim.on or claim.model.released
    if since is None or len(end) < 7:
        return Check("chronology", None, "the month in which the chip or the model came out is not known")
    length = claim.length_days or 0.0
    start = int(end[:4]) * 12 + int(end[5:7]) - length / 30.4
    first = int(since[:4]) * 12 + (int(since[5:7]) if len(since) >= 7 else 1)
    words = f"the chip came out in {since}, the {'run ended' if claim.on else 'model came out'} in {end}"
    words += f" after {length:.0f} days" if length else ""
    if first <= start + 1:
        return Check("chronology", True, words)
    if claim.on is None:
        return Check(
            "chronology", None, words + ": that run was not on this chip; a later one may be, say when with --on"
        )
    return Check("chronology", False, words)


def _cost(claim: Claim) -> Check:
    cost, rate, hours = claim.cost_usd, claim.usd_per_device_hour, claim.hours
    if cost is None or hours is None:
        return Check("cost", True, "no cost to compare with hours")
    if rate is None:
        return Check("cost", True, f"${cost / hours:.2f} for a device-hour; no price is stated to compare with")
    words = f"{hours:,.0f} hours at ${rate:g} are ${hours * rate:,.0f}; ${cost:,.0f} is claimed"
    return Check("cost", abs(cost / (hours * rate) - 1) <= 0.02, words)


def _format(claim: Claim) -> Check:
    if claim.precision != "fp8":
        return Check("number format", True, "16-bit arithmetic, which the chip has")
    has = "fp8_dense_TFLOPS" in claim.chip.figures
    words = "the chip has 8-bit floating point" if has else "the catalogue knows no 8-bit floating point of this chip"
    return Check("number format", has, words)
