"""Time of communication among groups of devices, part of them in one scale-up domain, over scale-up and scale-out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from twokey.perf.fitted.chip import RealChip
from twokey.perf.fitted.coefficients import Coefficients
from twokey.perf.training.figures import Figures, NodeNetwork

__all__ = ["FittedNetwork", "Network"]

Floats = NDArray[np.float64]


class Network(Protocol):
    """Times of communication; `FittedNetwork` is the model's own."""

    @property
    def core_share(self) -> float:
        """Share of the cores that communication inside a node takes which runs beside compute [1]."""

    @property
    def far_core_share(self) -> float:
        """The same of communication between replicas and between stages [1]."""

    @property
    def pipe_parts(self) -> float:
        """Parts of an exchange piped beside its product that are waited for [1]."""

    def gather_s(self, bytes_: Any, members: Any, inside: Any, rails: int = 0) -> Floats:
        """Return the time of an all-gather or a reduce-scatter [s]."""

    def reduce_s(self, bytes_: Any, members: Any, inside: Any) -> Floats:
        """Return the time of an all-reduce [s]."""

    def send_s(self, bytes_: Any, near: Any) -> Floats:
        """Return the time from one device to another [s]."""

    def exchange_s(self, bytes_: Any, members: Any, inside: Any, copies: Any, nodes: Any) -> Floats:
        """Return the time of an all-to-all of tokens [s]."""


@dataclass(frozen=True, slots=True)
class FittedNetwork:
    """Links of a chip inside its scale-up domain, and its card out of it.

    Parameters
    ----------
    node_devices : devices of a scale-up domain [1]
    link_Bps, card_Bps : useful bandwidth of a device inside and out of the domain, one direction [byte/s]
    link_start_s, link_step_s, card_start_s, card_step_s : fixed time of a collective and of each further member [s]
    core_share : share of the cores that serve communication which runs beside compute [1]
    """

    node_devices: int
    link_Bps: float
    card_Bps: float
    link_start_s: float
    link_step_s: float
    card_start_s: float
    card_step_s: float
    core_share: float

    @property
    def far_core_share(self) -> float:
        """The same between replicas and stages: the same cores serve links and cards [1]."""
        return self.core_share

    @property
    def pipe_parts(self) -> float:
        """The first part [1]."""
        return 1.0

    @staticmethod
    def of(chip: RealChip, fitted: Coefficients, figures: Figures, network: NodeNetwork) -> FittedNetwork:
        """Return the network of a chip: inside from the fitted all-reduce, outside from the card's bandwidth."""
        library = fitted.groups[f"all-reduce-library-{'wide' if chip.wide else 'narrow'}"]
        c = figures.coefficients
        return FittedNetwork(
            node_devices=network.node_devices,
            link_Bps=chip.link_Bps * library["ring_efficiency"],
            card_Bps=network.scale_out_GBps * 1e9 * c["scale_out_efficiency"],
            link_start_s=library["start_us"] * 1e-6,
            link_step_s=library["step_us"] * 1e-6,
            card_start_s=c["scale_out_start_us"] * 1e-6,
            card_step_s=c["scale_out_step_us"] * 1e-6,
            core_share=c["communication_core_share"],
        )

    def gather_s(self, bytes_: Any, members: Any, inside: Any, rails: int = 0) -> Floats:
        """Return the time of an all-gather, or a reduce-scatter, of a vector spread over a group [s].

        Parameters
        ----------
        bytes_ : the whole vector [byte]
        members, inside : devices of the group, and how many of them share a node [1]
        rails : cards of a node that take part; 0 for those of all members inside

        Notes
        -----
        Inside: S (n - 1) / n over the links. Outside: each card brings S / rails (o - 1) / o, for o nodes; then the
        links spread it. An all-reduce is a reduce-scatter and an all-gather.
        """
        s, n, i = (np.asarray(v, dtype=np.float64) for v in (bytes_, members, inside))
        o = n / i
        lanes = i if rails == 0 else np.minimum(rails, i)
        near = np.where(i > 1, self.link_start_s / 2 + self.link_step_s * (i - 1) / 2, 0.0) + s * (i - 1) / i / (
            self.link_Bps
        )
        start = np.where(o > 1, self.card_start_s + self.card_step_s * np.log2(np.maximum(o, 1.0)), 0.0)
        far = start + s / lanes * (o - 1) / o / self.card_Bps
        return np.asarray(near + far)

    def reduce_s(self, bytes_: Any, members: Any, inside: Any) -> Floats:
        """Return the time of an all-reduce of a vector every member holds [s]."""
        return 2.0 * self.gather_s(bytes_, members, inside)

    def send_s(self, bytes_: Any, near: Any) -> Floats:
        """Return the time in which one device hands a vector to another, in its node (`near`) or in another [s]."""
        inside = self.link_start_s + np.asarray(bytes_, float) / self.link_Bps
        outside = self.card_start_s + np.asarray(bytes_, float) / self.card_Bps
        return np.where(near, inside, outside)

    def exchange_s(self, bytes_: Any, members: Any, inside: Any, copies: Any, nodes: Any) -> Floats:
        """Return the time of an all-to-all in which each device sends its tokens to their experts [s].

        Parameters
        ----------
        bytes_ : tokens of a device, each counted once [byte]
        members, inside : devices of the group, and how many share a node [1]
        copies : experts a token goes to [1]
        nodes : most nodes a token is sent to; it is passed on to further experts inside [1]

        Notes
        -----
        Out of the node: one copy for each of the other nodes that hold an expert of the token, on average
        (o - 1) (1 - (1 - 1/o)^k) or the limit on nodes less the own one. Inside: a copy for each expert. Both at once.
        """
        s, n, i, k = (np.asarray(v, dtype=np.float64) for v in (bytes_, members, inside, copies))
        o = n / i
        reached = np.minimum(o * (1.0 - (1.0 - 1.0 / o) ** k), nodes)
        far = s * reached * (o - 1) / o / self.card_Bps + np.where(o > 1, self.card_start_s, 0.0)
        near = s * k * (i - 1) / i / self.link_Bps + np.where(i > 1, self.link_start_s, 0.0)
        return np.asarray(np.maximum(far, near))
