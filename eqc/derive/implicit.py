"""The derivative of a solution, by the implicit function theorem: R(z, a) = 0 gives R_z·dz = -R_a·da.

The derivatives of the residual are programs; placed at the solution they are ordinary statements, so that the same
rules give second derivatives. Where R_z is singular there is no derivative, and the kernel raises.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

import sympy as sp

from eqc.derive.algebra import Algebra
from eqc.derive.contract import contract
from eqc.ir import opaque
from eqc.ir.place import Entry, Placement
from eqc.ir.program import Program, Statement, Tensor, fresh
from eqc.ir.solver import Problem, Solution
from eqc.ir.terms import Expr, Index, Read, read
from eqc.ir.walk import substitute

Derivative = Callable[[Program], Program]
"""jvp or vjp; they call this module, so they hand themselves over."""


def tangent(a: Algebra, statement: Statement, dots: Mapping[str, Tensor], jvp: Derivative) -> Tensor | None:
    """The tangent of a solution for the tangents of tensors that move; None if no argument does."""
    at = _solved(a, statement)
    moved = {t.name: r for t, r in at.pairs if r.tensor in dots and not t.integer}
    if not moved:
        return None
    pushed = jvp(moving(at.problem.residual, moved))
    seeds = pushed.inputs[len(at.problem.residual.inputs) :]
    given = {s.name: _slice(dots[r.tensor].name, r.positions) for s, r in zip(seeds, moved.values(), strict=True)}
    (change,) = at.place(pushed, given)
    slope = at.slope(jvp)
    if isinstance(slope, Tensor):
        right = a.fill("right", at.shape, lambda *p: -change(*p))
        return a.opaque("solution_dot", opaque.SolveVector, at.shape, slope, right)
    return a.fill("solution_dot", (), lambda: -change() / slope)


def cotangents(
    a: Algebra, statement: Statement, bar: Tensor, active: Collection[str], jvp: Derivative, vjp: Derivative
) -> tuple[tuple[Read, Tensor], ...]:
    """The cotangents of the arguments that are active, each for the read that stands in the statement."""
    at = _solved(a, statement)
    moved = {t.name: r for t, r in at.pairs if r.tensor in active and not t.integer}
    if not moved:
        return ()
    slope = at.slope(jvp)
    if isinstance(slope, Tensor):
        pulled = a.entry(a.opaque("pulled", opaque.SolveVectorTransposed, at.shape, slope, bar))
        weight = a.fill("weight", at.shape, lambda *p: -pulled(*p))
    else:
        cotangent = a.entry(bar)
        weight = a.fill("weight", (), lambda: -cotangent() / slope)
    pull = vjp(moving(at.problem.residual, moved))
    entries = at.place(pull, {pull.inputs[-1].name: a.entry(weight)})
    shapes = [at.own_shape(t) for t in pull.inputs if t.name in moved]
    parts = [a.fill(f"{n}_part", s, e) for n, s, e in zip(moved, shapes, entries, strict=True)]
    return tuple(zip(moved.values(), parts, strict=True))


def moving(residual: Program, names: Collection[str]) -> Program:
    """The residual with just these inputs differentiable."""
    return replace(
        residual,
        inputs=tuple(replace(t, differentiable=t.name in names, symmetric=False) for t in residual.inputs),
    )


def slope_program(problem: Problem, jvp: Derivative) -> Program:
    """The derivative of the residual in the unknown, a number or a matrix, as a program of the same inputs."""
    residual = problem.residual
    names = {*residual.arguments, *(t.name for t in residual.inputs)}
    a = Algebra((), set(names), set(names), [])
    entries = {t.name: _slice(t.name, ()) for t in residual.inputs}
    slope = _Solved(a, problem, (), entries, {}).slope(jvp)
    if not isinstance(slope, Tensor):
        value = slope
        slope = a.fill("slope", (), lambda: value)
    return replace(residual, statements=tuple(a.statements), outputs=(slope.name,))


@dataclass(frozen=True, slots=True)
class _Solved:
    """A problem at its solution: what the residual's inputs are in the host, and the values of its parameters."""

    a: Algebra
    problem: Problem
    pairs: tuple[tuple[Tensor, Read], ...]
    entries: Mapping[str, Entry]
    integers: Mapping[Expr, Expr]

    @property
    def shape(self) -> tuple[Expr, ...]:
        return self.own_shape(self.problem.unknown)

    def own_shape(self, tensor: Tensor) -> tuple[Expr, ...]:
        return tuple(substitute(e, self.integers) for e in tensor.shape)

    def place(self, program: Program, given: Mapping[str, Entry]) -> list[Entry]:
        """The outputs of a program that derives from the residual, entry by entry."""
        place = Placement(self.a.loops, self.a.avoid, self.a.taken, self.a.statements)
        found = place.place(program, {**self.entries, **given}, self.integers)
        return [_slice(t.name, tuple(loop.symbol for loop in head)) for t, head in found.values()]

    def slope(self, jvp: Derivative) -> Tensor | Expr:
        """The derivative of the residual in the unknown."""
        unknown = self.problem.unknown
        pushed = jvp(moving(self.problem.residual, {unknown.name}))
        seed = pushed.inputs[-1].name
        if not unknown.rank:
            (entry,) = self.place(pushed, {seed: lambda: sp.Integer(1)})
            return entry()
        (extent,) = self.shape
        avoid = self.a.avoid | {loop.name for loop in self.a.loops}
        direction = Index(fresh("d", set(avoid)), extent)
        place = Placement((*self.a.loops, direction), avoid, self.a.taken)
        delta = self._delta(pushed, direction)
        (found,) = place.place(pushed, {**self.entries, seed: delta}, self.integers).values()
        for statement in place.statements:
            self.a.statements += contract(statement, self.a.taken, (direction,))
        tensor, head = found
        column = _slice(tensor.name, tuple(loop.symbol for loop in head))
        return self.a.fill("slope", (extent, extent), lambda i, j: substitute(column(i), {direction.symbol: j}))

    def _delta(self, pushed: Program, direction: Index) -> Entry:
        """A unit direction; functions of whole arrays need it stored."""
        if not any(isinstance(s.body, opaque.Opaque) for s in pushed.statements):
            return lambda p: sp.KroneckerDelta(p, direction.symbol)
        unit = self.a.fill("unit", (direction.extent, direction.extent), sp.KroneckerDelta)
        return _slice(unit.name, (*self.a.batch, direction.symbol))


def _solved(a: Algebra, statement: Statement) -> _Solved:
    solution: Solution = statement.body
    problem = solution.problem
    pairs = tuple(zip(problem.arguments, solution.given, strict=True))
    entries: dict[str, Entry] = {problem.unknown.name: a.entry(statement.target)}
    if problem.smoothing is not None:
        entries[problem.smoothing.name] = lambda: sp.Integer(0)
    entries |= {t.name: _slice(r.tensor, r.positions, integer=t.integer) for t, r in pairs}
    integers = {p.symbol: e for p, e in zip(problem.residual.parameters, solution.integers, strict=True)}
    return _Solved(a, problem, pairs, entries, integers)


def _slice(tensor: str, head: tuple[Expr, ...], *, integer: bool = False) -> Entry:
    """The entries of a tensor behind some leading positions."""
    return lambda *p: read(tensor, (*head, *p), integer=integer)
