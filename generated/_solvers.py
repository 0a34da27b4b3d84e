# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Solvers that generated kernels share. Each returns a point that it has checked, or raises; none returns its best try.

A solver is made for two functions: `residual(point, given, out)` writes what is to become zero, `slope(point, given,
out)` its derivative. The point is a vector of float64, `given` a tuple of all else that the equations depend on. Made
this way the kernels that call a solver can be cached, and the solver within them.
"""

from math import inf, isfinite, sqrt

import numpy as np
from numba import njit, types
from numba.extending import overload

from ._vector import PART

_ULP = 2.220446049250313e-16
_STEPS = 500
_PLAIN_STEPS = 100000


def double(x):
    """Data in float64; what is so already stays where it is."""
    return np.asarray(x, np.float64)


@overload(double, inline="always")
def _compile_double(x):
    if isinstance(x, types.Array) and not (isinstance(x.dtype, types.Float) and x.dtype.bitwidth == 64):
        return lambda x: x.astype(np.float64)
    if isinstance(x, types.Array):
        return lambda x: x
    return lambda x: x * 1.0


@njit(**PART)
def _size(x):
    """The largest absolute value; infinite if anything is not finite."""
    found = 0.0
    for i in range(x.size):
        value = abs(x.flat[i])
        if not isfinite(value):
            return inf
        found = max(found, value)
    return found


@njit(cache=True)
def _step(slope, residual, damping):
    """The Newton step, or for a damping > 0 that of Levenberg and Marquardt; infinite where there is none."""
    n = residual.size
    if n == 1 and damping == 0.0:
        return residual / slope[0, 0]
    if _size(slope) == inf:
        return np.full(n, inf)
    if damping == 0.0:
        try:
            return np.linalg.solve(slope, residual)
        except Exception:
            return np.full(n, inf)
    normal = slope.T.copy() @ slope
    scale = max(_size(normal), 1e-300)
    for i in range(n):
        normal[i, i] += damping * max(normal[i, i], 1e-12 * scale)
    return np.linalg.solve(normal, slope.T.copy() @ residual)


@njit(**PART)
def _is_settled(step, point, tolerance):
    return _size(step) <= tolerance * _size(point)


def _newton(residual, slope):
    """Newton's method, damped after Levenberg and Marquardt where a step does not bring the residual down.

    The inner function returns a point and how far its residual still is from 0: 0 says that it is as near as rounding
    allows. It stops early where the residual is below `goal`.
    """

    @njit(**PART)
    def descend(point, given, goal):
        n = point.size
        value, trial, matrix = np.empty(n), np.empty(n), np.empty((n, n))
        residual(point, given, value)
        damping = 0.0
        for _ in range(_STEPS):
            if _size(value) <= goal:
                return point, 0.0
            slope(point, given, matrix)
            step = _step(matrix, value, 0.0)
            if _is_settled(step, point, 4 * _ULP):
                return point - step, 0.0
            settled = _is_settled(step, point, 1e-10)
            residual(point - step, given, trial)
            while not (_size(trial) < inf and np.dot(trial, trial) < np.dot(value, value)):
                if settled:
                    return point, 0.0  # rounding keeps the residual from falling further
                damping = max(10.0 * damping, 1e-6)
                if damping > 1e12:
                    return point, _size(value)
                step = _step(matrix, value, damping)
                residual(point - step, given, trial)
            point = point - step
            value[:] = trial
            damping *= 0.01
        return point, _size(value)

    return descend


def root(residual, slope):
    """A root near a start."""
    descend = _newton(residual, slope)

    @njit(**PART)
    def solve(point, given):
        point, missing = descend(point, given, 0.0)
        if missing > 0.0:
            raise ValueError("no root was found from this start: the residual stays at", missing)
        return point

    return solve


def _at(residual):
    """A residual in one unknown as a function of a number."""

    @njit(**PART)
    def one(at, given):
        out = np.empty(1)
        residual(np.full(1, at), given, out)
        return out[0]

    return one


def _bracket(one):
    """Finite ends of a bracket."""

    @njit(**PART)
    def far_end(start, direction, given):
        """Where the sign is another one than at the start: steps that double. The start if it is so nowhere."""
        before = one(start, given)
        for k in range(-20, 1024):
            at = start + direction * 2.0**k * max(1.0, abs(start))
            if not isfinite(at):
                break
            value = one(at, given)
            if value == 0.0 or (value < 0.0) != (before < 0.0):
                return at
        return start

    @njit(**PART)
    def ends(low, high, given):
        if isfinite(low) and isfinite(high):
            return low, high
        if isfinite(low):
            return low, far_end(low, 1.0, given)
        if isfinite(high):
            return far_end(high, -1.0, given), high
        high = far_end(0.0, 1.0, given)
        return (0.0, high) if high > 0.0 else (far_end(0.0, -1.0, given), 0.0)

    return ends


def bracketed_root(residual, slope):
    """Newton's method between two ends where the residual has different signs; bisection where a step leaves them."""
    one = _at(residual)
    ends = _bracket(one)

    @njit(**PART)
    def solve(low, high, given):
        low, high = ends(low, high, given)
        below, above = one(low, given), one(high, given)
        if below == 0.0 or above == 0.0:
            return np.full(1, low if below == 0.0 else high)
        if not below * above < 0.0:
            raise ValueError("no root is bracketed: the residual has one sign at both ends", low, high)
        at, matrix = 0.5 * low + 0.5 * high, np.empty((1, 1))
        for _ in range(4 * _STEPS):
            value = one(at, given)
            if value == 0.0:
                return np.full(1, at)
            if (value < 0.0) == (below < 0.0):
                low = at
            else:
                high = at
            slope(np.full(1, at), given, matrix)
            new = at - value / matrix[0, 0]
            if not low < new < high:
                new = 0.5 * low + 0.5 * high
            if abs(new - at) <= 2 * _ULP * abs(new) or not low < new < high:
                return np.full(1, new)
            at = new
        raise ValueError("a bracketed root was not found: the bracket is still", low, high)

    return solve


