"""Inputs of a decision: three points, a shape, a source, and the day from which each was known.

An input that became known after the day of decision is refused, so that a backtest cannot look ahead. A user's file may
override any input; what it leaves out stays as shipped.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path

from twokey.quantities.problem import Problem
from twokey.sources.figure import CHECKED, CONFIDENCE
from twokey.sources.text import Value, read_file

__all__ = ["INPUTS", "Branch", "Decision", "Input", "override", "read_decision", "shipped"]

INPUTS: dict[str, tuple[str, str, str]] = {
    "market_units_per_month": ("log", "units", "accelerators the buyers would take in a month from all sellers"),
    "share_at_parity": ("share", "1", "share of the market at equal performance per dollar"),
    "performance_per_usd_vs_rival": ("log", "1", "performance per dollar over the domestic rival's"),
    "share_sensitivity": ("log", "1", "power of that ratio in the odds of a sale"),
    "rival_growth_percent": ("log", "percent", "growth of the rival's performance per dollar in a year"),
    "price_usd": ("log", "USD", "price of one unit"),
    "unit_cost_usd": ("log", "USD", "cost of one unit as delivered, board included"),
    "government_share_percent": ("linear", "percent", "share of revenue paid to the government"),
    "duty_percent": ("linear", "percent", "duty on the price, borne by the seller"),
    "development_days": ("log", "day", "from the decision to the first sale"),
    "development_cost_usd": ("log", "USD", "masks, engineering, qualification and software in all"),
    "window_days": ("log", "day", "from the decision to the end of sale, were nobody to close it"),
    "lead_time_days": ("log", "day", "supply that is bought or made ahead and cannot be cancelled"),
    "reuse_share": ("share", "1", "share of the cost of unsold supply that other products or buyers recover"),
    "discount_percent": ("linear", "percent", "cost of capital in a year"),
    "hazard_factor_us": ("log", "1", "multiplies the rate at which the United States closes"),
    "hazard_factor_cn": ("log", "1", "multiplies the rate at which China closes"),
    "limit_cut_share": ("share", "1", "share by which a further US measure lowers the limit the chip stands under"),
    "performance_elasticity": ("log", "1", "power with which performance follows the limited quantity"),
}
"""Every input: how it is spread (in ratios, in differences, or within 0 to 1), its unit, and what it means."""


@dataclass(frozen=True, slots=True)
class Input:
    """One input: fifth percentile, median, ninety-fifth percentile, and where they come from."""

    name: str
    low: float
    mid: float
    high: float
    source: str
    confidence: str
    checked: str
    known_on: dt.date
    note: str = ""

    @property
    def fixed(self) -> bool:
        """Whether the three points are one."""
        return self.low == self.high

    def to_json(self) -> dict[str, object]:
        """Return the input with unit, meaning, source and state of checking."""
        shape, unit, meaning = INPUTS[self.name]
        return {
            "name": self.name, "meaning": meaning, "unit": unit, "shape": "fixed" if self.fixed else shape,
            "low": self.low, "mid": self.mid, "high": self.high, "source": self.source,
            "confidence": self.confidence, "checked": self.checked, "known_on": self.known_on.isoformat(),
            "note": self.note,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Branch:
    """One move of a scenario tree: its chance, the inputs it changes, and the moves that may follow."""

    name: str
    actor: str
    probability: float
    inputs: dict[str, Input]
    then: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision whether to build or stock a chip: the day, the inputs, the scenario tree, what happened after."""

    id: str
    name: str
    kind: str
    on: dt.date
    inputs: dict[str, Input]
    tree: tuple[Branch, ...]
    afterwards: dict[str, tuple[float, str]]

    def value(self, name: str, point: str = "mid") -> float:
        """Return one point of an input: ``low``, ``mid`` or ``high``."""
        return float(getattr(self.inputs[name], point))

    def with_inputs(self, changed: dict[str, Input]) -> Decision:
        """Return the decision with some inputs changed."""
        return replace(self, inputs={**self.inputs, **changed})


_FOLDER = Path(__file__).parent.parent / "data" / "market" / "sku"


def shipped() -> tuple[str, ...]:
    """Return the names of the decisions that come with the program.

    Examples
    --------
    >>> shipped()
    ('h20-2025-01', 'h20-successor-2025-05')
    """
    return tuple(sorted(p.stem for p in _FOLDER.glob("*.yaml")))


