"""Powers, from logarithms to some 65 bits: rounding is not magnified, however large the exponent is."""

import math

import numpy as np
from numba import types
from numba.extending import overload

from .bits import copysign, fma, scaled
from .core import compiled, exp_parts, log_in_two, plus, split


@compiled()
def raised_to(precision):
    """x**y, with the values that C gives at the ends, for product + rest = y log|x|."""
    inf, nan, end = math.inf, math.nan, 1000.0

    def implementation(x, y, product, rest):
        size = abs(x)
        p, k = exp_parts(product, rest if abs(product) < end else 0.0)
        result = scaled(p, k)
        if size == 0.0 or size == inf:
            result = inf if (size == inf) == (y > 0.0) else 0.0
        result = 1.0 if size == 1.0 else result
        whole = np.floor(y) == y
        odd = whole and 2.0 * np.floor(0.5 * y) != y
        result = copysign(result, x) if odd else result
        result = nan if x < 0.0 and not whole and size < inf else result
        result = x + y if x != x or y != y else result
        return 1.0 if x == 1.0 or y == 0.0 else result

    return implementation


@compiled(np.power, wide=True)
def power(precision):
    """x**y for real numbers."""

    def implementation(x, y):
        m, k = split(abs(x))
        high, low = log_in_two(m, k)
        product = y * high
        return raised_to(x, y, product, fma(y, high, -product) + y * low)

    return implementation


def rational_power(x, numerator, denominator):
    """x**(numerator/denominator) for whole numbers, whose quotient as a float would be another exponent."""
    with np.errstate(all="ignore"):
        return np.power(x, numerator / denominator)


@overload(rational_power, jit_options={"forceinline": True}, strict=False)
def _rational_power(x, numerator, denominator):
    real = np.float32 if x == types.float32 else np.float64

    def implementation(x, numerator, denominator):
        wide, divisor = np.float64(x), np.float64(denominator)
        y = numerator / divisor
        more = fma(-y, divisor, np.float64(numerator)) / divisor
        m, k = split(abs(wide))
        high, low = log_in_two(m, k)
        product = y * high
        return real(raised_to(wide, y, product, fma(y, high, -product) + (y * low + more * high)))

    return implementation


@compiled(lambda x: x * np.sqrt(x), wide=True)
def root_of_cube(precision):
    """x**(3/2), rounded once; loops with a call of `pow` would take no vectors."""

    def implementation(x):
        root = math.sqrt(x)
        rest = fma(-root, root, x) / (root + root)
        return fma(x, root, x * rest) if rest - rest == 0.0 else x * root

    return implementation


@compiled(lambda x, y: np.exp(y * np.log1p(x)) if x > -1 else np.power(1 + x, y), wide=True)
def one_plus_power(precision):
    """(1 + x)**y, right also where 1 + x is rounded."""
    inf, end = math.inf, 1000.0

    def implementation(x, y):
        base, lost = plus(1.0, x)
        m, k = split(base)
        high, low = log_in_two(m, k)
        low = low + lost / base
        product = y * high
        rest = fma(y, high, -product) + y * low
        p, k = exp_parts(product, rest if abs(product) < end else 0.0)
        result = scaled(p, k)
        return result if base > 0.0 and base < inf and y - y == 0.0 else power(base, y)

    return implementation
