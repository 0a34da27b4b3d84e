# eqc-inputs: 01d47ca89c3ce7ca9ab911ea0f96a72bf12eeb07e8b3f653225e56241b5fa029
"""Wide numbers for the cases that floats cannot do: 106 bits and an exponent without limits.

A wide number is (high, low, exponent) and stands for (high + low)·2^exponent. The exponent is a whole multiple of 256,
so that most operations need not look at it; `high` keeps between 2^-200 and 2^200, and infinities and NaN are in it.
"""

from math import cos, inf, isfinite, ldexp, lgamma, log, log1p, nan, sin, sqrt

from numba import njit
from numpy import floor  # Python's would give an integer of 64 bits

ZERO = (0.0, 0.0, 0.0)
ONE = (1.0, 0.0, 0.0)
PI = (3.141592653589793, 1.2246467991473532e-16, 0.0)
E = (2.718281828459045, 1.4456468917292502e-16, 0.0)
_LOG_2 = (0.6931471805599453, 2.3190468138462996e-17, 0.0)
_HALF_LOG_2_PI = (0.9189385332046728, -3.8782941580672414e-17, 0.0)
_HALF_PI_PARTS = (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33)
_SPLIT = 134217729.0
_NOISE = 2.0**-94
_UP, _DOWN, _STEP = 1.157920892373162e77, 8.636168555094445e-78, 256.0
_MOST, _LEAST = 1.6069380442589903e60, 6.223015277861142e-61


@njit(cache=True, inline="always")
def _two_product(x, y):
    """x·y and its rounding error (Dekker)."""
    p = x * y
    c = _SPLIT * x
    a = c - (c - x)
    b = x - a
    c = _SPLIT * y
    d = c - (c - y)
    e = y - d
    return p, ((a * d - p) + a * e + b * d) + b * e


@njit(cache=True)
def _normal(high, low, exponent):
    """The same number with `high` in its range."""
    total = high + low
    if not isfinite(total):
        return (total, 0.0, 0.0)
    if total == 0.0:
        return (0.0, 0.0, 0.0)
    low = low - (total - high)
    high = total
    while abs(high) > _MOST:
        high, low, exponent = high * _DOWN, low * _DOWN, exponent + _STEP
    while abs(high) < _LEAST:
        high, low, exponent = high * _UP, low * _UP, exponent - _STEP
    return (high, low, exponent)


@njit(cache=True)
def wide(x):
    """A number of the data."""
    return _normal(1.0 * x, 0.0, 0.0)


@njit(cache=True)
def narrow(a):
    """The nearest float."""
    high, low, exponent = a
    total = high + low
    if exponent == 0.0 or total == 0.0 or not isfinite(total):
        return total
    if exponent < 0.0:
        return _small(high, low, int(exponent)) if exponent > -1536.0 else total * 0.0
    while exponent > 0.0 and isfinite(total):
        total, exponent = total * _UP, exponent - _STEP
    return total


@njit(cache=True)
def _small(high, low, exponent):
    """Rounded once also where the result may be subnormal: the low part decides ties of the high one."""
    total = high + low
    found = ldexp(total, exponent)
    if abs(found) >= 2.2250738585072014e-308:
        return found
    rest = (total - ldexp(found, -exponent)) + (low - (total - high))
    return found + ldexp(rest, exponent)


@njit(cache=True)
def load(memory):
    """A wide number of an array."""
    return (memory[0], memory[1], memory[2])


@njit(cache=True)
def store(memory, a):
    """Put a wide number into an array."""
    memory[0], memory[1], memory[2] = a


@njit(cache=True)
def ratio(p, q):
    """A fraction of two whole numbers."""
    return over(wide(p), wide(q))


@njit(cache=True)
def negative(a):
    """-a."""
    return (-a[0], -a[1], a[2])


@njit(cache=True)
def plus(a, b):
    """a + b; what is left where nearly all digits cancel is rounding, and is taken as 0."""
    if a[2] != b[2]:
        if a[0] == 0.0 or b[0] == 0.0 or not isfinite(a[0] + b[0]):
            return a if b[0] == 0.0 else (b if a[0] == 0.0 else _normal(a[0] + b[0], 0.0, 0.0))
        if a[2] < b[2]:
            a, b = b, a
        if a[2] - b[2] > _STEP:
            return a
        b = (b[0] * _DOWN, b[1] * _DOWN, a[2])
    high = a[0] + b[0]
    if not isfinite(high):
        return (high, 0.0, 0.0)
    back = high - a[0]
    rest = (a[0] - (high - back)) + (b[0] - back)
    low = a[1] + b[1]
    back = low - a[1]
    rest_low = (a[1] - (low - back)) + (b[1] - back)
    rest += low
    total = high + rest
    rest = rest - (total - high) + rest_low
    if abs(total) < _NOISE * abs(a[0]):
        return ZERO
    return _normal(total, rest, a[2])


