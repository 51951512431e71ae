"""A seller's position under an event: the charge as a waterfall, its margin effect, revenue lost, later releases.

A charge is a cost before tax and revenue lost is revenue: the two stand side by side and are never added.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from twokey.quantities.problem import Problem
from twokey.quantities.shown import Shown
from twokey.sources.figure import Figure
from twokey.sources.register import read_figure
from twokey.sources.text import Value, read_file

__all__ = ["EVENTS", "Outcome", "Position", "Step", "positions", "read_position"]

EVENTS = ("rule", "denial", "customs-stop")
"""What can close the trade: a rule or letter, a licence denied, goods stopped at the border."""

_FOLDER = Path(__file__).parent.parent / "data" / "market" / "positions"
_NEEDED = ("committed_usd_bn", "inventory_share", "reserves_share", "reuse_usd_bn")
_OPTIONAL = (
    "quarter_revenue_usd_bn", "margin_without_charge_percent", "margin_published_percent", "booked_usd_bn", "price_usd",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One bar of the waterfall: what it stands for, its height, and whether it is a sum of those before [1e9 USD]."""

    name: str
    usd_bn: Fraction
    total: bool = False


@dataclass(frozen=True, slots=True)
class Outcome(Shown):
    """What the event does to the position; amounts in 1e9 USD, margins in percentage points."""

    position: Position
    share_closed: Fraction
    waterfall: tuple[Step, ...]

    @property
    def charge_usd_bn(self) -> Fraction:
        """The charge: cost committed less what is reused [1e9 USD]."""
        return next(s.usd_bn for s in self.waterfall if s.name == "charge")

    @property
    def net_of_releases_usd_bn(self) -> Fraction:
        """The charge less what was released later [1e9 USD]."""
        return self.charge_usd_bn - sum((f.value for _, f in self.position.releases), Fraction(0))

    @property
    def margin_points(self) -> Fraction | None:
        """The charge over the quarter's revenue [percent]; None when the revenue is not given."""
        revenue = self.position.figures.get("quarter_revenue_usd_bn")
        return None if revenue is None else 100 * self.charge_usd_bn / revenue.value

    @property
    def margin_percent(self) -> Fraction | None:
        """Gross margin with the charge [percent]; None when the margin without it is not given."""
        without, points = self.position.figures.get("margin_without_charge_percent"), self.margin_points
        return None if without is None or points is None else without.value - points

    @property
    def lost_revenue_usd_bn(self) -> Fraction:
        """Revenue lost in all periods named [1e9 USD]; revenue, not a charge."""
        return self.share_closed * sum((f.value for _, f in self.position.lost), Fraction(0))

    @property
    def lost_units(self) -> Fraction | None:
        """Units that the lost revenue stands for [1]; None without a price."""
        price = self.position.figures.get("price_usd")
        return None if price is None else self.lost_revenue_usd_bn * 10**9 / price.value

    def to_json(self) -> dict[str, object]:
        """Return the outcome with the figures it rests on."""
        p = self.position
        return {
            "position": p.id, "name": p.name,
            "event": {"kind": p.event, "on": p.on.isoformat(), "name": p.event_name},
            "share_closed": float(self.share_closed),
            "waterfall": [{"name": s.name, "usd_bn": float(s.usd_bn), "total": s.total} for s in self.waterfall],
            "charge_usd_bn": float(self.charge_usd_bn),
            "net_of_releases_usd_bn": float(self.net_of_releases_usd_bn),
            "margin_points": _plain(self.margin_points), "margin_percent": _plain(self.margin_percent),
            "lost_revenue_usd_bn": float(self.lost_revenue_usd_bn), "lost_units": _plain(self.lost_units),
            "lost": [{"period": when, **f.to_json()} for when, f in p.lost],
            "releases": [{"on": day.isoformat(), **f.to_json()} for day, f in p.releases],
            "figures": {k: f.to_json() for k, f in p.figures.items()},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Position:
    """Stock, commitments and orders of one product on the day of an event, each figure with its source."""

    id: str
    name: str
    event: str
    event_name: str
    on: dt.date
    figures: dict[str, Figure]
    lost: tuple[tuple[str, Figure], ...]
    releases: tuple[tuple[dt.date, Figure], ...]

    def under(self, share_closed: Fraction | int = 1) -> Outcome:
        """Return the outcome when a share of the trade is closed [1].

        What stays open sells its stock and commitments; reuse counts towards the closed share only.

        Raises
        ------
        Problem
            If the share is not from 0 to 1.
        """
        share = Fraction(share_closed)
        if not 0 <= share <= 1:
            raise Problem("share closed", str(share_closed), "a share from 0 to 1", "write 1 for a full stop")
        f = self.figures
        cost = f["committed_usd_bn"].value * share
        stock, reserves = f["inventory_share"].value, f["reserves_share"].value
        reuse = f["reuse_usd_bn"].value * share
        steps = [
            Step("stock on hand", cost * stock),
            Step("purchase commitments", cost * (1 - stock - reserves)),
            Step("related reserves", cost * reserves),
            Step("ceiling", cost, total=True),
            Step("reused", -reuse),
            Step("charge", cost - reuse, total=True),
            *(Step(f"released {day.isoformat()}", -one.value) for day, one in self.releases),
        ]
        if self.releases:
            steps.append(Step("after releases", cost - reuse - sum(one.value for _, one in self.releases), total=True))
        return Outcome(self, share, tuple(s for s in steps if s.usd_bn or s.total))


def positions() -> tuple[str, ...]:
    """Return the names of the positions that come with the program.

    Examples
    --------
    >>> positions()
    ('amd-mi308-2025-04', 'nvidia-h20-2025-04')
    """
    return tuple(sorted(p.stem for p in _FOLDER.glob("*.yaml")))


def read_position(ref: str | Path = "nvidia-h20-2025-04") -> Position:
    """Return a position: a shipped one by name, or a user's file of the same form.

    Raises
    ------
    Problem
        If the file cannot be used, a figure lacks its source, or the shares exceed one.

    Examples
    --------
    >>> outcome = read_position("nvidia-h20-2025-04").under()
    >>> float(outcome.charge_usd_bn), round(float(outcome.margin_percent), 1), float(outcome.lost_revenue_usd_bn)
    (4.5, 61.1, 10.5)
    """
    if ref in positions():
        return _position(read_file(_FOLDER / f"{ref}.yaml", f"data/market/positions/{ref}.yaml"), str(ref))
    if not Path(ref).is_file():
        raise Problem("position", str(ref), "a file, or one of " + ", ".join(positions()), "name a position or a file")
    return _position(read_file(ref), Path(ref).stem)


def _position(root: Value, name: str) -> Position:
    f = root.fields(("sources", "name", "event", *_NEEDED), (*_OPTIONAL, "lost", "releases"))
    register = {k: v.text() for k, v in f["sources"].group().items()}
    event = f["event"].fields(("kind", "on", "name"))
    figures = {k: read_figure(f[k], register) for k in (*_NEEDED, *_OPTIONAL) if k in f}
    if figures["inventory_share"].value + figures["reserves_share"].value > 1:
        raise f["inventory_share"].refuse("shares that sum to at most 1", "lower inventory_share or reserves_share")
    if figures["reuse_usd_bn"].value > figures["committed_usd_bn"].value:
        raise f["reuse_usd_bn"].refuse("at most what is committed", "correct one of the two")
    lost, releases = [], []
    for v in f["lost"].items() if "lost" in f else []:
        g = v.fields(("period", "usd_bn"))
        lost.append((g["period"].text(), read_figure(g["usd_bn"], register)))
    for v in f["releases"].items() if "releases" in f else []:
        g = v.fields(("on", "usd_bn"))
        releases.append((g["on"].day(), read_figure(g["usd_bn"], register)))
    return Position(
        name, f["name"].text(), event["kind"].one_of(EVENTS), event["name"].text(), event["on"].day(),
        figures, tuple(lost), tuple(releases),
    )  # fmt: skip


def _plain(value: Fraction | None) -> float | None:
    return None if value is None else float(value)
