"""What derivatives mean where a formula has kinks, jumps or constraints, in words for generated docstrings."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from eqc.ir import opaque
from eqc.ir.program import Op, Program
from eqc.ir.solver import Solution
from eqc.ir.terms import FloorDivide, Maximum, Minimum

_HEADS: tuple[tuple[tuple[type, ...], str], ...] = (
    ((sp.Abs,), "The slope of |x| at 0 is 0."),
    ((Maximum, Minimum), "At a tie of max or min, a constant gives slope 0; other ties share the slope equally."),
    ((sp.Piecewise,), "At the border of two cases, the case that holds there is differentiated."),
    ((sp.sign, sp.floor, sp.ceiling, FloorDivide), "Steps have slope 0 everywhere."),
)

_CONDITIONS: tuple[tuple[tuple[type, ...], str], ...] = (
    (
        (opaque.Inverse, opaque.Solve, opaque.SolveVector, opaque.SolveTransposed, opaque.SolveVectorTransposed),
        "A singular matrix raises.",
    ),
    ((opaque.Cholesky, opaque.LogDeterminantSpd), "A matrix that is not symmetric positive definite raises."),
    (
        (opaque.Eigenvalues, opaque.Eigenvectors),
        "Eigenvalues ascend. A matrix that is not symmetric raises.",
    ),
    (
        (opaque.Eigenvectors, opaque.LeftSingularVectors, opaque.RightSingularVectors),
        "A vector's largest component is positive. Where values repeat, derivatives are NaN or infinite.",
    ),
    ((opaque.RealEigenvalues,), "Eigenvalues ascend. A matrix with complex eigenvalues raises."),
    (
        (opaque.RealEigenvalues, opaque.EigenvalueRealParts, opaque.EigenvalueImaginaryParts),
        "Eigenvalues that repeat have no derivative, and raise there.",
    ),
    (
        (Solution,),
        "A solver that does not reach its solution raises, and so do derivatives where the equations are singular.",
    ),
)

_PROGRAMS: tuple[tuple[Callable[[Program], bool], str], ...] = (
    (
        lambda p: any(s.op in (Op.MAX, Op.MIN) for s in p.statements),
        "Entries that tie for an extremum share its slope equally.",
    ),
    (
        lambda p: any(s.op in (Op.ARGMAX, Op.ARGMIN) for s in p.statements),
        "The position of an extremum is an integer and has no derivative.",
    ),
    (
        lambda p: any(t.symmetric for t in p.differentiable),
        "Derivatives in a symmetric matrix are the symmetric ones.",
    ),
)


def conventions(value: Program) -> list[str]:
    """The conventions that a program's derivatives use.

    >>> from eqc.ir.program import Statement, Tensor
    >>> from eqc.ir.terms import read
    >>> size = Statement(Tensor("y"), (), (), Op.NONE, sp.Abs(read("x")))
    >>> conventions(Program("size", (Tensor("x"),), (), ("x",), (), (size,), ("y",)))
    ['The slope of |x| at 0 is 0.']
    """
    used = [s.body for s in value.statements]
    lines = [text for heads, text in _HEADS if any(body.has(*heads) for body in used)]
    return lines + [text for holds, text in _PROGRAMS if holds(value)]


def conditions(value: Program) -> list[str]:
    """What a program needs of its arguments, and what it does where that fails.

    >>> from eqc.ir.program import Statement, Tensor
    >>> from eqc.ir.terms import extent_symbol, read
    >>> n = extent_symbol("n")
    >>> inverse = Statement(Tensor("B", (n, n)), (), (), Op.NONE, opaque.Inverse(read("A")))
    >>> conditions(Program("inverse", (Tensor("A", (n, n)),), (), ("A",), (), (inverse,), ("B",)))
    ['A singular matrix raises.']
    """
    used = {type(s.body) for s in value.statements}
    return [text for heads, text in _CONDITIONS if not used.isdisjoint(heads)]
