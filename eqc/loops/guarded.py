"""Sums whose terms are 0 unless a condition holds: loops over which it stays the same run only where it does.

Slopes of extrema and of choices are such sums: most of their terms are 0, but a loop that selects takes all rounds.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from eqc.ir.program import Op, Statement, free_names
from eqc.ir.terms import Expr, Index


def condition_of(statement: Statement) -> Expr:
    """The condition without which what a sum adds up, or a scatter writes, is 0.

    >>> from eqc.ir.program import Tensor
    >>> from eqc.ir.terms import extent_symbol, read
    >>> k, n = Index("k", extent_symbol("K")), Index("n", extent_symbol("N"))
    >>> own = read("bar", (k.symbol,))
    >>> body = sp.Piecewise((own*read("x", (n.symbol,)), sp.Ne(own, 0)), (0, True))
    >>> condition_of(Statement(Tensor("y", ()), (k, n), (), Op.SUM, body))
    Ne(bar[k], 0)
    """
    if statement.scatter:
        return statement.guard
    body = statement.body
    if statement.op is not Op.SUM or not isinstance(body, sp.Piecewise) or len(body.args) != 2:
        return sp.true
    (_, condition), (other, always) = (pair.args for pair in body.args)
    return condition if other == 0 and always == sp.true else sp.true


def term(statement: Statement) -> Expr:
    """What such a sum adds up where its condition holds."""
    is_choice = not statement.scatter and condition_of(statement) != sp.true
    return statement.body.args[0].args[0] if is_choice else statement.body


def outside(statement: Statement, loops: Sequence[Index]) -> int:
    """How many of a statement's last loops, outermost first, stand around its condition; all if it gains nothing there.

    Around the others it stays the same, but not around all loops of the statement.

    >>> from eqc.ir.program import Tensor
    >>> from eqc.ir.terms import extent_symbol, read
    >>> loops = [Index(name, extent_symbol(name.upper())) for name in "nkd"]
    >>> n, k, d = (loop.symbol for loop in loops)
    >>> body = sp.Piecewise((read("x", (d,)), sp.Ne(read("bar", (n, k)), 0)), (0, True))
    >>> statement = Statement(Tensor("y", ()), tuple(loops), (), Op.SUM, body)
    >>> outside(statement, loops), outside(statement, loops[2:])
    (2, 0)
    """
    names = free_names(condition_of(statement)) & {loop.name for loop in statement.loops}
    deciding = [depth for depth, loop in enumerate(loops, 1) if loop.name in names]
    return max(deciding, default=0) if names else len(loops)
