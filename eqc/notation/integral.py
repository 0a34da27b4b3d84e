"""Integrals in one variable, and in several by nesting: double exponential quadrature as sums over nodes.

The substitution of Takahasi and Mori (1974) makes the trapezoidal rule converge exponentially for analytic integrands,
also with singular end points. Nodes and weights are statements like all others, so that derivatives pass under the
integral sign and through the limits. The rule with half the nodes gives the error estimate: a kernel raises where the
two differ by more than 1e-8 of the integral of the absolute value (the finer one is then right to about the square).
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from eqc.errors import NotationError
from eqc.ir.program import Area, Op, Statement, Tensor, box
from eqc.ir.terms import Converged, Expr, Index, Remainder, read
from eqc.ir.walk import branches
from eqc.notation.builder import Lowering, context, define, guarded
from eqc.notation.tree import Call, Name, Node, TupleNode
from eqc.notation.value import Scope, Value, number

STEP = sp.Rational(1, 64)


@dataclass(frozen=True, slots=True)
class Rule:
    """x(t) and dx/dt on -`before`·STEP … `after`·STEP."""

    point: Expr
    weight: Expr
    before: int
    after: int


def _finite(low: Expr, high: Expr, t: Expr) -> Rule:
    """x = low + (high - low)/(1 + exp(-π sinh t)), which stays exact near the lower limit."""
    decay = sp.exp(-sp.pi * sp.sinh(t))
    slope = (high - low) * sp.pi * sp.cosh(t) * decay / (1 + decay) ** 2
    return Rule(low + (high - low) / (1 + decay), slope, before=300, after=198)


def _upward(low: Expr, t: Expr) -> Rule:
    """x = low + exp(π/2 sinh t)."""
    grown = sp.exp(sp.pi * sp.sinh(t) / 2)
    return Rule(low + grown, sp.pi * sp.cosh(t) * grown / 2, before=416, after=288)


def _downward(high: Expr, t: Expr) -> Rule:
    grown = sp.exp(sp.pi * sp.sinh(t) / 2)
    return Rule(high - grown, sp.pi * sp.cosh(t) * grown / 2, before=416, after=288)


def _everywhere(t: Expr) -> Rule:
    """x = sinh(π/2 sinh t)."""
    inner = sp.pi * sp.sinh(t) / 2
    return Rule(sp.sinh(inner), sp.pi * sp.cosh(t) * sp.cosh(inner) / 2, before=256, after=256)


def _rule(low: Expr, high: Expr, t: Expr) -> Rule:
    if low == -sp.oo:
        return _everywhere(t) if high == sp.oo else _downward(high, t)
    return _upward(low, t) if high == sp.oo else _finite(low, high, t)


def integral(state: Lowering, node: Call, scope: Scope) -> Value:
    """The value of `Integral(body, (x, low, high), …)`, limits innermost first."""
    return number(_integrate(state, node.arguments[0], node.arguments[1:], scope))


def _integrate(state: Lowering, body: Node, limits: tuple[Node, ...], scope: Scope) -> Expr:
    if not limits:
        value = state.lower(state, body, scope)
        if value.rank:
            raise NotationError(body.span, written="Integral", rule="an integrand is a number", remedy="give positions")
        return value.at(())
    variable, low, high = _limit(state, limits[-1], scope)
    time = state.new_index("q", sp.Integer(0), scope)
    rule = _rule(low, high, (time.symbol - _before(low, high)) * STEP)
    loop = Index(time.name, sp.Integer(rule.before + rule.after + 1))
    node = _stored(state, rule.point, scope, loop, "node")
    weight = _stored(state, rule.weight * STEP, scope, loop, "weight")
    state.areas.append(Area(variable, node.tensor, weight.tensor, low, high))
    inner = scope.with_index(variable, node, loop)
    value = _integrate(state, body, limits[:-1], inner)
    sample = _stored(state, guarded(weight * value, scope, sp.Integer(0)), scope, loop, "sample")
    even = branches([(2 * sample, sp.Eq(Remainder(loop.symbol, sp.Integer(2)), 0)), (sp.Integer(0), sp.true)])
    estimates = ((sample, "fine"), (even, "coarse"), (sp.Abs(sample), "size"))
    return Converged(*(_total(state, part, scope, loop, name) for part, name in estimates))


def _before(low: Expr, high: Expr) -> int:
    return _rule(low, high, sp.Symbol("t", real=True)).before


def _limit(state: Lowering, limit: Node, scope: Scope) -> tuple[str, Expr, Expr]:
    if not (isinstance(limit, TupleNode) and len(limit.items) == 3 and isinstance(limit.items[0], Name)):
        raise NotationError(
            limit.span,
            written="Integral",
            rule="a limit is (variable, low, high)",
            remedy="write (x, 0, 1) or (x, -oo, oo)",
        )
    low, high = (state.lower(state, end, scope) for end in limit.items[1:])
    if low.rank or high.rank:
        raise NotationError(limit.span, written="Integral", rule="limits are numbers", remedy="give positions: a[i]")
    return limit.items[0].name, low.at(()), high.at(())


def _stored(state: Lowering, body: Expr, scope: Scope, loop: Index, base: str) -> Expr:
    """A statement over the nodes and the loops in scope that the body depends on."""
    outer = context(state, (body,), scope)
    loops = (*outer, loop)
    at = tuple(i.symbol for i in loops)
    tensor = Tensor(state.name(base), box(loops), differentiable=False)
    state.add(Statement(tensor, loops, at, Op.NONE, body))
    return read(tensor.name, at)


def _total(state: Lowering, body: Expr, scope: Scope, loop: Index, base: str) -> Expr:
    outer = context(state, (body,), scope)
    at = tuple(i.symbol for i in outer)
    tensor = define(state, state.name(base), box(outer), (*outer, loop), at, Op.SUM, body)
    return read(tensor.name, at)
