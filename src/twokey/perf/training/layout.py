"""From what a person asks to runs and strategies: what is left out is chosen, what cannot be is refused."""

from __future__ import annotations

from dataclasses import dataclass, replace

from twokey.perf.fitted.chip import RealChip
from twokey.perf.fitted.coefficients import Coefficients
from twokey.perf.training.costs import FittedCosts
from twokey.perf.training.figures import Figures, Stack
from twokey.perf.training.network import FittedNetwork
from twokey.perf.training.run import PRECISIONS, Run
from twokey.perf.training.spaces import Fixed, divisors
from twokey.perf.training.strategy import EXCHANGE, OVERLAP, RECOMPUTE
from twokey.quantities.problem import Problem
from twokey.workloads.models import Model

__all__ = ["Asked", "check_sizes", "fixed_values", "machine", "run_of", "stack_of"]

_FUSED_SINCE = 2023
_BUBBLE = 0.1
_TOKENS_PER_STEP = 4_194_304


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asks of a training run; None is what they leave to the model.

    Parameters
    ----------
    devices, tp, pp, dp, cp, ep, micro_batch, interleave, zero : as in `strategy.Strategy` [1]
    batch : sequences of a step over all devices [1]
    input_len : tokens of a sequence [token]
    recompute : none, selective or full
    sequence_parallel : whether tensor-parallel devices divide the sequence
    precision : bf16, fp16 or fp8
    stack : software, of data/perf/training.yaml
    node_devices, scale_out_GBps : devices of a scale-up domain, and a device's bandwidth out of it, one direction
    """

    devices: int
    tp: int | None = None
    pp: int | None = None
    dp: int | None = None
    cp: int | None = None
    ep: int | None = None
    micro_batch: int | None = None
    batch: int | None = None
    input_len: int | None = None
    interleave: int | None = None
    recompute: str | None = None
    sequence_parallel: bool | None = None
    zero: int | None = None
    precision: str = "bf16"
    stack: str | None = None
    node_devices: int | None = None
    scale_out_GBps: float | None = None

    @property
    def laid_out(self) -> bool:
        """Whether any of the sizes is given; the others and the micro-batch are then 1, dp what remains."""
        return any(v is not None for v in (self.tp, self.pp, self.dp, self.cp, self.ep))


def stack_of(
    asked: Asked, model: Model, chip_id: str, announced: str, figures: Figures, node: int
) -> tuple[str, Stack]:
    """Return the software of a run by name.

    Where none is named: the software of the time, without fused attention for a model and a chip that were both out
    before 2022; the maker's own for its chips; a dualpipe where experts are exchanged between nodes along a pipeline;
    else "current".

    Raises
    ------
    Problem
        If the name is not known.
    """
    if asked.stack is not None:
        if asked.stack not in figures.stacks:
            raise Problem("--stack", repr(asked.stack), "one of " + ", ".join(figures.stacks), "leave it out")
        return asked.stack, figures.stacks[asked.stack]
    if chip_id.startswith("huawei-"):
        return "pangu", figures.stacks["pangu"]
    latest = max(model.released[:4], str(int(announced[:4] or 0) + 1) if announced[:4].isdigit() else "0")
    if latest.isdigit() and int(latest) < _FUSED_SINCE:
        name = "megatron-2022"
    elif (asked.ep or 1) > node and (asked.pp or 1) > 1 and asked.interleave in (None, 1):
        name = "dualpipe"
    else:
        name = "current"
    return name, figures.stacks[name]


def run_of(asked: Asked, model: Model, stack: Stack, figures: Figures, node: int) -> Run:
    """Return the run.

    Raises
    ------
    Problem
        If the model's attention is not modelled or the precision is not known.
    """
    if model.attention == "other" or model.linear_layers or model.index_topk:
        raise Problem(
            "--model", repr(model.id), "a model whose training is modelled: softmax attention over all keys",
            model.note.rstrip(".") or "choose another model",
        )  # fmt: skip
    if asked.precision not in PRECISIONS:
        raise Problem("--precision", repr(asked.precision), "one of " + ", ".join(PRECISIONS), "write bf16")
    stated = model.figures.get("context_tokens")
    length = asked.input_len or min(4096, int(stated.value) if stated else 4096)
    further = figures.further_tokens.get(model.id, 0)
    run = Run(
        model=model,
        length=length,
        batch=asked.batch or 0,
        precision=asked.precision,
        fused_attention=stack.fused_attention,
        schedule=stack.schedule,
        gather_rails=stack.gather_rails,
        routing_nodes=float(figures.routing_nodes.get(model.id, 10**9)),
        node_devices=node,
        further_tokens=further,
        casts_apart=stack.casts_apart,
        fused_loss=stack.fused_loss,
        spread_overlap=figures.coefficients["spread_overlap"],
    )
    return run if asked.batch else replace(run, batch=_usual_batch(asked, run))


def _usual_batch(asked: Asked, run: Run) -> int:
    """Return about four million tokens in whole rounds of all replicas, with pipelines eight rounds a stage."""
    sizes = (asked.tp or 1) * (asked.pp or 1) * (asked.cp or 1)
    replicas = asked.dp or max(1, asked.devices // sizes)
    unit = replicas * (asked.micro_batch or 1) if asked.laid_out else asked.devices
    rounds = max(1, round(_TOKENS_PER_STEP / run.length / unit))
    if asked.laid_out and (asked.pp or 1) > 1:
        rounds = -(-max(rounds, 8 * (asked.pp or 1)) // (asked.pp or 1)) * (asked.pp or 1)
    return unit * rounds


def machine(
    chip: RealChip, asked: Asked, stack: Stack, fitted: Coefficients, figures: Figures
) -> tuple[FittedCosts, FittedNetwork]:
    """Return kernel times and network of a chip, with the network asked for where one is."""
    known = figures.network(chip.id)
    network = replace(
        known,
        node_devices=asked.node_devices or known.node_devices,
        scale_out_GBps=asked.scale_out_GBps or known.scale_out_GBps,
    )
    net = FittedNetwork.of(chip, fitted, figures, network)
    c = figures.coefficients
    costs = FittedCosts(
        chip,
        fitted,
        net,
        c["attention_backward_ratio"],
        sustained=c["sustained_share_wide" if chip.wide else "sustained_share_narrow"],
        software=stack.software_share,
        imbalance=1.0 if stack.balanced else c["routing_imbalance"],
        grouped=stack.grouped,
    )
    return costs, net


def check_sizes(asked: Asked, run: Run) -> Asked:
    """Return what is asked with the sizes left out filled in: 1, and for dp what remains of the devices.

    Raises
    ------
    Problem
        If a size is not a whole number above zero, or the sizes do not go together.
    """
    for name in ("devices", "tp", "pp", "dp", "cp", "ep", "micro_batch", "batch", "input_len", "interleave"):
        value = getattr(asked, name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            option = "--" + {"input_len": "input"}.get(name, name).replace("_", "-")
            raise Problem(option, str(value), "a whole number of at least 1", "write digits only")
    if asked.zero is not None and asked.zero not in (0, 1, 2, 3):
        raise Problem("--zero", str(asked.zero), "0, 1, 2 or 3", "write --zero 1")
    if asked.recompute is not None and asked.recompute not in RECOMPUTE:
        raise Problem("--recompute", repr(asked.recompute), "one of " + ", ".join(RECOMPUTE), "leave it out")
    if not asked.laid_out:
        return asked
    m, tp, pp, cp, ep = run.model, asked.tp or 1, asked.pp or 1, asked.cp or 1, asked.ep or 1
    dp = asked.dp if asked.dp is not None else max(1, asked.devices // (tp * pp * cp))
    if tp * pp * cp * dp != asked.devices:
        raise Problem(
            "--devices", f"{asked.devices} with tp {tp}, pp {pp}, cp {cp} and dp {dp}",
            f"tp x pp x cp x dp = {tp * pp * cp * dp}", "make devices equal their product",
        )  # fmt: skip
    if m.heads % tp:
        raise Problem("--tp", str(tp), f"a divisor of the {m.heads} heads of {m.id}", "choose a power of two")
    if pp > run.layers:
        raise Problem("--pp", str(pp), f"no more than the {run.layers} layers of {m.id}", f"choose --pp {run.layers}")
    if ep > 1 and (not m.experts or m.experts % ep or (dp * tp) % ep):
        needed = f"a divisor of {m.experts} experts and of dp x tp = {dp * tp}" if m.experts else "1: no experts"
        raise Problem("--ep", str(ep), needed, "leave ep out")
    if run.length % cp:
        raise Problem("--cp", str(cp), f"a divisor of the {run.length} tokens of a sequence", "leave cp out")
    micro = asked.micro_batch or 1
    if run.batch % (dp * micro):
        raise Problem(
            "--batch", f"{run.batch} with dp {dp} and micro-batch {micro}", f"a multiple of {dp * micro}",
            f"choose --batch {dp * micro * max(1, run.batch // (dp * micro))}",
        )  # fmt: skip
    if asked.interleave is not None and (asked.interleave > -(-run.layers // pp) or (pp == 1 and asked.interleave > 1)):
        raise Problem("--interleave", str(asked.interleave), "no more chunks than a stage has layers", "leave it out")
    return replace(
        asked,
        tp=tp,
        pp=pp,
        cp=cp,
        ep=ep,
        dp=dp,
        micro_batch=micro,
        interleave=asked.interleave or _chunks(run, pp, run.batch // (dp * micro)),
    )


def _chunks(run: Run, pp: int, micro_batches: int) -> int:
    """Return the fewest chunks of a stage with which no more than a tenth of the time is lost filling the pipeline."""
    if pp == 1 or run.schedule != "1f1b" or micro_batches % pp:
        return 1
    chunks = divisors(-(-run.layers // pp))
    return next((v for v in chunks if (pp - 1) / (v * micro_batches) <= _BUBBLE), chunks[-1])


def fixed_values(asked: Asked, stack: Stack) -> Fixed:
    """Return the values a search may choose, by field, from what is asked and what the software can do."""
    fixed: Fixed = {
        "overlap_tp": (OVERLAP.index(stack.overlap_tp),),
        "overlap_dp": (int(stack.overlap_dp),),
        "overlap_pp": (int(stack.overlap_pp),),
        "overlap_ep": (int(stack.overlap_ep),),
        "exchange": (EXCHANGE.index("sequence"), EXCHANGE.index("scattered")),
    }
    for name in ("tp", "pp", "dp", "cp", "ep", "micro_batch", "interleave", "zero"):
        value = getattr(asked, name)
        if value is not None:
            fixed[name] = (value,)
    if asked.recompute is not None:
        fixed["recompute"] = (RECOMPUTE.index(asked.recompute),)
    if asked.sequence_parallel is not None:
        fixed["exchange"] = (EXCHANGE.index("sequence" if asked.sequence_parallel else "scattered"),)
    return fixed
