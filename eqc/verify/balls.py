"""Ball arithmetic: the few pieces of python-flint that the oracle stands on.

A ball is a midpoint with a radius that provably contains the exact number, so a small radius certifies a result and
the radius at a low precision bounds what rounding can do to a formula.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

Ball = Any
Series = Any
Objects = NDArray[np.object_]

NAN: Ball = flint.arb.nan()
MINUS_INFINITY: Ball = flint.arb.neg_inf()
LEAST_CERTAIN = 1e-323
"""A ball that holds 0 and is narrower than this is less than any float."""


class Undecided(Exception):
    """A comparison that the precision at hand cannot decide."""


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Compute with `bits` bits; the precision before is restored.

    >>> with precision(20):
    ...     third = ball(1) / 3
    >>> 1e-7 < float(third.rad()) < 1e-6
    True
    """
    before = flint.ctx.prec
    flint.ctx.prec = bits
    try:
        yield
    finally:
        flint.ctx.prec = before


def current_precision() -> int:
    """The bits that are computed with.

    >>> with precision(20):
    ...     current_precision()
    20
    """
    return int(flint.ctx.prec)


def ball(number: float | Fraction) -> Ball:
    """The number as a ball: exact for floats and integers, enclosed for other fractions.

    >>> ball(0.1) == ball(Fraction(1, 10)), ball(0.5) == ball(Fraction(1, 2))
    (False, True)
    """
    if isinstance(number, Fraction):
        return flint.arb(flint.fmpq(number.numerator, number.denominator))
    return flint.arb(number)


def blurred(number: float) -> Ball:
    """A number that is known to one unit roundoff of the precision at hand.

    >>> with precision(24):
    ...     1.0 <= float(blurred(1.0).rad()) * 2.0**24 < 1.01
    True
    """
    return flint.arb(number, abs(number) * 2.0**-flint.ctx.prec)


def power_series(coefficients: list[Ball], length: int) -> Series:
    """A truncated power series; `length` holds for what is computed from it too."""
    flint.ctx.cap = length
    return flint.arb_series(coefficients)


def constant(name: str) -> Ball:
    """A named number at the precision at hand.

    >>> str(constant("pi"))[:8]
    '[3.14159'
    """
    return _CONSTANTS[name]()


_CONSTANTS = {
    "pi": flint.arb.pi,
    "E": flint.arb.const_e,
    "EulerGamma": flint.arb.const_euler,
    "Catalan": flint.arb.const_catalan,
    "GoldenRatio": lambda: (1 + flint.arb(5).sqrt()) / 2,
    "oo": flint.arb.pos_inf,
}
CONSTANT_NAMES = frozenset(_CONSTANTS)


def is_certain(value: Ball, zero: float, relative: float = 1e-25) -> bool:
    """Whether a ball pins its number down: to `relative` of itself, or within `zero` around 0."""
    if not value.is_finite():
        return False
    if value.contains(0):
        return float(value.rad()) <= zero
    return bool(value.rad() <= abs(value.mid()) * relative)


def as_float(values: Objects) -> NDArray[np.float64]:
    """The nearest floats of an array of balls; 0 for a ball around it.

    >>> as_float(np.array([ball(1) / 4, ball(2)], dtype=object)).tolist()
    [0.25, 2.0]
    """
    return _each(values, _nearest)


def _nearest(value: Ball) -> float:
    if not value.is_finite():
        return _infinite(value)
    return 0.0 if value.contains(0) else float(value.mid())


def _infinite(value: Ball) -> float:
    if value == flint.arb.neg_inf():
        return -np.inf
    return np.inf if value == flint.arb.pos_inf() else np.nan


def radii(values: Objects) -> NDArray[np.float64]:
    """The radii of an array of balls, infinite where nothing is known.

    >>> radii(np.array([ball(2), NAN], dtype=object)).tolist()
    [0.0, inf]
    """
    return _each(values, lambda v: float(v.rad()) if v.is_finite() else np.inf)


def bounded_radii(values: Objects) -> NDArray[np.float64]:
    """The radii with 0 in place of infinity."""
    found = radii(values)
    return np.where(np.isfinite(found), found, 0.0)


def _each(values: Objects, function: Callable[[Ball], float]) -> NDArray[np.float64]:
    items: list[Ball] = values.ravel().tolist()
    return np.array([function(v) for v in items], dtype=np.float64).reshape(values.shape)
