"""Derivatives of function inputs of arrays, as statements over further calls: of the functions' Jacobians."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from eqc.derive.algebra import Algebra
from eqc.ir.opaque import Apply
from eqc.ir.program import Op, Statement, Tensor
from eqc.ir.terms import Expr, Read, read


def tangent(
    algebra: Algebra, statement: Statement, arguments: tuple[Tensor, ...], dots: tuple[Tensor | None, ...]
) -> Tensor:
    """Σ Jacobian · tangent, over the arguments that move."""
    own = _own(statement.target, statement.positions)
    terms = [
        _pushed(algebra, statement, number, arguments[number], dot)
        for number, dot in enumerate(dots)
        if dot is not None
    ]
    if len(terms) == 1:
        return terms[0]
    return algebra.fill("pushed", own, lambda *o: sp.Add(*(algebra.entry(t)(*o) for t in terms)))


def cotangents(
    algebra: Algebra, statement: Statement, arguments: tuple[Tensor, ...], bar: Tensor
) -> tuple[Tensor, ...]:
    """Cotangent · Jacobian for each argument."""
    own = _own(statement.target, statement.positions)
    weight = _entry(read(bar.name, statement.positions))

    def pulled(number: int) -> Tensor:
        inner = _own(arguments[number], statement.body.operands[number].positions)
        slope = _jacobian(algebra, statement, number, (*own, *inner))
        if not own:
            return algebra.fill("pulled", inner, lambda *i: weight() * slope(*i))
        return algebra.total(
            "pulled", inner, own, lambda *p: weight(*p[len(inner) :]) * slope(*p[len(inner) :], *p[: len(inner)])
        )

    return tuple(pulled(number) for number in range(len(arguments)))


def _pushed(algebra: Algebra, statement: Statement, number: int, argument: Tensor, dot: Tensor) -> Tensor:
    own = _own(statement.target, statement.positions)
    at = statement.body.operands[number].positions
    inner = _own(argument, at)
    slope, step = _jacobian(algebra, statement, number, (*own, *inner)), _entry(read(dot.name, at))
    if not inner:
        return algebra.fill("pushed", own, lambda *o: slope(*o) * step())
    return algebra.total("pushed", own, inner, lambda *p: slope(*p) * step(*p[len(own) :]))


def _jacobian(algebra: Algebra, statement: Statement, number: int, shape: tuple[Expr, ...]) -> Callable[..., Expr]:
    """The entries of the derivative in one argument: the axes of the value, then those of the argument."""
    body: Apply = statement.body
    name = body.name.differentiated(number)
    target = algebra.tensor(f"{name}_at", shape)
    algebra.statements.append(Statement(target, statement.loops, algebra.batch, Op.NONE, Apply(name, *body.operands)))
    return _moved(algebra.entry(target), body, number, len(shape))


def _moved(entry: Callable[..., Expr], body: Apply, number: int, rank: int) -> Callable[..., Expr]:
    """Axes of arguments stand in the arguments' order: the newest axes, given last, go behind their like."""
    name = body.name
    before = name.returns + sum(name.ranks[n] for n in name.wrt if n <= number)
    width = name.ranks[number]

    def at(*p: Expr) -> Expr:
        kept, new = p[: rank - width], p[rank - width :]
        return entry(*kept[:before], *new, *kept[before:])

    return at


def _entry(r: Read) -> Callable[..., Expr]:
    """The entries of the array that a read takes whole."""
    return lambda *p: read(r.tensor, (*r.positions, *p))


def _own(tensor: Tensor, positions: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """The axes that a statement takes whole."""
    return tensor.shape[len(positions) :]
