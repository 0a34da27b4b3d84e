"""Eigenvalues of matrices that need not be symmetric, in hyperdual balls.

NumPy's eigenvalues are refined as roots of the characteristic polynomial: a pair of real equations for a complex one.
The polynomial's coefficients come from the traces of powers (Faddeev and Le Verrier).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from eqc.errors import Span
from eqc.verify.balls import Objects, ball
from eqc.verify.hyperdual import HyperDual, Scalar, lift, multiply, total, undefined
from eqc.verify.solving import Change, Duals, refined
from eqc.verify.tensor import Tensor, Value, filled, plain, square

_SAME = 1e-9


def eigenvalue_real_parts(span: Span, value: Value) -> Tensor:
    """The real parts, ascending; equal ones by imaginary part."""
    pairs = _eigenvalues(square(span, value).data)
    return plain((len(pairs),), lambda at: pairs[at[0]][0])


def eigenvalue_imaginary_parts(span: Span, value: Value) -> Tensor:
    """The imaginary parts in the same order."""
    pairs = _eigenvalues(square(span, value).data)
    return plain((len(pairs),), lambda at: pairs[at[0]][1])


def real_eigenvalues(span: Span, value: Value) -> Tensor:
    """The eigenvalues of a matrix that has only real ones."""
    pairs = _eigenvalues(square(span, value).data)
    if all(isinstance(y, int) for _, y in pairs):
        return plain((len(pairs),), lambda at: pairs[at[0]][0])
    return plain((len(pairs),), lambda at: undefined(*(lift(x) for x in value.data.ravel())))


def _eigenvalues(matrix: Objects) -> list[tuple[Scalar, Scalar]]:
    """Real and imaginary part of each eigenvalue; the imaginary part of a real one is an exact 0."""
    floats = filled(matrix.shape, lambda at: float(lift(matrix[at]).value.mid())).astype(np.float64)
    if not np.all(np.isfinite(floats)):
        return [(undefined(), undefined())] * len(matrix)
    found = np.linalg.eigvals(floats)
    size = float(np.max(np.abs(found), initial=0.0))
    step = max(size, 1e-300) * _SAME
    starts = sorted(found, key=lambda x: (round(x.real / step), x.imag))
    coefficients = _characteristic(matrix)
    return [_root(coefficients, complex(start), step) for start in starts]


def _characteristic(matrix: Objects) -> Duals:
    """The coefficients of det(λ - A), that of the highest power first."""
    order = len(matrix)
    found: list[Scalar] = [1]
    power = filled(matrix.shape, lambda at: 0)
    for k in range(1, order + 1):
        power = filled(matrix.shape, lambda at: _entry(matrix, power, at))  # noqa: B023  (used at once)
        for i in range(order):
            power[i, i] = total((power[i, i], found[-1]))
        turned = filled(matrix.shape, lambda at: _entry(matrix, power, at))  # noqa: B023
        found.append(multiply(Fraction(-1, k), total(turned[i, i] for i in range(order))))
    return [lift(x) for x in found]


def _entry(left: Objects, right: Objects, at: tuple[int, ...]) -> Scalar:
    return total(multiply(a, b) for a, b in zip(left[at[0]], right[:, at[1]], strict=True))


def _root(coefficients: Duals, start: complex, small: float) -> tuple[Scalar, Scalar]:
    """The root of a polynomial near a complex number."""
    is_real = abs(start.imag) <= small

    def residual(point: Duals, change: Change) -> Duals:
        x, y = lift(point[0]), (lift(0) if is_real else point[1])
        real, imaginary = HyperDual(ball(0)), HyperDual(ball(0))
        for coefficient in coefficients:
            real, imaginary = real * x - imaginary * y + change(coefficient), real * y + imaginary * x
        return [real] if is_real else [real, imaginary]

    found = refined(residual, np.array([start.real] if is_real else [start.real, start.imag]))
    return (found[0], 0) if is_real else (found[0], found[1])
