"""What one worker does: the rows of some units of a plan, as a table or as the bytes of a Parquet file."""

from __future__ import annotations

import io
import time
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from twokey.chips.design import HOST_BUS_GBPS, VARIABLES
from twokey.law.region import Region
from twokey.law.screen import mask
from twokey.perf.kernels import exact
from twokey.perf.kernels.boxes import TPP_PER_MAC
from twokey.perf.software import design_factors
from twokey.perf.table import build
from twokey.perf.warm import warm
from twokey.search import model as search_model
from twokey.search.binding import Better, binding
from twokey.search.limits import area_of, facts_of, limits_of
from twokey.search.model import GRID, Model, natural
from twokey.search.objectives import OBJECTIVES, Terms, badness
from twokey.search.optimise import solve
from twokey.search.space import Space, load
from twokey.search.sweep.plan import BLOCK, Plan, Unit
from twokey.silicon.area import area_limit_mm2
from twokey.silicon.power import power_of
from twokey.workloads.catalogue import workload as find_workload

__all__ = ["alone", "encode", "lawful_column", "rows", "schema", "work"]

_IMPOSSIBLE_NS = 1e24
_UNITS = {
    "clock_GHz": "GHz", "sram_KiB": "KiB", "l2_MiB": "MiB", "dram_capacity_GB": "GB", "tpp": "TOPS.bit",
    "performance_density": "TOPS.bit/mm2", "applicable_die_area_mm2": "mm2", "io_bandwidth_GBps": "GB/s",
    "l2_bandwidth_GBps": "GB/s", "dram_bandwidth_GBps": "GB/s", "link_bandwidth_GBps": "GB/s", "unit_cost_usd": "USD",
    "power_W": "W",
}  # fmt: skip
_FIGURES = ("tpp", "performance_density", "applicable_die_area_mm2", "io_bandwidth_GBps", "unit_cost_usd", "power_W")
_BINDING = pa.list_(pa.struct([("limit", pa.string()), ("shadow_price", pa.float64()), ("per", pa.string())]))


def lawful_column(law: str) -> str:
    """Return the name of the column that says whether a law permits a design.

    Examples
    --------
    >>> lawful_column("2025-04-17 + scale")
    'lawful 2025-04-17 + scale'
    """
    return f"lawful {law}"


def schema(plan: Plan) -> pa.Schema:
    """Return the columns of a plan's result, each number with its unit."""
    design = [_number(name) for name in VARIABLES] + [_number(name) for name in _FIGURES]
    words = [pa.field(name, pa.string()) for name in ("space", "workload")]
    if plan.kind == "search":
        words += [pa.field(name, pa.string()) for name in ("objective", "law")]
        proof = [pa.field(name, pa.float64()) for name in ("value", "bound", "gap")]
        proof += [pa.field("unit", pa.string()), pa.field("proved", pa.bool_())]
        proof += [pa.field(name, pa.int64()) for name in ("boxes", "evaluations")]
        last = [pa.field("grid", pa.string()), pa.field("note", pa.string())]
        return pa.schema(words + proof + design + last + ([pa.field("binding", _BINDING)] if plan.explain else []))
    flags = [pa.field("usable", pa.bool_())] + [pa.field(lawful_column(name), pa.bool_()) for name, _ in plan.laws]
    values = [pa.field(o, pa.float64(), metadata={"unit": OBJECTIVES[o]}) for o in plan.objectives]
    return pa.schema([*words, pa.field("place", pa.int64()), *design, *flags, *values])


def _number(name: str) -> pa.Field:
    return pa.field(name, pa.float64(), metadata={"unit": _UNITS.get(name, "1")})


def alone() -> None:
    """Let this process compute in one thread: a sweep spreads over processes, not within them."""
    search_model._THREADS = 1


def work(plan: Plan, first: int, last: int) -> tuple[bytes, float]:
    """Return the rows of units first to last, both included, as the bytes of a Parquet file, and the seconds taken."""
    _ready(plan, first)
    begin = time.monotonic()
    body = encode(pa.concat_tables([rows(plan, plan.unit(n)) for n in range(first, last + 1)]))
    return body, time.monotonic() - begin


