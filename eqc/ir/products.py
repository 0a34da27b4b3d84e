"""Sums that are products of matrices: over one index of two factors, with one more index each.

`y[b, i, j] = sum(k) s*A[b, i, k]*B[j, k]` is a matrix product in i, j and k for every b, whatever the letters' order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from eqc.ir.program import Op, Statement, Tensor, free_names, reads_of
from eqc.ir.terms import Expr, Index, Read

_SMALL = 4
"""Axes of this fixed length or less are no matrices: loops over them are unrolled."""

_TERMS = 4
"""Sums of more products are left alone."""


@dataclass(frozen=True, slots=True)
class Term:
    """scale*left*right; `after` multiplies the sum over k entry by entry."""

    scale: Expr
    left: Expr
    right: Expr
    after: Expr


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
            term.after == 1 and _is_matrix(term.left, tensors, self) and _is_matrix(term.right, tensors, self)
            for term in self.terms
        )

    @property
    def letters(self) -> frozenset[sp.Symbol]:
        return frozenset({self.row.symbol, self.column.symbol, self.inner.symbol})


def matrix_product(statement: Statement) -> MatrixProduct | None:
    """How a statement is a product of matrices; None if it is none."""
    if statement.op is not Op.SUM or statement.scatter or statement.guard != sp.true or statement.target.integer:
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
    if any(i.extent.is_Integer and i.extent <= _SMALL for i in (row, column, inner)):
        return None
    bound = frozenset(loop.name for loop in statement.bound)
    terms = []
    for term in sp.Add.make_args(statement.body):
        found = _term(term, row.name, column.name, inner.name, bound)
        if found is None:
            return None
        terms.append(found)
    return MatrixProduct(row, column, inner, tuple(terms))


def _term(term: Expr, row: str, column: str, inner: str, bound: frozenset[str]) -> Term | None:
    """The factors of a product by the letters that they have."""
    groups: dict[str, list[Expr]] = {name: [] for name in (*_PARTS, "of row", "of column", "either")}
    for factor in sp.Mul.make_args(term):
        group = _group(factor, free_names(factor), (row, column, inner), bound)
        if group is None:
            return None
        groups[group].append(factor)
    groups["left" if len(groups["left"]) > 1 else "right"] += groups["either"]
    groups["left" if len(groups["left"]) > 1 else "after"] += groups["of row"]
    groups["right" if len(groups["right"]) > 1 else "after"] += groups["of column"]
    found = Term(*(sp.Mul(*groups[name]) for name in _PARTS))
    ready = _has_array(found.left, {row, inner}) and _has_array(found.right, {column, inner})
    return found if ready else None


def _has_array(side: Expr, letters: set[str]) -> bool:
    """Whether a side has its letters and is data, not a pattern such as the identity."""
    return letters <= free_names(side) and any(letters <= free_names(r) for r in reads_of(side))


_PARTS = ("scale", "left", "right", "after")


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


def _names(product: MatrixProduct) -> set[str]:
    return {symbol.name for symbol in product.letters}
