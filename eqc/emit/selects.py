"""Choices that loops in vectors make without branches: all that is chosen from is computed."""

from __future__ import annotations

import sympy as sp

from eqc.emit.divisors import SharedQuotient
from eqc.ir.terms import Expr, Maximum, Minimum, Read
from eqc.ir.whole import is_whole

_FEW = 3
"""Cases of a choice that LLVM computes without branches by itself."""

_ARITHMETIC = sp.Add | sp.Mul | sp.Abs | Maximum | Minimum


def is_without_branches(choice: Expr) -> bool:
    """Whether all that a choice is from takes no more than arithmetic, and may be computed whatever is chosen."""
    return _is_by_place(choice) or _is_of_many_numbers(choice)


def is_plain(condition: Expr) -> bool:
    """Whether a condition compares data at the loops' own indices, so that no other condition guards what it reads."""
    return isinstance(condition, sp.core.relational.Relational) and bool(_reads(condition)) and _is_in_range(condition)


def parts_indices(condition: Expr) -> bool:
    """Whether a condition leaves out the diagonal: that two indices differ keeps neither of them in range."""
    if not isinstance(condition, sp.Ne):
        return False
    left, right = (side.as_coeff_Add() for side in condition.args)
    return left[0] == right[0] and all(symbol.is_Symbol and not isinstance(symbol, Read) for _, symbol in (left, right))


def _reads(node: Expr) -> list[Read]:
    return [symbol for symbol in node.free_symbols if isinstance(symbol, Read)]


def _is_in_range(node: Expr) -> bool:
    """Whether all that is read stands at the loops' own indices."""
    return all(p.is_Symbol and not isinstance(p, Read) for r in _reads(node) for p in r.positions)


def _is_by_place(choice: Expr) -> bool:
    """Whether a choice by the place of an extremum is between numbers."""
    if len(choice.args) != 2 or choice.args[1].args[1] != sp.true:
        return False
    (value, condition), (other, _) = (pair.args for pair in choice.args)
    if not isinstance(condition, sp.Eq) or not all(a.is_integer for a in condition.args):
        return False
    looked_up = any(isinstance(a, Read) for a in condition.args)
    arithmetic = all(part.atoms(sp.Function) <= part.atoms(SharedQuotient) for part in (value, other))
    return looked_up and _is_in_range(value) and _is_in_range(other) and arithmetic


def _is_of_many_numbers(choice: Expr) -> bool:
    """Whether more cases of real numbers are told apart by data, as the slopes of one extremum in another have."""
    cases = sum(len(node.args) for node in choice.atoms(sp.Piecewise))
    return cases > _FEW and not is_whole(choice) and _is_in_range(choice) and _is_arithmetic(choice)


def _is_arithmetic(node: Expr) -> bool:
    """Whether a number is made of data by sums, products and extrema, and choices by what is_plain."""
    if isinstance(node, sp.Piecewise):
        return all(_is_arithmetic(value) and _is_told(condition) for value, condition in (p.args for p in node.args))
    if isinstance(node, Read):
        return not node.is_integer
    if not node.args:
        return True
    return isinstance(node, _ARITHMETIC) and all(map(_is_arithmetic, node.args))


def _is_told(condition: Expr) -> bool:
    return condition == sp.true or (is_plain(condition) and all(map(_is_arithmetic, condition.args)))
