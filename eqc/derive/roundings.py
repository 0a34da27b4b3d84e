"""What can be said of rounding before any number is known: how many roundings a result has, and whether it is safe.

A result is safe if no difference on the way can cancel, no error can be magnified, and nothing can overflow or
underflow on the way that does not in the result.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import sympy as sp

from eqc.ir.program import Op, Program, Statement
from eqc.ir.stable import (
    Difference,
    ExpDifference,
    HyperbolicTangent,
    Log1p,
    Log1pExp,
    LogCosh,
    Logistic,
    LogisticSlope,
    NormalDensity,
    NormalProbability,
    SoftTangent,
    SoftTangentSlope,
    Stable,
)
from eqc.ir.terms import Expr, Maximum, Minimum, Read
from eqc.ir.walk import is_short
from eqc.ir.whole import is_whole

_MOST_STEPS = 8
LARGEST_BODY = 400
"""Nothing is said of longer bodies, which pairs and wide numbers are not for."""

_POSITIVE = (
    sp.exp,
    sp.cosh,
    sp.Abs,
    ExpDifference,
    Log1pExp,
    LogCosh,
    Logistic,
    LogisticSlope,
    NormalDensity,
    NormalProbability,
    SoftTangent,
    SoftTangentSlope,
)
_TAME = (sp.tanh, sp.atan, sp.asinh, HyperbolicTangent)
"""Functions that magnify no relative error, and have the sign of their argument."""


NO_SIGNS: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Count:
    """`steps` roundings on the way, if nothing cancels; `sign` is 0 where it is not known.

    `spread` says that a number is a product, whose exponent may leave the range where the data do not; `is_constant`
    that it is none of the data. `is_sound` is False once something may have gone wrong. `is_fraction`: 1 at most.
    """

    steps: int = 0
    sign: int = 0
    spread: bool = False
    is_constant: bool = False
    is_sound: bool = True
    is_fraction: bool = False

    @property
    def is_safe(self) -> bool:
        return self.is_sound and self.steps <= _MOST_STEPS


def count_roundings(
    program: Program, signs: Mapping[str, int] = NO_SIGNS, fractions: Collection[str] = ()
) -> Mapping[str, Count]:
    """The count of every tensor; `signs` are those of inputs that have one, and `fractions` those that are 1 at most.

    >>> from eqc.ir.program import Statement, Tensor
    >>> from eqc.ir.terms import read
    >>> x, y = read("x"), read("y")
    >>> def is_safe(body):
    ...     statement = Statement(Tensor("z"), (), (), Op.NONE, body)
    ...     return count_roundings(Program("z", (), (), (), (), (statement,), ("z",)))["z"].is_safe
    >>> is_safe((x - y)**2), is_safe(x*y - 1), is_safe(sp.sqrt(x**2 + y**2))
    (True, False, False)
    """
    counts = {
        name: Count(sign=signs.get(name, 0), is_fraction=name in fractions)
        for name in dict.fromkeys((*signs, *sorted(fractions)))
    }
    for statement in program.statements:
        counts[statement.target.name] = _of_statement(statement, counts)
    return counts


def _of_statement(statement: Statement, counts: Mapping[str, Count]) -> Count:
    if not is_short(statement.body, LARGEST_BODY):
        return Count(is_sound=False)
    body = count_of(statement.body, counts)
    if statement.target.integer:
        return Count()
    if statement.scatter or statement.op is Op.SUM:
        return replace(body, steps=body.steps + 1, is_sound=body.is_sound and body.sign != 0)
    if statement.op is Op.PRODUCT:
        return replace(body, is_sound=False, is_fraction=False)
    return body


def count_of(node: Expr, counts: Mapping[str, Count], found: dict[Expr, Count] | None = None) -> Count:
    """The count of a body whose tensors are known; `found` keeps those of its parts."""
    found = {} if found is None else found
    if node not in found:
        found[node] = _count(node, counts, found)
    return found[node]


def _count(node: Expr, counts: Mapping[str, Count], found: dict[Expr, Count]) -> Count:
    if isinstance(node, Read):
        return counts.get(node.tensor, Count())
    if node.is_number or is_whole(node) or not node.args:
        positive = node.is_nonnegative or (isinstance(node, sp.Add) and isinstance(1 - node, sp.KroneckerDelta))
        sign = 1 if positive else -1 if node.is_nonpositive else 0
        return Count(int(not node.is_integer), sign, is_constant=True)
    if isinstance(node, sp.Piecewise):
        return _alike([count_of(pair.args[0], counts, found) for pair in node.args], 0)
    parts = [count_of(a, counts, found) for a in node.args]
    if isinstance(node, sp.Add):
        return _sum(parts)
    if isinstance(node, sp.Mul):
        return _product(node, parts)
    if isinstance(node, sp.Pow):
        return _power(node, parts)
    if isinstance(node, Maximum | Minimum):
        return _alike(parts, 0)
    return _function(node, parts)


def _alike(parts: list[Count], extra: int) -> Count:
    """Any one of some numbers."""
    signs = {p.sign for p in parts}
    return Count(
        max(p.steps for p in parts) + extra,
        signs.pop() if len(signs) == 1 else 0,
        any(p.spread for p in parts),
        all(p.is_constant for p in parts),
        all(p.is_sound for p in parts),
    )


def _sum(parts: list[Count]) -> Count:
    """Safe for one sign, and for a difference of two numbers of the data."""
    found = _alike(parts, 1)
    exact = len(parts) == 2 and all(p.steps == 0 for p in parts)
    return replace(found, is_sound=found.is_sound and (found.sign != 0 or exact))


def _product(node: Expr, parts: list[Count]) -> Count:
    """A product of more than two factors, or of products, may overflow on the way; so may two divisors."""
    varying = [p for p in parts if not p.is_constant]
    sign = 1
    for p in parts:
        sign *= p.sign
    divisors = [f for f in node.args if isinstance(f, sp.Pow) and f.args[1].could_extract_minus_sign()]
    crowded = len(varying) > 2 or len(divisors) > 1 or (len(varying) > 1 and any(p.spread for p in varying))
    scaled = [f for f in node.args if f.is_number and not is_power_of_two(f)]
    steps = sum(p.steps for p in parts) + len(varying) + len(scaled) - 1
    sound = all(p.is_sound for p in parts) and not crowded
    return Count(max(steps, 0), sign, len(varying) > 1 or any(p.spread for p in varying), not varying, sound)


def is_tame(node: Expr) -> bool:
    """Whether a function magnifies no relative error."""
    return isinstance(node, _TAME)


def is_power_of_two(number: Expr) -> bool:
    """Whether a product with a number, whatever its sign, is exact.

    >>> is_power_of_two(sp.Rational(-1, 4)), is_power_of_two(sp.Integer(6))
    (True, False)
    """
    return bool(number.is_Rational) and is_power(abs(int(number.p))) and is_power(int(number.q))


def is_power(number: int) -> bool:
    """Whether a whole number is 1, 2, 4, 8, …"""
    return number > 0 and number & (number - 1) == 0


def _power(node: Expr, parts: list[Count]) -> Count:
    base, exponent = parts[0], node.args[1]
    if exponent.is_Integer and exponent > 0:
        return replace(
            base, steps=int(exponent) * base.steps + 1, sign=1 if exponent.is_even else base.sign, spread=True
        )
    sign = 1 if exponent.is_even else base.sign
    simple = exponent in (-1, sp.Rational(1, 2)) or base.steps == parts[1].steps == 0
    sound = base.is_sound and simple and not base.spread
    spread = base.spread and not (exponent.is_number and abs(exponent) <= sp.Rational(1, 2))  # roots halve exponents
    return replace(base, steps=base.steps + 1, sign=sign, spread=spread, is_sound=sound)


def _function(node: Expr, parts: list[Count]) -> Count:
    sign = _sign_of_function(node, parts)
    if isinstance(node, sp.Abs):
        return replace(parts[0], sign=1, is_fraction=False)
    exact = all(p.steps == 0 for p in parts)
    tame = isinstance(node, _TAME) and not parts[0].spread
    sound = all(p.is_sound for p in parts) and (exact or tame)
    steps = max((p.steps for p in parts), default=0) + (
        1 + int(isinstance(node, Stable) and type(node) is not Difference)
    )
    return Count(steps, sign, is_sound=sound)


def _sign_of_function(node: Expr, parts: list[Count]) -> int:
    """Logarithms have one where their argument is exact: near 1 they may lose all digits otherwise."""
    if isinstance(node, _POSITIVE):
        return 1
    if isinstance(node, _TAME) or (isinstance(node, Log1p) and (parts[0].steps == 0 or parts[0].sign == 1)):
        return parts[0].sign
    return -1 if isinstance(node, sp.log) and parts[0].is_fraction and parts[0].steps == 0 else 0
