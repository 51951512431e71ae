"""The public verb `estimate`: heavy parts are imported when it is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from twokey.quantities.problem import Problem

if TYPE_CHECKING:
    from twokey.chips.catalogue import Chip
    from twokey.chips.design import Design

__all__ = ["estimate", "estimate_cases", "options_given"]


def estimate(ref: str, *, model: str, phase: str, **options: Any) -> dict[str, Any]:
    """Say how fast a chip or design runs a model, and where the time goes.

    Parameters
    ----------
    ref : catalogue id, or path of a design file
    model, phase : id of an LLM; "prefill", "decode", "serve" or "train"
    options : devices, tp, ep, dp, precision, kv_precision, batch, input_len, output_len; for a catalogue chip also
        framework (trtllm, sglang or vllm) and the others of `perf.fitted.answer.estimate_chip`; for training those of
        `perf.training.answer.estimate_training`

    Returns
    -------
    dict
        The contract's `estimate` object; `interval` for a catalogue chip.

    Raises
    ------
    Problem
        If the chip's architecture is not known, the layout is impossible, or a name is unknown.
    """
    from twokey.perf.answer import estimate_for

    return estimate_for(_device(ref), model=model, phase=phase, **options)


def estimate_cases(path: str) -> Iterator[dict[str, Any]]:
    """Answer the rows of a CSV file of estimates, in order; a row that cannot be answered holds `error`.

    Raises
    ------
    Problem
        If the file cannot be read or lacks a column.
    """
    from twokey.perf.serving.options import NAMES as SERVING
    from twokey.perf.serving.options import from_texts as serving
    from twokey.perf.training.options import NAMES as TRAINING
    from twokey.perf.training.options import from_texts as training
    from twokey.sources.rows import read_rows

    whole = ("devices", "tp", "dp", "ep", "batch", "input", "output")
    words = ("precision", "kv_precision", "framework")
    rename = {"input": "input_len", "output": "output_len"}
    for place, row in read_rows(
        path, required=("item", "model", "phase"), optional=tuple(dict.fromkeys((*whole, *words, *TRAINING, *SERVING)))
    ):
        try:
            options: dict[str, Any] = {}
            for name in whole:
                if row.get(name):
                    options[rename.get(name, name)] = _whole(row[name], f"{place} ({name})")
            options |= {name: row[name] for name in words if row.get(name)}
            options |= (training if row["phase"] == "train" else serving)(row, place)
            answer = estimate(row["item"], model=row["model"], phase=row["phase"], **options)
            yield {"item": row["item"], **answer}
        except Problem as problem:
            yield {"item": row["item"], **_at(problem, place).to_json()}


def options_given(phase: str, texts: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the options of training that texts hold, or those of them that serving has too; None is not given.

    Raises
    ------
    Problem
        If a text is not what its option needs, or an option is one of training and the phase is another.
    """
    from twokey.perf.serving.options import NAMES as SERVING
    from twokey.perf.serving.options import from_texts as serving
    from twokey.perf.training.options import from_texts as training

    found = {name: text for name, text in texts.items() if text is not None}
    if phase == "train":
        return training(found)
    shared = serving({name: text for name, text in found.items() if name in SERVING})
    for name in found:
        if name not in SERVING:
            option = "--" + name.replace("_", "-")
            raise Problem(option, f"given with --phase {phase}", "--phase train", f"leave {option} out")
    return shared


def _is_path(ref: str) -> bool:
    return ref == "-" or ref.endswith((".yaml", ".yml", ".json")) or "/" in ref


def _device(ref: str) -> Chip | Design:
    from twokey.chips.catalogue import find
    from twokey.chips.design import read_design

    return read_design(ref) if _is_path(ref) else find(ref)


def _whole(text: str, where: str) -> int:
    if text.isdigit() and int(text) > 0:
        return int(text)
    raise Problem(where, repr(text), "a whole number above zero", "write digits only")


def _at(problem: Problem, place: str) -> Problem:
    return Problem(f"{place}: {problem.where}", problem.given, problem.needed, problem.fix, kind=problem.kind)
