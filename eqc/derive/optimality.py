"""The conditions of Karush, Kuhn and Tucker for the minimum of a program's first output, as a residual.

With f the objective, g <= 0 and h = 0 the conditions, and multipliers λ and μ: ∇(f + λ·g + μ·h) = 0, h = 0, and for
each inequality λ + s - √(λ² + s² + 2·smoothing) = 0 with the slack s = -g. That function of Fischer and Burmeister is
zero where λ >= 0, s >= 0 and λ·s = smoothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy as sp

from eqc.derive.vjp import gradient
from eqc.ir.flat import Block, flatten
from eqc.ir.program import Op, Program, Statement, Tensor, axes_of, fixed_names, fresh, names_in
from eqc.ir.terms import Expr, read


def optimality(program: Program, sign: int, relations: Sequence[str]) -> Program:
    """The residual whose zero is the optimum in the first input.

    `program` gives the objective, which is multiplied by `sign` and minimised, then the left sides of the conditions,
    whose relations to 0 are "<=" or "==". Without conditions the residual is the gradient.
    """
    point, objective = program.inputs[0], program.outputs[0]
    taken, avoid = names_in(program), fixed_names(program)
    tensors = program.tensors
    sides = [tensors[name] for name in program.outputs[1:]]
    multipliers = [Tensor(fresh("multiplier", taken), side.shape, differentiable=False) for side in sides]
    statements = list(program.statements)
    terms: list[Expr] = [sign * read(objective)]
    for multiplier, side in zip(multipliers, sides, strict=True):
        axes = axes_of(side.shape, avoid)
        at = tuple(axis.symbol for axis in axes)
        product = Tensor(fresh("product", taken), (), differentiable=False)
        op = Op.SUM if axes else Op.NONE
        statements.append(Statement(product, axes, (), op, read(multiplier.name, at) * read(side.name, at)))
        terms.append(read(product.name))
    lagrangian = Tensor(fresh("lagrangian", taken), (), differentiable=False)
    statements.append(Statement(lagrangian, (), (), Op.NONE, sp.Add(*terms)))
    inputs = tuple(replace(t, differentiable=t.name == point.name) for t in (point, *multipliers, *program.inputs[1:]))
    whole = replace(program, inputs=inputs, statements=tuple(statements), outputs=(lagrangian.name,))
    return _residual(gradient(whole), multipliers, sides, relations)


def _residual(
    stationary: Program, multipliers: Sequence[Tensor], sides: Sequence[Tensor], relations: Sequence[str]
) -> Program:
    """Stationarity and the conditions, as one vector."""
    taken = names_in(stationary)
    point = stationary.inputs[0]
    blocks: list[Block] = [(point, stationary.outputs[0])]
    statements = list(stationary.statements)
    smoothing = Tensor(fresh("smoothing", taken), (), differentiable=False)
    for multiplier, side, relation in zip(multipliers, sides, relations, strict=True):
        if relation == "==":
            blocks.append((multiplier, side.name))
            continue
        axes = axes_of(side.shape, fixed_names(stationary))
        at = tuple(axis.symbol for axis in axes)
        weight, slack = read(multiplier.name, at), -read(side.name, at)
        body = weight + slack - sp.sqrt(weight**2 + slack**2 + 2 * read(smoothing.name))
        target = Tensor(fresh("complementarity", taken), side.shape, differentiable=False)
        statements.append(Statement(target, axes, at, Op.NONE, body))
        blocks.append((multiplier, target.name))
    flat = flatten(stationary.with_statements(tuple(statements)), blocks)
    if not multipliers:
        return flat
    inputs = (flat.inputs[0], smoothing, *flat.inputs[1:])
    names = (*(t.name for t in inputs), *(p.name for p in flat.parameters))
    return replace(flat, inputs=inputs, arguments=names)
