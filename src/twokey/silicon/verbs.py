"""The public verb on die areas: what dies that were made come to, and how large the die of a design would be."""

from __future__ import annotations

from typing import Any

__all__ = ["design_die", "dies"]


def dies() -> list[dict[str, Any]]:
    """Return the dies whose area was published beside the area from what is on them [mm2].

    Returns
    -------
    rows : name, node, role (fitted, blind, or estimate where the published area is one), published_mm2 with its source,
        area_mm2, error (area / published - 1) [1], parts_mm2

    Examples
    --------
    >>> {row["name"]: round(row["error"], 3) for row in dies()}["AD102"]
    0.001
    """
    from twokey.silicon.dies import parts, published_dies

    rows = []
    for die in published_dies():
        assert die.published is not None
        own, published = parts(die), float(die.published.value)
        area = sum(own.values())
        rows.append(
            {"name": die.name, "node": die.node, "role": die.role, "published_mm2": published,
             "source": die.published.source, "area_mm2": area, "error": area / published - 1, "parts_mm2": own}
        )  # fmt: skip
    return rows


def design_die(path: str, *, node: str = "5nm", memory: str = "hbm3") -> dict[str, Any]:
    """Return how large the die of a design file would be if it were built like those that were made.

    Parameters
    ----------
    path : a YAML file with the eleven variables of a design
    node : class of process, 7nm or 5nm; memory : kind of memory

    Returns
    -------
    answer : `area_mm2` so built, and `space_area_mm2`, what the design spaces and so the law's density count [mm2]

    Raises
    ------
    Problem
        If the file cannot be read, or the class of process or the kind of memory is unknown.
    """
    from twokey.chips.design import read_design
    from twokey.silicon.area import area_mm2
    from twokey.silicon.dies import design_die_mm2

    design = read_design(path)
    return {"design": path, "node": node, "memory": memory,
            "area_mm2": design_die_mm2(design, node=node, memory=memory),
            "space_area_mm2": float(area_mm2(design))}  # fmt: skip
