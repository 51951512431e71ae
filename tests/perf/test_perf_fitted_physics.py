"""What the forms of the fitted model must do on chips that no coefficient has seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twokey.perf.fitted.chip import named
from twokey.perf.fitted.coefficients import read
from twokey.perf.fitted.collective import library_all_reduce_s, one_pass_s, send_s, tree_all_reduce_s
from twokey.perf.fitted.gemm import gemm_core_s, sharing, tiles_of
from twokey.perf.fitted.moe import expert_rows
from twokey.perf.fitted.operators import DTYPES, matmul_s, operator_latencies
from twokey.perf.fitted.software import kernel_shares


def test_a_part_cut_in_compute_comes_nearer_to_its_peak() -> None:
    shape = np.array([[8192.0, 8192.0, 8192.0]])
    shares = {}
    for name in ("nvidia-h100", "nvidia-h20"):
        chip = named(name)
        shares[name] = 2 * 8192.0**3 / chip.peak_op_per_s / float(matmul_s(chip, read(), shape, DTYPES["bf16"])[0])
    assert 0.6 < shares["nvidia-h100"] < shares["nvidia-h20"] < 1.0


def test_a_faster_shared_cache_helps_a_chip_that_starves_on_it() -> None:
    chip, shape = named("nvidia-l40s"), np.array([[4096.0, 4096.0, 4096.0]])
    slow, fast = (matmul_s(replace(chip, l2_Bps=chip.l2_Bps * x), read(), shape, DTYPES["bf16"])[0] for x in (0.2, 1.0))
    assert slow > 1.2 * fast


def test_two_cores_work_as_a_pair_only_on_two_tiles_of_rows() -> None:
    rows, tile = np.array([64.0, 128.0, 256.0, 4096.0]), np.array([128.0])
    for name, left, right in (
        ("nvidia-a100", [1, 1, 1, 1], [1, 1, 1, 1]),
        ("nvidia-h200", [1, 1, 1, 1], [2, 2, 2, 2]),
        ("nvidia-b200", [1, 1, 2, 2], [1, 1, 2, 2]),
    ):
        shares = sharing(named(name), rows, tile)
        assert [list(np.broadcast_to(share, 4)) for share in shares] == [left, right]
    assert (256, 256) in tiles_of(named("nvidia-b200"))
    assert (256, 256) not in tiles_of(named("nvidia-h200"))


def test_a_last_wave_costs_a_whole_one_only_where_threads_load_and_multiply_by_turns() -> None:
    for name, steps_up in (("nvidia-a100", True), ("nvidia-h100", False)):
        chip = replace(named(name), dram_Bps=1e15)
        tiles = np.array([8 * chip.cores - 1, 8 * chip.cores + 1])
        one = gemm_core_s(chip, read().gemm(chip.wide), 64, 64, 65536, batch=tiles, splits=False)
        assert (one[1] / one[0] > 1.05) == steps_up


def test_pairing_is_not_read_from_the_memory_of_other_makers() -> None:
    assert named("nvidia-b200").pairs
    assert not named("huawei-ascend-910b").pairs
    assert not named("amd-mi210").wide
    assert kernel_shares("amd") == {"array_share": 1.0, "dram_share": 1.0}
    assert named("huawei-ascend-910b").dram_Bps < 1.6e12


def test_a_cited_share_of_the_peak_holds_what_larger_arrays_lose() -> None:
    ascend, hopper = named("huawei-ascend-910c"), named("nvidia-h100")
    assert ascend.share_of_peak
    assert not hopper.share_of_peak
    shares = [chip.array_rate(0.7) / chip.macs / chip.array_share for chip in (ascend, hopper)]
    assert shares == pytest.approx([0.7, 0.7])


def test_integer_products_carry_no_scales_by_block() -> None:
    shape = (8192, 4096, 1536, 8, 128, 1, 8)
    float_s, integer_s = operator_latencies(named("nvidia-h100"), [("moe", "fp8", shape), ("moe", "int8", shape)])
    assert integer_s < float_s


@pytest.mark.parametrize(("tokens", "topk", "experts"), [(4, 8, 128), (64, 8, 128), (4096, 2, 8)])
def test_routing_by_a_power_law_hands_out_every_row(tokens: int, topk: int, experts: int) -> None:
    rows = expert_rows(tokens, topk, experts, 1, "power-law-1.2")
    assert sum(rows) == tokens * topk
    assert max(rows) <= tokens


def test_collectives_keep_their_order() -> None:
    chip, g = named("nvidia-h100"), read().groups
    reduce, once = g["all-reduce-library-wide"], g["one-pass-library-wide"]
    large, small = 1e9, 1e3
    assert send_s(chip, once, large) > 0
    assert one_pass_s(chip, once, 8, large) < library_all_reduce_s(chip, reduce, 8, large)
    assert tree_all_reduce_s(chip, reduce, 64, small) < library_all_reduce_s(chip, reduce, 64, small)
    assert tree_all_reduce_s(chip, reduce, 8, large) > library_all_reduce_s(chip, reduce, 8, large)
    bus = replace(chip, link_Bps=32e9)  # the bus of the host, which all devices share
    wide = {k: v for k, v in reduce.items() if k != "switch_efficiency"}
    assert library_all_reduce_s(bus, wide, 8, large) > 3 * library_all_reduce_s(bus, wide, 2, large)
