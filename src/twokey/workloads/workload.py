"""A workload: one customer's use of a model on a given number of devices, ready to be timed."""

from __future__ import annotations

from dataclasses import dataclass

from twokey.workloads.operators import Phase

__all__ = ["Workload"]


@dataclass(frozen=True, slots=True)
class Workload:
    """What one device has to do for a request, phase by phase.

    Parameters
    ----------
    name, model : ids of the workload and of its model
    objective : the objective it is meant for: "ttft", "tpot" or "train-time"
    prefill : operators of processing the prompt of the batch; its time is the TTFT
    decode : operators of one output token for the batch; its time is the TPOT
    output_len : output tokens of a request (OSL) [token]
    memory_bytes : weights, cache and activations one device must hold [byte]
    devices, batch, input_len : number of devices, sequences in flight over all of them, prompt length (ISL)
    note : what the workload stands for, and from where its figures come
    train : operators of one step of training, None where the workload trains nothing; steps : steps of a run [1]
    """

    name: str
    model: str
    objective: str
    prefill: Phase
    decode: Phase
    output_len: int
    memory_bytes: float
    devices: int
    batch: int
    input_len: int
    note: str = ""
    train: Phase | None = None
    steps: float = 0.0
