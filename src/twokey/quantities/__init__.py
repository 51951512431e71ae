"""Exact numbers, the unknown, and the words every field is named with."""
