"""Times of operators on real chips: a model from architecture with few coefficients, fitted on A100 and H100 only."""
