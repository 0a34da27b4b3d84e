# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Products of all numbers but each one: that of all, divided by each.

Blocks have products of their own, whose powers of two are kept apart, so that the product of all has no ends of the
range to come near. Where a block is 0, or might come near them, one number after the other is multiplied instead.
"""

from math import frexp, ldexp

import numpy as np
from numba import njit

from .linking import PART
from .reductions import largest, least, multiply

_BLOCK = 128
"""Numbers whose product is taken as it is."""

_FEW = 16
"""Numbers up to which blocks do not pay."""

_SAFE = 1e280
"""Products up to this size, and down to one over it, lose no digits."""

_FARTHEST = 2200
"""More powers of two than a float within the safe range can take without becoming 0 or infinite."""


@njit(cache=True, error_model="numpy")
def products_without(a):
    """The products of all entries of a vector but each one, 0 or not.

    >>> products_without(np.array([2.0, 0.0, 5.0]))
    array([ 0., 10.,  0.])
    """
    found = np.empty(a.shape[0])
    if a.shape[0] <= _FEW or not _by_division(a, found):
        _one_by_one(a, found)
    return found


@njit(error_model="numpy", **PART)
def _one_by_one(a, found):
    before = behind = 1.0
    for i in range(a.shape[0]):
        found[i] = before
        before *= a[i]
    for i in range(a.shape[0] - 1, -1, -1):
        found[i] *= behind
        behind *= a[i]


@njit(error_model="numpy", **PART)
def _by_division(a, found):
    """Write the products, unless one of a block might not be safe; gives whether that was done."""
    whole, power = 1.0, 0
    for first in range(0, a.shape[0], _BLOCK):
        own, lower, upper = _product(a[first : first + _BLOCK])
        if not (lower >= 1.0 / _SAFE and upper <= _SAFE):
            return False
        whole, more = frexp(whole * frexp(own)[0])
        power += more + frexp(own)[1]
    for first in range(0, a.shape[0], _BLOCK):
        block = a[first : first + _BLOCK]
        own, _, _ = _product(block)
        mantissa, size = frexp(own)
        steps = min(max(power - size, -_FARTHEST), _FARTHEST)
        _divide(own, block, whole / mantissa, steps, found[first : first + _BLOCK])
    return True


@njit(error_model="numpy", **PART)
def _product(block):
    """The product, and what the products of any of the numbers are at least and at most; the first is NaN for NaN."""
    product = lower = upper = np.float64(1.0)
    for i in range(block.shape[0]):
        size = abs(np.float64(block[i]))
        product = multiply(product, np.float64(block[i]))
        lower = multiply(lower, least(size, 1.0))
        upper = multiply(upper, largest(size, 1.0))
    return product, lower, upper


@njit(error_model="numpy", **PART)
def _divide(product, block, factor, steps, found):
    """Write a product over each number, times a factor and a power of two: in two steps, neither of which is lost."""
    near = ldexp(1.0, steps // 2)
    far = ldexp(1.0, steps - steps // 2)
    for i in range(found.shape[0]):
        found[i] = product / block[i] * factor * near * far
