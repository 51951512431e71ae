"""Whether to build one more chip, how many to commit to, how far below the line, and whether to wait.

Values are before tax, in USD of the day of decision. Rules and demand are drawn; the pipeline is chosen once, before
anything is known, and meets every draw.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from twokey.quantities.problem import Problem
from twokey.quantities.shown import Shown
from twokey.trade.hazard import Hazard, hazard
from twokey.trade.inputs import INPUTS, Branch, Decision, read_decision

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Advice", "Leaf", "Spread", "Swing", "decide"]

_MARGINS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
_QUARTER_DAY = 91.0
_MONTH_DAY = 365 / 12


@dataclass(frozen=True, slots=True)
class Spread:
    """A distribution of values in brief [USD]."""

    mean_usd: float
    p5_usd: float
    median_usd: float
    p95_usd: float
    loss_probability: float
    standard_error_usd: float

    def to_json(self) -> dict[str, float]:
        """Return the figures by name."""
        return {k: getattr(self, k) for k in self.__slots__}


@dataclass(frozen=True, slots=True)
class Swing:
    """How the expected value moves when one input stands at its low and at its high end, the pipeline unchanged."""

    name: str
    low: float
    high: float
    at_low_usd: float
    at_high_usd: float

    @property
    def width_usd(self) -> float:
        """Distance of the two ends [USD]."""
        return abs(self.at_high_usd - self.at_low_usd)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One path through the scenario tree: the moves, its chance, and the value of the advice on it."""

    path: tuple[str, ...]
    actors: tuple[str, ...]
    probability: float
    mean_usd: float
    best_units: int


