"""The arrays that a function works with: made, or set to 0, before its loops."""

from __future__ import annotations

import sympy as sp

from eqc.emit import blocks, sums, teamed, tiled
from eqc.emit.function import Function
from eqc.ir.opaque import Opaque
from eqc.ir.program import Op, Statement, reads_of
from eqc.ir.solver import Solution
from eqc.loops.nest import loops_of

_SHARED = {"np.empty": "_shared_empty", "np.zeros": "_shared_zeros"}
"""How arrays are made that are the same for all threads."""


def allocate(function: Function) -> None:
    """Room for temporaries, and for what loops collect in arrays."""
    for loop in loops_of(function.tree):
        if loop.blocked:
            blocks.size(function, loop)
    for statement in function.program.statements:
        name = statement.target.name
        if name in function.array_outputs:
            function.allocated.add(function.names[name])
            if _starts_at_once(function, statement):
                function.line(0, f"{function.names[name]}[:] = 0")
        elif name in function.reused:
            function.allocated.add(function.names[name])
        elif statement.target.shape[function.kept(name).dropped :] and not _is_made_whole(function, statement):
            function.allocated.add(function.names[name])
            _make(function, statement)
    for item in (item for loop in loops_of(function.tree) for item in loop.sums):
        array = sums.array_of_sums(function, item)
        if array is not None:
            function.line(0, f"{array[0]} = np.empty({array[1]}, np.float64)")
    tiled.allocate(function)


def _make(function: Function, statement: Statement) -> None:
    """A temporary array, of the axes that it keeps."""
    target, kept = statement.target, function.kept(statement.target.name)
    shape = target.shape[kept.dropped :]
    kind = "np.int64" if target.integer else function.dtype()
    make = "np.zeros" if _starts_at_once(function, statement) else "np.empty"
    if kept.blocked is not None:
        rows = function.blocks[id(kept.blocked)].rows
        shape = (sp.Symbol(rows, nonnegative=True, integer=True), *shape[1:])
    names = [function.names[target.name]]
    if function.pairs.get(target.name):
        names, kind = [*names, function.low_name(target.name)], "np.float64"
    elif _is_table(statement):
        kind = "np.float64"
    shared = function.sharing is not None and target.name in function.sharing.arrays
    for name in names:
        given = (function.room(shape, integer=target.integer), kind)
        array = teamed.call(function, _SHARED[make], *given) if shared else f"{make}({', '.join(given)})"
        function.line(0, f"{name} = {array}")


def _is_table(statement: Statement) -> bool:
    """Whether an array holds powers of a number: sums in which they stand are double, and would lose their digits."""
    plain = statement.op is Op.NONE and not statement.scatter and not statement.target.integer
    return plain and isinstance(statement.body, sp.Pow) and not any(r.positions for r in reads_of(statement.body))


def _starts_at_once(function: Function, statement: Statement) -> bool:
    """Whether all of a target is set to 0 before anything is added to it."""
    leaf = function.plan.leaves[statement.target.name]
    return leaf.statement.scatter and not leaf.item.order


def _is_made_whole(function: Function, statement: Statement) -> bool:
    """Whether a function of arrays makes a temporary just where it is used, so that it needs no room before."""
    opaque = isinstance(statement.body, Opaque) and not isinstance(statement.body, Solution)
    return opaque and function.kept(statement.target.name).dropped == len(statement.positions)
