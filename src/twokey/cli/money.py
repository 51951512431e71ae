"""`duty`, `cost`, `exposure`, `sku`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from twokey import api
from twokey.cli.shared import As, print_json, progress_line

__all__ = ["add_to"]

_Out = Annotated[
    str | None, typer.Option("--out", help="Write the tables to a file: .xlsx with formulas, .json, .csv.")
]


def add_to(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("duty")(_duty)
    app.command("cost")(_cost)
    app.command("exposure")(_exposure)
    app.command("sku")(_sku)


def _duty(
    item: Annotated[str | None, typer.Argument(metavar="[ITEM]", help="Catalogue id or item sheet.")] = None,
    to: Annotated[str, typer.Option("--to", help="Country of entry, such as US or CN.")] = "US",
    origin: Annotated[str, typer.Option("--origin", help="Country of origin.")] = "CN",
    hts: Annotated[str, typer.Option("--hts", help="Tariff heading, such as 8473.30.")] = "8473.30",
    on: Annotated[str | None, typer.Option("--on", help="Day of entry, YYYY-MM-DD. Default: today.")] = None,
    table: Annotated[bool, typer.Option("--table", help="All goods by month since 2018, both directions.")] = False,
    since: Annotated[str, typer.Option("--since", help="With --table: a day of the first month.")] = "2018-01-01",
    until: Annotated[str | None, typer.Option("--until", help="With --table: a day of the last month.")] = None,
    out: _Out = None,
    as_json: As.Json = False,
) -> None:
    """The duty stack for a good, an origin and a day; with --table, month by month."""
    import datetime as dt

    if table:
        _duty_table(item, since, until, out, as_json)
        return
    answer: dict[str, Any] = api.duty(
        item, to=to, origin=origin, hts=hts, on=on or dt.date.today().isoformat()
    ).to_json()
    if as_json:
        print_json(answer)
        return
    for m in answer["measures"]:
        rate = "unknown" if m["rate_percent"] is None else f"{m['rate_percent']:g}%"
        print(f"{m['measure']:<34} {rate:>8}  of {m['basis']}  [{m['cite']}] {m['confidence']}")
    total = answer["total_percent"]
    print(f"{'total':<34} " + (f"{total:g}%".rjust(8) if total is not None else "undetermined"))
    for u in answer["unknown"]:
        print(f"unknown: {u}")


def _duty_table(item: str | None, since: str, until: str | None, out: str | None, as_json: bool) -> None:
    rows = api.duty_months(since, until, item)
    if out is not None:
        api.write_money(out, rows)
    if as_json:
        print_json({"rows": [r.to_json() for r in rows]})
        return
    good = None
    for one in rows:
        row: dict[str, Any] = one.to_json()
        unknown = one.unknown
        if row["good"] != good:
            good = row["good"]
            print(f"\n{good} (origin {row['origin']}, heading {row['hts']}); * rests on an unverified source")
        total, low, high = row["total_percent"], row["at_least_percent"], row["at_most_percent"]
        span = "undetermined" if low is None else f"{low:g}% to {'?' if high is None else f'{high:g}%'}"
        mark = "*" if row["checked"] == "unverified" else " "
        why = f"  {unknown[0]}" if unknown and total is None else ""
        print(f"{row['from']} {(f'{total:g}%' if total is not None else span):>12}{mark}{why}")


def _cost(
    ref: Annotated[str, typer.Argument(metavar="CHIP|DESIGN", help="A catalogue chip, or a design's file.")],
    as_json: As.Json = False,
) -> None:
    """Unit cost of a chip or a design: die, memory, packaging and test, low, mid and high."""
    found = api.cost(ref)
    cases = found if isinstance(found, dict) else found.cases
    answer = {case: cost.to_json() for case, cost in cases.items()}
    if as_json:
        print_json(answer if isinstance(found, dict) else found.to_json())
        return
    print(f"{'USD':<16}" + "".join(f"{case:>10}" for case in answer))
    for part in next(iter(answer.values())):
        print(f"{part:<16}" + "".join(f"{costs[part]:>10,.0f}" for costs in answer.values()))
    if not isinstance(found, dict) and found.published is not None and found.gap is not None:
        print(f"{'published':<16}" + "".join(f"{float(f.value):>10,.0f}" for f in found.published.values()))
        print(f"mid is {100 * found.gap:+.0f}% of the published mid ({found.published['mid'].source})")


def _exposure(
    position: Annotated[str, typer.Argument(metavar="[POSITION]", help="A position's name or file.")] = (
        "nvidia-h20-2025-04"
    ),
    share: Annotated[str, typer.Option("--share", help="Share of the trade that is closed, 0 to 1.")] = "1",
    out: _Out = None,
    as_json: As.Json = False,
) -> None:
    """What is at stake: the charge as a waterfall, its margin effect, revenue lost, later releases."""
    outcome = api.exposure(position, share)
    if out is not None:
        api.write_money(out, outcome)
    if as_json:
        published: dict[str, Any] = api.published_figures().to_json()
        print_json({**outcome.to_json(), "published": published})
        return
    print(f"{outcome.position.name}: {outcome.position.event_name}, {outcome.position.on}")
    for step in outcome.waterfall:
        print(f"{'= ' if step.total else '  '}{step.name:<32}{float(step.usd_bn):>8.2f} USD bn")
    if outcome.margin_points is not None and outcome.margin_percent is not None:
        print(f"gross margin {float(outcome.margin_percent):.1f}%, lower by {float(outcome.margin_points):.1f} points")
    for when, f in outcome.position.lost:
        print(f"revenue lost, {when}: {float(f.value):.2f} USD bn (revenue, not a charge)")


def _stages(step: Callable[[str, int, int], None] | None) -> Callable[[str], None] | None:
    """Return what counts the stages of the advice and shows each."""
    if step is None:
        return None
    seen: list[str] = []

    def told(stage: str) -> None:
        step(stage, len(seen), max(6, len(seen) + 1))
        seen.append(stage)

    return told


def _sku(
    decision: Annotated[str, typer.Argument(metavar="[DECISION]", help="A decision's name or file.")] = (
        "h20-successor-2025-05"
    ),
    changes: Annotated[str | None, typer.Option("--with", help="A file that overrides inputs or the tree.")] = None,
    draws: Annotated[int, typer.Option("--draws", help="Number of draws.")] = 100_000,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the random numbers.")] = 1,
    margin: Annotated[float, typer.Option("--margin", help="Share built below the limit, such as 0.1.")] = 0.0,
    out: _Out = None,
    as_json: As.Json = False,
) -> None:
    """Whether to build one more chip, how many to commit to, and what decides it."""
    with progress_line(sys.stderr.isatty() and not as_json) as step:
        a = api.sku(decision, changes, draws=draws, seed=seed, margin=margin, progress=_stages(step))
    after = api.held_against(a)
    if out is not None:
        api.write_money(out, a)
    if as_json:
        print_json(a.to_json() | ({"backtest": after.to_json()} if after is not None else {}))
        return
    bn, v = 1e9, a.value
    print(f"{a.decision.name} (decided {a.decision.on}; {a.draws:,} draws, seed {a.seed})")
    print(f"{'go' if a.go else 'do not go'}: commit to {a.commit_units:,} units, {a.commit_usd / bn:.2f} USD bn")
    print(f"expected {v.mean_usd / bn:+.2f} USD bn, P5 {v.p5_usd / bn:+.2f}, P95 {v.p95_usd / bn:+.2f}; "
          f"a loss in {100 * v.loss_probability:.0f}%")  # fmt: skip
    print(f"waiting a quarter: {a.value_of_waiting_usd / bn:+.2f} USD bn; still open then: "
          f"{100 * a.chance_open_after_quarter:.0f}%")  # fmt: skip
    for rate in (a.hazard.us, a.hazard.cn):
        p5, p50, p95 = (rate.quantile_per_year(p) for p in (0.05, 0.5, 0.95))
        print(f"closings a year, {rate.side}: {p50:.2f} ({p5:.2f} to {p95:.2f}), from {rate.closings} parts closed by "
              f"{len(rate.measures)} measures")  # fmt: skip
    print("most sensitive to: " + ", ".join(
        f"{s.name} ({s.at_low_usd / bn:+.1f} to {s.at_high_usd / bn:+.1f})" for s in a.swings[:5]))  # fmt: skip
    for leaf in a.leaves:
        print(f"  {100 * leaf.probability:4.0f}%  {leaf.mean_usd / bn:+6.2f}  {' / '.join(leaf.path)}")
    if a.tree_value_usd is not None:
        print(f"  over the tree {a.tree_value_usd / bn:+.2f} USD bn")
    if after is not None:
        print(f"held against what happened: closed after {after.days:.0f} days, {after.stranded_usd_bn:.2f} USD bn "
              f"stranded, result {after.result_usd_bn:+.2f}")  # fmt: skip
    for i in a.decision.inputs.values():
        print(f"{i.name:<30} {i.low:>12g} {i.mid:>12g} {i.high:>12g}  {i.checked}  {i.source}")
