"""The questions of the conformance suite: chips on both sides of each limit, the days on which the law changes, the
destinations that differ, what could be known when."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from law_question import Question, day, periods, table

ONE_DAY = dt.timedelta(days=1)
SINCE = dt.date(2023, 1, 10)

PLACES = ("CN", "HK", "MO", "RU", "VN", "AE", "SA", "IL", "SO", "CY", "SG", "DE", "US", "BR", "KR")
"""Destinations that differ: China, Macau, D:5 under part 746, D:1 only, D:4 before and after, D:4 only, D:4 but
allied, D:5 only, A:6, and places outside every list, within and outside AIA."""

SEATS = ("SG", "CN", "MO", "SO", "BR")


@dataclass(frozen=True)
class Probe:
    """A chip that sits on one side of a limit, and the rules it bears on."""

    name: str
    tpp: str
    density: str
    dram: str = "100"
    io: str = "10"
    datacentre: bool = True
    named: str = ""
    rules: tuple[str, ...] = ()


def edge(name: str, limit: str, make: Any) -> Iterator[Probe]:
    """Yield a probe at a limit and one a little below: nearer than a unit of its last place and than 1%."""
    step = min(Fraction(1, 2 * 10 ** len(limit.partition(".")[2])), Fraction(limit) / 200)
    for word, value in (("at", Fraction(limit)), ("below", Fraction(limit) - step)):
        yield make(f"{name} {word} {limit}", decimal(value))


def decimal(value: Fraction) -> str:
    """Return an exact decimal."""
    text = f"{value.numerator * 10**9 // value.denominator:d}".rjust(10, "0")
    assert Fraction(int(text), 10**9) == value, value
    return (text[:-9] + "." + text[-9:]).rstrip("0").rstrip(".")


AB = ("us/3a090.a", "us/3a090.b")
L25 = ("us/letter-2025-04",)


def probes() -> list[Probe]:
    """Return chips on both sides of every limit of `limits.csv`, all else being so that the limit decides."""
    found: list[Probe] = []

    def tpp(name: str, limit: str, density: str, rules: tuple[str, ...] = AB, **more: Any) -> None:
        found.extend(edge(name, limit, lambda n, v: Probe(n, v, density, rules=rules, **more)))

    def density(name: str, limit: str, at: str) -> None:
        found.extend(edge(name, limit, lambda n, v: Probe(n, at, v, rules=AB)))

    tpp("rate alone", "4800", "0.5")
    tpp("rate of a dense part", "1600", "8")
    tpp("rate of a middling part", "2400", "2")
    tpp("upper rate of a middling part", "4800", "2")
    tpp("rate of a fairly dense part", "1600", "4")
    tpp("rate, other market", "4800", "0.5", datacentre=False)
    tpp("rate of a dense part, other market", "4800", "8", datacentre=False)
    tpp("rate of a middling part, other market", "4800", "4", datacentre=False)
    tpp("lesser rate, other market", "1600", "8", datacentre=False)
    tpp("lesser middling rate, other market", "2400", "4", datacentre=False)
    density("density of a small part", "5.92", "2000")
    density("density of a large part", "5.92", "4000")
    density("density of a middling part", "1.6", "3000")
    density("density of a lesser part", "3.2", "2000")
    density("density of a least part", "3.2", "1600")
    old = ("us/3a090", "us/letter-2022-08")
    tpp("rate with wide I/O", "4800", "0.5", old, io="700")
    tpp("rate with narrow I/O", "4800", "0.5", old, io="500")
    tpp("rate of an A100 with its I/O", "4992", "0.5", old, io="664")
    for name, io, rate in (("I/O", "600", "5000"), ("I/O of an A100", "664", "5000"), ("I/O alone", "600", "4000")):
        found += edge(name, io, lambda n, v, rate=rate: Probe(n, rate, "0.5", io=v, rules=old))
    for market in (True, False):
        word = "" if market else ", other market"
        for name, limit, form in (
            ("DRAM" + word, "1400", lambda n, v: Probe(n, "100", "0.5", dram=v, rules=L25)),
            ("link I/O" + word, "1100", lambda n, v: Probe(n, "100", "0.5", io=v, rules=L25)),
            ("DRAM with I/O" + word, "1700", lambda n, v: _sum(n, v)),
        ):
            found += [replace(p, datacentre=market) for p in edge(name, limit, form)]
    found += edge("DRAM of a 3A090.b part", "1400", lambda n, v: Probe(n, "3000", "2", dram=v, rules=(*AB, *L25)))
    found += edge("DRAM of a 3A090.a part", "1400", lambda n, v: Probe(n, "5000", "2", dram=v, rules=(*AB, *L25)))
    cbc = ("us/case-by-case-2026",)
    tpp("ceiling of rate", "21000", "10", cbc)
    tpp("ceiling of rate, .b", "3000", "2", cbc)
    found += edge("ceiling of DRAM", "6500", lambda n, v: Probe(n, "15000", "10", dram=v, rules=cbc))
    return found


def _sum(name: str, total: str) -> Probe:
    return Probe(name, "100", "0.5", dram="1000", io=decimal(Fraction(total) - 1000), rules=L25)


NAMED = (
    Probe("A100", "4992", "6", "2039", "664", named="a100"),
    Probe("H100", "15832", "19", "3350", "1028", named="h100"),
    Probe("MI250", "5000", "3", "3277", "500", named="mi250"),
    Probe("H20", "2368", "2.9", "4000", "1028", named="h20"),
    Probe("MI308", "1000", "1", "100", "10", named="mi308"),
    Probe("MI308X", "1000", "1", "100", "10", named="mi308x"),
    Probe("H200", "15832", "19", "4800", "1028", named="h200"),
    Probe("RTX PRO 6000D", "2300", "3", "1100", "128", named="rtx-pro-6000d"),
    Probe("RTX PRO 6000 D", "2300", "3", "1100", "128", named="rtx-pro-6000-d"),
    Probe("Ascend 910B", "5120", "8", "1600", "400", named="ascend-910b"),
    Probe("Ascend 910C", "1000", "1", "1600", "400", named="ascend-910c"),
    Probe("Ascend 910D", "1000", "1", "1600", "400", named="ascend-910d"),
    Probe("a small A100", "1000", "1", "100", "10", named="a100"),
    Probe("a small H100", "1000", "1", "100", "10", named="h100"),
    Probe("a small MI250", "1000", "1", "100", "10", named="mi250"),
    Probe("a small H20", "1000", "1", "100", "10", named="h20"),
    Probe("H800", "1000", "1", "100", "10", named="h800"),
)
"""Chips that rules name, some of them with figures no limit catches, so that the name alone decides."""


def question(p: Probe, seller: str, on: dt.date, to: str, seat: str, **more: Any) -> Question:
    """Return the question whether a probe may ship."""
    rate, per_area = Fraction(p.tpp), Fraction(p.density)
    area = rate / per_area
    try:
        decimal(area)
    except AssertionError:  # no decimal area gives this density with this rate: keep the area, mend the rate
        area = Fraction(round(area))
        rate = per_area * area
    seats = {"nvidia": "US", "amd": "US", "intel": "US", "huawei": "CN", "hk-maker": "HK", "br-maker": "BR"}
    return Question(
        tpp=rate, area_mm2=area, dram_GBps=Fraction(p.dram), io_GBps=Fraction(p.io), datacentre=p.datacentre,
        named=p.named, seller=seller, seller_seat=more.pop("seller_seat", seats.get(seller, "US")),
        since=more.pop("since", SINCE), to=to, seat=seat, on=on, **more,
    )  # fmt: skip


def turning_days(*rules: str) -> list[dt.date]:
    """Return every day on which one of the rules (or any rule) begins or ends, and the day before each."""
    named = rules or tuple(dict.fromkeys(r["rule"] for r in table("dates.csv")))
    days = {d for rule in named for start, until, _ in periods(rule) for d in (start, until)}
    return sorted({d for t in days if t != dt.date.max for d in (t, t - ONE_DAY)})


def questions() -> Iterator[tuple[str, Question]]:
    """Yield every computed question with what it is about."""
    every = probes()
    middle = [dt.date.fromisoformat(d) for d in _MIDDLE]
    for p in every:  # each limit, in each age of the law, for an addressee and for another seller
        for on in middle:
            for seller in ("nvidia", "other"):
                yield p.name, question(p, seller, on, "CN", "CN")
    caught = [p for p in every if p.name in _TYPICAL] + list(NAMED[:5])
    for p in caught:  # each place, as destination and as seat
        for on in (*middle, dt.date(2026, 7, 9), dt.date(2026, 7, 10)):
            for to in PLACES:
                for seat in dict.fromkeys((to, *SEATS)):
                    yield f"{p.name} to {to}, seat {seat}", question(p, "nvidia", on, to, seat)
            for to in ("CN", "VN", "AE"):
                for seat in PLACES:
                    yield f"{p.name} to {to}, seat {seat}", question(p, "nvidia", on, to, seat)
    for p in (*caught, *NAMED[5:]):  # each day on which anything changes
        for on in turning_days():
            for to, seat in (("CN", "CN"), ("AE", "AE"), ("SG", "CN"), ("VN", "VN")):
                yield f"{p.name} to {to}, turning day", question(p, "nvidia", on, to, seat)
    for p in caught:
        for on in turning_days():
            for seller, to in (("other", "CN"), ("nvidia", "RU"), ("nvidia", "MO"), ("nvidia", "BR")):
                yield f"{p.name} of {seller} to {to}, turning day", question(p, seller, on, to, to)
    for p in NAMED:  # names, addressees and designers
        for on in middle:
            for seller in ("nvidia", "amd", "intel", "huawei", "hk-maker", "br-maker", "other"):
                for to in ("CN", "RU", "SA"):
                    yield f"{p.name} of {seller} to {to}", question(p, seller, on, to, to)
    for p in caught:
        for on in middle:
            for seller in ("amd", "intel", "huawei", "hk-maker", "br-maker"):
                yield f"{p.name} of {seller}", question(p, seller, on, "CN", "CN")
    yield from _assumed(caught)
    yield from _known()
    yield from _buyers()
    yield from _ceiling()


def _assumed(chips: list[Probe]) -> Iterator[tuple[str, Question]]:
    """Points that nobody published, settled by an assumption."""
    ways: dict[tuple[str, ...], tuple[dt.date, ...]] = {
        ("floor",): (dt.date(2022, 9, 15),),
        ("regions", "review-2023"): (dt.date(2023, 8, 1), dt.date(2023, 10, 22)),
        ("uae-review",): (dt.date(2026, 7, 10), dt.date(2026, 8, 1)),
        ("reach",): (dt.date(2025, 5, 1), dt.date(2025, 9, 1)),
    }
    for names, days in ways.items():
        for on in days:
            for values in itertools.product((False, True), repeat=len(names)):
                for p in (*chips, *NAMED[5:], *(q for q in probes() if "I/O" in q.name)):
                    for seller, to, seat in _ASSUMED:
                        assumed = tuple(zip(names, values, strict=True))
                        about = f"{p.name} of {seller} to {to}, seat {seat}, assuming"
                        yield about, question(p, seller, on, to, seat, assumed=assumed)


_ASSUMED = (
    ("nvidia", "CN", "CN"), ("nvidia", "AE", "AE"), ("nvidia", "SA", "SA"), ("nvidia", "MO", "MO"),
    ("nvidia", "BR", "BR"), ("nvidia", "IL", "IL"), ("nvidia", "RU", "RU"), ("nvidia", "AE", "CN"),
    ("nvidia", "AE", "MO"), ("nvidia", "AE", "SO"), ("nvidia", "MO", "SG"), ("nvidia", "SO", "SG"),
    ("other", "SA", "SA"), ("other", "AE", "AE"), ("amd", "SA", "SA"), ("nvidia", "SG", "BR"),
)  # fmt: skip
"""Seller, destination and seat of the questions that settle what nobody published."""

_MIDDLE = (
    "2022-09-15", "2022-12-01", "2023-06-01", "2023-09-15", "2023-11-01", "2023-12-15", "2024-08-01", "2025-05-01",
    "2025-09-01", "2026-03-01", "2026-08-01",
)  # fmt: skip
"""A day within each age of the law."""

_TYPICAL = (
    "rate alone at 4800", "rate of a dense part at 1600", "rate of a middling part at 2400",
    "rate, other market at 4800",
    "rate with wide I/O at 4800", "DRAM at 1400", "rate of a fairly dense part below 1600",
    "DRAM of a 3A090.b part at 1400", "DRAM of a 3A090.a part at 1400", "DRAM, other market at 1400",
)  # fmt: skip


def _known() -> Iterator[tuple[str, Question]]:
    """What could be known: on the first day a thing could be known, and the day before."""
    typical = [p for p in probes() if p.name in _TYPICAL] + list(NAMED)
    for row in table("dates.csv"):
        if not row["known_from"]:
            continue  # a proposal, which is known to whoever lays it on the law
        start, until, known = day(row["effective"]), day(row["until"]), day(row["known_from"])
        for on in sorted({max(start, known), min(until - ONE_DAY, start + dt.timedelta(days=20))}):
            for p in typical:
                for known_on in (known, known - ONE_DAY):
                    for to in ("CN", "VN", "AE", "RU", "MO", "BR"):
                        more = {"use": "new-centre", "state_funded": True, "end_user": "bytedance-ltd"}
                        about = f"{p.name} to {to}, known on {known_on}"
                        yield about, question(p, "nvidia", on, to, to, known_on=known_on, **more)


def _buyers() -> Iterator[tuple[str, Question]]:
    """The facts the Chinese side asks for."""
    for p in (*NAMED, Probe("a free part", "500", "1")):
        for on in turning_days(*(r["rule"] for r in table("dates.csv") if r["rule"].startswith("cn/"))):
            for seller in ("nvidia", "huawei", "hk-maker"):
                for more in _BUYERS:
                    for to in ("CN", "HK"):
                        yield f"{p.name} of {seller} to {to}, a buyer", question(p, seller, on, to, to, **more)


_BUYERS: tuple[dict[str, Any], ...] = (
    {"use": "new-centre"}, {"use": "expanded-centre"}, {"end_user": "bytedance-ltd"}, {"end_user": "alibaba-cloud"},
    {"end_user": "tencent"}, {"end_user": "deepseek-ai"}, {"state_funded": True},
    *({"state_funded": True, "percent": Fraction(p)} for p in ("29", "29.8", "30", "30.1")),
)  # fmt: skip


def _ceiling() -> Iterator[tuple[str, Question]]:
    """The non-numeric tests of January 2026."""
    typical = [p for p in probes() if p.name in _TYPICAL or "ceiling" in p.name]
    for p in typical:
        for since in (dt.date(2026, 1, 14), dt.date(2026, 1, 15), dt.date(2026, 1, 16)):
            for origin in ("US", "TW"):
                for to, seat in (("CN", "CN"), ("MO", "MO"), ("HK", "HK"), ("RU", "RU"), ("SG", "CN"), ("AE", "AE")):
                    more: dict[str, Any] = {"since": since, "origin": origin}
                    about = f"{p.name} from {origin} to {to}, on sale {since}"
                    yield about, question(p, "other", dt.date(2026, 3, 1), to, seat, **more)
    for p in typical:
        for to, seat in (("MO", "SG"), ("CN", "SG"), ("MO", "CN")):
            more = {"since": SINCE, "origin": "TW"}
            yield f"{p.name} from TW to {to}", question(p, "other", dt.date(2026, 8, 1), to, seat, **more)
    for p in typical:
        for end_user in ("uae-government", "somebody"):
            yield f"{p.name} to {end_user}", question(p, "other", dt.date(2026, 8, 1), "AE", "AE", end_user=end_user)
