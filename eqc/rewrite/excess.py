"""Sums of relative entropies: what is of first order in the difference of close numbers apart from what is of second.

    Σ x log(x/y) = Σ (x log(x/y) - r) + Σ r    with r = x - y where x and y are close, and else 0

The first sum has terms of one sign there. The differences are exact, and the second sum of them alone cancels. The
identity holds for any r, so that r may stand still in derivatives.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import sympy as sp

from eqc.ir.program import Op, Program, Statement, Tensor, box, fresh, names_in, reads_of
from eqc.ir.stable import LogExcess, XLogRatio
from eqc.ir.terms import Expr, read
from eqc.ir.walk import branches


def part_excess(program: Program) -> Program:
    """Rewrite every sum all of whose terms are relative entropies."""
    taken = names_in(program)
    statements: list[Statement] = []
    for statement in program.statements:
        statements += _parted(statement, taken) or [statement]
    return program.with_statements(tuple(statements))


@dataclass(frozen=True, slots=True)
class _Term:
    """`factor` times x log(x/y), or 0 where its guard does not hold."""

    factor: Expr
    x: Expr
    y: Expr
    guard: Expr


def _parted(total: Statement, taken: set[str]) -> list[Statement] | None:
    """The differences, both sums, and their sum in the place of the total."""
    if total.op is not Op.SUM or total.scatter or total.guard != sp.true:
        return None
    terms = [_term(t) for t in sp.Add.make_args(total.body)]
    known = [t for t in terms if t is not None]
    if len(known) < len(terms):
        return None
    made: list[Statement] = []
    rests, excesses = [], []
    for term in known:
        made.append(_difference(total, term, taken))
        r = read(made[-1].target.name, made[-1].positions)
        rests.append(term.factor * r)
        excess = LogExcess(term.x, term.y, r)
        excesses.append(term.factor * branches([(excess, term.guard), (sp.Integer(0), sp.true)]))
    most = replace(total.target, name=fresh("excess", taken))
    rest = replace(total.target, name=fresh("rest", taken), constant=True)
    made.append(replace(total, target=rest, body=sp.Add(*rests)))
    made.append(replace(total, target=most, body=sp.Add(*excesses)))
    both = read(most.name, total.positions) + read(rest.name, total.positions)
    return [*made, replace(total, loops=total.free, op=Op.NONE, body=both)]


def _term(node: Expr) -> _Term | None:
    """A number times x log(x/y), behind a guard or not."""
    factor, rest = node.as_coeff_Mul()
    guard: Expr = sp.true
    if isinstance(rest, sp.Piecewise) and len(rest.args) == 2 and rest.args[1].args == (0, sp.true):
        guarded, guard = rest.args[0].args
        more, rest = guarded.as_coeff_Mul()
        factor *= more
    if not isinstance(rest, XLogRatio) or not all(reads_of(a) for a in rest.args):
        return None
    x, y = rest.args
    return _Term(factor, x, y, guard)


def _difference(total: Statement, term: _Term, taken: set[str]) -> Statement:
    """r at every place that is summed over: a difference of numbers so close that it is exact."""
    target = Tensor(fresh("apart", taken), box(total.loops), differentiable=False, constant=True)
    close = sp.And(sp.Ge(5 * term.x, 4 * term.y), sp.Ge(5 * term.y, 4 * term.x), term.guard)
    body = branches([(term.x - term.y, close), (sp.Integer(0), sp.true)])
    return Statement(target, total.loops, tuple(loop.symbol for loop in total.loops), Op.NONE, body)
