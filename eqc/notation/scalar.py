"""The scalar functions of the formula language as SymPy expressions over reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy as sp

from eqc.ir.terms import Expr, Maximum, Minimum, ceiling, floor, remainder
from eqc.ir.walk import branches

_ONE = sp.Integer(1)


def _log(x: Expr, *base: Expr) -> Expr:
    return sp.log(x) / sp.log(base[0]) if base else sp.log(x)


def _beta(a: Expr, b: Expr) -> Expr:
    return sp.gamma(a) * sp.gamma(b) / sp.gamma(a + b)


def _binomial(n: Expr, k: Expr) -> Expr:
    ratio = sp.gamma(n + 1) / (sp.gamma(k + 1) * sp.gamma(n - k + 1))
    if not (n.is_integer and k.is_integer):
        return ratio
    # Beyond both ends of a row the denominator has a pole, which floating-point numbers do not have.
    return branches([(sp.Integer(0), sp.And(n >= 0, sp.Or(k < 0, k > n))), (ratio, sp.true)])


def _factorial(n: Expr) -> Expr:
    return sp.gamma(n + 1)


def _heaviside(x: Expr, *at_zero: Expr) -> Expr:
    middle = at_zero[0] if at_zero else sp.Rational(1, 2)
    return branches([(_ONE, sp.Gt(x, 0)), (sp.Integer(0), sp.Lt(x, 0)), (middle, sp.true)])


def _sinc(x: Expr) -> Expr:
    return branches([(_ONE, sp.Eq(x, 0)), (sp.sin(x) / x, sp.true)])


def _cbrt(x: Expr) -> Expr:
    return sp.sign(x) * sp.Abs(x) ** sp.Rational(1, 3)


def _maximum(*values: Expr) -> Expr:
    return values[0] if len(values) == 1 else Maximum(*values)


def _minimum(*values: Expr) -> Expr:
    return values[0] if len(values) == 1 else Minimum(*values)


SCALAR: Mapping[str, Callable[..., Expr]] = {
    "exp": sp.exp,
    "log": _log,
    "sqrt": sp.sqrt,
    "cbrt": _cbrt,
    "sin": sp.sin,
    "cos": sp.cos,
    "tan": sp.tan,
    "sec": lambda x: 1 / sp.cos(x),
    "csc": lambda x: 1 / sp.sin(x),
    "cot": lambda x: sp.cos(x) / sp.sin(x),
    "asin": sp.asin,
    "acos": sp.acos,
    "atan": sp.atan,
    "atan2": sp.atan2,
    "sinc": _sinc,
    "sinh": sp.sinh,
    "cosh": sp.cosh,
    "tanh": sp.tanh,
    "sech": lambda x: 1 / sp.cosh(x),
    "csch": lambda x: 1 / sp.sinh(x),
    "coth": lambda x: 1 / sp.tanh(x),
    "asinh": sp.asinh,
    "acosh": sp.acosh,
    "atanh": sp.atanh,
    "erf": sp.erf,
    "erfc": sp.erfc,
    "gamma": sp.gamma,
    "loggamma": sp.loggamma,
    "digamma": lambda x: sp.polygamma(0, x),
    "polygamma": sp.polygamma,
    "beta": _beta,
    "factorial": _factorial,
    "binomial": _binomial,
    "Abs": sp.Abs,
    "sign": sp.sign,
    "floor": floor,
    "ceiling": ceiling,
    "Mod": remainder,
    "Max": _maximum,
    "Min": _minimum,
    "Heaviside": _heaviside,
    "KroneckerDelta": sp.KroneckerDelta,
    "Rational": lambda p, q: p / q,
}
"""Word -> its meaning; `Piecewise` and the binders open scopes and are lowered apart."""

IDENTITY = "I"
"""The identity matrix where a sum's other terms are square matrices; there are no complex numbers."""

CONSTANT: Mapping[str, Expr] = {
    "pi": sp.pi,
    "E": sp.E,
    "EulerGamma": sp.EulerGamma,
    "GoldenRatio": sp.GoldenRatio,
    "Catalan": sp.Catalan,
    "oo": sp.oo,
}
