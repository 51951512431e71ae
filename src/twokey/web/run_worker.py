"""One run in a process of its own: `python -m twokey.web.run_worker FOLDER` reads the question, writes the answer."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twokey import api
from twokey.api import Problem

__all__ = ["main"]

Step = Callable[..., None]


def _design(question: dict[str, Any], step: Step, _: Path) -> Any:
    answer: dict[str, Any] = api.design(**_arguments(question), progress=step).to_json()
    step(answer["best"]["value"], answer["bound"], answer["boxes"], last=True)
    return answer


def _front(question: dict[str, Any], step: Step, _: Path) -> Any:
    return api.front(**_arguments(question), progress=step).to_json()


def _dossier(question: dict[str, Any], step: Step, folder: Path) -> Any:
    files = {"html": folder / "dossier.html", "pdf": folder / "dossier.pdf"}
    return api.brief(question.get("scenario"), progress=step, **files).to_json()


def _policy(question: dict[str, Any], step: Step, _: Path) -> Any:
    seller = question.pop("seller")  # the best answer's; each chip of the catalogue keeps its own
    return api.policy(**_arguments(question) | {"seller": seller}, progress=step).to_json()


def _arguments(question: dict[str, Any]) -> dict[str, Any]:
    trade = ("to", "on", "seat", "from_country", "seller")
    found = {k: v for k, v in question.items() if k not in trade}
    return found | {
        "trade_facts": api.trade(**{k: question[k] for k in trade if question.get(k)}),
        "seller": question.get("seller", "nvidia"),
    }


_KINDS: dict[str, Callable[[dict[str, Any], Step, Path], Any]] = {
    "design": _design,
    "front": _front,
    "dossier": _dossier,
    "policy": _policy,
}


def main(folder: Path) -> int:
    """Answer the question in a folder; progress, answer and refusal are written beside it."""
    asked = json.loads((folder / "question.json").read_text(encoding="utf-8"))
    begin, told = time.monotonic(), 0.0
    with (folder / "steps.jsonl").open("a", encoding="utf-8") as out:

        def step(*state: Any, last: bool = False) -> None:
            nonlocal told
            now = time.monotonic() - begin
            if told == 0.0 or now - told >= 0.1 or last:
                told = now
                plain = [s if isinstance(s, str) else float(s) for s in state if s is not None]
                out.write(json.dumps([round(now, 3), *plain]) + "\n")
                out.flush()

        try:
            answer, name = _KINDS[asked["kind"]](asked["question"], step, folder), "answer.json"
        except Problem as problem:
            answer, name = problem.to_json(), "problem.json"
    half = folder / f"{name}.half"
    half.write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")
    half.replace(folder / name)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
