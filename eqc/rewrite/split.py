"""Long products become products of products, so that their derivatives grow with the formula and not with its square."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from eqc.ir.program import Op, Program, Statement, Tensor, fresh, names_in, reads_of
from eqc.ir.terms import Expr, Maximum, Minimum, read
from eqc.ir.walk import rebuild

MOST_FACTORS = 6
_CHUNK = 4


def split_products(program: Program) -> Program:
    """Store chunks of every product of more than six factors with reads, outside choices and sums."""
    taken = names_in(program)
    statements: list[Statement] = []
    for statement in program.statements:
        if statement.op is Op.NONE and not statement.scatter:
            splitter = _Splitter(statement, taken)
            body = splitter.walk(statement.body)
            statements += splitter.statements
            statement = replace(statement, body=body)
        statements.append(statement)
    return program.with_statements(tuple(statements))


class _Splitter:
    def __init__(self, statement: Statement, taken: set[str]) -> None:
        self.host = statement
        self.taken = taken
        self.statements: list[Statement] = []

    def walk(self, node: Expr) -> Expr:
        if not node.args or isinstance(node, sp.Piecewise | Maximum | Minimum):
            return node
        args = tuple(self.walk(a) for a in node.args)
        if isinstance(node, sp.Mul):
            return self._product(args)
        return node if args == node.args else rebuild(node, args)

    def _product(self, factors: tuple[Expr, ...]) -> Expr:
        plain = [f for f in factors if not reads_of(f)]
        parts = [f for f in factors if reads_of(f)]
        while len(parts) > MOST_FACTORS:
            parts = [self._stored(parts[n : n + _CHUNK]) for n in range(0, len(parts), _CHUNK)]
        return sp.Mul(*plain, *parts)

    def _stored(self, factors: list[Expr]) -> Expr:
        if len(factors) == 1:
            return factors[0]
        target = Tensor(fresh("factor", self.taken), self.host.target.shape, differentiable=False)
        self.statements.append(replace(self.host, target=target, body=sp.Mul(*factors)))
        return read(target.name, self.host.positions)
