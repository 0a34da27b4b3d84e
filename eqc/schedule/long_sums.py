"""Long sums inside products and calls become statements, so that they can run as loops over a table."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from eqc.ir.program import Op, Program, Statement, Tensor, fresh, names_in
from eqc.ir.terms import Expr, Read, read
from eqc.ir.walk import LONG_SUM, is_long_sum, is_short, rebuild


def store_long_sums(program: Program) -> Program:
    """Give every long sum that is only a part of a body its own statement."""
    taken = names_in(program)
    statements: list[Statement] = []
    for statement in program.statements:
        if statement.op is not Op.NONE or statement.scatter or is_short(statement.body, LONG_SUM):
            statements.append(statement)
            continue
        made: list[Statement] = []
        body = statement.body
        if is_long_sum(body):
            body = sp.Add(*(_walk(a, statement, taken, made) for a in body.args))
        else:
            body = _walk(body, statement, taken, made)
        statements += [*made, replace(statement, body=body)]
    return program.with_statements(tuple(statements))


def _walk(node: Expr, host: Statement, taken: set[str], made: list[Statement]) -> Expr:
    if not node.args or isinstance(node, Read | sp.Piecewise):
        return node
    args = tuple(_walk(a, host, taken, made) for a in node.args)
    result = node if args == node.args else rebuild(node, args)
    if not is_long_sum(result):
        return result
    target = Tensor(fresh("part", taken), host.target.shape, differentiable=False)
    made.append(replace(host, target=target, body=result))
    return read(target.name, host.positions)
