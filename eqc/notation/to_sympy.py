"""A record's formulas as SymPy objects, for people to print and calculate with; the compiler takes nothing from here.

Sums, products and case distinctions stay as written: SymPy contracts some of them wrongly when it is let. What SymPy
has no word for becomes an undefined function of the same name. Texts reach only SymPy's Symbol, IndexedBase and
Function, which take them as names; others would execute them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import mul
from typing import Any

import sympy as sp
from sympy.matrices.expressions.diagonal import DiagMatrix

from eqc.notation.chains import KINDS, operands
from eqc.notation.sympy_form import parse_expression, parse_statement
from eqc.notation.text import formula_text
from eqc.notation.tree import (
    Assign,
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
from eqc.notation.words import BINDERS, MATRIX_WORDS, SCALAR_FUNCTIONS
from eqc.records.model import Record, SourceText

ASSUMPTIONS: Mapping[str, Mapping[str, bool]] = {
    "positive": {"positive": True},
    "nonnegative": {"nonnegative": True},
    "nonzero": {"real": True, "nonzero": True},
    "unit_interval": {"nonnegative": True},
    "probability": {"nonnegative": True},
    "simplex": {"nonnegative": True},
    "one_hot": {"nonnegative": True},
    "binary": {"nonnegative": True},
    "sign": {"real": True, "nonzero": True},
    "integer": {"integer": True},
    "natural": {"integer": True, "nonnegative": True},
}
EXTENT: Mapping[str, bool] = {"integer": True, "positive": True}
INDEX: Mapping[str, bool] = {"integer": True}

CONSTANT_OBJECTS: Mapping[str, Any] = {
    "pi": sp.pi,
    "E": sp.E,
    "EulerGamma": sp.EulerGamma,
    "GoldenRatio": sp.GoldenRatio,
    "Catalan": sp.Catalan,
    "oo": sp.oo,
    "I": sp.I,
}
RELATION_OBJECTS: Mapping[str, Any] = {"<": sp.Lt, "<=": sp.Le, ">": sp.Gt, ">=": sp.Ge, "==": sp.Eq, "!=": sp.Ne}
BINDER_OBJECTS: Mapping[str, Any] = {"Sum": sp.Sum, "Product": sp.Product, "Integral": sp.Integral}
MATRIX_OBJECTS: Mapping[str, Any] = {
    word.name: DiagMatrix if word.name == "diag" else getattr(sp, word.sympy)
    for word in MATRIX_WORDS.values()
    if word.sympy
}
SCALAR_OBJECTS: Mapping[str, Any] = {word.name: getattr(sp, word.sympy) for word in SCALAR_FUNCTIONS.values()}


def to_sympy(record: Record) -> object:
    """The statements of a record: an equation or expression, or a list of them.

    Raises NotationError where a statement cannot be read.

    >>> from eqc.records.load import load_text
    >>> text = "{title: Square, sympy: 'Eq(y, x**2)', symbols: {x: a, y: b}}"
    >>> to_sympy(load_text(text, id="square", area="algebra", file="square.yaml"))
    Eq(y, x**2)
    """
    statements = [node_to_sympy(parse_statement(source), record) for source in record.statements]
    return statements[0] if len(statements) == 1 else statements


def node_to_sympy(node: Node, record: Record) -> Any:
    """A part of a formula of a record as a SymPy object.

    >>> from eqc.notation.sympy_form import parse_text
    >>> from eqc.records.load import load_text
    >>> record = load_text("{title: Square, sympy: x**2, symbols: {x: a}}", id="s", area="a", file="s.yaml")
    >>> node_to_sympy(parse_text("Sum(x[i], (i, 1, 3))"), record)
    Sum(x[i], (i, 1, 3))
    """
    try:
        return _Writer(record, matrices=True).write(node)
    except (TypeError, ValueError, AttributeError, NotImplementedError):
        # SymPy refuses sums of matrices and numbers and the like, which mean entry by entry here
        return _Writer(record, matrices=False).write(node)


class _Writer:
    """Writes parts of formulas as SymPy objects; arrays without an index are matrices or non-commuting symbols."""

    def __init__(self, record: Record, *, matrices: bool) -> None:
        self._symbols = record.symbols
        self._extents = _extent_names(record)
        self._matrices = matrices

    def write(self, node: Node) -> Any:
        """The SymPy object of a part; its type says how."""
        return _HANDLERS[type(node)](self, node)

    def assign(self, node: Assign) -> Any:
        value = self.write(node.value)
        return value if node.target is None else sp.Eq(self.write(node.target), value, evaluate=False)

    def number(self, node: Number) -> Any:
        return sp.Rational(node.value.numerator, node.value.denominator)

    def boolean(self, node: Boolean) -> Any:
        return sp.true if node.value else sp.false

    def name(self, node: Name) -> Any:
        entry = self._symbols.get(node.name)
        if entry is None and node.name in CONSTANT_OBJECTS and node.name not in self._extents:
            return CONSTANT_OBJECTS[node.name]
        if entry is not None and entry.shape:
            return self._array(entry.name, entry.shape)
        return sp.Symbol(node.name, **self._assumptions(node.name))

    def subscript(self, node: Subscript) -> Any:
        positions = [self.write(position) for position in node.positions]
        if isinstance(node.base, Name):
            name = node.base.name
            entry = self._symbols.get(name)
            if entry is not None and len(positions) < len(entry.shape or ()):
                return self._array(formula_text(node), (entry.shape or ())[len(positions) :])
            return sp.IndexedBase(name, **self._assumptions(name, scalar=False))[tuple(positions)]
        return sp.IndexedBase(self.write(node.base))[tuple(positions)]

    def attribute(self, node: Attribute) -> Any:
        if node.name == "T":
            base = self.write(node.base)
            return base.T if getattr(base, "is_Matrix", False) else sp.transpose(base)
        if isinstance(node.base, Call):
            return sp.Function(f"{node.base.function}.{node.name}")(*self._all(node.base.arguments))
        return sp.Function(node.name)(self.write(node.base))

    def unary(self, node: Unary) -> Any:
        operand = self.write(node.operand)
        if node.op == "not":
            return sp.Not(operand, evaluate=False)
        return -operand if node.op == "-" else operand

    def binary(self, node: Binary) -> Any:
        if node.op in KINDS:
            return self._run(node)
        left, right = self.write(node.left), self.write(node.right)
        if node.op == "**":
            return left**right
        return sp.floor(left / right) if node.op == "//" else sp.Mod(left, right)

    def compare(self, node: Compare) -> Any:
        return RELATION_OBJECTS[node.op](self.write(node.left), self.write(node.right), evaluate=False)

    def limits(self, node: TupleNode) -> Any:
        return sp.Tuple(*self._all(node.items))

    def call(self, node: Call) -> Any:
        word, arguments = node.function, self._all(node.arguments)
        if word in self._symbols:
            return sp.Function(word)(*arguments)
        if word == "Matrix":
            return sp.ImmutableMatrix([list(row) if isinstance(row, sp.Tuple) else [row] for row in arguments])
        if word in BINDERS:
            return _bind(word, arguments)
        if word == "Piecewise":
            return sp.Piecewise(*arguments, evaluate=False)
        if word in ("Derivative", "subs"):
            return (sp.Derivative if word == "Derivative" else sp.Subs)(*arguments)
        return self._object(word, arguments)(*arguments)

    def _object(self, word: str, arguments: list[Any]) -> Callable[..., Any]:
        if word in SCALAR_OBJECTS and SCALAR_FUNCTIONS[word].accepts(len(arguments)) and _are_numbers(arguments):
            return SCALAR_OBJECTS[word]  # type: ignore[no-any-return]
        if word in MATRIX_OBJECTS and self._matrices and MATRIX_WORDS[word].accepts(len(arguments)):
            return MATRIX_OBJECTS[word]  # type: ignore[no-any-return]
        return sp.Function(word)  # type: ignore[no-any-return]

    def _all(self, nodes: tuple[Node, ...]) -> list[Any]:
        return [self.write(node) for node in nodes]

    def _run(self, node: Binary) -> Any:
        kind = KINDS[node.op]
        parts = [(inverse, self.write(part)) for inverse, part in operands(node)]
        if kind == "+":
            terms = [-part if inverse else part for inverse, part in parts]
            return sum(terms[1:], terms[0]) if _any_matrix(terms) else sp.Add(*terms)
        if kind == "*":
            factors = [1 / part if inverse else part for inverse, part in parts]
            return reduce(mul, factors) if _any_matrix(factors) else sp.Mul(*factors)
        return (sp.And if kind == "and" else sp.Or)(*(part for _, part in parts), evaluate=False)

    def _array(self, name: str, shape: Sequence[SourceText]) -> Any:
        """An array, or the rows of one."""
        symbol = sp.Symbol(name, commutative=False)
        if not self._matrices or len(shape) > 2:
            return symbol
        extents = [self.write(parse_expression(extent)) for extent in shape]
        return sp.MatrixSymbol(symbol, extents[0], extents[1] if len(extents) == 2 else sp.Integer(1))

    def _assumptions(self, name: str, scalar: bool = True) -> Mapping[str, bool]:
        entry = self._symbols.get(name)
        if scalar and name in self._extents and (entry is None or entry.domain.name == "real"):
            return EXTENT
        if entry is None:
            return INDEX
        return ASSUMPTIONS.get(entry.domain.name, {"real": True})


def _extent_names(record: Record) -> frozenset[str]:
    """The names that stand in shapes."""
    shapes = (extent for entry in record.symbols.values() for extent in entry.shape or ())
    return frozenset(
        part.name for extent in shapes for part in walk(parse_expression(extent)) if isinstance(part, Name)
    )


def _any_matrix(values: list[Any]) -> bool:
    return any(getattr(value, "is_Matrix", False) for value in values)


def _are_numbers(values: list[Any]) -> bool:
    return all(getattr(value, "is_commutative", True) and not getattr(value, "is_Matrix", False) for value in values)


def _bind(word: str, arguments: list[Any]) -> Any:
    kind = BINDER_OBJECTS.get(word)
    if kind is None:
        return sp.Function(word)(*arguments)
    bound = sp.Expr.__new__(kind, *arguments)  # the ordinary constructor would contract and reorder
    bound.is_commutative = arguments[0].is_commutative
    return bound


_HANDLERS: Mapping[type[Node], Callable[[_Writer, Any], Any]] = {
    Assign: _Writer.assign,
    Number: _Writer.number,
    Boolean: _Writer.boolean,
    Name: _Writer.name,
    Subscript: _Writer.subscript,
    Attribute: _Writer.attribute,
    Unary: _Writer.unary,
    Binary: _Writer.binary,
    Compare: _Writer.compare,
    TupleNode: _Writer.limits,
    Call: _Writer.call,
}
