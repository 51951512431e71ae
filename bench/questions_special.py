"""Questions on what is not a chip sold plainly: boards, memory stacks, parties, foundries, exits, proposals."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from law_question import Question, day, periods, table
from questions import ONE_DAY, PLACES, Probe, edge, question, questions, turning_days
from twokey.chips.catalogue import find

FREE = Probe("a free part", "500", "1")
CAUGHT = Probe("a part of 3A090.a", "5000", "2")
MIDDLING = Probe("a part of 3A090.b", "3000", "2")
CONSUMER = Probe("a part of 3A090.a, other market", "5000", "2", datacentre=False)


def every_question() -> Iterator[tuple[str, Question]]:
    """Yield every computed question with what it is about."""
    yield from questions()
    yield from special_questions()


def special_questions() -> Iterator[tuple[str, Question]]:
    """Yield the questions of this module."""
    yield from _boards()
    yield from _stacks()
    yield from _listed()
    yield from _owned()
    yield from _approved()
    yield from _foundries()
    yield from _end_uses()
    yield from _exits()
    yield from _bills()
    yield from _moved()
    yield from _strangers()


def _known(rule: str) -> Iterator[tuple[dt.date, dt.date | None]]:
    """Days of trade with what was known: all, or what could be known on a first day of knowledge and before."""
    for on in turning_days(rule):
        yield on, None
    for start, until, known in periods(rule):
        for on in sorted({max(start, known), min(until - ONE_DAY, start + dt.timedelta(days=20))}):
            for known_on in (known, known - ONE_DAY):
                yield on, known_on


def _boards() -> Iterator[tuple[str, Question]]:
    for name, word in (("nvidia-h100-sxm", "h100"), ("nvidia-l40", "l40"), ("nvidia-t4", "t4")):
        item = find(name).item
        given = (item.tpp, item.applicable_die_area_mm2, item.dram_bandwidth_GBps, item.io_bandwidth_GBps)
        tpp, area, dram, io = (figure for figure in given if figure is not None)
        since = f"{item.us_commercial_since}-01"
        for on, known_on in _known("us/4a090"):
            for to, seat in (("CN", "CN"), ("VN", "VN"), ("SG", "CN"), ("DE", "DE")):
                asked = Question(
                    tpp, area, dram, io, True, word, "nvidia", "US", dt.date.fromisoformat(since), to, seat, on,
                    held=name, known_on=known_on,
                )  # fmt: skip
                yield f"a board with eight {name} to {to}, seat {seat}", asked


def _stacks() -> Iterator[tuple[str, Question]]:
    for density in ("1", "2", "2.01", "3.285", "3.3", "3.35", "9"):
        stack = (Fraction(density) * 100, Fraction(100))
        for rule in ("us/hbm-2024", "us/hbm-exception"):
            for on, known_on in _known(rule):
                for to, seat in (("CN", "CN"), ("MO", "MO"), ("RU", "RU"), ("VN", "VN")):
                    yield f"memory of {density} GB/s per mm2 to {to}", _stack(stack, to, seat, on, known_on)
        for on in (dt.date(2025, 6, 1), dt.date(2026, 8, 1)):
            for to, seat in (("HK", "HK"), ("SO", "SO"), ("BR", "BR"), ("SG", "CN"), ("KH", "KH"), ("US", "US")):
                yield f"memory of {density} GB/s per mm2 to {to}, seat {seat}", _stack(stack, to, seat, on, None)


def _stack(stack: tuple[Fraction, Fraction], to: str, seat: str, on: dt.date, known_on: dt.date | None) -> Question:
    zero = Fraction(0)
    return Question(
        zero, Fraction(1), zero, zero, False, "", "other", "US", dt.date(2023, 1, 10), to, seat, on,
        stack=stack, known_on=known_on,
    )  # fmt: skip


def _listed() -> Iterator[tuple[str, Question]]:
    for row in table("parties.csv"):
        first, known = day(row["effective"]), day(row["published"])
        for on, known_on in (
            (first - ONE_DAY, None), (first, None), (known, known), (known, known - ONE_DAY),
            (dt.date(2026, 9, 1), None),
        ):  # fmt: skip
            about = f"a free part to {row['name']}"
            yield about, question(FREE, "other", on, "CN", "CN", end_user=row["name"], known_on=known_on)
    for on in (*turning_days("us/entity-list"), dt.date(2025, 6, 1)):
        for to in ("CN", "BR", "US", "SG"):
            for p in (FREE, CAUGHT, MIDDLING):
                for name in ("Huawei Technologies", "DeepSeek", "CXMT"):
                    about = f"{p.name} to {name} in {to}"
                    yield about, question(p, "other", on, to, "CN", end_user=name)
    (first, _, known) = periods("us/entity-list")[0]
    for known_on in (known, known - ONE_DAY):
        yield (
            f"a free part to a listed party, known on {known_on}",
            question(FREE, "other", first, "CN", "CN", end_user="Huawei Technologies", known_on=known_on),
        )


_SHARES: tuple[tuple[tuple[str, str], ...], ...] = (
    (("Huawei Technologies", "50"),), (("Huawei Technologies", "49.75"),), (("Huawei Technologies", "50.25"),),
    (("Huawei Technologies", "30"), ("SMIC", "20")), (("Huawei Technologies", "30"), ("A firm", "70")),
    (("A firm", "100"),), (("Huawei Technologies", "100"),),
)  # fmt: skip


def _owned() -> Iterator[tuple[str, Question]]:
    for shares in _SHARES:
        owners = tuple((name, Fraction(share)) for name, share in shares)
        words = " and ".join(f"{share} percent of {name}" for name, share in shares)
        for on, known_on in _known("us/affiliates-2025"):
            for to in ("CN", "BR", "US"):
                about = f"a free part to a firm owned {words}, in {to}"
                yield about, question(FREE, "other", on, to, "SG", owners=owners, known_on=known_on)


def _approved() -> Iterator[tuple[str, Question]]:
    for p in (CAUGHT, MIDDLING, CONSUMER, FREE):
        for on, known_on in _known("us/veu-2024"):
            for to, seat in (
                ("AE", "AE"), ("VN", "VN"), ("CN", "CN"), ("MO", "MO"), ("SO", "SO"), ("SA", "MO"), ("SG", "CN"),
                ("SG", "SO"), ("MO", "SG"), ("SO", "SG"), ("AE", "BR"),
            ):  # fmt: skip
                for word in ("data-centre-veu", ""):
                    about = f"{p.name} to {'an approved data centre' if word else 'somebody'} in {to}, seat {seat}"
                    yield about, question(p, "other", on, to, seat, authorisation=word, known_on=known_on)
        for on in (dt.date(2025, 3, 1), dt.date(2026, 7, 9), dt.date(2026, 7, 10), dt.date(2026, 8, 1)):
            for to, seat in (("AE", "AE"), ("AE", "CN"), ("SG", "CN"), ("SG", "SO"), ("AE", "BR"), ("BR", "BR")):
                for word in ("data-centre-veu", "uae-government", "uae-supplement-8", ""):
                    about = f"{p.name} to {to}, seat {seat}, authorised as {word or 'nobody'}"
                    yield about, question(p, "other", on, to, seat, authorisation=word)


_AGES = ("2025-01-20", "2025-01-30", "2025-01-31", "2025-08-01", "2026-04-06", "2026-04-07", "2026-08-01",
         "2026-12-31", "2027-01-01", "2027-06-01", "2028-06-01", "2028-12-31", "2029-01-01", "2030-01-01")  # fmt: skip
"""Days within each age of the note on foundries and at its turns."""


def _foundries() -> Iterator[tuple[str, Question]]:
    days = [dt.date.fromisoformat(d) for d in _AGES]
    assumptions: tuple[tuple[tuple[str, bool], ...], ...] = (
        (), (("supp-7", True), ("applied", True)), (("supp-7", False), ("applied", False)),
    )  # fmt: skip

    def asked(p: Probe, on: dt.date, to: str, seat: str, **more: Any) -> tuple[str, Question]:
        more = {"exporter": "fabricator", "origin": "TW", "transistors_bn": Fraction(50), "seller_seat": "CN"} | more
        told = ", ".join(f"{k} {v}" for k, v in more.items() if k != "origin")
        return f"{p.name} to {to}, seat {seat}, {told}", question(p, "other", on, to, seat, **more)

    counts = {count for limit in ("30", "35", "40") for count in (limit, _below(limit))} | {"20", "100"}
    for on in days:
        for exporter, hbm in itertools.product(("fabricator", "osat"), (True, False)):
            for count in sorted(counts):
                for assumed in assumptions:
                    more = {"exporter": exporter, "hbm": hbm, "transistors_bn": Fraction(count), "assumed": assumed}
                    yield asked(FREE, on, "CN", "CN", **more)
        for exporter in ("fabricator", "osat", "designer"):
            for p in (FREE, CAUGHT, MIDDLING, CONSUMER):
                for seat_of_designer in ("US", "TW", "DE", "MX", "ZA", "AE", "CN", "SG", "MO", "BR"):
                    for assumed in assumptions[:2] if on.year >= 2027 else assumptions[:1]:
                        more = {"exporter": exporter, "seller_seat": seat_of_designer, "assumed": assumed}
                        yield asked(p, on, "CN", "CN", **more)
        for packaged in ("TW", "CN", "HK", "MO", "SO", "BR", "MY"):
            for exporter in ("fabricator", "osat"):
                more = {"packaged_in": packaged, "transistors_bn": Fraction(20), "exporter": exporter}
                yield asked(FREE, on, "CN", "CN", **more)
        for to, seat in (
            *((c, c) for c in (*PLACES[:-1], "KH")),
            ("SG", "CN"), ("SG", "MO"), ("SG", "SO"), ("US", "CN"), ("MO", "SG"), ("SO", "SG"), ("BR", "VN"),
            ("BR", "CN"),
        ):  # fmt: skip
            yield asked(FREE, on, to, seat)
    for on, known_on in _known("us/foundry-2025"):
        for count in ("100", "32", "37"):
            yield asked(FREE, on, "CN", "CN", known_on=known_on, hbm=False, transistors_bn=Fraction(count))
        stack = (Fraction(100), Fraction(100))
        yield (
            "memory that leaves a packager",
            replace(_stack(stack, "CN", "CN", on, None), exporter="osat"),
        )


def _below(limit: str) -> str:
    return str(float(Fraction(limit) - min(Fraction(1, 2), Fraction(limit) / 200)))


def _end_uses() -> Iterator[tuple[str, Question]]:
    for use in ("weapons", "military-intelligence", "remote-access", "existing-centre"):
        for p in (CAUGHT, MIDDLING, FREE):
            for on, known_on in _known("us/iaas-2025"):
                for to, seat in (("SG", "CN"), ("SG", "MO"), ("SG", "SO"), ("SG", "BR"), ("CN", "SG")):
                    about = f"{p.name} to {to}, seat {seat}, for {use}"
                    yield about, question(p, "other", on, to, seat, use=use, known_on=known_on)


def _exits() -> Iterator[tuple[str, Question]]:
    rules = ("cn/gallium-germanium-2023", "cn/antimony-2024", "cn/rare-earths-2025", "cn/announcement-46-2024")
    materials = ("gallium", "germanium", "antimony", "superhard", "rare-earths", "graphite")
    for on, known_on in dict.fromkeys(pair for rule in rules for pair in _known(rule)):
        for contained in (*((m,) for m in materials), ("gallium", "rare-earths"), ()):
            for origin, to, use in (
                ("CN", "US", "existing-centre"), ("CN", "DE", "existing-centre"), ("TW", "US", "existing-centre"),
                ("CN", "US", "military-intelligence"), ("CN", "US", "weapons"), ("CN", "DE", "military-intelligence"),
                ("CN", "HK", "existing-centre"), ("CN", "CN", "existing-centre"), ("BR", "BR", "existing-centre"),
                ("CN", "BR", "existing-centre"), ("BR", "US", "existing-centre"), ("CN", "BR", "military-intelligence"),
            ):  # fmt: skip
                more: dict[str, Any] = {"origin": origin, "contains": contained, "use": use, "known_on": known_on}
                about = f"goods with {' and '.join(contained) or 'nothing named'} from {origin} to {to}, for {use}"
                yield about, question(FREE, "other", on, to, to, seller_seat="CN", **more)
    for on, known_on in _known("cn/announcement-61-2025"):
        for share in ("0", "0.0995", "0.1", "0.1005", "5"):
            for origin, to in (("TW", "US"), ("CN", "US"), ("TW", "CN"), ("HK", "DE"), ("CN", "DE"), ("BR", "BR")):
                more = {"origin": origin, "rare_earth_percent": Fraction(share), "known_on": known_on}
                about = f"goods with {share} percent of Chinese rare earths from {origin} to {to}"
                yield about, question(FREE, "other", on, to, to, **more)


def _bill_probes() -> list[Probe]:
    """Chips on both sides of every limit of the bills."""
    found: list[Probe] = [
        FREE,
        CAUGHT,
        MIDDLING,
        CONSUMER,
        Probe("a part of 3A090.b, other market", "3000", "2", datacentre=False),
    ]
    for name, limit, density in (
        ("rate alone", "4800", "0.5"), ("rate of a middling part", "2400", "2"), ("rate of a dense part", "1600", "8"),
        ("rate below the ceiling", "18022.4", "10"), ("rate below the ceiling of 2025", "35200", "10"),
        ("rate below the ceiling of 2019", "4505.6", "10"),
    ):  # fmt: skip
        found += edge(name, limit, lambda n, v, d=density: Probe(n, v, d))
    for name, limit, rate in (
        ("density of a middling part", "1.6", "3000"),
        ("density of a lesser part", "3.2", "2000"),
    ):
        found += edge(name, limit, lambda n, v, r=rate: Probe(n, r, v))
    for limit in ("1400", "4100"):
        found += edge("DRAM", limit, lambda n, v: Probe(n, "100", "0.5", dram=v))
    return found


def _bills() -> Iterator[tuple[str, Question]]:
    days = (dt.date(2022, 8, 1), dt.date(2023, 6, 1), dt.date(2024, 6, 1), dt.date(2025, 9, 29), dt.date(2026, 3, 1))
    bills = ("ai-overwatch", "safe-chips", "scale", "chip-security", "gain", "remote-access")
    china = (("CN", "CN"), ("MO", "MO"), ("VN", "VN"), ("SG", "CN"), ("US", "US"), ("RU", "RU"))
    places = (*china, ("BR", "BR"), ("SG", "SO"), ("SG", "MO"), ("HK", "HK"), ("US", "CN"), ("SG", "US"), ("SO", "SG"))
    for bill in bills:
        for p in _bill_probes():
            for on in days[1:]:
                for to, seat in (*places,) if p.name.startswith("a part") else (("CN", "CN"), ("MO", "MO")):
                    for use in (
                        ("existing-centre", "remote-access") if bill == "remote-access" else ("existing-centre",)
                    ):
                        for origin in ("US", "TW") if bill == "scale" else ("US",):
                            more = {"interconnect_GBps": Fraction(5), "bill": bill, "use": use, "origin": origin}
                            about = f"{p.name} to {to}, seat {seat}, under {bill}"
                            yield about, question(p, "other", on, to, seat, **more)
        if bill not in ("ai-overwatch", "safe-chips"):
            continue
        for market in (True, False):
            for links, dram in (
                ("1100", "100"), (_below("1100"), "100"), ("900", "800"), ("900", "799.5"), ("900", "4100"),
                ("900", "4099.5"), ("1000", "4000"), ("1000", "3999.5"), ("900", "4000"),
            ):  # fmt: skip
                p = Probe("links", "100", "0.5", dram=dram, io="3000", datacentre=market)
                for to, seat in places:
                    more = {"interconnect_GBps": Fraction(links), "bill": bill}
                    about = f"{links} GB/s of links with {dram} of DRAM to {to}, seat {seat}, under {bill}"
                    yield about, question(p, "other", days[-1], to, seat, **more)
    for on in turning_days("proposed/scale"):
        yield (
            "the first day of bills",
            question(CAUGHT, "other", on, "CN", "CN", bill="safe-chips", interconnect_GBps=Fraction(5)),
        )


def _moved() -> Iterator[tuple[str, Question]]:
    """Countries that a list took up or let go, on the days about it."""
    for to, days in (
        ("NI", ("2024-03-14", "2024-03-15")), ("KH", ("2024-05-01", "2025-11-06", "2025-11-07", "2026-02-03")),
        ("AE", ("2026-07-09", "2026-07-10")), ("CY", ("2023-11-17", "2024-06-01")),
        ("MO", ("2023-01-16", "2023-01-17")),
    ):  # fmt: skip
        for on in map(dt.date.fromisoformat, days):
            for p in (CAUGHT, MIDDLING, CONSUMER, Probe("a part with wide I/O", "5000", "2", io="700")):
                for at, seat in ((to, to), ("SG", to), (to, "SG")):
                    yield f"{p.name} to {at}, seat {seat}, as lists moved", question(p, "other", on, at, seat)


def _strangers() -> Iterator[tuple[str, Question]]:
    """Brazil, which no list names, in the place of what a rule names."""
    wide = Probe("a part with wide I/O", "5000", "2", io="700")
    for on in map(dt.date.fromisoformat, ("2022-12-01", "2023-06-01")):
        yield f"{wide.name} to BR", question(wide, "other", on, "BR", "BR")
    for p in (CAUGHT, MIDDLING):
        yield f"{p.name} from BR to CN", question(p, "other", dt.date(2026, 3, 1), "CN", "CN", origin="BR")
        for on in map(dt.date.fromisoformat, ("2024-11-01", "2025-03-01")):
            yield f"{p.name} to SA", question(p, "other", on, "SA", "SA", authorisation="uae-government")
    d6000 = Probe("RTX PRO 6000D", "2300", "3", "1100", "128", named="rtx-pro-6000d")
    stop = question(d6000, "nvidia", dt.date(2025, 9, 20), "BR", "BR", end_user="bytedance-ltd")
    yield "RTX PRO 6000D to BR, a buyer", stop
    funded: dict[str, Any] = {"state_funded": True, "percent": Fraction(10)}
    yield (
        "a free part of br-maker to CN, state funds",
        question(FREE, "br-maker", dt.date(2025, 12, 1), "CN", "CN", **funded),
    )
