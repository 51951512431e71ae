"""A real chip as the fitted operator model sees it: architecture parameters of the catalogue as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from twokey.chips.catalogue import Chip, find
from twokey.chips.design import Design
from twokey.perf.fitted.software import kernel_figures, kernel_shares

__all__ = ["RealChip", "from_catalogue", "from_design_record", "named"]

_WIDE_KiB = 360.0
_PAIRED_KiB = 480.0
_REFERENCE_MACS = 2048.0
_FINE_NODES = ("4N", "4NP", "N5", "N4", "N3", "5 nm", "4 nm", "3 nm")


@dataclass(frozen=True, slots=True)
class RealChip:
    """Architecture of one chip, as the operators need it.

    Parameters
    ----------
    id : the chip's id in the catalogue, or "design"
    cores : streaming multiprocessors, compute units or AI cores [1]
    macs : 16-bit multiply-accumulates of one core in a clock [1]
    lanes : vector lanes of one core [1]
    clock_Hz : clock at which 2 x cores x macs x clock is the dense 16-bit peak, in hertz
    sram_KiB : memory of one core that holds operands and results [KiB]
    l2_bytes : shared cache [byte]
    l2_Bps, dram_Bps, link_Bps : bandwidths, of memory after `dram_share`, of the links in one direction [byte/s]
    rate8, rate4 : rate of 8-bit and 4-bit floating products over the 16-bit rate; 1 where there is no such mode [1]
    rate_int8 : the same for 8-bit integers [1]
    tdp_W : power limit, or 0 where none is known [W]
    fine_node : whether the logic is of a 5 nm class process or finer; else it counts as 7 nm class
    pairs : whether two cores can work on one product, each with a memory for results (NVIDIA, Blackwell and later);
        a large core memory alone, as Ascend's, does not say so
    block_scales : whether 8-bit products carry a scale for each block of their depth, as fp8 ones do and integer ones,
        scaled once at the end, do not
    share_of_peak : whether `array_share` was stated beside another chip as a share of the peak of both, so that what
        arrays of this size lose is in it
    array_share, dram_share : what the designer's kernels reach of the rate of the arrays and of the bandwidth of
        memory, beside the kernels the model was fitted on (`software.kernel_shares`) [1]
    """

    id: str
    cores: float
    macs: float
    lanes: float
    clock_Hz: float
    sram_KiB: float
    l2_bytes: float
    l2_Bps: float
    dram_Bps: float
    link_Bps: float
    rate8: float
    rate4: float
    rate_int8: float
    tdp_W: float
    fine_node: bool
    pairs: bool = False
    block_scales: bool = True
    share_of_peak: bool = False
    array_share: float = 1.0
    dram_share: float = 1.0

    @property
    def wide(self) -> bool:
        """Whether a core's memory feeds its arrays by asynchronous copies (360 KiB and more: Hopper and later)."""
        return self.sram_KiB >= _WIDE_KiB

    @property
    def shared_operands(self) -> tuple[float, float]:
        """How often a tile's left and right operand, once read from the cache, are used [1].

        Small core memories feed registers tile by tile (1, 1); larger ones let two groups of warps share the right
        operand (1, 2); paired cores each read half of both operands (2, 2).
        """
        return (2.0, 2.0) if self.pairs else (1.0, 2.0) if self.wide else (1.0, 1.0)

    @property
    def l2_bytes_per_clock(self) -> float:
        """Bytes of the shared cache a clock for each core, all cores reading [byte]."""
        return self.l2_Bps / (self.cores * self.clock_Hz)

    def with_integers(self) -> RealChip:
        """Return the chip with its 8-bit products being those of integers."""
        return replace(self, rate8=self.rate_int8, block_scales=False)

    def unpaired(self) -> RealChip:
        """Return the chip as it is to kernels that issue each product on one core, as those compiled by Triton do."""
        return replace(self, pairs=False)

    def array_rate(self, efficiency: float, rate: float = 1.0) -> float:
        """Return the multiply-accumulates of one core in a clock that large products sustain.

        Parameters
        ----------
        efficiency : share of the peak sustained by arrays of 2,048 16-bit multiply-accumulates a clock (H100), or by
            a core whose threads both load and multiply
        rate : rate of the products over the 16-bit rate [1]

        Notes
        -----
        Where copies run beside the arrays (`wide`), what is lost to filling, waiting and issuing is a number of
        cycles, not a share: products that take fewer cycles lose more of them. 8-bit products of H100 confirm it. A
        part cut in compute (H20) therefore comes nearer to its peak than the part it is cut from. Paired cores issue
        the products of both at once, which halves the loss (rows of B200 asked for this; no value was fitted on
        them). It is a share again where the designer's kernels are known to reach the same share of their peak as
        kernels of Hopper do of theirs, however large the arrays (`share_of_peak`).
        """
        full = self.macs * rate * self.array_share
        if not self.wide or self.share_of_peak:
            return full * efficiency
        reference = _REFERENCE_MACS * (2.0 if self.pairs else 1.0)
        return full / (1.0 + (1.0 / efficiency - 1.0) * full / reference)

    @property
    def peak_op_per_s(self) -> float:
        """Dense 16-bit peak: two operations for each multiply-accumulate [op/s]."""
        return 2.0 * self.cores * self.macs * self.clock_Hz

    def rate(self, bits: int, integer: bool = False) -> float:
        """Return the rate of products of this width over the 16-bit rate [1]."""
        if bits == 8:
            return self.rate_int8 if integer else self.rate8
        return self.rate4 if bits == 4 else 1.0


