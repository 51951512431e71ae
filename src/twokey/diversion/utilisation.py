"""What share of its peak such a run reaches: published runs, and what they lead one to expect of another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from twokey.chips import catalogue
from twokey.chips.catalogue import Chip
from twokey.diversion.files import DATA, EVIDENCE, cited
from twokey.diversion.work import training_work
from twokey.sources.text import read_file
from twokey.workloads import models as llms
from twokey.workloads.models import Model

__all__ = ["Expected", "Run", "expect", "family", "peak_rate", "runs"]

_FAMILIES = {
    "nvidia-v100": "volta", "nvidia-a": "ampere", "nvidia-h": "hopper", "nvidia-gh": "hopper",
    "nvidia-b": "blackwell", "nvidia-gb": "blackwell", "google": "tpu", "huawei": "ascend", "amd": "amd",
}  # fmt: skip
_SOURCE_SPREAD, _EFFECT_SPREAD, _LEVEL_SPREAD = 0.25, 0.4, 0.6


@dataclass(frozen=True, slots=True)
class Run:
    """A published run: model, chip, share of the dense 16-bit peak it reached [fraction], and where that stands."""

    run: str
    model: str
    chip: str
    precision: str
    whole: bool
    mfu: float
    experts: bool
    family: str
    source: str
    checked: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What to expect of the utilisation of a run: a log-normal, its middle [fraction] and the deviation of its log."""

    mid: float
    spread: float
    ceiling: float
    alike: tuple[str, ...]

    def quantile(self, z: float) -> float:
        """Return the value `z` deviations from the middle, no more than the chip can do at all [fraction]."""
        return min(self.mid * math.exp(z * self.spread), self.ceiling)


def family(chip: str) -> str:
    """Return the generation a chip belongs to, as far as published runs tell them apart.

    Examples
    --------
    >>> family("nvidia-h800"), family("huawei-ascend-910b"), family("cambricon-mlu590")
    ('hopper', 'ascend', 'other')
    """
    fits = [start for start in _FAMILIES if chip.startswith(start)]
    return _FAMILIES[max(fits, key=len)] if fits else "other"


def peak_rate(chip: Chip, bits: int = 16) -> float | None:
    """Return the dense peak rate at an operand width, or None where it is not known [TFLOP/s].

    Examples
    --------
    >>> peak_rate(catalogue.find("nvidia-h20")), peak_rate(catalogue.find("nvidia-h20"), 8)
    (148.0, 296.0)
    """
    rates = [float(m.tops) for m in chip.item.modes or () if m.bits == bits]
    return max(rates) if rates else None


@cache
def runs() -> tuple[Run, ...]:
    """Return the published runs, each as a share of its chip's dense 16-bit peak.

    Raises
    ------
    Problem
        If the data cannot be used.
    """
    root = read_file(DATA / "mfu.yaml", "diversion/mfu.yaml").fields(("format", "rows"))
    found = []
    for row in root["rows"]:
        f = row.fields(
            ("run", "model", "chip", "precision", "as", "value", *EVIDENCE),
            ("devices", "tokens_T", "note"),
        )
        model, chip = llms.find(f["model"].text()), catalogue.find(f["chip"].text())
        kind = f["as"].one_of(("hours", "tokens_per_s", "model_TFLOPS", "recompute_TFLOPS"))
        value, peak = float(f["value"].number(above=0)), peak_rate(chip)
        if peak is None:
            raise f["chip"].refuse("a chip whose 16-bit rate is known", "add the rate to the catalogue")
        if kind == "hours":
            flop = training_work(model, float(f["tokens_T"].number(above=0)) * 1e12).flop
            mfu = flop / (value * 3600 * peak * 1e12)
        elif kind == "tokens_per_s":
            mfu = training_work(model, value).flop / (peak * 1e12)
        else:
            mfu = value / peak * (0.75 if kind == "recompute_TFLOPS" else 1.0)
        precision = f["precision"].one_of(("bf16", "fp8"))
        citation, checked = cited(f)
        found.append(
            Run(
                f["run"].text(), model.id, chip.id, precision, kind == "hours", mfu, model.experts > 0,
                family(chip.id), citation, checked,
            )
        )  # fmt: skip
    return tuple(found)


