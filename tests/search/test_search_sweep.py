"""Sweeps: the plan, the rows, and that the result has the same bytes however the work was cut up or killed."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from twokey.chips.design import VARIABLES, Design
from twokey.quantities.problem import Problem
from twokey.search.limits import facts_of, limits_of
from twokey.search.model import Model, natural
from twokey.search.optimise import optimise
from twokey.search.space import load
from twokey.search.sweep.folder import Folder
from twokey.search.sweep.plan import BLOCK, Plan, plans, read_plan
from twokey.search.sweep.run import sweep
from twokey.search.sweep.summary import summary
from twokey.workloads.catalogue import workload

SEARCHES = """
format: twokey-sweep/1
kind: search
spaces: [small]
workloads: [gpt3-175b-layer]
objectives: [tpot, tokens-per-s-per-dollar]
days: [2022-10-21, 2025-04-17, none]
rules: [[], [proposed/scale]]
gap: 0.02
"""
DESIGNS = """
format: twokey-sweep/1
kind: evaluate
spaces: [small, cut-down]
workloads: [gpt3-175b-layer]
objectives: [ttft, perf-per-watt]
days: [2022-10-21, 2025-04-17]
designs: 150000
keep: lawful
seed: 7
"""


def plan_of(folder: Path, text: str) -> Plan:
    path = folder / "plan.yaml"
    path.write_text(text)
    return read_plan(path)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# -- the plan -------------------------------------------------------------------------------------------


def test_every_combination_is_a_unit_once(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, SEARCHES)
    names = [name for name, _ in plan.laws]
    assert names == ["2022-10-21", "2022-10-21 + scale", "2025-04-17", "2025-04-17 + scale", "none"]
    units = [plan.unit(n) for n in range(plan.units)]
    assert len({(u.space, u.workload, u.objective, u.law) for u in units}) == plan.units == 10
    assert Counter(u.key for u in units) == plan.keys
    with pytest.raises(IndexError):
        plan.unit(plan.units)


def test_the_blocks_of_an_evaluation_hold_every_design_once(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, DESIGNS)
    units = [plan.unit(n) for n in range(plan.units)]
    for space in ("small", "cut-down"):
        own = [u for u in units if u.space == space]
        assert [u.first for u in own] == list(range(0, 150_000, BLOCK))
        assert sum(u.count for u in own) == 150_000
    assert Counter(u.key for u in units) == plan.keys
    whole = plan_of(tmp_path, DESIGNS.replace("designs: 150000", "designs: all").replace(", cut-down", ""))
    assert whole.units == -(-load("small").designs // BLOCK)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("kind: search", "kind: sweep", "plan.yaml:3 (kind): got 'sweep'"),
        ("spaces: [small]", "spaces: [smal]", "one of small, standard"),
        ("spaces: [small]", "spaces: [small, small]", "each once"),
        ("days: [2022-10-21", "days: [2022-13-21", "a day that exists"),
        ("gap: 0.02", "gap: 1", "below 1"),
        ("gap: 0.02", "keep: all", "no such key in a plan of kind search"),
        ("gap: 0.02", "gaps: 0.02", "did you mean 'gap'"),
        ("[proposed/scale]", "[proposed/scala]", "proposed/scale"),
        ("[proposed/scale]", "[]", "each set of rules once"),
        ("tpot,", "tpo,", "one of ttft"),
    ],
)
def test_a_plan_that_cannot_be_used_is_refused_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(Problem) as problem:
        plan_of(tmp_path, SEARCHES.replace(old, new))
    assert said in str(problem.value)


def test_more_designs_than_can_be_evaluated_are_refused(tmp_path: Path) -> None:
    text = DESIGNS.replace("designs: 150000", "designs: all").replace("[small, cut-down]", "[fine]")
    with pytest.raises(Problem, match="designs: 1000000"):
        plan_of(tmp_path, text)


def test_the_shipped_plans_can_be_read() -> None:
    assert {name: read_plan(name).units for name in plans()} == {"laws": 75, "million": 16}


# -- the rows -------------------------------------------------------------------------------------------


def test_a_search_row_is_the_answer_of_the_search(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, SEARCHES)
    outcome = sweep(plan, tmp_path / "out")
    table = pq.read_table(outcome.result).to_pylist()
    assert [(r["objective"], r["law"]) for r in table] == [
        (u.objective, u.law) for u in (plan.unit(n) for n in range(plan.units))
    ]
    for row in table:
        r = optimise(
            load("small"), workload("gpt3-175b-layer"), row["objective"], dict(plan.laws)[row["law"]], gap=0.02,
            explain=False,
        )  # fmt: skip
        assert (row["value"], row["bound"], row["proved"], row["boxes"]) == (r.value, r.bound, True, r.boxes)
        assert [row[v] for v in VARIABLES] == [float(getattr(r.design, v)) for v in VARIABLES]
        assert row["tpp"] == pytest.approx(float(r.item.tpp or 0), rel=1e-12)
        assert row["applicable_die_area_mm2"] == pytest.approx(float(r.grid.area_mm2(r.design)), rel=1e-12)


def test_an_evaluated_design_has_the_figures_of_the_model_and_the_exact_law(tmp_path: Path) -> None:
    text = DESIGNS.replace("lawful", "all").replace("150000", "3000").replace("gpt3-175b-layer", "gpt3-175b-decode")
    plan = plan_of(tmp_path, text)
    table = pq.read_table(sweep(plan, tmp_path / "out").result)
    assert table.num_rows == 6000
    load_of, rng = workload("gpt3-175b-decode"), np.random.default_rng(0)
    some = sorted(rng.choice(6000, 150, replace=False).tolist())
    seen = set()
    for row in table.take(some).to_pylist():
        grids = load(row["space"]).grids
        whole = [int(row[v]) for v in VARIABLES[:4]]
        design = Design(whole[0], whole[1], whole[2], whole[3], *(_exact(row[v]) for v in VARIABLES[4:]))
        grid = next(g for g in grids if g.index_of(design) is not None and float(g.area_mm2(design)) == pytest.approx(
            row["applicable_die_area_mm2"], rel=1e-12))  # fmt: skip
        for name, region in plan.laws:
            lawful = region.holds(facts_of(design, grid.area_mm2(design)))
            seen.add((row["space"], name, lawful))
            assert row[f"lawful {name}"] is lawful
        limits = limits_of(dict(plan.laws)["2022-10-21"], load_of.memory_bytes, grid)
        for objective in plan.objectives:
            model = Model(grid, load_of, objective, limits)
            index = model.index_of(design, grid)
            assert index is not None
            value = float(model.times(index[None, :])[0])
            assert row[objective] == pytest.approx(natural(objective, value) if np.isfinite(value) else 0, rel=1e-12)
        memory_ok = design.dram_capacity_GB * 10**9 >= load_of.memory_bytes
        made = limits.area_mm2 is None or grid.package.largest_die_mm2(design) <= limits.area_mm2
        assert row["usable"] is (memory_ok and made)
    assert len(seen) == 8  # both spaces have lawful and unlawful designs under both laws


def _exact(value: float) -> Fraction:
    return Fraction(value).limit_denominator(1000)


def test_only_what_is_asked_for_is_kept(tmp_path: Path) -> None:
    every = pq.read_table(sweep(plan_of(tmp_path, DESIGNS.replace("lawful", "all")), tmp_path / "a").result)
    lawful = pq.read_table(sweep(plan_of(tmp_path, DESIGNS), tmp_path / "b").result)
    best = pq.read_table(
        sweep(plan_of(tmp_path, DESIGNS.replace("keep: lawful", "keep: best\nbest: 2")), tmp_path / "c").result
    )
    names = [c for c in every.column_names if c.startswith("lawful ")]
    some = np.logical_or.reduce([every[c].to_numpy() for c in names]) & every["usable"].to_numpy()
    assert 0 < some.sum() == lawful.num_rows < every.num_rows == 300_000
    assert best.num_rows <= 2 * 3 * 2 * 4
    groups = {(g["space"], g["objective"], g["law"]): g for g in summary(tmp_path / "a")["groups"]}
    fewer = {(g["space"], g["objective"], g["law"]): g for g in summary(tmp_path / "c")["groups"]}
    assert {k: g["value"] for k, g in groups.items()} == {k: g["value"] for k, g in fewer.items()}
    for (space, objective, law), g in groups.items():
        own = every["space"].to_numpy(zero_copy_only=False) == space
        ok = own & every["usable"].to_numpy() & every[f"lawful {law}"].to_numpy()
        values = every[objective].to_numpy()[ok]
        assert g["lawful"] == ok.sum()
        assert g["value"] == (values.min() if objective == "ttft" else values.max())


# -- the same bytes -------------------------------------------------------------------------------------


def test_the_bytes_do_not_depend_on_chunks_or_processes(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, DESIGNS)
    told: list[tuple[int, int, float | None]] = []
    one = sweep(plan, tmp_path / "one", progress=lambda *said: told.append(said))
    two = sweep(plan, tmp_path / "two", chunk_s=0.01)
    three = sweep(plan, tmp_path / "three", jobs=2, chunk_s=0.2)
    assert len({digest(o.result) for o in (one, two, three)} | {one.sha256}) == 1
    assert two.chunks >= one.chunks
    assert told[0][:2] == (0, plan.units)
    assert told[-1] == (plan.units, plan.units, 0.0)
    again = sweep(plan, tmp_path / "one")
    assert (again.reused, again.chunks, again.sha256) == (plan.units, 0, one.sha256)


_CHILD = """
import sys
from twokey.search.sweep.plan import read_plan
from twokey.search.sweep.run import sweep
if __name__ == "__main__":
    sweep(read_plan(sys.argv[1]), sys.argv[2], jobs=int(sys.argv[3]), chunk_s=0.05)