@njit(cache=True)
def minus(a, b):
    """a - b."""
    return plus(a, negative(b))


@njit(cache=True)
def times(a, b):
    """a·b, where 0·∞ is 0: an infinity is a number beyond all range, or the logarithm of 0."""
    if (a[0] == 0.0 or b[0] == 0.0) and not (a[0] != a[0] or b[0] != b[0]):
        return ZERO
    p, rest = _two_product(a[0], b[0])
    if not isfinite(p):
        return (p, 0.0, 0.0)
    return _normal(p, rest + (a[0] * b[1] + a[1] * b[0]), a[2] + b[2])


@njit(cache=True)
def over(a, b):
    """a/b."""
    q = a[0] / b[0]
    if not (isfinite(q) and isfinite(b[0])) or b[0] == 0.0:
        return (q, 0.0, 0.0)
    p, rest = _two_product(q, b[0])
    left = ((a[0] - p) - rest) + (a[1] - q * b[1])
    return _normal(q, left / b[0], a[2] - b[2])


@njit(cache=True)
def wide_root(a):
    """√a."""
    high, low, exponent = a
    if not high > 0.0 or not isfinite(high):
        return (sqrt(high), 0.0, 0.0)
    if exponent % (2.0 * _STEP) != 0.0:
        high, low, exponent = high * _UP, low * _UP, exponent - _STEP
    s = sqrt(high)
    p, rest = _two_product(s, s)
    return _normal(s, (((high - p) - rest) + low) / (2.0 * s), exponent / 2.0)


@njit(cache=True)
def size(a):
    """|a|."""
    return negative(a) if a[0] < 0.0 else a


@njit(cache=True)
def compare(a, b):
    """Negative, 0 or positive as a is below, equal to or above b; NaN if either is NaN."""
    if a[0] == b[0] and a[1] == b[1] and a[2] == b[2]:
        return 0.0
    if not (isfinite(a[0]) and isfinite(b[0])):
        return a[0] - b[0]
    return plus(a, negative(b))[0]


@njit(cache=True)
def greater(a, b):
    """The greater of two; NaN if either is NaN."""
    return a if compare(a, b) > 0.0 or a[0] != a[0] else b


@njit(cache=True)
def lesser(a, b):
    """The lesser of two; NaN if either is NaN."""
    return a if compare(a, b) < 0.0 or a[0] != a[0] else b


@njit(cache=True)
def signum(a):
    """-1, 0 or 1."""
    return ONE if a[0] > 0.0 else ((-1.0, 0.0, 0.0) if a[0] < 0.0 else (a[0] * 0.0, 0.0, 0.0))


@njit(cache=True)
def whole_below(a):
    """The greatest whole number not above a."""
    if a[2] < 0.0:
        return ZERO if a[0] >= 0.0 else (-1.0, 0.0, 0.0)
    high = floor(a[0])
    return _normal(high, floor(a[1]) if high == a[0] else 0.0, a[2]) if a[2] == 0.0 else a


@njit(cache=True)
def whole_above(a):
    """The least whole number not below a."""
    return negative(whole_below(negative(a)))


@njit(cache=True)
def remainder(a, b):
    """a - b·floor(a/b)."""
    return minus(a, times(b, whole_below(over(a, b))))


@njit(cache=True)
def _exp_m1_small(x):
    """exp(x) - 1 for |x| < 0.4: a series at x/256, then e -> e(2 + e) eight times."""
    small = (x[0] / 256.0, x[1] / 256.0, x[2])
    total = ONE
    for n in range(11, 1, -1):
        total = plus(ONE, over(times(small, total), (float(n), 0.0, 0.0)))
    e = times(small, total)
    for _ in range(8):
        e = times(e, plus((2.0, 0.0, 0.0), e))
    return e


