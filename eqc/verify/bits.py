"""Bits of error: log2(1 + floats between a result and the correctly rounded one).

1 ulp is 1 bit, 3 ulp are 2 bits, 7 ulp 3 bits. A result that is not finite where the truth is has all bits wrong.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqc.verify.balls import Ball

ALL_BITS = {"float64": 64.0, "float32": 32.0}
_INTEGERS = {"float64": np.int64, "float32": np.int32}
_BEYOND = 5000
"""Exponents of two beyond this are zero or infinite in every dtype."""


def nearest_float(value: Ball, dtype: str) -> float:
    """The float nearest to a ball's midpoint, subnormal and overflowing numbers included; NaN if it is not finite.

    >>> from eqc.verify.balls import ball
    >>> nearest_float(ball(1) / 3, "float64") == 1/3, nearest_float(ball(2) ** 2000, "float64")
    (True, inf)
    """
    if not value.is_finite():
        return math.nan
    mantissa, exponent = (int(part) for part in value.mid().man_exp())
    size = mantissa.bit_length() + exponent
    if mantissa == 0 or size < -_BEYOND:
        return 0.0
    if size > _BEYOND:
        return math.inf if mantissa > 0 else -math.inf
    exact = Fraction(mantissa) * Fraction(2) ** exponent
    return _rounded(exact, dtype)


def _rounded(exact: Fraction, dtype: str) -> float:
    """Rounded once: a float32 from the exact number, not from its float64."""
    try:
        number = float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf
    if dtype == "float64":
        return number
    with np.errstate(over="ignore"):
        near = np.float32(number)
        options = [near, np.nextafter(near, np.float32(-np.inf)), np.nextafter(near, np.float32(np.inf))]
    finite = [c for c in options if np.isfinite(c)]
    if not np.isfinite(near):
        return float(near)
    return float(min(finite, key=lambda c: abs(Fraction(float(c)) - exact)))


def ordinal(values: NDArray[Any]) -> list[int]:
    """The place of each float in the order of all floats; -0 and 0 share one.

    >>> ordinal(np.array([0.0, -0.0, 5e-324, -5e-324]))
    [0, 0, 1, -1]
    """
    raw = values.view(_INTEGERS[values.dtype.name]).astype(object)
    least = -(1 << (8 * values.dtype.itemsize - 1))
    return [int(n) if n >= 0 else least - int(n) for n in np.atleast_1d(raw).ravel()]


def bits_of_error(got: NDArray[Any], truth: NDArray[np.float64]) -> NDArray[np.float64]:
    """The bits of error of each entry; `truth` holds floats of the dtype of `got`, and no NaN.

    >>> bits_of_error(np.array([1.0, np.nextafter(1.0, 2.0), np.nan]), np.array([1.0, 1.0, 1.0])).tolist()
    [0.0, 1.0, 64.0]
    """
    exact = np.asarray(truth, dtype=got.dtype)
    every = ALL_BITS[got.dtype.name]
    found = [math.log2(1 + abs(a - b)) for a, b in zip(ordinal(got), ordinal(exact), strict=True)]
    wrong = np.isnan(got) | (np.isinf(got) & np.isfinite(exact))
    return np.where(wrong, every, np.minimum(np.array(found).reshape(got.shape), every))
