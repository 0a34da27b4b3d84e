"""Functions that generated kernels share: what Python's math module lacks, with NaN, infinities and signs right."""

from math import floor, inf, log, nan, pi, tan

import numpy as np
from numba import njit, types
from numba.extending import overload


def dtype_of(x):
    """The type of results for an array of data: its own if it is real, float64 for integers."""
    return x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)


@overload(dtype_of, inline="always")
def _compile_dtype_of(x):
    if isinstance(x.dtype, types.Float):
        return lambda x: x.dtype
    return lambda x: np.float64


@njit(cache=True, inline="always")
def maximum(a, b):
    """The greater of two numbers; NaN if either is NaN."""
    return a if a > b or a != a else b


@njit(cache=True, inline="always")
def minimum(a, b):
    """The lesser of two numbers; NaN if either is NaN."""
    return a if a < b or a != a else b


@njit(cache=True, inline="always")
def sign(x):
    """-1, 0 or 1; NaN for NaN."""
    return 1.0 if x > 0 else (-1.0 if x < 0 else x * 0.0)


@njit(cache=True, inline="always")
def xlogy(x, y):
    """x*log(y), which is 0 where x is 0."""
    return 0.0 * y if x == 0 and y < inf else x * log(y)


@njit(cache=True)
def converged(fine, coarse, size):
    """The finer of two estimates of an integral; an error if they differ by more than 1e-8 of its absolute size."""
    if abs(fine - coarse) > 1e-8 * size:
        raise ValueError("an integral did not converge: two estimates of it", fine, coarse)
    return fine


@njit(cache=True)
def exact(a, b):
    """The whole quotient of two extents."""
    if b == 0 or a % b != 0:
        raise ValueError("an extent is not a whole number: inexact quotient", a, b)
    return a // b


@njit(inline="always")
def fitted(result, shape, name):
    """What a function that was passed in gave, if it has the shape that the formula asks for."""
    if result.shape != shape:
        raise ValueError("an array of the wrong shape", name, result.shape, shape)
    return result


@njit(cache=True)
def log_determinant(a):
    """The logarithm of a positive determinant, by an LU factorisation; NaN for a negative one."""
    sign_, log_size = np.linalg.slogdet(a)
    return log_size if sign_ > 0 else (-inf if sign_ == 0 else nan)


@njit(cache=True)
def log_determinant_spd(a):
    """The logarithm of the determinant of a symmetric positive definite matrix, by its Cholesky factor."""
    factor = np.linalg.cholesky(a)
    total = 0.0
    for i in range(a.shape[0]):
        total += log(factor[i, i])
    return 2.0 * total


@njit(cache=True)
def _largest_positive(columns, partner):
    """Turn the columns of both arrays so that the largest component of each column of the first is positive."""
    for j in range(columns.shape[1]):
        best = 0
        for i in range(columns.shape[0]):
            if abs(columns[i, j]) > abs(columns[best, j]):
                best = i
        if columns[best, j] < 0:
            for i in range(columns.shape[0]):
                columns[i, j] = -columns[i, j]
            for i in range(partner.shape[0]):
                partner[i, j] = -partner[i, j]


@njit(cache=True)
def eigenvectors(a):
    """Orthonormal eigenvectors of a symmetric matrix by ascending eigenvalue, their signs fixed."""
    vectors = np.linalg.eigh(a)[1].copy()
    _largest_positive(vectors, vectors[:0])
    return vectors


@njit(cache=True)
def singular_vectors(a):
    """Left and right singular vectors as columns, by descending singular value, their signs fixed."""
    u, _, vt = np.linalg.svd(a, full_matrices=False)
    left, right = u.copy(), vt.T.copy()
    _largest_positive(right, left)
    return left, right


_BERNOULLI = (
    1.0 / 6.0,
    -1.0 / 30.0,
    1.0 / 42.0,
    -1.0 / 30.0,
    5.0 / 66.0,
    -691.0 / 2730.0,
    7.0 / 6.0,
    -3617.0 / 510.0,
    43867.0 / 798.0,
    -174611.0 / 330.0,
)


@njit(cache=True)
def _digamma(x):
    """Reflection for x < 0, recurrence up to 10, then the asymptotic series (Abramowitz and Stegun 6.3.18)."""
    if x <= 0.0 and x == floor(x):
        return nan
    shift = 0.0
    if x < 0.0:
        shift = -pi / tan(pi * x)
        x = 1.0 - x
    while x < 10.0:
        shift -= 1.0 / x
        x += 1.0
    square = 1.0 / (x * x)
    power, tail = square, 0.0
    for k in range(len(_BERNOULLI)):
        tail += _BERNOULLI[k] * power / (2 * k + 2)
        power *= square
    return shift + log(x) - 0.5 / x - tail


@njit(cache=True)
def polygamma(n, x):
    """The n-th derivative of digamma: recurrence beyond 20, then the asymptotic series (6.4.11)."""
    if n == 0:
        return _digamma(x)
    if x < -1e7:
        return nan  # the recurrence would take |x| steps
    if x <= 0.0 and x == floor(x):
        return inf if n % 2 == 1 else nan
    sign_n = -1.0 if n % 2 == 0 else 1.0
    factorial = 1.0
    for k in range(2, n + 1):
        factorial *= k
    total = 0.0
    while x < 20.0 + n:
        total += factorial / x ** (n + 1)
        x += 1.0
    total += factorial / n / x**n + 0.5 * factorial / x ** (n + 1)
    rising = factorial / n
    for k in range(1, len(_BERNOULLI) + 1):
        rising *= (n + 2 * k - 2.0) * (n + 2 * k - 1.0) / ((2 * k - 1.0) * (2 * k)) if k > 1 else n * (n + 1.0) / 2.0
        total += _BERNOULLI[k - 1] * rising / x ** (n + 2 * k)
    return sign_n * total
