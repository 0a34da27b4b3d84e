r"""Entries of arrays as matrix algebra: Σ_i X[i, j]*(p[i] - y[i]) at j is Xᵀ(p - y).

Products over a plain index become matrix products, products entry by entry `HadamardProduct`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sympy as sp

from eqc.ir.terms import Applied, Expr, Read
from eqc.notation.tree import Attribute, Binary, Node, Unary
from eqc.present.bound import Total
from eqc.present.formula import factors_by_place, formula_of, written_order
from eqc.present.matching import depends
from eqc.present.nodes import NOWHERE, binary, call, chain, name
from eqc.present.slopes import primed

Axes = tuple[Expr, ...]
_ELEMENTWISE = (sp.exp, sp.log, sp.sin, sp.cos, sp.tan, sp.sinh, sp.cosh, sp.tanh, sp.Abs, sp.sign, sp.erf)


class NoArray(Exception):
    """The entries are no matrix algebra that a person would write."""


@dataclass(frozen=True, slots=True)
class Array:
    """A part over some axes, in the order in which its node has them; () is a number."""

    node: Node
    axes: Axes = ()


def array_of(entry: Expr, axes: Axes, called: Callable[[Read, Axes], Array | None] | None = None) -> Node:
    """The array whose entry at `axes` is given, counted from 0; `called` writes other records' results.

    Raises NoArray where there is no such form.
    """
    found = _Reader(axes, called).read(entry)
    return _oriented(found, axes)


def _oriented(array: Array, axes: Axes) -> Node:
    if array.axes == axes:
        return array.node
    if len(axes) == 2 and array.axes == axes[::-1]:
        return transposed(array.node)
    raise NoArray


def transposed(node: Node) -> Node:
    """The transpose; that of a transpose is the matrix."""
    if isinstance(node, Attribute) and node.name == "T":
        return node.base
    return Attribute(NOWHERE, node, "T")


class _Reader:
    """Reads entries over the axes in scope."""

    def __init__(self, axes: Axes, called: Callable[[Read, Axes], Array | None] | None) -> None:
        self.axes = axes
        self.called = called

    def read(self, entry: Expr) -> Array:
        if not any(depends(entry, axis) for axis in self.axes) and not self._has_called(entry):
            return Array(self._number(entry))
        if isinstance(entry, Read):
            return self._tensor(entry)
        if isinstance(entry, Total):
            return self._contraction(entry)
        if entry.is_Add:
            return self._sum(entry)
        if entry.is_Mul or isinstance(entry, sp.KroneckerDelta):
            return self._product(entry)
        if entry.is_Pow:
            return self._power(entry)
        if isinstance(entry, _ELEMENTWISE):
            inner = self.read(entry.args[0])
            return Array(call(type(entry).__name__, inner.node), inner.axes)
        if isinstance(entry, Applied) and len(entry.args) == 2:
            inner = self.read(entry.args[1])
            return Array(call(primed(entry.args[0]), inner.node), inner.axes)
        raise NoArray

    def _has_called(self, entry: Expr) -> bool:
        reads = [s for s in entry.free_symbols if isinstance(s, Read)]
        return self.called is not None and any(self.called(r, self.axes) is not None for r in reads)

    def _number(self, entry: Expr) -> Node:
        if isinstance(entry, Total):
            return self._contraction(entry).node
        if entry.has(Total):
            return self._mixed(entry)
        if any(isinstance(s, Read) and s.positions for s in entry.free_symbols):
            raise NoArray
        return formula_of(entry)

    def _mixed(self, entry: Expr) -> Node:
        """A number with sums inside: each sum is an array product of its own."""
        if entry.is_Add:
            return self._sum(entry).node
        if entry.is_Mul:
            return self._product(entry).node
        if entry.is_Pow and entry.exp.is_Rational:
            return self._power(entry).node
        if isinstance(entry, _ELEMENTWISE):
            return call(type(entry).__name__, self.read(entry.args[0]).node)
        raise NoArray

    def _tensor(self, r: Read) -> Array:
        found = self.called(r, self.axes) if self.called is not None else None
        if found is not None:
            return found
        if not all(p in self.axes for p in r.positions) or len(set(r.positions)) < len(r.positions):
            raise NoArray
        return Array(name(r.tensor), r.positions)

    def _sum(self, entry: Expr) -> Array:
        terms = written_order(entry)
        parts = [(t.could_extract_minus_sign(), self.read(-t if t.could_extract_minus_sign() else t)) for t in terms]
        axes = max((part.axes for _, part in parts), key=len)
        if any(part.axes and set(part.axes) != set(axes) for _, part in parts):
            raise NoArray
        first, *rest = [(minus, _oriented(part, axes) if part.axes else part.node) for minus, part in parts]
        node = _signed(first[1]) if first[0] else first[1]
        for minus, other in rest:
            node = binary("-" if minus else "+", node, other)
        return Array(node, axes)

    def _product(self, entry: Expr) -> Array:
        coefficient, rest = entry.as_coeff_Mul()
        above, below = factors_by_place(rest)
        if any(self.read(f).axes for f in below):
            raise NoArray
        parts = [self.read(f) for f in above if not isinstance(f, sp.KroneckerDelta)]
        deltas = [f for f in above if isinstance(f, sp.KroneckerDelta)]
        numbers = [part.node for part in parts if not part.axes]
        arrays = [part for part in parts if part.axes]
        combined = self._with_deltas(deltas, arrays) if deltas else _joined(arrays)
        size = abs(coefficient)
        tops = ([formula_of(sp.Integer(size.p))] if size.p != 1 else []) + numbers
        bottoms = ([formula_of(sp.Integer(size.q))] if size.q != 1 else []) + [self.read(f).node for f in below]
        node = _scaled(tops, bottoms, combined)
        return Array(_signed(node) if coefficient.is_negative else node, combined.axes if combined else ())

    def _with_deltas(self, deltas: Sequence[Expr], arrays: Sequence[Array]) -> Array:
        if len(deltas) != 1 or set(deltas[0].args) != set(self.axes) or len(self.axes) != 2:
            raise NoArray
        if not arrays:
            return Array(name("I"), self.axes)
        diagonal = _joined(arrays)
        if diagonal is None or len(diagonal.axes) != 1:
            raise NoArray
        return Array(call("diag", diagonal.node), self.axes)

    def _power(self, entry: Expr) -> Array:
        base = self.read(entry.base)
        if base.axes and not (entry.exp.is_Integer and entry.exp.is_positive):
            raise NoArray
        if base.axes and entry.exp == 2:
            return Array(call("HadamardProduct", base.node, base.node), base.axes)
        if base.axes:
            return Array(call("HadamardPower", base.node, formula_of(entry.exp)), base.axes)
        if entry.exp == sp.Rational(1, 2):
            return Array(call("sqrt", base.node))
        return Array(binary("**", base.node, formula_of(entry.exp)))

    def _contraction(self, entry: Expr) -> Array:
        """Σ_k of a matrix and a vector, of two matrices, or of two vectors."""
        body, index, _ = entry.args
        if body.has(Total) and isinstance(body, Total):
            raise NoArray
        inner = _Reader((*self.axes, index), self.called)
        coefficient, rest = body.as_coeff_Mul()
        if any(f.as_base_exp()[1].is_negative for f in sp.Mul.make_args(rest)):
            raise NoArray
        parts = [inner.read(f) for f in _factors(rest)]
        if coefficient != 1 or any(index not in part.axes for part in parts):
            raise NoArray
        vectors = [part for part in parts if part.axes == (index,)]
        matrices = [part for part in parts if part.axes != (index,)]
        return _contracted(vectors, matrices, index, self.axes)


def _factors(product: Expr) -> list[Expr]:
    """Factors in the order of writing, a square as two."""
    found = []
    for factor in factors_by_place(product)[0]:
        base, exponent = factor.as_base_exp()
        found += [base, base] if exponent == 2 else [factor]
    return found


def _contracted(vectors: Sequence[Array], matrices: Sequence[Array], index: Expr, axes: Axes) -> Array:
    if not matrices and len(vectors) == 2:
        return Array(binary("*", transposed(vectors[0].node), vectors[1].node))
    if len(matrices) == 1 and vectors:
        (matrix,) = matrices
        vector = _joined(vectors)
        assert vector is not None
        left = _with_last(matrix, index)
        return Array(binary("*", left, vector.node), tuple(a for a in matrix.axes if a != index))
    if len(matrices) == 2 and not vectors:
        first, second = sorted(matrices, key=lambda m: [a in m.axes for a in axes], reverse=True)
        outer = tuple(a for m in (first, second) for a in m.axes if a != index)
        if len(outer) == 2 and len(first.axes) == len(second.axes) == 2 and outer[0] != outer[1]:
            return Array(binary("*", _with_last(first, index), _with_first(second, index)), outer)
    raise NoArray


def _with_last(matrix: Array, index: Expr) -> Node:
    if len(matrix.axes) != 2:
        raise NoArray
    return matrix.node if matrix.axes[1] == index else transposed(matrix.node)


def _with_first(matrix: Array, index: Expr) -> Node:
    return matrix.node if matrix.axes[0] == index else transposed(matrix.node)


def _joined(arrays: Sequence[Array]) -> Array | None:
    """Arrays over one axis each, or over the same: an outer product, or a product entry by entry."""
    groups: dict[frozenset[Expr], list[Array]] = {}
    for array in arrays:
        groups.setdefault(frozenset(array.axes), []).append(array)
    merged = []
    for same in groups.values():
        axes = same[0].axes
        nodes = [_oriented(array, axes) for array in same]
        merged.append(Array(nodes[0] if len(nodes) == 1 else call("HadamardProduct", *nodes), axes))
    if len(merged) <= 1:
        return merged[0] if merged else None
    left, right = sorted(merged, key=lambda array: len(array.axes))[:2]
    if len(merged) == 2 and len(left.axes) == 1 and len(right.axes) == 2 and left.axes[0] in right.axes:
        first = left.axes[0] == right.axes[0]
        scaled = call("diag", left.node)
        factors = (scaled, right.node) if first else (right.node, scaled)
        return Array(binary("*", *factors), right.axes)
    if len(merged) == 2 and len(right.axes) == 1:
        return Array(binary("*", left.node, transposed(right.node)), (*left.axes, *right.axes))
    raise NoArray


def _signed(node: Node) -> Node:
    return Unary(NOWHERE, "-", node)


def _scaled(tops: Sequence[Node], bottoms: Sequence[Node], array: Array | None) -> Node:
    """Numbers before an array: 2*(p - y)/N."""
    above = [*tops, *(_run(array.node) if array is not None else [])]
    result = chain("*", above) if above else formula_of(sp.Integer(1))
    return binary("/", result, chain("*", bottoms)) if bottoms else result


def _run(node: Node) -> list[Node]:
    """The factors of a product."""
    if isinstance(node, Binary) and node.op == "*":
        return [*_run(node.left), node.right]
    return [node]
