"""From a model, a layout and a request to the operators of both phases on one device."""

from __future__ import annotations

from dataclasses import replace

from twokey.quantities.problem import Problem
from twokey.workloads.attention import Pass, attention_operators
from twokey.workloads.feedforward import dense_operators, expert_operators
from twokey.workloads.layout import CACHE_BYTES, Layout, check_layout, width_of
from twokey.workloads.memory import activation_bytes, cache_bytes, weight_bytes
from twokey.workloads.models import Model, find
from twokey.workloads.operators import Collective, Gemm, Operator, Phase, Vector
from twokey.workloads.recurrent import recurrent_operators
from twokey.workloads.training import Training, training_memory_bytes, training_phase
from twokey.workloads.workload import Workload

__all__ = ["ALL_REDUCE_LATENCY_NS", "ALL_TO_ALL_LATENCY_NS", "LAUNCH_NS", "build", "layout_for", "workload_for"]

LAUNCH_NS = 2000.0
"""Cost of one kernel inside a graph, where nothing else is said [ns]. Assumption, low end of 2-4 us."""

ALL_REDUCE_LATENCY_NS = 5000.0
"""Fixed time of one all-reduce among the devices of a node [ns]. Assumption: 3-6 us are usual on eight devices."""

ALL_TO_ALL_LATENCY_NS = 20000.0
"""Fixed time of one all-to-all of experts [ns]. Assumption: 13-50 us inside a node are usual."""

_NORM_FLOPS = {"layer": 8.0, "rms": 5.0}