def _columns(
    names: Sequence[str], *, generation: str, experts: bool, eight_bits: bool, whole: bool, origin: str
) -> NDArray[np.float64]:
    on = {"level", f"generation {generation}", f"origin {origin}"}
    on |= {name for name, truth in (("experts", experts), ("8 bits", eight_bits), ("whole run", whole)) if truth}
    return np.array([1.0 if name in on else 0.0 for name in names])


def expect(model: Model, chip: Chip, precision: str, *, without: str | None = None) -> Expected:
    r"""Return what published runs lead one to expect of the utilisation of a whole run.

    Parameters
    ----------
    precision : "bf16" or "fp8"; either way the share is of the dense 16-bit peak
    without : id of a model whose own runs are left out; by default `model`, so that a run is no evidence for itself

    Notes
    -----
    A linear model of the logarithm of the share, with normal priors (ridge regression, [1]_ section 3.3): a level, the
    generation of chip, mixture of experts, 8-bit arithmetic, whole run or steady stretch, and one effect for each
    source, because rows of one source are alike. The deviation of what is left over is the one under which the rows
    are likeliest. A generation without rows keeps the prior's spread, so the interval widens by itself.

    References
    ----------
    .. [1] C. M. Bishop, Pattern Recognition and Machine Learning, Springer, 2006.

    Examples
    --------
    >>> from twokey.workloads.models import find
    >>> seen = expect(find("deepseek-v3"), catalogue.find("nvidia-h800"), "fp8")
    >>> unseen = expect(find("deepseek-v3"), catalogue.find("huawei-ascend-910b"), "bf16")
    >>> 0.1 < seen.mid < 0.4, seen.spread < unseen.spread
    (True, True)
    """
    left_out = without if without is not None else model.id
    rows = [r for r in runs() if r.model != left_out]
    mean, cov, noise, names = _fitted(left_out)
    x = _columns(
        names,
        generation=family(chip.id),
        experts=model.experts > 0,
        eight_bits=precision == "fp8",
        whole=True,
        origin="",
    )
    variance = float(x @ cov @ x) + noise**2 + _SOURCE_SPREAD**2
    unseen = f"generation {family(chip.id)}" not in names
    variance += _EFFECT_SPREAD**2 if unseen else 0.0
    alike = [r.run for r in rows if r.family == family(chip.id) and r.experts == (model.experts > 0)]
    wide, narrow = peak_rate(chip), peak_rate(chip, 8)
    ceiling = narrow / wide if precision == "fp8" and wide and narrow else 1.0
    return Expected(math.exp(float(x @ mean)), math.sqrt(variance), ceiling, tuple(alike))


@cache
def _fitted(left_out: str) -> tuple[NDArray[np.float64], NDArray[np.float64], float, tuple[str, ...]]:
    """Return mean and covariance of the effects, the deviation left over, and the names of the effects."""
    rows = [r for r in runs() if r.model != left_out]
    names = (
        *("level", "experts", "8 bits", "whole run"),
        *sorted({f"generation {r.family}" for r in rows}),
        *sorted({f"origin {r.source}" for r in rows}),
    )
    x = np.array(
        [
            _columns(
                names,
                generation=r.family,
                experts=r.experts,
                eight_bits=r.precision == "fp8",
                whole=r.whole,
                origin=r.source,
            )
            for r in rows
        ]
    )
    y = np.log([r.mfu for r in rows])
    spread = {"level": _LEVEL_SPREAD}
    prior = np.array([
        spread.get(n, _SOURCE_SPREAD if n.startswith("origin") else _EFFECT_SPREAD) ** 2 for n in names
    ])  # fmt: skip
    centre = np.array([math.log(0.35) if n == "level" else 0.0 for n in names])
    best: tuple[float, float] | None = None
    for noise in np.geomspace(0.05, 1.0, 40):
        cov_y = (x * prior) @ x.T + noise**2 * np.eye(len(rows))
        off = y - x @ centre
        score = -float(off @ np.linalg.solve(cov_y, off)) - float(np.linalg.slogdet(cov_y)[1])
        if best is None or score > best[0]:
            best = (score, float(noise))
    assert best is not None
    noise = best[1]
    cov = np.linalg.inv(x.T @ x / noise**2 + np.diag(1 / prior))
    mean = cov @ (x.T @ y / noise**2 + centre / prior)
    return mean, cov, noise, names
