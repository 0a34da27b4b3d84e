# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Quotients by numbers that many others are divided by: loops compute an inverse in two parts once.

The divisor is brought near to 1 first, so that its inverse has all digits. The first part is the lesser one and the
second none, so that infinities and signs of zeros come out right: x/y is x' i + x' j, rounded once.
"""

import numpy as np
from numba import types
from numba.extending import overload

from .bits import copysign, fma, leveller, lowered
from .linking import INLINE
from .reductions import largest, least, maximum

_HIGHEST, _LOWEST = 2.0**126, 2.0**-126
"""Powers of two that float32 numbers are brought near to 1 by."""
_LEAST = 2.0**-250
"""Lesser divisors of float32 numbers, but for 0, give infinities too."""
_MINOR, _SMALL = 2.0**-108, 2.0**-40
"""What second parts are at least, by their first parts: too little to be seen in a result."""


def quotient(x, y):
    """x/y, rounded once, for a y that many x share; a float32 number over a double is a float32 number."""
    with np.errstate(all="ignore"):
        return np.true_divide(x, y)


@overload(quotient, jit_options=INLINE, strict=False)
def _compiled(x, y):
    if x == types.float32 and y in (types.float32, types.float64):
        return _of_single
    return _of_double


def _of_double(x, y):
    size = abs(np.float64(y))
    level = leveller(size)
    divisor = size * level
    near = 1.0 / divisor
    inverse = lowered(near, fma(-near, divisor, 1.0) < 0.0)
    more = inverse * largest(fma(-inverse, divisor, 1.0), _MINOR)
    part = np.float64(x) * copysign(level, np.float64(y))
    return fma(part, inverse, part * more)


def _of_single(x, y):
    size = maximum(abs(np.float64(y)), np.float64(y != 0) * _LEAST)
    level = least(largest(leveller(size), _LOWEST), _HIGHEST)
    near = 1.0 / (size * level)
    single = np.float32(near)
    inverse = lowered(single, np.float64(single) > near)
    more = np.float32(largest(near - np.float64(inverse), near * _SMALL))
    part = x * np.float32(copysign(level, np.float64(y)))
    return fma(part, inverse, part * more)
