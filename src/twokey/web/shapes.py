"""The shapes of the answers as JSON Schema: the fields of the contract. Answers may hold more."""

from __future__ import annotations

from typing import Any

__all__ = ["SHAPES"]

Shape = dict[str, Any]

_TEXT: Shape = {"type": "string"}
_NUMBER: Shape = {"type": "number"}
_WHOLE: Shape = {"type": "integer"}
_YES: Shape = {"type": "boolean"}
_DAY: Shape = {"type": "string", "format": "date"}
_ANY: Shape = {}


def _record(*required: str, **fields: Shape) -> Shape:
    return {"type": "object", "required": list(required or fields), "properties": fields}


def _list(of: Shape) -> Shape:
    return {"type": "array", "items": of}


def _or_none(of: Shape) -> Shape:
    return {"anyOf": [of, {"type": "null"}]}


def _word(*words: str) -> Shape:
    return {"enum": list(words)}


def _answers_or(one: Shape) -> Shape:
    return {"anyOf": [_record(answers=_list({"anyOf": [one, _record(error=_ANY)]})), one]}


_BECAUSE = _list(_record(rule=_TEXT, says=_TEXT, cite=_TEXT))
_VERDICT = _word("open", "conditional", "shut", "undetermined")
_US = _record(
    outcome=_word("not-controlled", "exception-available", "licence-required", "undetermined"),
    review=_word(
        "none", "presumption-of-approval", "case-by-case", "presumption-of-denial", "policy-of-denial", "undetermined"
    ),
    classification=_list(_TEXT),
    exceptions=_list(_TEXT),
    because=_BECAUSE,
    missing=_list(_TEXT),
)
_CN = _record(
    outcome=_word("permitted", "conditional", "barred", "undetermined"),
    strength=_word("law", "notice", "guidance", "reported"),
    because=_BECAUSE,
    missing=_list(_TEXT),
    also=_list(_ANY),
)
_CHECKED = _record(
    item=_TEXT, to=_TEXT, on=_DAY, facts={"type": "object"}, verdict=_VERDICT, keys=_record(us=_US, cn=_CN),
    conflicts=_list(_ANY),
)  # fmt: skip
_FAILED = _record(error=_ANY)
_ENTRY = _record("id", "name", id=_TEXT, name=_TEXT)
_RULE = _record(id=_TEXT, title=_TEXT, jurisdiction=_TEXT, sources={"type": "object"}, versions=_list(_ANY))

SHAPES: dict[str, Shape] = {
    "check": _record(answers=_list({"anyOf": [_CHECKED, _FAILED]}), twokey=_TEXT, law_sha256=_TEXT),
    "timeline": _record(
        item=_TEXT,
        to=_or_none(_TEXT),
        spans=_list(_record("from", "until", "verdict", "us", "cn", until=_or_none(_DAY), verdict=_VERDICT)),
    ),
    "law": {"anyOf": [_record(rules=_list(_RULE)), _RULE]},
    "changes": _record(changes=_list(_record(on=_DAY, rule=_TEXT, title=_TEXT, what=_TEXT))),
    "chips": _list(_ENTRY),
    "models": _list(_ENTRY),
    "spaces": _list(_record(id=_TEXT, name=_TEXT, designs=_WHOLE)),
    "workloads": _list(_record(id=_TEXT, model=_or_none(_TEXT), objective=_TEXT, devices=_WHOLE, batch=_WHOLE)),
    "estimate": _answers_or(_record(
        "memory_bytes_per_device", "fits", "bottlenecks",
        ttft_s=_NUMBER, tpot_s=_NUMBER, step_s=_NUMBER, tokens_per_s_per_device=_NUMBER, mfu=_NUMBER, hfu=_NUMBER,
        device_hours=_NUMBER, memory_bytes_per_device=_NUMBER, fits=_YES,
        bottlenecks=_list(_record(operator=_TEXT, share=_NUMBER, bound_by=_TEXT)),
        interval=_record(low=_NUMBER, high=_NUMBER),
    )),
    "operators": _record(latency_s=_list(_NUMBER), device=_TEXT, calibration=_TEXT, timing=_TEXT),
    "design": _record(
        best=_record("design", "item", "value", "unit", value=_NUMBER, unit=_TEXT),
        bound=_NUMBER, gap=_NUMBER, proved=_YES, space=_record(name=_TEXT, designs=_WHOLE), boxes=_WHOLE,
        evaluations=_WHOLE, cpu_s=_NUMBER,
        binding=_list(_record("limit", limit=_TEXT)),
        versus=_list(_record("item", item=_TEXT)),
    ),
    "front": _record(
        objectives=_list(_TEXT), units=_list(_TEXT), proved=_YES, gap=_NUMBER,
        points=_list(_record(values=_list(_NUMBER), design={"type": "object"})),
    ),
    "policy": _record(
        "base", "changed", "best_response", "loophole", "caught", "freed", "collateral",
        base={"type": "object"}, changed={"type": "object"}, loophole=_or_none(_NUMBER),
        caught=_list(_record("item", item=_TEXT)), freed=_list(_ANY), collateral=_list(_ANY),
    ),
    "dies": {"anyOf": [_record(dies=_list(_record(name=_TEXT, area_mm2=_NUMBER))), _record(area_mm2=_NUMBER)]},
    "duty": _record(
        measures=_list(_record(measure=_TEXT, rate_percent=_or_none(_NUMBER), basis=_TEXT, cite=_TEXT)),
        total_percent=_or_none(_NUMBER),
        unknown=_list(_TEXT),
    ),
    "cost": _record("low", "mid", "high", low={"type": "object"}, mid={"type": "object"}, high={"type": "object"}),
    "exposure": _record(
        position=_TEXT, waterfall=_list(_record(name=_TEXT, usd_bn=_NUMBER, total=_YES)), charge_usd_bn=_NUMBER
    ),
    "sku": _record(go=_YES, commit_units=_NUMBER, commit_usd=_NUMBER, value={"type": "object"}),
    "screen": _record(
        hits=_list(_record(query=_TEXT, name=_TEXT, list=_TEXT, id=_TEXT, score=_NUMBER, why=_list(_TEXT))),
        lists=_list(_record("name", "date", name=_TEXT, date=_or_none(_TEXT))),
    ),
    "flags": _record(flags=_list(_record(id=_TEXT, state=_TEXT, asks=_TEXT))),
    "obligations": _record(ledgers=_list(_record(id=_TEXT, title=_TEXT, cite=_TEXT))),
    "forensics": _record(
        plausible=_or_none(_YES), implied_mfu=_or_none(_NUMBER), expected_mfu={"type": "object"},
        fits_memory=_or_none(_YES), alternatives=_list(_ANY), decisive=_list(_TEXT),
    ),
}  # fmt: skip
"""For each verb the shape of its answer."""