def layout_for(
    model: Model,
    *,
    devices: int,
    tp: int | None = None,
    ep: int | None = None,
    dp: int | None = None,
    precision: str = "bf16",
    expert_precision: str | None = None,
    kv_precision: str = "bf16",
    kernels: str = "fused",
    all_reduce_latency_ns: float = ALL_REDUCE_LATENCY_NS,
    all_to_all_latency_ns: float = ALL_TO_ALL_LATENCY_NS,
) -> Layout:
    """Return the layout asked for, what is not given chosen.

    tp = devices/dp and dp = devices/tp; ep = 1 inside one replica, and all devices where a model with experts has
    several replicas (each holding all experts would be unusual).

    Raises
    ------
    Problem
        If a precision is not known, the layout cannot be built (`check_layout`), or MLA is asked for in separate
        kernels.
    """
    for option, size in (("--devices", devices), ("--tp", tp), ("--dp", dp)):
        if size is not None and size < 1:
            raise Problem(option, str(size), "a whole number of at least 1", "write digits only")
    tp = tp if tp is not None else max(1, devices // (dp or 1))
    dp = dp if dp is not None else max(1, devices // tp)
    if ep is None:
        ep = devices if model.experts and dp > 1 else 1
    check_layout(model, devices=devices, tp=tp, ep=ep, dp=dp)
    if kernels == "separate" and model.attention == "mla":
        raise Problem("kernels", "separate", "fused, for MLA is modelled in one kernel only", "leave kernels out")
    if kv_precision not in CACHE_BYTES:
        raise Problem("--kv-precision", repr(kv_precision), "one of " + ", ".join(CACHE_BYTES), "write one of these")
    return Layout(
        tp=tp,
        dp=dp,
        ep=ep,
        weights=width_of(precision),
        experts=width_of(expert_precision or precision),
        cache_bytes=CACHE_BYTES[kv_precision],
        kernels=kernels,
        all_reduce_latency_ns=all_reduce_latency_ns,
        all_to_all_latency_ns=all_to_all_latency_ns,
    )


def build(
    model: Model,
    layout: Layout,
    *,
    name: str,
    objective: str,
    batch: int,
    input_len: int,
    output_len: int,
    prefill_batch: int | None = None,
    decode_context: int | None = None,
    launch_ns: float = LAUNCH_NS,
    single_layer: bool = False,
    note: str = "",
    train: Training | None = None,
) -> Workload:
    """Return the workload: the operators of prefill and of one decode step on one device, and the memory it needs.

    Parameters
    ----------
    batch : sequences in flight over all devices [1]
    input_len, output_len : prompt and output tokens of a request [token]
    prefill_batch : sequences whose prompts are processed together; `batch` where not given [1]
    decode_context : keys a decode step attends to; input_len + output_len/2 where not given [token]
    launch_ns : cost added for every operator run [ns]
    train : a run of training with this layout; the memory is then what training needs
    single_layer : only one layer's operators, without embedding and output projection; the memory is still that of
        all layers, without embeddings and activations

    Raises
    ------
    Problem
        If a number is not positive.
    """
    for option, size in (("--batch", batch), ("--input", input_len), ("--output", output_len)):
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise Problem(option, str(size), "a whole number of at least 1", "write digits only")
    if launch_ns < 0:
        raise Problem("launch_ns", str(launch_ns), "a time of at least 0 ns", "leave it out")
    context = decode_context if decode_context is not None else input_len + output_len // 2
    sequences = -(-batch // layout.dp)
    prompts = -(-(prefill_batch or batch) // layout.dp)
    prefill = Pass(prompts, input_len, input_len, decode=False)
    decode = Pass(sequences, 1, context, decode=True)
    held = decode_context if decode_context is not None else input_len + output_len
    memory = weight_bytes(model, layout, embeddings=not single_layer)
    memory += cache_bytes(model, layout, sequences=sequences, context=held)
    if not single_layer:
        memory += activation_bytes(model, layout, tokens=max(prefill.tokens, decode.tokens))
    step, steps = None, 0.0
    if train is not None:
        micro = Pass(train.micro_batch, input_len, input_len, decode=False)
        forward = _operators(model, layout, micro, single_layer)
        step = training_phase(model, layout, forward, micro, batch=train.batch, launch_ns=launch_ns)
        steps = train.tokens / (train.batch * input_len)
        memory = training_memory_bytes(model, layout, micro)
    return Workload(
        name=name,
        model=model.id,
        objective=objective,
        prefill=Phase("prefill", _operators(model, layout, prefill, single_layer), launch_ns),
        decode=Phase("decode", _operators(model, layout, decode, single_layer), launch_ns),
        output_len=output_len,
        memory_bytes=memory,
        devices=layout.devices,
        batch=batch,
        input_len=input_len,
        note=note,
        train=step,
        steps=steps,
    )


def _operators(model: Model, layout: Layout, run: Pass, single_layer: bool) -> tuple[Operator, ...]:
    layers = [
        *_norms(model, layout, run),
        *attention_operators(model, layout, run),
        *recurrent_operators(model, layout, run),
        *dense_operators(model, layout, run),
        *expert_operators(model, layout, run),
        *_reductions(model, layout, run),
    ]
    if single_layer:
        return tuple(replace(op, count=op.count / model.layers) for op in layers)
    return (*_entry(model, layout, run), *layers, *_exit(model, layout, run))


def _norms(model: Model, layout: Layout, run: Pass) -> list[Operator]:
    """Two norms and two residual additions a layer: T h elements each; one kernel for both where kernels are fused."""
    size, flops, out = run.tokens * model.hidden, _NORM_FLOPS[model.norm], layout.weights.operand_bytes
    if layout.kernels == "separate":
        return [
            Vector("norm", size, flops, 2.0 + out, 2.0 * model.layers),
            Vector("residual", 2 * size, 1.0, 6.0, float(model.layers)),
        ]
    return [Vector("residual-norm", size, flops + 1.0, 6.0 + out, 2.0 * model.layers)]


def _reductions(model: Model, layout: Layout, run: Pass) -> list[Operator]:
    """All-reduces of T h 16-bit elements: after attention and after the feed-forward block of each layer.

    Where tokens are exchanged with the experts, one a layer: its scatter stands before the dispatch, its gather after
    the combine.
    """
    if layout.tp == 1:
        return []
    count = 2.0 * model.layers - (model.moe_layers if layout.exchanges else 0)
    payload = run.tokens * model.hidden * 2.0
    return [Collective("all-reduce", "all-reduce", payload, layout.tp, layout.all_reduce_latency_ns, count)]


def _entry(model: Model, layout: Layout, run: Pass) -> list[Operator]:
    size = run.tokens * model.hidden
    out: list[Operator] = [Vector("embedding", size, 1.0, 4.0)]
    if layout.tp > 1:
        out.append(
            Collective("embedding-all-reduce", "all-reduce", size * 2.0, layout.tp, layout.all_reduce_latency_ns)
        )
    return out


def _exit(model: Model, layout: Layout, run: Pass) -> list[Operator]:
    """Norm and output projection of each sequence's last token: (sequences, vocab/tp, h) in 16 bits."""
    return [
        Vector("final-norm", run.sequences * model.hidden, _NORM_FLOPS[model.norm], 4.0),
        Gemm("output-projection", run.sequences, -(-model.vocab // layout.tp), model.hidden),
    ]


def workload_for(
    model: str | Model,
    *,
    phase: str,
    devices: int = 1,
    tp: int | None = None,
    ep: int | None = None,
    dp: int | None = None,
    precision: str = "bf16",
    expert_precision: str | None = None,
    kv_precision: str = "bf16",
    batch: int = 1,
    input_len: int = 1024,
    output_len: int = 128,
    launch_ns: float = LAUNCH_NS,
) -> Workload:
    """Return the workload of a request that is not in the catalogue.

    Parameters
    ----------
    model : id, name or alias of a model, or the model
    phase : "prefill" (all prompts of the batch together), "decode" or "serve" (one prompt for each replica at a time)
    devices, tp, ep, dp : the layout; see `layout_for` for what is chosen where one is left out [1]
    precision, expert_precision, kv_precision : of weights and products, of the routed experts where they differ,
        and of the cache
    batch : sequences in flight over all devices [1]
    input_len, output_len : prompt and output tokens of a request [token]
    launch_ns : cost added for every operator run [ns]

    Raises
    ------
    Problem
        If the model, phase or precision is not known, or the layout cannot be built.

    Examples
    --------
    >>> load = workload_for("llama-3-8b", phase="decode", batch=16, input_len=2048)
    >>> round(load.memory_bytes / 1e9, 1), load.objective
    (20.9, 'tpot')
    """
    if phase not in ("prefill", "decode", "serve"):
        raise Problem("--phase", repr(phase), "one of prefill, decode, serve", "write one of the words listed")
    found = find(model) if isinstance(model, str) else model
    layout = layout_for(
        found,
        devices=devices,
        tp=tp,
        ep=ep,
        dp=dp,
        precision=precision,
        expert_precision=expert_precision,
        kv_precision=kv_precision,
    )
    return build(
        found,
        layout,
        name=f"{found.id}-{phase}",
        objective="ttft" if phase == "prefill" else "tpot",
        batch=batch,
        input_len=input_len,
        output_len=output_len,
        prefill_batch=batch if phase == "prefill" else min(batch, layout.dp),
        launch_ns=launch_ns,
    )
