# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Sums of terms that are discounted over and over, with what rounding takes on the way."""

import numpy as np
from numba import njit

from .bits import fma


@njit(cache=True, error_model="numpy")
def discounted(a, rate, way):
    """h[t] = a[t] + rate*h[t - 1], or a[t] + rate*h[t + 1] if the way is -1; what rounding takes is added.

    The rate is two floats, the nearest one and what is left.
    """
    found, total, lost = np.empty(a.shape[0]), 0.0, 0.0
    factor, rest = rate
    place = 0 if way > 0 else a.shape[0] - 1
    for _ in range(a.shape[0]):
        x, kept = np.float64(a[place]), factor * total
        more = kept + x
        back = more - kept
        lost = (factor * lost + rest * total) + (fma(factor, total, -kept) + ((kept - (more - back)) + (x - back)))
        total = more
        found[place] = total + lost if lost - lost == 0.0 else total
        place += way
    return found
