"""The parts of the page on money: duties taken apart, the charge and what is at stake."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from twokey.brief.html import pictures
from twokey.brief.html.markup import Html, Part, details, tag
from twokey.brief.html.markup import table as table_of
from twokey.brief.html.sku_parts import waterfall_part
from twokey.brief.words import day, number, usd
from twokey.quantities.exact import as_text

if TYPE_CHECKING:
    from twokey.brief.dossier import Brief
    from twokey.sources.figure import Figure
    from twokey.trade.exposure import Charges, Exposure

__all__ = ["charge", "duties"]


def duties(brief: Brief) -> Part:
    """Return the headline rate taken apart, and what a board or chip bore."""
    out: list[Part] = []
    for q, d in brief.duties:
        if q.parts:
            ieepa = d.subtotal_percent("ieepa")
            pieces = " + ".join(
                f"{as_text(c.rate_percent)} ({c.measure.removeprefix('US ')})"
                for c in d.charges
                if c.family == "ieepa" and c.rate_percent
            )
            rest = " + ".join(
                f"{as_text(c.rate_percent)} ({c.measure.removeprefix('US ')})"
                for c in d.charges
                if c.family != "ieepa" and c.rate_percent
            )
            if ieepa is not None and d.total_percent is not None:
                out.append(
                    tag(
                        "p",
                        tag("b", f"{as_text(ieepa)} = {pieces}."),
                        f" It leaves out what else such a good bears: {rest}; in all {as_text(d.total_percent)}.",
                    )
                )
    caption = "Duty by measure. Measures at zero by exemption stand in the table."
    out.append(tag("figure", pictures.picture(pictures.duty_bars(brief), caption), tag("figcaption", caption)))
    board = next((q for q, _ in brief.duties if not q.parts), None)
    for q, d in brief.duties:
        rows: list[list[Part]] = [
            [
                c.measure,
                as_text(c.rate_percent) if c.rate_percent is not None else f"{as_text(c.at_least_percent)} or more",
                c.basis,
                c.reason,
                tag("cite", c.cite, f" [{c.confidence}, {c.checked}]"),
            ]
            for c in d.charges
        ]
        total = (
            as_text(d.total_percent)
            if d.total_percent is not None
            else f"undetermined, at least {as_text(d.floor_percent)}"
        )
        rows.append([tag("b", "total"), tag("b", total), "", "; ".join(d.unknown), ""])
        out.append(
            details(
                f"{q.name}, {day(q.on)}: {total} percent",
                table_of(["measure", "percent", "of", "why", "source"], rows, numbers=(1,)),
                opened=q is board,
            )
        )
    left = sorted({f"{d.to}: {', '.join(d.left_out)}" for _, d in brief.duties})
    out.append(tag("p", tag("small", "Left out: " + "; ".join(left) + ".")))
    return out


def charge(brief: Brief) -> Part:
    """Return the charge announced and booked, and where it is known the margin, revenue forgone and China revenue."""
    e, seller = brief.exposure, brief.scenario.charge
    charges = sorted(e.charges.values(), key=lambda c: c.seller != seller)
    rows = [row for c in charges for row in _charge_rows(c)]
    out: list[Part] = [table_of(["", "day", "USD billion", ""], rows, numbers=(2,)), *waterfall_part(brief)]
    if seller == e.quarter_seller:
        out += [_forgone(e), tag("p", _margin(e)), tag("h3", "Revenue from China, on two bases that must not be mixed")]
        out.append(_china(e))
    return out


def _charge_rows(c: Charges) -> list[list[Part]]:
    def row(head: str, on: dt.date, figure: Figure) -> list[Part]:
        state = f" [{figure.confidence}, {figure.checked}]"
        return [f"{c.name}: {head}", day(on), usd(figure.value), [figure.note, " ", tag("cite", figure.source, state)]]

    rows = [row("ceiling announced", c.announced_on, c.announced), row("charge booked", c.booked_on, c.booked)]
    why: Part = [c.difference_why, " ", tag("cite", c.difference_source)] if c.difference_why else ""
    rows.append([f"{c.name}: difference", "", usd(c.difference_usd_bn), why])
    if c.released is not None and c.released_on is not None:
        rows.append(row("released later", c.released_on, c.released))
    return rows


def _forgone(e: Exposure) -> Html:
    names = {
        "h20_sold_usd_bn": "H20 sold in the quarter",
        "h20_not_shipped_usd_bn": "H20 not shipped in the quarter",
        "h20_lost_next_quarter_usd_bn": "H20 lost in the next quarter",
    }
    rows: list[list[Part]] = []
    for key, name in names.items():
        f = e.quarter[key]
        rows.append([name, usd(f.value), [f.note, " ", tag("cite", f.source, f" [{f.confidence}, {f.checked}]")]])
    rows.append(
        [
            "revenue forgone, the last two",
            usd(e.revenue_forgone_usd_bn),
            "revenue, not a cost: not to be added to the charge",
        ]
    )
    low, high = e.plan_units
    units = f"{number(round(low, -4))} to {number(round(high, -4))}"
    plan = f"what the quarter was to bring, about {units} chips at the prices reported"
    rows.append(["H20 planned for the quarter, the first two", usd(e.plan_usd_bn), plan])
    caption = f"Revenue in the quarter that ended {day(e.quarter_ends)}, and the next"
    return table_of(["", "USD billion", ""], rows, numbers=(1,), caption=caption)


def _margin(e: Exposure) -> str:
    q = e.quarter
    return (
        f"The charge took {as_text(e.margin_points_published)} points from the gross margin as published "
        f"({usd(q['margin_without_charge_percent'].value)} without, "
        f"{usd(q['margin_with_charge_percent'].value)} with it); booked charge over revenue of "
        f"{as_text(q['revenue_usd_bn'].value)} gives {float(e.margin_points_by_charge):.1f}, "
        f"apart by rounding. The shares moved by {100 * float(e.share_change):.2f}% on {day(e.share_on)}, about "
        f"{float(e.market_value_change_usd_bn):,.0f} USD billion of market value."
    )


def _china(e: Exposure) -> Html:
    rows: list[list[Part]] = []
    for r in e.china_revenue.values():
        for year, f in r.years.items():
            known = year in e.total_revenue
            share = f"{100 * float(e.china_share(r.basis, year)):.1f}%" if known else "not in the data"
            rows.append([r.says, year, usd(f.value), share, tag("cite", f.source, f" [{f.confidence}, {f.checked}]")])
    return table_of(["counted", "fiscal year", "USD billion", "of all revenue", "source"], rows, numbers=(2, 3))
