# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Powers, from logarithms to some 65 bits: rounding is not magnified, however large the exponent is."""

import math

import numpy as np
from numba import types
from numba.extending import overload

from .bits import copysign, exponent, fma, mantissa, polynomial, power_of_two, scaled
from .core import compiled, exp_parts, log_in_two, log_of_parts, plus, reduced, split
from .linking import INLINE
from .tables import EXP_32, EXP_64


@compiled(lambda x, y, found: np.power(x, y))
def power_at_ends(precision):
    """x**y with the values that C gives at the ends; any other power is `found`, that of |x|."""
    real = precision.real
    zero, half, one, two, inf, nan = real(0), real(0.5), real(1), real(2), real(math.inf), real(math.nan)

    def implementation(x, y, found):
        size, result = abs(x), found
        if not zero < size < inf:
            result = inf if (size == inf) == (y > zero) else zero
        result = one if size == one else result
        whole = np.floor(y) == y
        odd = whole and two * np.floor(half * y) != y
        result = copysign(result, x) if odd else result
        result = nan if x < zero and not whole and size < inf else result
        result = x + y if x != x or y != y else result
        return one if x == one or y == zero else result

    return implementation


@compiled()
def raised(precision):
    """x**(y + more) for positive doubles."""
    end = 1000.0

    def implementation(x, y, more):
        m, k = split(x)
        high, low = log_in_two(m, k)
        product = y * high
        rest = fma(y, high, -product) + (y * low + more * high)
        p, k = exp_parts(product, rest if abs(product) < end else 0.0)
        return scaled(p, k)

    return implementation


@compiled()
def raised_for_single(precision):
    """x**y for doubles, x being a positive number of single precision: to the digits that such a one can use."""
    table, one = EXP_32, 1.0

    def implementation(x, y):
        k, r, _ = reduced(y * log_of_parts(mantissa(x) - one, exponent(x)))
        return scaled(one + (r + r * r * polynomial(r, table)), k)

    return implementation


@compiled(np.power)
def power(precision):
    """x**y for real numbers."""

    def double(x, y):
        return power_at_ends(x, y, raised(abs(x), y, 0.0))

    def single(x, y):
        return power_at_ends(x, y, np.float32(raised_for_single(np.float64(abs(x)), np.float64(y))))

    return precision.choose(double, single)


def rational_power(x, numerator, denominator):
    """x**(numerator/denominator) for whole numbers, whose quotient as a float would be another exponent."""
    with np.errstate(all="ignore"):
        return np.power(x, numerator / denominator)


@overload(rational_power, jit_options=INLINE, strict=False)
def _rational_power(x, numerator, denominator):
    """No such exponent is whole, so that at the ends its sign alone matters."""

    def double(x, numerator, denominator):
        number, divisor = np.float64(x), np.float64(denominator)
        y = numerator / divisor
        more = fma(-y, divisor, np.float64(numerator)) / divisor
        return power_at_ends(number, 0.5 if y > 0.0 else -0.5, raised(abs(number), y, more))

    def single(x, numerator, denominator):
        y = numerator / denominator
        found = np.float32(raised_for_single(np.float64(abs(x)), y))
        return power_at_ends(x, np.float32(0.5 if y > 0.0 else -0.5), found)

    return single if x == types.float32 else double


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


@compiled(lambda x, y: (np.power(x, y), np.expm1(y * np.log(x)), np.log(x)))
def power_parts(precision):
    """x**y, x**y - 1 and log(x) for a positive double x and a finite y."""
    shift, end, lowest, table = precision.shift, 1000.0, -60.0, EXP_64

    def implementation(x, y):
        m, k = split(x)
        high, low = log_in_two(m, k)
        product = y * high
        k, whole, lost = reduced(product)
        rest = lost + (fma(y, high, -product) + y * low)
        r = whole + rest
        p = r + (r * r * polynomial(r, table) + ((whole - r) + rest))
        p, k = (p, k) if abs(product) < end else ((0.0, 1024.0) if product > 0.0 else (-1.0, 0.0))
        quarter = power_of_two((lowest if k < lowest else k) - 2.0 + shift)
        return scaled(1.0 + p, k), 4.0 * (quarter * p + (quarter - 0.25)), high

    return implementation


@compiled()
def power_parts_for_single(precision):
    """The first two of these, x being a number of single precision: to the digits that such a one can use."""
    shift, lowest, table = precision.shift, -60.0, EXP_32

    def implementation(x, y):
        k, r, _ = reduced(y * log_of_parts(mantissa(x) - 1.0, exponent(x)))
        p = r + r * r * polynomial(r, table)
        quarter = power_of_two((lowest if k < lowest else k) - 2.0 + shift)
        return scaled(1.0 + p, k), 4.0 * (quarter * p + (quarter - 0.25))

    return implementation


def power_complement(x, y):
    """1 - x**y."""
    with np.errstate(all="ignore"):
        return -np.expm1(y * np.log(x)) if 0 < x < np.inf else 1 - np.power(x, y)


@overload(power_complement, jit_options=INLINE, strict=False)
def _power_complement(x, y):
    """A whole number is no reason for doubles."""
    inf = math.inf

    def double(x, y):
        base, exponent = np.float64(x), np.float64(y)
        found, less, _ = power_parts(abs(base), exponent)
        plain = 0.0 < base < inf and exponent - exponent == 0.0
        return -less if plain else 1.0 - power_at_ends(base, exponent, found)

    def single(x, y):
        base, exponent = np.float64(x), np.float64(y)
        found, less = power_parts_for_single(abs(base), exponent)
        plain = 0.0 < base < inf and exponent - exponent == 0.0
        return np.float32(-less if plain else 1.0 - power_at_ends(base, exponent, found))

    is_single = x == types.float32 and (y == types.float32 or isinstance(y, types.Integer))
    return single if is_single else double
