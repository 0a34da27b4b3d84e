"""Closed forms as formulas: SymPy expressions over reads become notation trees, in the order one would write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

import sympy as sp

from eqc.ir.opaque import Opaque
from eqc.ir.stable import DEFINITIONS as STABLE
from eqc.ir.stable import Stable
from eqc.ir.terms import (
    Applied,
    Converged,
    Expr,
    FloorDivide,
    FunctionName,
    Maximum,
    Minimum,
    Quotient,
    Read,
    Remainder,
    XLogY,
)
from eqc.notation.tree import (
    BinaryOp,
    Boolean,
    Compare,
    CompareOp,
    Node,
    Unary,
)
from eqc.present.areas import Integrated
from eqc.present.bound import Total, Whole
from eqc.present.nodes import NOWHERE, binary, call, chain, entry, name, number, pair
from eqc.present.slopes import primed, slope_of


class CalledEntry(sp.Symbol):  # type: ignore[misc]
    """A symbol that stands for an entry of a result until its formula is put in."""


_HEADS: Mapping[type, str] = {
    Total: "Sum",
    Whole: "Product",
    Maximum: "Max",
    Minimum: "Min",
    Remainder: "Mod",
}
_RELATIONS: Mapping[type, CompareOp] = {
    sp.StrictLessThan: "<",
    sp.LessThan: "<=",
    sp.StrictGreaterThan: ">",
    sp.GreaterThan: ">=",
    sp.Equality: "==",
    sp.Unequality: "!=",
}
_CONSTANTS: Mapping[Expr, str] = {
    sp.pi: "pi",
    sp.E: "E",
    sp.oo: "oo",
    sp.nan: "nan",
    sp.EulerGamma: "EulerGamma",
    sp.GoldenRatio: "GoldenRatio",
    sp.Catalan: "Catalan",
}


def formula_of(expression: Expr) -> Node:
    """The formula that an expression counted from 1 stands for.

    >>> from eqc.ir.terms import index_symbol, read
    >>> formula_of(read("x", (index_symbol("i"),))).base.name
    'x'
    """
    if isinstance(expression, Read):
        return entry(expression.tensor, [formula_of(p) for p in expression.positions])
    if expression in _CONSTANTS:
        return name(_CONSTANTS[expression])
    if expression == -sp.oo:
        return Unary(NOWHERE, "-", name("oo"))
    for kind, handler in _HANDLERS:
        if isinstance(expression, kind):
            return handler(expression)
    word = _HEADS.get(type(expression), type(expression).__name__)
    return call(word, *(formula_of(a) for a in expression.args))


def _symbol(symbol: Expr) -> Node:
    return name(symbol.name)


def _number(value: Expr) -> Node:
    exact = sp.nsimplify(value, rational=True) if value.is_Float else value
    return number(Fraction(int(exact.p), int(exact.q)))


def _sum(expression: Expr) -> Node:
    first, *rest = written_order(expression)
    result = formula_of(first)
    for term in rest:
        minus = term.could_extract_minus_sign()
        result = binary("-" if minus else "+", result, formula_of(-term if minus else term))
    return result


def written_order(expression: Expr) -> list[Expr]:
    """The terms of a sum, those with a minus sign last; a number is first beside an exponential or before a minus."""
    terms = sorted(expression.as_ordered_terms(), key=lambda t: bool(t.could_extract_minus_sign()))
    numbers = [t for t in terms if t.is_Number and t.is_positive]
    others = [t for t in terms if t not in numbers]
    ahead = any(t.has(sp.exp) or t.could_extract_minus_sign() for t in others) or any(p.is_Pow for p in others)
    return [*numbers, *others] if ahead else [*others, *numbers]


def _product(expression: Expr) -> Node:
    coefficient, rest = expression.as_coeff_Mul()
    above, below = factors_by_place(rest)
    if not coefficient.is_Rational:
        above, coefficient = [coefficient, *above], sp.Integer(1)
    top = [formula_of(f) for f in above]
    bottom = [formula_of(f) for f in below]
    size = abs(coefficient)
    top = [number(int(size.p)), *top] if size.p != 1 or not top else top
    bottom = [number(int(size.q)), *bottom] if size.q != 1 else bottom
    result = chain("*", top)
    result = binary("/", result, chain("*", bottom)) if bottom else result
    return Unary(NOWHERE, "-", result) if coefficient.is_negative else result


def factors_by_place(product: Expr) -> tuple[list[Expr], list[Expr]]:
    """The factors above and below the fraction bar, each in the order of writing."""
    above: list[Expr] = []
    below: list[Expr] = []
    for factor in sp.Mul.make_args(product):
        base, exponent = factor.as_base_exp()
        if exponent.is_Rational and exponent.is_negative and not isinstance(factor, sp.exp):
            below.append(sp.Pow(base, -exponent))
        elif factor != 1:
            above.append(factor)
    return sorted(above, key=_place), sorted(below, key=_place)


def _place(factor: Expr) -> tuple[int, bool, str]:
    """Where a factor stands: numbers and letters, then what is in brackets, then entries, sums at the end."""
    base = factor.as_base_exp()[0] if factor.is_Pow and factor.exp.is_Rational else factor
    indexed = any(isinstance(s, CalledEntry) or (isinstance(s, Read) and s.positions) for s in factor.free_symbols)
    kinds = ((sp.KroneckerDelta, 8), (sp.Piecewise, 9), (Total, 10), (Whole, 10), (Integrated, 10))
    place = next((n for kind, n in kinds if isinstance(base, kind)), None)
    if place is None and base.is_number:
        place = -1
    if place is None:
        place = (4 if indexed else 0) + (0 if base.is_Symbol else 1 if base.is_Add else 2)
    return place, not isinstance(base, Read), str(factor).lower()


def _power(expression: Expr) -> Node:
    base, exponent = expression.args
    if exponent.is_Rational and exponent.is_negative:
        return binary("/", number(1), formula_of(sp.Pow(base, -exponent)))
    if exponent == sp.Rational(1, 2):
        return call("sqrt", formula_of(base))
    return binary("**", formula_of(base), formula_of(exponent))


def _bound(expression: Expr) -> Node:
    """Sums of sums are one sum with several limits, innermost first."""
    limits: list[Node] = []
    body = expression
    while isinstance(body, type(expression)):
        limits.append(pair(formula_of(body.args[1]), number(1), formula_of(body.args[2])))
        body = body.args[0]
    return call(_HEADS[type(expression)], formula_of(body), *reversed(limits))


def _area(expression: Expr) -> Node:
    body, *limits = (formula_of(a) for a in expression.args)
    return call("Integral", body, pair(*limits))


def _cases(expression: Expr) -> Node:
    return call("Piecewise", *(pair(formula_of(p.args[0]), formula_of(p.args[1])) for p in expression.args))


def _relation(expression: Expr) -> Node:
    left, right = (formula_of(a) for a in expression.args)
    return Compare(NOWHERE, _RELATIONS[type(expression)], left, right)


def _connective(op: BinaryOp) -> Callable[[Expr], Node]:
    return lambda expression: chain(op, (formula_of(a) for a in sorted(expression.args, key=str)))


def _choice(expression: Expr) -> Node:
    condition, yes, no = (formula_of(a) for a in expression.args)
    opposite = Unary(NOWHERE, "not", condition)
    return binary("or", binary("and", condition, yes), binary("and", opposite, no))


def _delta(expression: Expr) -> Node:
    shortest_first = sorted(expression.args, key=lambda a: (len(str(a)), str(a)))
    return call("KroneckerDelta", *(formula_of(a) for a in shortest_first))


def _applied(expression: Expr) -> Node:
    """f(x), f'(x) and f''(x) for functions of one number, partial derivatives for those of several."""
    function: FunctionName = expression.args[0]
    arguments = [formula_of(a) for a in expression.args[1:]]
    if len(function.ranks) == 1:
        return call(primed(function), *arguments)
    return slope_of(function, arguments) if function.wrt else call(function.name, *arguments)