@njit(cache=True)
def wide_exp(x):
    """exp(x)."""
    if x[2] != 0.0 or not abs(x[0]) < 1e17:
        if x[0] != x[0]:
            return x
        if x[2] < 0.0:
            return plus(ONE, x)
        return ZERO if x[0] < 0.0 else (inf, 0.0, 0.0)
    n = floor(x[0] / _LOG_2[0] + 0.5)
    e = plus(ONE, _exp_m1_small(minus(x, times((n, 0.0, 0.0), _LOG_2))))
    steps = floor(n / _STEP + 0.5) * _STEP
    scale = ldexp(1.0, int(n - steps))
    return _normal(e[0] * scale, e[1] * scale, steps)


@njit(cache=True)
def wide_exp_m1(x):
    """exp(x) - 1."""
    if x[2] < 0.0 or (abs(x[0]) < 0.4 and x[2] == 0.0):
        return _exp_m1_small(x)
    return minus(wide_exp(x), ONE)


@njit(cache=True)
def wide_log(a):
    """log(a), from the float's by one step of Newton's method of second order."""
    if not a[0] > 0.0 or not isfinite(a[0]):
        return (log(a[0]) if a[0] > 0.0 else (-inf if a[0] == 0.0 else nan), 0.0, 0.0)
    near = plus((log(a[0]), 0.0, 0.0), times((a[2], 0.0, 0.0), _LOG_2))
    if a[2] == 0.0:
        near = (log(a[0]), 0.0, 0.0)
    t = minus(times(a, wide_exp(negative(near))), ONE)
    return plus(near, minus(t, times((0.5, 0.0, 0.0), times(t, t))))


@njit(cache=True)
def wide_log_1p(x):
    """log(1 + x), digits of small x included."""
    if x[2] < 0.0:
        return minus(x, times((0.5, 0.0, 0.0), times(x, x)))
    if not abs(x[0]) < 0.4 or x[2] > 0.0:
        return wide_log(plus(ONE, x))
    near = _normal(log1p(x[0]), 0.0, 0.0)
    e = wide_exp_m1(near)
    t = over(minus(x, e), plus(ONE, e))
    return plus(near, minus(t, times((0.5, 0.0, 0.0), times(t, t))))


@njit(cache=True)
def whole_power(a, n):
    """a to a whole power."""
    result, base, left = ONE, a, abs(n)
    while left > 0:
        if left % 2 == 1:
            result = times(result, base)
        left //= 2
        if left > 0:
            base = times(base, base)
    return over(ONE, result) if n < 0 else result


@njit(cache=True)
def wide_power(a, b):
    """a to the power b."""
    y = narrow(b)
    if b[1] == 0.0 and y == floor(y) and abs(y) < 1e9:
        return whole_power(a, int(y))
    if a[0] > 0.0:
        return wide_exp(times(b, wide_log(a)))
    if a[0] == 0.0 or b[1] != 0.0 or y != floor(y):
        return wide(narrow(a) ** y)
    found = wide_exp(times(b, wide_log(negative(a))))
    return negative(found) if y % 2.0 == 1.0 else found


@njit(cache=True)
def _series(x, first):
    """sin(x)/x (first = 2) or cos(x) (first = 1) for |x| up to 1.6, by their series."""
    square, total = times(x, x), ONE
    for n in range(30, -1, -2):
        total = minus(ONE, over(times(square, total), wide((n + first) * (n + first + 1.0))))
    return total


@njit(cache=True)
def _quarter(x):
    """x less the nearest multiple of π/2, and which multiple it is modulo 4."""
    n = floor(x[0] / _HALF_PI_PARTS[0] + 0.5)
    left = x
    for part in _HALF_PI_PARTS:
        p, rest = _two_product(n, part)
        left = plus(plus(left, wide(-p)), wide(-rest))
    return left, n % 4.0


@njit(cache=True)
def _turned(x, quarters):
    """sin(x) or cos(x), one quarter of a turn on."""
    if x[2] < 0.0:
        return x if quarters == 0.0 else ONE
    r, n = _quarter(x)
    n = (n + quarters) % 4.0
    found = times(r, _series(r, 2.0)) if n % 2.0 == 0.0 else _series(r, 1.0)
    return negative(found) if n >= 2.0 else found


@njit(cache=True)
def wide_sin(x):
    """sin(x); beyond 1e13 to the digits of a float, if x is one."""
    return _turned(x, 0.0) if x[2] <= 0.0 and abs(x[0]) < 1e13 else wide(sin(narrow(x)))


