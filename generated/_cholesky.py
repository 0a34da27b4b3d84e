# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""What is computed from the Cholesky factor of a symmetric positive definite matrix, by rows of the factor.

Small matrices are faster in loops than in LAPACK; larger ones are cut into blocks, whose products are multiplied.
"""

from math import sqrt

import numpy as np
from numba import njit

from ._vector import PART, log, matrix_product, mirror, symmetric_product

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
    """The inverse of L·Lᵀ: W = L⁻¹ by blocks of rows, then Wᵀ·W, of which one triangle is computed."""
    n = factor.shape[0]
    w, inverse = np.zeros_like(factor), np.zeros_like(factor)
    for top in range(0, n, _SMALL):
        end = min(top + _SMALL, n)
        block = w[top:end, :end]
        for left in range(0, top, _SMALL):
            right = left + _SMALL
            matrix_product(-1.0, factor[top:end, left:top], w[left:top, left:right], 0.0, block[:, left:right])
        _substitute(factor, w, top, end)
        if n <= _SMALL:
            _add_square(w, inverse)
        else:
            symmetric_product(1.0, block.T, block, 1.0, inverse[:end, :end])
    mirror(inverse)
    return inverse


@njit(error_model="numpy", **PART)
def _substitute(factor, w, top, end):
    """The rows of L⁻¹ between two, where what the rows above take from them has been taken off."""
    for i in range(top, end):
        row = w[i]
        row[i] = 1.0
        for k in range(top, i):
            scale, above = factor[i, k], w[k]
            for j in range(k + 1):
                row[j] -= scale * above[j]
        for j in range(i + 1):
            row[j] /= factor[i, i]


@njit(error_model="numpy", **PART)
def _add_square(w, inverse):
    """The lower triangle of Wᵀ·W."""
    for k in range(w.shape[0]):
        for i in range(k + 1):
            scale, above, row = w[k, i], w[k], inverse[i]
            for j in range(i + 1):
                row[j] += scale * above[j]
