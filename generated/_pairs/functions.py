# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Elementary functions of pairs."""

import numpy as np
from numba import types
from numba.extending import intrinsic, overload, register_jitable

from .._vector import cos, exp, expm1, power, rational_power, sigmoid, sin, softplus
from .._vector.bits import scaled
from .._vector.core import exp_parts, log_at_ends, log_in_two, split
from .._vector.linking import INLINE
from .number import is_operand, made, parts, result_of

_EXP_END = 1000.0


@intrinsic
def like(typing, high, low, x):
    """The pair of two floats, in the precision of x."""

    def build(context, builder, signature, values):
        return made(context, builder, signature.return_type, values[:2])

    return result_of(x)(types.float64, types.float64, x), build


def _function(make):
    """A function of a pair, for compiled code, that is made of the nearest float and what is left."""

    def function(x):
        raise TypeError(f"{make.__name__} is for compiled code")

    def choose(x):
        if not is_operand(x):
            return None

        def compiled(x):
            near, rest = parts(x)
            high, low = make(near, rest)
            return like(high, low, x)

        return compiled

    make = register_jitable(**INLINE)(make)
    overload(function, jit_options=INLINE, strict=False)(choose)
    function.__doc__ = make.__doc__
    return function


@_function
def exp_of(x, rest):
    """exp(x), rounded once."""
    p, k = exp_parts(x, rest if abs(x) < _EXP_END else 0.0)
    return scaled(p, k) if x == x else x, 0.0


@_function
def expm1_of(x, rest):
    """exp(x) - 1, rounded once."""
    return expm1(x) + exp(x) * rest, 0.0


@_function
def sigmoid_of(x, rest):
    """1/(1 + exp(-x)), rounded once."""
    return sigmoid(x) + sigmoid(x) * sigmoid(-x) * rest, 0.0


@_function
def softplus_of(x, rest):
    """log(1 + exp(x)), rounded once."""
    return softplus(x) + sigmoid(x) * rest, 0.0


@_function
def log_of(x, rest):
    """log(x)."""
    m, k = split(x)
    high, low = log_in_two(m, k)
    return log_at_ends(x, high), low + rest / x


@_function
def sin_of(x, rest):
    """sin(x), rounded once."""
    return sin(x) + cos(x) * rest, 0.0


@_function
def cos_of(x, rest):
    """cos(x), rounded once."""
    return cos(x) - sin(x) * rest, 0.0


def power_of(x, n):
    """x**n for a whole number n."""
    raise TypeError("power_of is for compiled code")


@overload(power_of, jit_options=INLINE, strict=False)
def _power_of(x, n):
    if not (is_operand(x) and isinstance(n, types.Number)):
        return None

    def compiled(x, n):
        near, rest = parts(x)
        high = power(near, np.float64(n))
        return like(high, high * (n * (rest / near)), x)

    return compiled


def rational_power_of(x, numerator, denominator):
    """x**(numerator/denominator) for whole numbers."""
    raise TypeError("rational_power_of is for compiled code")


@overload(rational_power_of, jit_options=INLINE, strict=False)
def _rational_power_of(x, numerator, denominator):
    if not is_operand(x):
        return None

    def compiled(x, numerator, denominator):
        near, rest = parts(x)
        high = rational_power(near, numerator, denominator)
        return like(high, high * (numerator / denominator * (rest / near)), x)

    return compiled
