"""Timing kernels beside array libraries: the same formula, the same inputs, one run."""
