# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Exponentials, logarithms, powers and sines of wide numbers."""

from math import cos, inf, isfinite, ldexp, log, log1p, nan, sin

from numpy import floor  # Python's would give an integer of 64 bits

from .arithmetic import (
    DOWN,
    LOG_2,
    ONE,
    PI,
    STEP,
    UP,
    ZERO,
    compiled,
    minus,
    narrow,
    negative,
    normal,
    over,
    plus,
    size,
    times,
    two_product,
    whole_below,
    wide,
)

_FAR = 2.0**66
"""Numbers beyond are so far from each other that their exponentials differ by more than all floats."""

_HALF_PI_PARTS = (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33)


@compiled
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


@compiled
def _exp_far(x):
    """exp(x) as its exponent alone, from which the logarithm has x again; nearer numbers would come out as equal."""
    steps = floor(x / (LOG_2[0] * STEP) + 0.5) * STEP
    if abs(x) > _FAR and isfinite(16.0 * steps):  # so that products have an exponent, too
        return (1.0, 0.0, steps)
    return ZERO if x < 0.0 else (inf, 0.0, 0.0)


@compiled
def wide_exp(x):
    """exp(x)."""
    if x[2] != 0.0 or not abs(x[0]) < 1e17:
        if x[0] != x[0]:
            return x
        return plus(ONE, x) if x[2] < 0.0 else _exp_far(narrow(x))
    n = floor(x[0] / LOG_2[0] + 0.5)
    e = plus(ONE, _exp_m1_small(minus(x, times((n, 0.0, 0.0), LOG_2))))
    steps = floor(n / STEP + 0.5) * STEP
    scale = ldexp(1.0, int(n - steps))
    return normal(e[0] * scale, e[1] * scale, steps)


@compiled
def wide_exp_m1(x):
    """exp(x) - 1."""
    if x[2] < 0.0 or (abs(x[0]) < 0.4 and x[2] == 0.0):
        return _exp_m1_small(x)
    return minus(wide_exp(x), ONE)


@compiled
def wide_log(a):
    """log(a), from the float's by one step of Newton's method of second order."""
    if not a[0] > 0.0 or not isfinite(a[0]):
        return (log(a[0]) if a[0] > 0.0 else (-inf if a[0] == 0.0 else nan), 0.0, 0.0)
    near = plus((log(a[0]), 0.0, 0.0), times(wide(a[2]), LOG_2))
    if a[2] == 0.0:
        near = (log(a[0]), 0.0, 0.0)
    if abs(a[2]) > _FAR:
        return near
    t = minus(times(a, wide_exp(negative(near))), ONE)
    return plus(near, minus(t, times((0.5, 0.0, 0.0), times(t, t))))


@compiled
def wide_log_1p(x):
    """log(1 + x), digits of small x included."""
    if x[2] < 0.0:
        return minus(x, times((0.5, 0.0, 0.0), times(x, x)))
    if not abs(x[0]) < 0.4 or x[2] > 0.0:
        return wide_log(plus(ONE, x))
    near = normal(log1p(x[0]), 0.0, 0.0)
    e = wide_exp_m1(near)
    t = over(minus(x, e), plus(ONE, e))
    return plus(near, minus(t, times((0.5, 0.0, 0.0), times(t, t))))


@compiled
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


@compiled
def wide_power(a, b):
    """a to the power b."""
    y = narrow(b)
    if b[1] == 0.0 and y == floor(y) and abs(y) < 1e9:
        return whole_power(a, int(y))
    if a[0] > 0.0:
        return wide_exp(times(b, wide_log(a)))
    if a[0] == 0.0 or b[1] != 0.0 or y != floor(y):
        found = narrow(a) ** y
        return (found, 0.0, 1.0) if a[0] == 0.0 and y < 0.0 else wide(found)
    found = wide_exp(times(b, wide_log(negative(a))))
    return negative(found) if y % 2.0 == 1.0 else found


@compiled
def _series(x, first):
    """sin(x)/x (first = 2) or cos(x) (first = 1) for |x| up to 1.6, by their series."""
    square, total = times(x, x), ONE
    for n in range(30, -1, -2):
        total = minus(ONE, over(times(square, total), wide((n + first) * (n + first + 1.0))))
    return total


@compiled
def _quarter(x):
    """x less the nearest multiple of π/2, and which multiple it is modulo 4."""
    n = floor(x[0] / _HALF_PI_PARTS[0] + 0.5)
    left = x
    for part in _HALF_PI_PARTS:
        p, rest = two_product(n, part)
        left = plus(plus(left, wide(-p)), wide(-rest))
    return left, n % 4.0


@compiled
def _turned(x, quarters):
    """sin(x) or cos(x), one quarter of a turn on."""
    if x[2] < 0.0:
        return x if quarters == 0.0 else ONE
    r, n = _quarter(x)
    n = (n + quarters) % 4.0
    found = times(r, _series(r, 2.0)) if n % 2.0 == 0.0 else _series(r, 1.0)
    return negative(found) if n >= 2.0 else found


@compiled
def wide_sin(x):
    """sin(x); beyond 1e13 to the digits of a float, if x is one."""
    return _turned(x, 0.0) if x[2] <= 0.0 and abs(x[0]) < 1e13 else wide(sin(narrow(x)))


@compiled
def wide_cos(x):
    """cos(x); beyond 1e13 to the digits of a float, if x is one."""
    return _turned(x, 1.0) if x[2] <= 0.0 and abs(x[0]) < 1e13 else wide(cos(narrow(x)))


@compiled
def _fraction_of_turn(x):
    """x less the nearest whole number, exactly: both parts are floats, so that each has one of its own."""
    scale = 1.0 if x[2] == 0.0 else (UP if x[2] == STEP else (DOWN if x[2] < 0.0 else 0.0))
    high, low = x[0] * scale, x[1] * scale
    if x[2] < 0.0:
        return x
    r = plus(wide(high - floor(high + 0.5)), wide(low - floor(low + 0.5)))
    return minus(r, whole_below(plus(r, (0.5, 0.0, 0.0))))


@compiled
def _sin_of_turn(r):
    """sin(2πr) for |r| up to 1/4."""
    t = times(times((2.0, 0.0, 0.0), PI), r)
    return times(t, _series(t, 2.0))


@compiled
def wide_sin_turns(x):
    """sin(2πx)."""
    r = _fraction_of_turn(x)
    if abs(narrow(r)) > 0.25:
        r = minus((0.5 if r[0] > 0.0 else -0.5, 0.0, 0.0), r)
    return _sin_of_turn(r)


@compiled
def wide_cos_turns(x):
    """cos(2πx)."""
    return _sin_of_turn(minus((0.25, 0.0, 0.0), size(_fraction_of_turn(x))))
