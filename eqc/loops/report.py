"""How a kernel runs, for people: its loops in order, and what they cost in arithmetic, functions, bytes and memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sympy as sp
from sympy.functions.elementary.piecewise import ExprCondPair

from eqc.ir.opaque import Opaque
from eqc.ir.program import Op, Statement, box
from eqc.ir.terms import Applied, Expr, Read
from eqc.loops.nest import Leaf, Nest
from eqc.loops.order import Item
from eqc.loops.plan import Plan
from eqc.loops.sharing import How

_BYTES = 8
"""Of a number in double precision."""

_FREE = (
    sp.KroneckerDelta | sp.Piecewise | ExprCondPair | sp.core.relational.Relational | sp.logic.boolalg.BooleanFunction
)
"""Heads that are choices, not arithmetic."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one call takes, in extents of the record; `temporaries` counts numbers, `calls` functions by name."""

    flops: Expr
    calls: tuple[tuple[str, Expr], ...]
    read: Expr
    written: Expr
    temporaries: Expr


def schedule_report(plan: Plan) -> str:
    """The loops of a kernel and their cost, as lines of text."""
    found = _cost(plan)
    calls = "".join(f", {count} {name}" for name, count in found.calls)
    return "\n".join(
        [
            *(line for node in zip(plan.tree, _shared(plan), strict=True) for line in _nest(*node)),
            f"  cost: {found.flops} flops{calls}; reads {_BYTES * found.read} bytes, writes {_BYTES * found.written}",
            f"  temporaries: {_BYTES * found.temporaries} bytes",
        ]
    )


def _shared(plan: Plan) -> list[bool]:
    """Which of the outermost nests threads share."""
    parts = plan.sharing.parts if plan.sharing else ()
    return [part.how is How.SHARE for part in parts] or [False] * len(plan.tree)


def _nest(node: Nest, shared: bool) -> list[str]:
    """An outermost nest."""
    first, *others = _loops([node], 1)
    return [f"{first}, in shares of threads" if shared else first, *others]


def _loops(tree: Sequence[Nest], depth: int) -> list[str]:
    lines: list[str] = []
    for node in tree:
        indent = "  " * depth
        if isinstance(node, Leaf):
            lines.append(f"{indent}{_statement(node)}")
            continue
        how = "in blocks of rows" if node.blocked else "over"
        sums = f", summing up {', '.join(s.statement.target.name for s in node.sums)}" if node.sums else ""
        lines.append(f"{indent}{how} {node.index.name}: {node.index.extent}{sums}")
        lines += _loops(node.body, depth + 1)
    return lines


def _statement(leaf: Leaf) -> str:
    item: Item = leaf.item
    name = item.statement.target.name
    if item.product is not None:
        return f"{name}: product of matrices over {item.product.inner.name}"
    if item.vector is not None:
        return f"{name}: product of a matrix and a vector over {item.vector.inner.name}"
    if item.tiled is not None:
        return f"{name}: sum in tiles over {', '.join(loop.name for loop in item.tiled.inner)}"
    own = f" over {', '.join(loop.name for loop in leaf.inner)}" if leaf.inner else ""
    return f"{name}{own}"


def _cost(plan: Plan) -> Cost:
    program = plan.program
    flops: list[Expr] = []
    calls: dict[str, list[Expr]] = {}
    for statement in program.statements:
        rounds = sp.Mul(*box(statement.loops))
        arithmetic, heads = _operations(statement)
        flops.append(rounds * arithmetic)
        for name, count in sorted(heads.items()):
            calls.setdefault(name, []).append(rounds * count)
    outputs = [program.tensors[name] for name in program.outputs]
    return Cost(
        sp.expand(sp.Add(*flops)),
        tuple((name, sp.expand(sp.Add(*counts))) for name, counts in sorted(calls.items())),
        _numbers(t.shape for t in program.inputs),
        _numbers(t.shape for t in outputs),
        _temporaries(plan),
    )


def _numbers(shapes: Iterable[tuple[Expr, ...]]) -> Expr:
    return sp.expand(sp.Add(*(sp.Mul(*shape) for shape in shapes)))


def _temporaries(plan: Plan) -> Expr:
    """The numbers that stand in memory for a while; `rows` is the number of rows in a block."""
    rows = sp.Symbol("rows", integer=True, positive=True)
    shapes = []
    for name, kept in sorted(plan.storage.items()):
        shape = plan.program.tensors[name].shape[kept.dropped :]
        if shape:
            shapes.append((rows, *shape[1:]) if kept.blocked is not None else shape)
    return _numbers(shapes)


def _operations(statement: Statement) -> tuple[int, Counter[str]]:
    """The additions and multiplications of one round, and the functions that it calls."""
    if isinstance(statement.body, Opaque):
        return 0, Counter([type(statement.body).__name__])
    count, calls = int(statement.op is not Op.NONE or statement.scatter), Counter[str]()
    seen: set[Expr] = set()
    stack = [statement.body]
    while stack:
        node = stack.pop()
        if isinstance(node, Read) or not node.args or node in seen:
            continue
        seen.add(node)
        stack.extend(node.args)
        if isinstance(node, sp.Add | sp.Mul):
            count += len(node.args) - 1
        elif isinstance(node, sp.Pow) and node.args[1].is_Integer:
            count += max(1, abs(int(node.args[1])) - 1)
        elif not isinstance(node, _FREE):
            calls[_name(node)] += 1
    return count, calls


def _name(node: Expr) -> str:
    if isinstance(node, sp.Pow):
        return "roots" if node.args[1].is_Rational and node.args[1].q == 2 else "powers"
    return str(node.args[0]) if isinstance(node, Applied) else type(node).__name__
