# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Functions that generated kernels share: what Python's math module lacks, with NaN, infinities and signs right."""

from math import floor, inf, nan, pi, tan

import numpy as np
from numba import njit, types
from numba.extending import overload

from ._vector import log


def dtype_of(x):
    """The type of results for an array of data: its own if it is real, float64 for integers."""
    return x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)


@overload(dtype_of, inline="always")
def _compile_dtype_of(x):
    if isinstance(x.dtype, types.Float):
        return lambda x: x.dtype
    return lambda x: np.float64


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
def _products_without(sizes, i, j):
    """The product of all numbers but the i-th and the j-th."""
    found = 1.0
    for k in range(len(sizes)):
        if k not in (i, j):
            found *= sizes[k]
    return found


_ORDINARY = 1e-280
"""The least determinant that is a product of pivots without loss, and whose reciprocals floats can hold."""


_FEW_ROWS = 128
"""Rows up to which matrices are inverted by one thread: LAPACK's wait for each other, on a busy machine for long."""


@njit(cache=True)
def adjugate(a):
    """The adjugate: the determinant times the inverse, or by singular values where there is none, or none in floats."""
    wide = a.astype(np.float64)
    determinant = _invert(wide) if len(wide) <= _FEW_ROWS else np.linalg.det(wide)
    if _ORDINARY < abs(determinant) < inf:
        found = determinant * (wide if len(wide) <= _FEW_ROWS else np.linalg.inv(wide))
        if np.all(np.isfinite(found)):
            return found.astype(a.dtype)
    return _adjugate_of_any(a.astype(np.float64)).astype(a.dtype)


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _invert(a):
    """Turn a matrix into its inverse, by elimination with the greatest pivots; gives the determinant, 0 if it is 0."""
    n, determinant = len(a), 1.0
    taken = np.empty(n, np.int64)
    for k in range(n):
        taken[k] = k + np.argmax(np.abs(a[k:, k]))
        if taken[k] != k:
            determinant = -determinant
            for j in range(n):
                a[k, j], a[taken[k], j] = a[taken[k], j], a[k, j]
        pivot = a[k, k]
        determinant *= pivot
        if pivot == 0.0:
            return 0.0
        a[k, k] = 1.0
        top = a[k]
        top /= pivot
        _eliminate(a, k, top)
    for k in range(n - 1, -1, -1):
        for i in range(n):
            a[i, k], a[i, taken[k]] = a[i, taken[k]], a[i, k]
    return determinant


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _eliminate(a, k, top):
    """Take multiples of a row from all others, so that their entries in a column are 0; that column holds what is."""
    for i in range(len(a)):
        row, factor = a[i], a[i, k]
        if i != k:
            row[k] = 0.0
            for j in range(len(top)):
                row[j] -= factor * top[j]


@njit(cache=True)
def _adjugate_of_any(a):
    """The adjugate from the singular value decomposition, which singular matrices have too."""
    u, sizes, vt = np.linalg.svd(a)
    middle = np.zeros_like(a)
    for i in range(len(sizes)):
        middle[i, i] = _products_without(sizes, i, i)
    turn = 1.0 if np.linalg.det(u) * np.linalg.det(vt) > 0 else -1.0
    return turn * (vt.T.copy() @ middle @ u.T.copy())


@njit(cache=True)
def adjugate_tangent(a, b):
    """The derivative of the adjugate of a along b."""
    u, sizes, vt = np.linalg.svd(a)
    inner = u.T.copy() @ b.astype(a.dtype) @ vt.T.copy()
    middle = np.zeros_like(a)
    for i in range(len(sizes)):
        for j in range(len(sizes)):
            if i != j:
                others = _products_without(sizes, i, j)
                middle[i, j] = -inner[i, j] * others
                middle[i, i] += inner[j, j] * others
    turn = 1.0 if np.linalg.det(u) * np.linalg.det(vt) > 0 else -1.0
    return (turn * (vt.T.copy() @ middle @ u.T.copy())).astype(a.dtype)


