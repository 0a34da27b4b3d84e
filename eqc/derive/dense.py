"""Dense Jacobians and Hessians: tangents for all unit directions at once, as extra axes.

The unit directions are Kronecker deltas, which `eqc.derive.contract` applies.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from eqc.derive.contract import contract
from eqc.derive.jvp import forward
from eqc.derive.vjp import gradient
from eqc.ir.program import Program, Statement, Tensor, fixed_names, fresh, names_in
from eqc.ir.terms import Expr, Index, Read, read
from eqc.ir.walk import map_reads


def jacobian(program: Program) -> Program:
    """All blocks ∂output/∂input, by output, then by input: axes of the output, then of the input."""
    blocks = [_blocks(program, tensor) for tensor in program.differentiable]
    statements: list[Statement] = []
    for block, _ in blocks:
        statements += [s for s in block.statements if s not in statements]
    outputs = tuple(names[n] for n in range(len(program.real_outputs)) for _, names in blocks)
    return replace(program, statements=tuple(statements), outputs=outputs)


def hessian(program: Program) -> Program:
    """All blocks ∂²output/∂a∂b of the one output, which is a number, by a, then by b."""
    return jacobian(gradient(program))


def _blocks(program: Program, tensor: Tensor) -> tuple[Program, tuple[str, ...]]:
    """The derivatives of all real outputs in one input, with names that no other input's have."""
    inputs = tuple(replace(t, differentiable=t.differentiable and t.name == tensor.name) for t in program.inputs)
    only = replace(program, inputs=inputs)
    pushed, tangents = forward(only)
    directions = _directions(program, tensor)
    grow = _Grow(tensor, tangents, directions, {t.name: f"{t.name}_{tensor.name}" for t in tangents.values()})
    seed = tangents[tensor.name].name
    taken = names_in(pushed) | set(grow.names.values())
    statements: list[Statement] = []
    for statement in pushed.statements:
        if statement.target.name == seed:
            continue
        if statement.target.name in grow.names:
            statements += contract(grow.statement(statement), taken, directions)
        else:
            statements.append(statement)
    outputs = tuple(grow.names[name] for name in pushed.outputs)
    return replace(program, statements=tuple(statements), outputs=outputs), outputs


def _directions(program: Program, tensor: Tensor) -> tuple[Index, ...]:
    taken = fixed_names(program) | names_in(program)
    return tuple(Index(fresh(f"{tensor.name}_{n}", taken), extent) for n, extent in enumerate(tensor.shape, 1))


class _Grow:
    """Tangents of one direction become tangents of all unit directions, along new last axes."""

    def __init__(
        self, tensor: Tensor, tangents: dict[str, Tensor], directions: tuple[Index, ...], names: dict[str, str]
    ) -> None:
        self.seed = tangents[tensor.name].name
        self.tensor = tensor
        self.directions = directions
        self.at = tuple(d.symbol for d in directions)
        self.names = names

    def statement(self, statement: Statement) -> Statement:
        free = statement.loops if statement.scatter else statement.free
        bound = () if statement.scatter else statement.bound
        shape = (*statement.target.shape, *(d.extent for d in self.directions))
        return replace(
            statement,
            target=replace(statement.target, name=self.names[statement.target.name], shape=shape),
            loops=(*free, *self.directions, *bound),
            positions=(*statement.positions, *self.at),
            body=map_reads(statement.body, self._read),
        )

    def _read(self, r: Read) -> Expr:
        if r.tensor == self.seed:
            deltas = sp.Mul(*(sp.KroneckerDelta(p, d) for p, d in zip(r.positions, self.at, strict=True)))
            return self._symmetric(r, deltas) if self.tensor.symmetric else deltas
        if r.tensor in self.names:
            return read(self.names[r.tensor], (*r.positions, *self.at))
        return r

    def _symmetric(self, r: Read, deltas: Expr) -> Expr:
        i, j = self.at
        row, column = r.positions
        return (deltas + sp.KroneckerDelta(row, j) * sp.KroneckerDelta(column, i)) / 2
