"""What the derivatives of products and extrema need besides the reduction itself."""

from __future__ import annotations

import sympy as sp

from eqc.ir.program import Op, Statement, Tensor, box, fresh
from eqc.ir.terms import Expr, Index, read
from eqc.ir.walk import branches, substitute


def others(statement: Statement, taken: set[str]) -> tuple[list[Statement], Expr]:
    """For a product: statements, and the product of all other factors at a round of its loops (right also at zeros).

    Of several loops each has a product of its own, all rounds of a loop but one: those within the round that is left
    out are the next loop's. That way each is the product of what stands before and what stands behind.
    """
    made: list[Statement] = []
    found: list[Expr] = []
    around = statement.free
    for n, loop in enumerate(statement.bound):
        body, inner = statement.body, statement.bound[n + 1 :]
        if inner:
            made.append(_over(statement, (*around, loop), inner, taken))
            body = read(made[-1].target.name, made[-1].positions)
        made.append(_all_but_one(statement, (*around, loop), body, taken))
        found.append(read(made[-1].target.name, made[-1].positions))
        around = (*around, loop)
    return made, sp.Mul(*found)


def _over(statement: Statement, free: tuple[Index, ...], bound: tuple[Index, ...], taken: set[str]) -> Statement:
    """The product over the inner ones of a product's loops."""
    tensor = Tensor(fresh(f"{statement.target.name}_part", taken), box(free), differentiable=False)
    positions = tuple(loop.symbol for loop in free)
    return Statement(tensor, (*free, *bound), positions, Op.PRODUCT, statement.body)


def _all_but_one(statement: Statement, free: tuple[Index, ...], body: Expr, taken: set[str]) -> Statement:
    """The product over the rounds of the last loop, but one of them."""
    loop = free[-1]
    twin = Index(fresh(f"{loop.name}_other", taken | {index.name for index in statement.loops}), loop.extent)
    other = substitute(body, {loop.symbol: twin.symbol})
    tensor = Tensor(fresh(f"{statement.target.name}_others", taken), box(free), differentiable=False)
    positions = tuple(index.symbol for index in free)
    left_out = branches([(sp.Integer(1), sp.Eq(loop.symbol, twin.symbol)), (other, sp.true)])
    return Statement(tensor, (*free, twin), positions, Op.PRODUCT, left_out)


def winners(statement: Statement, taken: set[str]) -> tuple[Statement, Expr]:
    """For an extremum: how many entries attain it, and the share of one entry in the derivative."""
    result = read(statement.target.name, statement.positions)
    wins = sp.Eq(statement.body, result)
    tensor = Tensor(fresh(f"{statement.target.name}_ties", taken), statement.target.shape, differentiable=False)
    one, nothing = sp.Integer(1), sp.Integer(0)
    count = Statement(tensor, statement.loops, statement.positions, Op.SUM, branches([(one, wins), (nothing, sp.true)]))
    loses = (sp.Lt if statement.op is Op.MAX else sp.Gt)(statement.body, result)
    share = branches([(1 / read(tensor.name, statement.positions), wins), (nothing, loses), (sp.nan, sp.true)])
    return count, share
