# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Elementary functions without branches and calls, which LLVM compiles to vector instructions inside loops.

Each is one algorithm for double and single precision. NaN, infinities, signed zeros and denormal numbers come out
right, overflow and underflow are gradual. The greatest error of each, in units of the last place, stands with its
test. Outside compiled code the functions are NumPy's.
"""

import math

import numpy as np

from .bits import copysign, exponent, fma, mantissa, polynomial, power_of_two, scaled
from .core import (
    compiled,
    erfc_from_half,
    exp_parts,
    log_at_ends,
    log_of_parts,
    quarter_of_expm1,
    quarter_turns,
    raised_exp,
    sine_and_cosine,
    split,
)
from .tables import COSH_32, COSH_64, ERF_32, ERF_64

_LOG_2 = math.log(2)


@compiled(np.exp)
def exp(precision):
    """The exponential."""
    none = precision.real(-0.0)

    def implementation(x):
        return raised_exp(x, none)

    return implementation


@compiled(lambda x, y: np.exp(x - y))
def exp_difference(precision):
    """exp(x - y), with what rounding takes from x - y."""
    none, highest = precision.real(-0.0), precision.real(precision.exp_end[1])

    def implementation(x, y):
        d = x - y
        back = d - x
        rest = (x - (d - back)) + (-y - back)
        return raised_exp(d, rest if d < highest else none)

    return implementation


@compiled(np.expm1)
def expm1(precision):
    """exp(x) - 1, accurate near 0."""
    four, tiny = precision.real(4), precision.real(2.0**-precision.digits)

    def implementation(x):
        large = four * quarter_of_expm1(x)
        return x if abs(x) < tiny else large

    return implementation


@compiled(lambda x: 1 / (1 + np.exp(-x)))
def sigmoid(precision):
    """1/(1 + exp(-x))."""
    zero, one = precision.real(0), precision.real(1)

    def implementation(x):
        small = exp(-abs(x))
        return (small if x < zero else one) / (one + small)

    return implementation


@compiled(lambda x: np.exp(-abs(x)) / (1 + np.exp(-abs(x))) ** 2)
def logistic_slope(precision):
    """e/(1 + e)**2 with e = exp(-|x|): never s(1 - s), which cancels."""
    one = precision.real(1)

    def implementation(x):
        small = exp(-abs(x))
        total = one + small
        return small / (total * total)

    return implementation


@compiled(np.tanh)
def tanh(precision):
    """The hyperbolic tangent."""
    two, saturated = precision.real(2), precision.real(precision.choose(22.0, 10.0))

    def implementation(x):
        size = abs(x)
        grown = expm1(two * (saturated if size > saturated else size))
        return copysign(grown / (grown + two), x)

    return implementation


@compiled(np.sinh)
def sinh(precision):
    """The hyperbolic sine."""
    real = precision.real
    two, half, fourth, tiny = real(2), real(0.5), real(0.25), real(2.0**-precision.digits)

    def implementation(x):
        quarter = quarter_of_expm1(abs(x))
        size = two * quarter + half * quarter / (quarter + fourth)
        return x if abs(x) < tiny else copysign(size, x)

    return implementation


@compiled(np.cosh)
def cosh(precision):
    """The hyperbolic cosine."""
    none, one, quarter = precision.real(-0.0), precision.real(1), precision.real(0.25)

    def implementation(x):
        p, k = exp_parts(abs(x), none)
        half = scaled(p, k - one)
        return half + quarter / half

    return implementation


@compiled(lambda x: np.log1p(2 * np.sinh(x / 2) ** 2) if abs(x) < 2 else np.logaddexp(x, -x) - _LOG_2)
def log_cosh(precision):
    """log(cosh(x)): log(1 + (cosh(x) - 1)) near 0, where nothing is taken off |x|."""
    real, table = precision.real, precision.choose(COSH_64, COSH_32)
    half, sixth, one, two, log_2 = real(0.5), real(1 / 6), real(1), real(2), real(_LOG_2)

    def implementation(x):
        size = abs(x)
        square, part = size * size, half * size
        first = part * size
        lost = fma(part, size, -first)
        grown = first + (square * square * polynomial(square, table) + lost * (one + sixth * square))
        fallen = exp(-two * size)
        near = size < two
        more = log1p(grown if near else fallen)
        return more if near else (size - log_2) + more

    return implementation


@compiled(np.log)
def log(precision):
    """The natural logarithm."""
    one = precision.real(1)

    def implementation(x):
        m, k = split(x)
        return log_at_ends(x, log_of_parts(m - one, k))

    return implementation


@compiled(np.log1p)
def log1p(precision):
    """log(1 + x), accurate near 0."""
    real = precision.real
    one, tiny, shift = real(1), real(2.0**-precision.digits), real(precision.shift)
    most = real(-precision.lowest_exponent)

    def implementation(x):
        total = one + x
        lost = one - (total - x) if x > one else x - (total - one)
        k = exponent(total)
        rest = lost * power_of_two(shift - (most if k > most else k))
        found = log_of_parts((mantissa(total) - one) + rest, k)
        return x if abs(x) < tiny else log_at_ends(total, found)

    return implementation


@compiled(lambda x: np.logaddexp(0, x))
def softplus(precision):
    """log(1 + exp(x))."""
    real = precision.real
    zero, half, one, middle = real(0), real(0.5), real(1), real(math.sqrt(2) - 1)

    def implementation(x):
        small = exp(-abs(x))
        halved = small > middle  # log(1 + small) = log(2) + log(1 + (small - 1)/2)
        f = half * (small - one) if halved else small
        return (zero if x < zero else x) + log_of_parts(f, one if halved else zero)

    return implementation


@compiled(math.erf)
def erf(precision):
    """The error function."""
    table, half, one = precision.choose(ERF_64, ERF_32), precision.real(0.5), precision.real(1)

    def implementation(x):
        size = abs(x)
        far = copysign(one - erfc_from_half(half if size < half else size), x)
        near = x + x * polynomial(x * x, table)
        return near if size < half else far

    return implementation


@compiled(math.erfc)
def erfc(precision):
    """1 - erf(x), accurate where that is small."""
    real, table = precision.real, precision.choose(ERF_64, ERF_32)
    zero, half, one, two = real(0), real(0.5), real(1), real(2)

    def implementation(x):
        size = abs(x)
        far = erfc_from_half(half if size < half else size)
        near = one - (x + x * polynomial(x * x, table))
        return near if size < half else (two - far if x < zero else far)

    return implementation


@compiled(np.sin)
def sin(precision):
    """The sine."""
    real, tiny = precision.real, precision.real(2.0**-precision.digits)

    def implementation(x):
        r, low, n = quarter_turns(abs(x))
        sine, cosine = sine_and_cosine(r, low)
        size = cosine if abs(n) == 1.0 else sine
        result = -size if (n == -1.0 or abs(n) == 2.0) != (x < 0) else size
        return x if abs(x) < tiny else real(result)

    return implementation


@compiled(np.cos)
def cos(precision):
    """The cosine."""
    real = precision.real

    def implementation(x):
        r, low, n = quarter_turns(abs(x))
        sine, cosine = sine_and_cosine(r, low)
        size = sine if abs(n) == 1.0 else cosine
        return real(-size if n == 1.0 or abs(n) == 2.0 else size)

    return implementation