_is_ready = False


def _ready(plan: Plan, first: int) -> None:
    """Load kernels and data once, so that the time of the first chunk says something of the next."""
    global _is_ready
    if not _is_ready:
        warm()
        if plan.kind == "evaluate":  # a block is cheap; a search may take a minute
            encode(rows(plan, plan.unit(first)))
        _is_ready = True


def encode(table: pa.Table) -> bytes:
    """Return a table as the bytes of a Parquet file."""
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd", compression_level=1)
    return out.getvalue()


def rows(plan: Plan, unit: Unit) -> pa.Table:
    """Return the rows of one unit, with the columns of `schema`; the same on every call."""
    return _search(plan, unit) if plan.kind == "search" else _evaluate(plan, unit)


# -- a search -------------------------------------------------------------------------------------------


def _search(plan: Plan, unit: Unit) -> pa.Table:
    space, load_of = load(unit.space), find_workload(unit.workload)
    region = dict(plan.laws)[unit.law]
    row: dict[str, Any] = dict.fromkeys(schema(plan).names)
    row |= {"space": unit.space, "workload": unit.workload, "objective": unit.objective, "law": unit.law}
    row |= {"unit": OBJECTIVES[unit.objective], "proved": False}
    model = Model(space, load_of, unit.objective, limits_of(region, load_of.memory_bytes, space), dict(plan.limits))
    more = unit.objective in search_model.MORE_IS_BETTER
    gap = plan.gap / (1 + plan.gap) if more else plan.gap
    found = solve(model, gap=gap, seed=plan.seed, boxes=plan.boxes)
    if found is not None and found.interrupted:
        raise KeyboardInterrupt
    row |= {"boxes": found.opened if found else 0, "evaluations": model.evaluations}
    if found is None or found.best is None:
        row["note"] = "stopped before a lawful design was found" if found and found.heap else "no lawful design"
        return pa.Table.from_pylist([row], schema(plan))
    while plan.explain:
        try:
            row["binding"] = [
                {k: one.get(k) for k in ("limit", "shadow_price", "per")}
                for one in binding(model, found.best, found.value, seed=plan.seed)
            ]
            break
        except Better as better:
            found.best, found.value = better.index, better.value
    value, bound = natural(unit.objective, found.value), natural(unit.objective, found.bound)
    reached = abs(value - bound) / value
    row |= {"value": value, "bound": bound, "gap": reached, "proved": reached <= max(plan.gap, 2e-9) * (1 + 1e-12)}
    grid = model.grid_of(found.best)
    row["grid"] = grid.name
    row |= {k: float(v[0]) for k, v in _figures(grid, found.best[None, :GRID]).items() if k != "largest die"}
    return pa.Table.from_pylist([row], schema(plan))


# -- a block of designs ---------------------------------------------------------------------------------


def _evaluate(plan: Plan, unit: Unit) -> pa.Table:
    space = load(unit.space)
    place = np.arange(unit.first, unit.first + unit.count)
    flat = place
    if plan.designs is not None:
        block = unit.first // BLOCK
        rng = np.random.default_rng([plan.seed, plan.spaces.index(unit.space), block])
        flat = rng.integers(0, space.designs, unit.count)
    tables, start = [], 0
    for grid in space.grids:
        own = (flat >= start) & (flat < start + grid.designs)
        if own.any():
            tables.append(_of_grid(plan, unit, grid, flat[own] - start, place[own]))
        start += grid.designs
    whole = pa.concat_tables(tables).sort_by("place")
    return whole.filter(pa.array(_kept(plan, whole)))


