"""What all terms of a sum have as a factor is put before it.

sum(i) -a[i]*b[i]/s takes a division for every term, -sum(i) a[i]*b[i]/s one; and the sum is often there already.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from eqc.ir.products import is_rectangular, matrix_product
from eqc.ir.program import Op, Program, Statement, Tensor, free_names, fresh, names_in
from eqc.ir.terms import Expr, Read, read
from eqc.schedule.inline import inline


def factor_sums(program: Program) -> Program:
    """The same program with sums of products free of factors that do not depend on what is summed over.

    What stands before a sum may be a factor of another one in turn.
    """
    while (after := factor_nested(program)) != program:
        program = inline(after)
    return program


def factor_numbers(program: Program) -> Program:
    """The same program with whole numbers before the differences that they multiply: a*(2*y - 2*x) is -2*a*(x - y).

    Gradients in x and in y then share the difference.
    """
    return program.with_statements(tuple(replace(s, body=_numbered(s.body)) for s in program.statements))


def _numbered(body: Expr) -> Expr:
    """A product with the common factor of each sum in it before the sum, which begins with its positive terms."""
    if not body.is_Mul or sum(not arg.is_number for arg in body.args) < 2:
        return body
    parts: list[Expr] = []
    for arg in body.args:
        number, rest = arg.primitive() if arg.is_Add else (sp.Integer(1), arg)
        turns = number.is_Integer and number != 1 and rest.could_extract_minus_sign()
        parts += [-number, -rest] if turns else [number, rest] if number.is_Integer else [arg]
    return sp.Mul(*parts)


def factor_nested(program: Program) -> Program:
    """The same for sums that have just been taken apart."""
    taken = names_in(program)
    statements: list[Statement] = []
    for statement in program.statements:
        factors, rest = _parted(statement)
        if not factors:
            statements.append(statement)
            continue
        free = tuple(loop for loop in statement.free if loop.name in free_names(rest))
        at = tuple(loop.symbol for loop in free)
        target = Tensor(fresh("part", taken), tuple(loop.extent for loop in free), differentiable=False)
        statements.append(Statement(target, (*free, *statement.bound), at, Op.SUM, rest))
        whole = sp.Mul(*factors, read(target.name, at))
        statements.append(replace(statement, loops=statement.free, op=Op.NONE, body=whole))
    return program.with_statements(tuple(statements))


def _parted(statement: Statement) -> tuple[list[Expr], Expr]:
    """The factors of a sum's body that can stand before it, and the others.

    None for products of matrices, and for sums over several indices, which are taken one after the other later.
    """
    plain = statement.op is Op.SUM and not statement.scatter and statement.guard == sp.true
    alone = len(statement.bound) == 1 and statement.body.is_Mul and not statement.target.integer
    if not plain or not alone or not is_rectangular(statement):
        return [], statement.body
    bound = {loop.name for loop in statement.bound}
    factors = [f for f in statement.body.args if _is_simple(f) and not free_names(f) & bound]
    rest = sp.Mul(*(f for f in statement.body.args if f not in factors))
    gains = any(not f.is_number for f in factors) and bound & free_names(rest)
    return (factors, rest) if gains and matrix_product(statement) is None else ([], statement.body)


def _is_simple(factor: Expr) -> bool:
    """Numbers, reads, and powers of what is made of them: their range is that of the data."""
    return not factor.has(sp.Function) or isinstance(factor, Read)
