"""Sums of quotients become one quotient where their numerators cancel: 1/(x + y) - x/(x + y)**2 is y/(x + y)**2.

Such sums are what slopes of quotients are made of. Each term is about as large as the other, and divides by itself;
what they have in common is lost to rounding, or takes pairs of floats to keep.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import sympy as sp

from eqc.ir.opaque import Opaque
from eqc.ir.program import Program, Statement
from eqc.ir.terms import Expr, Read
from eqc.ir.walk import is_short, rebuild

_LARGEST_BODY = 200
_MOST_TERMS = 8
"""Terms of a sum, and of its numerator once it is multiplied out."""

_CONDITIONS = sp.core.relational.Relational | sp.logic.boolalg.BooleanFunction


def join_quotients(program: Program) -> Program:
    """The same program with such quotients."""
    return program.with_statements(tuple(map(_of_statement, program.statements)))


def _of_statement(statement: Statement) -> Statement:
    body = statement.body
    if isinstance(body, Opaque) or not is_short(body, _LARGEST_BODY):
        return statement
    return replace(statement, body=_of_node(body))


def _of_node(node: Expr) -> Expr:
    if not node.args or isinstance(node, Read | _CONDITIONS):
        return node
    args = tuple(map(_of_node, node.args))
    node = node if args == node.args else rebuild(node, args)
    return _of_sum(node) if isinstance(node, sp.Add) else node


@dataclass(frozen=True, slots=True)
class _Quotient:
    """A term: a polynomial over powers of sums."""

    above: Expr
    below: Counter[Expr]

    def over(self, common: Counter[Expr]) -> Expr:
        """The numerator over a common denominator, multiplied out."""
        missing = common - self.below
        return sp.expand(sp.Mul(self.above, *(sp.Pow(base, power) for base, power in missing.items())))


def _of_sum(total: Expr) -> Expr:
    """A sum as one quotient, if something cancels and that is less work."""
    terms = [_quotient(term) for term in total.args] if len(total.args) <= _MOST_TERMS else []
    found = [term for term in terms if term is not None]
    common: Counter[Expr] = Counter()
    for term in found:
        common |= term.below
    if len(found) < len(total.args) or sum(bool(term.below) for term in found) < 2:
        return total
    numerators = [term.over(common) for term in found]
    above = sp.expand(sp.Add(*numerators))
    left = len(sp.Add.make_args(above))
    if left > _MOST_TERMS or left >= sum(len(sp.Add.make_args(one)) for one in numerators):
        return total
    joined = sp.factor(above) * sp.Mul(*(sp.Pow(base, -power) for base, power in common.items()))
    return joined if sp.count_ops(joined) < sp.count_ops(total) else total


def _quotient(term: Expr) -> _Quotient | None:
    """A term as such a quotient, if it is one."""
    above: list[Expr] = []
    below: Counter[Expr] = Counter()
    for factor in sp.Mul.make_args(term):
        base, power = factor.as_base_exp()
        if isinstance(base, sp.Add) and _is_polynomial(base) and power.is_Integer and power < 0:
            below[base] += -int(power)
        elif _is_polynomial(factor):
            above.append(factor)
        else:
            return None
    return _Quotient(sp.Mul(*above), below)


def _is_polynomial(node: Expr) -> bool:
    """Whether a number is made of data by sums, products and whole powers."""
    if not node.args:
        return bool(node.is_Rational or node.is_Symbol)
    if isinstance(node, sp.Pow):
        return bool(node.args[1].is_Integer and node.args[1] > 0) and _is_polynomial(node.args[0])
    return isinstance(node, sp.Add | sp.Mul) and all(map(_is_polynomial, node.args))