def _of_grid(plan: Plan, unit: Unit, grid: Space, flat: NDArray[np.int64], place: NDArray[np.int64]) -> pa.Table:
    """Return designs of one grid, by their places in it, with all figures."""
    shape = tuple(len(row) for row in grid.levels)
    index = np.array(np.unravel_index(flat, shape), dtype=np.int16).T
    found = _figures(grid, index)
    x = np.array([found[name] for name in VARIABLES])
    load_of = find_workload(unit.workload)
    times = [exact.times_ns(x * factors, arrays) for arrays, factors in _phases(unit.workload)]
    ttft, tpot = (np.where(ns > _IMPOSSIBLE_NS, np.inf, ns) * 1e-9 for ns in times)
    terms = Terms(ttft, tpot, found["unit_cost_usd"], found["power_W"])
    limits = area_limit_mm2() if grid.package.die is None else None
    largest = found.pop("largest die")
    usable = x[VARIABLES.index("dram_capacity_GB")] * 1e9 >= load_of.memory_bytes
    usable &= np.isfinite(ttft) & np.isfinite(tpot)
    usable &= found["applicable_die_area_mm2"] >= float(grid.package.least_area_mm2)
    if limits is not None:
        usable &= largest <= float(limits) * (1 + 1e-12)
    n = len(flat)
    columns: dict[str, Any] = {"space": [unit.space] * n, "workload": [unit.workload] * n, "place": place}
    columns |= found | {"usable": usable}
    columns |= {lawful_column(name): _lawful(region, grid, index, found) for name, region in plan.laws}
    columns |= {o: _natural(o, badness(o, load_of, terms)) for o in plan.objectives}
    return pa.table(columns, schema(plan))


@lru_cache(maxsize=16)
def _phases(name: str) -> list[tuple[Any, NDArray[np.float64]]]:
    """Return both phases of a workload as the kernels take them, and what its software makes of a design's rates."""
    found = find_workload(name)
    return [(build(phase).arrays(), design_factors(phase.software)) for phase in (found.prefill, found.decode)]


def _natural(objective: str, values: Any) -> Any:
    """Return values of an objective in its own unit, as `search.objectives.natural` for one."""
    return 1 / values if objective in search_model.MORE_IS_BETTER else values


def _lawful(region: Region, grid: Space, index: NDArray[np.int16], found: dict[str, Any]) -> NDArray[np.bool_]:
    dram, io_ = found["dram_bandwidth_GBps"], found["io_bandwidth_GBps"]
    facts = np.array([found["tpp"], found["performance_density"], dram, io_, dram + io_])

    def of(i: int) -> Any:
        design = grid.design(index[i])
        return facts_of(design, grid.area_mm2(design))

    return mask(region, facts, of)


def _figures(grid: Space, index: NDArray[np.int16]) -> dict[str, NDArray[np.float64]]:
    """Return the variables of designs, (n, 11), and what follows from them alone."""
    levels = grid.array()
    x = np.array([levels[k, index[:, k]] for k in range(len(VARIABLES))])
    package, (counted, compute) = grid.package, grid.area_array()
    area, compute_area = area_of(x, counted), area_of(x, compute)
    dies = compute_area / package.dies
    rest = (area - compute_area) / package.io_dies if package.io_dies else np.zeros(len(area))
    tpp = TPP_PER_MAC * x[0] * x[1] * x[2] * x[4]
    cost = package.cost_usd(area, compute_area, x[VARIABLES.index("dram_capacity_GB")], x[0])
    return dict(zip(VARIABLES, x, strict=True)) | {
        "tpp": tpp,
        "performance_density": tpp / area,
        "applicable_die_area_mm2": area,
        "io_bandwidth_GBps": 2 * x[10] + HOST_BUS_GBPS,
        "unit_cost_usd": np.asarray(cost, dtype=np.float64),
        "power_W": np.asarray(power_of(x), dtype=np.float64),
        "largest die": np.maximum(dies, rest),
    }


def _kept(plan: Plan, whole: pa.Table) -> NDArray[np.bool_]:
    n = whole.num_rows
    if plan.keep == "all":
        return np.ones(n, dtype=np.bool_)
    kept = np.zeros(n, dtype=np.bool_)
    usable = whole["usable"].to_numpy()
    lawful = [whole[lawful_column(name)].to_numpy() & usable for name, _ in plan.laws]
    if plan.keep == "lawful":
        for ok in lawful:
            kept |= ok
        return kept
    for objective in plan.objectives:
        values = whole[objective].to_numpy()
        bad = -values if objective in search_model.MORE_IS_BETTER else values
        for ok in lawful:
            some = np.flatnonzero(ok)
            kept[some[np.argsort(bad[some], kind="stable")[: plan.best]]] = True
    return kept
