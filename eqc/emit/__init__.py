"""Programs become Numba source."""
