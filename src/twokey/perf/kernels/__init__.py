"""Compiled kernels. Import them lazily: numba takes a while to load."""
