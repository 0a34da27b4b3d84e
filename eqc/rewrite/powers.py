"""Exponentials of sums of logarithms: whole powers of two apart from the logarithms of what is left.

    exp(f Σ log x) = exp(f (Σ (log x - k log 2) + log 2 Σ k))    with x/2**k near 1

An exponential magnifies what a long sum has lost by its size. The first sum is short of size, and the second one is of
whole numbers and exact. The identity holds for any k, so that k may stand still in derivatives.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from eqc.ir.program import Op, Program, Statement, Tensor, box, fresh, names_in, reads_of, tensors_read
from eqc.ir.stable import BinaryExponent, ExpOfParts, LogApart
from eqc.ir.terms import Expr, Read, read
from eqc.ir.walk import rebuild


def part_powers(program: Program) -> Program:
    """Rewrite every sum of logarithms that is read in exponentials of its multiples alone."""
    taken = names_in(program)
    statements = list(program.statements)
    for total in program.statements:
        if _number_and_argument(total) is not None and total.target.name not in program.outputs:
            statements = _parted(statements, total, taken) or statements
    return program.with_statements(tuple(statements))


def _number_and_argument(total: Statement) -> tuple[Expr, Expr] | None:
    """c and x where a statement is Σ c log(x)."""
    if total.op is not Op.SUM or total.scatter or total.guard != sp.true:
        return None
    number, logarithm = total.body.as_coeff_Mul()
    reads = isinstance(logarithm, sp.log) and bool(reads_of(logarithm.args[0]))
    return (number, logarithm.args[0]) if reads else None


def _parted(statements: list[Statement], total: Statement, taken: set[str]) -> list[Statement] | None:
    """The statements with both sums in the place of one, or None if some reader would keep it."""
    found = _number_and_argument(total)
    assert found is not None
    number, argument = found
    names = set(taken)
    whole = Tensor(fresh("whole", names), box(total.loops), differentiable=False, constant=True)
    at = tuple(loop.symbol for loop in total.loops)
    powers = replace(total.target, name=fresh("powers", names), constant=True)
    rest = replace(total.target, name=fresh("rest", names))
    made = [
        Statement(whole, total.loops, at, Op.NONE, BinaryExponent(argument)),
        replace(total, target=powers, body=read(whole.name, at)),
        replace(total, target=rest, body=LogApart(argument, read(whole.name, at))),
    ]
    result: list[Statement] = []
    for statement in statements:
        if statement.target.name == total.target.name:
            result += made
            continue
        body = statement.body
        if total.target.name in tensors_read(statement):
            body = _reader(body, total.target.name, number, rest.name, powers.name)
        result.append(replace(statement, body=body))
        if total.target.name in tensors_read(result[-1]):
            return None
    taken |= names
    return result


def _reader(node: Expr, total: str, number: Expr, rest: str, powers: str) -> Expr:
    """A reader's body with the exponentials of the sum's multiples by parts."""
    if not node.args or isinstance(node, Read):
        return node
    if isinstance(node, sp.exp):
        factors = sp.Mul.make_args(node.args[0])
        sums = [f for f in factors if isinstance(f, Read) and f.tensor == total]
        if len(sums) == 1:
            above, below = sp.fraction(number * sp.Mul(*(f for f in factors if f != sums[0])))
            at = sums[0].positions
            return ExpOfParts(read(rest, at), read(powers, at), above, below)
    return rebuild(node, tuple(_reader(a, total, number, rest, powers) for a in node.args))
