"""Linear algebra that is no sum over indices: whole arrays in, a whole array out.

A statement whose body is one of these heads assigns `target[positions]`, all further axes at once; its reads give just
the leading positions too. How each is differentiated stands in `eqc.derive.linalg`, how it is computed in
`eqc.emit.linalg`.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from eqc.ir.terms import FunctionName, Read


class Opaque(sp.Function):  # type: ignore[misc]
    """A function of arrays. `ranks` are the axes of its arguments that it takes; `result` its own."""

    ranks: tuple[int, ...] = (2,)
    result: int = 2

    @property
    def operands(self) -> tuple[Any, ...]:
        """The reads of the arrays; other arguments are integers."""
        return tuple(a for a in self.args if isinstance(a, Read))

    def rank_of(self, operand: Any) -> int:
        """How many axes of an array it takes."""
        return self.ranks[self.operands.index(operand)]

    def _sympystr(self, printer: Any) -> str:
        return f"{type(self).__name__}({', '.join(printer.doprint(a) for a in self.args)})"


class Inverse(Opaque):
    """The inverse of a square matrix; an error when the kernel meets a singular one."""


class Solve(Opaque):
    """X with A·X = Y, for a matrix Y."""

    ranks = (2, 2)


class SolveVector(Opaque):
    """x with A·x = y."""

    ranks = (2, 1)
    result = 1


class SolveTransposed(Opaque):
    """X with Aᵀ·X = Y, for a matrix Y."""

    ranks = (2, 2)


class SolveVectorTransposed(Opaque):
    """x with Aᵀ·x = y."""

    ranks = (2, 1)
    result = 1


class Determinant(Opaque):
    """The determinant of a square matrix."""

    result = 0


class Adjugate(Opaque):
    """The adjugate: the gradient of the determinant, transposed, at singular matrices too."""


class AdjugateTangent(Opaque):
    """How the adjugate of the first matrix changes along the second."""

    ranks = (2, 2)


class LogDeterminant(Opaque):
    """The logarithm of a determinant that is positive; NaN where it is not."""

    result = 0


class LogDeterminantSpd(Opaque):
    """The logarithm of the determinant of a symmetric positive definite matrix, by its Cholesky factor."""

    result = 0


class Cholesky(Opaque):
    """The lower triangular L with L·Lᵀ = S for a symmetric positive definite S."""


class FactorLogDeterminant(Opaque):
    """The logarithm of the determinant of L·Lᵀ, for a Cholesky factor L; this and what follows is of scheduling."""

    result = 0


class FactorInverse(Opaque):
    """The inverse of L·Lᵀ."""


class FactorSolve(Opaque):
    """X with L·Lᵀ·X = Y, for a matrix Y."""

    ranks = (2, 2)


class FactorSolveVector(Opaque):
    """x with L·Lᵀ·x = y."""

    ranks = (2, 1)
    result = 1


class RunningSum(Opaque):
    """`RunningSum(x, way)`: the sums of x up to each entry or, where the way is -1, from each one on; for emission."""

    ranks = (1,)
    result = 1


class RunningProduct(RunningSum):
    """The same for products."""


class ProductsWithout(Opaque):
    """The products of all entries of a vector but each one."""

    ranks = (1,)
    result = 1


class Recurrence(Opaque):
    """`Recurrence(a, f, way)`: h[t] = a[t] + f[t]*h[t - 1] or, where the way is -1, a[t] + f[t + 1]*h[t + 1]."""

    ranks = (1, 1)
    result = 1


class Discounted(Opaque):
    """`Discounted(a, g)`: h[t] = a[t] + g*h[t - 1], the sums of what came with powers of a number g."""

    ranks = (1, 0)
    result = 1


class DiscountedBack(Discounted):
    """The sums of what is still to come: h[t] = a[t] + g*h[t + 1]."""


class Powers(Opaque):
    """`Powers(A, k)`: the powers A⁰ … Aᵏ of a square matrix, one after the other."""

    result = 3


class RealEigenvalues(Opaque):
    """The eigenvalues of a square matrix that has no others than real ones, in ascending order."""

    result = 1


class EigenvalueRealParts(Opaque):
    """The real parts of a square matrix' eigenvalues, by ascending real part, then by imaginary part."""

    result = 1


class EigenvalueImaginaryParts(Opaque):
    """The imaginary parts in the same order."""

    result = 1


class ProjectorRealParts(Opaque):
    """The real parts of the spectral projectors: with λᵢ simple, A = Σᵢ λᵢ·Pᵢ and PᵢPⱼ = 0 for i ≠ j."""

    result = 3


class ProjectorImaginaryParts(Opaque):
    """Their imaginary parts."""

    result = 3


class Eigenvalues(Opaque):
    """The eigenvalues of a symmetric matrix, in ascending order."""

    result = 1


class Eigenvectors(Opaque):
    """Orthonormal eigenvectors of a symmetric matrix as columns; each one's largest component is positive."""


class SingularValues(Opaque):
    """The singular values of a matrix, in descending order."""

    result = 1


class LeftSingularVectors(Opaque):
    """The left singular vectors as columns (thin); the largest component of each right one is positive."""


class Apply(Opaque):
    """`Apply(name, array, …)`: a function input of arrays, at some arrays."""

    def _sympystr(self, printer: Any) -> str:
        return f"{self.name}({', '.join(printer.doprint(a) for a in self.operands)})"

    @property
    def name(self) -> FunctionName:
        """The function, or a derivative of it."""
        return self.args[0]  # type: ignore[no-any-return]

    @property
    def operands(self) -> tuple[Any, ...]:
        return self.args[1:]  # type: ignore[no-any-return]

    @property
    def ranks(self) -> tuple[int, ...]:  # type: ignore[override]
        return self.name.ranks  # type: ignore[no-any-return]

    @property
    def result(self) -> int:  # type: ignore[override]
        return self.name.result


class RightSingularVectors(Opaque):
    """The right singular vectors as columns (thin); the largest component of each is positive."""
