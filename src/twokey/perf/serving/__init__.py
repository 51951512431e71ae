"""Serving: how many requests a deployment holds within its targets, on one pool of devices or two, and at what cost."""