"""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_sweep_killed_at_any_moment_goes_on_to_the_same_bytes(tmp_path: Path, jobs: str) -> None:
    plan = plan_of(tmp_path, DESIGNS.replace("150000", "1200000").replace(", cut-down", ""))
    whole = sweep(plan, tmp_path / "whole")
    out, script = tmp_path / "killed", tmp_path / "child.py"
    script.write_text(_CHILD)
    rng, killed, seen = random.Random(int(jobs)), 0, 0
    for _ in range(3):
        child = subprocess.Popen(
            [sys.executable, str(script), str(tmp_path / "plan.yaml"), str(out), jobs],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wanted, deadline = seen + rng.randint(1, 4), time.monotonic() + 60
        while child.poll() is None and time.monotonic() < deadline:
            if len(list((out / "parts").glob("*.parquet"))) >= wanted:
                break
            time.sleep(0.002)
        time.sleep(rng.random() * 0.1)
        killed += child.poll() is None
        child.kill()
        child.wait()
        seen = len(list((out / "parts").glob("*.parquet")))
    assert killed >= 1
    assert seen > 0
    time.sleep(0.5)  # the workers of the last one leave by themselves
    last = sweep(plan, out)
    assert last.reused > 0
    assert digest(last.result) == whole.sha256 == last.sha256
    assert sorted(p.name for p in out.iterdir()) == [".lock", "manifest.json", "parts", "result.parquet"]
    assert not list((out / "parts").iterdir())


def test_workers_of_a_killed_sweep_leave(tmp_path: Path) -> None:
    plan_of(tmp_path, DESIGNS.replace("150000", "20000000"))
    script = tmp_path / "child.py"
    script.write_text(_CHILD)
    child = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "plan.yaml"), str(tmp_path / "out"), "2"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not list((tmp_path / "out" / "parts").glob("*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.05)
    workers = [pid for pid in _children(child.pid) if "spawn_main" in _command(pid)]
    assert len(workers) == 2
    child.kill()
    child.wait()
    deadline = time.monotonic() + 10
    while any("spawn_main" in _command(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in workers if "spawn_main" in _command(pid)]


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(p) for p in found]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def test_what_a_killed_sweep_left_half_written_is_removed(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, SEARCHES)
    folder = Folder(tmp_path / "out")
    folder.parts.mkdir(parents=True)
    (folder.parts / ".00000000-00000000.parquet.x.part").write_bytes(b"PAR1 half")
    folder.begin(plan)
    assert not list(folder.parts.iterdir())


def test_a_folder_of_another_sweep_or_of_strangers_is_refused(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, SEARCHES)
    with Folder(tmp_path / "out").locked():
        Folder(tmp_path / "out").begin(plan)
    other = plan_of(tmp_path, SEARCHES.replace("0.02", "0.05"))
    with pytest.raises(Problem, match="a sweep of another plan"):
        sweep(other, tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    (tmp_path / "out" / "manifest.json").write_text(json.dumps(manifest | {"fingerprint": "0"}))
    with pytest.raises(Problem, match="other law or another model"):
        sweep(plan, tmp_path / "out")
    with pytest.raises(Problem, match=r"holds plan\.yaml and no manifest"):
        sweep(plan, tmp_path)
    with pytest.raises(Problem, match="the folder of a sweep"):
        summary(tmp_path)


def test_a_folder_that_is_being_worked_in_is_refused(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, SEARCHES)
    with Folder(tmp_path / "out").locked(), pytest.raises(Problem, match="no other sweep is at work"):
        sweep(plan, tmp_path / "out")


def test_a_sweep_that_is_not_finished_can_be_asked(tmp_path: Path) -> None:
    from twokey.search.sweep.work import work

    plan = plan_of(tmp_path, SEARCHES)
    folder = Folder(tmp_path / "out")
    with folder.locked():
        folder.begin(plan)
        folder.add(0, 3, work(plan, 0, 3)[0])
    found = summary(folder.path)
    assert (found["done"], found["units"], found["finished"], len(found["groups"])) == (4, 10, False, 4)
    assert sweep(plan, folder.path).reused == 4


def test_the_command_line_sweeps_and_asks(tmp_path: Path) -> None:
    plan_of(tmp_path, DESIGNS.replace("150000", "70000").replace(", cut-down", ""))
    words = [sys.executable, "-m", "twokey", "sweep"]
    first = [*words, "plan.yaml", "--out", "out", "--json"]
    done = subprocess.run(first, cwd=tmp_path, capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert {"result", "sha256", "rows", "units", "reused", "workers", "elapsed_s"} <= set(answer)
    assert digest(tmp_path / "out" / "result.parquet") == answer["sha256"]
    again = subprocess.run(
        [*words, "plan.yaml", "--out", "out"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "2 units, 2 of them done before" in again.stdout
    found = json.loads(
        subprocess.run([*words, "--summary", "out", "--json"], cwd=tmp_path, capture_output=True, check=True).stdout
    )
    assert found["finished"]
    assert {g["law"] for g in found["groups"]} == {"2022-10-21", "2025-04-17"}
    told = subprocess.run([*words, "--summary", "out"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "small, gpt3-175b-layer, perf-per-watt, law 2025-04-17" in told.stdout
    assert "token/s/W of" in told.stdout


def test_an_interrupt_keeps_what_is_done(tmp_path: Path) -> None:
    plan_of(tmp_path, DESIGNS.replace("150000", "20000000"))
    words = [sys.executable, "-m", "twokey", "sweep", "plan.yaml", "--out", "out", "--jobs", "2"]
    child = subprocess.Popen(
        words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not list((tmp_path / "out" / "parts").glob("*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(child.pid, signal.SIGINT)  # as a terminal does: parent and workers
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130
    assert said.strip().splitlines()[-1] == "twokey: interrupted; what is done stays done, the same command goes on"
    assert "Traceback" not in said
    assert summary(tmp_path / "out")["done"] > 0
