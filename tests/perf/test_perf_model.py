"""The model gives the values of the engine study, which was written and measured independently of this code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from twokey.chips.catalogue import find
from twokey.perf.device import Device, from_chip
from twokey.perf.estimate import estimate, phase_time
from twokey.perf.oracle import link_bytes, operator_time_ns, phase_time_ns
from twokey.perf.warm import warm
from twokey.quantities.problem import Problem
from twokey.workloads.operators import Attention, Collective, Gemm, Phase
from workload_samples import GPT3, MOE

# engine study: cores/rows/cols/lanes/GHz/KiB/MiB/GB/s/GB/s/GB/GB/s -> prefill ms, decode us, e2e ms (OSL 256)
STUDY = [
    ("64/32/32/64/2.2/512/80/8192/3200/192/900", 65.364, None, None),
    ("32/32/16/128/2.2/256/32/8192/3200/192/900", None, 400.5, None),
    ("64/32/32/64/2.2/512/32/8192/3200/192/900", None, None, 168.010),
    ("208/16/16/128/1.4/1024/128/8192/3200/192/900", 126.554, None, 230.668),
    ("40/16/32/128/2.2/128/32/8192/3200/192/900", None, 400.5, None),
    ("64/32/32/128/2.2/1024/80/8192/3300/192/900", 65.257, None, None),
    ("44/16/32/256/2.3/256/8/8192/3300/192/900", None, 383.9, None),
    ("64/16/64/256/2.2/384/32/8192/3300/192/900", None, None, 165.199),
    ("256/8/16/32/2.2/1024/80/8192/3300/192/900", 119.478, None, None),
    ("36/16/32/128/2.2/384/8/7680/3300/128/850", None, 387.5, None),
    ("256/8/16/16/2.2/1024/40/8192/3300/192/900", None, None, 219.167),
    ("64/32/32/128/2.25/1024/80/8320/3350/192/900", 63.903, None, None),
    ("23/64/32/512/1.5/96/28/7552/3350/192/900", None, 379.2, None),
    ("64/16/64/256/2.25/768/28/8320/3350/192/900", None, None, 161.402),
    ("256/8/32/64/1.1/1024/40/8320/3350/192/900", 120.626, None, None),
    ("37/24/24/128/1.85/128/28/8320/3350/192/900", None, 379.2, None),
    ("256/16/8/512/2.25/768/28/8192/3350/128/875", None, None, 214.428),
    # its counter-examples: one level more of a variable, and slower
    ("22/128/16/64/2.15/64/120/1792/300/96/675", 363.93, None, None),
    ("23/128/16/64/2.15/64/120/1792/300/96/675", 367.76, None, None),
    ("4/96/24/128/1.0/64/92/5248/1950/80/375", None, 3093, None),
    ("4/128/24/128/1.0/64/92/5248/1950/80/375", None, 3703, None),
    ("89/8/64/128/1.35/256/8/7040/2750/192/275", None, 509, None),
    ("89/8/96/128/1.35/256/8/7040/2750/192/275", None, 594, None),
    ("236/48/64/32/1.65/128/20/1024/250/128/400", None, 5139, None),
    ("236/48/64/32/1.65/128/24/1024/250/128/400", None, 5306, None),
]


@pytest.mark.parametrize(("design", "prefill_ms", "decode_us", "e2e_ms"), STUDY)
def test_values_of_the_engine_study(
    design: str, prefill_ms: float | None, decode_us: float | None, e2e_ms: float | None
) -> None:
    x = np.array([float(v) for v in design.split("/")])[:, None]
    prefill, decode = phase_time_ns(GPT3.prefill, x)[0], phase_time_ns(GPT3.decode, x)[0]
    if prefill_ms is not None:
        assert prefill / 1e6 == pytest.approx(prefill_ms, abs=0.0051)
    if decode_us is not None:
        assert decode / 1e3 == pytest.approx(decode_us, rel=2e-3)
    if e2e_ms is not None:
        assert (prefill + 256 * decode) / 1e6 == pytest.approx(e2e_ms, abs=0.00051)


def _device(**changes: float) -> Device:
    values = dict(zip(Device.__slots__[1:12], (64, 32, 32, 64, 2.2, 512, 80, 8192, 3200, 192, 900), strict=True))
    return Device("test", **(values | changes))  # type: ignore[arg-type]


def test_eight_bits_double_the_depth_only_with_the_mode() -> None:
    op = Gemm("g", 16384, 4096, 4096, a_bytes=1, b_bytes=1, math_bits=8)
    x = np.array(_device().column())[:, None]
    fast, slow = operator_time_ns(op, x, 2)[0][0], operator_time_ns(op, x, 1)[0][0]
    assert 1.8 < slow / fast <= 2.0


def test_a_model_of_attention_cannot_beat_its_limits() -> None:
    op = Attention("a", 64, 8, 4096, 1.0, 128, 128, 256)
    d = _device()
    time = operator_time_ns(op, np.array(d.column())[:, None])[0][0]
    cache_bytes = 64 * 4096 * 256 * 2.0
    macs = 64 * 8 * 4096 * 256
    assert time >= cache_bytes / d.dram_bandwidth_GBps
    assert time >= macs / (d.cores * d.array_rows * d.array_cols * d.clock_GHz)
    assert time < 3 * cache_bytes / d.dram_bandwidth_GBps


def test_long_contexts_are_split_over_cores() -> None:
    """One sequence with one KV head must not run on one core alone."""
    x = np.array(_device().column())[:, None]
    one = operator_time_ns(Attention("a", 1, 8, 65536, 1.0, 128, 128, 256), x)[0][0]
    macs = 8 * 65536 * 256
    alone = macs / (32 * 32 * 2.2)
    assert one < alone / 2


def test_communication() -> None:
    assert link_bytes(Collective("c", "all-reduce", 8e6, 8)) == 2 * 8e6 * 7 / 8
    assert link_bytes(Collective("c", "all-to-all", 8e6, 8)) == 8e6 * 7 / 8
    with pytest.raises(ValueError, match="the kind of c must be one of all-reduce, all-to-all; got 'gather'"):
        link_bytes(Collective("c", "gather", 8e6, 8))


def test_estimate_adds_up() -> None:
    found = estimate(MOE, _device())
    assert found.e2e_s == pytest.approx(found.ttft_s + MOE.output_len * found.tpot_s)
    assert sum(row["share"] for row in found.bottlenecks) == pytest.approx(1)
    assert found.fits
    assert not estimate(MOE, _device(dram_capacity_GB=32)).fits
    assert 0 < found.mfu < 1
    part = estimate(MOE, _device(), "decode")
    assert sum(row["share"] for row in part.bottlenecks) == pytest.approx(1)
    assert part.tokens_per_s_per_device == pytest.approx(MOE.batch / part.tpot_s / MOE.devices)
    assert set(found.to_json()) >= {"ttft_s", "tpot_s", "memory_bytes_per_device", "fits", "bottlenecks", "mfu"}


def test_launch_bound_operators_say_so() -> None:
    phase = Phase("p", (Gemm("tiny", 16, 16, 16),), launch_ns=1e6)
    assert phase_time(phase, _device()).operators[0].bound_by == "launch"


def test_refusals_name_place_and_remedy() -> None:
    with pytest.raises(Problem, match="--phase: got sleep; needed one of prefill, decode, serve"):
        estimate(MOE, _device(), "sleep")
    with pytest.raises(Problem, match="memories that hold a tile of the operator 'qkv'"):
        estimate(GPT3, _device(sram_KiB=1))


def test_a_catalogue_chip_is_timed_under_the_same_model() -> None:
    h20, h100 = from_chip(find("nvidia-h20")), from_chip(find("nvidia-h100"))
    assert (h20.cores, h20.rate8) == (78, 2)
    assert estimate(GPT3, h100).ttft_s < estimate(GPT3, h20).ttft_s / 3
    assert estimate(GPT3, h20).tpot_s < estimate(GPT3, h100).tpot_s
    with pytest.raises(Problem, match="nvidia-x: got an architecture without cores"):
        from_chip(type("Chip", (), {"id": "nvidia-x", "architecture": None})())


def test_estimates_load_no_compiler() -> None:
    """`estimate`, `spaces` and `cost` must start quickly, so nothing they import may load numba."""
    code = (
        "import sys, twokey.perf.estimate, twokey.perf.table, twokey.search.space, twokey.silicon.cost;"
        "sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_kernels_are_warm_after_warming() -> None:
    first, second = warm(), warm()
    assert 0 <= second <= first + 0.5
    assert second < 0.5
