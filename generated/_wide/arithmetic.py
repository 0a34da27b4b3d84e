# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Wide numbers for the cases that floats cannot do: 106 bits and an exponent without limits.

A wide number is (high, low, exponent) and stands for (high + low)·2^exponent. The exponent is a whole multiple of 256,
so that most operations need not look at it; `high` keeps between 2^-200 and 2^200, and infinities and NaN are in it.
An infinity with the exponent 1 is a pole, the inverse of 0; others are numbers beyond all range, or the logarithm of 0.
"""

from math import isfinite, ldexp, sqrt

from numba import njit
from numpy import floor  # Python's would give an integer of 64 bits

ZERO = (0.0, 0.0, 0.0)
ONE = (1.0, 0.0, 0.0)
PI = (3.141592653589793, 1.2246467991473532e-16, 0.0)
E = (2.718281828459045, 1.4456468917292502e-16, 0.0)
LOG_2 = (0.6931471805599453, 2.3190468138462996e-17, 0.0)
_SPLIT = 134217729.0
_NOISE = 2.0**-94
UP, DOWN, STEP = 1.157920892373162e77, 8.636168555094445e-78, 256.0
_MOST, _LEAST = 1.6069380442589903e60, 6.223015277861142e-61

compiled = njit(cache=True, error_model="numpy")
"""How all of them are compiled: division by zero gives infinities and NaN."""


@njit(cache=True, inline="always")
def two_product(x, y):
    """x·y and its rounding error (Dekker)."""
    p = x * y
    c = _SPLIT * x
    a = c - (c - x)
    b = x - a
    c = _SPLIT * y
    d = c - (c - y)
    e = y - d
    return p, ((a * d - p) + a * e + b * d) + b * e


@compiled
def normal(high, low, exponent):
    """The same number with `high` in its range."""
    total = high + low
    if not isfinite(total):
        return (total, 0.0, 0.0)
    if total == 0.0:
        return (0.0, 0.0, 0.0)
    low = low - (total - high)
    high = total
    while abs(high) > _MOST:
        high, low, exponent = high * DOWN, low * DOWN, exponent + STEP
    while abs(high) < _LEAST:
        high, low, exponent = high * UP, low * UP, exponent - STEP
    return (high, low, exponent)


@compiled
def wide(x):
    """A number of the data."""
    return normal(1.0 * x, 0.0, 0.0)


@compiled
def narrow(a):
    """The nearest float."""
    high, low, exponent = a
    total = high + low
    if exponent == 0.0 or total == 0.0 or not isfinite(total):
        return total
    if exponent < 0.0:
        return _small(high, low, int(exponent)) if exponent > -1536.0 else total * 0.0
    while exponent > 0.0 and isfinite(total):
        total, exponent = total * UP, exponent - STEP
    return total


@compiled
def _small(high, low, exponent):
    """Rounded once also where the result may be subnormal: the low part decides ties of the high one."""
    total = high + low
    found = ldexp(total, exponent)
    if abs(found) >= 2.2250738585072014e-308:
        return found
    rest = (total - ldexp(found, -exponent)) + (low - (total - high))
    return found + ldexp(rest, exponent)


@compiled
def load(memory):
    """A wide number of an array."""
    return (memory[0], memory[1], memory[2])


@compiled
def store(memory, a):
    """Put a wide number into an array."""
    memory[0], memory[1], memory[2] = a


@compiled
def ratio(p, q):
    """A fraction of two whole numbers."""
    return over(wide(p), wide(q))


@compiled
def negative(a):
    """-a."""
    return (-a[0], -a[1], a[2])


@compiled
def plus(a, b):
    """a + b; what is left where nearly all digits cancel is rounding, and is taken as 0."""
    if a[2] != b[2]:
        if a[0] == 0.0 or b[0] == 0.0 or not isfinite(a[0] + b[0]):
            return a if b[0] == 0.0 else (b if a[0] == 0.0 else normal(a[0] + b[0], 0.0, 0.0))
        if a[2] < b[2]:
            a, b = b, a
        if a[2] - b[2] > STEP:
            return a
        b = (b[0] * DOWN, b[1] * DOWN, a[2])
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
    return normal(total, rest, a[2])


@compiled
def minus(a, b):
    """a - b."""
    return plus(a, negative(b))


@compiled
def times(a, b):
    """a·b, where 0·∞ is 0, unless the infinity is a pole."""
    if (a[0] == 0.0 or b[0] == 0.0) and not (a[0] != a[0] or b[0] != b[0] or a[2] == 1.0 or b[2] == 1.0):
        return ZERO
    p, rest = two_product(a[0], b[0])
    if not isfinite(p):
        return (p, 0.0, 1.0 if a[2] == 1.0 or b[2] == 1.0 else 0.0)
    return normal(p, rest + (a[0] * b[1] + a[1] * b[0]), a[2] + b[2])


@compiled
def over(a, b):
    """a/b."""
    q = a[0] / b[0]
    if not (isfinite(q) and isfinite(b[0])) or b[0] == 0.0:
        return (q, 0.0, 1.0 if b[0] == 0.0 or (a[2] == 1.0 and isfinite(b[0])) else 0.0)
    p, rest = two_product(q, b[0])
    left = ((a[0] - p) - rest) + (a[1] - q * b[1])
    return normal(q, left / b[0], a[2] - b[2])


@compiled
def wide_root(a):
    """√a."""
    high, low, exponent = a
    if not high > 0.0 or not isfinite(high):
        return (sqrt(high), 0.0, 1.0 if exponent == 1.0 else 0.0)
    if exponent % (2.0 * STEP) != 0.0:
        high, low, exponent = high * UP, low * UP, exponent - STEP
    s = sqrt(high)
    p, rest = two_product(s, s)
    return normal(s, (((high - p) - rest) + low) / (2.0 * s), exponent / 2.0)


@compiled
def size(a):
    """|a|."""
    return negative(a) if a[0] < 0.0 else a


@compiled
def compare(a, b):
    """Negative, 0 or positive as a is below, equal to or above b; NaN if either is NaN."""
    if a[0] == b[0] and a[1] == b[1] and a[2] == b[2]:
        return 0.0
    if not (isfinite(a[0]) and isfinite(b[0])):
        return a[0] - b[0]
    return plus(a, negative(b))[0]


@compiled
def greater(a, b):
    """The greater of two; NaN if either is NaN."""
    return a if compare(a, b) > 0.0 or a[0] != a[0] else b


@compiled
def lesser(a, b):
    """The lesser of two; NaN if either is NaN."""
    return a if compare(a, b) < 0.0 or a[0] != a[0] else b


@compiled
def signum(a):
    """-1, 0 or 1."""
    return ONE if a[0] > 0.0 else ((-1.0, 0.0, 0.0) if a[0] < 0.0 else (a[0] * 0.0, 0.0, 0.0))


@compiled
def whole_below(a):
    """The greatest whole number not above a."""
    if a[2] < 0.0:
        return ZERO if a[0] >= 0.0 else (-1.0, 0.0, 0.0)
    high = floor(a[0])
    return normal(high, floor(a[1]) if high == a[0] else 0.0, a[2]) if a[2] == 0.0 else a


@compiled
def whole_above(a):
    """The least whole number not below a."""
    return negative(whole_below(negative(a)))


@compiled
def remainder(a, b):
    """a - b·floor(a/b)."""
    return minus(a, times(b, whole_below(over(a, b))))
