"""One replica of a served model: the time of its steps and prompts, and what fits its memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

from twokey.perf.fitted.chip import RealChip
from twokey.perf.fitted.coefficients import Coefficients
from twokey.perf.fitted.phase import phase_terms
from twokey.perf.fitted.serving import layers_of, prompt_extra, timed_rows
from twokey.quantities.problem import Problem
from twokey.workloads.build import build
from twokey.workloads.layout import Layout
from twokey.workloads.memory import activation_bytes, cache_bytes, weight_bytes
from twokey.workloads.models import Model
from twokey.workloads.operators import Attention, Phase, Vector

__all__ = ["Replica", "tokens_per_step"]

_LINK_US = 5.0
"""Time to hand a micro-batch to the next stage of a pipeline, beside its transfer [us]. Assumption."""


def tokens_per_step(acceptance: float, drafts: int) -> float:
    """Return the tokens a step yields when it checks drafts: 1 + a + a^2 ... (a draft counts if all before it do).

    Parameters
    ----------
    acceptance : chance that a drafted token is accepted, 0 to 1 [1]
    drafts : tokens drafted ahead in each step [1]

    References
    ----------
    Y. Leviathan, M. Kalman and Y. Matias, "Fast inference from transformers via speculative decoding,"
    arXiv:2211.17192, equation (1).

    Examples
    --------
    >>> tokens_per_step(0.8, 1), round(tokens_per_step(0.5, 3), 3), tokens_per_step(0.9, 0)
    (1.8, 1.875, 1.0)
    """
    return sum(acceptance**i for i in range(drafts + 1))


@dataclass(frozen=True, slots=True)
class Replica:
    """One attention rank of a deployment: the devices that serve the same sequences.

    Parameters
    ----------
    chip, fitted : the device and the coefficients
    model, layout : the model, and how it is divided (its dp ranks are replicas that share their experts)
    input_len, output_len : tokens of a prompt and of an answer [token]
    framework : whose kernels run, or None
    pp : stages of the pipeline; a stage holds 1/pp of the layers [1]
    prefix_hit : share of a prompt whose keys and values are already cached [1]
    acceptance, drafts : of multi-token prediction; see `tokens_per_step`
    two_batch : whether two half-batches take turns, one communicating while the other computes
    capacity_bytes : memory of a device [byte]

    Raises
    ------
    Problem
        If a number is outside its range.
    """

    chip: RealChip
    fitted: Coefficients
    model: Model
    layout: Layout
    input_len: int
    output_len: int
    framework: str | None = None
    pp: int = 1
    prefix_hit: float = 0.0
    acceptance: float = 0.0
    drafts: int = 0
    two_batch: bool = False
    capacity_bytes: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        for option, value in (("--prefix-hit", self.prefix_hit), ("--mtp", self.acceptance)):
            if not 0.0 <= value <= 1.0:
                raise Problem(option, str(value), "a share from 0 to 1", "write it like 0.8")
        if self.drafts < 0 or self.drafts > 16:
            raise Problem("--mtp-tokens", str(self.drafts), "from 0 to 16 tokens", "write 1 or 2")
        if not 1 <= self.pp <= self.model.layers:
            raise Problem("--pp", str(self.pp), f"from 1 to the {self.model.layers} layers", "choose fewer stages")

    @property
    def devices(self) -> int:
        """Devices of one replica [1]."""
        return self.layout.tp * self.pp

    @property
    def yields(self) -> float:
        """Tokens of a sequence that one step yields [token]."""
        return tokens_per_step(self.acceptance, self.drafts)

    def step_s(self, sequences: int) -> float:
        """Return the time of one decode step of this many sequences, all of whose tokens advance [s].

        Notes
        -----
        Drafts make a step check 1 + drafts tokens a sequence: products have that many more rows, attention as many
        more rows on the same keys; each draft adds one layer and the output projection. With pp stages the
        sequences go round in pp groups: a step lasts pp stages of a group, each 1/pp of the layers. Two half-batches:
        the longer of computing and communicating twice, and the shorter once at the ends.
        """
        group = -(-sequences // self.pp)
        whole = self._pass_s(group)
        if self.two_batch and group > 1:
            half = -(-group // 2)
            links, rest = self._parts_s(half)
            whole = 2.0 * max(links, rest) + min(links, rest)
        return whole + (self._hand_over_s(group * (1 + self.drafts)) * self.pp if self.pp > 1 else 0.0)

    def gain_of_two_batches(self, sequences: int) -> float:
        """Return the time saved by two half-batches as a share of the step without them; negative where it loses."""
        plain = replace(self, two_batch=False).step_s(sequences)
        return 1.0 - replace(self, two_batch=True).step_s(sequences) / plain

    def prompt_s(self) -> float:
        """Return the time of one prompt's pass alone, what is cached of it left out [s].

        Notes
        -----
        With hit rate r, (1 - r) ISL rows go through; each still attends to all keys before it, so that attention
        costs what ISL rows cost less what r ISL rows cost.
        """
        new = self._new_tokens
        phase = self._load(1, new)[1]
        terms = phase_terms(self.chip, self.fitted, phase, decode=False, framework=self.framework)
        rows = timed_rows(terms, self.fitted, self.framework, layers_of(phase))
        return sum(time for _, time, _ in rows) + self._beside_s()

    def extra_s(self, sequences: int) -> float:
        """Return what a prompt adds to the step that carries it, alone or with others (`prompt_extra`) [s]."""
        sequences = max(1, sequences)
        decode = self._decode_phase(sequences)
        added = prompt_extra(
            self.chip,
            self.fitted,
            decode,
            phase_terms(self.chip, self.fitted, decode, decode=True, framework=self.framework),
            self._load(1, self._new_tokens)[1],
            sequences=sequences,
            input_len=self._new_tokens,
            ranks=self.layout.dp if self.layout.exchanges else 1,
            framework=self.framework,
        )
        return added.time_s / added.prompts + self._beside_s()

    def memory_bytes(self, sequences: int) -> float:
        """Return what one device holds with this many sequences in flight [byte]."""
        held = cache_bytes(self.model, self.layout, sequences=sequences, context=self.input_len + self.output_len)
        tokens = max(self.input_len, sequences)
        weights = weight_bytes(self.model, self.layout)
        return (weights + held) / self.pp + activation_bytes(self.model, self.layout, tokens=tokens)

    def most_sequences(self) -> int:
        """Return how many sequences fit a device's memory; 0 where the weights do not [1]."""
        low, high = 0, 1
        if self.memory_bytes(1) > self.capacity_bytes:
            return 0
        while self.memory_bytes(high) <= self.capacity_bytes and high < 1 << 20:
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.memory_bytes(middle) <= self.capacity_bytes else (low, middle)
        return low

    def cache_transfer_s(self) -> float:
        """Return the time to send a prompt's keys and values to another pool over a device's links [s]."""
        held = cache_bytes(self.model, self.layout, sequences=1, context=self.input_len)
        return _LINK_US * 1e-6 + held / self.chip.link_Bps

    def _hand_over_s(self, tokens: int) -> float:
        return _LINK_US * 1e-6 + tokens * self.model.hidden * 2.0 / self.chip.link_Bps

    @property
    def _new_tokens(self) -> int:
        """Tokens of a prompt that are not cached [token]."""
        return max(1, round(self.input_len * (1.0 - self.prefix_hit)))

    def _beside_s(self) -> float:
        """Return what a prompt takes beside the pass of its new tokens: their cached keys, and the stages [s]."""
        new = self._new_tokens
        hand_over = self.pp * self._hand_over_s(new) * (self.pp > 1)
        if new == self.input_len:
            return hand_over
        whole, cached, own = (self._scores_s(n) for n in (self.input_len, self.input_len - new, new))
        return whole - cached - own + hand_over

    def _scores_s(self, length: int) -> float:
        """Return the time of attention over a prompt, without its launches [s]."""
        phase = self._load(1, max(1, length))[1]
        terms = phase_terms(self.chip, self.fitted, phase, decode=False, framework=self.framework)
        return sum(term.work_s for term in terms if term.kind == "attention")

    def _load(self, sequences: int, length: int) -> tuple[Phase, Phase]:
        load = build(
            self.model,
            self.layout,
            name="serve",
            objective="tpot",
            batch=sequences * self.layout.dp,
            input_len=length,
            output_len=self.output_len,
            prefill_batch=self.layout.dp,
        )
        return load.decode, load.prefill

    def _decode_phase(self, sequences: int) -> Phase:
        phase = self._load(sequences, self.input_len)[0]
        if self.drafts:
            checked = 1 + self.drafts
            wide = self._load(sequences * checked, self.input_len)[0]
            state = [
                replace(op, rows=op.rows * checked)
                if isinstance(op, Attention)
                else replace(op, count=op.count * checked)
                for op in phase.operators
                if _is_state(op)
            ]
            phase = replace(wide, operators=(*[op for op in wide.operators if not _is_state(op)], *state))
        return phase

    def _parts_s(self, sequences: int) -> tuple[float, float]:
        """Return the time of the links and of all else in one decode pass [s]."""
        phase = self._decode_phase(sequences)
        terms = phase_terms(self.chip, self.fitted, phase, decode=True, framework=self.framework)
        rows = timed_rows(terms, self.fitted, self.framework, layers_of(phase), sequences)
        times = {name: 0.0 for name, _, _ in rows}
        for name, time, _ in rows:
            times[name] += time
        links = sum(time for _, time, bound in rows if bound == "link")
        drafts = self.drafts * (sum(times.values()) / max(1, self.model.layers) + times.get("output-projection", 0.0))
        return links, sum(times.values()) - links + drafts

    def _pass_s(self, sequences: int) -> float:
        return sum(self._parts_s(sequences))


def _is_state(op: object) -> bool:
    return isinstance(op, Attention) or (isinstance(op, Vector) and op.name == "linear-state")