@njit(cache=True)
def symmetric(a):
    """The matrix itself; an error if it is not symmetric, since only one of its triangles would be read."""
    size = uneven = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            size = max(size, abs(a[i, j]))
            uneven = max(uneven, abs(a[i, j] - a[j, i]))
    if uneven > 1e-5 * size:
        raise ValueError("a matrix must be symmetric here, but entries differ by", uneven)
    return a


@njit(cache=True)
def powers(a, k):
    """The powers of a matrix from the 0th to the k-th."""
    found = np.empty((k + 1, *a.shape), a.dtype)
    found[0] = np.eye(a.shape[0])
    for m in range(k):
        found[m + 1] = found[m] @ np.ascontiguousarray(a)
    return found


@njit(cache=True)
def running_sum(a, way):
    """The sums of a vector up to each entry, or from each one on if the way is -1; what rounding takes is added."""
    found, total, lost = np.empty(a.shape[0]), 0.0, 0.0
    place = 0 if way > 0 else a.shape[0] - 1
    for _ in range(a.shape[0]):
        x = np.float64(a[place])
        more = total + x
        back = more - total
        lost += (total - (more - back)) + (x - back)
        total = more
        found[place] = total + lost if lost - lost == 0.0 else total
        place += way
    return found


@njit(cache=True)
def running_product(a, way):
    """The products of a vector's entries in the same way."""
    found, total = np.empty(a.shape[0]), 1.0
    place = 0 if way > 0 else a.shape[0] - 1
    for _ in range(a.shape[0]):
        total *= a[place]
        found[place] = total
        place += way
    return found


@njit(cache=True)
def recurrence(a, f, way):
    """h[t] = a[t] + f[t]*h[t - 1], or a[t] + f[t + 1]*h[t + 1] if the way is -1."""
    found, total = np.empty(a.shape[0]), 0.0
    place = 0 if way > 0 else a.shape[0] - 1
    for n in range(a.shape[0]):
        factor = np.float64(f[place if way > 0 else place + 1]) if n > 0 else 0.0
        total = a[place] + factor * total
        found[place] = total
        place += way
    return found


@njit(cache=True)
def spectrum(a):
    """Eigenvalues by real part, then by imaginary part, and their vectors as columns; equal up to rounding is equal."""
    values, vectors = np.linalg.eig(a.astype(np.complex128))
    scale = np.max(np.abs(values))
    order = np.arange(len(values))
    for i in range(len(values)):
        if abs(values[i].imag) <= 1e-12 * scale:
            values[i] = values[i].real
    for i in range(len(values)):
        for j in range(i, 0, -1):
            here, before = values[order[j]], values[order[j - 1]]
            apart = here.real - before.real
            if apart < -1e-9 * scale or (apart <= 1e-9 * scale and here.imag < before.imag):
                order[j], order[j - 1] = order[j - 1], order[j]
    return values[order], vectors[:, order]


@njit(cache=True)
def real_eigenvalues(a):
    """The eigenvalues in ascending order; an error if some are not real."""
    values = spectrum(a)[0]
    if np.max(np.abs(values.imag)) > 0.0:
        raise ValueError("the eigenvalues are not all real: imaginary parts up to", np.max(np.abs(values.imag)))
    return np.sort(values.real)


@njit(cache=True)
def projectors(a):
    """The spectral projectors; an error where eigenvalues repeat, since they have no derivative there."""
    values, vectors = spectrum(a)
    n = len(values)
    for i in range(n):
        for j in range(i):
            if abs(values[i] - values[j]) <= 1e-10 * np.max(np.abs(values)):
                raise ValueError("eigenvalues repeat, and have no derivative there", values[i].real)
    left = np.linalg.inv(np.ascontiguousarray(vectors))
    found = np.empty((n, n, n), np.complex128)
    for i in range(n):
        for p in range(n):
            for q in range(n):
                found[i, p, q] = vectors[p, i] * left[i, q]
    return found


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
