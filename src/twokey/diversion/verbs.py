"""The verbs about buyers in one place, for the public interface: each imports what it needs when it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twokey.diversion.forensics import Finding

__all__ = ["forensics"]


def forensics(model: str, item: str, **claim: Any) -> Finding:
    """Say whether a claimed training run fits the chips claimed; the claim is that of `diversion.forensics`.

    Raises
    ------
    Problem
        If a name is unknown or a number cannot be used.

    Examples
    --------
    >>> forensics("llama-2-70b", "nvidia-a100", tokens="2T", device_hours=1720320).plausible
    True
    """
    from twokey.diversion.forensics import forensics as judge

    return judge(model, item, **claim)