def from_catalogue(chip: Chip) -> RealChip:
    """Return a catalogue chip for the fitted model.

    Raises
    ------
    Problem
        If the chip's architecture is not in the catalogue.

    Examples
    --------
    >>> h20 = named("nvidia-h20")
    >>> h20.wide, round(h20.peak_op_per_s / 1e12), h20.rate(8)
    (True, 148, 2.0)
    """
    a = {name: float(figure.value) for name, figure in chip.known_architecture().items()}
    stated = {name: float(figure.value) for name, figure in chip.figures.items()}
    modes = {m.mode: float(m.tops) for m in chip.item.modes or ()}
    base = stated.get("fp16_dense_TFLOPS") or modes.get("fp16") or 0.0
    fp4 = stated.get("fp4_dense_TFLOPS") or 0.0
    fp8 = "fp8_dense_TFLOPS" in stated or "fp8" in modes
    node = chip.attributes.get("process_node", "")
    shares = kernel_shares(chip.item.seller or "")
    return RealChip(
        id=chip.id,
        cores=a["cores"],
        macs=a["array_rows"] * a["array_cols"],
        lanes=a["vector_lanes"],
        clock_Hz=a["clock_GHz"] * 1e9,
        sram_KiB=a["sram_KiB"],
        l2_bytes=a["l2_MiB"] * 2**20,
        l2_Bps=a["l2_bandwidth_GBps"] * 1e9,
        dram_Bps=a["dram_bandwidth_GBps"] * 1e9 * shares["dram_share"],
        link_Bps=a["link_bandwidth_GBps"] * 1e9,
        rate8=a["rate8"] if fp8 else 1.0,
        rate4=round(fp4 / base) if fp4 and base else (a["rate8"] if fp8 else 1.0),
        rate_int8=a["rate8"],
        tdp_W=stated.get("tdp_W", 0.0),
        fine_node=node.startswith(_FINE_NODES),
        pairs=chip.item.seller == "nvidia" and a["sram_KiB"] >= _PAIRED_KiB,
        share_of_peak=(chip.item.seller or "") in kernel_figures(),
        array_share=shares["array_share"],
        dram_share=shares["dram_share"],
    )


def from_design_record(design: Design) -> RealChip:
    """Return a design for the fitted model: 8-bit products at twice the rate, no power limit, a 5 nm class process."""
    d = design
    return RealChip(
        id="design",
        cores=float(d.cores),
        macs=float(d.array_rows * d.array_cols),
        lanes=float(d.vector_lanes),
        clock_Hz=float(d.clock_GHz) * 1e9,
        sram_KiB=float(d.sram_KiB),
        l2_bytes=float(d.l2_MiB) * 2**20,
        l2_Bps=float(d.l2_bandwidth_GBps) * 1e9,
        dram_Bps=float(d.dram_bandwidth_GBps) * 1e9,
        link_Bps=float(d.link_bandwidth_GBps) * 1e9,
        rate8=2.0,
        rate4=2.0,
        rate_int8=2.0,
        tdp_W=0.0,
        fine_node=True,
        pairs=d.sram_KiB >= _PAIRED_KiB,
    )


@cache
def named(chip_id: str) -> RealChip:
    """Return the catalogue chip with this id, name or alias for the fitted model.

    Raises
    ------
    Problem
        If there is none, or its architecture is not known.
    """
    return from_catalogue(find(chip_id))
