# eqc-inputs: 95df00128bdf53a22c3d2b28a5af041162d2d4b66eb3e163b0ec8872e037aa5c
"""What is computed from the Cholesky factor of a symmetric positive definite matrix, by rows of the factor.

Small matrices are faster in loops than in LAPACK; the rows of larger ones are added in vectors.
"""

from math import sqrt

import numpy as np
from numba import njit

from ._vector import log

_SMALL = 32


@njit(cache=True, error_model="numpy")
def cholesky(a):
    """The lower triangular L with L·Lᵀ = a; an error for a matrix that is not positive definite."""
    n = a.shape[0]
    if n > _SMALL:
        return np.linalg.cholesky(a)
    factor = np.zeros((n, n), a.dtype)
    for i in range(n):
        for j in range(i + 1):
            rest = np.float64(a[i, j])
            for k in range(j):
                rest -= factor[i, k] * factor[j, k]
            if j < i:
                factor[i, j] = rest / factor[j, j]
            elif rest > 0.0:
                factor[i, i] = sqrt(rest)
            else:
                raise np.linalg.LinAlgError("Matrix is not positive definite.")
    return factor


@njit(cache=True, error_model="numpy")
def factor_log_determinant(factor):
    """The logarithm of the determinant of L·Lᵀ."""
    total = 0.0
    for i in range(factor.shape[0]):
        total += log(factor[i, i])
    return 2.0 * total


@njit(cache=True, error_model="numpy")
def factor_solve_vector(factor, right):
    """x with L·Lᵀ·x = right."""
    n = factor.shape[0]
    x = right.astype(factor.dtype)
    for i in range(n):
        for k in range(i):
            x[i] -= factor[i, k] * x[k]
        x[i] /= factor[i, i]
    for i in range(n - 1, -1, -1):
        x[i] /= factor[i, i]
        for k in range(i):
            x[k] -= factor[i, k] * x[i]
    return x


@njit(cache=True, error_model="numpy")
def factor_solve(factor, right):
    """The same for every column of a matrix."""
    n, m = right.shape
    x = right.astype(factor.dtype)
    for i in range(n):
        for k in range(i):
            for j in range(m):
                x[i, j] -= factor[i, k] * x[k, j]
        for j in range(m):
            x[i, j] /= factor[i, i]
    for i in range(n - 1, -1, -1):
        for j in range(m):
            x[i, j] /= factor[i, i]
        for k in range(i):
            for j in range(m):
                x[k, j] -= factor[i, k] * x[i, j]
    return x


@njit(cache=True, error_model="numpy")
def factor_inverse(factor):
    """The inverse of L·Lᵀ: W = L⁻¹ row by row, then Wᵀ·W, of which one triangle is computed."""
    n = factor.shape[0]
    w, inverse = np.zeros_like(factor), np.zeros_like(factor)
    for i in range(n):
        row = w[i]
        for k in range(i):
            scale, above = factor[i, k], w[k]
            for j in range(k + 1):
                row[j] -= scale * above[j]
        for j in range(i):
            row[j] /= factor[i, i]
        row[i] = 1.0 / factor[i, i]
    for k in range(n):
        for i in range(k + 1):
            scale, above, row = w[k, i], w[k], inverse[i]
            for j in range(i + 1):
                row[j] += scale * above[j]
    for i in range(n):
        for j in range(i):
            inverse[j, i] = inverse[i, j]
    return inverse
