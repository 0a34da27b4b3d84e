"""Positions: which reads are inside their axes for certain, which need a check when called, which are errors."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import sympy as sp

from eqc.errors import ShapeError
from eqc.ir.program import Check, Op, Statement, Tensor, free_names, reads_of
from eqc.ir.ranges import is_nonnegative
from eqc.ir.terms import Expr, Index, Quotient, Read
from eqc.ir.walk import map_reads, substitute
from eqc.notation.text import formula_text
from eqc.notation.tree import Assign, Name, Node, Subscript, walk
from eqc.notation.value import Scope


def exact_quotients(expression: Expr, sizes: Collection[Expr]) -> Expr:
    """Quotients of integers in an extent or a position are exact, which is checked when the kernel is called.

    `sizes` are the symbols that stay the same for a whole call.

    >>> from eqc.ir.terms import extent_symbol, index_symbol
    >>> C, G, g = extent_symbol("C"), extent_symbol("G"), index_symbol("g")
    >>> exact_quotients(g*C/G + 1, [C, G])
    g*Quotient(C, G) + 1
    """
    if expression.is_integer or expression.is_number:
        return expression
    return sp.Add(*(_exact_term(term, sizes) for term in sp.Add.make_args(sp.expand(expression))))


def _exact_term(term: Expr, sizes: Collection[Expr]) -> Expr:
    numerator, denominator = sp.fraction(sp.together(term))
    if term.is_integer or not (numerator.is_integer and denominator.is_integer):
        return term
    sized = [f for f in sp.Mul.make_args(numerator) if f in sizes]
    divided = sized[0] if sized and denominator.free_symbols else numerator
    return Quotient(divided, denominator) * sp.cancel(numerator / divided)


def facts(guard: Expr) -> list[Expr]:
    """Integer expressions that are >= 0 where a condition holds.

    >>> from eqc.ir.terms import index_symbol
    >>> facts(sp.Gt(index_symbol("i"), 2))
    [i - 3]
    """
    return [f for part in _conjuncts(guard) for f in _facts_of(part)]


def _conjuncts(guard: Expr) -> Iterator[Expr]:
    """The comparisons that hold together where a condition holds."""
    inner = guard.args[0] if isinstance(guard, sp.Not) else None
    if isinstance(guard, sp.And):
        parts = sorted(guard.args, key=sp.default_sort_key)
    elif isinstance(inner, sp.Or):
        parts = [sp.Not(part) for part in sorted(inner.args, key=sp.default_sort_key)]
    else:
        yield inner.negated if isinstance(inner, sp.core.relational.Relational) else guard
        return
    for part in parts:
        yield from _conjuncts(part)


def _facts_of(guard: Expr) -> list[Expr]:
    if not isinstance(guard, sp.core.relational.Relational):
        return []
    left, right = guard.args
    if not (left.is_integer and right.is_integer):
        return []
    table: Mapping[type, list[Expr]] = {
        sp.StrictLessThan: [right - left - 1],
        sp.LessThan: [right - left],
        sp.StrictGreaterThan: [left - right - 1],
        sp.GreaterThan: [left - right],
        sp.Equality: [left - right, right - left],
    }
    return table.get(type(guard), [])


def _gaps(guard: Expr, loops: Sequence[Index]) -> list[Expr]:
    """The same for integers that differ, where the loops show which of them is the larger one."""
    found: list[Expr] = []
    for part in _conjuncts(guard):
        if isinstance(part, sp.Ne) and all(side.is_integer for side in part.args):
            gap = part.lhs - part.rhs
            found += [difference - 1 for difference in (gap, -gap) if is_nonnegative(difference, loops)]
    return found


def _starts(guard: Expr, loops: Sequence[Index]) -> list[Expr]:
    """The same for indices that are not at their first value, since the condition fails there (1 is not even)."""
    parts = list(_conjuncts(guard))

    def starts_later(symbol: Expr) -> bool:
        return any(part.xreplace({symbol: sp.Integer(0)}) == sp.false for part in parts)

    return [loop.symbol - 1 for loop in loops if starts_later(loop.symbol)]


def place(node: Node, tensor: str, position: Expr, extent: Expr, scope: Scope, label: str) -> Check | None:
    """Show that 0 <= position < extent, or say how to check it when called; otherwise an error.

    Data decides where the position reads an integer input; sizes decide where it uses no index.
    """
    loops = [loop for loop in scope.loops if loop.name in _reachable(position, scope)]
    known = [*facts(scope.guard), *_gaps(scope.guard, loops), *_starts(scope.guard, loops)]
    if is_nonnegative(position, loops, known) and is_nonnegative(extent - 1 - position, loops, known):
        return None
    held = [*known, extent - 1]  # by any position of an array that is not empty
    if is_nonnegative(position, loops, held) and is_nonnegative(extent - 1 - position, loops, held):
        return Check(_needed(position, scope), scope.guard, sp.Integer(0), extent, tensor, label)
    by_data = bool(reads_of(position)) or any(reads_of(loop.extent) for loop in loops)
    impossible = is_nonnegative(-1 - position, loops, known) or is_nonnegative(position - extent, loops, known)
    if impossible or (loops and not by_data):
        raise ShapeError(
            node.span,
            written=f"{tensor} at position {formula_text(node)}",
            rule=f"the position is not always within 1 … {sp.sstr(extent)}",
            remedy="change the limits, or guard the read: Piecewise((x[…], condition), (0, True))",
        )
    return Check(_needed(position, scope), scope.guard, position, extent, tensor, label)


def _needed(position: Expr, scope: Scope) -> tuple[Index, ...]:
    """The loops for whose rounds a position is looked at."""
    names = free_names(scope.guard) | free_names(position)
    return tuple(loop for loop in scope.loops if loop.name in names | _reachable(position, scope))


def _reachable(position: Expr, scope: Scope) -> set[str]:
    names = set(free_names(position))
    for loop in reversed(scope.loops):
        if loop.name in names:
            names |= free_names(loop.extent)
    return names


def extent_of_index(tensors: Mapping[str, Tensor], statement: Assign, index: str) -> Expr:
    """The range of an index on the left side, from the arrays that the right side reads at that index."""
    for node in walk(statement.value):
        if not (isinstance(node, Subscript) and isinstance(node.base, Name) and node.base.name in tensors):
            continue
        tensor = tensors[node.base.name]
        for axis, position in enumerate(node.positions):
            if isinstance(position, Name) and position.name == index and axis < tensor.rank:
                return tensor.shape[axis]
    raise ShapeError(
        statement.span,
        written=index,
        rule=f"the range of the index {index} is not known",
        remedy="declare the shape of the left side under symbols",
    )


def settle(checks: Sequence[Check], statements: Sequence[Statement]) -> tuple[Check, ...]:
    """Checks in terms of inputs where a position is computed entry by entry; equal checks once."""
    known = {s.target.name: s for s in statements if s.op is Op.NONE and not s.scatter}

    def definition(r: Read) -> Expr:
        if r.tensor not in known:
            return r
        statement = known[r.tensor]
        return expand(substitute(statement.body, dict(zip(statement.positions, r.positions, strict=True))))

    def expand(expression: Expr) -> Expr:
        return map_reads(expression, definition)

    settled = (
        replace(
            check,
            loops=tuple(Index(loop.name, expand(loop.extent)) for loop in check.loops),
            guard=expand(check.guard),
            position=expand(check.position),
            extent=expand(check.extent),
        )
        for check in checks
    )
    return tuple(dict.fromkeys(settled))
