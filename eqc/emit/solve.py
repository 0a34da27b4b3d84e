"""How equations and their solvers stand in generated source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from eqc.ir.solver import Method, Problem

SOLVER_NAMES = frozenset({"_double", *(f"_{method.value}" for method in Method)})
"""Functions of the solvers' module that is written beside the kernels, as kernels call them."""

EQUATION_WORDS = frozenset({"point", "given", "out"})
"""Names of arguments of the functions of equations."""


@dataclass(frozen=True, slots=True)
class Equations:
    """The names of the functions of a problem in a module: its equations, and their solver."""

    residual: str
    slope: str
    solve: str

    def solver(self, problem: Problem) -> str:
        """The source that makes the solver."""
        return f"{self.solve} = _{problem.method.value}({self.residual}, {self.slope})"


def solver_call(
    problem: Problem, equations: Equations, guides: Sequence[str], given: Sequence[str], lengths: Sequence[str]
) -> str:
    """The call that finds an unknown: a vector, or its one entry for a number."""
    length, unknowns = lengths
    arguments = [*_guides(problem, guides, length)]
    if problem.method is Method.OPTIMUM:
        arguments.append(unknowns)
    arguments.append(f"({', '.join(given)}{',' if len(given) == 1 else ''})")
    entry = "" if problem.unknown.rank else "[0]"
    return f"{equations.solve}({', '.join(arguments)}){entry}"


def _guides(problem: Problem, guides: Sequence[str], length: str) -> Sequence[str]:
    """Where the search begins: at a given point, between two ends, or at 0."""
    if problem.method is Method.BRACKET:
        return guides
    if not guides:
        return [f"np.zeros({length})"]
    return [f"{guides[0]}.astype(np.float64)" if problem.unknown.rank else f"np.full(1, {guides[0]}, np.float64)"]


def unpacked(problem: Problem, names: Sequence[str], out: str, body: Sequence[str]) -> tuple[str, list[str]]:
    """The head and the body of a function of the equations: arguments come in a tuple, results go to `out`."""
    point, *given = names
    words = set(re.findall(r"\w+", "\n".join(body)))
    lines = [f"{name} = given[{place}]" for place, name in enumerate(given) if name in words]
    if not problem.unknown.rank:
        lines.append(f"{point} = point[0]")
        point = "point"
    return f"{point}, given, {out}", [*lines, *body]