def read_decision(ref: str | Path = "h20-successor-2025-05", changes: str | Path | None = None) -> Decision:
    """Return a decision: a shipped one by name or a file, with a user's changes on top.

    Raises
    ------
    Problem
        If a file cannot be used, an input is missing, unknown, out of order or without a source, was not
        known on the day of decision, or the chances of a tree's branches do not sum to one.
    """
    if ref in shipped():
        decision = _decision(read_file(_FOLDER / f"{ref}.yaml", f"data/market/sku/{ref}.yaml"), str(ref))
    elif Path(ref).is_file():
        decision = _decision(read_file(ref), Path(ref).stem)
    else:
        raise Problem("decision", str(ref), "a file, or one of " + ", ".join(shipped()), "name a decision or its file")
    return override(decision, changes) if changes is not None else decision


def override(decision: Decision, changes: str | Path) -> Decision:
    """Return the decision with the inputs and the tree of a user's file.

    An input may be a plain number (then fixed) or ``{low, mid, high}`` with optional source.

    Raises
    ------
    Problem
        As `read_decision` says.
    """
    f = read_file(changes).fields((), ("inputs", "tree"))
    changed = {
        name: _input(name, v, decision.on, file=str(changes))
        for name, v in (f["inputs"].fields((), tuple(INPUTS)).items() if "inputs" in f else ())
    }
    decision = decision.with_inputs(changed)
    return replace(decision, tree=_branches(f["tree"], decision.on)) if "tree" in f else decision


def _decision(root: Value, name: str) -> Decision:
    f = root.fields(("name", "kind", "on", "inputs"), ("tree", "afterwards"))
    on = f["on"].day()
    given = f["inputs"].fields(tuple(INPUTS))
    afterwards: dict[str, tuple[float, str]] = {}
    if "afterwards" in f:
        for key, v in f["afterwards"].group().items():
            g = v.fields(("value", "source", "confidence", "checked"))
            afterwards[key] = (float(g["value"].number()), g["source"].text())
    return Decision(
        name, f["name"].text(), f["kind"].one_of(("build", "stock")), on,
        {k: _input(k, v, on) for k, v in given.items()},
        _branches(f["tree"], on) if "tree" in f else (), afterwards,
    )  # fmt: skip


def _input(name: str, v: Value, on: dt.date, *, file: str = "") -> Input:
    shape = INPUTS[name][0]
    if v.is_scalar:
        low = mid = high = float(v.number(least=0))
        evidence = ("the user's number" + (f" in {file}" if file else ""), "low", "unverified")
        known, note = on, ""
    else:
        required = ("mid",) if file else ("mid", "source", "confidence", "checked", "known_on")
        f = v.fields(required, ("low", "high", "source", "confidence", "checked", "known_on", "note"))
        mid = float(f["mid"].number(least=0))
        low = float(f["low"].number(least=0)) if "low" in f else mid
        high = float(f["high"].number(least=0)) if "high" in f else mid
        evidence = (
            f["source"].text() if "source" in f else f"the user's numbers in {file}",
            f["confidence"].one_of(CONFIDENCE) if "confidence" in f else "low",
            f["checked"].one_of(CHECKED) if "checked" in f else "unverified",
        )
        known = f["known_on"].day() if "known_on" in f else on
        note = f["note"].text() if "note" in f else ""
    if not low <= mid <= high:
        raise v.refuse("low <= mid <= high", "put the three in order", given=f"{low:g}, {mid:g}, {high:g}")
    if shape == "log" and low <= 0 < high:
        raise v.refuse("a low end above zero", "this input is spread in ratios", given=f"{low:g}")
    if shape == "share" and high > 1:
        raise v.refuse("a share from 0 to 1", "write 0.25 for a quarter", given=f"{high:g}")
    if known > on:
        raise v.refuse(
            f"what was known on {on}", "use an earlier figure, or decide on a later day", given=f"known on {known}"
        )
    return Input(name, low, mid, high, *evidence, known, note)


def _branches(v: Value, on: dt.date) -> tuple[Branch, ...]:
    found = []
    for one in v:
        f = one.fields(("name", "actor", "probability"), ("inputs", "then"))
        inputs = f["inputs"].fields((), tuple(INPUTS)) if "inputs" in f else {}
        found.append(
            Branch(
                f["name"].text(), f["actor"].text(), float(f["probability"].number(least=0)),
                {k: _input(k, i, on, file=one.file) for k, i in inputs.items()},
                _branches(f["then"], on) if "then" in f else (),
            )
        )  # fmt: skip
    total = sum(b.probability for b in found)
    if abs(total - 1) > 1e-9:
        raise v.refuse("chances that sum to 1", "correct the probabilities", given=f"a sum of {total:g}")
    return tuple(found)
