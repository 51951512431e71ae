"""The money: duties by day, what is at stake, and (later) whether to build one more chip."""
