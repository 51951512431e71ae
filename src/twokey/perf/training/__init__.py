"""Training: time, memory and cost of a step from architecture, and the best way to divide a model over devices."""
