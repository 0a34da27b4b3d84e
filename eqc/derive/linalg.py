"""Derivatives of linear algebra, as statements over indices and further opaque statements.

Each rule gives the tangent of a result and the cotangents of the arguments. Matrices are those of one round of the
statement's own loops (the batch). Sources: Giles (2008), "An extended collection of matrix derivative results"; for
the Cholesky factor Murray (2016), for eigenvectors Magnus (1985). Rules that divide by differences of eigenvalues are
undefined where eigenvalues repeat, and give infinities or NaN there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy as sp

from eqc.derive import spectrum
from eqc.derive.algebra import Algebra, BackRule, Operation, Rule, flipped
from eqc.errors import DerivationError
from eqc.ir import opaque
from eqc.ir.program import Tensor
from eqc.ir.terms import Expr
from eqc.ir.walk import branches


def _inverse_jvp(a: Algebra, o: Operation, dots: tuple[Tensor | None, ...]) -> Tensor:
    n = o.result.shape[-1]
    inverse, dot = a.entry(o.result), a.entry(_moving(dots[0]))
    half = a.product("step", inverse, dot, n, n, n)
    whole = a.entry(half)
    return a.total("inverse_dot", (n, n), (n,), lambda i, j, k: -whole(i, k) * inverse(k, j))


def _inverse_vjp(a: Algebra, o: Operation, bar: Tensor) -> tuple[Tensor, ...]:
    n = o.result.shape[-1]
    inverse, cotangent = flipped(a.entry(o.result)), a.entry(bar)
    half = a.entry(a.product("step", inverse, cotangent, n, n, n))
    return (a.total("matrix_bar", (n, n), (n,), lambda i, j, k: -half(i, k) * inverse(k, j)),)


def _solve_jvp(transposed: bool) -> Rule:
    def rule(a: Algebra, o: Operation, dots: tuple[Tensor | None, ...]) -> Tensor:
        matrix, right = o.arguments
        shape = a.own_shape(right)
        n = shape[0]
        solution = a.entry(o.result)
        residual: Callable[..., Expr] = (lambda *p: sp.Integer(0)) if dots[1] is None else a.entry(dots[1])
        if dots[0] is not None:
            dot = a.entry(dots[0])
            moved = flipped(dot) if transposed else dot
            push = a.entry(a.total("push", shape, (n,), lambda i, *r: moved(i, r[-1]) * solution(r[-1], *r[:-1])))
            given = residual
            residual = lambda *p: given(*p) - push(*p)  # noqa: E731  (a closure over the two parts)
        return a.opaque("solution_dot", o.head, shape, matrix, a.fill("residual", shape, residual))

    return rule


def _solve_vjp(transposed: bool, back: type[opaque.Opaque]) -> BackRule:
    def rule(a: Algebra, o: Operation, bar: Tensor) -> tuple[Tensor, ...]:
        matrix, right = o.arguments
        shape = a.own_shape(right)
        n, columns = shape[0], shape[1:]
        right_bar = a.opaque("right_bar", back, shape, matrix, bar)
        pulled, solution = a.entry(right_bar), a.entry(o.result)

        def outer(i: Expr, j: Expr, *k: Expr) -> Expr:
            row, column = (j, i) if transposed else (i, j)
            return -pulled(row, *k) * solution(column, *k)

        if columns:
            return a.total("matrix_bar", (n, n), columns, outer), right_bar
        return a.fill("matrix_bar", (n, n), outer), right_bar

    return rule


def _inverse_of(a: Algebra, matrix: Tensor) -> Callable[..., Expr]:
    n = matrix.shape[-1]
    return a.entry(a.opaque("inverse", opaque.Inverse, (n, n), matrix))


def _determinant_slope(a: Algebra, matrix: Tensor, *, log: bool) -> Callable[..., Expr]:
    """d det(A) = tr(adj(A)·dA), also where A is singular; d log det(A) = tr(A⁻¹·dA)."""
    n = matrix.shape[-1]
    return _inverse_of(a, matrix) if log else a.entry(a.opaque("adjugate", opaque.Adjugate, (n, n), matrix))


def _determinant_jvp(log: bool) -> Rule:
    def rule(a: Algebra, o: Operation, dots: tuple[Tensor | None, ...]) -> Tensor:
        (matrix,) = o.arguments
        n = matrix.shape[-1]
        slope, dot = _determinant_slope(a, matrix, log=log), a.entry(_moving(dots[0]))
        return a.total("determinant_dot", (), (n, n), lambda i, j: slope(j, i) * dot(i, j))

    return rule


def _determinant_vjp(log: bool) -> BackRule:
    def rule(a: Algebra, o: Operation, bar: Tensor) -> tuple[Tensor, ...]:
        (matrix,) = o.arguments
        n = matrix.shape[-1]
        slope, cotangent = _determinant_slope(a, matrix, log=log), a.entry(bar)
        return (a.fill("matrix_bar", (n, n), lambda i, j: cotangent() * slope(j, i)),)

    return rule


def _adjugate_jvp(a: Algebra, o: Operation, dots: tuple[Tensor | None, ...]) -> Tensor:
    (matrix,) = o.arguments
    n, dot = matrix.shape[-1], a.entry(_moving(dots[0]))
    stored = a.fill("direction", (n, n), dot)
    return a.opaque("adjugate_dot", opaque.AdjugateTangent, (n, n), matrix, stored)


def _adjugate_vjp(a: Algebra, o: Operation, bar: Tensor) -> tuple[Tensor, ...]:
    """The second differential of the determinant is symmetric, so the adjoint is the map itself, transposed twice."""
    (matrix,) = o.arguments
    n = matrix.shape[-1]
    stored = a.fill("direction", (n, n), flipped(a.entry(bar)))
    pulled = a.entry(a.opaque("adjugate_bar", opaque.AdjugateTangent, (n, n), matrix, stored))
    return (a.fill("matrix_bar", (n, n), flipped(pulled)),)


def _lower_half(body: Expr, i: Expr, j: Expr) -> Expr:
    """The lower triangle with half of the diagonal."""
    return branches([(body, sp.Gt(i, j)), (body / 2, sp.Eq(i, j)), (sp.Integer(0), sp.true)])


def _cholesky_jvp(a: Algebra, o: Operation, dots: tuple[Tensor | None, ...]) -> Tensor:
    n = o.result.shape[-1]
    factor = a.entry(o.result)
    inverse, dot = _inverse_of(a, o.result), a.entry(_moving(dots[0]))
    half = a.entry(a.product("step", inverse, dot, n, n, n))
    middle = a.entry(a.product("middle", half, flipped(inverse), n, n, n))
    return a.total("factor_dot", (n, n), (n,), lambda i, j, k: factor(i, k) * _lower_half(middle(k, j), k, j))


def _cholesky_vjp(a: Algebra, o: Operation, bar: Tensor) -> tuple[Tensor, ...]:
    n = o.result.shape[-1]
    factor, cotangent, inverse = a.entry(o.result), a.entry(bar), _inverse_of(a, o.result)
    weight = a.entry(a.total("weight", (n, n), (n,), lambda i, j, k: factor(k, i) * _lower_part(cotangent(k, j), k, j)))
    left = a.entry(a.total("left", (n, n), (n,), lambda i, j, k: inverse(k, i) * _lower_half(weight(k, j), k, j)))
    outer = a.entry(a.product("outer", left, inverse, n, n, n))
    return (a.fill("matrix_bar", (n, n), lambda i, j: (outer(i, j) + outer(j, i)) / 2),)


def _lower_part(body: Expr, i: Expr, j: Expr) -> Expr:
    return branches([(body, sp.Ge(i, j)), (sp.Integer(0), sp.true)])


def _spectrum(a: Algebra, matrix: Tensor) -> tuple[Callable[..., Expr], Callable[..., Expr]]:
    n = matrix.shape[-1]
    values = a.opaque("eigenvalues", opaque.Eigenvalues, (n,), matrix)
    vectors = a.opaque("eigenvectors", opaque.Eigenvectors, (n, n), matrix)
    return a.entry(values), a.entry(vectors)


def _rotated(a: Algebra, vectors: Callable[..., Expr], middle: Callable[..., Expr], n: Expr) -> Callable[..., Expr]:
    """Vᵀ·M·V, with the symmetric part of M."""
    half = a.entry(a.total("half", (n, n), (n,), lambda i, j, k: vectors(k, i) * (middle(k, j) + middle(j, k)) / 2))
    return a.entry(a.product("rotated", half, vectors, n, n, n))


def _eigenvalues_jvp(a: Algebra, o: Operation, dots: tuple[Tensor | None, ...]) -> Tensor:
    (matrix,) = o.arguments
    n = matrix.shape[-1]
    _, vectors = _spectrum(a, matrix)
    dot = a.entry(_moving(dots[0]))
    return a.total("eigenvalues_dot", (n,), (n, n), lambda i, j, k: vectors(j, i) * dot(j, k) * vectors(k, i))


def _eigenvalues_vjp(a: Algebra, o: Operation, bar: Tensor) -> tuple[Tensor, ...]:
    (matrix,) = o.arguments
    n = matrix.shape[-1]
    _, vectors = _spectrum(a, matrix)
    cotangent = a.entry(bar)
    return (a.total("matrix_bar", (n, n), (n,), lambda i, j, k: vectors(i, k) * cotangent(k) * vectors(j, k)),)


def _gap(values: Callable[..., Expr], i: Expr, j: Expr) -> Expr:
    """1/(λ_j - λ_i) off the diagonal."""
    return branches([(sp.Integer(0), sp.Eq(i, j)), (1 / (values(j) - values(i)), sp.true)])


def _eigenvectors_jvp(a: Algebra, o: Operation, dots: tuple[Tensor | None, ...]) -> Tensor:
    (matrix,) = o.arguments
    n = matrix.shape[-1]
    values, vectors = _spectrum(a, matrix)
    rotated = _rotated(a, vectors, a.entry(_moving(dots[0])), n)
    return a.total("eigenvectors_dot", (n, n), (n,), lambda i, j, k: vectors(i, k) * _gap(values, k, j) * rotated(k, j))


def _eigenvectors_vjp(a: Algebra, o: Operation, bar: Tensor) -> tuple[Tensor, ...]:
    (matrix,) = o.arguments
    n = matrix.shape[-1]
    values, vectors = _spectrum(a, matrix)
    inner = a.entry(a.product("inner", flipped(vectors), a.entry(bar), n, n, n))
    left = a.entry(a.total("left", (n, n), (n,), lambda i, j, k: vectors(i, k) * _gap(values, k, j) * inner(k, j)))
    outer = a.entry(a.product("outer", left, flipped(vectors), n, n, n))
    return (a.fill("matrix_bar", (n, n), lambda i, j: (outer(i, j) + outer(j, i)) / 2),)


def _singular_jvp(a: Algebra, o: Operation, dots: tuple[Tensor | None, ...]) -> Tensor:
    left, right, (m, n, r) = _singular(a, o)
    dot = a.entry(_moving(dots[0]))
    return a.total("singular_dot", (r,), (m, n), lambda i, j, k: left(j, i) * dot(j, k) * right(k, i))


def _singular_vjp(a: Algebra, o: Operation, bar: Tensor) -> tuple[Tensor, ...]:
    left, right, (m, n, r) = _singular(a, o)
    cotangent = a.entry(bar)
    return (a.total("matrix_bar", (m, n), (r,), lambda i, j, k: left(i, k) * cotangent(k) * right(j, k)),)


def _squared_gap(values: Callable[..., Expr], i: Expr, j: Expr) -> Expr:
    """1/(σ_j² - σ_i²) off the diagonal."""
    difference = (values(j) - values(i)) * (values(j) + values(i))
    return branches([(sp.Integer(0), sp.Eq(i, j)), (1 / difference, sp.true)])


def _sides(
    a: Algebra, o: Operation, *, left: bool
) -> tuple[Callable[..., Expr], Callable[..., Expr], Callable[..., Expr], tuple[Expr, Expr, Expr]]:
    """The vectors of a side, those of the other, the singular values, and the extents (own, other, rank)."""
    (matrix,) = o.arguments
    (m, n), r = matrix.shape[-2:], o.result.shape[-1]
    values = a.entry(a.opaque("singular", opaque.SingularValues, (r,), matrix))
    u = a.entry(a.opaque("left_vectors", opaque.LeftSingularVectors, (m, r), matrix))
    v = a.entry(a.opaque("right_vectors", opaque.RightSingularVectors, (n, r), matrix))
    return (u, v, values, (m, n, r)) if left else (v, u, values, (n, m, r))


def _vectors_jvp(left: bool) -> Rule:
    """dU = U·(F∘(P·Σ + Σ·Pᵀ)) + (I - U·Uᵀ)·dA·V/Σ with P = Uᵀ·dA·V, and alike for V with dAᵀ."""

    def rule(a: Algebra, o: Operation, dots: tuple[Tensor | None, ...]) -> Tensor:
        own, other, values, (m, n, r) = _sides(a, o, left=left)
        given = a.entry(_moving(dots[0]))
        dot = given if left else flipped(given)
        moved = a.entry(a.product("moved", dot, other, m, n, r))
        inner = a.entry(a.product("inner", flipped(own), moved, r, m, r))

        def turn(k: Expr, j: Expr) -> Expr:
            mixed = inner(k, j) * values(j) + values(k) * inner(j, k)
            return _squared_gap(values, k, j) * mixed - inner(k, j) / values(j)

        turned = a.entry(a.total("turned", (m, r), (r,), lambda i, j, k: own(i, k) * turn(k, j)))
        return a.fill("vectors_dot", (m, r), lambda i, j: turned(i, j) + moved(i, j) / values(j))

    return rule


def _vectors_vjp(left: bool) -> BackRule:
    """The adjoint of the same map."""

    def rule(a: Algebra, o: Operation, bar: Tensor) -> tuple[Tensor, ...]:
        own, other, values, (m, n, r) = _sides(a, o, left=left)
        cotangent = a.entry(bar)
        inner = a.entry(a.product("inner", flipped(own), cotangent, r, m, r))

        def turn(k: Expr, j: Expr) -> Expr:
            skew = _squared_gap(values, k, j) * (inner(k, j) - inner(j, k)) * values(j)
            return skew - inner(k, j) / values(j)

        turned = a.entry(a.total("turned", (m, r), (r,), lambda i, j, k: own(i, k) * turn(k, j)))
        half = a.entry(a.fill("half", (m, r), lambda i, j: turned(i, j) + cotangent(i, j) / values(j)))
        shape = (m, n) if left else (n, m)

        def entry(i: Expr, j: Expr, k: Expr) -> Expr:
            return half(i, k) * other(j, k) if left else half(j, k) * other(i, k)

        return (a.total("matrix_bar", shape, (r,), entry),)

    return rule


def _singular(a: Algebra, o: Operation) -> tuple[Callable[..., Expr], Callable[..., Expr], tuple[Expr, Expr, Expr]]:
    (matrix,) = o.arguments
    (m, n), r = matrix.shape[-2:], o.result.shape[-1]
    left = a.opaque("left_vectors", opaque.LeftSingularVectors, (m, r), matrix)
    right = a.opaque("right_vectors", opaque.RightSingularVectors, (n, r), matrix)
    return a.entry(left), a.entry(right), (m, n, r)


def _moving(dot: Tensor | None) -> Tensor:
    assert dot is not None, "a statement without moving arguments has no tangent"
    return dot


def _discounted_before(a: Algebra, o: Operation) -> Callable[[Expr], Expr]:
    """The sum that is discounted to make an entry; none stands before the first."""
    sums, n = a.entry(o.result), o.result.shape[-1]
    if o.head is opaque.DiscountedBack:
        return lambda t: branches([(sums(t + 1), sp.Lt(t + 1, n)), (sp.Integer(0), sp.true)])
    return lambda t: branches([(sums(t - 1), sp.Gt(t, 0)), (sp.Integer(0), sp.true)])


def _discounted_jvp(a: Algebra, o: Operation, dots: tuple[Tensor | None, ...]) -> Tensor:
    terms, rate = o.arguments
    before, moves = _discounted_before(a, o), [a.entry(dot) if dot is not None else None for dot in dots]

    def moved(t: Expr) -> Expr:
        own = moves[0](t) if moves[0] is not None else sp.Integer(0)
        return own + (moves[1]() * before(t) if moves[1] is not None else 0)

    shape = a.own_shape(terms)
    return a.opaque("discounted_dot", o.head, shape, a.fill("terms_dot", shape, moved), rate)


def _discounted_vjp(a: Algebra, o: Operation, bar: Tensor) -> tuple[Tensor, ...]:
    """The cotangents of the terms are discounted the other way."""
    terms, rate = o.arguments
    shape, before = a.own_shape(terms), _discounted_before(a, o)
    other = opaque.Discounted if o.head is opaque.DiscountedBack else opaque.DiscountedBack
    terms_bar = a.opaque("terms_bar", other, shape, bar, rate)
    own = a.entry(terms_bar)
    return terms_bar, a.total("rate_bar", (), shape, lambda t: own(t) * before(t))


JVP: Mapping[type[opaque.Opaque], Rule] = {
    opaque.Discounted: _discounted_jvp,
    opaque.DiscountedBack: _discounted_jvp,
    opaque.Powers: spectrum.powers_jvp,
    opaque.RealEigenvalues: spectrum.eigenvalues_jvp("real"),
    opaque.EigenvalueRealParts: spectrum.eigenvalues_jvp("real"),
    opaque.EigenvalueImaginaryParts: spectrum.eigenvalues_jvp("imaginary"),
    opaque.ProjectorRealParts: spectrum.projectors_jvp("real"),
    opaque.ProjectorImaginaryParts: spectrum.projectors_jvp("imaginary"),
    opaque.Adjugate: _adjugate_jvp,
    opaque.Inverse: _inverse_jvp,
    opaque.Solve: _solve_jvp(transposed=False),
    opaque.SolveVector: _solve_jvp(transposed=False),
    opaque.SolveTransposed: _solve_jvp(transposed=True),
    opaque.SolveVectorTransposed: _solve_jvp(transposed=True),
    opaque.Determinant: _determinant_jvp(log=False),
    opaque.LogDeterminant: _determinant_jvp(log=True),
    opaque.LogDeterminantSpd: _determinant_jvp(log=True),
    opaque.Cholesky: _cholesky_jvp,
    opaque.Eigenvalues: _eigenvalues_jvp,
    opaque.Eigenvectors: _eigenvectors_jvp,
    opaque.SingularValues: _singular_jvp,
    opaque.LeftSingularVectors: _vectors_jvp(left=True),
    opaque.RightSingularVectors: _vectors_jvp(left=False),
}

VJP: Mapping[type[opaque.Opaque], BackRule] = {
    opaque.Discounted: _discounted_vjp,
    opaque.DiscountedBack: _discounted_vjp,
    opaque.Powers: spectrum.powers_vjp,
    opaque.RealEigenvalues: spectrum.eigenvalues_vjp("real"),
    opaque.EigenvalueRealParts: spectrum.eigenvalues_vjp("real"),
    opaque.EigenvalueImaginaryParts: spectrum.eigenvalues_vjp("imaginary"),
    opaque.ProjectorRealParts: spectrum.projectors_vjp("real"),
    opaque.ProjectorImaginaryParts: spectrum.projectors_vjp("imaginary"),
    opaque.Adjugate: _adjugate_vjp,
    opaque.Inverse: _inverse_vjp,
    opaque.Solve: _solve_vjp(transposed=False, back=opaque.SolveTransposed),
    opaque.SolveVector: _solve_vjp(transposed=False, back=opaque.SolveVectorTransposed),
    opaque.SolveTransposed: _solve_vjp(transposed=True, back=opaque.Solve),
    opaque.SolveVectorTransposed: _solve_vjp(transposed=True, back=opaque.SolveVector),
    opaque.Determinant: _determinant_vjp(log=False),
    opaque.LogDeterminant: _determinant_vjp(log=True),
    opaque.LogDeterminantSpd: _determinant_vjp(log=True),
    opaque.Cholesky: _cholesky_vjp,
    opaque.Eigenvalues: _eigenvalues_vjp,
    opaque.Eigenvectors: _eigenvectors_vjp,
    opaque.SingularValues: _singular_vjp,
    opaque.LeftSingularVectors: _vectors_vjp(left=True),
    opaque.RightSingularVectors: _vectors_vjp(left=False),
}


def no_rule(head: type[opaque.Opaque]) -> DerivationError:
    """The error for a function of arrays without a derivative."""
    return DerivationError(
        None,
        written=head.__name__,
        rule=f"{head.__name__} has no derivative rule",
        remedy="mark the input differentiable: false",
    )