def _floor_divide(expression: Expr) -> Node:
    upper, lower = (formula_of(a) for a in expression.args)
    return call("floor", binary("/", upper, lower))


_HANDLERS: tuple[tuple[type, Callable[[Expr], Node]], ...] = (
    (sp.Symbol, _symbol),
    (sp.Number, _number),
    (sp.logic.boolalg.BooleanAtom, lambda e: Boolean(NOWHERE, bool(e))),
    (sp.Add, _sum),
    (sp.exp, lambda e: call("exp", formula_of(e.args[0]))),
    (sp.Mul, _product),
    (sp.Pow, _power),
    (Total, _bound),
    (Whole, _bound),
    (Integrated, _area),
    (sp.Piecewise, _cases),
    (sp.core.relational.Relational, _relation),
    (sp.And, _connective("and")),
    (sp.Or, _connective("or")),
    (sp.Not, lambda e: Unary(NOWHERE, "not", formula_of(e.args[0]))),
    (sp.ITE, _choice),
    (sp.KroneckerDelta, _delta),
    (XLogY, lambda e: binary("*", formula_of(e.args[0]), call("log", formula_of(e.args[1])))),
    (Quotient, lambda e: binary("/", formula_of(e.args[0]), formula_of(e.args[1]))),
    (FloorDivide, _floor_divide),
    (Converged, lambda e: formula_of(e.args[0])),
    (Applied, _applied),
    (Stable, lambda e: formula_of(STABLE[type(e)](*e.args))),
    (Opaque, lambda e: call(type(e).__name__, *(formula_of(a) for a in e.args))),
)
