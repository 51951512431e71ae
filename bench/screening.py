"""Screening: F1 beside RapidFuzz alone and nomenklatura's logic-v2, names per second, and the ownership graph.

`python bench/screening.py [--peer PYTHON]`: an interpreter in which nomenklatura is installed gives its row.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rapidfuzz import fuzz, utils

from screening_pairs import ABBREVIATED, PLACES, SYLLABLES, Pair, organisations, pairs
from twokey.diversion.lists import Entry, ListInfo
from twokey.diversion.matching import THRESHOLD, Index, alike
from twokey.diversion.names import name_of
from twokey.diversion.ownership import HALF, UNIT, Graph
from twokey.diversion.screening import Query, Screener

HERE = Path(__file__).parent


def quality(scores: Sequence[float], labels: Sequence[bool], threshold: float) -> tuple[float, float, float]:
    """Return F1, precision and recall of calling a pair the same from a threshold on [fraction]."""
    hit = sum(s >= threshold and same for s, same in zip(scores, labels, strict=True))
    called = sum(s >= threshold for s in scores)
    precision, recall = hit / called if called else 0.0, hit / sum(labels)
    return (2 * precision * recall / (precision + recall) if hit else 0.0), precision, recall


def best_threshold(scores: Sequence[float], labels: Sequence[bool]) -> float:
    """Return the threshold of the highest F1."""
    return max((t / 100 for t in range(30, 100)), key=lambda t: quality(scores, labels, t)[0])


def _scores(many: list[Pair], peer: str | None) -> dict[str, list[float]]:
    texts = [name for names in organisations().values() for name in names]
    owners = [i for i, names in enumerate(organisations().values()) for _ in names]
    weight = Index(texts, owners).weight
    found = {"twokey": [alike(name_of(p.a), name_of(p.b), weight)[0] for p in many]}
    for name in ("ratio", "token_sort_ratio", "token_set_ratio", "WRatio"):
        scorer = getattr(fuzz, name)
        found[f"rapidfuzz {name}"] = [scorer(p.a, p.b, processor=utils.default_process) / 100 for p in many]
    if peer is not None:
        run = subprocess.run(
            [peer, str(HERE / "screening_peer.py")], input=json.dumps([[p.a, p.b] for p in many]), capture_output=True,
            text=True, check=True,
        )  # fmt: skip
        found["nomenklatura logic-v2"] = json.loads(run.stdout)
    return found


def labelled(peer: str | None) -> int:
    """Print F1 on the open and the sealed part, thresholds chosen on the open part alone; return failures."""
    many = pairs()
    parts = {"open": [p for p in many if not p.sealed], "sealed": [p for p in many if p.sealed]}
    print(f"{len(many)} pairs, {sum(p.same for p in many)} the same; {len(parts['sealed'])} sealed")
    by_part = {part: _scores(chosen, peer) for part, chosen in parts.items()}
    result = {}
    for name, scores in by_part["open"].items():
        labels = [p.same for p in parts["open"]]
        threshold = best_threshold(scores, labels)
        row = [quality(scores, labels, threshold)]
        row.append(quality(by_part["sealed"][name], [p.same for p in parts["sealed"]], threshold))
        words = "  ".join(f"F1 {f:.3f} (P {p:.3f}, R {r:.3f})" for f, p, r in row)
        print(f"  {name:<26} from {threshold:.2f}: open {words.replace('  F1', '   sealed F1')}")
        result[name] = row[1][0]
    scores, labels = by_part["sealed"]["twokey"], [p.same for p in parts["sealed"]]
    f, p, r = quality(scores, labels, THRESHOLD)
    print(f"  twokey at its default {THRESHOLD}: sealed F1 {f:.3f} (P {p:.3f}, R {r:.3f})")
    others = [f for name, f in result.items() if name != "twokey"]
    return 0 if result["twokey"] >= max(others) else 1


def synthetic(entities: int, seed: int) -> list[Entry]:
    """Return a list of the size of the true one: the organisations of the bench, and names made like them."""
    r = random.Random(seed)
    found = [Entry("SDN", key, tuple(names)) for key, names in organisations().items()]
    trades = sorted(ABBREVIATED)
    letters = "BCDFGHKLMNPRSTVZ"
    while len(found) < entities:
        if r.random() < 0.5:
            brand = "".join(s[1] for s in r.sample(SYLLABLES, r.choice((2, 3, 3, 3)))).upper()
            start = r.choice(PLACES)[1].upper() + " "
        else:
            brand = "".join(r.choice(letters) + r.choice("AEIOU") for _ in range(r.choice((2, 3, 3, 4))))
            start = ""
        name = (
            f"{start}{brand} {' '.join(r.sample(trades, r.choice((1, 1, 2))))} {r.choice(('CO., LTD.', 'LLC', 'JSC'))}"
        )
        names = (name, name.replace("CO., LTD.", "COMPANY LIMITED").replace(start, "")) if r.random() < 0.6 else (name,)
        found.append(Entry("EL", str(len(found)), names))
    return found


def speed(names: int = 100_000, entities: int = 25_000) -> int:
    """Print how long `names` names take against `entities` records, on at most two cores; return failures."""
    records = synthetic(entities, 1)
    begin = time.perf_counter()
    screener = Screener([ListInfo("synthetic", "2026-01-01", "", len(records))], records)
    ready_s = time.perf_counter() - begin
    r = random.Random(2)
    others = synthetic(entities, 3)
    queries = []
    for _ in range(names):
        e = r.choice(records if r.random() < 0.02 else others)
        name = r.choice(e.names)
        at = r.randrange(len(name))
        queries.append(Query(name[:at] + name[at + 1 :] if r.random() < 0.3 else name))
    begin = time.perf_counter()
    hits = sum(bool(found) for found in screener.screen_many(queries, workers=2))
    wall_s = time.perf_counter() - begin
    total = sum(len(e.names) for e in records)
    print(f"  {names:,} names against {entities:,} records ({total:,} names): {wall_s:.1f} s wall on two cores")
    print(f"  list made ready in {ready_s:.1f} s; {hits:,} names with a hit")
    return 0 if wall_s <= 60 else 1


def ownership(edges: int = 1_000_000) -> int:
    """Print how long a graph of a million holdings takes to build and to solve; return failures."""
    r = random.Random(5)
    parties = edges // 3
    owners = [f"P{r.randrange(parties)}" for _ in range(edges)]
    owned = [f"P{r.randrange(parties)}" for _ in range(edges)]
    shares = [r.choice((HALF, UNIT // 4, UNIT // 10, UNIT // 3)) for _ in range(edges)]
    listed = [f"P{i}" for i in range(0, parties, 200)]
    begin = time.perf_counter()
    graph = Graph(owners, owned, shares)
    built_s = time.perf_counter() - begin
    caught = graph.owned_by(listed)
    wall_s = time.perf_counter() - begin
    print(f"  {edges:,} holdings: {wall_s:.1f} s wall ({built_s:.1f} s to build), {len(caught):,} parties reached")
    return 0 if wall_s <= 5 else 1


def main(peer: str | None = None) -> int:
    """Print all; return the number of targets missed."""
    return labelled(peer) + speed() + ownership()


if __name__ == "__main__":
    sys.exit(main(sys.argv[sys.argv.index("--peer") + 1] if "--peer" in sys.argv else None))
