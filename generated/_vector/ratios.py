# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Logarithms of ratios, and what relative entropies are sums of: right also where the two numbers are close.

All go by log(x/y) = k log(2) + 2 artanh(s) with s = (z - y)/(z + y) for a z = x/2**k that is close to y, so that the
numerator is exact. No ratio overflows, and k is 0 where x and y are close.
"""

import math

import numpy as np

from .bits import brought_near, fma, polynomial, power_between
from .core import compiled, log_at_ends, log_of_parts, split
from .tables import ARTANH_32, ARTANH_64, MEAN_32, MEAN_64, QUARTER_E_32, QUARTER_E_64

_FAR = 0.3


def _plain_log_ratio(x, y):
    return np.log1p((x - y) / y) if abs(x - y) < _FAR * abs(y) else np.log(x / y)


def _plain_excess(x, y, r):
    s = r / (x + y) if r != 0 else 1.0
    near = r * s * (1 + s * (1 + s) * (1 / 3 + s * s * (1 / 5 + s * s / 7)))
    return near if abs(s) < 1e-3 else ((x * _plain_log_ratio(x, y) if x != 0 else 0.0) - r)


def _plain_mean_divergence(x, y):
    m = 0.5 * x + 0.5 * y
    return _plain_excess(x, m, 0.5 * x - 0.5 * y) + _plain_excess(y, m, 0.5 * y - 0.5 * x)


@compiled()
def normal(precision):
    """|x|, denormal numbers times a power of two that makes them normal, and the power taken off."""
    real = precision.real
    least, lift = real(2.0 ** (precision.lowest_exponent + 4)), real(2.0**precision.digits)
    zero, digits = real(0), real(precision.digits)

    def implementation(x):
        size = abs(x)
        small = size < least
        return (size * lift if small else size), (digits if small else zero)

    return implementation


@compiled()
def middling(precision):
    """The same, with the largest numbers made smaller, so that their double does not overflow."""
    real = precision.real
    most, digits = real(2.0 ** (-4 - precision.lowest_exponent)), real(precision.digits)
    drop = real(2.0**-precision.digits)

    def implementation(x):
        size, power = normal(x)
        large = size > most
        return (size * drop if large else size), (-digits if large else power)

    return implementation


@compiled()
def close_parts(precision):
    """z, y and k for log(x/y) = k log(2) + log(z/y) with z close to y, both times the same power of two."""

    def implementation(x, y):
        a, up = normal(x)
        b, down = middling(y)
        return brought_near(a, a, b), b, power_between(a, b) - up + down

    return implementation


@compiled()
def log_from(precision):
    """k log(2) + 2 artanh(s), for |s| up to 0.201."""
    real, table = precision.real, precision.choose(ARTANH_64, ARTANH_32)
    two, high, low = real(2), real(precision.log2_high), real(precision.log2_low)

    def implementation(s, k):
        double, square = two * s, s * s
        return k * high + (double + (double * (square * polynomial(square, table)) + k * low))

    return implementation


@compiled()
def ratio_at_ends(precision):
    """The logarithm of x/y where one of them is 0, infinite or NaN, or where their signs differ; else `found`."""
    real = precision.real
    zero, inf, nan = real(0), real(math.inf), real(math.nan)

    def implementation(x, y, found):
        a, b = abs(x), abs(y)
        inside = a > zero and a < inf and b > zero and b < inf
        result = found if inside else (a - b) * inf
        return result if (x < zero) == (y < zero) else nan

    return implementation


@compiled(_plain_log_ratio)
def log_ratio(precision):
    """log(x/y)."""

    def implementation(x, y):
        z, n, k = close_parts(x, y)
        return ratio_at_ends(x, y, log_from((z - n) / (z + n), k))

    return implementation


@compiled(lambda x, y: _plain_log_ratio(x, y / np.e))
def one_plus_log_ratio(precision):
    """1 + log(x/y), which is the logarithm of e x/y; e is the sum of two numbers."""
    real = precision.real
    e, e_low = precision.choose(QUARTER_E_64, QUARTER_E_32)
    two, e, e_low = real(2), real(e), real(e_low)

    def implementation(x, y):
        a, up = normal(x)
        n, down = middling(y)
        k = power_between(a * e, n) - up + down
        z = brought_near(a, a * e, n)
        high = z * e
        low = fma(z, e, -high) + z * e_low
        return ratio_at_ends(x, y, log_from(((high - n) + low) / (high + n), k + two))

    return implementation


@compiled(lambda x: _plain_log_ratio(x, 1 / np.e))
def one_plus_log(precision):
    """1 + log(x)."""
    one = precision.real(1)

    def implementation(x):
        return one_plus_log_ratio(x, one)

    return implementation


@compiled(_plain_excess)
def log_excess(precision):
    """x log(x/y) - r for an r that is x - y, which may be rounded, or 0."""
    real, table = precision.real, precision.choose(ARTANH_64, ARTANH_32)
    zero, one, two = real(0), real(1), real(2)
    high, low = real(precision.log2_high), real(precision.log2_low)
    inf, nan = real(math.inf), real(math.nan)

    def implementation(x, y, r):
        z, n, k = close_parts(x, y)
        s = (z - n) / (z + n)
        square = s * s
        more = square * polynomial(square, table)
        close = r * (s + more * (one + s))
        far = x * (k * high + (two * s + (two * s * more + k * low))) - r
        found = close if k == zero and r != zero else far
        found = inf if y == zero else (found if (x < zero) == (y < zero) else nan)
        return zero - r if x == zero else found

    return implementation


@compiled(_plain_mean_divergence)
def mean_divergence(precision):
    """x log(x/m) + y log(y/m) for the mean m of x and y.

    Where u = (x - y)/(x + y) is small it is m times a series in u**2, else (a + b)(log(2) - log(1 + b/a)) + b log(b/a)
    for the greater number a and the less one b.
    """
    real, table, series = precision.real, precision.choose(ARTANH_64, ARTANH_32), precision.choose(MEAN_64, MEAN_32)
    zero, half, two, four, log2 = real(0), real(0.5), real(2), real(4), real(math.log(2))
    middle, nan = real(0.7), real(math.nan)

    def implementation(x, y):
        a, b = (y, x) if x < y else (x, y)
        m, d = half * a + half * b, half * a - half * b
        near = d < middle * m
        s = (d if near else half * b) / (m if near else m + half * a)
        square = s * s
        close = d * s * polynomial(square, series)
        twice_log = two * log2 - four * (s + s * square * polynomial(square, table))
        far = m * twice_log + (zero if b == zero else b * log_ratio(b, a))
        found = close if near else far
        found = zero if d == zero else found
        return found if b >= zero else nan

    return implementation


@compiled(lambda x, y: _plain_log_ratio(x, 0.5 * x + 0.5 * y))
def log_over_mean(precision):
    """log(x/m) for the mean m of x and y."""
    real = precision.real
    half, zero, normal = real(0.5), real(0), real(2.0 ** (precision.lowest_exponent + 2))

    def implementation(x, y):
        mean = half * x + half * y
        z, n, k = close_parts(x, mean)
        exact = k == zero and abs(x) > normal
        top = half * abs(x) - half * abs(y) if exact else z - n
        return ratio_at_ends(x, mean, log_from(top / (z + n), k))

    return implementation


@compiled(lambda x: _plain_log_ratio(x, 1 - x))
def logit(precision):
    """log(x/(1 - x))."""
    real = precision.real
    half, two, one, zero = real(0.5), real(2), real(1), real(0)

    def implementation(x):
        other = one - x
        z, n, k = close_parts(x, other)
        top = two * (x - half) if k == zero else z - n
        return ratio_at_ends(x, other, log_from(top / (z + n), k))

    return implementation


@compiled(lambda x: np.floor(np.log2(x) + 0.5) if 0 < x < np.inf else 0.0)
def binary_exponent(precision):
    """The whole number k for which x/2**k is between the roots of 1/2 and of 2; 0 where there is none."""
    zero, inf = precision.real(0), precision.real(math.inf)

    def implementation(x):
        _, k = split(x)
        return k if x > zero and x < inf else zero

    return implementation


@compiled(lambda x, k: np.log(np.ldexp(x, -int(k))))
def log_apart(precision):
    """log(x) - k log(2) for that k."""
    one, zero = precision.real(1), precision.real(0)

    def implementation(x, k):
        m, _ = split(x)
        return log_at_ends(x, log_of_parts(m - one, zero))

    return implementation
