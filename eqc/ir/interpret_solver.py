"""What a solution is, in mpmath numbers: Newton's method with differences, from where the problem's method begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mpmath

from eqc.ir.solver import Method

Vector = list[Any]
Residual = Callable[[Vector, Any], Vector]
"""The residual at a point, with a smoothing."""

_STEPS = 200
_HALVINGS = 60


def solve(method: Method, residual: Residual, length: int, guides: Sequence[Vector]) -> Vector:
    """The point where the residual is zero; ValueError if it is not reached.

    >>> solve(Method.ROOT, lambda x, _: [x[0] ** 2 - 4], 1, [[mpmath.mpf(1)]])
    [mpf('2.0')]
    """
    return _METHODS[method](residual, [mpmath.mpf(0)] * length, guides)


def _near_start(residual: Residual, zero: Vector, guides: Sequence[Vector]) -> Vector:
    return _newton(residual, list(guides[0]) if guides else zero, mpmath.mpf(0))


def _bracketed(residual: Residual, zero: Vector, guides: Sequence[Vector]) -> Vector:
    """Bisection until Newton's method is safe."""
    low, high = _ends(lambda x: residual([x], 0)[0], guides[0][0], guides[1][0])
    below = residual([low], 0)[0]
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if (residual([middle], 0)[0] < 0) == (below < 0):
            low = middle
        else:
            high = middle
    return _newton(residual, [(low + high) / 2], mpmath.mpf(0))


def _ends(function: Callable[[Any], Any], low: Any, high: Any) -> tuple[Any, Any]:
    """Finite ends between which the sign changes."""
    for k in range(-20, 300):
        reach = mpmath.mpf(2) ** k
        middle = low if mpmath.isfinite(low) else high if mpmath.isfinite(high) else mpmath.mpf(0)
        a = low if mpmath.isfinite(low) else middle - reach
        b = high if mpmath.isfinite(high) else middle + reach
        if (function(a) < 0) != (function(b) < 0):
            return a, b
    raise ValueError("no root is bracketed")


def _fixed_point(residual: Residual, zero: Vector, guides: Sequence[Vector]) -> Vector:
    point = list(guides[0]) if guides else zero
    for _ in range(_STEPS):
        point = [x - r for x, r in zip(point, residual(point, 0), strict=True)]
    return _newton(residual, point, mpmath.mpf(0))


def _optimum(residual: Residual, zero: Vector, guides: Sequence[Vector]) -> Vector:
    """From smoothed conditions to exact ones."""
    point = zero
    for k in range(21):
        point = _newton(residual, point, mpmath.mpf(10) ** -k)
    return _newton(residual, point, mpmath.mpf(10) ** (-4 * mpmath.mp.dps))


_METHODS: Mapping[Method, Callable[[Residual, Vector, Sequence[Vector]], Vector]] = {
    Method.ROOT: _near_start,
    Method.BRACKET: _bracketed,
    Method.FIXED_POINT: _fixed_point,
    Method.MINIMUM: _near_start,
    Method.OPTIMUM: _optimum,
}


def _newton(residual: Residual, point: Vector, smoothing: Any) -> Vector:
    """Newton's method; a step is halved until the residual falls."""
    enough = mpmath.mpf(10) ** (3 - mpmath.mp.dps)
    with mpmath.extradps(10):
        value = residual(point, smoothing)
        for _ in range(_STEPS):
            if _norm(value) == 0:
                return point
            step = list(mpmath.lu_solve(_slope(residual, point, value, smoothing), mpmath.matrix(value)))
            done = _norm(step) <= enough * _norm(point)
            for halving in range(_HALVINGS):
                trial = [x - s / 2**halving for x, s in zip(point, step, strict=True)]
                found = residual(trial, smoothing)
                if done or _norm(found) < _norm(value):
                    break
            point, value = trial, found
            if done:
                return point
    raise ValueError("the interpreter found no solution")


def _slope(residual: Residual, point: Vector, value: Vector, smoothing: Any) -> Any:
    """The derivative of the residual, by differences of half the digits."""
    matrix = mpmath.matrix(len(point))
    for j, x in enumerate(point):
        step = mpmath.mpf(10) ** (-mpmath.mp.dps // 2) * max(1, abs(x))
        moved = residual([*point[:j], x + step, *point[j + 1 :]], smoothing)
        for i, (a, b) in enumerate(zip(moved, value, strict=True)):
            matrix[i, j] = (a - b) / step
    return matrix


def _norm(vector: Sequence[Any]) -> Any:
    return max((abs(x) for x in vector), default=mpmath.mpf(0))
