"""Times of the kernels that training is made of, on one chip, by the fitted operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twokey.perf.fitted.attention import prefill_attention_s
from twokey.perf.fitted.chip import RealChip
from twokey.perf.fitted.coefficients import Coefficients
from twokey.perf.fitted.gemm import gemm_core_s
from twokey.perf.fitted.moe import grouped_core_s
from twokey.perf.training.network import FittedNetwork

__all__ = ["FittedCosts"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FittedCosts:
    """Kernel times of one chip.

    Parameters
    ----------
    chip, fitted : the chip and the coefficients of its operators
    network : its communication
    backward_ratio : time of fused attention backward over forward [1]
    sustained : share of the rate of a product timed alone that products reach in a step of seconds [1]
    software : share of the modelled speed that the chip's software reaches [1]
    imbalance : time of the device whose experts have most rows over that of the mean [1]
    grouped : "experts" or "dense": see `figures.Stack`
    host_Bps : bandwidth to the host's memory, for what is kept there [byte/s]
    """

    chip: RealChip
    fitted: Coefficients
    network: FittedNetwork
    backward_ratio: float
    sustained: float = 1.0
    software: float = 1.0
    imbalance: float = 1.0
    grouped: str = "experts"
    host_Bps: float = 25e9

    def gemm_s(
        self, m: Any, n: Any, k: Any, batch: Any = 1.0, *, narrow: bool = False, result_bytes: float = 2.0
    ) -> Floats:
        """Return the time of products (m x k) by (k x n), in 8 bits where `narrow`, their launches included [s]."""
        c = self.fitted.gemm(self.chip.wide)
        width = 1.0 if narrow else 2.0
        rate = self.chip.rate(8) if narrow else 1.0
        core = gemm_core_s(
            self.chip, c, m, n, k, batch=batch, a_bytes=width, b_bytes=width, c_bytes=result_bytes, rate=rate
        )
        return (core / self.sustained + c["launch_us"] * 1e-6) / self.software

    def grouped_s(self, rows: Any, held: Any, n: Any, k: Any, *, narrow: bool = False) -> Floats:
        """Return the time of `held` products (rows x k) by weights of their own, launches included [s].

        By the fitted grouped products of expert layers, or as dense products, all experts with like rows; the device
        with most rows sets the pace.
        """
        if self.grouped == "dense":
            return self.imbalance * self.gemm_s(rows, n, k, held, narrow=narrow)
        c = self.fitted.experts(self.chip.wide, None, 8 if narrow else 16)
        width, rate = (1.0, self.chip.rate(8)) if narrow else (2.0, 1.0)
        shape = np.stack(
            np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, float)) for v in (rows, held, n, k))), axis=1
        )
        unique, at = np.unique(shape, axis=0, return_inverse=True)
        times = [
            grouped_core_s(
                self.chip, c, (float(r),) * round(e), a, b, weight_bytes=width, operand_bytes=width, rate=rate
            )
            for r, e, a, b in unique
        ]
        core = np.array(times)[at.reshape(-1)]
        return self.imbalance * (core / self.sustained + c["launch_us"] * 1e-6) / self.software

    def pass_s(self, elements: Any, bytes_each: float, flops_each: float = 1.0) -> Floats:  # noqa: ARG002
        """Return the time of an element-wise or row-wise kernel that moves `bytes_each` bytes an element [s]."""
        v = self.fitted.groups["vector"]
        moved = np.asarray(elements, float) * bytes_each
        return (v["launch_us"] * 1e-6 + moved / (v["dram_efficiency"] * self.chip.dram_Bps)) / self.software

    def host_time_s(self, bytes_: Any) -> Floats:
        """Return the time in which bytes come from, or go to, the host's memory [s]."""
        return np.asarray(np.asarray(bytes_, float) / self.host_Bps)

    def attention_s(
        self, sequences: Any, length: Any, heads: Any, kv_heads: Any, *, d_qk: float, d_v: float, window: float = 0.0
    ) -> tuple[Floats, Floats]:
        """Return the times of fused causal attention forward and backward [s]."""
        c = self.fitted.prefill(self.chip.wide, None, latent=d_qk != d_v)
        c = c | {"append_passes": 0.0}  # in training no cache is written
        time = prefill_attention_s(self.chip, c, sequences, length, heads, kv_heads, d_qk=d_qk, d_v=d_v, window=window)
        floor = c["launch_us"] * 1e-6
        return time / self.software, (floor + (time - floor) * self.backward_ratio) / self.software
