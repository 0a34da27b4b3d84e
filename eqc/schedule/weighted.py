"""A matrix whose rows are scaled only to be multiplied with the matrix itself is not stored: X.T @ (d*X).

Products take the factors of the rows beside the matrix. Hessians of sums over data are of this kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import sympy as sp

from eqc.ir.products import MatrixProduct, matrix_product
from eqc.ir.program import Op, Program, Statement, free_names, statement_reads
from eqc.ir.terms import Expr, Read
from eqc.ir.walk import substitute


def weigh_products(program: Program) -> Program:
    """The same program, in which no such matrix is read; what is read by nothing else is dead."""
    uses = Counter(r.tensor for s in program.statements for r in statement_reads(s))
    fixed = {*program.outputs, *(name for check in program.checks for name in check.reads)}
    scaled = {
        s.target.name: s
        for s in program.statements
        if s.op is Op.NONE and s.body.is_Mul and not s.scatter and s.target.rank == 2
        if uses[s.target.name] == 1 and s.target.name not in fixed
    }
    return program.with_statements(tuple(_weighed(s, scaled) for s in program.statements))


def _weighed(statement: Statement, scaled: Mapping[str, Statement]) -> Statement:
    """A product of a matrix with what is one, scaled row by row, as the product with the matrix itself."""
    product = matrix_product(statement) if statement.target.rank == 2 and len(statement.loops) == 3 else None
    if product is None or len(product.terms) > 1:
        return statement
    (term,) = product.terms
    for side, other in ((term.right, term.left), (term.left, term.right)):
        made = scaled.get(side.tensor) if isinstance(side, Read) else None
        if made is not None and made.guard == sp.true:
            body = substitute(made.body, dict(zip(made.positions, side.positions, strict=True)))
            if _is_same_matrix(body, other, product):
                return replace(statement, body=substitute(statement.body, {side: body}))
    return statement


def _is_same_matrix(body: Expr, other: Expr, product: MatrixProduct) -> bool:
    """Whether a body is another factor of a product, but for the letter, times what depends on the row only."""
    letters = {product.row.symbol: product.column.symbol, product.column.symbol: product.row.symbol}
    rest = [factor for factor in body.args if factor != substitute(other, letters)]
    across = {product.row.name, product.column.name}
    return len(rest) == len(body.args) - 1 and not any(free_names(factor) & across for factor in rest)