@njit(cache=True)
def wide_cos(x):
    """cos(x); beyond 1e13 to the digits of a float, if x is one."""
    return _turned(x, 1.0) if x[2] <= 0.0 and abs(x[0]) < 1e13 else wide(cos(narrow(x)))


@njit(cache=True)
def _fraction_of_turn(x):
    """x less the nearest whole number, exactly: both parts are floats, so that each has one of its own."""
    scale = 1.0 if x[2] == 0.0 else (_UP if x[2] == _STEP else (_DOWN if x[2] < 0.0 else 0.0))
    high, low = x[0] * scale, x[1] * scale
    if x[2] < 0.0:
        return x
    r = plus(wide(high - floor(high + 0.5)), wide(low - floor(low + 0.5)))
    return minus(r, whole_below(plus(r, (0.5, 0.0, 0.0))))


@njit(cache=True)
def _sin_of_turn(r):
    """sin(2πr) for |r| up to 1/4."""
    t = times(times((2.0, 0.0, 0.0), PI), r)
    return times(t, _series(t, 2.0))


@njit(cache=True)
def wide_sin_turns(x):
    """sin(2πx)."""
    r = _fraction_of_turn(x)
    if abs(narrow(r)) > 0.25:
        r = minus((0.5 if r[0] > 0.0 else -0.5, 0.0, 0.0), r)
    return _sin_of_turn(r)


@njit(cache=True)
def wide_cos_turns(x):
    """cos(2πx)."""
    return _sin_of_turn(minus((0.25, 0.0, 0.0), size(_fraction_of_turn(x))))


@njit(cache=True)
def wide_logistic(x):
    """1/(1 + exp(-x))."""
    return over(ONE, plus(ONE, wide_exp(negative(x))))


@njit(cache=True)
def wide_logistic_slope(x):
    """e/(1 + e)² with e = exp(-|x|)."""
    e = wide_exp(negative(size(x)))
    below = plus(ONE, e)
    return over(e, times(below, below))


@njit(cache=True)
def wide_log_1p_exp(x):
    """log(1 + exp(x))."""
    small = wide_log_1p(wide_exp(negative(size(x))))
    return plus(x, small) if x[0] > 0.0 else small


@njit(cache=True)
def wide_log_1m_exp(x):
    """log(1 - exp(x)) for negative x."""
    return wide_log_1p(negative(wide_exp(x))) if narrow(x) < -0.7 else wide_log(negative(wide_exp_m1(x)))


@njit(cache=True)
def wide_tanh(x):
    """tanh(x)."""
    e = wide_exp_m1(times((-2.0, 0.0, 0.0), size(x)))
    found = negative(over(e, plus((2.0, 0.0, 0.0), e)))
    return negative(found) if x[0] < 0.0 else found


@njit(cache=True)
def wide_sinh(x):
    """sinh(x) = e(e + 2)/(2(e + 1)) with e = exp(x) - 1."""
    e = wide_exp_m1(size(x))
    found = over(plus(e, over(e, plus(ONE, e))), (2.0, 0.0, 0.0))
    return negative(found) if x[0] < 0.0 else found


@njit(cache=True)
def wide_cosh(x):
    """cosh(x)."""
    e = wide_exp(size(x))
    return over(plus(e, over(ONE, e)), (2.0, 0.0, 0.0))


@njit(cache=True)
def wide_log_cosh(x):
    """log(cosh(x))."""
    away = size(x)
    if narrow(away) < 2.0:
        e = wide_exp_m1(away)
        return wide_log_1p(over(times(e, e), times((2.0, 0.0, 0.0), plus(ONE, e))))
    return plus(minus(away, _LOG_2), wide_log_1p(wide_exp(times((-2.0, 0.0, 0.0), away))))


@njit(cache=True)
def wide_exp_difference(x, y):
    """exp(x - y)."""
    return wide_exp(minus(x, y))


@njit(cache=True)
def wide_power_complement(x, y):
    """1 - xʸ."""
    return negative(wide_exp_m1(times(y, wide_log(x)))) if x[0] > 0.0 else minus(ONE, wide_power(x, y))


@njit(cache=True)
def wide_xlogy(x, y):
    """x·log(y), which is 0 where x is 0."""
    return ZERO if x[0] == 0.0 and y[0] == y[0] else times(x, wide_log(y))


@njit(cache=True)
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


@njit(cache=True)
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


@njit(cache=True)
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
