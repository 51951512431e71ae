"""The operators a phase of a model consists of, as one device sees them.

Four kinds are enough for a transformer: matrix products (`Gemm`, dense, batched and grouped), fused
attention (`Attention`), element-wise work (`Vector`) and communication (`Collective`). Each says how
often it runs in the phase (`count`), so a model of 80 like layers is one layer's list with count 80.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["IDEAL", "Attention", "Collective", "Gemm", "Operator", "Phase", "Software", "Vector"]


@dataclass(frozen=True, slots=True)
class Gemm:
    """`batch` independent products (m x k) by (k x n), each with operands of its own.

    Parameters
    ----------
    m, n, k : shape of one product [1]
    batch : number of independent products, such as heads or the experts a device holds [1]
    a_bytes, b_bytes, c_bytes : width of an element of the left operand, of the right operand (weights),
        and of the result [byte]
    math_bits : width at which the products are computed: 16, or 8 where the chip has such a mode [bit]
    count : how often it runs in the phase [1]
    """

    name: str
    m: int
    n: int
    k: int
    batch: int = 1
    a_bytes: float = 2.0
    b_bytes: float = 2.0
    c_bytes: float = 2.0
    math_bits: int = 16
    count: float = 1.0


@dataclass(frozen=True, slots=True)
class Attention:
    """Fused attention: scores, softmax and weighted sum without writing the scores to memory.

    Parameters
    ----------
    problems : independent (sequence, KV head) pairs on the device [1]
    rows : query rows that share one KV head's cache: query length x query heads per KV head [1]
    context : keys each row attends to; in causal prefill the length of the prompt [token]
    causal_share : share of the rows x context scores that are computed: 1, or about 0.5 under a causal mask [1]
    d_qk, d_v : width of a query/key and of a value [1]
    kv_width : elements read from the cache per token and problem: d_qk + d_v, or d_qk alone where keys and
        values share one latent (MLA, absorbed) [1]
    kv_bytes : width of a cached element [byte]
    math_bits : width at which products are computed [bit]
    count : how often it runs in the phase [1]
    """

    name: str
    problems: int
    rows: int
    context: int
    causal_share: float
    d_qk: int
    d_v: int
    kv_width: int
    kv_bytes: float = 2.0
    math_bits: int = 16
    count: float = 1.0


@dataclass(frozen=True, slots=True)
class Vector:
    """Element-wise or row-wise work: `elements` elements [1], operations and memory traffic for each [op, byte]."""

    name: str
    elements: int
    flops_per_element: float
    bytes_per_element: float
    count: float = 1.0


@dataclass(frozen=True, slots=True)
class Collective:
    """Communication among `devices` devices.

    Parameters
    ----------
    kind : "all-reduce" (payload_bytes: the vector every device holds) or
        "all-to-all" (payload_bytes: what one device sends to all others together, its own share included)
    latency_ns : fixed time of one call [ns]
    """

    name: str
    kind: str
    payload_bytes: float
    devices: int
    latency_ns: float = 1000.0
    count: float = 1.0


Operator = Gemm | Attention | Vector | Collective


@dataclass(frozen=True, slots=True)
class Software:
    """How much of a chip's rates the kernels of a software stack reach.

    Parameters
    ----------
    array, dram, link : share reached of the clock, of the memory's and of the links' bandwidth [1]
    cache : cores that one read of the shared cache serves, as neighbours work on the same operands [1]
    launch_ns : cost of every operator run [ns]; None leaves the workload's own
    """

    name: str
    array: float = 1.0
    cache: float = 1.0
    dram: float = 1.0
    link: float = 1.0
    launch_ns: float | None = None


IDEAL = Software("ideal")
"""Every rate is reached: the model of the engine study, which bounds and compares."""


@dataclass(frozen=True, slots=True)
class Phase:
    """The operators of one phase on one device, a launch cost added for every operator run [ns], and the software."""

    name: str
    operators: tuple[Operator, ...]
    launch_ns: float = 0.0
    software: Software = IDEAL
