"""Formulas of records as symbolic forms: what a claim's sides are for all inputs, extents and indices at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sympy as sp

from eqc.notation.tree import (
    Attribute,
    Binary,
    Boolean,
    Call,
    Compare,
    Name,
    Node,
    Number,
    Subscript,
    TupleNode,
    Unary,
    walk,
)
from eqc.notation.words import SCALAR_FUNCTIONS
from eqc.verify.claims_form import WORDS, Form, Shape, elementwise, filled, item, number, product, transposed
from eqc.verify.claims_terms import Entry, Expr, Terms, Unsuited, small
from eqc.verify.oracle import Oracle
from eqc.verify.reading import Reading, read_record, target_name

SMOOTH = frozenset(
    (
        *("exp", "log", "sqrt", "erf", "erfc", "Rational"),
        *("sin", "cos", "tan", "sec", "csc", "cot", "asin", "acos", "atan"),
        *("sinh", "cosh", "tanh", "sech", "csch", "coth", "asinh", "acosh", "atanh"),
    )
)
_DEEPEST = 8
_MOST_CALLS = 4000
_CONSTANTS: Mapping[str, Any] = {"pi": sp.pi, "E": sp.E, "EulerGamma": sp.EulerGamma, "Catalan": sp.Catalan}


@dataclass(slots=True)
class Writer:
    """Writes formulas of one record as forms; `roots` are what its inputs stand for."""

    oracle: Oracle
    reading: Reading
    terms: Terms
    roots: Mapping[str, Form]
    extents: Mapping[str, Expr]
    indices: Mapping[str, Expr]
    depth: int = 0
    assigned: dict[str, Form] = field(default_factory=dict)
    calls: list[int] = field(default_factory=lambda: [0])

    def of(self, node: Node) -> Form:
        """The form of a part; Unsuited if it has none."""
        self.calls[0] += 1
        handler = _HANDLERS.get(type(node))
        if handler is None or self.calls[0] > _MOST_CALLS or self.depth > _DEEPEST:
            raise Unsuited
        found: Form = handler(self, node)
        return found

    def number(self, node: Node) -> Expr:
        """The form of a part that is a number."""
        form = self.of(node)
        if form.shape:
            raise Unsuited
        return small(form.at(()))

    def named(self, name: str) -> Form:
        """What a name stands for: an index, an extent, a given value, or what the record assigns."""
        for table in (self.indices, self.extents):
            if name in table:
                return number(table[name])
        if name in self.roots:
            return self.roots[name]
        if name not in self.assigned:
            self.assigned[name] = self._assign(name)
        return self.assigned[name]

    def _assign(self, name: str) -> Form:
        for statement in self.reading.statements:
            if target_name(statement) != name:
                continue
            if not isinstance(statement.target, Subscript):
                return self.of(statement.value)
            return self._indexed(
                name, [p.name for p in statement.target.positions if isinstance(p, Name)], statement.value
            )
        if name in _CONSTANTS and name not in self.reading.record.symbols:
            return number(_CONSTANTS[name])
        raise Unsuited

    def _indexed(self, name: str, names: list[str], value: Node) -> Form:
        shape = self._shape_of(name, names, value)
        return Form(shape, lambda p: self._at(dict(zip(names, p, strict=True))).number(value))

    def _shape_of(self, name: str, names: list[str], value: Node) -> Shape:
        declared = self.reading.shapes.get(name)
        if declared is not None:
            shape = tuple(self.number(axis) for axis in declared)
        else:
            shape = tuple(self._extent_of(index_name, value) for index_name in names)
        if len(shape) != len(names):
            raise Unsuited
        return shape

    def _extent_of(self, name: str, value: Node) -> Expr:
        for node in walk(value):
            if isinstance(node, Subscript) and isinstance(node.base, Name):
                for axis, position in enumerate(node.positions):
                    if isinstance(position, Name) and position.name == name:
                        return self.named(node.base.name).shape[axis]
        raise Unsuited

    def _at(self, places: Mapping[str, Expr]) -> Writer:
        """The same record with more indices in scope."""
        return replace(self, indices={**self.indices, **places})

    def with_roots(self, changed: Mapping[str, Form]) -> Writer:
        """The same record with other values of some symbols."""
        return replace(self, roots={**self.roots, **changed}, assigned={}, depth=self.depth + 1)

    def literal(self, node: Number) -> Form:
        return number(sp.Rational(node.value.numerator, node.value.denominator))

    def name(self, node: Name) -> Form:
        return self.named(node.name)

    def subscript(self, node: Subscript) -> Form:
        base = self.of(node.base)
        at = tuple(self.number(position) for position in node.positions)
        if len(at) > len(base.shape):
            raise Unsuited
        self.terms.placed(at, base.shape)
        return Form(base.shape[len(at) :], lambda p: base.at((*at, *p)))

    def unary(self, node: Unary) -> Form:
        if node.op == "not":
            raise Unsuited
        form = self.of(node.operand)
        return form if node.op == "+" else Form(form.shape, lambda p: -form.at(p))

    def binary(self, node: Binary) -> Form:
        left, right = self.of(node.left), self.of(node.right)
        if node.op == "*" and left.shape and right.shape:
            return product(self.terms, left, right)
        if node.op not in _OPERATORS or (right.shape and node.op in ("/", "**")) or (left.shape and node.op == "**"):
            raise Unsuited
        return elementwise(_OPERATORS[node.op], [left, right])

    def attribute(self, node: Attribute) -> Form:
        if node.name != "T":
            if isinstance(node.base, Call) and node.base.function in self.oracle.catalog:
                return self._record(node.base, node.name)
            raise Unsuited
        return transposed(self.of(node.base))

    def call(self, node: Call) -> Form:
        word = node.function
        if word in self.oracle.catalog or word == self.oracle.record.id:
            return self._record(node, "")
        if word in _CALLS:
            return _CALLS[word](self, node)
        if word in WORDS and word not in self.reading.record.symbols:
            return WORDS[word](self.terms, [self.of(a) for a in node.arguments])
        if word not in SMOOTH or word in self.reading.record.symbols:
            raise Unsuited
        function = getattr(sp, SCALAR_FUNCTIONS[word].sympy)
        return elementwise(function, [self.of(a) for a in node.arguments])

    def piecewise(self, node: Call) -> Form:
        """Branches weighed with what says that their condition holds and no earlier one does."""
        found, left = sp.Integer(0), sp.Integer(1)
        for pair in node.arguments:
            if not isinstance(pair, TupleNode):
                raise Unsuited
            holds = self._holds(pair.items[1])
            found += left * holds * self.number(pair.items[0]) if left * holds != 0 else 0
            left *= 1 - holds
        if left != 0:
            raise Unsuited
        return number(small(found))

    def _holds(self, node: Node) -> Expr:
        if isinstance(node, Boolean):
            return sp.Integer(node.value)
        if isinstance(node, Unary):
            return 1 - self._holds(node.operand)
        if isinstance(node, Binary) and node.op in ("and", "or"):
            left, right = self._holds(node.left), self._holds(node.right)
            return left * right if node.op == "and" else left + right - left * right
        if not isinstance(node, Compare):
            raise Unsuited
        return self.terms.indicator(self.number(node.left) - self.number(node.right), node.op)

    def sum(self, node: Call) -> Form:
        body, *limits = node.arguments
        *inner, outer = limits
        if not (isinstance(outer, TupleNode) and len(outer.items) == 3 and isinstance(outer.items[0], Name)):
            raise Unsuited
        low, high = self.number(outer.items[1]), self.number(outer.items[2])
        at = self.terms.new_index(high - low + 1)
        scope = self._at({outer.items[0].name: at + low - 1})
        term = scope.sum(replace(node, arguments=(body, *inner))).at(()) if inner else scope.number(body)
        return number(self.terms.total(term, at, high - low + 1))

    def derivative(self, node: Call) -> Form:
        """Variables are taken one after the other, each as an entry of an array of its own."""
        expression, *variables = node.arguments
        if len(variables) > 1:
            inner = replace(node, arguments=(expression, *variables[:-1]))
            return self.derivative(replace(node, arguments=(inner, variables[-1])))
        (variable,) = variables
        base = variable.base if isinstance(variable, Subscript) else variable
        if not isinstance(base, Name) or base.name in self.indices or base.name in self.extents:
            raise Unsuited
        old = self.named(base.name)
        at = tuple(self.number(p) for p in variable.positions) if isinstance(variable, Subscript) else ()
        if len(at) != len(old.shape) or _is_symmetric(self.reading, base.name):
            raise Unsuited
        held = f"{base.name}'{self.depth}"
        own = Form(old.shape, lambda p: self.terms.entry(held, p, {"real": True}))
        value = self.with_roots({base.name: own}).of(expression)

        def slope(p: Shape) -> Expr:
            found = self.terms.derivative(value.at(p), held, at, old.shape)
            return self.terms.rebuilt(found, lambda s: self._put_back(s, held, old))

        return Form(value.shape, slope)

    def _put_back(self, symbol: Expr, held: str, old: Form) -> Expr:
        meaning = self.terms.meaning.get(symbol)
        return old.at(meaning.positions) if isinstance(meaning, Entry) and meaning.name == held else symbol

    def substituted(self, node: Call) -> Form:
        expression, target, value = node.arguments
        if not isinstance(target, Name):
            raise Unsuited
        new = self.of(value)
        if target.name in self.indices:
            return self._at({target.name: new.at(())}).of(expression)
        old = self.named(target.name)
        if not new.shape:
            new = filled(old.shape, new.at(()))
        if new.shape != old.shape or target.name in self.extents:
            raise Unsuited
        return self.with_roots({target.name: new}).of(expression)

    def _record(self, node: Call, output: str) -> Form:
        """Another record's result; with arrays in place of numbers it is taken entry by entry."""
        own = node.function == self.oracle.record.id
        reading = self.oracle.reading if own else read_record(self.oracle.catalog.get(node.function))
        output = output or (reading.outputs[0] if len(reading.outputs) == 1 else "")
        if output not in reading.outputs or len(node.arguments) != len(reading.inputs):
            raise Unsuited
        forms = dict(zip(reading.inputs, map(self.of, node.arguments), strict=True))
        ranks = {name: len(reading.shapes.get(name, ())) for name in forms}
        leads = {f.shape[: len(f.shape) - ranks[n]] for n, f in forms.items()} - {()}
        if len(leads) > 1 or any(len(f.shape) < ranks[n] for n, f in forms.items()):
            raise Unsuited
        lead: Shape = leads.pop() if leads else ()

        def result(outer: Shape) -> Form:
            return self._called(reading, {n: item(f, ranks[n], outer) for n, f in forms.items()}).named(output)

        if not lead:
            return result(())
        rest = result(tuple(sp.Integer(1) for _ in lead)).shape
        return Form((*lead, *rest), lambda p: result(p[: len(lead)]).at(p[len(lead) :]))

    def _called(self, reading: Reading, own: Mapping[str, Form]) -> Writer:
        extents: dict[str, Expr] = {}
        for name, form in own.items():
            for axis, extent in zip(reading.shapes.get(name, ()), form.shape, strict=True):
                if isinstance(axis, Name) and extents.setdefault(axis.name, extent) != extent:
                    raise Unsuited
        if any(name not in extents for name in reading.extents):
            raise Unsuited
        return Writer(self.oracle, reading, self.terms, own, extents, {}, self.depth + 1, {}, self.calls)


def _is_symmetric(reading: Reading, name: str) -> bool:
    return name in reading.record.symbols and reading.entry(name).domain.name in ("spd", "symmetric")


_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
}
_CALLS: Mapping[str, Callable[[Writer, Call], Form]] = {
    "Derivative": Writer.derivative,
    "subs": Writer.substituted,
    "Sum": Writer.sum,
    "Piecewise": Writer.piecewise,
}
_HANDLERS: Mapping[type[Node], Callable[[Writer, Any], Form]] = {
    Number: Writer.literal,
    Name: Writer.name,
    Subscript: Writer.subscript,
    Unary: Writer.unary,
    Binary: Writer.binary,
    Attribute: Writer.attribute,
    Call: Writer.call,
}
