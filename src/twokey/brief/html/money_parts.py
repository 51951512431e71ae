"""The parts of the page on money: duties taken apart, the charge and what is at stake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twokey.brief.html import pictures
from twokey.brief.html.markup import Part, details, tag
from twokey.brief.html.markup import table as table_of
from twokey.brief.words import day, usd
from twokey.quantities.exact import as_text

if TYPE_CHECKING:
    from twokey.brief.dossier import Brief

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
            )
        )
    left = sorted({f"{d.to}: {', '.join(d.left_out)}" for _, d in brief.duties})
    out.append(tag("p", tag("small", "Left out: " + "; ".join(left) + ".")))
    return out


def charge(brief: Brief) -> Part:
    """Return the charge announced and booked, the margin, revenue forgone, China revenue on its two bases."""
    e = brief.exposure
    q = e.quarter
    rows: list[list[Part]] = []
    for c in e.charges.values():
        why = f"{c.difference_why} " if c.difference_why else ""
        rows += [
            [
                f"{c.name}: ceiling announced",
                day(c.announced_on),
                usd(c.announced.value),
                [c.announced.note, " ", tag("cite", c.announced.source)],
            ],
            [
                f"{c.name}: charge booked",
                day(c.booked_on),
                usd(c.booked.value),
                [c.booked.note, " ", tag("cite", c.booked.source)],
            ],
            [
                f"{c.name}: difference",
                "",
                usd(c.difference_usd_bn),
                [why, tag("cite", c.difference_source) if why else None],
            ],
        ]
        if c.released is not None and c.released_on is not None:
            rows.append(
                [
                    f"{c.name}: released later",
                    day(c.released_on),
                    usd(c.released.value),
                    [c.released.note, " ", tag("cite", c.released.source)],
                ]
            )
    rows += [
        [
            "H20 not shipped in the quarter",
            day(e.quarter_ends),
            usd(q["h20_not_shipped_usd_bn"].value),
            tag("cite", q["h20_not_shipped_usd_bn"].source),
        ],
        [
            "H20 lost in the next quarter",
            "",
            usd(q["h20_lost_next_quarter_usd_bn"].value),
            tag("cite", q["h20_lost_next_quarter_usd_bn"].source),
        ],
        [
            "revenue forgone, both",
            "",
            usd(e.revenue_forgone_usd_bn),
            "revenue, not a cost: not to be added to the charge",
        ],
    ]
    margin = (
        f"The charge took {as_text(e.margin_points_published)} points from the gross margin as published "
        f"({usd(q['margin_without_charge_percent'].value)} without, "
        f"{usd(q['margin_with_charge_percent'].value)} with it); booked charge over revenue of "
        f"{as_text(q['revenue_usd_bn'].value)} gives {float(e.margin_points_by_charge):.1f}, apart by rounding. "
        f"The shares moved by {100 * float(e.share_change):.2f}% on "
        f"{day(e.share_on)}, about {float(e.market_value_change_usd_bn):,.0f} USD billion of market value."
    )
    bases: list[list[Part]] = []
    for r in e.china_revenue.values():
        for year, f in r.years.items():
            share = (
                f"{100 * float(e.china_share(r.basis, year)):.1f}%" if year in e.total_revenue else "not in the data"
            )
            bases.append([r.says, year, usd(f.value), share, tag("cite", f.source, f" [{f.confidence}, {f.checked}]")])
    return [
        table_of(["", "day", "USD billion", ""], rows, numbers=(2,)),
        tag("p", margin),
        tag("h3", "Revenue from China, on two bases that must not be mixed"),
        table_of(["counted", "fiscal year", "USD billion", "of all revenue", "source"], bases, numbers=(2, 3)),
    ]
