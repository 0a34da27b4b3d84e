"""Equations with an unknown: a closed program gives the residual, and a statement takes what makes it zero.

`Solution(problem, integers…, guides…, arguments…)` is the unknown that makes `problem.residual` zero. The residual is a
program of its own, which reads nothing but its inputs: the unknown first (a number, or a vector), then the arguments.
Integers are its parameters. Guides (a start, or the two ends of a bracket) say where to look and have no derivative.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, Self

import sympy as sp

from eqc.ir.opaque import Opaque
from eqc.ir.program import Program, Tensor
from eqc.ir.terms import Expr, Read
from eqc.ir.walk import substitute


class Method(Enum):
    """How the unknown is looked for."""

    ROOT = "root"
    BRACKET = "bracketed_root"
    FIXED_POINT = "fixed_point"
    MINIMUM = "descent"
    OPTIMUM = "optimum"


class Problem(sp.AtomicExpr):  # type: ignore[misc]
    """A residual to bring to zero, and the method.

    A residual for `OPTIMUM` has a second input, `smoothing`: its complementarity conditions hold exactly where that is
    0. `unknowns` is how many entries of the unknown are the point itself; the others are multipliers.
    """

    is_commutative = True
    is_real = True

    method: Method
    residual: Program
    guides: int
    unknowns: Expr

    def __new__(cls, method: Method, residual: Program, guides: int, unknowns: Expr) -> Self:
        problem: Self = sp.AtomicExpr.__new__(cls)
        problem.method, problem.residual, problem.guides, problem.unknowns = method, residual, guides, unknowns
        return problem

    def _hashable_content(self) -> tuple[Any, ...]:
        return (self.method.value, self.residual, self.guides, self.unknowns)

    def _sympystr(self, printer: Any) -> str:
        return f"{self.method.value} in {self.unknown.name}"

    @property
    def unknown(self) -> Tensor:
        return self.residual.inputs[0]

    @property
    def smoothing(self) -> Tensor | None:
        return self.residual.inputs[1] if self.method is Method.OPTIMUM else None

    @property
    def arguments(self) -> tuple[Tensor, ...]:
        """What the residual reads besides the unknown and the smoothing."""
        return self.residual.inputs[2 if self.smoothing else 1 :]


class Solution(Opaque):
    """The unknown for which a problem's residual is zero; see the module's docstring."""

    @property
    def problem(self) -> Problem:
        problem: Problem = self.args[0]
        return problem

    @property
    def integers(self) -> tuple[Expr, ...]:
        """The values of the residual's parameters."""
        return tuple(self.args[1 : 1 + len(self.problem.residual.parameters)])

    @property
    def lengths(self) -> tuple[Expr, Expr]:
        """How many entries the unknown has, all of them and those that are the point itself."""
        values = {p.symbol: e for p, e in zip(self.problem.residual.parameters, self.integers, strict=True)}
        shape = self.problem.unknown.shape or (sp.Integer(1),)
        return substitute(shape[0], values), substitute(self.problem.unknowns, values)

    @property
    def guides(self) -> tuple[Read, ...]:
        start = 1 + len(self.integers)
        return tuple(self.args[start : start + self.problem.guides])

    @property
    def given(self) -> tuple[Read, ...]:
        """The reads that are the residual's arguments."""
        return tuple(self.args[1 + len(self.integers) + self.problem.guides :])

    @property
    def result(self) -> int:  # type: ignore[override]
        return self.problem.unknown.rank

    @property
    def ranks(self) -> tuple[int, ...]:  # type: ignore[override]
        rank = self.problem.unknown.rank
        guides = (rank if self.problem.method is not Method.BRACKET else 0,) * self.problem.guides
        return guides + tuple(t.rank for t in self.problem.arguments)


def problems(programs: Iterable[Program]) -> tuple[Problem, ...]:
    """The different problems that some programs solve, also inside each other's residuals, inner ones first."""
    found: dict[Problem, None] = {}
    for program in programs:
        for statement in program.statements:
            if isinstance(statement.body, Solution):
                found.update(dict.fromkeys(problems([statement.body.problem.residual])))
                found.setdefault(statement.body.problem)
    return tuple(found)
