"""Derivatives of matrix powers and of the eigenvalues of matrices that need not be symmetric.

For a simple eigenvalue λᵢ with spectral projector Pᵢ, dλᵢ = tr(Pᵢ·dA) and dPᵢ = Sᵢ·dA·Pᵢ + Pᵢ·dA·Sᵢ with the reduced
resolvent Sᵢ = Σⱼ Pⱼ/(λᵢ - λⱼ) over j ≠ i (Kato 1966). Real and imaginary parts are kept apart. Where eigenvalues
repeat, there is no derivative, and the projectors raise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from eqc.derive.algebra import Algebra, BackRule, Operation, Rule
from eqc.ir import opaque
from eqc.ir.program import Tensor
from eqc.ir.terms import Expr
from eqc.ir.walk import branches

Entry = Callable[..., Expr]
_ZERO = sp.Integer(0)


@dataclass(frozen=True, slots=True)
class Complex:
    """A complex matrix for every i, by the entries of its parts."""

    real: Entry
    imaginary: Entry


def _product(a: Algebra, name: str, u: Complex, v: Complex, n: Expr) -> Complex:
    """For every i the product of the i-th matrices."""

    def part(body: Callable[..., Expr]) -> Entry:
        return a.entry(a.total(name, (n, n, n), (n,), body))

    return Complex(
        part(lambda i, p, q, r: u.real(i, p, r) * v.real(i, r, q) - u.imaginary(i, p, r) * v.imaginary(i, r, q)),
        part(lambda i, p, q, r: u.real(i, p, r) * v.imaginary(i, r, q) + u.imaginary(i, p, r) * v.real(i, r, q)),
    )


def _real(entry: Entry) -> Complex:
    return Complex(entry, lambda *p: _ZERO)


def _projectors(a: Algebra, matrix: Tensor) -> Complex:
    n = matrix.shape[-1]
    real = a.opaque("projectors", opaque.ProjectorRealParts, (n, n, n), matrix)
    imaginary = a.opaque("projectors", opaque.ProjectorImaginaryParts, (n, n, n), matrix)
    return Complex(a.entry(real), a.entry(imaginary))


def _resolvents(a: Algebra, matrix: Tensor, p: Complex) -> Complex:
    """The reduced resolvents Sᵢ."""
    n = matrix.shape[-1]
    real = a.entry(a.opaque("eigenvalues", opaque.EigenvalueRealParts, (n,), matrix))
    imaginary = a.entry(a.opaque("eigenvalues", opaque.EigenvalueImaginaryParts, (n,), matrix))

    def part(numerator: Callable[[Expr, Expr, tuple[Expr, ...]], Expr]) -> Entry:
        def body(i: Expr, r: Expr, s: Expr, j: Expr) -> Expr:
            x, y = real(i) - real(j), imaginary(i) - imaginary(j)
            return branches([(_ZERO, sp.Eq(i, j)), (numerator(x, y, (j, r, s)) / (x**2 + y**2), sp.true)])

        return a.entry(a.total("resolvents", (n, n, n), (n,), body))

    return Complex(
        part(lambda x, y, at: x * p.real(*at) + y * p.imaginary(*at)),
        part(lambda x, y, at: x * p.imaginary(*at) - y * p.real(*at)),
    )


def _sides(a: Algebra, matrix: Tensor, middle: Complex, *, adjoint: bool) -> tuple[Complex, Complex]:
    """S·M·P and P·M·S for every i; for the adjoint map the order of the two does not matter either."""
    n = matrix.shape[-1]
    projectors = _projectors(a, matrix)
    resolvents = _resolvents(a, matrix, projectors)
    if adjoint:
        left = _product(a, "turned", _product(a, "weighed", projectors, middle, n), resolvents, n)
        return left, _product(a, "turned", _product(a, "weighed", resolvents, middle, n), projectors, n)
    left = _product(a, "turned", resolvents, _product(a, "moved", middle, projectors, n), n)
    return left, _product(a, "turned", projectors, _product(a, "moved", middle, resolvents, n), n)


def eigenvalues_jvp(part: str) -> Rule:
    """dλ = tr(P·dA); `part` is "real" or "imaginary"."""

    def rule(a: Algebra, o: Operation, dots: tuple[Tensor | None, ...]) -> Tensor:
        (matrix,), (dot,) = o.arguments, dots
        assert dot is not None
        n, moved = matrix.shape[-1], a.entry(dot)
        projector: Entry = getattr(_projectors(a, matrix), part)
        return a.total("eigenvalues_dot", (n,), (n, n), lambda i, p, q: projector(i, p, q) * moved(q, p))

    return rule


def eigenvalues_vjp(part: str) -> BackRule:
    """The adjoint."""

    def rule(a: Algebra, o: Operation, bar: Tensor) -> tuple[Tensor, ...]:
        (matrix,) = o.arguments
        n, cotangent = matrix.shape[-1], a.entry(bar)
        projector: Entry = getattr(_projectors(a, matrix), part)
        return (a.total("matrix_bar", (n, n), (n,), lambda p, q, i: cotangent(i) * projector(i, q, p)),)

    return rule


def projectors_jvp(part: str) -> Rule:
    """dP = S·dA·P + P·dA·S."""

    def rule(a: Algebra, o: Operation, dots: tuple[Tensor | None, ...]) -> Tensor:
        (matrix,), (dot,) = o.arguments, dots
        assert dot is not None
        n, moved = matrix.shape[-1], a.entry(dot)
        left, right = _sides(a, matrix, _real(lambda i, p, q: moved(p, q)), adjoint=False)
        one, other = getattr(left, part), getattr(right, part)
        return a.fill("projectors_dot", (n, n, n), lambda i, p, q: one(i, p, q) + other(i, p, q))

    return rule


def projectors_vjp(part: str) -> BackRule:
    """The adjoint: the transpose of Σᵢ Pᵢ·Bᵢᵀ·Sᵢ + Sᵢ·Bᵢᵀ·Pᵢ for cotangents Bᵢ."""

    def rule(a: Algebra, o: Operation, bar: Tensor) -> tuple[Tensor, ...]:
        (matrix,) = o.arguments
        n, cotangent = matrix.shape[-1], a.entry(bar)
        left, right = _sides(a, matrix, _real(lambda i, p, q: cotangent(i, q, p)), adjoint=True)
        one, other = getattr(left, part), getattr(right, part)
        return (a.total("matrix_bar", (n, n), (n,), lambda p, q, i: one(i, q, p) + other(i, q, p)),)

    return rule


def powers_jvp(a: Algebra, o: Operation, dots: tuple[Tensor | None, ...]) -> Tensor:
    """dAᵐ = Σⱼ Aʲ·dA·Aᵐ⁻¹⁻ʲ over j < m."""
    (dot,) = dots
    assert dot is not None
    count, n = o.result.shape[-3], o.result.shape[-1]
    power, moved = a.entry(o.result), a.entry(dot)
    half = a.entry(a.total("moved", (count, n, n), (n,), lambda j, p, q, r: power(j, p, r) * moved(r, q)))

    def body(m: Expr, p: Expr, q: Expr, j: Expr, r: Expr) -> Expr:
        return branches([(half(j, p, r) * power(m - 1 - j, r, q), sp.Lt(j, m)), (_ZERO, sp.true)])

    return a.total("powers_dot", (count, n, n), (count, n), body)


def powers_vjp(a: Algebra, o: Operation, bar: Tensor) -> tuple[Tensor, ...]:
    """The adjoint: the sum of (Aʲ)ᵀ·Bₘ·(Aᵐ⁻¹⁻ʲ)ᵀ over j < m."""
    count, n = o.result.shape[-3], o.result.shape[-1]
    power, cotangent = a.entry(o.result), a.entry(bar)

    def half(m: Expr, j: Expr, p: Expr, q: Expr, r: Expr) -> Expr:
        return branches([(power(j, r, p) * cotangent(m, r, q), sp.Lt(j, m)), (_ZERO, sp.true)])

    weighed = a.entry(a.total("weighed", (count, count, n, n), (n,), half))

    def body(p: Expr, q: Expr, m: Expr, j: Expr, r: Expr) -> Expr:
        return branches([(weighed(m, j, p, r) * power(m - 1 - j, q, r), sp.Lt(j, m)), (_ZERO, sp.true)])

    return (a.total("matrix_bar", (n, n), (count, count, n), body),)