def fixed_point(residual, slope):
    """Newton's method on x - G(x), and x = G(x) itself where that does better: a contraction always gets there."""

    @njit(**PART)
    def solve(point, given):
        n = point.size
        value, trial, matrix = np.empty(n), np.empty(n), np.empty((n, n))
        residual(point, given, value)
        for _ in range(_PLAIN_STEPS):
            if _size(value) == inf:
                break
            if _size(value) == 0.0:
                return point
            slope(point, given, matrix)
            step = _step(matrix, value, 0.0)
            if _is_settled(step, point, 4 * _ULP):
                return point - step
            settled = _is_settled(step, point, 1e-10)
            residual(point - step, given, trial)
            if _size(step) < inf and _size(trial) <= 0.5 * _size(value):
                point = point - step
                value[:] = trial
            elif settled:
                return point  # rounding keeps the residual from falling further
            else:
                point = point - value
                residual(point, given, value)
        raise ValueError("a fixed point was not reached: the last change was", _size(value))

    return solve


@njit(cache=True)
def _downhill(matrix, gradient):
    """The Newton step for a minimum, and by how much the matrix was shifted to be positive definite."""
    n = gradient.size
    even = 0.5 * (matrix + matrix.T)
    shift, unit = 0.0, max(_size(even), 1e-300)
    for _ in range(60):
        shifted = even + shift * np.eye(n)
        if np.linalg.eigvalsh(shifted)[0] > _ULP * unit:
            return np.linalg.solve(shifted, gradient), shift
        shift = max(4.0 * shift, 1e-8 * unit)
    return gradient, inf


def _along(gradient):
    """How far to go along a step."""

    @njit(**PART)
    def length_along(point, step, first, given):
        """The slope along the step falls from `first` below nine tenths of it. 0 if it does not."""
        trial = np.empty(point.size)
        low, high, length = 0.0, inf, 1.0
        for _ in range(100):
            gradient(point - length * step, given, trial)
            along = np.dot(trial, step) if _size(trial) < inf else -inf
            if abs(along) <= 0.9 * first:
                return length
            low, high = (length, high) if along > 0.0 else (low, length)
            length = 2.0 * length if high == inf else 0.5 * (low + high)
        return 0.0

    return length_along


def descent(gradient, hessian):
    """Newton's method for a minimum; along each direction the slope is followed until it is small."""
    length_along = _along(gradient)

    @njit(**PART)
    def solve(point, given):
        n = point.size
        value, trial, matrix = np.empty(n), np.empty(n), np.empty((n, n))
        for _ in range(_STEPS):
            gradient(point, given, value)
            hessian(point, given, matrix)
            if _size(value) == inf or _size(matrix) == inf:
                break
            step, shift = _downhill(matrix, value)
            if shift == 0.0 and (_size(value) == 0.0 or _is_settled(step, point, 4 * _ULP)):
                return point - step
            if shift == 0.0 and _is_settled(step, point, 1e-9):
                gradient(point - step, given, trial)
                if not _size(trial) < _size(value):
                    return point  # rounding keeps the gradient from falling further
                point = point - step
                continue
            length = length_along(point, step, np.dot(value, step), given)
            if length == 0.0:
                break
            point = point - length * step
        raise ValueError("no minimum was found from this start: the gradient stays at", _size(value))

    return solve


@njit(cache=True)
def _is_minimum(matrix, unknowns):
    """Whether the curvature is not negative along any direction that the active conditions leave free."""
    curvature = 0.5 * (matrix[:unknowns, :unknowns] + matrix[:unknowns, :unknowns].T)
    active = matrix[unknowns:, :unknowns].copy()
    values, vectors = np.linalg.eigh(active.T.copy() @ active)
    free = vectors.copy()
    for j in range(unknowns):
        if values[j] > 1e-12 * max(values[unknowns - 1], 1e-300):
            free[:, j] = 0.0
    bent = np.linalg.eigvalsh(free.T.copy() @ curvature @ free)
    return bent[0] >= -1e-9 * max(_size(curvature), 1e-300)


def optimum(residual, slope):
    """The conditions for an optimum, followed from smoothed ones to the exact ones: a smoothing Newton method.

    `given` lacks the smoothing, which is the first entry that the residual takes.
    """
    descend = _newton(residual, slope)

    @njit(**PART)
    def solve(point, unknowns, given):
        smoothing = 1.0
        while smoothing > 1e-300:
            smoothing = 0.1 * smoothing if smoothing > 1e-20 else 1e-300
            goal = 0.1 * sqrt(smoothing) if smoothing > 1e-20 else 0.0
            point, missing = descend(point, (smoothing, *given), goal)
            if missing > 0.0:
                raise ValueError("no optimum was found; can the conditions hold? They are missed by", missing)
        matrix = np.empty((point.size, point.size))
        slope(point, (smoothing, *given), matrix)
        if not _is_minimum(matrix, unknowns):
            raise ValueError("the conditions of first order hold where no optimum is: the problem is not convex")
        return point

    return solve
