"""Several unknown arrays as one vector, entry after entry, and their residuals likewise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy as sp

from eqc.ir.program import Op, Program, Statement, Tensor, axes_of, fixed_names, fresh, names_in
from eqc.ir.terms import Expr, read

Block = tuple[Tensor, str]
"""An unknown, which is an input, and the tensor of the same shape that is to be zero."""


def size(shape: Sequence[Expr]) -> Expr:
    """How many entries an array has."""
    return sp.Mul(*shape)


def place(shape: Sequence[Expr], at: Sequence[Expr]) -> Expr:
    """Where an entry stands, the last axis running fastest.

    >>> from eqc.ir.terms import extent_symbol, index_symbol
    >>> n, m, i, j = extent_symbol("n"), extent_symbol("m"), index_symbol("i"), index_symbol("j")
    >>> place((n, m), (i, j))
    i*m + j
    """
    found: Expr = sp.Integer(0)
    for extent, position in zip(shape, at, strict=True):
        found = sp.expand(found * extent + position)
    return found


def flatten(program: Program, blocks: Sequence[Block]) -> Program:
    """The program with one unknown and one residual, both a vector, unless they are a number or a vector already."""
    if len(blocks) == 1 and blocks[0][0].rank <= 1:
        unknown, residual = blocks[0]
        return _with_inputs(program, (unknown,), [unknown], residual)
    taken, avoid = names_in(program), fixed_names(program)
    total = sp.Add(*(size(unknown.shape) for unknown, _ in blocks))
    point = Tensor(fresh("point", taken), (total,))
    before: list[Statement] = []
    after: list[Statement] = []
    offset: Expr = sp.Integer(0)
    for unknown, residual in blocks:
        axes = axes_of(unknown.shape, avoid)
        at = tuple(axis.symbol for axis in axes)
        where = offset + place(unknown.shape, at)
        own = replace(unknown, differentiable=False)
        before.append(Statement(own, axes, at, Op.NONE, read(point.name, (where,))))
        part = Tensor(fresh("part", taken), (total,), differentiable=False)
        after.append(Statement(part, axes, (where,), Op.SUM, read(residual, at), scatter=True))
        offset += size(unknown.shape)
    (axis,) = axes_of((total,), avoid)
    whole = Tensor(fresh("residual", taken), (total,), differentiable=False)
    parts = sp.Add(*(read(s.target.name, (axis.symbol,)) for s in after))
    after.append(Statement(whole, (axis,), (axis.symbol,), Op.NONE, parts))
    flat = program.with_statements((*before, *program.statements, *after))
    return _with_inputs(flat, (point,), [unknown for unknown, _ in blocks], whole.name)


def _with_inputs(program: Program, first: tuple[Tensor, ...], without: Sequence[Tensor], output: str) -> Program:
    """The program with these inputs in the place of others, and one output."""
    gone = {t.name for t in without}
    inputs = (*first, *(t for t in program.inputs if t.name not in gone))
    names = (*(t.name for t in inputs), *(p.name for p in program.parameters))
    return replace(program, inputs=inputs, arguments=names, outputs=(output,))
