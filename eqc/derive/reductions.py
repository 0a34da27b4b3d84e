"""What the derivatives of products and extrema need besides the reduction itself."""

from __future__ import annotations

import sympy as sp

from eqc.ir.program import Op, Statement, Tensor, box, fresh
from eqc.ir.terms import Expr, Index, read
from eqc.ir.walk import branches, substitute


def others_statement(statement: Statement, taken: set[str]) -> Statement:
    """For a product: the product of all other factors, at every round of its loops (right also where factors are 0)."""
    avoid = taken | {loop.name for loop in statement.loops}
    twins: list[Index] = []
    mapping: dict[Expr, Expr] = {}
    for loop in statement.bound:
        twin = Index(fresh(f"{loop.name}_other", avoid), substitute(loop.extent, mapping))
        mapping[loop.symbol] = twin.symbol
        twins.append(twin)
    same = sp.And(*(sp.Eq(a, b) for a, b in sorted(mapping.items(), key=lambda item: str(item[0]))))
    body = branches([(sp.Integer(1), same), (substitute(statement.body, mapping), sp.true)])
    free = (*statement.free, *statement.bound)
    tensor = Tensor(fresh(f"{statement.target.name}_others", taken), box(free), differentiable=False)
    return Statement(tensor, (*free, *twins), tuple(loop.symbol for loop in free), Op.PRODUCT, body)


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
