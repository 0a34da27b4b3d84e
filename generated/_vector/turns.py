# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Sines of large products with a phase: whole turns are taken off the exact product before the phase is added."""

import numpy as np

from .bits import fma
from .core import compiled, plus, quarter_turns, sine_and_cosine

_TWO_PI = (6.283185307179586, 2.4492935982947064e-16)
_QUARTER = (1.5707963267948966, 6.123233995736766e-17)


@compiled(exact=True)
def fraction(precision):
    """x less the nearest whole number, exactly."""

    def implementation(x):
        part = x - np.floor(x + 0.5)
        return part - np.floor(part + 0.5)

    return implementation


@compiled(exact=True)
def angle_of(precision):
    """2 pi x y + phase as quarter turns, of which only the last two bits count, and an angle r + low."""
    turn, turn_low = _TWO_PI
    quarter, quarter_low = _QUARTER

    def implementation(x, y, phase):
        product = x * y
        whole, part = plus(fraction(product), fraction(fma(x, y, -product)))
        r, low, n = quarter_turns(abs(phase))
        sign = -1.0 if phase < 0.0 else 1.0
        k = np.floor(4.0 * whole + 0.5)
        near = whole - 0.25 * k
        angle = near * turn
        angle_low = fma(near, turn, -angle) + (near * turn_low + part * turn)
        total, rest = plus(angle, sign * r)
        step = 1.0 if total > 0.5 * quarter else (-1.0 if total < -0.5 * quarter else 0.0)
        total, more = plus(total, -step * quarter)
        low = (rest + more) + (angle_low + sign * low - step * quarter_low)
        total, low = plus(total, low)
        return total, low, k + sign * n + step

    return implementation


@compiled(exact=True)
def sine_of_quarters(precision):
    """sin(r + low + n pi/2)."""

    def implementation(r, low, n):
        sine, cosine = sine_and_cosine(r, low)
        n = n - 4.0 * np.floor(0.25 * n)
        size = cosine if n == 1.0 or n == 3.0 else sine
        return -size if n >= 2.0 else size

    return implementation


@compiled(lambda x, y, phase: np.sin(2 * np.pi * np.fmod(x * y, 1.0) + phase), wide=True)
def sine_of_turns(precision):
    """sin(2 pi x y + phase), right also where the product is rounded."""

    def implementation(x, y, phase):
        r, low, n = angle_of(x, y, phase)
        return sine_of_quarters(r, low, n)

    return implementation


@compiled(lambda x, y, phase: np.cos(2 * np.pi * np.fmod(x * y, 1.0) + phase), wide=True)
def cosine_of_turns(precision):
    """cos(2 pi x y + phase), likewise."""

    def implementation(x, y, phase):
        r, low, n = angle_of(x, y, phase)
        return sine_of_quarters(r, low, n + 1.0)

    return implementation
