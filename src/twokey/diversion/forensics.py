"""Whether a claimed training run fits the chips claimed, what else could have done it, and what would settle it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twokey.chips import catalogue
from twokey.diversion.alternatives import Hypothesis, hypotheses
from twokey.diversion.claim import Check, Claim, amount, checks, implied_mfu
from twokey.diversion.files import DATA
from twokey.diversion.stock import read_stock
from twokey.diversion.utilisation import Expected, expect, peak_rate
from twokey.diversion.work import training_work
from twokey.quantities.problem import Problem
from twokey.quantities.shown import Shown
from twokey.quantities.unknown import Truth, all_of
from twokey.sources.text import read_file
from twokey.workloads import models as llms

__all__ = ["Finding", "forensics", "value_of_evidence"]


@dataclass(frozen=True, slots=True)
class Finding(Shown):
    """What there is to say about a claim; `to_json` is the contract's object."""

    claim: Claim
    plausible: Truth
    implied_mfu: float | None
    expected: Expected
    precision: str
    checks: tuple[Check, ...]
    ways: tuple[Hypothesis, ...]
    controlled: float | None
    decisive: tuple[str, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the contract's object, with the checks, the mixtures and the notes beside it."""
        by_name = {c.name: c.holds for c in self.checks}
        low, mid, high = (round(self.expected.quantile(z), 4) for z in (-1.645, 0.0, 1.645))
        single = [h for h in self.ways if len(h.parts) == 1]
        mixed = [h for h in self.ways if len(h.parts) > 1 and h.probability >= 0.001]
        out: dict[str, Any] = {
            "plausible": self.plausible,
            "implied_mfu": None if self.implied_mfu is None else round(self.implied_mfu, 4),
            "expected_mfu": {"low": low, "mid": mid, "high": high},
            "fits_memory": by_name["memory"],
            "alternatives": [{"item": next(iter(h.parts)), **_way(h)} for h in single],
            "mixtures": [{"items": h.parts, **_way(h)} for h in mixed],
            "decisive": list(self.decisive),
            "mfu_base": "dense 16-bit peak",
            "precision": self.precision,
            "checks": [c.to_json() for c in self.checks],
            "probability_controlled": None if self.controlled is None else round(self.controlled, 4),
            "notes": list(self.notes),
        }
        tokens = _tokens_room(self)
        return out | ({"tokens_for_hours": tokens} if tokens else {})


def _way(h: Hypothesis) -> dict[str, Any]:
    low, mid, high = (round(n) for n in h.devices)
    return {
        "devices": mid, "devices_low": low, "devices_high": high, "probability": round(h.probability, 4),
        "possible": round(h.possible, 4), "standing": h.standing, "claimed": h.claimed,
    }  # fmt: skip


def _tokens_room(found: Finding) -> dict[str, float] | None:
    """Return the tokens that the claimed hours would train at the utilisation expected, where none are stated."""
    claim, peak = found.claim, peak_rate(found.claim.chip)
    if claim.tokens is not None or claim.hours is None or peak is None:
        return None
    each = training_work(claim.model, 1.0, context=claim.context).flop
    flop = claim.hours * 3600 * peak * 1e12
    return {k: found.expected.quantile(z) * flop / each for k, z in (("low", -1.645), ("mid", 0.0), ("high", 1.645))}


def forensics(
    model: str,
    item: str,
    *,
    tokens: str | float | None = None,
    devices: int | None = None,
    device_hours: str | float | None = None,
    days: float | None = None,
    precision: str | None = None,
    cost_usd: str | float | None = None,
    usd_per_device_hour: float | None = None,
    on: str | None = None,
    stage: str = "pretraining",
    context: int | None = None,
    seat: str | None = None,
    stock: str | Path | None = None,
) -> Finding:
    """Say whether a claimed training run fits the chips claimed, and what else could have done it.

    Parameters
    ----------
    model, item : id or name of an LLM and of a chip in the catalogues
    tokens, device_hours, cost_usd : numbers, or texts such as "14.8T", "2.788M"
    devices, days : chips used at a time [1], calendar time [day]
    precision : "bf16", "fp8", or None where the claim does not say
    usd_per_device_hour : price the cost was reckoned with [USD]
    on : month in which the run ended, YYYY-MM; by default that of the model's release
    stage : "pretraining" or "reinforcement"
    context : length of the training sequences; by default 4096 or the model's own where shorter [token]
    seat : where the developer has its headquarters; by default from the data, else CN
    stock : file of priors that replaces the project's own

    Raises
    ------
    Problem
        If a name is unknown or a number cannot be used.

    Examples
    --------
    >>> found = forensics("deepseek-v3", "nvidia-h800", tokens="14.8T", devices=2048, device_hours="2.788M",
    ...                   precision="fp8", cost_usd="5.576M", usd_per_device_hour=2)
    >>> found.plausible, round(found.implied_mfu, 2)
    (True, 0.37)
    """
    notes = []
    count = None if tokens is None else amount(tokens, "--tokens")
    if count is not None and count < 10_000:
        notes.append(f"tokens: {count:g} is read as {count:g} trillion")
        count *= 1e12
    found_model, chip = llms.find(model), catalogue.find(item)
    if devices is not None and devices < 1:
        raise Problem("--devices", str(devices), "a whole number above zero", "write the number of chips")
    if days is not None and not 0 < days < 10_000:
        raise Problem("--days", str(days), "a number of days above zero", "write the calendar time")
    if precision not in (None, "bf16", "fp16", "fp8"):
        raise Problem("--precision", repr(precision), "bf16 or fp8", "leave it out if the claim does not say")
    if stage not in ("pretraining", "reinforcement"):
        raise Problem("--stage", repr(stage), "pretraining or reinforcement", "choose one of the two")
    own = found_model.figures.get("context_tokens")
    length = context if context is not None else min(4096, int(own.value) if own else 4096)
    claim = Claim(
        found_model, chip, count, devices,
        None if device_hours is None else amount(device_hours, "--device-hours"), days,
        "bf16" if precision == "fp16" else precision, None if cost_usd is None else amount(cost_usd, "--cost"),
        usd_per_device_hour, on, stage, length,
    )  # fmt: skip
    return _judge(claim, seat=seat, stock=None if stock is None else Path(stock), notes=notes)


def _judge(claim: Claim, *, seat: str | None, stock: Path | None, notes: list[str]) -> Finding:
    done = tuple(checks(claim))
    mfu = implied_mfu(claim)
    fits = {p: expect(claim.model, claim.chip, p) for p in claim.precisions}
    best = min(fits, key=lambda p: abs(math.log((mfu or fits[p].mid) / fits[p].mid)) / fits[p].spread)
    # where the claim gives no number of devices there is none to test against memory
    plausible = all_of(c.holds for c in done if not (c.name == "memory" and claim.devices is None))
    if claim.stage == "reinforcement":
        notes.append(
            "reinforcement: answers are generated as well as trained on, and no published utilisation covers that"
        )
        if plausible is True:
            plausible = None
    priors = read_stock(stock)
    where = seat or priors.seats.get(claim.model.org)
    if where is None:
        where = "CN"
        notes.append(
            f"where {claim.model.org} has its headquarters is not in the data; priors of stock in China are used"
        )
    ways: tuple[Hypothesis, ...] = ()
    controlled: float | None = None
    if claim.tokens is not None and claim.length_days is not None:
        ways = tuple(hypotheses(claim, priors, seat=where, refuted=plausible is False))
        if where == "CN":
            controlled = sum(h.probability for h in ways if h.controlled)
            notes.append(
                f"probabilities rest on priors of stock ({priors.as_of or 'the file given'}), most of them press "
                "reports or judgement; give your own with --stock"
            )
        notes.append("devices are those that would have done the work in the claim's calendar time")
    if not expect(claim.model, claim.chip, best).alike:
        notes.append("no published run of this generation of chip and kind of model; the interval is that of the prior")
    notes.append(
        "a claim that fits is not proved: other runs may have come before it, and other chips may have done it"
    )
    decisive = tuple(_decisive(claim, ways, where))
    return Finding(claim, plausible, mfu, fits[best], best, done, ways, controlled, decisive, tuple(notes))


# -- what one more piece of evidence is worth -------------------------------------------------------


def value_of_evidence(ways: Sequence[Hypothesis], target: Sequence[bool]) -> list[tuple[str, float]]:
    """Return pieces of evidence with what each is expected to tell about `target`, most telling first [bit].

    Parameters
    ----------
    target : for each way, whether what is asked (a controlled chip, or another than the one claimed) holds of it

    Notes
    -----
    Mutual information of the yes-or-no question and of what the evidence would show, under the posterior. A
    measurement is blurred by the spread the data states; a record shows a chip with its chance of a hit.
    """
    data = read_file(DATA / "evidence.yaml", "diversion/evidence.yaml").fields(("format", "measured", "records"))
    p = np.array([h.probability for h in ways])
    yes = np.array(target, dtype=bool)
    found = []
    for name, value in data["measured"].group().items():
        f = value.fields(("what", "spread", "source", "checked"))
        draws = [{"power": h.power_W, "step_log": h.rate, "devices": h.needed}[name] for h in ways]
        found.append((f["what"].text(), _of_measure(p, yes, draws, float(f["spread"].number(above=0)))))
    for value in data["records"].group().values():
        f = value.fields(("what", "hit", "false_alarm", "source", "checked"))
        hit, false = float(f["hit"].number(above=0)), float(f["false_alarm"].number(above=0))
        for chip in sorted({c for h in ways for c in h.parts}):
            shows = np.array([hit if chip in h.parts else false for h in ways])
            found.append((f"{f['what'].text()} {chip}", _information(p, yes, np.stack([shows, 1 - shows], axis=1))))
    return sorted(found, key=lambda pair: -pair[1])


def _of_measure(
    p: NDArray[np.float64], yes: NDArray[np.bool_], draws: list[NDArray[np.float64]], spread: float
) -> float:
    logs = [np.log(d) for d in draws]
    filled = np.concatenate([x for x in logs if x.size] or [np.zeros(1)])
    edges = np.arange(filled.min() - 4 * spread, filled.max() + 4 * spread + 0.1, 0.1)
    kernel = np.exp(-0.5 * (np.arange(-40, 41) * 0.1 / spread) ** 2)
    rows = []
    for x in logs:
        seen = np.histogram(x, bins=edges)[0].astype(float) if x.size else np.ones(edges.size - 1)
        blurred = (
            np.convolve(seen, kernel, mode="same") if seen.size > kernel.size else np.convolve(seen, kernel)[40:-40]
        )
        rows.append(blurred / blurred.sum())
    return _information(p, yes, np.stack(rows))


def _information(p: NDArray[np.float64], yes: NDArray[np.bool_], shows: NDArray[np.float64]) -> float:
    """Return the mutual information of the question and of an outcome, shows[way, outcome] being its chances [bit]."""
    joint = np.stack([p[yes] @ shows[yes], p[~yes] @ shows[~yes]])
    alone = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    mass = joint > 0
    return float((joint[mass] * np.log2(joint[mass] / alone[mass])).sum())


def _decisive(claim: Claim, ways: Sequence[Hypothesis], seat: str) -> list[str]:
    lacks = []
    if claim.tokens is None:
        lacks.append("the tokens trained on" + (" and generated" if claim.stage == "reinforcement" else ""))
    if claim.hours is None:
        lacks.append("the device-hours, or devices and days")
    elif claim.length_days is None:
        lacks.append("the devices or the days")
    if not ways:
        return [f"{what}: without it the work cannot be set against the hours" for what in lacks]
    asked = [bool(h.controlled) if seat == "CN" else not h.claimed for h in ways]
    share = sum(h.probability for h, a in zip(ways, asked, strict=True) if a)
    if not 0 < share < 1:
        return lacks
    doubt = -share * math.log2(share) - (1 - share) * math.log2(1 - share)
    question = "a controlled chip was used" if seat == "CN" else "another chip was used than the one claimed"
    worth = [(what, bits) for what, bits in value_of_evidence(ways, asked)[:4] if bits > 0.005]
    return lacks + [f"{what}: {bits:.2f} of the {doubt:.2f} bit in doubt, whether {question}" for what, bits in worth]
