"""Proofs of small relations between numbers: both sides as closed forms whose difference is zero in normal form.

What is tried depends on the formulas' size alone, never on time, so the answer is always the same. SymPy sees plain
symbols and smooth functions only; its answer never overrules a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy as sp

from eqc.notation.tree import Binary, Call, Compare, Name, Node, Number, Subscript, Unary
from eqc.notation.words import SCALAR_FUNCTIONS
from eqc.records.model import Domain
from eqc.verify.claims_reading import Law
from eqc.verify.oracle import Oracle
from eqc.verify.reading import Reading, read_record, target_name

SMOOTH = frozenset(
    (
        *("exp", "log", "sqrt", "erf", "erfc", "Rational"),
        *("sin", "cos", "tan", "sec", "csc", "cot", "asin", "acos", "atan"),
        *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
    )
)
_LARGEST = 120
_HIGHEST_POWER = 12
_DEEPEST = 8
_CONSTANTS: Mapping[str, Any] = {"pi": sp.pi, "E": sp.E, "EulerGamma": sp.EulerGamma, "Catalan": sp.Catalan}


class _Unsuited(Exception):
    """The relation is not one of those that are tried."""


def is_proved(oracle: Oracle, law: Law) -> bool:
    """Whether the sides of every relation of a law are found to be the same function.

    >>> from eqc.notation.sympy_form import parse_text
    >>> from eqc.records.load import load_text
    >>> from eqc.verify.claims_reading import read_law
    >>> text = "title: Logistic\\nsympy: Eq(a, 1/(1 + exp(-z)))\\nsymbols: {a: value, z: input}"
    >>> oracle = Oracle(load_text(text, id="logistic", area="a", file="logistic.yaml"), {})
    >>> is_proved(oracle, read_law(oracle.reading, parse_text("Eq(Derivative(a, z), a*(1 - a))")))
    True
    """
    if law.indices:
        return False
    try:
        return all(_same(oracle, law, part) for part in law.parts)
    except _Unsuited:
        return False


def _same(oracle: Oracle, law: Law, part: Node) -> bool:
    if not isinstance(part, Compare) or part.op != "==":
        raise _Unsuited
    symbols = {name: _symbol(oracle.reading, name) for name in oracle.reading.inputs}
    symbols |= {name: sp.Symbol(name, real=True) for name in law.fresh}
    form = _Form(oracle, law.reading, symbols, 0)
    return _is_zero(_small(form.of(part.left)) - _small(form.of(part.right)))


def _symbol(reading: Reading, name: str) -> Any:
    """An input that is a number, with what its domain says of it."""
    if reading.shapes.get(name):
        return None
    return sp.Symbol(name, **_assumptions(reading.entry(name).domain))


def _assumptions(domain: Domain) -> dict[str, bool]:
    kind = {"integer": True} if domain.integer else {"real": True}
    if domain.lower is None or domain.lower < 0:
        return kind
    positive = domain.lower > 0 or domain.lower_open
    return {**kind, "positive" if positive else "nonnegative": True}


def _small(expression: Any) -> Any:
    """The expression, unless it is too large to be tried."""
    for size, part in enumerate(sp.preorder_traversal(expression)):
        if size >= _LARGEST or (part.is_Pow and part.exp.is_Integer and abs(part.exp) > _HIGHEST_POWER):
            raise _Unsuited
    return expression


def _is_zero(difference: Any) -> bool:
    """Whether a difference vanishes as a quotient of polynomials in its exponentials, or its exponential is 1."""
    tries: tuple[Callable[[], Any], ...] = (
        lambda: difference,
        lambda: difference.rewrite(sp.exp),
        lambda: sp.exp(sp.expand(difference)) - 1,
        lambda: sp.exp(sp.expand(difference.rewrite(sp.exp))) - 1,
    )
    return any(sp.cancel(sp.together(sp.expand(_small(attempt())))) == 0 for attempt in tries)


class _Form:
    """Writes formulas of one record as closed forms; `symbols` are what its inputs stand for, None for arrays."""

    def __init__(self, oracle: Oracle, reading: Reading, symbols: Mapping[str, Any], depth: int) -> None:
        if depth > _DEEPEST:
            raise _Unsuited
        self._oracle = oracle
        self._reading = reading
        self._symbols = symbols
        self._depth = depth
        self._assigned: dict[str, Any] = {}

    def of(self, node: Node) -> Any:
        """The closed form of a part; _Unsuited if it is none."""
        handler = _HANDLERS.get(type(node))
        if handler is None:
            raise _Unsuited
        return handler(self, node)

    def number(self, node: Number) -> Any:
        return sp.Rational(node.value.numerator, node.value.denominator)

    def name(self, node: Name) -> Any:
        return self.named(node.name)

    def named(self, name: str) -> Any:
        """What a name stands for: a given value, or what the record assigns."""
        if name not in self._symbols and name not in self._assigned:
            self._assigned[name] = self._assign(name)
        found = self._symbols.get(name, self._assigned.get(name))
        if found is None:
            raise _Unsuited
        return found

    def _assign(self, name: str) -> Any:
        for statement in self._reading.statements:
            if target_name(statement) == name and not isinstance(statement.target, Subscript):
                return _small(self.of(statement.value))
        if name in _CONSTANTS and name not in self._reading.record.symbols:
            return _CONSTANTS[name]
        raise _Unsuited

    def unary(self, node: Unary) -> Any:
        if node.op == "not":
            raise _Unsuited
        return -self.of(node.operand) if node.op == "-" else self.of(node.operand)

    def binary(self, node: Binary) -> Any:
        if node.op not in _OPERATORS:
            raise _Unsuited
        return _small(_OPERATORS[node.op](self.of(node.left), self.of(node.right)))

    def call(self, node: Call) -> Any:
        word = node.function
        if word in self._reading.record.symbols:
            raise _Unsuited
        if word == "Derivative":
            return self._derivative(node)
        if word == "subs":
            return self._substituted(node)
        if word in self._oracle.catalog and word != self._reading.record.id:
            return self._record(node)
        if word not in SMOOTH:
            raise _Unsuited
        return _small(getattr(sp, SCALAR_FUNCTIONS[word].sympy)(*map(self.of, node.arguments)))

    def _record(self, node: Call) -> Any:
        """Another record's closed form, for a record whose arguments and result are numbers."""
        reading = read_record(self._oracle.catalog.get(node.function))
        if any(reading.shapes.values()) or len(reading.outputs) != 1 or len(node.arguments) != len(reading.inputs):
            raise _Unsuited
        given = dict(zip(reading.inputs, map(self.of, node.arguments), strict=True))
        return _Form(self._oracle, reading, given, self._depth + 1).named(reading.outputs[0])

    def _derivative(self, node: Call) -> Any:
        """By SymPy's own rules, in a symbol that takes the variable's place while they run."""
        expression, *variables = node.arguments
        if not all(isinstance(v, Name) for v in variables):
            raise _Unsuited
        places = {v.name: sp.Dummy(v.name, real=True) for v in variables if isinstance(v, Name)}
        values = {places[name]: self.named(name) for name in places}
        inner = self._with(places).of(expression)
        for variable in variables:
            assert isinstance(variable, Name)
            inner = _small(sp.diff(inner, places[variable.name]))
        return _small(inner.subs(values, simultaneous=True))

    def _substituted(self, node: Call) -> Any:
        expression, target, value = node.arguments
        if not isinstance(target, Name):
            raise _Unsuited
        return self._with({target.name: self.of(value)}).of(expression)

    def _with(self, changed: Mapping[str, Any]) -> _Form:
        return _Form(self._oracle, self._reading, {**self._symbols, **changed}, self._depth + 1)


_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
}

_HANDLERS: Mapping[type[Node], Callable[[_Form, Any], Any]] = {
    Number: _Form.number,
    Name: _Form.name,
    Unary: _Form.unary,
    Binary: _Form.binary,
    Call: _Form.call,
}
