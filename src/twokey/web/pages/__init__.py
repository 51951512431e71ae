"""The pages, by address. A page is a function of its question and of the runs; it asks only the public verbs."""

from __future__ import annotations

from twokey.web.pages import buyer, catalogue, check, design, dossier, home, law, money, performance, plane, policy

__all__ = ["PLACES", "POSTS"]

PLACES = [
    *home.PLACES,
    *plane.PLACES,
    *check.PLACES,
    *design.PLACES,
    *performance.PLACES,
    *money.PLACES,
    *buyer.PLACES,
    *policy.PLACES,
    *dossier.PLACES,
    *law.PLACES,
    *catalogue.PLACES,
]
"""Addresses that are read, and what makes their pages."""

POSTS = [*check.POSTS, *design.POSTS, *buyer.POSTS, *policy.POSTS, *dossier.POSTS]
"""Addresses that something is sent to."""
