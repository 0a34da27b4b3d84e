"""Local derivatives of the functions that bodies are made of.

Smooth functions use SymPy's derivative of the function itself (never of sums, indices or matrices). Functions with
kinks or jumps have eqc's conventions: Abs has slope 0 at 0, and steps have slope 0 everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy as sp

from eqc.derive.stable import SLOPES
from eqc.errors import DerivationError
from eqc.ir.terms import Applied, Converged, Expr, FloorDivide, Quotient, Remainder, XLogY
from eqc.ir.walk import branches

_ZERO = sp.Integer(0)

SMOOTH: frozenset[type] = frozenset(
    {
        sp.exp,
        sp.log,
        sp.sin,
        sp.cos,
        sp.tan,
        sp.asin,
        sp.acos,
        sp.atan,
        sp.atan2,
        sp.sinh,
        sp.cosh,
        sp.tanh,
        sp.asinh,
        sp.acosh,
        sp.atanh,
        sp.erf,
        sp.erfc,
        sp.gamma,
        sp.loggamma,
    }
)


def _power(node: Expr) -> tuple[Expr, ...]:
    base, exponent = node.args
    slope = exponent * sp.Pow(base, exponent - 1)
    if not exponent.is_number and not exponent.is_positive and not base.is_nonzero:
        # x**0 has slope 0, also at 0, where 0 * 0**(-1) would be NaN.
        slope = branches([(_ZERO, sp.Eq(exponent, 0)), (slope, sp.true)])
    return slope, (sp.log(base) * node if exponent.free_symbols else _ZERO)


def _product(node: Expr) -> tuple[Expr, ...]:
    return tuple(sp.Mul(*node.args[:n], *node.args[n + 1 :]) for n in range(len(node.args)))


def _flat(node: Expr) -> tuple[Expr, ...]:
    return tuple(_ZERO for _ in node.args)


def _remainder(node: Expr) -> tuple[Expr, ...]:
    dividend, divisor = node.args
    return sp.Integer(1), -sp.floor(dividend / divisor)


def _polygamma(node: Expr) -> tuple[Expr, ...]:
    order, argument = node.args
    if not order.is_integer:
        raise DerivationError(
            None, written=str(node), rule="polygamma has no derivative in its order", remedy="use a whole order"
        )
    return _ZERO, sp.polygamma(order + 1, argument)


def _xlogy(node: Expr) -> tuple[Expr, ...]:
    """Where x is 0 the product does not move with y."""
    x, y = node.args
    return sp.log(y), branches([(_ZERO, sp.Eq(x, 0)), (x / y, sp.true)])


def _applied(node: Expr) -> tuple[Expr, ...]:
    name, *arguments = node.args
    return _ZERO, *(Applied(name.differentiated(n), *arguments) for n in range(len(arguments)))


LOCAL: Mapping[type, Callable[[Expr], tuple[Expr, ...]]] = {
    sp.Add: lambda node: tuple(sp.Integer(1) for _ in node.args),
    sp.Mul: _product,
    sp.Pow: _power,
    sp.Abs: lambda node: (sp.sign(node.args[0]),),
    sp.Mod: _remainder,
    sp.sign: _flat,
    sp.floor: _flat,
    sp.ceiling: _flat,
    sp.KroneckerDelta: _flat,
    sp.polygamma: _polygamma,
    FloorDivide: _flat,
    Quotient: _flat,
    XLogY: _xlogy,
    Applied: _applied,
    Converged: lambda node: (sp.Integer(1), _ZERO, _ZERO),
    Remainder: _flat,
}
"""Head -> the derivative in each argument. `Piecewise`, `Maximum` and `Minimum` choose branches: see `partials`."""


def local_derivatives(node: Expr) -> tuple[Expr, ...]:
    """The derivative of a node in each of its arguments.

    >>> x = sp.Symbol("x", real=True)
    >>> local_derivatives(sp.log(x)), local_derivatives(sp.Abs(x))
    ((1/x,), (sign(x),))
    """
    if type(node) in SLOPES:
        return SLOPES[type(node)](*node.args)
    rule = LOCAL.get(type(node))
    if rule is not None:
        return rule(node)
    if type(node) in SMOOTH:
        return tuple(node.fdiff(n + 1) if _depends(a) else _ZERO for n, a in enumerate(node.args))
    raise DerivationError(
        None,
        written=str(node),
        rule=f"{type(node).__name__} has no derivative rule",
        remedy="mark the input differentiable: false, or write the function in others",
    )


def _depends(argument: Expr) -> bool:
    return not argument.is_number
