# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Functions that generated kernels share: stable forms with errors of one or two units in the last place.

Each holds over the whole range of floats, its slopes as well: no result overflows or loses digits where the exact one
does not, and NaN stays NaN.
"""

from math import copysign, cos, inf, lgamma, nan, sin

from numba import njit
from numpy import floor  # Python's would give an integer of 64 bits

from ._vector import (
    cosine_of_turns,
    exp,
    expm1,
    log,
    log1p,
    log_excess,
    log_ratio,
    power_at_ends,
    power_complement,
    power_parts,
    sine_of_turns,
    sinh,
    tanh,
)

_TWO_PI = 6.283185307179586
_LOG_2 = 0.6931471805599453
_SPLIT = 134217729.0


@njit(cache=True, inline="always")
def log_1m_exp(x):
    """log(1 - exp(x)) for negative x; which of the two forms is exact depends on log 2."""
    return log(-expm1(x)) if x > -_LOG_2 else log1p(-exp(x))


@njit(cache=True)
def _turn(x):
    """x less the nearest whole number, exactly."""
    return x - floor(x + 0.5)


@njit(cache=True)
def _turn_of(x, y):
    """The same for a product, and for what rounding took from it (by Dekker's splitting)."""
    x, y = 1.0 * x, 1.0 * y
    p, c, d = x * y, _SPLIT * x, _SPLIT * y
    a, b = c - (c - x), d - (d - y)
    rest = ((a * b - p) + a * (y - b) + (x - a) * b) + (x - a) * (y - b)
    return _turn(p), (_turn(rest) if abs(rest) < 1e300 else 0.0)


@njit(cache=True)
def _sin_of_turn(r, rest):
    """sin(2π(r + rest)): half turns are taken off exactly, so that no digit near a zero is lost."""
    if abs(r + rest) > 0.25:
        r, rest = copysign(0.5, r + rest) - r, -rest
    return sin(_TWO_PI * (r + rest))


@njit(cache=True)
def _cos_of_turn(r, rest):
    """cos(2π(r + rest)), as the sine of what is missing to a quarter of a turn."""
    if r + rest < 0.0:
        r, rest = -r, -rest
    return sin(_TWO_PI * ((0.25 - r) - rest))


@njit(cache=True)
def sin_turns(x):
    """sin(2πx)."""
    return _sin_of_turn(_turn(x), 0.0)


@njit(cache=True)
def sin_turns_of(x, y):
    """sin(2πxy), right also where the product is rounded."""
    r, rest = _turn_of(x, y)
    return _sin_of_turn(r, rest)


@njit(cache=True)
def cos_turns(x):
    """cos(2πx)."""
    return _cos_of_turn(_turn(x), 0.0)


@njit(cache=True)
def cos_turns_of(x, y):
    """cos(2πxy), right also where the product is rounded."""
    r, rest = _turn_of(x, y)
    return _cos_of_turn(r, rest)


@njit(cache=True)
def sin_turns_from(x, phase):
    """sin(2πx + phase)."""
    return sine_of_turns(1.0 * x, 1.0, 1.0 * phase)


@njit(cache=True)
def cos_turns_from(x, phase):
    """cos(2πx + phase)."""
    return cosine_of_turns(1.0 * x, 1.0, 1.0 * phase)


@njit(cache=True, inline="always")
def xlog1py(x, y):
    """x·log(1 + y), which is 0 where x is 0."""
    return 0.0 * y if x == 0.0 and y < inf else x * log1p(y)


@njit(cache=True, inline="always")
def xlogx(x):
    """x·log(x), which is 0 where x is 0."""
    return x if x == 0.0 else x * log(x)


@njit(cache=True, inline="always")
def xlog_ratio(x, y):
    """x·log(x/y), which is 0 where x is 0."""
    return 0.0 * y if x == 0.0 and y < inf else x * log_ratio(x, y)


@njit(cache=True, inline="always")
def weighted_log_ratio(w, x, y):
    """w·log(x/y), which is 0 where w is 0."""
    return 0.0 * x + 0.0 * y if w == 0.0 and x < inf and y < inf else w * log_ratio(x, y)


@njit(cache=True, inline="always")
def relative_entropy(x, y):
    """x·log(x/y) - x + y."""
    return log_excess(1.0 * x, 1.0 * y, 1.0 * x - y)


@njit(cache=True, inline="always")
def log_shortfall(x, y):
    """x/y - 1 - log(x/y)."""
    return log_excess(1.0 * y, 1.0 * x, 1.0 * y - x) / y


@njit(cache=True, inline="always")
def entropy_of_two(x):
    """-x·log(x) - (1 - x)·log(1 - x)."""
    return -(x if x == 0.0 else x * log(x)) - (0.0 if x == 1.0 else (1.0 - x) * log1p(-x))


@njit(cache=True, inline="always")
def binary_divergence(x, y):
    """x·log(x/y) + (1 - x)·log((1 - x)/(1 - y)), as two numbers that are not negative."""
    d = 1.0 * x - y
    return log_excess(1.0 * x, 1.0 * y, d) + log_excess(1.0 - x, 1.0 - y, -d)


@njit(cache=True)
def exp_of_parts(x, k, a, b):
    """exp((x + k·log(2))·a/b) for a whole number k: whole powers of two are taken off exactly."""
    power = floor(1.0 * k * a / b + 0.5)
    if not abs(power) < 2000.0:
        return exp((x + k * _LOG_2) * a / b)
    rest = (1.0 * k * a - power * b) / b
    half = floor(0.5 * power)
    return exp(rest * _LOG_2 + x * a / b) * 2.0**half * 2.0 ** (power - half)


@njit(cache=True, error_model="numpy", forceinline=True)
def _artanh_more(s):
    """artanh(s)/s - 1 for |s| up to 1/5."""
    z, total = s * s, 0.0
    for k in range(12, 0, -1):
        total = (total + 1.0 / (2.0 * k + 1.0)) * z
    return total


@njit(cache=True, error_model="numpy", forceinline=True)
def log1p_less(t):
    """log(1 + t) - t."""
    s = t / (2.0 + t)
    near = 2.0 * s * _artanh_more(s) - t * s
    return near if abs(t) < 0.4 else log1p(t) - t


@njit(cache=True, error_model="numpy", forceinline=True)
def log1p_gap(t):
    """log(1 + t) - t/(1 + t)."""
    s = t / (2.0 + t)
    near = 2.0 * s * _artanh_more(s) + 2.0 * s * s / (1.0 + s)
    return near if abs(t) < 0.4 else log1p(t) - (t / (1.0 + t) if t < 1e300 else 1.0)


@njit(cache=True, error_model="numpy", forceinline=True)
def scaled_log1p(x, y):
    """y·log(1 + x/y)."""
    return y * log1p(1.0 * x / y)


_STIRLING = (1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360360.0, 1.0 / 156.0)
_LARGE = 12.0
_STEPS = 12


@njit(cache=True, error_model="numpy", forceinline=True)
def _stirling(x, slope):
    """What Stirling's series adds to (x - 1/2)log(x) - x + log(2π)/2, or minus its slope."""
    inverse = 1.0 / x
    term, total = inverse * inverse if slope else inverse, 0.0
    for k in range(len(_STIRLING)):
        total += term * _STIRLING[k] * (2.0 * k + 1.0 if slope else 1.0)
        term *= inverse * inverse
    return total


@njit(cache=True, error_model="numpy", forceinline=True)
def _up_by_halves(x):
    """A large x that whole steps lead to, and what they add to log Γ(x + 1/2) - log Γ(x) - log(x)/2.

    A step adds log(1 + 1/x)/2 - log(1 + 1/(2x)) = -log(1 + 1/(4x(x + 1)))/2. One logarithm serves all of them, and one
    quotient their product less 1, so that loops over this run in vectors.
    """
    above, below, at = 0.0, 1.0, x
    for _ in range(_STEPS):
        step = 4.0 * at * (at + 1.0)
        above, below = above * step + (above + below), below * step
        at += 1.0
    return (at, -0.5 * log1p(above / below)) if x < _LARGE else (x, 0.0)


@njit(cache=True)
def _up(x, a):
    """The same for 1/2 in general, a step at a time."""
    total = 0.0
    while x < _LARGE:
        total += a * log1p(1.0 / x) - log1p(a / x)
        x += 1.0
    return x, total


@njit(cache=True, error_model="numpy", forceinline=True)
def log_gamma_excess(x, a):
    """log Γ(x + a) - log Γ(x) - a·log(x): by the recurrence to large x, there by Stirling's series."""
    if a < 0.0 and not x + a > 0.0:
        return lgamma(x + a) - lgamma(x) - a * log(1.0 * x)
    at, total = _up_by_halves(1.0 * x) if a == 0.5 else _up(1.0 * x, a)
    t = a / at
    found = total + (at * log1p_less(t) + (a - 0.5) * log1p(t) + (_stirling(at + a, False) - _stirling(at, False)))
    return found if x > 0.0 else nan


@njit(cache=True, error_model="numpy", forceinline=True)
def digamma_excess(x, a):
    """The slope of that in x: ψ(x + a) - ψ(x) - a/x; the steps' sum is one quotient."""
    above, below, at = 0.0, 1.0, 1.0 * x
    for _ in range(_STEPS):
        step = at * (at + a) * (at + 1.0)
        above, below = above * step + below, below * step
        at += 1.0
    total = a * (1.0 - a) * (above / below) if x < _LARGE else 0.0
    at = at if x < _LARGE else 1.0 * x
    t = a / at
    found = total + (log1p_less(t) + 0.5 * t / (at + a) - (_stirling(at + a, True) - _stirling(at, True)))
    return found if x > 0.0 and x + a > 0.0 else nan


@njit(cache=True, error_model="numpy", forceinline=True)
def sum_of_powers(x, y):
    """(1 - xʸ)/(1 - x), which is y where x is 1."""
    return 1.0 * y if x == 1.0 else power_complement(1.0 * x, y) / (1.0 - x)


_MEAN = (
    1.0 / 12.0,
    -1.0 / 720.0,
    1.0 / 30240.0,
    -1.0 / 1209600.0,
    1.0 / 47900160.0,
    -691.0 / 1307674368000.0,
    1.0 / 74724249600.0,
    -3617.0 / 10670622842880000.0,
)


@njit(cache=True)
def exp_mean(a):
    """1/(1 - exp(-a)) - 1/a, which is 1/2 at 0."""
    return -1.0 / expm1(-a) - 1.0 / a if abs(a) >= 0.5 else _exp_mean_near(1.0 * a)


@njit(cache=True, error_model="numpy", forceinline=True)
def _exp_mean_near(a):
    """The same for |a| up to 0.7, by its series."""
    term, total = a, 0.5
    for k in range(len(_MEAN)):
        total += term * _MEAN[k]
        term *= a * a
    return total


@njit(cache=True)
def exp_quotient(x):
    """(exp(x) - 1)/x."""
    if x > 700.0:
        half = exp(0.5 * x)
        return half / x * half
    return 1.0 + 0.0 * x if x == 0.0 else expm1(1.0 * x) / x


@njit(cache=True)
def langevin(x):
    """coth(x) - 1/x, near 0 by Lambert's continued fraction, whose terms are all of one sign."""
    if abs(x) > 2.0:
        return 1.0 / tanh(1.0 * x) - 1.0 / x
    below = 31.0
    for n in range(29, 1, -2):
        below = n + x * x / below
    return x / below


@njit(cache=True)
def langevin_slope(x):
    """1/x² - 1/sinh(x)²; near 0 in terms of the function itself."""
    if abs(x) > 1.5:
        return 1.0 / x / x - (1.0 / sinh(1.0 * x)) ** 2
    value = langevin(x)
    return 1.0 - value * value - 2.0 * (value / x if x != 0.0 else 1.0 / 3.0)


@njit(cache=True)
def sinc(x):
    """sin(x)/x."""
    return 1.0 if x == 0.0 else sin(1.0 * x) / x


@njit(cache=True)
def sinc_slope(x):
    """(cos(x) - sin(x)/x)/x, near 0 by its series."""
    if abs(x) > 2.0:
        return (cos(1.0 * x) - sin(1.0 * x) / x) / x
    term, total = -x / 3.0, 0.0
    for k in range(1, 16):
        total += term
        term *= -x * x * (k + 1.0) / (k * (2.0 * k + 2.0) * (2.0 * k + 3.0))
    return total


@njit(cache=True, error_model="numpy", forceinline=True)
def geometric_slope(x, y):
    """The slope in x of (1 - xʸ)/(1 - x): near 1 by logarithms, where the quotient's slope cancels.

    Near 1 it is that times (y m(a) - m(log x))/x with a = y log x and m(a) = 1/(1 - exp(-a)) - 1/a. All forms are
    computed, with one division for all, so that loops run in vectors.
    """
    found, less, w = power_parts(abs(1.0 * x), 1.0 * y)
    last, a, beyond = power_at_ends(1.0 * x, 1.0 * y, found), y * w, x - 1.0
    less = less if x > 0.0 else last - 1.0
    mean = _exp_mean_near(a) if abs(a) < 0.5 else (last * a - less) / (less * a)
    gap = y * mean - _exp_mean_near(w)
    above, below = (less * gap, beyond * x) if 0.5 < x < 2.0 else (y * last * beyond - less * x, beyond * beyond * x)
    above, below = (y * gap, 1.0) if x == 1.0 else (above, below)
    slope = above / below if x != 0.0 else 1.0 if y > 1.0 else -copysign(inf, y)
    return 0.0 * x if y == 0.0 or y == 1.0 else slope


@njit(cache=True, inline="always")
def soft_tangent(x):
    """tanh(log(1 + exp(x))) = n/(n + 2) with n = w(w + 2), w = exp(x); for positive x in powers of exp(-x)."""
    w = exp(-abs(x))
    if x > 0.0:
        top = 1.0 + 2.0 * w
        return top / (top + 2.0 * w * w)
    top = w * (w + 2.0)
    return top / (top + 2.0)


@njit(cache=True, inline="always")
def soft_tangent_slope(x):
    """4w(w + 1)/(n + 2)², in the same terms."""
    w = exp(-abs(x))
    if x > 0.0:
        below = 1.0 + 2.0 * w + 2.0 * w * w
        return 4.0 * w * w * (1.0 + w) / (below * below)
    below = w * (w + 2.0) + 2.0
    return 4.0 * w * (w + 1.0) / (below * below)
