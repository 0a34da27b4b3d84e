"""Roots, powers and functions that do not depend on all loops of a statement are computed once for those that they do.

y[i, j] = x[i, j]/sqrt(v[j]) takes a root for every column, not for every entry; y[i] = x[i]*exp(-t) takes one
exponential.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from eqc.ir.program import Op, Program, Statement, Tensor, box, free_names, fresh, names_in, reads_of
from eqc.ir.terms import Applied, Converged, Expr, Index, Read, read
from eqc.ir.walk import is_long_sum, transform
from eqc.schedule.share import EXPENSIVE, call_name


def hoist(program: Program) -> Program:
    """The same program; what is costly and the same for many entries is stored."""
    taken = names_in(program)
    statements: list[Statement] = []
    stored: dict[tuple[Expr, tuple[Index, ...]], str] = {}
    for statement in program.statements:
        memo: dict[Expr, Expr] = {}
        for node, loops in _invariants(statement):
            at = tuple(loop.symbol for loop in loops)
            if (node, loops) not in stored:
                name = fresh(_name(node), taken)
                stored[node, loops] = name
                target = Tensor(name, box(loops), differentiable=False)
                statements.append(Statement(target, loops, at, Op.NONE, node))
            memo[node] = read(stored[node, loops], at)
        body = transform(statement.body, lambda atom: atom, _with_inverses(statement.body, memo)) if memo else None
        statements.append(statement if body is None else replace(statement, body=body))
    return program.with_statements(tuple(statements))


def _invariants(statement: Statement) -> list[tuple[Expr, tuple[Index, ...]]]:
    """The costly parts of a statement, outermost first, with the loops that each depends on: some, but not all.

    Of what stands in branches, which may read nothing where they are not taken, only functions of numbers.
    """
    plain = statement.loops and statement.guard == sp.true and not any(reads_of(i.extent) for i in statement.loops)
    if not plain or is_long_sum(statement.body):
        return []
    found: list[tuple[Expr, tuple[Index, ...]]] = []
    stack = [(statement.body, False)]
    while stack:
        node, chosen = stack.pop()
        loops = _loops(statement, node) if _costly(node) is not None else None
        if loops is not None and (not chosen or _is_of_numbers(node)):
            found.append((_costly(node), loops))
        elif not isinstance(node, Read):
            stack += [(part, chosen or isinstance(node, sp.Piecewise)) for part in node.args]
    return list(dict.fromkeys(sorted(found, key=lambda pair: str(pair[0]))))


def _is_of_numbers(node: Expr) -> bool:
    """Whether a function can be computed wherever it stands: it reads no entry, and calls nothing that may refuse."""
    return not node.has(Applied, Converged) and not any(r.positions for r in reads_of(node))


def _costly(node: Expr) -> Expr | None:
    """What is stored of a node: a power under a fraction is divided by, as it stands.

    Powers with a whole number are products; those with an index, such as discounts over time, are not.
    """
    if isinstance(node, sp.Pow) and not node.args[1].is_Integer:
        base, exponent = node.args
        return sp.Pow(base, -exponent) if exponent.is_number and exponent.is_negative else node
    return node if isinstance(node, EXPENSIVE) else None


def _loops(statement: Statement, node: Expr) -> tuple[Index, ...] | None:
    """The loops of a node, in order; None if it cannot be stored or would be computed as often.

    Roots of numbers are left where they are: there is one instruction for them, which compilers move out of loops.
    """
    if any(not p.is_Symbol for r in reads_of(node) for p in r.positions):
        return None
    names = free_names(node)
    loops = tuple(loop for loop in statement.loops if loop.name in names)
    if not loops and isinstance(node, sp.Pow) and node.args[1].is_number:
        return None
    uneven = frozenset().union(*(free_names(loop.extent) for loop in loops)) & {i.name for i in statement.loops}
    if not uneven <= {loop.name for loop in loops}:
        if not _is_of_numbers(node):
            return None
        extents = dict(zip(statement.loops, box(statement.loops), strict=True))
        loops = tuple(Index(loop.name, extents[loop]) for loop in loops)
    return loops if len(loops) < len(statement.loops) and reads_of(node) else None


def _with_inverses(body: Expr, memo: dict[Expr, Expr]) -> dict[Expr, Expr]:
    """What is put in the place of each node: also of powers under a fraction."""
    inverse = {
        node: 1 / memo[costly]
        for node in sp.preorder_traversal(body)
        if isinstance(node, sp.Pow) and (costly := _costly(node)) in memo
        if node != costly
    }
    return {**memo, **inverse}


def _name(node: Expr) -> str:
    """sqrt(v[j]) is named root_v."""
    if isinstance(node, sp.Pow):
        return f"{'root' if node.args[1] == sp.Rational(1, 2) else 'power'}_{reads_of(node)[0].tensor}"
    return call_name(node)
