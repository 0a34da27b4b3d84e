"""Sums that are products of matrices: over one index of two factors, with one more index each, or one of them without.

`y[b, i, j] = sum(k) s*A[b, i, k]*B[j, k]` is a matrix product in i, j and k for every b, whatever the letters' order.
`z[i] = sum(k) A[i, k]*x[k]` is the product of a matrix and a vector.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations

import sympy as sp

from eqc.ir.program import Op, Statement, Tensor, free_names, reads_of
from eqc.ir.terms import Expr, Index, Read
from eqc.ir.walk import substitute

_SMALL = 4
"""Axes of this fixed length or less are no matrices: loops over them are unrolled."""

_TERMS = 4
"""Sums of more products are left alone."""


@dataclass(frozen=True, slots=True)
class Term:
    """scale*left*weights*right; `after` multiplies the sum over k entry by entry."""

    scale: Expr
    left: Expr
    right: Expr
    after: Expr
    weights: Expr
    """A number for each k, if left and right are the same matrix: it is read but once."""


@dataclass(frozen=True, slots=True)
class MatrixProduct:
    """The rows and columns of the result, what is summed over, and the products that are added up.

    All other loops of the statement run outside.
    """

    row: Index
    column: Index
    inner: Index
    terms: tuple[Term, ...]

    def is_plain(self, tensors: Mapping[str, Tensor]) -> bool:
        """Whether every factor is stored as a matrix, so that there is nothing to prepare."""
        return all(
            term.after == 1
            and _is_matrix(term.left, tensors, self)
            and _is_matrix(term.right, tensors, self)
            and (term.weights == 1 or _is_vector(term.weights, tensors, self.inner))
            for term in self.terms
        )

    @property
    def letters(self) -> frozenset[sp.Symbol]:
        return frozenset({self.row.symbol, self.column.symbol, self.inner.symbol})


@dataclass(frozen=True, slots=True)
class VectorProduct:
    """matrix*vector, where both are stored: what the rows of the result are, and what is summed over."""

    row: Index
    inner: Index
    matrix: Read
    vector: Read

    @property
    def letters(self) -> frozenset[sp.Symbol]:
        return frozenset({self.row.symbol, self.inner.symbol})

    def across(self, loop: Index) -> Index:
        """The other one of its two loops."""
        return self.inner if loop == self.row else self.row

    def renamed(self, old: Index, new: Index) -> VectorProduct:
        """With another loop in one's place."""
        row, inner = (new if loop == old else loop for loop in (self.row, self.inner))
        matrix, vector = (substitute(r, {old.symbol: new.symbol}) for r in (self.matrix, self.vector))
        return VectorProduct(row, inner, matrix, vector)


def vector_product(statement: Statement, tensors: Mapping[str, Tensor]) -> VectorProduct | None:
    """How a statement is a product of a matrix and a vector; None if it is none."""
    factors = statement.body.args if statement.body.is_Mul else ()
    if len(factors) != 2 or len(statement.bound) != 1 or not _is_plain_sum(statement) or not is_rectangular(statement):
        return None
    if not all(isinstance(f, Read) and not tensors[f.tensor].integer for f in factors):
        return None
    (inner,) = statement.bound
    for row in reversed(statement.free):
        for matrix, vector in permutations(factors):
            if not _are_small(row, inner) and _has_letters(matrix, row, inner) and _has_letters(vector, inner):
                return VectorProduct(row, inner, matrix, vector) if row.name not in free_names(vector) else None
    return None


def is_small(loop: Index) -> bool:
    """Whether a loop has a few rounds, always as many, so that it is unrolled."""
    return bool(loop.extent.is_Integer and loop.extent <= _SMALL)


def _are_small(*loops: Index) -> bool:
    return any(is_small(loop) for loop in loops)


def _is_plain_sum(statement: Statement) -> bool:
    plain = statement.op is Op.SUM and not statement.scatter and statement.guard == sp.true
    return plain and not statement.target.integer


def _has_letters(r: Read, *loops: Index) -> bool:
    """Whether a read has each of some loops at a position of its own, and nowhere else."""
    places = [p for p in r.positions if free_names(p) & {loop.name for loop in loops}]
    return len(places) == len(loops) and {*places} == {loop.symbol for loop in loops}