@dataclass(frozen=True, slots=True)
class Advice(Shown):
    """The answer of `sku`: what to do, what it is worth, and what that rests on."""

    decision: Decision
    hazard: Hazard
    draws: int
    seed: int
    go: bool
    commit_units: int
    commit_usd: float
    value: Spread
    value_wait_usd: float
    chance_open_after_quarter: float
    closed_before_sale: float
    closed_in_sale: float
    stranded_if_closed_usd: float
    margins: tuple[dict[str, float], ...]
    commitments: tuple[dict[str, float], ...]
    swings: tuple[Swing, ...]
    leaves: tuple[Leaf, ...]

    @property
    def value_of_waiting_usd(self) -> float:
        """What a quarter's wait is worth over the best decision today; below zero when waiting costs [USD]."""
        return self.value_wait_usd - max(self.value.mean_usd, 0.0)

    @property
    def tree_value_usd(self) -> float | None:
        """Expected value over the scenario tree with its own chances [USD]."""
        return sum(leaf.probability * leaf.mean_usd for leaf in self.leaves) if self.leaves else None

    def to_json(self) -> dict[str, Any]:
        """Return the answer with every input and its source."""
        return {
            "decision": self.decision.id, "name": self.decision.name, "kind": self.decision.kind,
            "on": self.decision.on.isoformat(), "draws": self.draws, "seed": self.seed, "go": self.go,
            "commit_units": self.commit_units, "commit_usd": self.commit_usd,
            "value": self.value.to_json(), "value_wait_usd": self.value_wait_usd,
            "value_of_waiting_usd": self.value_of_waiting_usd,
            "chance_open_after_quarter": self.chance_open_after_quarter,
            "closed_before_sale": self.closed_before_sale, "closed_in_sale": self.closed_in_sale,
            "stranded_if_closed_usd": self.stranded_if_closed_usd,
            "margins": list(self.margins), "commitments": list(self.commitments),
            "swings": [
                {"input": s.name, "low": s.low, "high": s.high, "at_low_usd": s.at_low_usd,
                 "at_high_usd": s.at_high_usd}
                for s in self.swings
            ],
            "tree": {
                "value_usd": self.tree_value_usd,
                "leaves": [
                    {"path": list(leaf.path), "actors": list(leaf.actors), "probability": leaf.probability,
                     "mean_usd": leaf.mean_usd, "best_units": leaf.best_units}
                    for leaf in self.leaves
                ],
            },
            "hazard": self.hazard.to_json(),
            "inputs": [i.to_json() for i in self.decision.inputs.values()],
            "afterwards": {k: {"value": v, "source": s} for k, (v, s) in self.decision.afterwards.items()},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Draws:
    """Per draw: what a unit a day earns, what a stranded unit loses, demand, lead time, and the rest."""

    earn: Array
    lose: Array
    units_per_day: Array
    lead_day: Array
    spent: Array
    before: Array
    during: Array

    def value(self, units: float) -> Array:
        import numpy as np

        sold: Array = np.minimum(self.units_per_day, units / self.lead_day)
        return self.earn * sold - self.lose * units - self.spent


def decide(
    decision: Decision | str = "h20-successor-2025-05",
    *,
    draws: int = 100_000,
    seed: int = 1,
    margin: float = 0.0,
    china_only: bool = True,
    progress: Callable[[str], None] | None = None,
) -> Advice:
    """Return whether to build, how many units to commit to, what it is worth and what decides it.

    Parameters
    ----------
    decision : a decision, or the name or file of one
    draws : number of draws, 1,000 to 2,000,000
    seed : of the random numbers; the same seed gives the same answer
    margin : share by which the chip is built below the limit, at least 0 and below 1
    china_only : learn the rates of closing from parts made for China only
    progress : called with the name of each stage

    Returns
    -------
    Advice
        `go` is true when the expected value at the best pipeline is above zero and waiting is not worth more.

    Notes
    -----
    Per draw: rates of closing from their posterior, a closing date on each side, launch, end of sale, demand.
    Demand: market times a share whose odds are those at parity times (performance per dollar over the
    rival's)^sensitivity, the rival growing until the middle of the sale. A US measure spares a chip built far enough
    below the limit. Sales a day are the lesser of demand and pipeline over lead time; a closing strands the whole
    pipeline, less what is reused. The pipeline maximises the mean over the draws, which is concave in it and solved
    exactly. At a planned end the pipeline is sold off; the capital it ties up is not charged. A quarter's wait learns
    only whether either side closes in it, costs that quarter of the window, and lets the rival grow on.

    Raises
    ------
    Problem
        If the decision or a number cannot be used.

    Examples
    --------
    >>> a = decide("h20-2025-01", draws=2000)
    >>> a.commit_units > 0, a.decision.on.isoformat()
    (True, '2025-01-15')
    """
    import numpy as np

    d = read_decision(decision) if isinstance(decision, str) else decision
    if not 1000 <= draws <= 2_000_000:
        raise Problem("--draws", str(draws), "1000 to 2000000", "100000 is usual")
    if not 0 <= margin < 1:
        raise Problem("--margin", str(margin), "a share of at least 0 and below 1", "write 0.1 for ten percent")
    say = progress or (lambda _stage: None)
    known = hazard(d.on, china_only=china_only)
    say("values")
    random = _Random(draws, seed)
    now = _draw(d, known, random, margin)
    units = _best_units(now)
    value = now.value(units)
    say("waiting")
    wait, still = _wait(d, known, random, margin)
    say("margins")
    margins = []
    for m in _MARGINS:
        there = _draw(d, known, random, m)
        best = _best_units(there)
        margins.append({"margin": m, "mean_usd": float(there.value(best).mean()), "units": float(best)})
    say("commitments")
    commitments = [
        {"share_of_advice": k, "units": k * units, "mean_usd": float(v.mean()), "p5_usd": float(np.quantile(v, 0.05))}
        for k in (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
        for v in (now.value(k * units),)
    ]
    say("sensitivity")
    swings = []
    for i in d.inputs.values():
        if not i.fixed:
            ends = [
                float(_draw(d.with_inputs({i.name: replace(i, low=x, mid=x, high=x)}), known, random, margin)
                      .value(units).mean())
                for x in (i.low, i.high)
            ]  # fmt: skip
            swings.append(Swing(i.name, i.low, i.high, ends[0], ends[1]))
    say("tree")
    leaves = tuple(_leaves(d, d.tree, known, random, margin, units, (), (), 1.0))
    mean = float(value.mean())
    cost = d.value("unit_cost_usd")
    return Advice(
        decision=d, hazard=known, draws=draws, seed=seed, go=mean > 0 and mean >= wait, commit_units=round(units),
        commit_usd=units * cost, value=_spread(value), value_wait_usd=wait, chance_open_after_quarter=still,
        closed_before_sale=float(now.before.mean()), closed_in_sale=float(now.during.mean()),
        stranded_if_closed_usd=_stranded(now, units), margins=tuple(margins), commitments=tuple(commitments),
        swings=tuple(sorted(swings, key=lambda s: -s.width_usd)), leaves=leaves,
    )  # fmt: skip


class _Random:
    """The random numbers of a run, the same for every variant, so that variants differ by their inputs only."""

    def __init__(self, draws: int, seed: int) -> None:
        import numpy as np

        self.draws = draws
        rng = np.random.default_rng(seed)
        self.normal = {name: rng.standard_normal(draws) for name in INPUTS}
        self.exponential = {side: rng.standard_exponential(draws) for side in ("us", "cn")}
        self._generator, self._gamma = np.random.default_rng([seed, 1]), dict[float, "Array"]()

    def gamma(self, shape: float) -> Array:
        if shape not in self._gamma:
            self._gamma[shape] = self._generator.standard_gamma(shape, self.draws)
        return self._gamma[shape]


def _spread_input(d: Decision, name: str, z: Array) -> Array:
    """Draws of an input: a normal law on each side of the median that meets all three points."""
    import numpy as np

    i, shape = d.inputs[name], INPUTS[name][0]
    if i.fixed:
        return np.full(len(z), i.mid)
    low, mid, high = np.log((i.low, i.mid, i.high)) if shape == "log" else (i.low, i.mid, i.high)
    x = mid + np.where(z < 0, mid - low, high - mid) * z / 1.6448536269514722
    return np.exp(x) if shape == "log" else np.clip(x, 0.0, 1.0 if shape == "share" else None)


def _draw(d: Decision, known: Hazard, random: _Random, margin: float, delay_day: float = 0.0) -> _Draws:
    import numpy as np

    x = {name: _spread_input(d, name, random.normal[name]) for name in INPUTS}
    tiny = 1e-12
    us = random.gamma(known.us.shape) / known.us.scale_day * x["hazard_factor_us"]
    us = us * (x["limit_cut_share"] > margin if margin > 0 else 1.0)
    cn = random.gamma(known.cn.shape) / known.cn.scale_day * x["hazard_factor_cn"]
    closes = np.minimum(
        random.exponential["us"] / np.maximum(us, tiny), random.exponential["cn"] / np.maximum(cn, tiny)
    )
    launch, end = x["development_days"], np.maximum(x["window_days"] - delay_day, 0.0)
    rate = np.log1p(x["discount_percent"] / 100) / 365
    last = np.maximum(np.minimum(closes, end), launch)
    safe = np.maximum(rate, tiny)
    days = np.where(rate > 0, (np.exp(-safe * launch) - np.exp(-safe * last)) / safe, last - launch)
    middle = (launch + np.maximum(end, launch)) / 2 + delay_day
    ratio = x["performance_per_usd_vs_rival"] * (1 - margin) ** x["performance_elasticity"]
    ratio = ratio / (1 + x["rival_growth_percent"] / 100) ** (middle / 365)
    at_par = np.clip(x["share_at_parity"], 1e-9, 1 - 1e-9)
    odds = at_par / (1 - at_par) * ratio ** x["share_sensitivity"]
    kept = 1 - (x["government_share_percent"] + x["duty_percent"]) / 100
    unit_margin = x["price_usd"] * kept - x["unit_cost_usd"]
    ordered = np.maximum(launch - x["lead_time_days"], 0.0)
    stranded = (closes > ordered) & (closes < end) & (end > launch)
    lose = np.where(stranded, x["unit_cost_usd"] * (1 - x["reuse_share"]) * np.exp(-rate * closes), 0.0)
    done = np.where(launch > 0, np.minimum(closes / np.maximum(launch, tiny), 1.0), 1.0)
    return _Draws(
        earn=unit_margin * days, lose=lose, units_per_day=x["market_units_per_month"] / _MONTH_DAY * odds / (1 + odds),
        lead_day=np.maximum(x["lead_time_days"], 1.0), spent=x["development_cost_usd"] * done,
        before=(closes < launch).astype(np.float64), during=((closes >= launch) & (closes < end)).astype(np.float64),
    )  # fmt: skip


def _best_units(s: _Draws) -> float:
    """The pipeline of greatest mean value: the slope falls at each draw's full cover, so it is found by sorting."""
    import numpy as np

    full = s.units_per_day * s.lead_day
    slope = s.earn / s.lead_day  # what a further unit brings in a draw that it does not yet cover
    order = np.argsort(full)
    steps = np.diff(full[order], prepend=0.0)
    ahead = np.cumsum(slope[order][::-1])[::-1] - s.lose.sum()  # slope of the sum between two covers
    gains = np.concatenate(([0.0], np.cumsum(steps * ahead)))
    at = int(np.argmax(gains))
    return 0.0 if at == 0 else float(full[order][at - 1])


def _wait(d: Decision, known: Hazard, random: _Random, margin: float) -> tuple[float, float]:
    """Value of deciding a quarter later, when it is known whether either side has closed, and the chance of that."""
    import numpy as np

    factor = [
        _spread_input(d, f"hazard_factor_{side}", random.normal[f"hazard_factor_{side}"]) for side in ("us", "cn")
    ]
    chance = np.ones(random.draws)
    for one, f in zip((known.us, known.cn), factor, strict=True):
        chance = chance * np.exp(-random.gamma(one.shape) / one.scale_day * f * _QUARTER_DAY)
    later = _draw(d, known.after(_QUARTER_DAY), random, margin, _QUARTER_DAY)
    mean = float(later.value(_best_units(later)).mean())
    discount = float((1 + d.value("discount_percent") / 100) ** (-_QUARTER_DAY / 365))
    still = float(chance.mean())
    return still * discount * max(mean, 0.0), still


def _stranded(s: _Draws, units: float) -> float:
    closed = s.lose > 0
    return float(s.lose[closed].mean() * units) if closed.any() else 0.0


def _spread(v: Array) -> Spread:
    import numpy as np

    p5, p50, p95 = (float(q) for q in np.quantile(v, (0.05, 0.5, 0.95)))
    return Spread(float(v.mean()), p5, p50, p95, float((v < 0).mean()), float(v.std() / np.sqrt(len(v))))


def _leaves(
    d: Decision, branches: tuple[Branch, ...], known: Hazard, random: _Random, margin: float, units: float,
    path: tuple[str, ...], actors: tuple[str, ...], probability: float,
) -> list[Leaf]:  # fmt: skip
    found: list[Leaf] = []
    for b in branches:
        here, p = d.with_inputs(b.inputs), probability * b.probability
        to, by = (*path, b.name), (*actors, b.actor)
        if b.then:
            found += _leaves(here, b.then, known, random, margin, units, to, by, p)
        else:
            s = _draw(here, known, random, margin)
            found.append(Leaf(to, by, p, float(s.value(units).mean()), round(_best_units(s))))
    return found
