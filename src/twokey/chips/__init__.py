"""Chips: the catalogue, the item sheet (as the law sees it), the design record (as an architect sees it)."""
