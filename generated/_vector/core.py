# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""How vector functions are made for a precision, and the parts that they share.

The methods are the usual ones: exponentials by Cody and Waite's reduction to |r| <= log(2)/2, logarithms by
s = f/(2 + f) as in fdlibm, complementary errors by a polynomial in (a - 4)/(a + 4) after Shepherd and Laframboise
(1981), sines by a reduction that is exact for every argument.
"""

import math
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import overload

from .bits import exponent, fma, mantissa, polynomial, power_of_two, raised, scaled
from .linking import INLINE
from .tables import COS, EXP_32, EXP_64, LOG_32, LOG_64, LOG_TAIL, QUARTERS_32, QUARTERS_64, SIN, TAIL_32, TAIL_64


class Precision(NamedTuple):
    """What an algorithm needs to know about a float type."""

    real: type
    digits: float  # of the mantissa and one more: 2**digits lifts denormal numbers, 2**-digits vanishes beside 1
    shift: float  # added and taken off again, it rounds to a whole number, which its low bits then hold
    log2_high: float  # log(2) in so few bits that its products with exponents are exact
    log2_low: float
    lowest_exponent: float  # of normal numbers
    exp_end: tuple[float, float]  # exp, 30 times too, is 0 below the one, sinh infinite above the other
    erfc_end: float  # erfc is 0 above

    def choose(self, double: Any, single: Any) -> Any:
        """What belongs to this precision."""
        return double if self.real is np.float64 else single


_LOG2_64 = (0.6931471803691238, 1.9082149292705877e-10)
_LOG2_32 = (0.693145751953125, 1.428606820309417e-06)
DOUBLE = Precision(np.float64, 54.0, 1.5 * 2.0**52, *_LOG2_64, -1022.0, (-760.0, 710.5), 27.5)
SINGLE = Precision(np.float32, 25.0, 1.5 * 2.0**23, *_LOG2_32, -126.0, (-112.0, 89.5), 10.2)

Maker = Callable[[Precision], Callable[..., Any]]


def compiled(
    plain: Callable[..., Any] | None = None, *, exact: bool = False, wide: bool = False
) -> Callable[[Maker], Callable[..., Any]]:
    """A decorator: the function that compiles to what `make(precision)` gives, and is `plain` where nothing compiles.

    `exact` keeps products and sums apart, which may be fused otherwise; `wide` computes single precision in double.
    Arguments that are not of one float type are taken as float64.
    """
    options = {**INLINE, "fastmath": set() if exact else {"contract"}}

    def declare(make: Maker) -> Callable[..., Any]:
        @wraps(make)
        def function(*arguments: Any) -> Any:
            if plain is None:
                raise TypeError(f"{make.__name__} is for compiled code")
            with np.errstate(all="ignore"):
                return plain(*arguments)

        def choose(*kinds: Any) -> Callable[..., Any]:
            if set(kinds) == {types.float64} or (set(kinds) == {types.float32} and not wide):
                return make(DOUBLE if kinds[0] == types.float64 else SINGLE)
            result = np.float32 if set(kinds) == {types.float32} else np.float64
            return _widened(function, result, len(kinds))

        overload(function, jit_options=options, strict=False)(choose)
        return function

    return declare


def _widened(function: Callable[..., Any], result: type, count: int) -> Callable[..., Any]:
    if count == 1:
        return lambda x: result(function(np.float64(x)))
    if count == 2:
        return lambda x, y: result(function(np.float64(x), np.float64(y)))
    return lambda x, y, z: result(function(np.float64(x), np.float64(y), np.float64(z)))


@compiled()
def reduced(precision):
    """x = k log(2) + r: the number k, r, and what rounding took from r."""
    real = precision.real
    shift, per_log2 = real(precision.shift), real(1.4426950408889634)
    high, low = real(precision.log2_high), real(precision.log2_low)
    lowest, highest = real(precision.exp_end[0]), real(precision.exp_end[1])

    def implementation(x):
        y = highest if x > highest else x
        y = lowest if y < lowest else y
        k = (y * per_log2 + shift) - shift
        whole = y - k * high
        r = whole - k * low
        return k, r, (whole - r) - k * low

    return implementation


@compiled()
def exp_parts(precision):
    """exp(x + low) as p and k: p 2**k."""
    table, one = precision.choose(EXP_64, EXP_32), precision.real(1)

    def implementation(x, low):
        k, r, _ = reduced(x)
        r = r + low
        return one + (r + r * r * polynomial(r, table)), k

    return implementation


@compiled()
def raised_exp(precision):
    """exp(x + low) for a small `low`, which may be anything where x is far below all that has an exponential."""
    real, table = precision.real, precision.choose(EXP_64, EXP_32)
    shift, per_log2, one = real(precision.shift), real(1.4426950408889634), real(1)
    high, rest, highest = real(precision.log2_high), real(precision.log2_low), real(precision.exp_end[1])

    def implementation(x, low):
        y = highest if x > highest else x
        shifted = y * per_log2 + shift
        k = shifted - shift
        r = ((y - k * high) - k * rest) + low
        return raised(one + (r + r * r * polynomial(r, table)), shifted)

    return implementation


@compiled()
def exact_exp_parts(precision):
    """The same, with what is lost on the way to the polynomial put back."""
    table, one = precision.choose(EXP_64, EXP_32), precision.real(1)

    def implementation(x, low):
        k, whole, rest = reduced(x)
        rest = low + rest
        r = whole + rest
        return one + (r + (r * r * polynomial(r, table) + ((whole - r) + rest))), k

    return implementation


@compiled()
def quarter_of_expm1(precision):
    """(exp(x) - 1)/4, which is finite wherever sinh is."""
    real = precision.real
    table, shift = precision.choose(EXP_64, EXP_32), real(precision.shift)
    two, quarter, lowest = real(2), real(0.25), real(-40)

    def implementation(x):
        k, r, rest = reduced(lowest if x < lowest else x)
        p = r + (r * r * polynomial(r, table) + rest)
        scale = power_of_two((k - two) + shift)
        return scale * p + (scale - quarter)

    return implementation


@compiled()
def log_of_parts(precision):
    """log((1 + f) 2**k) for 1 + f between sqrt(1/2) and sqrt(2)."""
    real, table = precision.real, precision.choose(LOG_64, LOG_32)
    half, two = real(0.5), real(2)
    high, low = real(precision.log2_high), real(precision.log2_low)

    def implementation(f, k):
        s = f / (two + f)
        z = s * s
        square = half * f * f
        return k * high - ((square - (s * (square + z * polynomial(z, table)) + k * low)) - f)

    return implementation


@compiled()
def split(precision):
    """The mantissa m and the exponent k of a positive number m 2**k, denormal ones too."""
    real = precision.real
    normal, zero = real(2.0**precision.lowest_exponent), real(0)
    digits, lift = real(precision.digits), real(2.0**precision.digits)

    def implementation(x):
        lifted = x * lift if x < normal else x
        return mantissa(lifted), exponent(lifted) - (digits if x < normal else zero)

    return implementation


@compiled()
def log_at_ends(precision):
    """The logarithm of 0, of negative numbers, infinity and NaN; of any other x, `found`."""
    real = precision.real
    zero, inf, nan = real(0), real(math.inf), real(math.nan)

    def implementation(x, found):
        result = found if x > zero else (-inf if x == zero else nan)
        return result if x < inf else x

    return implementation


@compiled()
def erfc_parts(precision):
    """erfc(a) for a of at least 1/2 and -a**2 = high + low, as p 2**k; each rounding but the last ones is made good."""
    real, table = precision.real, precision.choose(TAIL_64, TAIL_32)
    slopes, first = table[:-1], real(table[-1])
    one, two, four = real(1), real(2), real(4)

    def implementation(a, high, low):
        p, k = exp_parts(high, low)
        t = (a - four) / (a + four)
        slope = polynomial(t, slopes)
        q = first + t * slope
        product, divisor = p * q, one + two * a
        lost = fma(p, q, -product) + p * fma(t, slope, first - q)
        quotient = product / divisor
        rest = fma(-quotient, divisor, product) - quotient * ((two * a - divisor) + one) + lost
        return quotient + rest / divisor, k

    return implementation


@compiled()
def erfc_from_half(precision):
    """erfc(a) for a of at least 1/2."""
    end = precision.real(precision.erfc_end)

    def implementation(size):
        a = end if size > end else size
        square = a * a
        p, k = erfc_parts(a, -square, -fma(a, a, -square))
        return scaled(p, k)

    return implementation


@compiled(exact=True)
def log_in_two(precision):
    """log(m 2**k) as the sum of two doubles, to some 65 bits."""
    table, high, low = LOG_TAIL, precision.log2_high, precision.log2_low
    two_thirds, rest = 0.6666666666666666, 3.700743415417188e-17

    def implementation(m, k):
        f = m - 1.0
        divisor = 2.0 + f
        s = f / divisor
        s_low = (fma(-s, divisor, f) - s * (f - (divisor - 2.0))) / divisor
        z = s * s
        z_low = fma(s, s, -z) + 2.0 * s * s_low
        tail = z * polynomial(z, table)
        c = two_thirds + tail
        c_low = ((two_thirds - c) + tail) + rest
        cube = s * z
        cube_low = fma(s, z, -cube) + (s * z_low + s_low * z)
        series = cube * c
        series_low = fma(cube, c, -series) + (cube * c_low + cube_low * c)
        first = k * high + 2.0 * s
        total = first + series
        lost = ((k * high - first) + 2.0 * s) + ((first - total) + series)
        small = lost + (2.0 * s_low + series_low + k * low)
        result = total + small
        return result, (total - result) + small

    return implementation


@compiled(exact=True)
def plus(precision):
    """a + b, and what rounding took from it."""

    def implementation(a, b):
        total = a + b
        part = total - a
        return total, (a - (total - part)) + (b - part)

    return implementation


@compiled(exact=True)
def quarter_turns(precision):
    """x = n pi/2 + r + low for x >= 0, with |r| <= pi/4: r, low, and n less the nearest multiple of 4.

    The product of x and 2/pi, whose leading bits give whole turns and are left out of the table's row for x, is summed
    to some 150 bits, so that nothing is lost for any x (Payne and Hanek 1983).
    """
    return precision.choose(_turns_of_double, _turns_of_single)(precision)


def _turns_of_double(precision):
    shift, first, second = precision.shift, 1.5707963267948966, 6.123233995736766e-17

    def implementation(x):
        power = exponent(x)
        power = 0.0 if power < 0.0 else (1023.0 if power > 1023.0 else power)
        row = np.int64(0.125 * power)
        s = x * power_of_two(shift - 8.0 * np.float64(row))
        a, b, c, d = QUARTERS_64[row, 0], QUARTERS_64[row, 1], QUARTERS_64[row, 2], QUARTERS_64[row, 3]
        high, middle, small = s * a, s * b, s * c
        rest = fma(s, c, -small) + s * d
        small, small_low = plus(small, fma(s, b, -middle))
        middle, middle_low = plus(middle, fma(s, a, -high))
        middle = middle - 4.0 * ((0.25 * middle + shift) - shift)
        turns, turns_low = plus(high - 4.0 * np.floor(0.25 * high), middle)
        n = (turns + shift) - shift
        e, e_low = plus(turns - n, middle_low)
        f, f_low = plus(e, small)
        g, g_low = plus(f, turns_low)
        low = ((e_low + f_low) + (g_low + small_low)) + rest
        part = g + low
        low = (g - part) + low
        r = part * first
        return r, fma(part, first, -r) + (part * second + low * first), n - 4.0 * ((0.25 * n + shift) - shift)

    return implementation


def _turns_of_single(precision):
    """The same for 24 bits: the result is all in its first part."""
    shift, first = DOUBLE.shift, 1.5707963267948966

    def implementation(x):
        power = np.float64(exponent(x))
        power = 0.0 if power < 0.0 else (127.0 if power > 127.0 else power)
        row = np.int64(0.125 * power)
        s = np.float64(x) * power_of_two(shift - 8.0 * np.float64(row))
        a, b = QUARTERS_32[row, 0], QUARTERS_32[row, 1]
        high = s * a
        low = fma(s, a, -high) + s * b
        turns = high - 4.0 * np.floor(0.25 * high)
        n = (turns + shift) - shift
        return ((turns - n) + low) * first, 0.0, n - 4.0 * ((0.25 * n + shift) - shift)

    return implementation


@compiled()
def sine_and_cosine(precision):
    """The sine and the cosine of r + low for |r| <= pi/4."""
    sines, cosines = SIN, COS

    def implementation(r, low):
        z = r * r
        half = 0.5 * z
        sine = r + (r * z * polynomial(z, sines) + (low - half * low))
        near = 1.0 - half
        cosine = near + (((1.0 - near) - half) + (z * z * polynomial(z, cosines) - r * low))
        return sine, cosine

    return implementation
