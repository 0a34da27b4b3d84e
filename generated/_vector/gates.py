# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Numbers times what is between 0 and 1, as activation functions have them: the normal, the logistic and the soft gate.

A slope near its root is the Taylor series there without the constant term, the root given as the sum of two doubles.
"""

import math

import numpy as np

from .bits import fma, polynomial, scaled
from .core import compiled, erfc_parts, exact_exp_parts, exp_parts
from .tables import (
    ERF_32,
    ERF_64,
    LOGISTIC_ROOT,
    LOGISTIC_SLOPES,
    NORMAL_PEAK,
    NORMAL_ROOT,
    NORMAL_SLOPES,
    NORMAL_TAIL_32,
    NORMAL_TAIL_64,
    NORMAL_TAIL_REST,
    SOFT_ROOT,
    SOFT_SLOPES,
)

_ROOT_HALF = math.sqrt(0.5)
_DENSITY = NORMAL_PEAK[0]
_NEAR = 0.7
_AROUND_ROOT = 0.25


@compiled()
def normal_exponent(precision):
    """-x**2/2 and what rounding took from it, for x as far as exp(-x**2/2) is not 0."""
    half, end = precision.real(-0.5), precision.real(precision.choose(38.9, 14.8))

    def implementation(x):
        size = abs(x)
        size = end if size > end else size
        square = size * size
        return size, half * square, half * fma(size, size, -square)

    return implementation


@compiled()
def normal_tail(precision):
    """The probability beyond |x| as p 2**k, for |x| of at least 0.7; |x| itself, as far as that is not 0."""
    real = precision.real
    near, root, half = real(_NEAR), real(_ROOT_HALF), real(0.5)

    def implementation(x):
        size = abs(x)
        size, high, low = normal_exponent(near if size < near else size)
        p, k = erfc_parts(size * root, high, low)
        return half * p, k, size

    return implementation


@compiled()
def normal_beyond(precision):
    """The probability beyond |x| as p (s + e) 2**k with p 2**k = exp(-x**2/2): p, k, s, e, and |x| up to its end.

    s is a polynomial in (|x| - 3)/(|x| + 3) over |x| + 3, and e what rounding took from it.
    """
    table = precision.choose(NORMAL_TAIL_64, NORMAL_TAIL_32)
    slopes, first = table[:-1], precision.real(table[-1])
    first_rest = precision.real(precision.choose(NORMAL_TAIL_REST, table[-1] - float(first)))
    one, three, six = precision.real(1), precision.real(3), precision.real(6)

    def implementation(x):
        size, high, low = normal_exponent(x)
        p, k = exact_exp_parts(high, low)
        divisor = size + three
        lost = size - (divisor - three) if size < three else three - (divisor - size)
        inverse = one / divisor
        error = fma(-inverse, divisor, one) - inverse * lost
        t = fma(-six, inverse, one) - six * inverse * error
        slope = polynomial(t, slopes)
        q = fma(t, slope, first)
        share = inverse * q
        lost = fma(inverse, q, -share) + inverse * (fma(t, slope, first - q) + first_rest)
        return p, k, share, share * error + lost, size

    return implementation


@compiled()
def normal_middle(precision):
    """The probability below x for |x| less than 0.7."""
    table = precision.choose(ERF_64, ERF_32)
    half, root = precision.real(0.5), precision.real(_ROOT_HALF)

    def implementation(x):
        h = x * root
        return half + half * (h + h * polynomial(h * h, table))

    return implementation


def _below(x):
    return 0.5 * math.erfc(-x * _ROOT_HALF)


def _slope(x):
    s = 1 / (1 + np.exp(-x))
    return s * (1 + x * (1 - s))


@compiled(lambda x: _DENSITY * np.exp(-0.5 * x * x))
def normal_density(precision):
    """exp(-x**2/2)/sqrt(2 pi)."""
    factor = precision.real(_DENSITY)

    def implementation(x):
        _, high, low = normal_exponent(x)
        p, k = exp_parts(high, low)
        return scaled(factor * p, k)

    return implementation


@compiled(_below)
def normal_probability(precision):
    """The probability below x."""
    zero, one, near = precision.real(0), precision.real(1), precision.real(_NEAR)

    def implementation(x):
        p, k, _ = normal_tail(x)
        beyond = scaled(p, k)
        return normal_middle(x) if abs(x) < near else (beyond if x < zero else one - beyond)

    return implementation


@compiled(lambda x: x * _below(x))
def normal_gate(precision):
    """x times the probability below x."""
    zero = precision.real(0)

    def implementation(x):
        p, k, share, error, size = normal_beyond(x)
        grown = p * size
        lost = fma(p, size, -grown)
        beyond = scaled(fma(grown, share, grown * error + lost * share), k)
        return -beyond if x < zero else x - beyond

    return implementation


@compiled(lambda x: _below(x) + x * _DENSITY * np.exp(-0.5 * x * x))
def normal_gate_slope(precision):
    """The probability below x, and x times its density."""
    real, table = precision.real, precision.choose(NORMAL_SLOPES, NORMAL_SLOPES[-9:])
    zero, one, factor = real(0), real(1), real(_DENSITY)
    factor_rest = real(_rest(real, NORMAL_PEAK))
    width, root, rest = real(_AROUND_ROOT), real(NORMAL_ROOT[0]), real(_rest(real, NORMAL_ROOT))

    def implementation(x):
        p, k, share, error, size = normal_beyond(x)
        slope = fma(-factor, size, share)
        beyond = scaled(fma(p, slope, p * (error - factor_rest * size)), k)
        d = (x - root) - rest
        return d * polynomial(d, table) if abs(d) < width else (beyond if x < zero else one - beyond)

    return implementation


@compiled(lambda x: x / (1 + np.exp(-x)))
def logistic_gate(precision):
    """x/(1 + exp(-x))."""
    real = precision.real
    zero, none, one, end = real(0), real(-0.0), real(1), real(precision.exp_end[0])

    def implementation(x):
        p, k = exp_parts(-abs(x), none)
        divisor = one + scaled(p, k)
        below = scaled(p * (end if x < end else x) / divisor, k)
        return below if x < zero else x / divisor

    return implementation


@compiled(_slope)
def logistic_gate_slope(precision):
    """s(x)(1 + x s(-x)) with s(x) = 1/(1 + exp(-x))."""
    real, table = precision.real, precision.choose(LOGISTIC_SLOPES, LOGISTIC_SLOPES[-8:])
    zero, none, one, end = real(0), real(-0.0), real(1), real(-precision.exp_end[0])
    width, root, rest = real(_AROUND_ROOT), real(LOGISTIC_ROOT[0]), real(_rest(real, LOGISTIC_ROOT))

    def implementation(x):
        p, k = exp_parts(-abs(x), none)
        small = scaled(p, k)
        divisor = one + small
        size = end if abs(x) > end else abs(x)
        above = (divisor + size * small) / (divisor * divisor)
        below = scaled(p * ((divisor - size) / (divisor * divisor)), k)
        d = (x - root) - rest
        return d * polynomial(d, table) if abs(d) < width else (below if x < zero else above)

    return implementation


def _soft(x):
    w = np.exp(-abs(x))
    top = np.where(x < 0, w * (w + 2), 1 + 2 * w)
    return x * top / (top + np.where(x < 0, 2, 2 * w * w))


def _soft_slope(x):
    w = np.exp(-abs(x))
    top, more = np.where(x < 0, w * (w + 2), 1 + 2 * w), np.where(x < 0, w, w * w)
    whole = top + np.where(x < 0, 2, 2 * w * w)
    return top / whole + x * 4 * more * (w + 1) / whole**2


@compiled(_soft)
def soft_tangent_gate(precision):
    """x tanh(log(1 + exp(x))) = x n/(n + 2), where n = w(w + 2) and w = exp(x); above 0 by powers of exp(-x)."""
    real = precision.real
    zero, none, one, two, end = real(0), real(-0.0), real(1), real(2), real(precision.exp_end[0])

    def implementation(x):
        p, k = exp_parts(-abs(x), none)
        w, falls = scaled(p, k), x < zero
        top = two + w if falls else one + two * w
        share = top / (w * top + two if falls else top + two * w * w)
        below = scaled(p * (share * (end if x < end else x)), k)
        return below if falls else x * share

    return implementation


@compiled(_soft_slope)
def soft_tangent_gate_slope(precision):
    """The slope of that."""
    real, table = precision.real, precision.choose(SOFT_SLOPES, SOFT_SLOPES[-9:])
    zero, none, one, two, four = real(0), real(-0.0), real(1), real(2), real(4)
    end = real(-precision.exp_end[0])
    width, root, rest = real(_AROUND_ROOT), real(SOFT_ROOT[0]), real(_rest(real, SOFT_ROOT))

    def implementation(x):
        p, k = exp_parts(-abs(x), none)
        w = scaled(p, k)
        size = end if abs(x) > end else abs(x)
        falls, grown = x < zero, four * size * (one + w)
        top = two + w if falls else one + two * w
        divisor = w * top + two if falls else top + two * w * w
        share = fma(top, divisor, -grown if falls else grown * (w * w)) / (divisor * divisor)
        d = (x - root) - rest
        return d * polynomial(d, table) if abs(d) < width else (scaled(p * share, k) if falls else share)

    return implementation


def _rest(real, root):
    """What a root has more than its first part in one precision."""
    return (root[0] - float(real(root[0]))) + root[1]
