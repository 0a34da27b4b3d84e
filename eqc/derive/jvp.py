"""Forward mode: tangents of all statements beside their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sympy as sp

from eqc.derive import applied, implicit, linalg
from eqc.derive.algebra import Algebra, Operation
from eqc.derive.partials import Partial, partials, weigh
from eqc.derive.reductions import others, winners
from eqc.ir.opaque import Apply, Opaque
from eqc.ir.program import Op, Program, Statement, Tensor, axes_of, fixed_names, fresh, names_in
from eqc.ir.solver import Solution
from eqc.ir.terms import Expr, Index, Read, read
from eqc.ir.walk import branches


def dot_name(name: str) -> str:
    """The tangent's name.

    >>> dot_name("x")
    'x_dot'
    """
    return f"{name}_dot"


def jvp(program: Program) -> Program:
    """The program with a tangent input per differentiable input, whose outputs are the tangents of the real outputs."""
    return forward(program)[0]


def forward(program: Program) -> tuple[Program, dict[str, Tensor]]:
    """The same, with the tangent of every tensor that has one."""
    sweep = _Forward(program)
    return sweep.run(), sweep.tangents


@dataclass
class _Forward:
    program: Program

    def __post_init__(self) -> None:
        self.taken = names_in(self.program)
        self.fixed = fixed_names(self.program)
        self.tangents: dict[str, Tensor] = {}
        self.statements: list[Statement] = []

    def run(self) -> Program:
        program = self.program
        seeds = tuple(self._tangent(tensor) for tensor in program.differentiable)
        for tensor in program.differentiable:
            if tensor.symmetric:
                self._symmetrise(tensor)
        for statement in program.statements:
            self.statements.append(statement)
            if not (statement.target.integer or statement.target.constant):
                self._push(statement)
        outputs = tuple(self._output(t) for t in program.real_outputs)
        return replace(
            program,
            inputs=(*program.inputs, *seeds),
            arguments=(*program.arguments, *(t.name for t in seeds)),
            statements=tuple(self.statements),
            outputs=outputs,
        )

    def _tangent(self, tensor: Tensor) -> Tensor:
        name = fresh(dot_name(tensor.name), self.taken)
        dot = Tensor(name, tensor.shape, differentiable=False)
        self.tangents[tensor.name] = dot
        return dot

    def _symmetrise(self, tensor: Tensor) -> None:
        """A symmetric input moves within the symmetric matrices."""
        given = self.tangents[tensor.name]
        loops = axes_of(tensor.shape, self.fixed)
        i, j = (loop.symbol for loop in loops)
        twin = replace(given, name=fresh(given.name, self.taken))
        body = (read(given.name, (i, j)) + read(given.name, (j, i))) / 2
        self.statements.append(Statement(twin, loops, (i, j), Op.NONE, body))
        self.tangents[tensor.name] = twin

    def _output(self, tensor: Tensor) -> str:
        """An output that depends on no differentiable input has the tangent zero."""
        if tensor.name not in self.tangents:
            self.statements.append(zero(self._tangent(tensor), self.fixed))
        return self.tangents[tensor.name].name

    def _push_opaque(self, statement: Statement) -> None:
        """The tangent of a function of whole arrays, by its rule."""
        algebra = Algebra(statement.loops, self.fixed, self.taken, self.statements)
        if isinstance(statement.body, Solution):
            dot = implicit.tangent(algebra, statement, self.tangents, jvp)
            self.tangents |= {} if dot is None else {statement.target.name: dot}
            return
        tensors = {t.name: t for t in self.program.inputs} | {s.target.name: s.target for s in self.statements}
        arguments = tuple(tensors[r.tensor] for r in statement.body.operands)
        dots = tuple(self.tangents.get(a.name) for a in arguments)
        if all(dot is None for dot in dots):
            return
        head = type(statement.body)
        for r, dot in zip(statement.body.operands, dots, strict=True):
            algebra.heads |= {r.tensor: r.positions} | ({} if dot is None else {dot.name: r.positions})
        if isinstance(statement.body, Apply):
            self.tangents[statement.target.name] = applied.tangent(algebra, statement, arguments, dots)
            return
        if head not in linalg.JVP:
            raise linalg.no_rule(head)
        operation = Operation(head, statement.target, arguments)
        self.tangents[statement.target.name] = linalg.JVP[head](algebra, operation, dots)

    def _push(self, statement: Statement) -> None:
        if isinstance(statement.body, Opaque):
            self._push_opaque(statement)
            return
        parts = partials(statement.body, self.tangents)
        if not parts:
            return
        before = statement
        if statement.op is Op.PRODUCT:
            made, factor = others(statement, self.taken)
            self.statements += made
            statement = replace(statement, op=Op.SUM)
        elif statement.op in (Op.MAX, Op.MIN):
            count, factor = winners(statement, self.taken)
            self.statements.append(count)
            statement = replace(statement, op=Op.SUM)
        else:
            factor = sp.Integer(1)
        body = weigh(factor, sp.Add(*(tangent_term(p, statement.loops, self.tangents) for p in parts)))
        dot = self._tangent(before.target)
        self.statements.append(replace(statement, target=dot, body=body))


def tangent_term(part: Partial, loops: tuple[Index, ...], tangents: Mapping[str, Tensor]) -> Expr:
    """slope · tangent of the read; a read that a guard protects keeps it."""
    dot = tangents[part.read.tensor]
    term = weigh(part.slope, read(dot.name, part.read.positions))
    if whole_axes(part.read, loops, dot.shape):
        return term
    return branches([(term, part.guard), (sp.Integer(0), sp.true)])


def whole_axes(r: Read, loops: tuple[Index, ...], shape: tuple[Expr, ...]) -> bool:
    """Whether all positions are loops over just their axes, so that they are in range without a guard."""
    extents = {loop.symbol: loop.extent for loop in loops}
    return all(sp.expand(extents.get(p, sp.nan) - e) == 0 for p, e in zip(r.positions, shape, strict=True))


def zero(tensor: Tensor, avoid: set[str]) -> Statement:
    """The statement that fills a tensor with zeros."""
    loops = axes_of(tensor.shape, avoid)
    return Statement(tensor, loops, tuple(loop.symbol for loop in loops), Op.NONE, sp.Integer(0))
