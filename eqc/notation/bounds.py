"""How large the constant parts of a formula can get, found without computing them.

SymPy evaluates `9**9**9`, `factorial(10**9)` or `2**(x - x + 10**9)` as soon as it sees them and never comes back, so
a formula is refused before SymPy sees it where a number in it could pass `MAX_DIGITS` digits. Symbols count as 1: a
power with a symbol in it is measured by the literals that it holds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from eqc.notation.literals import MAX_DIGITS, BadNumber
from eqc.notation.tree import Binary, Call, Node, Number, TupleNode, Unary, walk
from eqc.notation.words import BINDERS, FUNCTION_WORDS, SOLVERS

_LOG_2 = math.log10(2)
_LOG_E = math.log10(math.e)


@dataclass(frozen=True, slots=True)
class Size:
    """What is known of a part's value.

    `exact` is the value where it is rational and known. `digits` bounds the decimal digits of the numbers in it,
    `magnitude` the decimal logarithm of its absolute value, from below by 0. Symbols count as 1.
    """

    digits: float
    magnitude: float
    exact: Fraction | None = None
    constant: bool = True


_SYMBOL = Size(0.0, 0.0, constant=False)


def check_sizes(formula: Node) -> None:
    """Raises BadNumber where a number of the formula could pass `MAX_DIGITS` digits.

    >>> from eqc.notation.sympy_form import parse_text
    >>> check_sizes(parse_text("x**(10**9) + binomial(10**9, 2)"))
    """
    sizes: dict[int, Size] = {}
    for node in reversed(list(walk(formula))):  # inner parts first
        sizes[id(node)] = _measure(node, [sizes[id(child)] for child in node.children()])


def _measure(node: Node, parts: list[Size]) -> Size:
    match node:
        case Number():
            return _exact(node.value)
        case TupleNode():
            return _widest(parts)
        case Unary(op="-" | "+"):
            return _signed(node, parts[0])
        case Binary(op=op) if op in _ARITHMETIC:
            return _ARITHMETIC[op](node, *parts)
        case Call(function=name) if name in _CALLS and FUNCTION_WORDS[name].accepts(len(parts)):
            return _CALLS[name](node, *parts)
        case Call():
            return _widest(parts)
        case _:
            return _SYMBOL


def _log(value: int) -> float:
    """The decimal logarithm of a positive integer of any size; 0 for 0."""
    bits = value.bit_length()
    if bits <= 900:
        return math.log10(value) if value else 0.0
    return math.log10(value >> (bits - 60)) + (bits - 60) * _LOG_2


def _exact(value: Fraction) -> Size:
    top, bottom = _log(abs(value.numerator)), _log(value.denominator)
    return Size(max(top, bottom), max(0.0, top - bottom), value)


def _widest(parts: list[Size]) -> Size:
    if not parts:
        return _SYMBOL
    digits, magnitude = max(p.digits for p in parts), max(p.magnitude for p in parts)
    return Size(digits, magnitude, None, all(p.constant for p in parts))


def _signed(node: Unary, part: Size) -> Size:
    return _exact(-part.exact) if node.op == "-" and part.exact is not None else part


def _add_logs(a: float, b: float) -> float:
    return max(a, b) + math.log10(1 + 10 ** -min(abs(a - b), 300.0))


def _sum(node: Node, a: Size, b: Size) -> Size:
    if a.exact is not None and b.exact is not None:
        subtract = isinstance(node, Binary) and node.op == "-"
        return _limited(_exact(a.exact - b.exact if subtract else a.exact + b.exact), node, "sum")
    if a.constant and b.constant:
        return Size(_add_logs(a.digits, b.digits), _add_logs(a.magnitude, b.magnitude))
    return _widest([a, b])


def _product(node: Node, a: Size, b: Size) -> Size:
    if 0 in (a.exact, b.exact):
        return _exact(Fraction(0))
    if a.exact is not None and b.exact is not None:
        _limited(Size(a.digits + b.digits, 0.0), node, "product")
        return _exact(a.exact * b.exact)
    bound = Size(a.digits + b.digits, a.magnitude + b.magnitude, None, a.constant and b.constant)
    return _limited(bound, node, "product")


def _by_zero(node: Node) -> BadNumber:
    return BadNumber("this divides by zero", "write oo for infinity, or mend the divisor", node)


def _quotient(node: Node, a: Size, b: Size) -> Size:
    if b.exact == 0:
        raise _by_zero(node)
    if b.exact is not None:
        return _product(node, a, _exact(1 / b.exact))
    bound = Size(a.digits + b.digits, a.magnitude + b.digits, None, a.constant and b.constant)
    return _limited(bound, node, "quotient")


def _remainder(node: Node, a: Size, b: Size) -> Size:
    if a.exact is None or not b.exact:
        return _widest([a, b])
    floor = isinstance(node, Binary) and node.op == "//"
    return _exact(Fraction(a.exact // b.exact) if floor else a.exact % b.exact)


def _power(node: Node, base: Size, exponent: Size) -> Size:
    if base.exact in (0, 1, -1) or exponent.exact == 0:
        return _power_of_unit(node, base, exponent)
    times = _raised(exponent.magnitude) if exponent.exact is None else _float(abs(exponent.exact))
    widest = max(base.digits, base.magnitude)
    constant = base.constant and exponent.constant
    bound = _limited(Size(_times(base.digits, times), _times(widest, times), None, constant), node, "power")
    if base.exact is None or exponent.exact is None or exponent.exact.denominator != 1:
        return bound
    return _exact(base.exact**exponent.exact.numerator)


def _power_of_unit(node: Node, base: Size, exponent: Size) -> Size:
    if base.exact == 0 and exponent.exact is not None and exponent.exact < 0:
        raise _by_zero(node)
    if exponent.exact == 0 or base.exact == 1:
        return _exact(Fraction(1))
    return Size(0.0, 0.0)


def _float(value: Fraction | int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _raised(magnitude: float) -> float:
    return 10.0**magnitude if magnitude < 300 else math.inf


def _upper(part: Size) -> float:
    return _raised(part.magnitude) if part.exact is None else max(0.0, _float(part.exact))


def _factorial_digits(n: float) -> float:
    return math.lgamma(n + 1) * _LOG_E if n < 1e15 else math.inf


def _factorial(node: Node, argument: Size) -> Size:
    digits = _factorial_digits(_upper(argument))
    return _limited(Size(digits, digits, None, argument.constant), node, "factorial")


def _binomial(node: Node, top: Size, bottom: Size) -> Size:
    if bottom.exact is not None and bottom.exact < 0:
        return _exact(Fraction(0))
    factors = _upper(bottom)
    if _is_count(top.exact) and _is_count(bottom.exact):
        factors = min(factors, max(0.0, _upper(top) - factors))
    digits = _times(factors, max(top.digits, math.log10(factors + 1)) + _LOG_2)
    if _is_count(top.exact) and math.isfinite(digits):
        digits -= _factorial_digits(factors)
    return _limited(Size(digits, digits, None, top.constant and bottom.constant), node, "binomial coefficient")


def _is_count(value: Fraction | None) -> bool:
    return value is not None and value >= 0 and value.denominator == 1


def _beta(node: Node, a: Size, b: Size) -> Size:
    return _factorial(node, a if _upper(a) > _upper(b) else b)


def _digamma(node: Node, argument: Size) -> Size:
    # SymPy adds up 1 + 1/2 + … + 1/n
    digits = _upper(argument) * _LOG_E + 1
    return _limited(Size(digits, argument.magnitude, None, argument.constant), node, "harmonic number")


def _polygamma(node: Node, order: Size, argument: Size) -> Size:
    _factorial(node, order)
    return _digamma(node, argument)


def _exponential(node: Node, argument: Size) -> Size:
    return Size(0.0, _upper(argument) * _LOG_E, None, argument.constant)


def _rounded(node: Node, argument: Size) -> Size:
    digits = max(argument.digits, argument.magnitude)
    return _limited(Size(digits, argument.magnitude, None, argument.constant), node, "rounding")


def _root(node: Node, argument: Size) -> Size:
    return Size(argument.digits, argument.magnitude / 2, None, argument.constant)


def _opaque(node: Node, *parts: Size) -> Size:
    return _SYMBOL


def _times(a: float, b: float) -> float:
    return a * b if a and b else 0.0


def _limited(size: Size, node: Node, what: str) -> Size:
    if size.digits > MAX_DIGITS:
        rule = f"the value of this {what} passes {MAX_DIGITS} digits"
        raise BadNumber(rule, "scale the formula, or make the large number an input", node)
    return size


_ARITHMETIC: Mapping[str, Callable[[Node, Size, Size], Size]] = {
    "+": _sum,
    "-": _sum,
    "*": _product,
    "/": _quotient,
    "//": _remainder,
    "%": _remainder,
    "**": _power,
}

_CALLS: Mapping[str, Callable[..., Size]] = {
    "factorial": _factorial,
    "gamma": _factorial,
    "loggamma": _factorial,  # SymPy evaluates log(gamma(n))
    "binomial": _binomial,
    "beta": _beta,
    "digamma": _digamma,
    "polygamma": _polygamma,
    "exp": _exponential,
    "sinh": _exponential,
    "cosh": _exponential,
    "floor": _rounded,
    "ceiling": _rounded,
    "sqrt": _root,
    "Rational": _quotient,
    "Mod": _remainder,
    **dict.fromkeys((*BINDERS, *SOLVERS), _opaque),
}
