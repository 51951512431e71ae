"""What the verbs on performance and search answer: how fast a chip is, and which lawful design is best."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import Field

from twokey import api
from twokey.api import Problem
from twokey.web.given import (
    Assume,
    Datacentre,
    From,
    Item,
    KnownOn,
    Names,
    On,
    Seat,
    Seller,
    To,
    Trade,
    assumed,
    chip_name,
    day_of,
    facts_of,
    given_as_file,
    proposals,
)

__all__ = ["design", "front", "operators", "policy"]


def operators(
    device: Item,
    cases: Annotated[str, Field(description="CSV text with the columns operator, dtype, shape.")],
    timing: Annotated[Literal["kernel", "eager"], Field(description="eager adds the host gap.")] = "kernel",
    framework: Annotated[str | None, Field(description="trtllm, sglang or vllm: whose kernels run.")] = None,
    routing: Annotated[str | None, Field(description="How tokens choose experts.")] = None,
) -> Any:
    """How long single operators take on a chip."""
    with given_as_file(cases, "cases.csv") as path:
        assert path is not None
        return api.operators(chip_name(device), path, timing=timing, framework=framework, routing=routing)


Objective = Annotated[str, Field(description="An objective.", examples=["ttft"])]
Workload = Annotated[str, Field(description="A workload, by name.", examples=["deepseek-v3-decode"])]
Space = Annotated[str, Field(description="A design space, by name.")]
Limits = Annotated[Names, Field(description="Limits on other objectives, such as ttft<=500ms.", examples=[[]])]
Margin = Annotated[str, Field(description="Share by which to stay away from every limit of the law, a decimal.")]
Software = Annotated[
    Literal["ideal", "fitted"] | None, Field(description="What kernels reach. Default: the workload's own.")
]
Gap = Annotated[float, Field(description="Relative distance from the optimum to prove.", gt=0, lt=1)]
Seconds = Annotated[float | None, Field(description="Stop then, with the gap reached [s].", gt=0)]
Seed = Annotated[int, Field(description="Seed of the starting points.", ge=0)]
Accept = Annotated[Literal["open", "conditional"], Field(description="conditional: also what can be opened.")]
Law = Annotated[Literal["on", "none"], Field(description="none: search without any law.")]


def design(
    workload: Annotated[str | None, Field(description="A workload, by name.", examples=["deepseek-v3-decode"])] = None,
    weight: Annotated[
        Names, Field(description="WORKLOAD=W: several workloads that the chip is for.", examples=[[]])
    ] = [],  # noqa: B006
    objective: Annotated[str | None, Field(description="What to make best. Default: the workload's own.")] = None,
    to: To = None,
    on: On = None,
    space: Space = "small",
    limit: Limits = [],  # noqa: B006
    margin: Margin = "0",
    software: Software = None,
    survive: Annotated[
        Names, Field(description="RULE[=P]: a proposed rule that may come next; stay lawful.", examples=[[]])
    ] = [],  # noqa: B006
    gap: Gap = 0.01,
    seconds: Seconds = None,
    seed: Seed = 0,
    accept: Accept = "open",
    law: Law = "on",
    seat: Seat = None,
    from_: From = None,
    seller: Seller = "nvidia",
    datacentre: Datacentre = "yes",
    trade: Trade = None,
    known_on: KnownOn = None,
    assume: Assume = [],  # noqa: B006
) -> Any:
    """The best lawful design for a workload, its proof, and what each limit costs."""
    return api.design(
        _workloads(workload, weight),
        objective=objective,
        space=space,
        trade_facts=facts_of(trade, to=to, on=on, seat=seat, from_country=from_, seller=seller),
        seller=seller,
        datacentre=datacentre != "no",
        accept=accept,
        no_law=law == "none",
        known_on=day_of(known_on, "known_on"),
        assume=assumed(assume),
        limits=limit,
        margin=_number(margin, "margin"),
        software=software,
        futures=[_future(text) for text in survive],
        gap=gap,
        seconds=seconds,
        seed=seed,
    ).to_json()


def front(
    workload: Workload,
    first: Objective,
    second: Annotated[str, Field(description="A second objective.", examples=["unit-cost"])],
    to: To = None,
    on: On = None,
    space: Space = "small",
    points: Annotated[int, Field(description="Greatest number of points.", ge=1, le=1000)] = 30,
    limit: Limits = [],  # noqa: B006
    margin: Margin = "0",
    software: Software = None,
    gap: Gap = 0.01,
    seconds: Seconds = None,
    seed: Seed = 0,
    accept: Accept = "open",
    law: Law = "on",
    seat: Seat = None,
    from_: From = None,
    seller: Seller = "nvidia",
    datacentre: Datacentre = "yes",
    trade: Trade = None,
    known_on: KnownOn = None,
    assume: Assume = [],  # noqa: B006
) -> Any:
    """What of one objective must be given up for another: lawful designs, each proved near the true front."""
    return api.front(
        workload,
        first,
        second,
        points=points,
        space=space,
        trade_facts=facts_of(trade, to=to, on=on, seat=seat, from_country=from_, seller=seller),
        seller=seller,
        datacentre=datacentre != "no",
        accept=accept,
        no_law=law == "none",
        known_on=day_of(known_on, "known_on"),
        assume=assumed(assume),
        limits=limit,
        margin=_number(margin, "margin"),
        software=software,
        gap=gap,
        seconds=seconds,
        seed=seed,
    ).to_json()


def policy(
    rules: Annotated[Names, Field(description="Ids of proposed rules.", examples=[["proposed/scale"]])],
    workload: Workload,
    objective: Annotated[str | None, Field(description="What the best answer is best at.")] = None,
    space: Space = "small",
    to: To = None,
    on: On = None,
    seat: Seat = None,
    from_: From = None,
    seller: Seller = "nvidia",
    datacentre: Datacentre = "yes",
    trade: Trade = None,
    accept: Accept = "open",
    known_on: KnownOn = None,
    assume: Assume = [],  # noqa: B006
    gap: Gap = 0.01,
    seconds: Seconds = None,
) -> Any:
    """What a changed or proposed rule would do: the best answer to it, who is caught, who slips through."""
    return api.policy(
        proposals(rules, "policy, rules"),
        workload,
        objective=objective,
        space=space,
        trade_facts=facts_of(trade, to=to, on=on, seat=seat, from_country=from_),
        seller=seller,
        datacentre=datacentre != "no",
        accept=accept,
        known_on=day_of(known_on, "known_on"),
        assume=assumed(assume),
        gap=gap,
        seconds=seconds,
    ).to_json()


def _future(text: str) -> tuple[str, Fraction | None]:
    rule, mark, p = text.partition("=")
    [named] = proposals([rule], "design, survive")
    return named, _number(p, "survive") if mark else None


def _number(text: str, where: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise Problem(where, repr(text), "a number", "write digits, with a point for decimals") from None


def _workloads(workload: str | None, weights: list[str]) -> str | dict[str, float]:
    if not weights:
        if workload is None:
            raise Problem(
                "design", "no workload", "a workload", "add workload; /api/workloads lists them", kind="usage"
            )
        return workload
    found = {} if workload is None else {workload: 1.0}
    for text in weights:
        name, _, value = text.partition("=")
        found[name] = float(_number(value, "weight"))
    return found
