"""A symmetric positive definite matrix is factored once for all that is computed from it.

The density of a Gaussian and its gradient take a solve, a logarithm of a determinant and an inverse of one matrix.
Each factors it anew; with its Cholesky factor as a statement of its own, all of them share it. Solves for right sides
that differ by a number only are one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import sympy as sp

from eqc.ir import opaque
from eqc.ir.program import Op, Program, Statement, Tensor, fresh, names_in, reads_of
from eqc.ir.terms import Expr, Read, read

_BY_FACTOR: dict[type[opaque.Opaque], type[opaque.Opaque]] = {
    opaque.Inverse: opaque.FactorInverse,
    opaque.LogDeterminantSpd: opaque.FactorLogDeterminant,
    opaque.Solve: opaque.FactorSolve,
    opaque.SolveVector: opaque.FactorSolveVector,
    opaque.SolveTransposed: opaque.FactorSolve,
    opaque.SolveVectorTransposed: opaque.FactorSolveVector,
}
"""What each function of a matrix is of the factor."""

_PROVES = (opaque.LogDeterminantSpd, opaque.Cholesky)
"""Functions that ask for a positive definite matrix, and raise for any other."""

_TURNED: dict[type[opaque.Opaque], type[opaque.Opaque]] = {
    opaque.SolveTransposed: opaque.Solve,
    opaque.SolveVectorTransposed: opaque.SolveVector,
}


def share_factors(program: Program) -> Program:
    """The same program with one factorisation for each matrix that is known to be positive definite."""
    program = program.with_statements(tuple(_unturned(s, program) for s in program.statements))
    return _factored(_without_scales(program))


def _unturned(statement: Statement, program: Program) -> Statement:
    """A solve with the transpose of a symmetric matrix is one with the matrix."""
    body = statement.body
    if type(body) not in _TURNED or not program.tensors[body.operands[0].tensor].symmetric:
        return statement
    return replace(statement, body=_TURNED[type(body)](*body.args))


def _without_scales(program: Program) -> Program:
    """Solves for c·y become c times those for y."""
    taken = names_in(program)
    known = {s.target.name: s for s in program.statements}
    statements: list[Statement] = []
    for statement in program.statements:
        found = _scaled(statement, known)
        if found is None:
            statements.append(statement)
            continue
        scale, vector = found
        target = replace(statement.target, name=fresh("solution", taken))
        body = opaque.SolveVector(statement.body.args[0], read(vector))
        loop = known[statement.body.operands[1].tensor].loops[0]
        statements.append(replace(statement, target=target, body=body))
        whole = scale * read(target.name, (loop.symbol,))
        statements.append(Statement(statement.target, (loop,), (loop.symbol,), Op.NONE, whole))
    return program.with_statements(tuple(statements))


def _scaled(statement: Statement, known: dict[str, Statement]) -> tuple[Expr, str] | None:
    """A number and a stored vector whose product is the right side of a solve."""
    if type(statement.body) is not opaque.SolveVector or statement.loops:
        return None
    right = known.get(statement.body.operands[1].tensor)
    if right is None or right.op is not Op.NONE or right.scatter or len(right.loops) != 1 or not right.body.is_Mul:
        return None
    own = [f for f in right.body.args if right.loops[0].symbol in _letters(f)]
    vectors = [f for f in own if isinstance(f, Read) and f.positions == right.positions]
    if len(own) != 1 or not vectors or right.body.has(sp.Piecewise):
        return None
    return sp.Mul(*(f for f in right.body.args if f not in own)), vectors[0].tensor


def _letters(expression: Expr) -> set[Expr]:
    return set(expression.free_symbols).union(*(p.free_symbols for r in reads_of(expression) for p in r.positions))


def _factored(program: Program) -> Program:
    """Every matrix that is proved positive definite, and used twice, by its factor; uses in loops share it too."""
    uses = [s for s in program.statements if type(s.body) in {*_BY_FACTOR, opaque.Cholesky}]
    counts = Counter(s.body.operands[0] for s in uses)
    proved = {s.body.operands[0] for s in uses if isinstance(s.body, _PROVES)}
    taken = names_in(program)
    factors: dict[Expr, str] = {}
    statements: list[Statement] = []
    for statement in program.statements:
        body = statement.body
        matrix = body.operands[0] if type(body) in _BY_FACTOR else None
        if matrix is None or matrix.positions or matrix not in proved or counts[matrix] < 2:
            statements.append(statement)
            continue
        if matrix not in factors:
            factors[matrix] = fresh("factor", taken)
            shape = program.tensors[matrix.tensor].shape
            target = Tensor(factors[matrix], shape, differentiable=False)
            statements.append(Statement(target, (), (), Op.NONE, opaque.Cholesky(matrix)))
        by_factor = _BY_FACTOR[type(body)](read(factors[matrix]), *body.args[1:])
        statements.append(replace(statement, body=by_factor))
    return program.with_statements(tuple(statements))
