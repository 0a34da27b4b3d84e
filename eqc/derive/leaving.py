"""Whether results can leave the range of floats on the way where they do not in truth, and what mending them costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from eqc.derive.peaks import Peak, peaks
from eqc.derive.ranges import (
    DATA,
    LOST,
    ORDINARY,
    UNIT,
    Range,
    any_of,
    data_range,
    exact_number,
    function_range,
    total_of,
)
from eqc.ir.opaque import Opaque
from eqc.ir.program import Op, Program, Statement
from eqc.ir.stable import ExpDifference
from eqc.ir.terms import Converged, Expr, NonZero, Read
from eqc.ir.walk import is_short
from eqc.ir.whole import is_whole

_MOST_STATEMENTS = 60
_LARGEST_BODY = 400


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of tensors."""

    peaks: Mapping[str, Peak]
    ranges: dict[str, Range]

    def has_peak(self, node: Expr) -> bool:
        """Whether a difference is one between an entry and the greatest one."""
        entry, top = node.args
        return (
            isinstance(top, Read) and top.tensor in self.peaks and self.peaks[top.tensor].bounds(entry, top.positions)
        )


def can_leave_range(program: Program, ordinary: Collection[str] = ()) -> bool:
    """Whether a real result may be infinite or NaN in floats though the formula's value is not.

    `ordinary` inputs (cotangents and tangents) are taken to be of some size that people use.

    >>> from eqc.ir.program import Tensor
    >>> from eqc.ir.terms import read
    >>> x, y, z = read("x"), read("y"), read("z")
    >>> def leaves(body):
    ...     statement = Statement(Tensor("r"), (), (), Op.NONE, body)
    ...     return can_leave_range(Program("r", (), (), (), (), (statement,), ("r",)))
    >>> leaves(x*y), leaves(x*y*z), leaves(sp.sqrt(x**2 + y**2)), leaves(sp.exp(x)), leaves(1/(1 + sp.exp(-x)))
    (False, True, True, False, False)
    """
    known = _Known(peaks(program), dict.fromkeys(ordinary, ORDINARY))
    for statement in program.statements:
        known.ranges[statement.target.name] = _of_statement(statement, known)
    tensors = program.tensors
    return any(not known.ranges.get(name, DATA).is_true for name in program.outputs if not tensors[name].integer)


def can_be_widened(program: Program) -> bool:
    """Whether wide numbers can compute a program, in a time proportional to its data and its results."""
    return (
        not program.applied
        and len(program.statements) <= _MOST_STATEMENTS
        and all(
            not isinstance(s.body, Opaque) and not s.body.has(Converged) and is_short(s.body, _LARGEST_BODY)
            for s in program.statements
        )
        and _is_linear(program)
    )


def _is_linear(program: Program) -> bool:
    """Whether every loop nest runs over no more than the entries of one input or result."""
    tensors = program.tensors
    whole = [*program.inputs, *(tensors[name] for name in program.outputs)]
    sizes = [Counter(_unknown(t.shape)) for t in whole]
    return all(
        any(Counter(_unknown([loop.extent for loop in s.loops])) <= size for size in (*sizes, Counter()))
        for s in program.statements
    )


def _unknown(extents: Sequence[Expr]) -> list[Expr]:
    return [extent for extent in extents if not extent.is_number]


def _of_statement(statement: Statement, known: _Known) -> Range:
    if statement.target.integer:
        return DATA
    body = _range_of(statement.body, known)
    if statement.scatter or statement.op is Op.SUM:
        return total_of(body)
    if statement.op is Op.PRODUCT:
        return body if body.is_shrinking else LOST
    return body


def _range_of(node: Expr, known: _Known) -> Range:
    """The range of a body whose tensors are known."""
    if isinstance(node, Read):
        return known.ranges.get(node.tensor) or data_range(node)
    if isinstance(node, sp.KroneckerDelta | NonZero):
        return UNIT
    if node.is_number and node.is_finite:
        return exact_number(float(node))
    if not node.args or (not isinstance(node, sp.Add | sp.Mul) and is_whole(node)):
        return data_range(node)
    if isinstance(node, sp.Piecewise):
        return any_of([_range_of(pair.args[0], known) for pair in node.args])
    parts = [_range_of(a, known) for a in node.args]
    if isinstance(node, ExpDifference) and known.has_peak(node):
        return UNIT if all(p.is_finite for p in parts) else LOST
    return function_range(node, parts)
