# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Stable forms of wide numbers, and the logarithm of the gamma function with its slope."""

from math import isfinite, lgamma, nan

from .arithmetic import LOG_2, ONE, ZERO, compiled, minus, narrow, negative, over, plus, ratio, size, times, wide
from .elementary import wide_exp, wide_exp_m1, wide_log, wide_log_1p, wide_power

_HALF_LOG_2_PI = (0.9189385332046728, -3.8782941580672414e-17, 0.0)


@compiled
def wide_logistic(x):
    """1/(1 + exp(-x))."""
    return over(ONE, plus(ONE, wide_exp(negative(x))))


@compiled
def wide_logistic_slope(x):
    """e/(1 + e)² with e = exp(-|x|)."""
    e = wide_exp(negative(size(x)))
    below = plus(ONE, e)
    return over(e, times(below, below))


@compiled
def wide_log_1p_exp(x):
    """log(1 + exp(x))."""
    small = wide_log_1p(wide_exp(negative(size(x))))
    return plus(x, small) if x[0] > 0.0 else small


@compiled
def wide_log_1m_exp(x):
    """log(1 - exp(x)) for negative x."""
    return wide_log_1p(negative(wide_exp(x))) if narrow(x) < -0.7 else wide_log(negative(wide_exp_m1(x)))


@compiled
def wide_tanh(x):
    """tanh(x)."""
    e = wide_exp_m1(times((-2.0, 0.0, 0.0), size(x)))
    found = negative(over(e, plus((2.0, 0.0, 0.0), e)))
    return negative(found) if x[0] < 0.0 else found


@compiled
def wide_sinh(x):
    """sinh(x) = e(e + 2)/(2(e + 1)) with e = exp(x) - 1."""
    e = wide_exp_m1(size(x))
    found = over(plus(e, over(e, plus(ONE, e))), (2.0, 0.0, 0.0))
    return negative(found) if x[0] < 0.0 else found


@compiled
def wide_cosh(x):
    """cosh(x)."""
    e = wide_exp(size(x))
    return over(plus(e, over(ONE, e)), (2.0, 0.0, 0.0))


@compiled
def wide_log_cosh(x):
    """log(cosh(x))."""
    away = size(x)
    if narrow(away) < 2.0:
        e = wide_exp_m1(away)
        return wide_log_1p(over(times(e, e), times((2.0, 0.0, 0.0), plus(ONE, e))))
    return plus(minus(away, LOG_2), wide_log_1p(wide_exp(times((-2.0, 0.0, 0.0), away))))


@compiled
def wide_exp_difference(x, y):
    """exp(x - y)."""
    return wide_exp(minus(x, y))


@compiled
def wide_power_complement(x, y):
    """1 - xʸ."""
    return negative(wide_exp_m1(times(y, wide_log(x)))) if x[0] > 0.0 else minus(ONE, wide_power(x, y))


@compiled
def wide_xlogy(x, y):
    """x·log(y), which is 0 where x is 0."""
    return ZERO if x[0] == 0.0 and y[0] == y[0] else times(x, wide_log(y))


@compiled
def wide_xlog1py(x, y):
    """x·log(1 + y), which is 0 where x is 0."""
    return ZERO if x[0] == 0.0 and y[0] == y[0] else times(x, wide_log_1p(y))


_STIRLING = (
    (1.0, 6.0),
    (-1.0, 30.0),
    (1.0, 42.0),
    (-1.0, 30.0),
    (5.0, 66.0),
    (-691.0, 2730.0),
    (7.0, 6.0),
    (-3617.0, 510.0),
    (43867.0, 798.0),
    (-174611.0, 330.0),
    (854513.0, 138.0),
    (-236364091.0, 2730.0),
    (8553103.0, 6.0),
)
_ENOUGH = 40.0


@compiled
def wide_log_gamma(x):
    """log Γ(x): up to 40 by the recurrence, then Stirling's series."""
    if not x[0] > 0.0 or not isfinite(x[0]):
        return wide(lgamma(narrow(x)))
    product = ONE
    while x[2] <= 0.0 and narrow(x) < _ENOUGH:
        product = times(product, x)
        x = plus(x, ONE)
    inverse = over(ONE, x)
    square, term, tail = times(inverse, inverse), inverse, ZERO
    for k in range(len(_STIRLING)):
        b = _STIRLING[k]
        tail = plus(tail, times(term, ratio(b[0], b[1] * (2.0 * k + 1.0) * (2.0 * k + 2.0))))
        term = times(term, square)
    body = minus(times(minus(x, (0.5, 0.0, 0.0)), wide_log(x)), x)
    return minus(plus(plus(body, _HALF_LOG_2_PI), tail), wide_log(product))


@compiled
def wide_digamma(x):
    """The slope of log Γ(x), for positive x: up to 40 by the recurrence, then the asymptotic series."""
    if not x[0] > 0.0 or not isfinite(x[0]):
        return (nan, 0.0, 0.0)
    shift = ZERO
    while x[2] <= 0.0 and narrow(x) < _ENOUGH:
        shift = plus(shift, over(ONE, x))
        x = plus(x, ONE)
    inverse = over(ONE, x)
    square, tail = times(inverse, inverse), ZERO
    term = square
    for k in range(len(_STIRLING)):
        b = _STIRLING[k]
        tail = plus(tail, times(term, ratio(b[0], b[1] * (2.0 * k + 2.0))))
        term = times(term, square)
    return minus(minus(minus(wide_log(x), times((0.5, 0.0, 0.0), inverse)), tail), shift)
