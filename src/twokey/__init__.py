"""Twokey: which AI chip may ship under two governments' rules, how good the best such chip is, and what is at stake."""

__version__ = "0.1.0"
