"""Rewriting expressions: one bottom-up walk that shares equal parts and keeps eqc's heads unevaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import sympy as sp
from sympy.functions.elementary.piecewise import ExprCondPair

from eqc.ir.terms import Expr, Read, read


def branches(pairs: list[tuple[Expr, Expr]]) -> Expr:
    """A Piecewise from (value, condition) pairs that SymPy does not rearrange.

    Branches after a condition that always holds are dropped, so are those that never hold, and those before the last
    one that are like it.
    """
    kept: list[tuple[Expr, Expr]] = []
    for value, condition in pairs:
        if condition == sp.false:
            continue
        kept.append((value, condition))
        if condition == sp.true:
            break
    while len(kept) > 1 and kept[-1][1] == sp.true and kept[-2][0] == kept[-1][0]:
        del kept[-2]
    if not kept:
        return sp.nan
    if kept[0][1] == sp.true:
        return kept[0][0]
    return sp.Basic.__new__(sp.Piecewise, *(_case(value, condition) for value, condition in kept))


def _case(value: Expr, condition: Expr) -> Expr:
    """A pair whose condition stays as it is written (SymPy's own constructor opens choices in it into ITE)."""
    return sp.Basic.__new__(ExprCondPair, value, condition)


def negation(condition: Expr) -> Expr:
    """The opposite of a condition. That of x > 0 is not x <= 0: for NaN both of them fail."""
    if condition in (sp.true, sp.false) or all(s.is_integer for s in condition.free_symbols):
        return sp.Not(condition)
    return condition.args[0] if isinstance(condition, sp.Not) else sp.Not(condition, evaluate=False)


def relation(head: type, left: Expr, right: Expr) -> Expr:
    """A comparison; one of choices stays as it is written (SymPy would open them into ITE)."""
    if left.has(sp.Piecewise) or right.has(sp.Piecewise):
        return head(left, right, evaluate=False)
    return head(left, right)


def rebuild(node: Expr, args: tuple[Expr, ...]) -> Expr:
    """The node's head applied to new arguments."""
    if isinstance(node, sp.Not):
        return negation(args[0])
    if isinstance(node, sp.core.relational.Relational):
        return relation(node.func, *args)
    if isinstance(node, ExprCondPair):
        return _case(*args)
    if isinstance(node, sp.Piecewise):
        return branches([(pair.args[0], pair.args[1]) for pair in args])
    return node.func(*args)


def transform(
    expression: Expr,
    leaf: Callable[[Expr], Expr],
    memo: dict[Expr, Expr] | None = None,
    built: Callable[[Expr, tuple[Expr, ...]], Expr] = rebuild,
) -> Expr:
    """Replace the atoms of an expression by `leaf`, bottom-up and without recursion; equal parts are done once.

    What a node with changed arguments becomes is `built` from both.
    """
    done: dict[Expr, Expr] = {} if memo is None else memo
    stack = [expression]
    while stack:
        node = stack[-1]
        if node in done:
            stack.pop()
            continue
        if not node.args:
            done[node] = leaf(node)
            stack.pop()
            continue
        waiting = [arg for arg in node.args if arg not in done]
        if waiting:
            stack.extend(waiting)
            continue
        args = tuple(done[arg] for arg in node.args)
        done[node] = node if args == node.args else built(node, args)
        stack.pop()
    return done[expression]


def substitute(expression: Expr, mapping: Mapping[Expr, Expr]) -> Expr:
    """Replace symbols, inside the positions of reads too.

    >>> from eqc.ir.terms import index_symbol
    >>> i, j = index_symbol("i"), index_symbol("j")
    >>> substitute(2*read("x", (i,)), {i: j + 1})
    2*x[j + 1]
    """
    if not mapping:
        return expression
    memo: dict[Expr, Expr] = {}

    def leaf(atom: Expr) -> Expr:
        if atom in mapping:
            return mapping[atom]
        if isinstance(atom, Read) and atom.positions:
            positions = tuple(transform(p, leaf, memo) for p in atom.positions)
            if positions != atom.positions:
                return read(atom.tensor, positions, integer=bool(atom.is_integer))
        return atom

    return transform(expression, leaf, memo)


def map_reads(expression: Expr, change: Callable[[Read], Expr]) -> Expr:
    """Replace reads, those in positions of reads first."""
    memo: dict[Expr, Expr] = {}

    def leaf(atom: Expr) -> Expr:
        if not isinstance(atom, Read):
            return atom
        positions = tuple(transform(p, leaf, memo) for p in atom.positions)
        return change(read(atom.tensor, positions, integer=bool(atom.is_integer)))

    return transform(expression, leaf, memo)


def is_short(expression: Expr, limit: int = 400) -> bool:
    """Whether an expression has at most `limit` nodes."""
    return sum(1 for _ in zip(range(limit + 1), sp.preorder_traversal(expression), strict=False)) <= limit


@lru_cache(maxsize=65536)
def height(expression: Expr) -> int:
    """How deep an expression nests.

    >>> x = sp.Symbol("x")
    >>> height(x), height(sp.sin(x + 1))
    (0, 2)
    """
    return 1 + max(map(height, expression.args)) if expression.args else 0


LONG_SUM = 24
"""Terms from which a sum is long."""


def is_long_sum(node: Expr) -> bool:
    """Whether a node is a sum of many terms."""
    return isinstance(node, sp.Add) and len(node.args) > LONG_SUM