def matrix_product(statement: Statement) -> MatrixProduct | None:
    """How a statement is a product of matrices; None if it is none."""
    if not _is_plain_sum(statement):
        return None
    free, bound = statement.free, statement.bound
    if len(free) < 2 or not is_rectangular(statement) or len(sp.Add.make_args(statement.body)) > _TERMS:
        return None
    *others, column = free
    for row in reversed(others):
        for inner in reversed(bound):
            found = _split(statement, row, column, inner)
            if found is not None:
                return found
    return None


def is_rectangular(statement: Statement) -> bool:
    """Whether no loop's extent depends on another loop or on data."""
    names = {loop.name for loop in statement.loops}
    return not any(free_names(loop.extent) & names or reads_of(loop.extent) for loop in statement.loops)


def _split(statement: Statement, row: Index, column: Index, inner: Index) -> MatrixProduct | None:
    if _are_small(row, column, inner):
        return None
    bound = frozenset(loop.name for loop in statement.bound)
    terms = []
    for term in sp.Add.make_args(statement.body):
        found = _term(term, row, column, inner, bound)
        if found is None:
            return None
        terms.append(found)
    return MatrixProduct(row, column, inner, tuple(terms))


def _term(term: Expr, row: Index, column: Index, inner: Index, bound: frozenset[str]) -> Term | None:
    """The factors of a product by the letters that they have."""
    groups: dict[str, list[Expr]] = {name: [] for name in (*_PARTS, "of row", "of column", "either")}
    for factor in sp.Mul.make_args(term):
        group = _group(factor, free_names(factor), (row.name, column.name, inner.name), bound)
        if group is None:
            return None
        groups[group].append(factor)
    if _are_one_matrix(groups["left"], groups["right"], row, column):
        groups["weights"], groups["either"] = groups["either"], []
    groups["left" if len(groups["left"]) > 1 else "right"] += groups["either"]
    groups["left" if len(groups["left"]) > 1 else "after"] += groups["of row"]
    groups["right" if len(groups["right"]) > 1 else "after"] += groups["of column"]
    found = Term(*(sp.Mul(*groups[name]) for name in _PARTS))
    ready = _has_array(found.left, {row.name, inner.name}) and _has_array(found.right, {column.name, inner.name})
    return found if ready else None


def _are_one_matrix(left: list[Expr], right: list[Expr], row: Index, column: Index) -> bool:
    """Whether both sides of a product are the same array."""
    reads = len(left) == len(right) == 1 and isinstance(left[0], Read)
    return reads and substitute(left[0], {row.symbol: column.symbol}) == right[0]


def _has_array(side: Expr, letters: set[str]) -> bool:
    """Whether a side has its letters and is data, not a pattern such as the identity."""
    return letters <= free_names(side) and any(letters <= free_names(r) for r in reads_of(side))


_PARTS = ("scale", "left", "right", "after", "weights")


def _group(factor: Expr, names: frozenset[str], letters: tuple[str, str, str], bound: frozenset[str]) -> str | None:
    row, column, _ = letters
    if any(len(free_names(p) & set(letters)) > 1 for r in reads_of(factor) for p in r.positions):
        return None  # a convolution
    summed = bool(names & bound)
    if {row, column} <= names:
        return None if summed else "after"
    if row in names:
        return "left" if summed else "of row"
    if column in names:
        return "right" if summed else "of column"
    return "either" if summed else "scale"


def _is_matrix(factor: Expr, tensors: Mapping[str, Tensor], product: MatrixProduct) -> bool:
    """Whether a factor is a read of real numbers with two of the letters, each at a position of its own."""
    if not isinstance(factor, Read) or tensors[factor.tensor].integer:
        return False
    plain = [p for p in factor.positions if p in product.letters]
    return len(plain) == 2 and len(free_names(sp.Tuple(*factor.positions)) & _names(product)) == 2


def _is_vector(factor: Expr, tensors: Mapping[str, Tensor], inner: Index) -> bool:
    """Whether a factor is a read of real numbers, one for each round of the loop that is summed over."""
    return isinstance(factor, Read) and not tensors[factor.tensor].integer and _has_letters(factor, inner)


def _names(product: MatrixProduct) -> set[str]:
    return {symbol.name for symbol in product.letters}
