"""Which chips could have done it: what each would have needed, and how likely each is, given stated priors."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twokey.chips.catalogue import Chip
from twokey.diversion.claim import Claim, implied_mfu
from twokey.diversion.stock import Holding, Stock, standing
from twokey.diversion.utilisation import expect, peak_rate
from twokey.diversion.work import least_devices, training_work

__all__ = ["Hypothesis", "hypotheses"]

DRAWS = 4000
_SHARES = (0.25, 0.5, 0.75)
_NO_TDP_W = 500.0


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One way in which the run may have been done.

    Parameters
    ----------
    parts : share of the work by id of chip [fraction]
    controlled : whether a part could never be bought without a licence; None where that is not known
    devices : 5, 50 and 95 percent of the number of devices needed [1]
    possible : chance that the stock sufficed [fraction]
    probability : posterior [fraction]
    needed, power_W, rate : draws of devices, of their rated power [W] and of tokens a second and device [token/s]
    """

    parts: dict[str, float]
    standing: str
    controlled: bool | None
    claimed: bool
    devices: tuple[float, float, float]
    possible: float
    probability: float
    needed: NDArray[np.float64]
    power_W: NDArray[np.float64]
    rate: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Chip:
    chip: Chip
    weight: float
    word: str
    per_share: NDArray[np.float64]
    stock: NDArray[np.float64]
    least: int


def hypotheses(claim: Claim, stock: Stock, *, seat: str, refuted: bool) -> list[Hypothesis]:
    r"""Return the ways in which the run may have been done in its calendar time, likeliest first.

    Parameters
    ----------
    seat : where the developer has its headquarters; stock limits developers in China only
    refuted : whether the claim cannot be true as it stands

    Notes
    -----
    For each chip the devices needed are work / (peak x utilisation x time), the utilisation drawn from what published
    runs lead one to expect and the stock from its prior; a way is possible in the share of draws in which stock
    suffices. Bayes' rule then weighs prior, chance of being possible, and the claim itself: a developer that used the
    stated chip states it, one that used others states it with the prior's `claim_if_false`. Claimed hours, where the
    claim is true, weigh with the density of the utilisation they imply; where it is false, they were chosen to look
    right, and are taken to be spread twice as wide. The draws are the same at every call.

    Raises
    ------
    ValueError
        If the claim states no tokens, or neither days nor devices and hours.
    """
    days = claim.length_days
    if claim.tokens is None or days is None:
        raise ValueError("tokens and days must be known")
    flop = training_work(claim.model, claim.tokens, context=claim.context).flop
    known = [h for h in stock.candidates(seat) if peak_rate(h.chip) is not None]
    if claim.chip.id not in {h.chip.id for h in known} and peak_rate(claim.chip) is not None:
        devices = float(claim.devices or 1000)
        since = claim.chip.item.us_commercial_since or claim.chip.attributes.get("announced", "2020-01")
        known.append(Holding(claim.chip, 0.1, devices / 3, devices, devices * 3, since, "the claim"))
    begun = _begin(claim, days)
    rng = np.random.default_rng(7)
    drawn = []
    for holding in known:
        precision = claim.precision if claim.precision == "fp8" and _has_fp8(holding.chip) else "bf16"
        e = expect(claim.model, holding.chip, precision)
        mfu = np.minimum(e.mid * np.exp(e.spread * rng.standard_normal(DRAWS)), e.ceiling)
        held = holding.mid * np.exp(holding.spread * rng.standard_normal(DRAWS))
        if seat != "CN":
            held = np.full(DRAWS, np.inf)
        if holding.delivered[:7] > begun:
            held = np.zeros(DRAWS)
        peak = peak_rate(holding.chip) or math.nan
        capacity = holding.chip.figures.get("dram_capacity_GB")
        least = least_devices(claim.model, float(capacity.value), context=claim.context) if capacity else 1
        drawn.append(
            _Chip(
                holding.chip, holding.weight, standing(holding, seat, _end(claim))[0],
                flop / (peak * 1e12 * mfu * days * 86400), held, least,
            )
        )  # fmt: skip
    return _weighed(claim, stock, drawn, refuted=refuted)


def _weighed(claim: Claim, stock: Stock, drawn: Sequence[_Chip], *, refuted: bool) -> list[Hypothesis]:
    total = sum(c.weight for c in drawn)
    mixes = [
        (a, b) for a in drawn for b in drawn
        if a.word in ("lawful", "domestic") and b.word == "controlled" and _like(a.chip, b.chip)
    ]  # fmt: skip
    mixed = stock.mixed_share if mixes else 0.0
    pairs = sum(a.weight * b.weight for a, b in mixes) * len(_SHARES)
    ways: list[tuple[float, list[tuple[_Chip, float]]]] = [((1 - mixed) * c.weight / total, [(c, 1.0)]) for c in drawn]
    ways += [
        (mixed * a.weight * b.weight / pairs, [(a, 1 - s), (b, s)]) for a, b in mixes for s in _SHARES
    ]  # fmt: skip
    found, scores = [], []
    for prior, parts in ways:
        stated = len(parts) == 1 and parts[0][0].chip.id == claim.chip.id
        true = stated and not refuted  # where the claim is refuted, its chip in other numbers is one way among others
        needed = np.zeros(DRAWS)
        power = np.zeros(DRAWS)
        enough = np.ones(DRAWS, dtype=np.bool_)
        for c, share in parts:
            n = np.maximum(share * c.per_share, share * c.least)
            if true and claim.devices is not None:
                n = np.full(DRAWS, float(claim.devices))
            enough &= n <= c.stock
            needed += n
            tdp = c.chip.figures.get("tdp_W")
            power += n * (float(tdp.value) if tdp else _NO_TDP_W)
        possible = float(enough.mean())
        scores.append(prior * possible * _of_claim(claim, true=true, if_false=stock.claim_if_false))
        words = {c.word for c, _ in parts}
        controlled = None if "unknown" in words else "controlled" in words
        low, mid, high = (float(q) for q in np.quantile(needed, (0.05, 0.5, 0.95)))
        assert claim.tokens is not None
        assert claim.length_days is not None
        rate = claim.tokens / (needed * claim.length_days * 86400)
        found.append(
            Hypothesis(
                {c.chip.id: s for c, s in parts}, " and ".join(sorted(words)), controlled, stated, (low, mid, high),
                possible, 0.0, needed[enough], power[enough], rate[enough],
            )
        )  # fmt: skip
    whole = sum(scores)
    given = [
        Hypothesis(
            h.parts, h.standing, h.controlled, h.claimed, h.devices, h.possible, s / whole if whole > 0 else 0.0,
            h.needed, h.power_W, h.rate,
        )
        for h, s in zip(found, scores, strict=True)
    ]  # fmt: skip
    return sorted(given, key=lambda h: -h.probability)


def _of_claim(claim: Claim, *, true: bool, if_false: float) -> float:
    """Return how well a way of doing the run explains that this claim was made, as a density."""
    mfu = implied_mfu(claim)
    if mfu is None:
        return 1.0 if true else if_false
    e = expect(claim.model, claim.chip, claim.precision or claim.precisions[-1])
    spread = e.spread if true else 2 * e.spread
    z = (math.log(mfu) - math.log(e.mid)) / spread
    return (1.0 if true else if_false) * math.exp(-z * z / 2) / spread


def _like(a: Chip, b: Chip) -> bool:
    """Whether two chips can share one synchronous run: one maker's software, rates within a factor of four."""
    pa, pb = peak_rate(a) or 1.0, peak_rate(b) or 1.0
    return a.vendor == b.vendor and 0.25 <= pa / pb <= 4


def _has_fp8(chip: Chip) -> bool:
    return "fp8_dense_TFLOPS" in chip.figures


def _end(claim: Claim) -> dt.date:
    text = claim.on or claim.model.released
    year, month = int(text[:4]), int(text[5:7] or 12) if len(text) >= 7 else 12
    return dt.date(year + month // 12, month % 12 + 1, 1)


def _begin(claim: Claim, days: float) -> str:
    """Return the month in which the run began, YYYY-MM."""
    return (_end(claim) - dt.timedelta(days=1 + min(days, 3650.0))).strftime("%Y-%m")
